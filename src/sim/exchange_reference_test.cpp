// The exchange against the plain way to match: a list of orders, searched from the front each time.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/rng.hpp"
#include "sim/exchange.hpp"
#include "sim/testing_world.hpp"

namespace ats::sim {
namespace {

using venues::NewOrder;
using venues::OrderKind;
using venues::VenueOrderState;

struct PlainOrder {
  std::uint64_t id;  // of the account's order
  std::uint16_t account;
  Side side;
  std::int64_t price;
  std::int64_t left;
  std::int64_t executed = 0;
  bool post_only = false;
  std::optional<VenueOrderState> over = std::nullopt;
};
struct PlainTrade {
  std::int64_t price;
  std::int64_t quantity;
  Side taker;
  bool operator==(const PlainTrade&) const = default;
};

// Knows no money: every order it is given can be paid for.
class PlainMatcher {
 public:
  std::vector<PlainOrder> orders;    // all, in order of arrival
  std::vector<std::size_t> resting;  // indices, in order of arrival
  std::vector<PlainTrade> trades;

  // The index in `resting` of the order that an order of `side` meets first.
  std::optional<std::size_t> first_against(Side side) const {
    std::optional<std::size_t> best;
    for (std::size_t n = 0; n < resting.size(); ++n) {
      const PlainOrder& o = orders[resting[n]];
      if (o.side == side) continue;
      const bool better = !best || (side == Side::Buy ? o.price < orders[resting[*best]].price
                                                      : o.price > orders[resting[*best]].price);
      if (better) best = n;
    }
    return best;
  }
  static bool crosses(Side side, std::int64_t limit, std::int64_t price) {
    return side == Side::Buy ? price <= limit : price >= limit;
  }
  std::int64_t reachable(const PlainOrder& taker, bool any_price) const {
    std::int64_t sum = 0;
    for (const std::size_t n : resting) {
      const PlainOrder& o = orders[n];
      if (o.side == taker.side || o.account == taker.account) continue;
      if (any_price || crosses(taker.side, taker.price, o.price)) sum += o.left;
    }
    return sum;
  }
  bool would_take(const PlainOrder& taker) const { return reachable(taker, false) > 0; }

  void place(PlainOrder taker, OrderKind kind, TimeInForce tif) {
    const bool market = kind == OrderKind::Market;
    const bool nothing = tif == TimeInForce::Fok && !market && reachable(taker, false) < taker.left;
    if (!nothing) take(taker, market);
    if (taker.left > 0) {
      if (tif == TimeInForce::Gtc && !market) {
        resting.push_back(orders.size());
      } else {
        taker.over = VenueOrderState::Expired;
      }
    }
    orders.push_back(taker);
  }
  void take(PlainOrder& taker, bool market) {
    while (taker.left > 0) {
      const auto met = first_against(taker.side);
      if (!met) break;
      PlainOrder& maker = orders[resting[*met]];
      if (!market && !crosses(taker.side, taker.price, maker.price)) break;
      if (maker.account == taker.account) {
        maker.over = VenueOrderState::Expired;
        resting.erase(resting.begin() + static_cast<std::ptrdiff_t>(*met));
        continue;
      }
      const std::int64_t quantity = std::min(taker.left, maker.left);
      trades.push_back({maker.price, quantity, taker.side});
      for (PlainOrder* o : {&taker, &maker}) {
        o->left -= quantity;
        o->executed += quantity;
        if (o->left == 0) o->over = VenueOrderState::Filled;
      }
      if (maker.left == 0) resting.erase(resting.begin() + static_cast<std::ptrdiff_t>(*met));
    }
  }
  // Taken out, and put in again behind all others, unless it only becomes less.
  bool amend(std::uint64_t id, std::int64_t price, std::int64_t total) {
    const auto found = std::find_if(resting.begin(), resting.end(),
                                    [&](std::size_t n) { return orders[n].id == id; });
    if (found == resting.end()) return false;
    const std::size_t n = *found;
    PlainOrder wanted = orders[n];
    if (total <= wanted.executed) return cancel(id);
    const bool less = price == wanted.price && total <= wanted.left + wanted.executed;
    wanted.price = price;
    wanted.left = total - wanted.executed;
    if (wanted.post_only && would_take(wanted)) return false;
    orders[n] = wanted;
    if (less) return true;
    resting.erase(found);
    take(orders[n], false);
    if (orders[n].left > 0) resting.push_back(n);
    return true;
  }
  bool cancel(std::uint64_t id) {
    const auto found = std::find_if(resting.begin(), resting.end(),
                                    [&](std::size_t n) { return orders[n].id == id; });
    if (found == resting.end()) return false;
    orders[*found].over = VenueOrderState::Cancelled;
    resting.erase(found);
    return true;
  }
  std::vector<Level> levels(Side side) const {
    std::vector<Level> out;
    for (const std::size_t n : resting) {
      if (orders[n].side != side) continue;
      const Price price{orders[n].price};
      const auto at = std::find_if(out.begin(), out.end(),
                                   [&](const Level& level) { return level.price == price; });
      if (at == out.end()) {
        out.push_back({price, {orders[n].left}});
      } else {
        at->quantity += {orders[n].left};
      }
    }
    std::sort(out.begin(), out.end(), [side](const Level& a, const Level& b) {
      return side == Side::Buy ? a.price > b.price : a.price < b.price;
    });
    return out;
  }
};

struct Trades final : ExchangeListener {
  std::vector<PlainTrade> trades;
  void on_book(const venues::BookChange&) override {}
  void on_trade(const venues::PublicTrade& t) override {
    trades.push_back({t.price.units, t.quantity.units, t.taker_side});
  }
  void on_order(const venues::OrderUpdate&) override {}
  void on_balance(AccountId, const venues::VenueBalance&) override {}
};

TEST(ExchangeReference, any_orders_match_as_they_do_in_the_plain_way) {
  const Universe universe = testing::two_venues();
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Rng rng(seed);
    Trades told;
    Exchange exchange(universe, universe.find_venue("binance"), told);
    PlainMatcher plain;
    int amended = 0;
    const InstrumentId id = exchange.instruments()[0];
    exchange.set_time({1}, {1});
    for (int n = 0; n < 3; ++n) {
      const AccountId account = exchange.open_account(std::to_string(n), "");
      exchange.deposit(account, universe.find_asset("USDT"), Decimal::from_int(1'000'000'000'000));
      exchange.deposit(account, universe.find_asset("BTC"), Decimal::from_int(1'000'000));
    }
    for (int step = 0; step < 2400; ++step) {
      if (rng.one_in(4) && !plain.orders.empty()) {
        const PlainOrder& chosen = plain.orders[rng.below(plain.orders.size())];
        const bool here = exchange.cancel(AccountId{chosen.account}, {chosen.id, ""}).ok();
        ASSERT_EQ(here, plain.cancel(chosen.id));
        continue;
      }
      if (rng.one_in(4) && !plain.orders.empty()) {
        // Mostly one that rests.
        const bool any = plain.resting.empty() || rng.one_in(6);
        const PlainOrder& chosen =
            plain.orders[any ? rng.below(plain.orders.size())
                             : plain.resting[rng.below(plain.resting.size())]];
        const OrderTerms terms{{rng.one_in(2) ? chosen.price : 6'000'000 + rng.between(-15, 15)},
                               {rng.between(10, 90)}};
        const bool here = exchange.amend(AccountId{chosen.account}, {chosen.id, ""}, terms).ok();
        const std::uint64_t id_of_it = chosen.id;
        ASSERT_EQ(here, plain.amend(id_of_it, terms.price.units, terms.quantity.units))
            << "seed " << seed << " step " << step;
        amended += here ? 1 : 0;
        ASSERT_EQ(told.trades, plain.trades) << "seed " << seed << " step " << step;
        continue;
      }
      NewOrder order;
      order.account = AccountId{static_cast<std::uint16_t>(rng.below(3))};
      order.instrument = id;
      order.side = rng.one_in(2) ? Side::Buy : Side::Sell;
      order.kind = static_cast<OrderKind>(rng.below(3));
      order.time_in_force = static_cast<TimeInForce>(rng.below(3));
      if (order.kind == OrderKind::LimitMaker) order.time_in_force = TimeInForce::Gtc;
      order.price = {6'000'000 + rng.between(-15, 15)};
      order.quantity = {rng.between(10, 90)};
      order.client_order_id = std::to_string(step);
      PlainOrder mine{0, order.account.value, order.side, order.price.units, order.quantity.units};
      mine.post_only = order.kind == OrderKind::LimitMaker;
      const bool refused = order.kind == OrderKind::LimitMaker && plain.would_take(mine);
      const auto placed = exchange.place(order);
      ASSERT_EQ(placed.ok(), !refused) << "seed " << seed << " step " << step;
      if (refused) continue;
      mine.id = placed->id;
      plain.place(mine, order.kind, order.time_in_force);
      ASSERT_EQ(told.trades, plain.trades) << "seed " << seed << " step " << step;
    }
    EXPECT_GT(plain.trades.size(), 300u);
    EXPECT_GT(amended, 50);
    const auto image = exchange.book(id, SIZE_MAX);
    EXPECT_EQ(image.bids, plain.levels(Side::Buy));
    EXPECT_EQ(image.asks, plain.levels(Side::Sell));
    for (const PlainOrder& o : plain.orders) {
      const auto* there = exchange.find_order(AccountId{o.account}, {o.id, ""});
      ASSERT_NE(there, nullptr);
      EXPECT_EQ(there->executed.units, o.executed);
      EXPECT_EQ(there->live(), !o.over.has_value());
      EXPECT_TRUE(!o.over || there->state == *o.over);
    }
    EXPECT_TRUE(exchange.conserved());
  }
}

}  // namespace
}  // namespace ats::sim
