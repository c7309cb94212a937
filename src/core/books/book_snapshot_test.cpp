// A book that is begun from another's snapshot is that book, from then on and whatever comes.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "core/books/book_set.hpp"

namespace ats::core {
namespace {

std::uint32_t sum_of(const TopLevels& top) {
  std::uint32_t sum = 7;
  for (const auto& side : {top.bids, top.asks}) {
    for (const Level& level : side) {
      sum = sum * 31 + static_cast<std::uint32_t>(level.price.units);
      sum = sum * 31 + static_cast<std::uint32_t>(level.quantity.units);
    }
  }
  return sum;
}

struct Pair {
  explicit Pair(const BookRules& rules) : rules_(rules) {
    const VenueId venue = universe.add_venue("venue", rules);
    Instrument i;
    i.venue = venue;
    i.base = universe.add_asset("A");
    i.quote = universe.add_asset("USDT");
    i.symbol = "A";
    i.tick = 5;
    i.price_scale = 2;
    i.qty_scale = 4;
    universe.add_instrument(i);
    origin.emplace(universe);
    copy.emplace(universe);
    origin->on_connection({0}, true, now, out);
  }
  // What the venue sends next, to both.
  void send(Rng& rng) {
    now = now + milliseconds(10);
    std::vector<Level> bids, asks;
    const auto levels = [&](Side side, std::size_t count, std::vector<Level>& to) {
      for (std::size_t n = 0; n < count; ++n) {
        const std::int64_t away = 5 * rng.between(1, 60);
        to.push_back({{side == Side::Buy ? 10'000 - away : 10'000 + away},
                      {rng.one_in(3) ? 0 : rng.between(1, 999)}});
      }
    };
    const Sequence first = last + 1;
    const Sequence previous = last;
    last = first + rng.below(3);
    if (rules_.sequence == SequenceRule::WholeBook) {
      for (std::int64_t n = 1; n <= 15; ++n) {
        bids.push_back({{10'000 - 5 * n}, {rng.between(1, 999)}});
        asks.push_back({{10'000 + 5 * n}, {rng.between(1, 999)}});
      }
      each([&](BookSet& set) {
        set.on_snapshot({{0}, {{}, now}, last, {}, bids, asks}, now, out);
      });
      return;
    }
    levels(Side::Buy, rng.below(4), bids);
    levels(Side::Sell, rng.below(4), asks);
    each([&](BookSet& set) {
      set.on_delta({{0}, {{}, now}, first, last, previous, {}, bids, asks}, now, out);
    });
  }
  void begin_origin() {
    std::vector<Level> bids, asks;
    for (std::int64_t n = 1; n <= 150; ++n) {
      bids.push_back({{10'000 - 5 * n}, {n}});
      asks.push_back({{10'000 + 5 * n}, {n}});
    }
    origin->on_snapshot({{0}, {{}, now}, last, {}, bids, asks}, now, out);
  }
  void begin_copy() {
    copy->on_connection({0}, false, now, out);
    copy->on_connection({0}, true, now, out);
    BookSnapshot snapshot;
    std::vector<Level> bids, asks;
    ASSERT_TRUE(origin->snapshot({0}, snapshot, bids, asks));
    copy->on_snapshot(snapshot, now, out);
  }
  void each(auto what) {
    what(*origin);
    what(*copy);
  }
  void expect_same(const std::string& when) const {
    const BookView a = origin->view({0}), b = copy->view({0});
    ASSERT_EQ(a.state(), b.state()) << when;
    for (const Side side : {Side::Buy, Side::Sell}) {
      ASSERT_EQ(a.count(side), b.count(side)) << when;
      ASSERT_EQ(a.best(side), b.best(side)) << when;
      auto left = a.levels(side), right = b.levels(side);
      for (Level x, y; left.next(x);) {
        ASSERT_TRUE(right.next(y)) << when;
        ASSERT_EQ(x, y) << when;
      }
    }
  }

  const BookRules rules_;
  Universe universe;
  std::optional<BookSet> origin, copy;
  Actions out;
  Instant now{1'000'000'000};
  Sequence last = 10;
};

TEST(BookSnapshot, AnotherBookBegunFromItIsThatBookByEveryRule) {
  for (const SequenceRule sequence : {SequenceRule::None, SequenceRule::WholeBook,
                                      SequenceRule::Spanning, SequenceRule::PrevLinked}) {
    for (const std::uint16_t depth : {0, 10}) {
      BookRules rules;
      rules.sequence = sequence;
      rules.depth = depth;
      rules.snapshot_by_request =
          sequence == SequenceRule::Spanning || sequence == SequenceRule::PrevLinked;
      rules.checksum = depth != 0 ? sum_of : nullptr;
      Pair pair(rules);
      Rng rng(static_cast<std::uint64_t>(sequence) * 100 + depth);
      pair.begin_origin();
      for (int step = 0; step < 4'000; ++step) {
        if (step % 40 == 0) pair.begin_copy();
        const std::string when = "rule " + std::to_string(static_cast<int>(sequence)) + " depth " +
                                 std::to_string(depth) + " step " + std::to_string(step);
        pair.expect_same(when);
        if (testing::Test::HasFatalFailure()) return;
        pair.send(rng);
        ASSERT_EQ(pair.origin->view({0}).state(), BookState::Valid) << when;
      }
    }
  }
}

TEST(BookSnapshot, ABookThatIsBeingHadAnewHasNone) {
  BookRules rules;
  Pair pair(rules);
  BookSnapshot snapshot;
  std::vector<Level> bids, asks;
  EXPECT_FALSE(pair.origin->snapshot({0}, snapshot, bids, asks));
  pair.begin_origin();
  EXPECT_TRUE(pair.origin->snapshot({0}, snapshot, bids, asks));
  EXPECT_EQ(bids.size(), 150U);
  EXPECT_EQ(snapshot.last, 10U);
}

TEST(BookSnapshot, ABookThatAnotherDoubtsIsHadAnewOnce) {
  BookRules rules;
  rules.sequence = SequenceRule::Spanning;
  rules.snapshot_by_request = true;
  Pair pair(rules);
  pair.begin_origin();
  pair.out.clear();
  pair.origin->doubt({0}, pair.now, pair.out);
  EXPECT_EQ(pair.origin->view({0}).state(), BookState::Resyncing);
  EXPECT_EQ(pair.origin->view({0}).reason(), BookReason::AuditDiffers);
  EXPECT_EQ(pair.origin->changed().size(), 1U);
  const auto asked = [&] {
    return std::count_if(pair.out.begin(), pair.out.end(), [](const Action& action) {
      return std::holds_alternative<RequestSnapshot>(action);
    });
  };
  pair.now = pair.now + seconds(2);
  pair.origin->on_timer(pair.now, pair.out);
  EXPECT_EQ(asked(), 1);
  pair.origin->doubt({0}, pair.now, pair.out);
  pair.origin->on_timer(pair.now, pair.out);
  EXPECT_EQ(asked(), 1) << "it is under way";
}

}  // namespace
}  // namespace ats::core
