// What the tests of the books share: a set of venues that differ in how they prove a book, and a clock that
// the test owns.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "core/books/book_set.hpp"

namespace ats::core::testing_books {

inline Level level(std::int64_t price, std::int64_t quantity) { return {{price}, {quantity}}; }

// A checksum that any test can compute: the sum of what is in the top.
inline std::uint32_t sum_of_top(const TopLevels& top) {
  std::int64_t sum = 0;
  for (const Level& l : top.bids) sum += l.price.units * l.quantity.units;
  for (const Level& l : top.asks) sum += l.price.units * l.quantity.units;
  return static_cast<std::uint32_t>(sum);
}

// Four venues, one for each way of proving a book, and a clock that the test owns.
class BookSetTest : public ::testing::Test {
 protected:
  BookSetTest() {
    spanning_venue_ = universe_.add_venue(
        "spanning", {.sequence = SequenceRule::Spanning, .snapshot_by_request = true});
    checked_venue_ = universe_.add_venue(
        "checked", {.sequence = SequenceRule::None, .checksum = sum_of_top, .depth = 3});
    linked_venue_ = universe_.add_venue(
        "linked", {.sequence = SequenceRule::PrevLinked, .snapshot_by_request = true});
    whole_venue_ = universe_.add_venue("whole", {.sequence = SequenceRule::WholeBook, .depth = 3});
    whole_ = list(whole_venue_, "A");
    spanning_ = list(spanning_venue_, "A");
    spanning_two_ = list(spanning_venue_, "B");
    checked_ = list(checked_venue_, "A");
    linked_ = list(linked_venue_, "A");
    books_.emplace(universe_);
  }

  InstrumentId list(VenueId venue, const char* base) {
    Instrument instrument;
    instrument.venue = venue;
    instrument.base = universe_.add_asset(base);
    instrument.quote = universe_.add_asset("USDT");
    instrument.symbol = base;
    instrument.tick = 5;
    instrument.price_scale = 2;
    instrument.qty_scale = 4;
    return universe_.add_instrument(instrument);
  }

  void advance(Duration by) { now_ = now_ + by; }
  Times here() const { return {{}, now_}; }

  void connect(VenueId venue) {
    out_.clear();
    books_->on_connection(venue, true, now_, out_);
  }
  void disconnect(VenueId venue) {
    out_.clear();
    books_->on_connection(venue, false, now_, out_);
  }
  void tick() {
    out_.clear();
    books_->on_timer(now_, out_);
  }
  void heartbeat(VenueId venue) {
    out_.clear();
    books_->on_heartbeat(venue, now_, now_, out_);
  }
  BookChange snapshot(InstrumentId id, Sequence last, std::vector<Level> bids,
                      std::vector<Level> asks, std::optional<std::uint32_t> checksum = {}) {
    out_.clear();
    return books_->on_snapshot({id, here(), last, checksum, bids, asks}, now_, out_);
  }
  BookChange delta(InstrumentId id, Sequence first, Sequence last, std::vector<Level> bids,
                   std::vector<Level> asks, Sequence previous = 0,
                   std::optional<std::uint32_t> checksum = {}) {
    out_.clear();
    return books_->on_delta({id, here(), first, last, previous, checksum, bids, asks}, now_, out_);
  }
  void fault(InstrumentId id, BookFaultReason reason) {
    out_.clear();
    books_->on_fault({id, {}, reason}, now_, out_);
  }

  // A Valid book of one bid at 100 and one ask at 110 whose last id is 10.
  void sync_spanning() {
    connect(spanning_venue_);
    delta(spanning_, 8, 10, {}, {});
    snapshot(spanning_, 10, {level(100, 7)}, {level(110, 9)});
    ASSERT_EQ(state(spanning_), BookState::Valid);
  }
  void sync_checked() {
    connect(checked_venue_);
    snapshot(checked_, 0, {level(100, 7)}, {level(110, 9)}, 100 * 7 + 110 * 9);
    ASSERT_EQ(state(checked_), BookState::Valid);
  }
  void sync_linked() {
    connect(linked_venue_);
    delta(linked_, 6, 12, {level(95, 4)}, {}, 5);
    snapshot(linked_, 10, {level(100, 7)}, {level(110, 9)});
    ASSERT_EQ(state(linked_), BookState::Valid);
  }

  BookState state(InstrumentId id) const { return books_->view(id).state(); }
  BookReason reason(InstrumentId id) const { return books_->view(id).reason(); }
  Level bid(InstrumentId id) const { return books_->view(id).best(Side::Buy); }
  Level ask(InstrumentId id) const { return books_->view(id).best(Side::Sell); }
  BookStatus status(InstrumentId id) const {
    std::vector<BookStatus> all;
    books_->status(all);
    return all[id.index()];
  }
  std::vector<InstrumentId> changed() const {
    return {books_->changed().begin(), books_->changed().end()};
  }
  template <class A>
  std::vector<InstrumentId> asked() const {
    std::vector<InstrumentId> ids;
    for (const Action& action : out_) {
      if (const A* wanted = std::get_if<A>(&action)) ids.push_back(wanted->instrument);
    }
    return ids;
  }
  std::vector<InstrumentId> told() const { return asked<BookStateChanged>(); }

  Universe universe_;
  VenueId spanning_venue_, checked_venue_, linked_venue_;
  VenueId whole_venue_;
  InstrumentId whole_;
  InstrumentId spanning_, spanning_two_, checked_, linked_;
  std::optional<BookSet> books_;
  Instant now_{1'000'000'000'000};
  Actions out_;
};

}  // namespace ats::core::testing_books
