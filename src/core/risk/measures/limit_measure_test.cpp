// The figure a limit goes by, beside the measure it is taken from.
#include "core/risk/measures/limit_measure.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/executor/testing.hpp"
#include "core/risk/measures/testing.hpp"
#include "core/risk/measures/value_at_risk.hpp"

namespace ats::core {
namespace {

using core::testing::c99;
using core::testing::d;
using core::testing::normal_draw;

constexpr VenueId binance{0}, kraken{1};
constexpr AssetId usdt{0}, btc{1}, eth{2}, xrp{3};
constexpr WallTime first_minute = WallTime{1'700'000'040'000'000'000};

Position position(VenueId venue, AssetId asset, const char* worth) {
  return {venue, asset, d("1"), d(worth)};
}

// A mark of each asset every minute, seeded.
void pass_minutes(PriceHistory& prices, int minutes, std::vector<AssetId> assets, int from = 0) {
  Rng rng(3);
  std::vector<double> closes(assets.size(), 100.0);
  for (int m = 0; m < minutes; ++m) {
    const WallTime at = first_minute + seconds(60) * (from + m);
    prices.pass(at);
    for (std::size_t a = 0; a < assets.size(); ++a) {
      closes[a] *= 1 + 0.001 * normal_draw(rng);
      prices.mark(assets[a], at, closes[a]);
    }
  }
}

const MeasureRisk question{{77}, c99, hours(24)};

TEST(LimitMeasure, IsTheHistoricalMeasureRoundedUpToAMillionth) {
  PriceHistory prices;
  pass_minutes(prices, 140, {btc, eth});
  const std::vector<Position> held{position(binance, btc, "1000"), position(kraken, btc, "-400"),
                                   position(kraken, eth, "3000"), position(kraken, usdt, "50000")};
  const auto told = measure_for_limit(question, held, prices, usdt);
  EXPECT_EQ(told.asked, Instant{77});
  ASSERT_EQ(told.fault, MeasureFault::None);
  const auto assets = assets_at_risk(held, usdt);
  const PriceBars& bars = prices.choose(assets, hours(24), least_observations(c99));
  VarRules rules;
  rules.confidence = c99;
  rules.reporting = usdt;
  const auto whole = value_at_risk(held, bars.returns(assets), rules);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(told.bar, seconds(60));
  EXPECT_EQ(told.observations, whole->observations);
  const double off = told.value_at_risk.to_double() - whole->historical.value_at_risk;
  EXPECT_GE(off, -1e-9);
  EXPECT_LE(off, 1e-6 + 1e-9);
  EXPECT_EQ(told.value_at_risk.floor_to(6), told.value_at_risk);
  EXPECT_GT(told.value_at_risk, d("1"));
}

TEST(LimitMeasure, WhatHasTooShortAPastCountsAsLostWhole) {
  PriceHistory prices;
  pass_minutes(prices, 140, {btc});
  const std::vector<Position> alone{position(binance, btc, "1000")};
  const auto before = measure_for_limit(question, alone, prices, usdt);
  ASSERT_EQ(before.fault, MeasureFault::None);
  const std::vector<Position> with_new{position(binance, btc, "1000"), position(binance, xrp, "70"),
                                       position(kraken, xrp, "-20")};
  const auto after = measure_for_limit(question, with_new, prices, usdt);
  ASSERT_EQ(after.fault, MeasureFault::None);
  EXPECT_EQ(after.value_at_risk, before.value_at_risk + d("50"));
}

TEST(LimitMeasure, WithoutAMarkOfAllThatIsHeldThereIsNone) {
  PriceHistory prices;
  pass_minutes(prices, 140, {btc});
  const std::vector<Position> held{position(binance, btc, "1000"), {kraken, eth, d("3"), {}}};
  EXPECT_EQ(measure_for_limit(question, held, prices, usdt).fault, MeasureFault::NoMarks);
}

TEST(LimitMeasure, AYoungProcessHasNoneAndSaysHowMuchPastThereIs) {
  PriceHistory prices;
  pass_minutes(prices, 41, {btc});
  const std::vector<Position> held{position(binance, btc, "1000")};
  const auto told = measure_for_limit(question, held, prices, usdt);
  EXPECT_EQ(told.fault, MeasureFault::TooFewObservations);
  EXPECT_EQ(told.observations, 39u);
}

TEST(LimitMeasure, WhereNothingIsHeldThatCouldLoseItIsZero) {
  const std::vector<Position> held{position(kraken, usdt, "50000")};
  const auto told = measure_for_limit(question, held, PriceHistory(), usdt);
  EXPECT_EQ(told.fault, MeasureFault::None);
  EXPECT_TRUE(told.value_at_risk.is_zero());
}

TEST(LimitMeasure, AFigureThatNoNumberHoldsIsNone) {
  PriceHistory prices;
  pass_minutes(prices, 140, {btc});
  const std::vector<Position> held{position(binance, btc, "100000000000000000")};
  EXPECT_EQ(measure_for_limit(question, held, prices, usdt).fault, MeasureFault::OutOfRange);
}

}  // namespace
}  // namespace ats::core
