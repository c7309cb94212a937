#include "core/books/book_audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/rng.hpp"
#include "core/books/testing_book_set.hpp"

namespace ats::core {
namespace {

using namespace testing_books;
using Verdict = BookAudit::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

struct Bench {
  Bench() {
    for (int n = 0; n < 20; ++n) {
      set(Side::Buy, 100 - n, 10 + n);
      set(Side::Sell, 101 + n, 10 + n);
    }
  }
  void set(Side side, std::int64_t price, std::int64_t quantity) {
    ASSERT_TRUE(book.set(side, level(price, quantity)).ok());
    if (audit.running()) audit.note(side, {price});
  }
  std::vector<Level> top(Side side, std::size_t count) const {
    std::vector<Level> levels(count);
    levels.resize(book.top(side, levels));
    return levels;
  }
  Verdict settle(Duration after = BookAudit::grace) {
    now = now + after;
    return audit.settle(book, 0, now, differing);
  }
  TickBook book{1};
  BookAudit audit;
  Instant now{seconds(100).ns};
  std::uint32_t differing = 0;
};

TEST(BookAudit, an_image_that_shows_the_book_agrees_after_a_time_of_grace_and_not_before) {
  Bench b;
  b.audit.begin(b.now);
  b.audit.on_image(b.top(Side::Buy, 20), b.top(Side::Sell, 20), b.now, b.now);
  EXPECT_EQ(b.settle(milliseconds(1999)), Verdict::None);
  EXPECT_EQ(b.settle(milliseconds(1)), Verdict::Agrees);
  EXPECT_FALSE(b.audit.running());
  EXPECT_EQ(b.settle(), Verdict::None);
}

TEST(BookAudit, each_kind_of_difference_is_counted) {
  Bench b;
  auto bids = b.top(Side::Buy, 10);
  auto asks = b.top(Side::Sell, 10);
  bids[3].quantity.units += 1;  // another quantity
  asks.erase(asks.begin());     // a ghost of ours
  bids.insert(bids.begin(), level(100, 5));
  bids.erase(bids.begin() + 1);  // the best with another quantity
  asks[4].price.units = 999;     // out of order and lacking: one of ours too many, one missing
  b.audit.begin(b.now);
  b.audit.on_image(bids, std::span(asks).first(4), b.now, b.now);
  EXPECT_EQ(b.settle(), Verdict::Differs);
  // Two bids; the ghost ask; and the asks behind the fourth, since a short image is the whole side.
  EXPECT_EQ(b.differing, 2u + 1u + 15u);
}

TEST(BookAudit, a_level_that_changed_while_the_audit_ran_is_not_held_against_the_book) {
  Bench b;
  b.audit.begin(b.now);
  auto bids = b.top(Side::Buy, 10);
  auto asks = b.top(Side::Sell, 10);
  b.set(Side::Buy, 99, 77);  // before the image, or behind it: nobody knows
  b.audit.on_image(bids, asks, b.now, b.now);
  b.set(Side::Sell, 101, 0);
  EXPECT_EQ(b.settle(), Verdict::Agrees);
}

TEST(BookAudit, a_book_that_keeps_few_levels_may_lack_what_it_had_to_let_go) {
  Bench b;
  b.book.truncate(Side::Buy, 5);
  b.book.truncate(Side::Sell, 5);
  Bench whole;
  b.audit.begin(b.now);
  b.audit.on_image(whole.top(Side::Buy, 10), whole.top(Side::Sell, 10), b.now, b.now);
  b.now = b.now + BookAudit::grace;
  EXPECT_EQ(b.audit.settle(b.book, 5, b.now, b.differing), Verdict::Agrees);
  EXPECT_EQ(b.audit.settle(b.book, 0, b.now, b.differing), Verdict::None);
}

TEST(BookAudit, without_an_answer_or_with_too_many_changes_there_is_no_verdict) {
  Bench b;
  b.audit.begin(b.now);
  EXPECT_EQ(b.settle(BookAudit::answer_max), Verdict::None);
  EXPECT_EQ(b.settle(milliseconds(1)), Verdict::Inconclusive);
  b.audit.begin(b.now);
  for (std::size_t n = 0; n <= BookAudit::notes_max; ++n) b.audit.note(Side::Buy, {50});
  EXPECT_EQ(b.settle(), Verdict::Inconclusive);
  b.audit.begin(b.now);
  b.audit.abandon();
  EXPECT_EQ(b.settle(), Verdict::Inconclusive);
}

// A true stream and an image of any moment of the audit, or a little before its answer: never a difference.
// With one level falsified that stood still: always one.
TEST(BookAudit, never_blames_a_right_book_and_always_a_wrong_level_that_stood_still) {
  Rng rng(7);
  for (int round = 0; round < 2'000; ++round) {
    Bench b;
    const bool wrong = round % 2 == 1;
    const Price spoilt{95};
    const bool spoilt_book = !wrong || b.book.set(Side::Buy, level(95, 1'000'000)).ok();
    ASSERT_TRUE(spoilt_book);
    std::map<std::int64_t, std::int64_t> bids;
    std::map<std::int64_t, std::int64_t> asks;
    for (const Level& l : b.top(Side::Buy, 100)) bids[l.price.units] = l.quantity.units;
    for (const Level& l : b.top(Side::Sell, 100)) asks[l.price.units] = l.quantity.units;
    if (wrong) bids[95] = 15;  // the truth
    const auto move = [&] {
      const bool buy = rng.one_in(2);
      const std::int64_t price = buy ? 100 - static_cast<std::int64_t>(rng.below(20))
                                     : 101 + static_cast<std::int64_t>(rng.below(20));
      if (Price{price} == spoilt) return;
      const auto quantity = static_cast<std::int64_t>(rng.below(3) == 0 ? 0 : rng.below(50));
      auto& truth = buy ? bids : asks;
      if (quantity == 0) {
        truth.erase(price);
      } else {
        truth[price] = quantity;
      }
      b.set(buy ? Side::Buy : Side::Sell, price, quantity);
    };
    for (std::uint64_t n = rng.below(5); n > 0; --n) move();
    b.audit.begin(b.now);
    for (std::uint64_t n = rng.below(6); n > 0; --n) move();
    std::vector<Level> image_bids;
    std::vector<Level> image_asks;
    for (auto at = bids.rbegin(); at != bids.rend() && image_bids.size() < 20; ++at)
      image_bids.push_back(level(at->first, at->second));
    for (auto at = asks.begin(); at != asks.end() && image_asks.size() < 20; ++at)
      image_asks.push_back(level(at->first, at->second));
    for (std::uint64_t n = rng.below(6); n > 0; --n) move();
    b.audit.on_image(image_bids, image_asks, b.now, b.now);
    for (std::uint64_t n = rng.below(6); n > 0; --n) move();
    const Verdict verdict = b.settle();
    if (!wrong) {
      ASSERT_EQ(verdict, Verdict::Agrees) << "round " << round << ", " << b.differing;
    } else if (image_bids.size() < 10 || image_bids[9].price <= spoilt) {
      ASSERT_EQ(verdict, Verdict::Differs) << "round " << round;
      ASSERT_EQ(b.differing, 1u);
    }
  }
}

// --- in the set of books ---

class AuditedBooks : public BookSetTest {
 protected:
  AuditedBooks() {
    VenueInfo& venue = universe_.venue(checked_venue_);
    venue.book.audit_every = seconds(10);
    venue.book.checksum = nullptr;
    books_.emplace(universe_);
    connect(checked_venue_);
    snapshot(checked_, 0, {level(100, 7), level(95, 3)}, {level(110, 9)});
  }
  void image(std::vector<Level> bids, std::vector<Level> asks) {
    books_->on_image({checked_, here(), now_, bids, asks}, now_, out_);
  }
  void wait(Duration time) {
    for (; time.ns > 0; time = time - milliseconds(500)) {
      advance(milliseconds(500));
      heartbeat(checked_venue_);
      tick();
      const auto now_asked = asked<RequestImage>();
      asked_.insert(asked_.end(), now_asked.begin(), now_asked.end());
    }
  }
  std::vector<InstrumentId> asked_;
};

TEST_F(AuditedBooks, an_image_is_asked_for_by_turns_and_its_result_is_published) {
  tick();
  EXPECT_THAT(asked<RequestImage>(), ElementsAre(checked_));
  image({level(100, 7), level(95, 3)}, {level(110, 9)});
  wait(seconds(3));
  EXPECT_EQ(status(checked_).audits, 1u);
  EXPECT_EQ(status(checked_).audits_differing, 0u);
  EXPECT_EQ(state(checked_), BookState::Valid);
  EXPECT_THAT(asked_, IsEmpty());
  wait(seconds(8));
  EXPECT_THAT(asked_, ElementsAre(checked_));
}

TEST_F(AuditedBooks,
       one_image_that_differs_is_asked_for_again_and_the_second_throws_the_book_away) {
  tick();
  image({level(100, 8), level(95, 3)}, {level(110, 9)});
  wait(seconds(3));
  EXPECT_EQ(state(checked_), BookState::Valid);
  EXPECT_EQ(status(checked_).audit_difference, 1u);
  EXPECT_THAT(asked_, ElementsAre(checked_)) << "at once";
  image({level(100, 8), level(95, 3)}, {level(110, 9)});
  wait(seconds(3));
  EXPECT_EQ(status(checked_).audits_differing, 2u);
  EXPECT_EQ(state(checked_), BookState::Resyncing);
  EXPECT_EQ(reason(checked_), BookReason::AuditDiffers);
}

TEST_F(AuditedBooks, an_old_image_out_of_a_cache_throws_no_book_away) {
  tick();
  image({level(100, 8), level(95, 3)}, {level(110, 9)});
  wait(seconds(3));
  image({level(100, 7), level(95, 3)}, {level(110, 9)});
  wait(seconds(3));
  EXPECT_EQ(status(checked_).audits, 2u);
  EXPECT_EQ(status(checked_).audit_difference, 0u);
  EXPECT_EQ(state(checked_), BookState::Valid);
}

TEST_F(AuditedBooks, a_level_that_was_let_go_and_went_unseen_is_not_held_against_the_book) {
  delta(checked_, 0, 0, {level(90, 2)}, {});
  tick();
  image({level(100, 7), level(95, 3), level(90, 2)}, {level(110, 9)});
  delta(checked_, 0, 0, {level(105, 1)}, {});  // 90 is deeper than the venue tells of,
  delta(checked_, 0, 0, {level(105, 0), level(85, 4)}, {});  // and was cancelled there
  wait(seconds(3));
  EXPECT_EQ(status(checked_).audits, 1u);
  EXPECT_EQ(status(checked_).audit_difference, 0u);
}

// The venue tells what changes among the best three; the images show all there is.
TEST_F(AuditedBooks, a_right_book_of_few_levels_is_never_blamed) {
  Rng rng(11);
  std::map<std::int64_t, std::int64_t> bids, told;
  const auto best = [](const std::map<std::int64_t, std::int64_t>& of, std::size_t count) {
    std::vector<Level> out;
    for (auto at = of.rbegin(); at != of.rend() && out.size() < count; ++at)
      out.push_back(level(at->first, at->second));
    return out;
  };
  const auto move = [&] {
    const std::int64_t price = 100 - 5 * static_cast<std::int64_t>(rng.below(8));
    if (rng.one_in(2)) {
      bids.erase(price);
    } else {
      bids[price] = 1 + static_cast<std::int64_t>(rng.below(3));
    }
    std::map<std::int64_t, std::int64_t> now;
    for (const Level& l : best(bids, 3)) now[l.price.units] = l.quantity.units;
    std::vector<Level> changed;
    for (const auto& [at, quantity] : told) {
      // One that fell out of the three is not taken back: whoever keeps three lets it go.
      const bool gone = !now.contains(at) && !bids.contains(at);
      if (gone) changed.push_back(level(at, 0));
    }
    for (const auto& [at, quantity] : now) {
      const auto was = told.find(at);
      if (was == told.end() || was->second != quantity) changed.push_back(level(at, quantity));
    }
    told = now;
    if (!changed.empty()) delta(checked_, 0, 0, changed, {});
  };
  delta(checked_, 0, 0, {level(100, 0), level(95, 0)}, {});
  for (int n = 0; n < 8; ++n) move();
  for (int round = 0; round < 1'000; ++round) {
    do {
      wait(milliseconds(500));
    } while (asked_.empty());
    asked_.clear();
    for (std::uint64_t n = rng.below(4); n > 0; --n) move();
    image(best(bids, 10), {level(110, 9)});
    for (std::uint64_t n = rng.below(8); n > 0; --n) move();
    wait(seconds(3));
    ASSERT_EQ(status(checked_).audits_differing, 0u) << "round " << round;
  }
  EXPECT_GE(status(checked_).audits, 1'000u);
}

TEST_F(AuditedBooks, a_book_that_is_not_valid_is_not_asked_about) {
  disconnect(checked_venue_);
  wait(seconds(30));
  EXPECT_THAT(asked_, IsEmpty());
}

}  // namespace
}  // namespace ats::core
