#include "core/books/tick_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <vector>

#include "base/rng.hpp"

namespace ats::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t price_max = std::numeric_limits<std::int64_t>::max();

Level level(std::int64_t price, std::int64_t quantity) { return {{price}, {quantity}}; }

std::vector<Level> all(const TickBook& book, Side side) {
  std::vector<Level> levels;
  TickBook::Cursor cursor = book.levels(side);
  for (Level next; cursor.next(next);) levels.push_back(next);
  return levels;
}

// The simplest book there is: what the real one is compared with.
class ModelBook {
 public:
  explicit ModelBook(std::int64_t tick) : tick_(tick) {}

  Status<BookError> set(Side side, Level level) {
    if (level.price.units <= 0 || level.price.units % tick_ != 0) return fail(BookError::OffGrid);
    if (level.quantity.units < 0) return fail(BookError::NegativeQuantity);
    auto& levels = of(side);
    if (level.quantity.is_zero()) {
      levels.erase(level.price.units);
    } else {
      levels[level.price.units] = level.quantity.units;
    }
    return Done{};
  }
  std::vector<Level> all(Side side) const {
    std::vector<Level> levels;
    const auto& map = side == Side::Buy ? bids_ : asks_;
    for (const auto& [price, quantity] : map) levels.push_back(level(price, quantity));
    if (side == Side::Buy) std::reverse(levels.begin(), levels.end());
    return levels;
  }
  void truncate(Side side, std::size_t depth) {
    auto& levels = of(side);
    while (levels.size() > depth)
      levels.erase(side == Side::Buy ? levels.begin() : std::prev(levels.end()));
  }
  void clear() {
    bids_.clear();
    asks_.clear();
  }

 private:
  std::map<std::int64_t, std::int64_t>& of(Side side) { return side == Side::Buy ? bids_ : asks_; }
  std::int64_t tick_;
  std::map<std::int64_t, std::int64_t> bids_;
  std::map<std::int64_t, std::int64_t> asks_;
};

TEST(TickBook, an_empty_book_has_no_best_and_no_levels) {
  const TickBook book(5);
  EXPECT_TRUE(book.empty(Side::Buy));
  EXPECT_EQ(book.best(Side::Sell), Level{});
  EXPECT_EQ(book.count(Side::Buy), 0u);
  EXPECT_THAT(all(book, Side::Buy), IsEmpty());
  EXPECT_FALSE(book.crossed());
}

TEST(TickBook, the_best_bid_is_the_highest_and_the_best_ask_the_lowest) {
  TickBook book(5);
  for (const std::int64_t price : {100, 90, 95}) ASSERT_TRUE(book.set(Side::Buy, level(price, 1)));
  for (const std::int64_t price : {115, 105, 110}) {
    ASSERT_TRUE(book.set(Side::Sell, level(price, 2)));
  }
  EXPECT_EQ(book.best(Side::Buy), level(100, 1));
  EXPECT_EQ(book.best(Side::Sell), level(105, 2));
  EXPECT_THAT(all(book, Side::Buy), ElementsAre(level(100, 1), level(95, 1), level(90, 1)));
  EXPECT_THAT(all(book, Side::Sell), ElementsAre(level(105, 2), level(110, 2), level(115, 2)));
}

TEST(TickBook, removing_the_best_uncovers_the_next_and_removing_the_unknown_changes_nothing) {
  TickBook book(1);
  ASSERT_TRUE(book.set(Side::Buy, level(100, 1)));
  ASSERT_TRUE(book.set(Side::Buy, level(40, 2)));
  ASSERT_TRUE(book.set(Side::Buy, level(70, 0)));
  ASSERT_TRUE(book.set(Side::Buy, level(100, 0)));
  EXPECT_EQ(book.best(Side::Buy), level(40, 2));
  ASSERT_TRUE(book.set(Side::Buy, level(40, 0)));
  EXPECT_TRUE(book.empty(Side::Buy));
}

TEST(TickBook, a_price_off_the_grid_or_a_negative_quantity_is_an_error_and_changes_nothing) {
  TickBook book(25);
  ASSERT_TRUE(book.set(Side::Buy, level(100, 1)));
  for (const std::int64_t price :
       {1L, 99L, 101L, 0L, -25L, -100L, price_max, std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(book.set(Side::Buy, level(price, 1)).error(), BookError::OffGrid) << price;
  }
  EXPECT_EQ(book.set(Side::Buy, level(100, -1)).error(), BookError::NegativeQuantity);
  EXPECT_THAT(all(book, Side::Buy), ElementsAre(level(100, 1)));
}

TEST(TickBook, the_grid_is_told_without_division_as_with_it) {
  Rng rng(1);
  for (int n = 0; n < 20'000; ++n) {
    const auto tick = static_cast<std::int64_t>(rng.next() >> (1 + rng.below(63))) | 1;
    const std::int64_t shifted = tick > (price_max >> 6) ? tick : tick << rng.below(7);
    TickBook book(shifted, 6);
    for (int k = 0; k < 20; ++k) {
      const auto any = static_cast<std::int64_t>(rng.next() >> rng.below(64));
      const std::int64_t price = rng.one_in(2) ? any : any / shifted * shifted;
      const bool on_grid = price > 0 && price % shifted == 0;
      ASSERT_EQ(book.set(Side::Buy, level(price, 1)).ok(), on_grid) << price << ' ' << shifted;
      if (on_grid) {
        ASSERT_GE(book.best(Side::Buy).price.units, price);
      }
    }
  }
}

TEST(TickBook, levels_at_the_ends_of_the_number_range_stand_beside_ordinary_ones) {
  TickBook book(1, 8);
  for (const Side side : {Side::Buy, Side::Sell}) {
    for (const std::int64_t price : {50'000L, 1L, price_max, 2L, price_max - 1, 49'999L}) {
      ASSERT_TRUE(book.set(side, level(price, price % 1000 + 1)));
    }
  }
  const auto bids = all(book, Side::Buy);
  ASSERT_EQ(bids.size(), 6u);
  EXPECT_EQ(bids.front().price.units, price_max);
  EXPECT_EQ(bids.back().price.units, 1);
  EXPECT_EQ(book.best(Side::Sell).price.units, 1);
  ASSERT_TRUE(book.set(Side::Buy, level(price_max, 0)));
  ASSERT_TRUE(book.set(Side::Buy, level(price_max - 1, 0)));
  EXPECT_EQ(book.best(Side::Buy).price.units, 50'000);
}

TEST(TickBook, a_book_is_crossed_when_the_bid_reaches_the_ask) {
  TickBook book(10);
  ASSERT_TRUE(book.set(Side::Buy, level(100, 1)));
  EXPECT_FALSE(book.crossed());
  ASSERT_TRUE(book.set(Side::Sell, level(110, 1)));
  EXPECT_FALSE(book.crossed());
  ASSERT_TRUE(book.set(Side::Buy, level(110, 1)));
  EXPECT_TRUE(book.crossed());
  ASSERT_TRUE(book.set(Side::Buy, level(120, 1)));
  EXPECT_TRUE(book.crossed());
}

TEST(TickBook, truncation_keeps_the_best_levels_of_the_window_and_beyond) {
  TickBook book(1, 6);
  for (std::int64_t price = 1000; price < 1300; price += 3) {
    ASSERT_TRUE(book.set(Side::Sell, level(price, price)));
  }
  book.truncate(Side::Sell, 40);
  EXPECT_EQ(book.count(Side::Sell), 40u);
  EXPECT_EQ(all(book, Side::Sell).back().price.units, 1000 + 39 * 3);
  book.truncate(Side::Sell, 2);
  EXPECT_THAT(all(book, Side::Sell), ElementsAre(level(1000, 1000), level(1003, 1003)));
}

TEST(TickBook, the_top_is_copied_as_far_as_there_is_room_and_book) {
  TickBook book(1);
  for (std::int64_t price = 1; price <= 5; ++price) {
    ASSERT_TRUE(book.set(Side::Buy, level(price, 1)));
  }
  std::array<Level, 3> few;
  EXPECT_EQ(book.top(Side::Buy, few), 3u);
  EXPECT_THAT(few, ElementsAre(level(5, 1), level(4, 1), level(3, 1)));
  std::array<Level, 10> many;
  EXPECT_EQ(book.top(Side::Buy, many), 5u);
  EXPECT_EQ(many[4], level(1, 1));
}

// Drives both books through the same random life and compares everything that can be asked.
void live_beside_the_model(std::uint64_t seed, int window_bits, std::int64_t tick, int steps,
                           int spread_ticks, int jump_ticks) {
  SCOPED_TRACE(seed);
  Rng rng(seed);
  TickBook book(tick, window_bits);
  ModelBook model(tick);
  std::int64_t middle = 1'000'000;
  for (int step = 0; step < steps; ++step) {
    const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
    if (rng.one_in(50)) middle += rng.between(-jump_ticks, jump_ticks);
    if (middle < 1) middle = 1;
    std::int64_t index = middle + rng.between(-spread_ticks, spread_ticks);
    if (rng.one_in(60)) index = rng.between(1, price_max / tick);
    std::int64_t price = index < 1 ? tick : index * tick;
    if (rng.one_in(97)) price += rng.between(-tick, tick);
    Level next = level(price, rng.one_in(3) ? 0 : rng.between(1, 1'000'000));
    if (rng.one_in(5)) {  // touch the best, which is where windows move
      if (const Level best = book.best(side); best.price.units != 0) next.price = best.price;
    }
    const auto mine = book.set(side, next);
    const auto theirs = model.set(side, next);
    ASSERT_EQ(mine.ok(), theirs.ok());
    if (!mine.ok()) {
      ASSERT_EQ(mine.error(), theirs.error());
    }
    if (rng.one_in(200)) {
      const std::size_t depth = 1 + rng.below(60);
      book.truncate(side, depth);
      model.truncate(side, depth);
    }
    if (rng.one_in(20'000)) {
      book.clear();
      model.clear();
    }
    if (rng.one_in(64) || step + 1 == steps) {
      for (const Side each : {Side::Buy, Side::Sell}) {
        const auto expected = model.all(each);
        ASSERT_EQ(all(book, each), expected) << "step " << step;
        ASSERT_EQ(book.count(each), expected.size());
        ASSERT_EQ(book.best(each), expected.empty() ? Level{} : expected.front());
      }
    }
  }
}

TEST(TickBook, levels_set_together_are_the_same_as_one_after_the_other) {
  Rng rng(17);
  for (int round = 0; round < 20'000; ++round) {
    const int window = rng.one_in(3) ? 6 : TickBook::no_window;
    const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
    TickBook together(5, window);
    TickBook single(5, window);
    for (int message = 0; message < 3; ++message) {
      std::vector<Level> levels;
      // Mostly as a venue tells a whole side, and at times with everything that can be wrong with it.
      std::int64_t price = 5 * rng.between(50, 60);
      const std::size_t count = rng.below(12);
      while (levels.size() < count) {
        price += (side == Side::Buy ? -5 : 5) * rng.between(rng.one_in(6) ? -2 : 1, 3);
        if (rng.one_in(300)) ++price;
        std::int64_t quantity = rng.one_in(8) ? 0 : rng.between(1, 9);
        if (rng.one_in(300)) quantity = -1;
        levels.push_back(level(price, quantity));
      }
      const auto all_at_once = together.set(side, levels);
      Status<BookError> one_by_one = Done{};
      for (std::size_t n = 0; one_by_one.ok() && n < levels.size(); ++n)
        one_by_one = single.set(side, levels[n]);
      ASSERT_EQ(all_at_once.ok(), one_by_one.ok()) << round;
      if (!all_at_once.ok()) {
        ASSERT_EQ(all_at_once.error(), one_by_one.error()) << round;
      }
      ASSERT_EQ(all(together, side), all(single, side)) << round;
    }
  }
}

TEST(TickBook, a_million_random_steps_with_a_tiny_window_equal_the_model) {
  live_beside_the_model(1, 6, 1, 400'000, 40, 30);
  live_beside_the_model(2, 6, 7, 300'000, 400, 3'000);
  live_beside_the_model(3, 7, 500, 300'000, 90, 60);
}

TEST(TickBook, a_million_random_steps_with_wider_windows_equal_the_model) {
  live_beside_the_model(4, 12, 1, 400'000, 600, 2'000);
  live_beside_the_model(5, 13, 25, 300'000, 3'000, 9'000);
  live_beside_the_model(6, TickBook::default_window_bits, 10, 150'000, 300, 200'000);
  live_beside_the_model(7, 18, 1, 100'000, 2'000, 1'000'000);
}

TEST(TickBook, a_hundred_thousand_random_steps_without_a_window_equal_the_model) {
  live_beside_the_model(8, TickBook::no_window, 1, 60'000, 40, 30);
  live_beside_the_model(9, TickBook::no_window, 500, 40'000, 90, 3'000);
}

}  // namespace
}  // namespace ats::core
