#include "sim/audit_book.hpp"

#include <gtest/gtest.h>

#include "sim/testing_world.hpp"

namespace ats::sim {
namespace {

BookRules spanning() {
  BookRules rules;
  rules.sequence = SequenceRule::Spanning;
  return rules;
}

BookSnapshot snapshot(Sequence last) {
  static const Level bid{{100}, {1}};
  static const Level ask{{110}, {1}};
  BookSnapshot event;
  event.last = last;
  event.bids = std::span(&bid, 1);
  event.asks = std::span(&ask, 1);
  return event;
}

BookDelta delta(Sequence first, Sequence last) {
  BookDelta event;
  event.first = first;
  event.last = last;
  return event;
}

TEST(AuditBook, joins_a_snapshot_to_the_updates_that_reach_beyond_it) {
  const BookRules rules = spanning();
  AuditBook book(rules);
  book.on_up();
  book.on(delta(5, 7));
  book.on(delta(8, 9));
  book.on(snapshot(6));
  EXPECT_TRUE(book.valid()) << book.why_not();
  book.on(delta(10, 12));
  EXPECT_TRUE(book.valid());
  book.on(delta(14, 14));
  EXPECT_FALSE(book.valid());
}

TEST(AuditBook, a_later_snapshot_joins_what_an_earlier_one_could_not) {
  const BookRules rules = spanning();
  AuditBook book(rules);
  book.on_up();
  book.on(delta(5, 7));
  book.on(delta(10, 12));
  book.on(snapshot(6));
  EXPECT_FALSE(book.valid());
  book.on(snapshot(9));
  EXPECT_TRUE(book.valid()) << book.why_not();
  book.on(snapshot(8));  // overtaken on its way
  book.on(delta(13, 13));
  EXPECT_TRUE(book.valid());
}

TEST(AuditBook, nothing_is_valid_without_a_connection_or_after_a_refused_frame) {
  const BookRules rules = spanning();
  AuditBook book(rules);
  book.on(snapshot(6));
  EXPECT_FALSE(book.valid());
  book.on_up();
  book.on(snapshot(6));
  EXPECT_TRUE(book.valid());
  book.on_fault();
  EXPECT_FALSE(book.valid());
  book.on(snapshot(9));
  EXPECT_TRUE(book.valid());
  book.on_down();
  EXPECT_FALSE(book.valid());
}

}  // namespace
}  // namespace ats::sim
