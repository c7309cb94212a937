#include "core/detector/walk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/rng.hpp"

namespace ats::core {
namespace {

Level level(std::int64_t price, std::int64_t quantity) { return {{price}, {quantity}}; }

Instrument instrument(std::uint8_t price_scale, std::uint8_t qty_scale, Rate fee = {}) {
  Instrument made;
  made.venue = {0};
  made.base = {0};
  made.quote = {1};
  made.price_scale = price_scale;
  made.qty_scale = qty_scale;
  made.fees = {.maker = {}, .taker = fee, .charged_in = FeeAsset::Quote, .decimals = 18};
  return made;
}

WalkResult walk(const VenuePair& pair, const std::vector<Level>& asks,
                const std::vector<Level>& bids, const WalkLimits& limits = {}) {
  return pair.walk(Levels(std::span<const Level>(asks)), Levels(std::span<const Level>(bids)),
                   limits);
}

TEST(Walk, an_uncrossed_pair_gives_nothing) {
  const VenuePair pair(instrument(2, 4), instrument(2, 4), {});
  const WalkResult result = walk(pair, {level(10'100, 5)}, {level(10'000, 5)});
  EXPECT_TRUE(result.buy_quantity.is_zero());
  EXPECT_EQ(result.stop, WalkStop::Edge);
  EXPECT_TRUE(result.paid.is_zero());
}

TEST(Walk, equal_prices_are_no_gain_and_so_no_trade) {
  const VenuePair pair(instrument(2, 4), instrument(2, 4), {});
  EXPECT_FALSE(pair.pays({10'000}, {10'000}));
  EXPECT_TRUE(pair.pays({10'000}, {10'001}));
}

TEST(Walk, levels_are_eaten_from_both_sides_while_they_pay) {
  const VenuePair pair(instrument(2, 4), instrument(2, 4), {});
  // 2 at 100.00 against 104.00; 1 at 101.00 against 104.00; 3 at 101.00 against 102.00.
  const WalkResult result =
      walk(pair, {level(10'000, 20'000), level(10'100, 40'000), level(10'300, 90'000)},
           {level(10'400, 30'000), level(10'200, 50'000), level(10'000, 90'000)});
  EXPECT_EQ(result.buy_quantity, Quantity{60'000});
  EXPECT_EQ(result.sell_quantity, Quantity{60'000});
  EXPECT_EQ(result.buy_deepest, Price{10'100});
  EXPECT_EQ(result.sell_deepest, Price{10'200});
  EXPECT_EQ(result.paid, Decimal::of("604"));
  EXPECT_EQ(result.received, Decimal::of("618"));
  EXPECT_EQ(result.profit, Decimal::of("14"));
  EXPECT_EQ(result.net, (Rate{14 * Rate::one / 604}));
  EXPECT_EQ(result.stop, WalkStop::Edge);
}

TEST(Walk, fees_of_both_sides_are_in_what_is_paid_and_received) {
  const VenuePair pair(instrument(2, 4, Rate::bps(10)), instrument(2, 4, Rate::bps(26)), {});
  const WalkResult result = walk(pair, {level(10'000, 10'000)}, {level(10'100, 10'000)});
  EXPECT_EQ(result.paid, Decimal::of("100.1"));
  EXPECT_EQ(result.received, Decimal::of("100.7374"));
  EXPECT_EQ(result.profit, Decimal::of("0.6374"));
  EXPECT_EQ(result.stop, WalkStop::Depth);
  // 36 bps of fees: an edge of 36 bps is eaten.
  EXPECT_TRUE(walk(pair, {level(10'000, 10'000)}, {level(10'036, 10'000)}).buy_quantity.is_zero());
}

TEST(Walk, a_fee_taken_in_base_weighs_as_much_as_one_taken_in_quote) {
  Instrument buy = instrument(2, 4, Rate::bps(10));
  buy.fees.charged_in = FeeAsset::Received;
  const VenuePair pair(buy, instrument(2, 4), {});
  const WalkResult result = walk(pair, {level(10'000, 10'000)}, {level(10'100, 10'000)});
  EXPECT_EQ(result.paid, Decimal::of("100.1"));
}

TEST(Walk, fees_are_rounded_up_to_the_venues_decimals_level_by_level) {
  Instrument buy = instrument(2, 4, Rate::bps(10));
  buy.fees.decimals = 2;
  const VenuePair pair(buy, instrument(2, 4), {});
  const WalkResult result =
      walk(pair, {level(10'000, 100), level(10'001, 100)}, {level(10'100, 200)});
  EXPECT_EQ(result.paid, Decimal::of("2.0201"));  // 1 + 0.01 and 1.0001 + 0.01
}

TEST(Walk, the_threshold_is_on_the_marginal_edge_and_exact) {
  const VenuePair pair(instrument(2, 4, Rate::bps(10)), instrument(2, 4, Rate::bps(10)),
                       Rate::bps(5));
  // 10000.00 × 1.001 × 1.0005 / 0.999 = 10025.03003...
  EXPECT_TRUE(pair.pays({1'000'000}, {1'002'504}));
  EXPECT_FALSE(pair.pays({1'000'000}, {1'002'503}));
}

TEST(Walk, prices_of_different_scales_are_compared_exactly) {
  const VenuePair pair(instrument(12, 0), instrument(0, 12), {});
  EXPECT_TRUE(pair.pays({999'999'999'999}, {1}));
  EXPECT_FALSE(pair.pays({1'000'000'000'000}, {1}));
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(pair.pays({most}, {most}));
  const VenuePair back(instrument(0, 12), instrument(12, 0), Rate::bps(5));
  EXPECT_FALSE(back.pays({most}, {most}));
  EXPECT_FALSE(back.pays({1}, {1'000'499'999'999}));
  EXPECT_TRUE(back.pays({1}, {1'000'500'000'000}));
}

TEST(Walk, the_quantity_is_a_multiple_of_both_lots_in_both_units) {
  Instrument buy = instrument(2, 2);
  buy.lot = 4;  // 0.04
  Instrument sell = instrument(2, 3);
  sell.lot = 60;  // 0.060
  const VenuePair pair(buy, sell, {});
  const WalkResult result = walk(pair, {level(10'000, 100)}, {level(10'100, 1'000)});
  EXPECT_EQ(result.buy_quantity, Quantity{96});  // 0.96 = 8 × 0.12
  EXPECT_EQ(result.sell_quantity, Quantity{960});
  EXPECT_TRUE(buy.on_lot(result.buy_quantity));
  EXPECT_TRUE(sell.on_lot(result.sell_quantity));
}

TEST(Walk, a_level_that_flooring_leaves_unused_is_not_the_deepest) {
  Instrument lots = instrument(2, 2);
  lots.lot = 100;
  const VenuePair pair(lots, lots, {});
  const WalkResult result =
      walk(pair, {level(10'000, 100), level(10'050, 30)}, {level(10'100, 500)});
  EXPECT_EQ(result.buy_quantity, Quantity{100});
  EXPECT_EQ(result.buy_deepest, Price{10'000});
}

TEST(Walk, each_limit_bounds_the_quantity_and_is_named) {
  Instrument buy = instrument(2, 4);
  Instrument sell = instrument(2, 4);
  const std::vector<Level> asks = {level(10'000, 100'000)};
  const std::vector<Level> bids = {level(12'500, 100'000)};
  const VenuePair pair(buy, sell, {});

  const auto notional = walk(pair, asks, bids, {{}, Decimal::from_int(500)});
  EXPECT_EQ(notional.buy_quantity, Quantity{40'000});  // the selling leg is the bigger one
  EXPECT_EQ(notional.stop, WalkStop::MaxNotional);
  const auto quote = walk(pair, asks, bids, {{}, {}, Decimal::from_int(300)});
  EXPECT_EQ(quote.buy_quantity, Quantity{29'999});  // one unit of fee decimals is kept back
  EXPECT_EQ(quote.stop, WalkStop::FreeQuote);
  const auto base = walk(pair, asks, bids, {{}, {}, {}, Decimal::of("1.23456789")});
  EXPECT_EQ(base.sell_quantity, Quantity{12'345});
  EXPECT_EQ(base.stop, WalkStop::FreeBase);
  const auto broke = walk(pair, asks, bids, {{}, {}, Decimal::of("-1"), Decimal{}});
  EXPECT_TRUE(broke.buy_quantity.is_zero());

  sell.max_quantity = {7'000};
  const auto most = walk(VenuePair(buy, sell, {}), asks, bids);
  EXPECT_EQ(most.buy_quantity, Quantity{7'000});
  EXPECT_EQ(most.stop, WalkStop::MaxQuantity);
}

TEST(Walk, free_quote_covers_the_whole_order_at_its_limit_with_its_fee) {
  Instrument buy = instrument(2, 4, Rate::bps(100));
  const VenuePair pair(buy, instrument(2, 4), {});
  WalkLimits limits{Rate::bps(100)};
  limits.free_quote = Decimal::of("1020.11");  // 10 × 101.00 × 1.01 = 1020.1
  const WalkResult result = walk(pair, {level(10'000, 900'000)}, {level(12'000, 900'000)}, limits);
  EXPECT_EQ(result.buy_limit, Price{10'100});
  EXPECT_EQ(result.buy_quantity, Quantity{100'000});
}

TEST(Walk, limit_prices_stay_on_the_tick_and_never_pass_the_slippage_nor_the_level) {
  Instrument ticks = instrument(2, 4);
  ticks.tick = 25;
  EXPECT_EQ(buy_limit(ticks, {10'000}, Rate::bps(5)), Price{10'000});
  EXPECT_EQ(buy_limit(ticks, {10'000}, Rate::bps(60)), Price{10'050});
  EXPECT_EQ(sell_limit(ticks, {10'000}, Rate::bps(5)), Price{10'000});
  EXPECT_EQ(sell_limit(ticks, {10'000}, Rate::bps(60)), Price{9'950});
  EXPECT_EQ(sell_limit(ticks, {25}, Rate::bps(9'999)), Price{25});
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_LE(buy_limit(ticks, {most - most % 25}, Rate::bps(5)).units, most);
}

TEST(Walk, limit_prices_keep_the_step_of_their_own_place_on_a_ladder) {
  Instrument steps = instrument(2, 4);
  ASSERT_TRUE(steps.ladder.add(0, 1) && steps.ladder.add(10'000, 10));
  EXPECT_EQ(buy_limit(steps, {9'999}, Rate::bps(20)), Price{10'010});
  EXPECT_EQ(buy_limit(steps, {9'990}, Rate::bps(5)), Price{9'994});
  EXPECT_EQ(sell_limit(steps, {10'010}, Rate::bps(20)), Price{9'990});
  EXPECT_EQ(sell_limit(steps, {10'010}, Rate::bps(5)), Price{10'010});
}

TEST(Walk, an_amount_no_decimal_holds_is_named_and_not_wrapped) {
  const VenuePair pair(instrument(0, 0), instrument(0, 0), {});
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const WalkResult result = walk(pair, {level(most - 1, most)}, {level(most, most)});
  EXPECT_EQ(result.stop, WalkStop::Overflow);
  EXPECT_TRUE(result.buy_quantity.is_zero());
}

TEST(Walk, a_live_book_is_walked_like_a_list) {
  const VenuePair pair(instrument(2, 4), instrument(2, 4), {});
  const std::vector<Level> asks = {level(10'000, 20'000), level(10'100, 40'000)};
  const std::vector<Level> bids = {level(10'400, 30'000), level(10'200, 50'000)};
  TickBook ask_book(1, 6);
  TickBook bid_book(1, 6);
  for (const Level& l : asks) ASSERT_TRUE(ask_book.set(Side::Sell, l));
  for (const Level& l : bids) ASSERT_TRUE(bid_book.set(Side::Buy, l));
  const WalkResult live =
      pair.walk(Levels(ask_book.levels(Side::Sell)), Levels(bid_book.levels(Side::Buy)), {});
  const WalkResult list = walk(pair, asks, bids);
  EXPECT_EQ(live.buy_quantity, list.buy_quantity);
  EXPECT_EQ(live.profit, list.profit);
}

TEST(Walk, rates_are_rounded_down_whatever_the_scales) {
  const VenuePair fees(instrument(2, 4, Rate::bps(10)), instrument(2, 4, Rate::bps(10)), {});
  EXPECT_EQ(fees.gross({3}, {4}), (Rate{333'333'333}));
  EXPECT_EQ(fees.gross({4}, {3}), (Rate{-250'000'000}));
  EXPECT_EQ(fees.net({1'000}, {1'000}), (Rate{-1'998'002}));
  const VenuePair apart(instrument(12, 0), instrument(0, 12), {});
  EXPECT_EQ(apart.gross({500'000'000'000}, {1}), (Rate{1'000'000'000}));
  const VenuePair back(instrument(0, 12), instrument(12, 0), {});
  EXPECT_EQ(back.gross({1}, {1'500'000'000'000}), (Rate{500'000'000}));
}

// --- the oracle: every quantity is tried, in Decimal, and the largest that may be taken is kept ---

struct Oracle {
  const Instrument& buy;
  const Instrument& sell;
  Rate min_edge;
  const WalkLimits& limits;

  struct At {
    Price price;
    Decimal notional;
    Decimal fee;
  };
  // The leg of `quantity` taken from `levels`; nothing when there are not so many.
  static std::optional<At> leg(const Instrument& on, Side side, const std::vector<Level>& levels,
                               Decimal quantity) {
    At at{};
    for (const Level& l : levels) {
      const Decimal here = std::min(quantity, on.quantity_decimal(l.quantity));
      const Decimal price = on.price_decimal(l.price);
      const Decimal notional = *price.multiply(here);
      at.price = l.price;
      at.notional += notional;
      const Decimal rate = on.fees.taker.decimal();
      if (side == Side::Buy && on.fees.charged_in == FeeAsset::Received) {
        at.fee += *here.multiply_ceil(rate, on.fees.decimals)->multiply_ceil(price);
      } else {
        at.fee += *notional.multiply_ceil(rate, on.fees.decimals);
      }
      quantity -= here;
      if (quantity.is_zero()) return at;
    }
    return std::nullopt;
  }
  bool pays(Price ask, Price bid) const {
    const Decimal one = Decimal::from_int(1);
    const Decimal cost = *buy.price_decimal(ask).multiply(one + buy.fees.taker.decimal());
    const Decimal asked = *cost.multiply(one + min_edge.decimal());
    const Decimal got = *sell.price_decimal(bid).multiply(one - sell.fees.taker.decimal());
    return got >= asked && got > cost;
  }
  bool allowed(Decimal quantity, Price ask, Price best_bid) const {
    const Decimal limit = buy.price_decimal(buy_limit(buy, ask, limits.max_slippage));
    const Decimal at_limit = *limit.multiply(quantity);
    if (limits.max_notional && at_limit > *limits.max_notional) return false;
    if (limits.max_notional &&
        *sell.price_decimal(best_bid).multiply(quantity) > *limits.max_notional) {
      return false;
    }
    if (limits.free_base && quantity > *limits.free_base) return false;
    if (limits.free_quote) {
      Decimal needed = at_limit;
      if (buy.fees.charged_in == FeeAsset::Quote) {
        needed += *at_limit.multiply(buy.fees.taker.decimal());
        needed += Decimal::from_scaled(1, buy.fees.decimals);
      }
      if (needed > *limits.free_quote) return false;
    }
    for (const Instrument* on : {&buy, &sell}) {
      if (!on->max_quantity.is_zero() && quantity > on->quantity_decimal(on->max_quantity))
        return false;
    }
    return true;
  }
};

TEST(Walk, ten_thousand_small_books_give_what_an_exhaustive_search_gives) {
  Rng rng(7);
  int traded = 0;
  int bounded = 0;
  for (int round = 0; round < 10'000; ++round) {
    SCOPED_TRACE(round);
    Instrument buy =
        instrument(static_cast<std::uint8_t>(rng.between(0, 3)),
                   static_cast<std::uint8_t>(rng.between(0, 2)), {rng.between(0, 30) * 100'000});
    Instrument sell =
        instrument(static_cast<std::uint8_t>(rng.between(0, 3)),
                   static_cast<std::uint8_t>(rng.between(0, 2)), {rng.between(0, 30) * 100'000});
    for (Instrument* on : {&buy, &sell}) {
      on->lot = rng.between(1, 4);
      on->tick = rng.between(1, 3);
      on->fees.decimals = static_cast<std::uint8_t>(rng.one_in(2) ? 18 : rng.between(0, 8));
      on->fees.charged_in = rng.one_in(2) ? FeeAsset::Quote : FeeAsset::Received;
      if (rng.one_in(6)) on->max_quantity = {rng.between(1, 200)};
    }
    const Rate min_edge = rng.one_in(3) ? Rate{} : Rate::bps(rng.between(0, 40));
    const auto side = [&](const Instrument& on, int away) {
      std::vector<Level> levels;
      const std::int64_t middle = 100 * pow10(on.price_scale) / on.tick;
      std::int64_t index = middle - away * rng.between(0, 1 + middle / 20);
      for (std::uint64_t n = rng.below(6); n > 0; --n) {
        levels.push_back(level(index * on.tick, rng.between(1, 3 * pow10(on.qty_scale))));
        index += away * rng.between(1, 1 + middle / 40);
      }
      return levels;
    };
    const std::vector<Level> asks = side(buy, 1);
    const std::vector<Level> bids = side(sell, -1);
    WalkLimits limits{Rate::bps(rng.between(0, 30))};
    if (rng.one_in(3)) limits.max_notional = Decimal::from_int(rng.between(0, 1'500));
    if (rng.one_in(3)) limits.free_quote = Decimal::from_scaled(rng.between(-10, 15'000), 1);
    if (rng.one_in(3)) limits.free_base = Decimal::from_scaled(rng.between(-10, 1'500), 2);

    const Oracle oracle{buy, sell, min_edge, limits};
    // Quantities in hundredths: both scales are at most 2.
    std::optional<Oracle::At> best_buy;
    std::optional<Oracle::At> best_sell;
    Decimal best;
    for (std::int64_t units = 1;; ++units) {
      const Decimal quantity = Decimal::from_scaled(units, 2);
      const auto bought = Oracle::leg(buy, Side::Buy, asks, quantity);
      const auto sold = Oracle::leg(sell, Side::Sell, bids, quantity);
      if (!bought || !sold || !oracle.pays(bought->price, sold->price) ||
          !oracle.allowed(quantity, bought->price, bids.front().price)) {
        break;
      }
      const auto in_buy = quantity.to_scaled(buy.qty_scale);
      const auto in_sell = quantity.to_scaled(sell.qty_scale);
      if (in_buy.ok() && in_sell.ok() && buy.on_lot({*in_buy}) && sell.on_lot({*in_sell})) {
        best = quantity;
        best_buy = bought;
        best_sell = sold;
      }
    }

    const VenuePair pair(buy, sell, min_edge);
    const WalkResult result = walk(pair, asks, bids, limits);
    ASSERT_EQ(buy.quantity_decimal(result.buy_quantity), best);
    ASSERT_EQ(sell.quantity_decimal(result.sell_quantity), best);
    if (!best_buy) continue;
    ++traded;
    bounded += result.stop != WalkStop::Edge && result.stop != WalkStop::Depth;
    ASSERT_EQ(result.buy_deepest, best_buy->price);
    ASSERT_EQ(result.sell_deepest, best_sell->price);
    ASSERT_EQ(result.paid, best_buy->notional + best_buy->fee);
    ASSERT_EQ(result.received, best_sell->notional - best_sell->fee);
    ASSERT_EQ(result.profit, result.received - result.paid);
    const Decimal net = *result.received.divide_floor(result.paid, 9) - Decimal::from_int(1);
    ASSERT_EQ(result.net.decimal(), net);
    ASSERT_TRUE(buy.on_tick(result.buy_limit));
    ASSERT_TRUE(sell.on_tick(result.sell_limit));
    ASSERT_GE(result.buy_limit, result.buy_deepest);
    ASSERT_LE(result.sell_limit, result.sell_deepest);
  }
  EXPECT_GT(traded, 2'000);
  EXPECT_GT(bounded, 500);
}

}  // namespace
}  // namespace ats::core
