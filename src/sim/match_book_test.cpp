#include "sim/match_book.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "base/rng.hpp"

namespace ats::sim {
namespace {

TEST(MatchBook, the_best_price_is_at_the_back_on_both_sides) {
  MatchBook book;
  for (const std::int64_t price : {100, 98, 99, 95, 97, 96, 90, 94, 93, 92, 91}) {
    book.add(Side::Buy, {price}, {1}, 0);
    book.add(Side::Sell, {price + 100}, {1}, 0);
  }
  EXPECT_EQ(book.best(Side::Buy).price, Price{100});
  EXPECT_EQ(book.best(Side::Sell).price, Price{190});
  EXPECT_EQ(book.levels(Side::Buy).front().price, Price{90});
  EXPECT_EQ(book.levels(Side::Sell).front().price, Price{200});
}

TEST(MatchBook, the_house_gives_up_its_newest_orders_first_and_never_anybody_elses) {
  MatchBook book;
  const auto first = book.add(Side::Buy, {100}, {5}, 0);
  const auto mine = book.add(Side::Buy, {100}, {3}, 42);
  const auto second = book.add(Side::Buy, {100}, {4}, 0);
  book.set_house(Side::Buy, {100}, {7});
  EXPECT_EQ(book.at(second).left, Quantity{2});
  book.set_house(Side::Buy, {100}, {4});
  EXPECT_EQ(book.at(first).left, Quantity{4});
  EXPECT_EQ(book.at(mine).left, Quantity{3});
  EXPECT_EQ(book.front(Side::Buy), first);
  book.set_house(Side::Buy, {100}, {});
  EXPECT_EQ(book.front(Side::Buy), mine);
  EXPECT_EQ(book.best(Side::Buy).total, Quantity{3});
  EXPECT_EQ(book.best(Side::Buy).house, Quantity{0});
}

// The plain way: a map of queues.
struct Reference {
  struct Order {
    std::uint64_t owner;
    std::int64_t left;
  };
  std::map<std::int64_t, std::deque<Order>> levels[2];

  auto best(Side side) {
    auto& s = levels[static_cast<std::size_t>(side)];
    return side == Side::Buy ? std::prev(s.end()) : s.begin();
  }
};

void expect_same(const MatchBook& book, Reference& reference) {
  for (const Side side : {Side::Buy, Side::Sell}) {
    auto& wanted = reference.levels[static_cast<std::size_t>(side)];
    const auto levels = book.levels(side);
    ASSERT_EQ(levels.size(), wanted.size());
    std::size_t n = 0;
    for (auto& [price, queue] : wanted) {
      const auto& level = levels[side == Side::Buy ? n : levels.size() - 1 - n];
      ++n;
      ASSERT_EQ(level.price, Price{price});
      std::int64_t total = 0;
      std::int64_t house = 0;
      auto slot = level.front;
      for (const auto& order : queue) {
        ASSERT_NE(slot, MatchBook::no_slot);
        ASSERT_EQ(book.at(slot).owner, order.owner);
        ASSERT_EQ(book.at(slot).left, Quantity{order.left});
        total += order.left;
        if (order.owner == 0) house += order.left;
        slot = book.at(slot).after;
      }
      ASSERT_EQ(slot, MatchBook::no_slot);
      ASSERT_EQ(level.total, Quantity{total});
      ASSERT_EQ(level.house, Quantity{house});
    }
  }
}

TEST(MatchBook, any_order_of_adds_cancels_and_trades_leaves_the_queues_of_the_plain_way) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    MatchBook book;
    Reference reference;
    std::map<std::uint64_t, std::pair<MatchBook::Slot, std::pair<Side, std::int64_t>>> live;
    std::uint64_t next_owner = 1;
    for (int step = 0; step < 2000; ++step) {
      const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
      auto& levels = reference.levels[static_cast<std::size_t>(side)];
      const std::int64_t price = side == Side::Buy ? rng.between(60, 99) : rng.between(101, 140);
      switch (rng.below(4)) {
        case 0: {  // an order of somebody
          const std::int64_t quantity = rng.between(1, 9);
          const std::uint64_t owner = next_owner++;
          live[owner] = {book.add(side, {price}, {quantity}, owner), {side, price}};
          levels[price].push_back({owner, quantity});
          break;
        }
        case 1: {  // the house
          const std::int64_t target = rng.between(0, 12);
          book.set_house(side, {price}, {target});
          auto& queue = levels[price];
          std::int64_t has = 0;
          for (const auto& order : queue) has += order.owner == 0 ? order.left : 0;
          if (target > has) queue.push_back({0, target - has});
          for (auto at = queue.rbegin(); at != queue.rend() && has > target; ++at) {
            if (at->owner != 0) continue;
            const std::int64_t cut = std::min(has - target, at->left);
            at->left -= cut;
            has -= cut;
          }
          std::erase_if(queue, [](const auto& order) { return order.left == 0; });
          if (queue.empty()) levels.erase(price);
          break;
        }
        case 2: {  // a cancel
          if (live.empty()) break;
          auto chosen = live.lower_bound(rng.below(next_owner));
          if (chosen == live.end()) chosen = live.begin();
          const auto [slot, where] = chosen->second;
          book.remove(slot);
          auto& side_levels = reference.levels[static_cast<std::size_t>(where.first)];
          auto& queue = side_levels[where.second];
          std::erase_if(queue, [&](const auto& order) { return order.owner == chosen->first; });
          if (queue.empty()) side_levels.erase(where.second);
          live.erase(chosen);
          break;
        }
        default: {  // a trade with the front of the best level
          if (levels.empty()) break;
          const auto slot = book.front(side);
          const auto best = reference.best(side);
          auto& order = best->second.front();
          const std::int64_t quantity = rng.between(1, order.left);
          book.reduce(slot, {quantity});
          order.left -= quantity;
          if (order.left == 0) {
            live.erase(order.owner);
            best->second.pop_front();
            if (best->second.empty()) levels.erase(best);
          }
        }
      }
      ASSERT_NO_FATAL_FAILURE(expect_same(book, reference)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace ats::sim
