#include "core/books/polled_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/books/testing_book_set.hpp"

namespace ats::core {
namespace {

using namespace testing_books;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Duration after = seconds(10);
constexpr Duration max_age = seconds(15);
constexpr Duration every = milliseconds(500);

// The spanning venue has two books and no connection, unless a test says otherwise.
class PolledBooks : public BookSetTest {
 protected:
  PolledBooks() {
    universe_.venue(spanning_venue_).book.poll_every = every;
    books_.emplace(universe_, BookPolling{after, max_age});
    tick();
  }
  // Timers every 100 ms; what was asked for meanwhile.
  std::vector<InstrumentId> wait(Duration time) {
    std::vector<InstrumentId> all;
    for (; time.ns > 0; time = time - milliseconds(100)) {
      advance(milliseconds(100));
      tick();
      for (const InstrumentId id : asked<RequestImage>()) all.push_back(id);
    }
    return all;
  }
  // The answer to a question that left `ago`.
  void image(InstrumentId id, Duration ago, std::vector<Level> bids = {level(100, 7)},
             std::vector<Level> asks = {level(110, 9)}) {
    out_.clear();
    books_->on_image({id, here(), now_ - ago, bids, asks}, now_, out_);
  }
  BookView view(InstrumentId id) const { return books_->view(id); }
  std::vector<BookState> states_told() const {
    std::vector<BookState> all;
    for (const Action& action : out_) {
      if (const auto* told = std::get_if<BookStateChanged>(&action))
        all.push_back(static_cast<BookState>(told->state));
    }
    return all;
  }
  // Dark, and the answer for one of the two books is there.
  void stand_in() {
    wait(after);
    image(spanning_, {});
    ASSERT_EQ(state(spanning_), BookState::Polled);
  }
};

TEST_F(PolledBooks, a_venue_without_a_valid_book_is_asked_by_turns_once_it_has_been_so_for_long) {
  EXPECT_THAT(wait(after - milliseconds(100)), IsEmpty());
  const auto first = wait(milliseconds(100));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_THAT(wait(milliseconds(2'000)), IsEmpty()) << "one question at a time";
  image(first[0], milliseconds(2'000));
  const auto second = wait(milliseconds(100));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_NE(second[0], first[0]);
  image(second[0], {});
  EXPECT_THAT(wait(every - milliseconds(100)), IsEmpty()) << "not faster than the venue's budget";
  EXPECT_THAT(wait(milliseconds(100)), ElementsAre(first[0]));
}

TEST_F(PolledBooks, an_answer_that_does_not_come_gives_the_turn_to_the_next_book) {
  const auto first = wait(after);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_THAT(wait(milliseconds(4'900)), IsEmpty());
  const auto second = wait(milliseconds(100));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_NE(second[0], first[0]);
}

TEST_F(PolledBooks, the_answer_is_the_book_marked_as_what_it_is) {
  wait(after);
  image(spanning_, milliseconds(300), {level(100, 7), level(95, 1)}, {level(110, 9)});
  EXPECT_THAT(states_told(), ElementsAre(BookState::Polled));
  EXPECT_THAT(changed(), ElementsAre(spanning_));
  EXPECT_EQ(state(spanning_), BookState::Polled);
  EXPECT_EQ(reason(spanning_), BookReason::NeverSynced) << "what became of the stream's book";
  EXPECT_EQ(bid(spanning_), level(100, 7));
  EXPECT_EQ(ask(spanning_), level(110, 9));
  EXPECT_EQ(view(spanning_).count(Side::Buy), 2u);
  EXPECT_TRUE(view(spanning_).polled(now_));
  EXPECT_FALSE(view(spanning_).valid(now_));
  EXPECT_EQ(view(spanning_).why_not(now_), RefuseReason::BookPolled);
  EXPECT_EQ(view(spanning_two_).why_not(now_), RefuseReason::BookNotValid);
  const BookStatus shown = status(spanning_);
  EXPECT_EQ(shown.state, BookState::Polled);
  EXPECT_EQ(shown.polls, 1u);
  EXPECT_EQ(shown.bid_levels, 2u);
  EXPECT_EQ(shown.ask, level(110, 9));
  EXPECT_EQ(shown.last_update, now_ - milliseconds(300));
}

TEST_F(PolledBooks, a_second_answer_replaces_the_first_and_says_nothing_new_of_the_state) {
  stand_in();
  advance(seconds(1));
  image(spanning_, {}, {level(105, 3)}, {level(115, 4)});
  EXPECT_THAT(states_told(), IsEmpty());
  EXPECT_THAT(changed(), ElementsAre(spanning_));
  EXPECT_EQ(bid(spanning_), level(105, 3));
  EXPECT_EQ(view(spanning_).count(Side::Buy), 1u);
  EXPECT_EQ(status(spanning_).polls, 2u);
}

TEST_F(PolledBooks, its_age_counts_from_when_the_question_left_whatever_the_timer_does) {
  wait(after);
  image(spanning_, seconds(4));
  advance(max_age - seconds(4));
  EXPECT_TRUE(view(spanning_).polled(now_));
  advance(nanoseconds(1));
  EXPECT_FALSE(view(spanning_).polled(now_));
  EXPECT_EQ(view(spanning_).why_not(now_), RefuseReason::BookNotValid);
  tick();
  EXPECT_THAT(states_told(), ElementsAre(BookState::Resyncing));
  EXPECT_THAT(changed(), testing::Contains(spanning_));
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  EXPECT_EQ(view(spanning_).count(Side::Buy), 0u);
}

TEST_F(PolledBooks, an_answer_that_is_too_old_or_was_overtaken_is_not_taken) {
  wait(after);
  image(spanning_, max_age + nanoseconds(1));
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  image(spanning_, seconds(1));
  image(spanning_, seconds(2), {level(50, 1)}, {level(55, 1)});
  EXPECT_EQ(bid(spanning_), level(100, 7));
}

TEST_F(PolledBooks, what_is_crossed_or_off_the_grid_is_no_book) {
  wait(after);
  image(spanning_, {}, {level(110, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  image(spanning_, {}, {level(101, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  image(spanning_, {});
  advance(seconds(1));
  image(spanning_, {}, {level(115, 1)}, {level(110, 1)});
  EXPECT_EQ(state(spanning_), BookState::Resyncing) << "nor does the last good one hide it";
}

TEST_F(PolledBooks, the_streams_snapshot_takes_its_place_at_once) {
  stand_in();
  connect(spanning_venue_);
  EXPECT_EQ(state(spanning_), BookState::Polled) << "a connection is no book yet";
  delta(spanning_, 8, 10, {}, {});
  snapshot(spanning_, 10, {level(90, 2)}, {level(95, 2)});
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(reason(spanning_), BookReason::None);
  EXPECT_TRUE(view(spanning_).valid(now_));
  EXPECT_EQ(bid(spanning_), level(90, 2));
  EXPECT_EQ(states_told().back(), BookState::Valid);
  // An answer that was on its way comes too late, and the venue is not asked any more.
  image(spanning_, milliseconds(10));
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(bid(spanning_), level(90, 2));
  for (int n = 0; n < 100; ++n) {
    heartbeat(spanning_venue_);
    EXPECT_THAT(wait(milliseconds(200)), IsEmpty());
  }
}

TEST_F(PolledBooks, what_the_stream_says_meanwhile_is_heard_underneath) {
  stand_in();
  connect(spanning_venue_);
  disconnect(spanning_venue_);
  EXPECT_EQ(state(spanning_), BookState::Polled);
  wait(max_age + milliseconds(100));
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
}

TEST_F(PolledBooks, a_mute_connection_leaves_a_venue_dark_and_its_first_word_ends_it) {
  sync_spanning();
  wait(seconds(11));  // its max_age, and a little
  ASSERT_EQ(reason(spanning_), BookReason::Stale);
  EXPECT_FALSE(wait(after).empty());
  image(spanning_, {}, {level(105, 3)}, {level(115, 4)});
  EXPECT_EQ(state(spanning_), BookState::Polled);
  EXPECT_EQ(reason(spanning_), BookReason::Stale);
  EXPECT_EQ(bid(spanning_), level(105, 3));
  heartbeat(spanning_venue_);
  EXPECT_EQ(state(spanning_), BookState::Valid);
  EXPECT_EQ(bid(spanning_), level(100, 7)) << "the stream's own, which nothing has touched";
}

TEST_F(PolledBooks, one_broken_book_makes_no_venue_dark) {
  sync_spanning();
  for (int n = 0; n < 100; ++n) {
    heartbeat(spanning_venue_);
    EXPECT_THAT(wait(milliseconds(500)), IsEmpty()) << "B has never been Valid, A is";
  }
  image(spanning_two_, {});
  EXPECT_EQ(state(spanning_two_), BookState::Resyncing);
}

TEST_F(PolledBooks, nothing_is_asked_where_the_venue_gives_no_book_or_nobody_wants_it) {
  for (const InstrumentId id : wait(seconds(60)))
    EXPECT_TRUE(id == spanning_ || id == spanning_two_) << "the others have no poll_every";
  books_.emplace(universe_);
  EXPECT_THAT(wait(seconds(60)), IsEmpty());
  image(spanning_, {});
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
}

TEST_F(PolledBooks, new_metadata_ends_what_was_asked_for_by_the_old) {
  stand_in();
  Instrument changed = universe_.instrument(spanning_);
  changed.tick = 1;
  out_.clear();
  books_->on_instrument(changed, now_, out_);
  EXPECT_EQ(state(spanning_), BookState::Resyncing);
  advance(seconds(1));
  image(spanning_, {}, {level(101, 1)}, {level(102, 1)});
  EXPECT_EQ(bid(spanning_), level(101, 1));
}

TEST_F(PolledBooks, an_answer_to_a_question_of_before_the_audit_is_not_compared) {
  universe_.venue(spanning_venue_).book.audit_every = seconds(10);
  books_.emplace(universe_, BookPolling{after, max_age});
  sync_spanning();
  std::vector<InstrumentId> all;
  for (int n = 0; n < 20 && all.empty(); ++n) {
    heartbeat(spanning_venue_);
    for (const InstrumentId id : wait(milliseconds(5'000)))
      if (id == spanning_) all.push_back(id);
  }
  ASSERT_FALSE(all.empty());
  image(spanning_, seconds(20), {level(95, 1)}, {level(110, 9)});
  heartbeat(spanning_venue_);
  wait(seconds(3));
  EXPECT_EQ(status(spanning_).audits, 0u);
}

}  // namespace
}  // namespace ats::core
