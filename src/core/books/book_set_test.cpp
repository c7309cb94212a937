#include "core/books/book_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/books/testing_book_set.hpp"

namespace ats::core {
namespace {

using namespace testing_books;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// --- joining ---

TEST_F(BookSetTest,
       a_new_book_has_never_been_synced_and_takes_nothing_before_the_connection_is_up) {
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  EXPECT_EQ(reason(spanning_), BookReason::NeverSynced);
  snapshot(checked_, 0, {level(100, 1)}, {level(110, 1)}, 210);
  EXPECT_EQ(state(checked_), BookState::Resyncing);
  EXPECT_EQ(bid(checked_), Level{});
}

TEST_F(BookSetTest, the_snapshot_is_asked_for_with_the_first_delta_and_not_before) {
  connect(spanning_venue_);
  EXPECT_THAT(out_, IsEmpty());
  tick();
  EXPECT_THAT(out_, IsEmpty());
  delta(spanning_, 8, 10, {level(95, 1)}, {});
  EXPECT_THAT(asked<RequestSnapshot>(), ElementsAre(spanning_));
  delta(spanning_, 11, 12, {level(90, 1)}, {});
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(BookSetTest, a_quiet_stream_is_not_waited_for_longer_than_a_second) {
  connect(spanning_venue_);
  advance(milliseconds(999));
  tick();
  EXPECT_THAT(out_, IsEmpty());
  advance(milliseconds(1));
  tick();
  EXPECT_THAT(asked<RequestSnapshot>(), UnorderedElementsAre(spanning_, spanning_two_));
  snapshot(spanning_, 10, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
}

TEST_F(BookSetTest, a_snapshot_drops_what_it_holds_already_and_takes_the_rest_of_the_buffer) {
  connect(spanning_venue_);
  delta(spanning_, 5, 8, {level(100, 99)}, {});   // wholly in the snapshot
  delta(spanning_, 9, 11, {level(100, 2)}, {});   // spans its end
  delta(spanning_, 12, 12, {}, {level(105, 3)});  // follows
  const auto change = snapshot(spanning_, 10, {level(100, 1), level(95, 1)}, {level(110, 1)});
  EXPECT_EQ(change, BookChange::State);
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(reason(spanning_), BookReason::None);
  EXPECT_EQ(bid(spanning_), level(100, 2));
  EXPECT_EQ(ask(spanning_), level(105, 3));
  EXPECT_EQ(status(spanning_).deltas, 2u);
  EXPECT_EQ(status(spanning_).snapshots, 1u);
  EXPECT_THAT(told(), ElementsAre(spanning_));
}

TEST_F(BookSetTest, a_snapshot_older_than_the_first_buffered_delta_is_asked_for_again) {
  connect(spanning_venue_);
  delta(spanning_, 20, 21, {level(100, 2)}, {});
  snapshot(spanning_, 18, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  EXPECT_EQ(bid(spanning_), Level{});
  EXPECT_THAT(out_, IsEmpty());  // the second request waits a second
  advance(seconds(1));
  tick();
  EXPECT_THAT(asked<RequestSnapshot>(), ElementsAre(spanning_, spanning_two_));
  snapshot(spanning_, 19, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(bid(spanning_), level(100, 2));
}

TEST_F(BookSetTest, a_gap_among_the_buffered_deltas_starts_over) {
  connect(spanning_venue_);
  delta(spanning_, 10, 11, {}, {});
  delta(spanning_, 13, 14, {}, {});
  snapshot(spanning_, 10, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  EXPECT_EQ(reason(spanning_), BookReason::Gap);
  EXPECT_EQ(status(spanning_).gaps, 1u);
}

TEST_F(BookSetTest, a_buffer_that_overflows_makes_the_snapshot_too_old_and_not_the_book_wrong) {
  connect(spanning_venue_);
  const Sequence count = BookSync::buffered_deltas_max + 10;
  for (Sequence id = 1; id <= count; ++id) delta(spanning_, id, id, {level(100, 5)}, {});
  snapshot(spanning_, 5, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  advance(seconds(1));
  tick();
  snapshot(spanning_, count - 3, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(bid(spanning_), level(100, 5));
}

// --- the sequence ---

TEST_F(BookSetTest, deltas_that_follow_are_applied_and_say_what_they_changed) {
  sync_spanning();
  EXPECT_EQ(delta(spanning_, 11, 13, {level(90, 1)}, {}), BookChange::Depth);
  EXPECT_EQ(delta(spanning_, 14, 14, {level(100, 8)}, {}), BookChange::Top);
  EXPECT_THAT(changed(), ElementsAre(spanning_));
  EXPECT_EQ(delta(spanning_, 15, 15, {level(100, 0)}, {}), BookChange::Top);
  EXPECT_EQ(bid(spanning_), level(90, 1));
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(BookSetTest, old_and_duplicated_deltas_are_ignored) {
  sync_spanning();
  delta(spanning_, 11, 13, {level(105, 1)}, {});
  EXPECT_EQ(delta(spanning_, 11, 13, {level(105, 0)}, {}), BookChange::None);
  EXPECT_EQ(delta(spanning_, 1, 2, {level(105, 0)}, {}), BookChange::None);
  EXPECT_EQ(bid(spanning_), level(105, 1));
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(status(spanning_).deltas, 1u);
}

TEST_F(BookSetTest, a_gap_throws_the_book_away_and_the_delta_that_showed_it_starts_the_new_buffer) {
  sync_spanning();
  advance(seconds(5));
  EXPECT_EQ(delta(spanning_, 12, 12, {level(105, 4)}, {}), BookChange::State);
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  EXPECT_EQ(reason(spanning_), BookReason::Gap);
  EXPECT_EQ(bid(spanning_), Level{});
  EXPECT_EQ(books_->view(spanning_).count(Side::Sell), 0u);
  ASSERT_EQ(out_.size(), 2u);  // the effect first
  EXPECT_TRUE(std::holds_alternative<RequestSnapshot>(out_[0]));
  EXPECT_TRUE(std::holds_alternative<BookStateChanged>(out_[1]));
  snapshot(spanning_, 11, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(bid(spanning_), level(105, 4));
  EXPECT_EQ(status(spanning_).gaps, 1u);
  EXPECT_EQ(status(spanning_).resyncs, 1u);
}

TEST_F(BookSetTest, a_linked_stream_joins_where_a_delta_holds_the_snapshots_id) {
  sync_linked();
  EXPECT_EQ(bid(linked_), level(100, 7));
  EXPECT_EQ(status(linked_).bid_levels, 2u);
  delta(linked_, 20, 25, {level(100, 1)}, {}, 12);
  EXPECT_EQ(bid(linked_), level(100, 1));
}

TEST_F(BookSetTest, a_linked_delta_that_names_another_predecessor_is_a_gap) {
  sync_linked();
  delta(linked_, 13, 15, {level(100, 1)}, {}, 11);
  EXPECT_EQ(reason(linked_), BookReason::Gap);
}

TEST_F(BookSetTest, a_linked_snapshot_without_a_delta_that_spans_it_waits_for_one) {
  connect(linked_venue_);
  delta(linked_, 6, 8, {}, {}, 5);
  snapshot(linked_, 10, {level(100, 7)}, {level(110, 9)});
  delta(linked_, 9, 14, {level(100, 3)}, {}, 8);
  EXPECT_EQ(state(linked_), BookState::Valid);
  EXPECT_EQ(bid(linked_), level(100, 3));
  delta(linked_, 15, 16, {level(100, 4)}, {}, 14);
  EXPECT_EQ(bid(linked_), level(100, 4));
}

// --- whole books ---

TEST_F(BookSetTest, a_whole_book_takes_the_place_of_the_one_before) {
  connect(whole_venue_);
  snapshot(whole_, 1'000, {level(100, 7), level(95, 1)}, {level(110, 9)});
  EXPECT_EQ(state(whole_), BookState::Valid);
  EXPECT_EQ(snapshot(whole_, 1'000, {level(105, 2)}, {level(110, 9)}), BookChange::Top);
  EXPECT_EQ(status(whole_).bid_levels, 1u);
  EXPECT_EQ(status(whole_).bid, level(105, 2));
  EXPECT_EQ(status(whole_).resyncs, 0u);
}

TEST_F(BookSetTest,
       an_older_whole_book_comes_late_and_is_dropped_but_a_clock_set_back_is_followed) {
  connect(whole_venue_);
  snapshot(whole_, 1'000, {level(100, 7)}, {level(110, 9)});
  for (int n = 1; n < BookSync::older_max; ++n) {
    EXPECT_EQ(snapshot(whole_, 999, {level(90, 1)}, {level(95, 1)}), BookChange::None);
  }
  EXPECT_EQ(status(whole_).bid, level(100, 7));
  EXPECT_EQ(snapshot(whole_, 999, {level(90, 1)}, {level(95, 1)}), BookChange::Top);
  EXPECT_EQ(snapshot(whole_, 1'000, {level(85, 1)}, {level(95, 1)}), BookChange::Top);
}

// --- the checksum ---

TEST_F(BookSetTest, a_message_without_levels_proves_the_book_as_it_stands) {
  sync_checked();
  delta(checked_, 0, 0, {}, {}, 0, 100 * 7 + 110 * 9);
  EXPECT_EQ(status(checked_).checksums_right, 2u);
  EXPECT_EQ(state(checked_), BookState::Valid);
  delta(checked_, 0, 0, {}, {}, 0, 1);
  EXPECT_EQ(state(checked_), BookState::Resyncing);
  EXPECT_EQ(reason(checked_), BookReason::BadChecksum);
}

TEST_F(BookSetTest, the_checksum_is_taken_after_the_message_and_after_cutting_to_depth) {
  sync_checked();
  delta(checked_, 0, 0, {level(95, 1), level(90, 1), level(85, 1)}, {}, 0,
        100 * 7 + 95 + 90 + 110 * 9);
  EXPECT_EQ(state(checked_), BookState::Valid);
  EXPECT_EQ(status(checked_).bid_levels, 3u);
  EXPECT_EQ(status(checked_).checksums_right, 2u);
}

TEST_F(BookSetTest, a_wrong_checksum_throws_the_book_away_and_subscribes_anew) {
  sync_checked();
  advance(seconds(2));
  delta(checked_, 0, 0, {level(105, 1)}, {}, 0, 1);
  EXPECT_EQ(state(checked_), BookState::Resyncing);
  EXPECT_EQ(reason(checked_), BookReason::BadChecksum);
  EXPECT_THAT(asked<Resubscribe>(), ElementsAre(checked_));
  EXPECT_EQ(status(checked_).checksums_wrong, 1u);
  delta(checked_, 0, 0, {level(105, 1)}, {}, 0, 1);  // of the old subscription
  EXPECT_EQ(status(checked_).checksums_wrong, 1u);
  snapshot(checked_, 0, {level(100, 1)}, {level(110, 1)}, 210);
  EXPECT_EQ(state(checked_), BookState::Valid);
}

TEST_F(BookSetTest, a_snapshot_with_a_wrong_checksum_is_no_book) {
  connect(checked_venue_);
  snapshot(checked_, 0, {level(100, 7)}, {level(110, 9)}, 5);
  EXPECT_EQ(reason(checked_), BookReason::BadChecksum);
  EXPECT_EQ(bid(checked_), Level{});
  EXPECT_EQ(status(checked_).snapshots, 0u);
}

TEST_F(BookSetTest, a_snapshot_that_the_stream_sends_unasked_replaces_the_book) {
  sync_checked();
  snapshot(checked_, 0, {level(95, 1)}, {level(115, 1)}, 210);
  EXPECT_EQ(bid(checked_), level(95, 1));
  EXPECT_EQ(ask(checked_), level(115, 1));
}

TEST_F(BookSetTest, a_snapshot_answer_that_nobody_waits_for_is_ignored) {
  sync_spanning();
  EXPECT_EQ(snapshot(spanning_, 50, {level(95, 1)}, {level(115, 1)}), BookChange::None);
  EXPECT_EQ(bid(spanning_), level(100, 7));
}

// --- numbers ---

TEST_F(BookSetTest, a_price_off_the_grid_or_a_negative_quantity_makes_the_book_untrustworthy) {
  sync_spanning();
  delta(spanning_, 11, 11, {level(101, 1)}, {});
  EXPECT_EQ(reason(spanning_), BookReason::NumberFault);
  advance(seconds(2));
  tick();
  snapshot(spanning_, 11, {level(100, -1)}, {level(110, 1)});
  EXPECT_EQ(reason(spanning_), BookReason::NumberFault);
  EXPECT_EQ(books_->view(spanning_).count(Side::Sell), 0u);
}

// --- crossing ---

TEST_F(BookSetTest, a_crossed_book_is_suspect_until_it_is_uncrossed) {
  sync_spanning();
  EXPECT_EQ(delta(spanning_, 11, 11, {level(110, 1)}, {}), BookChange::State);
  EXPECT_EQ(state(spanning_), BookState::Suspect);
  EXPECT_EQ(reason(spanning_), BookReason::Crossed);
  EXPECT_FALSE(books_->view(spanning_).valid(now_));
  delta(spanning_, 12, 12, {level(115, 1)}, {});
  delta(spanning_, 13, 13, {}, {level(110, 0), level(120, 1)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(status(spanning_).crossings, 1u);
  EXPECT_EQ(status(spanning_).resyncs, 0u);
}

TEST_F(BookSetTest, within_one_message_a_book_may_cross_and_uncross) {
  sync_spanning();
  EXPECT_EQ(delta(spanning_, 11, 11, {level(110, 1)}, {level(110, 0), level(115, 1)}),
            BookChange::Top);
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(status(spanning_).crossings, 0u);
}

TEST_F(BookSetTest, a_book_that_stays_crossed_for_more_than_a_second_is_thrown_away) {
  sync_spanning();
  delta(spanning_, 11, 11, {level(110, 1)}, {});
  advance(seconds(1));
  tick();
  EXPECT_EQ(state(spanning_), BookState::Suspect);
  advance(milliseconds(1));
  tick();
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  EXPECT_EQ(reason(spanning_), BookReason::Crossed);
}

// --- age ---

TEST_F(BookSetTest, a_mute_venue_makes_its_books_stale_and_life_brings_them_back) {
  sync_spanning();
  advance(seconds(10));
  EXPECT_TRUE(books_->view(spanning_).valid(now_));
  advance(milliseconds(1));
  EXPECT_FALSE(books_->view(spanning_).valid(now_));  // before any timer
  EXPECT_EQ(state(spanning_), BookState::Valid);
  tick();
  EXPECT_EQ(state(spanning_), BookState::Suspect);
  EXPECT_EQ(reason(spanning_), BookReason::Stale);
  EXPECT_THAT(changed(), ElementsAre(spanning_));
  EXPECT_EQ(bid(spanning_), level(100, 7));
  heartbeat(spanning_venue_);
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_THAT(changed(), ElementsAre(spanning_));
  EXPECT_TRUE(books_->view(spanning_).valid(now_));
}

TEST_F(BookSetTest, a_quiet_instrument_of_a_live_venue_is_not_stale) {
  sync_spanning();
  for (int second = 0; second < 60; ++second) {
    advance(seconds(1));
    delta(spanning_two_, 1, 1, {}, {});
    tick();
  }
  EXPECT_TRUE(books_->view(spanning_).valid(now_));
  EXPECT_EQ(books_->view(spanning_).silence(now_), seconds(0));
}

TEST_F(BookSetTest, a_delta_wakes_the_other_books_of_its_stale_venue_too) {
  sync_spanning();
  advance(seconds(11));
  tick();
  delta(spanning_two_, 1, 1, {}, {});
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_THAT(changed(), ElementsAre(spanning_));
}

TEST_F(BookSetTest, data_that_was_received_long_ago_is_no_sign_of_life) {
  sync_spanning();
  const Instant then = now_;
  advance(seconds(11));
  tick();
  out_.clear();
  books_->on_heartbeat(spanning_venue_, then, now_, out_);
  EXPECT_EQ(reason(spanning_), BookReason::Stale);
}

TEST_F(BookSetTest, a_snapshot_by_request_is_no_sign_of_life_of_the_stream) {
  sync_spanning();
  delta(spanning_, 20, 20, {}, {});
  advance(seconds(11));
  tick();
  snapshot(spanning_, 21, {level(100, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Suspect);
  EXPECT_EQ(reason(spanning_), BookReason::Stale);
}

// --- the connection ---

TEST_F(BookSetTest, a_lost_connection_resyncs_every_book_of_the_venue_and_no_other) {
  sync_spanning();
  sync_checked();
  disconnect(spanning_venue_);
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  EXPECT_EQ(reason(spanning_), BookReason::Disconnected);
  EXPECT_EQ(reason(spanning_two_), BookReason::NeverSynced);
  EXPECT_EQ(state(checked_), BookState::Valid);
  EXPECT_THAT(asked<RequestSnapshot>(), IsEmpty());
  delta(spanning_, 11, 11, {level(105, 1)}, {});
  snapshot(spanning_, 11, {level(105, 1)}, {level(110, 1)});
  heartbeat(spanning_venue_);
  EXPECT_EQ(reason(spanning_), BookReason::Disconnected);
}

TEST_F(BookSetTest, a_connection_that_comes_back_is_joined_anew_with_nothing_of_before) {
  sync_spanning();
  disconnect(spanning_venue_);
  advance(seconds(3));
  connect(spanning_venue_);
  EXPECT_EQ(reason(spanning_), BookReason::Disconnected);
  delta(spanning_, 31, 32, {level(90, 1)}, {});
  EXPECT_THAT(asked<RequestSnapshot>(), ElementsAre(spanning_));
  snapshot(spanning_, 30, {level(95, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(bid(spanning_), level(95, 1));
  EXPECT_EQ(status(spanning_).bid_levels, 2u);
}

TEST_F(BookSetTest, an_up_without_a_down_counts_as_both) {
  sync_spanning();
  connect(spanning_venue_);
  EXPECT_EQ(reason(spanning_), BookReason::Disconnected);
}

// --- what a cut snapshot does not show ---

class CutSnapshotTest : public BookSetTest {
 protected:
  // A hundred bids from 10000 down to 9505, all removed again but for one at 5000.
  void leave_the_snapshot() {
    connect(spanning_venue_);
    delta(spanning_, 10, 10, {}, {});
    std::vector<Level> bids;
    for (std::int64_t n = 0; n < 100; ++n) bids.push_back(level(10'000 - 5 * n, 1));
    snapshot(spanning_, 10, bids, {level(10'005, 1)});
    delta(spanning_, 11, 11, {level(5'000, 1)}, {});
    EXPECT_EQ(reason(spanning_), BookReason::None);
    advance(seconds(5));
    for (Level& gone : bids) gone.quantity = {};
    delta(spanning_, 12, 12, bids, {});
  }
};

TEST_F(CutSnapshotTest, a_best_price_past_its_end_is_kept_and_a_fresh_snapshot_asked_for) {
  leave_the_snapshot();
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(reason(spanning_), BookReason::OutsideWindow);
  EXPECT_EQ(bid(spanning_), level(5'000, 1));
  EXPECT_THAT(asked<RequestSnapshot>(), ElementsAre(spanning_));
  EXPECT_THAT(told(), ElementsAre(spanning_));
  delta(spanning_, 13, 13, {level(5'000, 2)}, {});
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(CutSnapshotTest, the_fresh_snapshot_takes_its_place_with_the_deltas_since) {
  leave_the_snapshot();
  delta(spanning_, 13, 14, {level(5'100, 2)}, {});
  delta(spanning_, 15, 15, {level(5'000, 3)}, {});
  const std::uint64_t deltas = status(spanning_).deltas;
  EXPECT_EQ(snapshot(spanning_, 14, {level(5'105, 9), level(5'100, 2), level(5'000, 1)},
                     {level(10'005, 1)}),
            BookChange::State);
  EXPECT_EQ(reason(spanning_), BookReason::None);
  EXPECT_EQ(bid(spanning_), level(5'105, 9));
  EXPECT_EQ(status(spanning_).bid_levels, 3u);
  EXPECT_EQ(status(spanning_).deltas, deltas);
  EXPECT_EQ(status(spanning_).resyncs, 0u);
  delta(spanning_, 16, 16, {level(5'105, 0)}, {});
  delta(spanning_, 17, 17, {level(5'100, 0)}, {});
  EXPECT_EQ(bid(spanning_), level(5'000, 3));
  EXPECT_EQ(state(spanning_), BookState::Valid);
}

TEST_F(CutSnapshotTest, a_fresh_snapshot_from_before_the_request_is_asked_for_again) {
  leave_the_snapshot();
  delta(spanning_, 13, 14, {level(5'100, 2)}, {});
  snapshot(spanning_, 11, {level(9'900, 9)}, {level(10'005, 1)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(bid(spanning_), level(5'100, 2));
  advance(seconds(4));
  tick();
  EXPECT_THAT(asked<RequestSnapshot>(), Contains(spanning_));
  snapshot(spanning_, 20, {level(5'200, 9)}, {level(10'005, 1)});
  EXPECT_EQ(bid(spanning_), level(5'200, 9));
  delta(spanning_, 15, 19, {level(5'300, 1)}, {});  // in the snapshot already
  EXPECT_EQ(bid(spanning_), level(5'200, 9));
  delta(spanning_, 20, 21, {level(5'300, 1)}, {});
  EXPECT_EQ(bid(spanning_), level(5'300, 1));
}

TEST_F(CutSnapshotTest, a_gap_while_it_is_awaited_is_a_gap_like_any_other) {
  leave_the_snapshot();
  delta(spanning_, 19, 20, {level(5'100, 2)}, {});
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  EXPECT_EQ(reason(spanning_), BookReason::Gap);
}

TEST_F(BookSetTest, a_short_snapshot_is_the_whole_side_and_may_empty) {
  sync_spanning();
  delta(spanning_, 11, 11, {level(100, 0)}, {level(110, 0)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(bid(spanning_), Level{});
}

// --- metadata ---

TEST_F(BookSetTest, another_tick_starts_the_book_over_on_the_new_grid) {
  sync_spanning();
  Instrument instrument = universe_.instrument(spanning_);
  EXPECT_EQ(books_->on_instrument(instrument, now_, out_), BookChange::None);
  EXPECT_EQ(state(spanning_), BookState::Valid);
  instrument.tick = 1;
  advance(seconds(2));
  EXPECT_EQ(books_->on_instrument(instrument, now_, out_), BookChange::State);
  snapshot(spanning_, 10, {level(101, 7)}, {level(110, 9)});
  EXPECT_EQ(bid(spanning_), level(101, 7));
}

}  // namespace
}  // namespace ats::core
