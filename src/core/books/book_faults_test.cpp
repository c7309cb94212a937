// What the codec finds wrong, and how often a book is asked for anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/books/testing_book_set.hpp"

namespace ats::core {
namespace {

using namespace testing_books;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// --- faults and retries ---

TEST_F(BookSetTest, each_fault_has_its_reason_and_its_remedy) {
  sync_spanning();
  advance(seconds(2));
  fault(spanning_, BookFaultReason::MalformedFrame);
  EXPECT_EQ(reason(spanning_), BookReason::Malformed);
  EXPECT_THAT(asked<RequestSnapshot>(), ElementsAre(spanning_));

  sync_checked();
  advance(seconds(2));
  fault(checked_, BookFaultReason::NumberFault);
  EXPECT_EQ(reason(checked_), BookReason::NumberFault);
  EXPECT_THAT(asked<Resubscribe>(), ElementsAre(checked_));
}

TEST_F(BookSetTest, a_fault_without_an_instrument_is_of_every_book_of_the_venue) {
  sync_spanning();
  out_.clear();
  books_->on_fault({{}, spanning_venue_, BookFaultReason::MalformedFrame}, now_, out_);
  EXPECT_EQ(reason(spanning_), BookReason::Malformed);
  EXPECT_EQ(reason(spanning_two_), BookReason::Malformed);
}

TEST_F(BookSetTest, a_hole_in_the_connections_own_count_is_a_gap_of_every_book_of_the_venue) {
  sync_spanning();
  books_->on_fault({{}, spanning_venue_, BookFaultReason::SequenceGap}, now_, out_);
  EXPECT_EQ(reason(spanning_), BookReason::Gap);
  EXPECT_EQ(status(spanning_).gaps, 1u);
  EXPECT_EQ(reason(spanning_two_), BookReason::Gap);
}

TEST_F(BookSetTest, a_lost_subscription_is_made_anew_before_the_snapshot_is_asked_for) {
  sync_spanning();
  advance(seconds(2));
  fault(spanning_, BookFaultReason::SubscriptionLost);
  EXPECT_EQ(reason(spanning_), BookReason::SubscriptionLost);
  EXPECT_THAT(asked<Resubscribe>(), ElementsAre(spanning_));
  EXPECT_THAT(asked<RequestSnapshot>(), IsEmpty());
  advance(seconds(2));
  delta(spanning_, 30, 30, {}, {});
  EXPECT_THAT(asked<RequestSnapshot>(), ElementsAre(spanning_));
  snapshot(spanning_, 30, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
}

TEST_F(BookSetTest, a_failed_snapshot_request_is_repeated_with_growing_pauses) {
  connect(spanning_venue_);
  delta(spanning_, 1, 1, {}, {});
  std::vector<std::int64_t> pauses;
  Instant last = now_;
  fault(spanning_, BookFaultReason::SnapshotFailed);
  while (pauses.size() < 8) {
    advance(milliseconds(250));
    tick();
    if (std::ranges::count(asked<RequestSnapshot>(), spanning_) == 0) continue;
    pauses.push_back((now_ - last).ns / 1'000'000'000);
    last = now_;
    fault(spanning_, BookFaultReason::SnapshotFailed);
  }
  EXPECT_THAT(pauses, ElementsAre(1, 2, 4, 8, 16, 32, 32, 32));
}

TEST_F(BookSetTest, a_snapshot_that_never_comes_is_asked_for_again) {
  connect(checked_venue_);
  advance(seconds(9));
  heartbeat(checked_venue_);
  tick();
  EXPECT_THAT(out_, IsEmpty());
  advance(seconds(1));
  tick();
  EXPECT_THAT(asked<Resubscribe>(), ElementsAre(checked_));
  advance(seconds(10));
  tick();
  EXPECT_THAT(asked<Resubscribe>(), ElementsAre(checked_));
}

TEST_F(BookSetTest, a_book_that_breaks_again_and_again_is_not_asked_for_in_a_storm) {
  sync_checked();
  std::size_t requests = 0;
  for (int step = 0; step < 6000; ++step) {  // a minute
    advance(milliseconds(10));
    delta(checked_, 0, 0, {level(100, 1)}, {}, 0, 1);
    requests += asked<Resubscribe>().size();
    tick();
    const bool asked_now = !asked<Resubscribe>().empty();
    requests += asked_now;
    if (state(checked_) == BookState::Resyncing)
      snapshot(checked_, 0, {level(100, 1)}, {level(110, 1)}, 210);
  }
  EXPECT_GE(requests, 5u);
  EXPECT_LE(requests, 7u);
}

TEST_F(BookSetTest, a_book_that_held_for_a_minute_is_asked_for_at_once_again) {
  sync_spanning();
  for (int n = 0; n < 3; ++n) {
    advance(seconds(61));
    heartbeat(spanning_venue_);
    fault(spanning_, BookFaultReason::MalformedFrame);
    EXPECT_THAT(asked<RequestSnapshot>(), ElementsAre(spanning_)) << n;
    snapshot(spanning_, 10, {level(100, 1)}, {level(110, 1)});
    ASSERT_EQ(state(spanning_), BookState::Valid);
  }
}

}  // namespace
}  // namespace ats::core
