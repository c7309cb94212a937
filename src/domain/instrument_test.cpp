#include "domain/instrument.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "domain/ids.hpp"

namespace ats {
namespace {

Instrument btc_usdt() {
  Instrument i;
  i.price_scale = 2;
  i.qty_scale = 5;
  i.tick = 5;  // 0.05
  i.lot = 10;  // 0.0001
  i.base = {0};
  i.quote = {1};
  i.min_quantity = {10};
  i.max_quantity = {1'000'000};
  i.min_notional = Decimal::of("5");
  i.fees = {Rate::bps(5), Rate::bps(10), FeeAsset::Received, 8};
  return i;
}

TEST(Instrument, AnOrderThatKeepsAllRulesPasses) {
  EXPECT_EQ(check_order(btc_usdt(), {6'000'000}, {100}), std::nullopt);
}

TEST(Instrument, EveryRuleHasItsName) {
  Instrument i = btc_usdt();
  EXPECT_EQ(check_order(i, {6'000'001}, {100}), OrderFault::OffTick);
  EXPECT_EQ(check_order(i, {0}, {100}), OrderFault::OffTick);
  EXPECT_EQ(check_order(i, {6'000'000}, {101}), OrderFault::OffLot);
  EXPECT_EQ(check_order(i, {6'000'000}, {0}), OrderFault::OffLot);
  EXPECT_EQ(check_order(i, {6'000'000}, {2'000'000}), OrderFault::AboveMaxQuantity);
  EXPECT_EQ(check_order(i, {5}, {10}), OrderFault::BelowMinNotional);
  i.min_quantity = {200};
  EXPECT_EQ(check_order(i, {6'000'000}, {100}), OrderFault::BelowMinQuantity);
  i.status = InstrumentStatus::CancelOnly;
  EXPECT_EQ(check_order(i, {6'000'000}, {300}), OrderFault::NotTrading);
}

TEST(Instrument, NotionalIsExactForTheSmallestAndTheLargest) {
  Instrument i = btc_usdt();
  EXPECT_EQ(i.notional({6'000'001}, {3}), Decimal::of("1.8000003"));
  i.price_scale = 12;
  i.qty_scale = 6;
  EXPECT_EQ(i.notional({1}, {1}), Decimal::of("0.000000000000000001"));
  i.price_scale = 0;  // KRW
  i.qty_scale = 8;
  EXPECT_EQ(i.notional({160'000'000}, {1'000'000'000'000}), Decimal::of("1600000000000"));
}

TEST(Instrument, AFeeIsRoundedAgainstUsInTheAssetTheVenueTakes) {
  Instrument i = btc_usdt();
  const auto buy = i.taker_fee(Side::Buy, {6'000'000}, {10});
  EXPECT_EQ(buy.asset, i.base);
  EXPECT_EQ(buy.amount, Decimal::of("0.0000001"));
  const auto sell = i.taker_fee(Side::Sell, {6'000'005}, {10});
  EXPECT_EQ(sell.asset, i.quote);
  EXPECT_EQ(sell.amount, Decimal::of("0.00600001"));
}

// Upbit's KRW market in small: 1 below 1'000, 5 from there, 50 from 10'000.
Instrument with_ladder() {
  Instrument i = btc_usdt();
  i.tick = 1;
  EXPECT_TRUE(i.ladder.add(0, 1));
  EXPECT_TRUE(i.ladder.add(1'000, 5));
  EXPECT_TRUE(i.ladder.add(10'000, 50));
  return i;
}

TEST(TickLadder, ThePriceOfAnOrderKeepsTheStepOfItsPlace) {
  const Instrument i = with_ladder();
  EXPECT_EQ(i.tick_at({999}), 1);
  EXPECT_EQ(i.tick_at({1'000}), 5);
  EXPECT_EQ(i.tick_at({9'999}), 5);
  EXPECT_EQ(i.tick_at({10'000}), 50);
  EXPECT_TRUE(i.on_tick({999}));
  EXPECT_FALSE(i.on_tick({1'001}));
  EXPECT_TRUE(i.on_tick({1'005}));
  EXPECT_FALSE(i.on_tick({10'005}));
  EXPECT_FALSE(i.on_tick({0}));
}

TEST(TickLadder, RoundingLandsOnTheLadderOnBothSidesOfEveryStep) {
  const Instrument i = with_ladder();
  for (std::int64_t units = 1; units < 12'000; ++units) {
    const Price down = i.floor_to_tick({units});
    const Price up = i.ceil_to_tick({units});
    EXPECT_LE(down.units, units);
    EXPECT_GE(up.units, units);
    EXPECT_TRUE(down.units == 0 || i.on_tick(down)) << units;
    EXPECT_TRUE(i.on_tick(up)) << units;
    EXPECT_LT(up.units - down.units, 2 * i.tick_at({units})) << units;
  }
  EXPECT_EQ(i.ceil_to_tick({9'998}), Price{10'000});
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(i.ceil_to_tick({most}), Price{most});
}

TEST(TickLadder, StepsThatDoNotFitTogetherAreRefused) {
  TickLadder ladder;
  EXPECT_FALSE(ladder.add(0, 0));
  EXPECT_FALSE(ladder.add(-5, 5));
  EXPECT_FALSE(ladder.add(7, 5));  // no multiple of its own step
  EXPECT_TRUE(ladder.add(0, 3));
  EXPECT_FALSE(ladder.add(10, 5));  // no multiple of the step below
  EXPECT_TRUE(ladder.add(15, 5));
  EXPECT_FALSE(ladder.add(15, 15));  // does not rise
  std::int64_t from = 15;
  while (ladder.steps().size() < TickLadder::capacity) EXPECT_TRUE(ladder.add(from += 15, 5));
  EXPECT_FALSE(ladder.add(from + 15, 5));  // full
}

TEST(Universe, TheSameSymbolAgainKeepsItsIdAndTakesTheNewMetadata) {
  Universe u;
  Instrument i = btc_usdt();
  i.venue = u.add_venue("binance", {});
  i.base = u.add_asset("BTC");
  i.quote = u.add_asset("USDT");
  i.symbol = "BTCUSDT";
  const InstrumentId first = u.add_instrument(i);
  i.tick = 1;
  EXPECT_EQ(u.add_instrument(i), first);
  EXPECT_EQ(u.instrument(first).tick, 1);
  EXPECT_EQ(u.instruments().size(), 1u);
  EXPECT_EQ(u.instrument_name(first), "binance BTC/USDT");
  EXPECT_EQ(u.find_instrument(i.venue, "ETHUSDT"), InstrumentId{});
}

TEST(OrderId, TheClientOrderIdComesBackAndFitsEveryVenue) {
  for (const OrderId id :
       {make_order_id(1, 1), make_order_id(0xffffffff, 0xffffffff), make_order_id(77, 123456)}) {
    const ClientOrderId text = client_order_id(id);
    EXPECT_EQ(text.size(), 17u);
    EXPECT_EQ(parse_client_order_id(text.view()), id);
  }
}

TEST(OrderId, TextThatIsNotOursIsNothing) {
  for (const char* text :
       {"", "ats-", "ats-0000000000000", "x-TKT5PX2F1234567", "ats-000000000000u",
        "ats-z000000000000", "ATS-0000000000001", "ats-00000000000011"}) {
    EXPECT_EQ(parse_client_order_id(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ats
