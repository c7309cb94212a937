#include "core/maker/quote_price.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace ats::core {
namespace {

Decimal d(std::string_view text) { return Decimal::of(text); }

// Quotes stand where the maker pays 16 bps and are hedged where the taker pays 10.
class QuotePriceTest : public testing::Test {
 protected:
  QuotePriceTest() {
    on_.price_scale = 2;
    on_.qty_scale = 6;
    on_.tick = 10;
    on_.lot = 10;
    on_.min_quantity = {100};
    on_.min_notional = Decimal::from_int(5);
    on_.fees = {Rate::bps(16), Rate::bps(26), FeeAsset::Quote, 8};
    there_ = on_;
    there_.tick = 1;
    there_.qty_scale = 5;
    there_.lot = 1;
    there_.min_quantity = {10};
    there_.fees = {Rate::bps(10), Rate::bps(10), FeeAsset::Quote, 8};
    limits_.edge = Rate::bps(5);
    limits_.max_edge = Rate::bps(200);
    limits_.slippage = Rate::bps(5);
    limits_.notional = Decimal::from_int(1'000);
    limits_.free_here = limits_.free_there = Decimal::from_int(1'000'000);
  }
  Level there(std::string_view price, std::string_view quantity) const {
    return {*there_.parse_price(price), *there_.parse_quantity(quantity)};
  }
  Result<PricedQuote, RefuseReason> quote(Side side, const std::vector<Level>& hedge,
                                          Level facing = {}) const {
    return price_quote(on_, there_, side, Levels(std::span(hedge)), facing, limits_);
  }
  std::string price(const PricedQuote& q) const { return on_.price_decimal(q.price).to_string(); }
  std::string quantity(const PricedQuote& q) const {
    return on_.quantity_decimal(q.quantity).to_string();
  }

  Instrument on_, there_;
  QuoteLimits limits_;
};

TEST_F(QuotePriceTest, aBidCostsWhatSellingElsewhereBringsLessFeesAndEdge) {
  const auto q = quote(Side::Buy, {there("60000", "1")});
  ASSERT_TRUE(q.ok());
  // 60000 × 0.999 / (1.0016 × 1.0005) = 59814.349…, on the tick below.
  EXPECT_EQ(price(*q), "59814.3");
  EXPECT_EQ(quantity(*q), "0.01665") << "1000 at 60000 and 5 bps of slippage";
  EXPECT_GE(q->net, limits_.edge);
  EXPECT_LT(q->net, Rate{limits_.edge.ppb + 5'000});
  EXPECT_GT(q->gross, q->net);
}

TEST_F(QuotePriceTest, anAskBringsWhatBuyingElsewhereCostsWithFeesAndEdge) {
  const auto q = quote(Side::Sell, {there("60000", "1")});
  ASSERT_TRUE(q.ok());
  // 60000 × 1.001 × 1.0005 / 0.9984 = 60186.32…, on the tick above.
  EXPECT_EQ(price(*q), "60186.4");
  EXPECT_GE(q->net, limits_.edge);
}

TEST_F(QuotePriceTest, aDeepHedgeIsPricedAtItsAverage) {
  const auto shallow = quote(Side::Sell, {there("60000", "1")});
  const auto deep = quote(Side::Sell, {there("60000", "0.00665"), there("60100", "1")});
  ASSERT_TRUE(shallow.ok() && deep.ok());
  EXPECT_EQ(deep->hedge_deepest, there("60100", "1").price);
  // Six tenths of it cost 100 more: the price is 60 higher, and its fees and edge.
  const Decimal higher = on_.price_decimal(deep->price) - on_.price_decimal(shallow->price);
  EXPECT_GT(higher, d("60"));
  EXPECT_LT(higher, d("60.5"));
  EXPECT_GE(deep->net, limits_.edge);
}

TEST_F(QuotePriceTest, aQuoteStaysATickBehindTheBestItFaces) {
  const Level ask{{5'970'000}, {100}};
  const auto bid = quote(Side::Buy, {there("60000", "1")}, ask);
  ASSERT_TRUE(bid.ok());
  EXPECT_EQ(price(*bid), "59699.9");
  const Level best_bid{{6'030'005}, {100}};
  const auto sell = quote(Side::Sell, {there("60000", "1")}, best_bid);
  ASSERT_TRUE(sell.ok());
  EXPECT_EQ(price(*sell), "60300.1") << "off the grid, it is the next tick behind";
}

TEST_F(QuotePriceTest, anEdgeThatIsTooGoodIsABadQuote) {
  limits_.max_edge = Rate::bps(50);
  const Level far_bid{{6'100'000}, {100}};
  EXPECT_EQ(quote(Side::Sell, {there("60000", "1")}, far_bid).error(), RefuseReason::EdgeTooGood);
}

TEST_F(QuotePriceTest, theSizeIsBoundedByFundsOnBothVenuesAndByTheBook) {
  limits_.free_there = d("0.004");
  EXPECT_EQ(quantity(*quote(Side::Buy, {there("60000", "1")})), "0.004");
  limits_.free_there = d("300");
  // 300 / (60000 × 1.0005 × 1.001)
  EXPECT_EQ(quantity(*quote(Side::Sell, {there("60000", "1")})), "0.00499");
  limits_.free_there = Decimal::from_int(1'000'000);
  limits_.free_here = d("0.002");
  EXPECT_EQ(quantity(*quote(Side::Sell, {there("60000", "1")})), "0.002");
  limits_.free_here = d("120");
  EXPECT_EQ(quantity(*quote(Side::Buy, {there("60000", "1")})), "0.00199");
  limits_.free_here = Decimal::from_int(1'000'000);
  EXPECT_EQ(quantity(*quote(Side::Buy, {there("60000", "0.003")})), "0.003");
}

TEST_F(QuotePriceTest, whatIsTooLittleSaysWhy) {
  limits_.free_there = d("0.00005");
  EXPECT_EQ(quote(Side::Buy, {there("60000", "1")}).error(), RefuseReason::NoBalanceToSell);
  limits_.free_there = Decimal::from_int(1'000);
  limits_.free_here = {};
  EXPECT_EQ(quote(Side::Buy, {there("60000", "1")}).error(), RefuseReason::NoBalanceToBuy);
  EXPECT_EQ(quote(Side::Sell, {there("60000", "1")}).error(), RefuseReason::NoBalanceToSell);
  limits_.free_here = Decimal::from_int(1'000);
  EXPECT_EQ(quote(Side::Buy, {there("60000", "0.00001")}).error(), RefuseReason::BelowMinQuantity);
  EXPECT_EQ(quote(Side::Buy, {}).error(), RefuseReason::BookNotValid);
  there_.status = InstrumentStatus::Halted;
  EXPECT_EQ(quote(Side::Buy, {there("60000", "1")}).error(), RefuseReason::InstrumentNotTrading);
}

TEST_F(QuotePriceTest, whatStandsIsWorthItsHedgeNow) {
  const auto q = quote(Side::Buy, {there("60000", "1")});
  ASSERT_TRUE(q.ok());
  const auto net = [&](std::string_view bid, std::string_view depth) {
    const std::vector<Level> hedge{there(bid, depth)};
    return net_of_quote(on_, there_, Side::Buy, q->price, q->quantity, Levels(std::span(hedge)));
  };
  EXPECT_EQ(net("60000", "1"), q->net);
  EXPECT_GT(*net("60010", "1"), q->net);
  EXPECT_LT(net("59960", "1")->ppb, 0) << "five basis points lower, and the edge is gone";
  EXPECT_EQ(net("60000", "0.01"), std::nullopt) << "not as much is asked for there";
}

// Whatever the numbers: the edge is kept exactly, and one tick better would not keep it.
TEST_F(QuotePriceTest, thePriceIsTheBestThatKeepsTheEdge) {
  Rng rng(7);
  int priced = 0;
  for (int n = 0; n < 20'000; ++n) {
    on_.price_scale = static_cast<std::uint8_t>(rng.below(5));
    there_.price_scale = static_cast<std::uint8_t>(rng.below(5));
    on_.tick = static_cast<std::int64_t>(1 + rng.below(20));
    on_.qty_scale = static_cast<std::uint8_t>(3 + rng.below(5));
    there_.qty_scale = static_cast<std::uint8_t>(3 + rng.below(5));
    on_.lot = static_cast<std::int64_t>(1 + rng.below(50));
    there_.lot = static_cast<std::int64_t>(1 + rng.below(50));
    on_.min_quantity = there_.min_quantity = {1};
    on_.min_notional = there_.min_notional = {};
    on_.fees.maker = Rate{static_cast<std::int64_t>(rng.below(3'000'000)) - 500'000};
    there_.fees.taker = Rate{static_cast<std::int64_t>(rng.below(3'000'000))};
    limits_.edge = Rate{static_cast<std::int64_t>(rng.below(1'000'000))};
    limits_.max_edge = Rate::bps(10'000);
    limits_.notional = Decimal::from_int(static_cast<std::int64_t>(1 + rng.below(100'000)));
    const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
    std::vector<Level> hedge;
    std::int64_t at = static_cast<std::int64_t>(10'000 + rng.below(10'000'000));
    for (int level = 0; level < 4; ++level) {
      hedge.push_back({{at}, {static_cast<std::int64_t>(1 + rng.below(100'000))}});
      at += (side == Side::Buy ? -1 : 1) * static_cast<std::int64_t>(1 + rng.below(100));
    }
    const auto q = quote(side, hedge);
    if (!q) continue;
    ++priced;
    ASSERT_TRUE(on_.on_tick(q->price) && on_.on_lot(q->quantity));
    ASSERT_TRUE(there_.on_lot(q->hedge_quantity));
    ASSERT_EQ(on_.quantity_decimal(q->quantity), there_.quantity_decimal(q->hedge_quantity));
    std::int64_t left = q->hedge_quantity.units;
    Decimal notional;
    for (const Level& level : hedge) {
      const Quantity taken{std::min(left, level.quantity.units)};
      notional += there_.notional(level.price, taken);
      left -= taken.units;
    }
    ASSERT_EQ(left, 0);
    // In doubles, with room for their last digits.
    const auto keeps = [&](Price price) {
      const double quoted = on_.notional(price, q->quantity).to_double();  // statistics
      const double hedged = notional.to_double();                          // statistics
      const double m = on_.fees.maker.decimal().to_double();               // statistics
      const double t = there_.fees.taker.decimal().to_double();            // statistics
      const double e = 1 + limits_.edge.decimal().to_double();             // statistics
      return side == Side::Buy ? hedged * (1 - t) / (quoted * (1 + m) * e)
                               : quoted * (1 - m) / (hedged * (1 + t) * e);
    };
    ASSERT_GT(keeps(q->price), 1 - 1e-12) << n;
    const std::int64_t better = side == Side::Buy ? on_.tick : -on_.tick;
    if (q->price.units + better > 0) {
      ASSERT_LT(keeps({q->price.units + better}), 1 + 1e-12) << n;
    }
  }
  EXPECT_GT(priced, 5'000);
}

}  // namespace
}  // namespace ats::core
