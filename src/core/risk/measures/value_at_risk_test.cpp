// Value at risk and shortfall of positions: a hand-made table, analytic cases, and what must hold for any.
#include "core/risk/measures/value_at_risk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/risk/measures/testing.hpp"

namespace ats::core {
namespace {

using testing::c95;
using testing::c99;
using testing::normal_draw;
using testing::student_draw;

constexpr VenueId binance{0}, kraken{1}, upbit{2};
constexpr AssetId usdt{0}, btc{1}, eth{2}, xrp{3};

Position position(VenueId venue, AssetId asset, std::int64_t worth) {
  return {venue, asset, Decimal::from_int(1), Decimal::from_int(worth)};
}

ReturnTable table_of(std::vector<AssetId> assets, std::vector<std::vector<double>> rows) {
  ReturnTable table;
  table.bar = hours(24);
  table.assets = std::move(assets);
  table.bars = rows.empty() ? 0 : rows[0].size();
  for (const auto& row : rows) table.returns.insert(table.returns.end(), row.begin(), row.end());
  table.last_end = wall_from_ms(1'700'000'000'000);
  return table;
}

VarRules rules_of(Rate confidence) {
  VarRules rules;
  rules.confidence = confidence;
  rules.reporting = usdt;
  return rules;
}

TEST(ValueAtRisk, is_what_a_hand_made_table_says) {
  // 100 BTC-dollars on two venues and 200 ETH-dollars; 30 days on which BTC moves by −1 % … −30 % and ETH by
  // half as much the other way up to day 28: a loss of 100·k% − 200·(k/2)% = 0. On the 29th and 30th both fall.
  std::vector<double> b(30), e(30);
  for (int k = 0; k < 30; ++k) {
    b[k] = -0.01 * (k + 1);
    e[k] = k < 28 ? 0.005 * (k + 1) : -0.10;
  }
  const Position held[] = {position(binance, btc, 60), position(kraken, btc, 40),
                           position(kraken, eth, 200), position(upbit, usdt, 1'000)};
  const auto told = value_at_risk(held, table_of({btc, eth}, {b, e}), rules_of(c95));
  ASSERT_TRUE(told.ok());
  // Losses: 28 times 0, 29 + 20 = 49, 30 + 20 = 50. 95 % of 30 is 28.5: the 29th smallest is 49; the worst
  // 1.5 are 50 and half of 49.
  EXPECT_EQ(told->observations, 30u);
  EXPECT_NEAR(told->historical.value_at_risk, 49, 1e-9);
  EXPECT_NEAR(told->historical.shortfall, (50 + 24.5) / 1.5, 1e-9);
  EXPECT_NEAR(told->worth, 300, 1e-9);
  ASSERT_EQ(told->assets.size(), 2u);
  EXPECT_EQ(told->assets[0].asset, btc);
  EXPECT_NEAR(told->assets[0].historical.value_at_risk, 29, 1e-9);
  EXPECT_NEAR(told->assets[0].historical.shortfall, (30 + 14.5) / 1.5, 1e-9);
  EXPECT_NEAR(told->assets[1].historical.value_at_risk, 20, 1e-9);
  ASSERT_EQ(told->venues.size(), 2u);  // upbit holds what cannot lose
  EXPECT_EQ(told->venues[0].venue, kraken);
  EXPECT_NEAR(told->venues[0].historical.value_at_risk, 0.4 * 29 + 20, 1e-9);
  EXPECT_NEAR(told->venues[1].historical.value_at_risk, 0.6 * 29, 1e-9);
}

TEST(ValueAtRisk, of_normal_returns_is_that_of_the_closed_form) {
  // 2 % a day, equal weights: sigma is known within sigma / sqrt(2n), the historical quantile within
  // sqrt(c(1−c)/n) / density.
  Rng rng(42);
  constexpr std::size_t n = 50'000;
  std::vector<double> row(n);
  for (double& r : row) r = 0.02 * normal_draw(rng);
  const Position held[] = {position(binance, btc, 1'000'000)};
  VarRules rules = rules_of(c99);
  rules.decay = 1;
  const auto told = value_at_risk(held, table_of({btc}, {row}), rules);
  ASSERT_TRUE(told.ok());
  const Tail exact = normal_tail(20'000, c99);
  const double of_sigma = 5 / std::sqrt(2.0 * n);
  EXPECT_NEAR(told->ewma.value_at_risk, exact.value_at_risk, exact.value_at_risk * of_sigma);
  EXPECT_NEAR(told->ewma.shortfall, exact.shortfall, exact.shortfall * of_sigma);
  const double of_quantile = 5 * std::sqrt(0.01 * 0.99 / n) / 0.02665 * 20'000;
  EXPECT_NEAR(told->historical.value_at_risk, exact.value_at_risk, of_quantile);
  EXPECT_NEAR(told->historical.shortfall, exact.shortfall, 2 * of_quantile);
  EXPECT_NEAR(told->assets[0].volatility, 0.02, 0.02 * of_sigma);
}

TEST(ValueAtRisk, of_jumping_returns_is_that_of_student_and_not_of_the_normal) {
  Rng rng(43);
  constexpr std::size_t n = 50'000;
  std::vector<double> row(n);
  for (double& r : row) r = 0.02 * std::sqrt(0.6) * student_draw(rng, 5);
  const Position held[] = {position(binance, btc, 1'000'000)};
  VarRules rules = rules_of(c99);
  rules.decay = 1;
  rules.degrees = 5;
  const auto told = value_at_risk(held, table_of({btc}, {row}), rules);
  ASSERT_TRUE(told.ok());
  // The variance of a sample of t(5) has kurtosis 9: sigma within sigma · sqrt(8/4n); the quantile as above.
  const Tail exact = student_tail(20'000, 5, c99);
  EXPECT_NEAR(told->student.value_at_risk, exact.value_at_risk,
              exact.value_at_risk * 5 * std::sqrt(2.0 / n));
  const double of_quantile = 5 * std::sqrt(0.01 * 0.99 / n) / 0.01075 * 20'000 * std::sqrt(0.6);
  EXPECT_NEAR(told->historical.value_at_risk, exact.value_at_risk, of_quantile);
  EXPECT_GT(told->historical.shortfall, normal_tail(20'000, c99).shortfall * 1.1);
}

TEST(ValueAtRisk, of_a_longer_horizon_grows_with_the_root_of_time) {
  Rng rng(44);
  std::vector<double> row(200);
  for (double& r : row) r = 0.01 * normal_draw(rng);
  const Position held[] = {position(binance, btc, 1'000)};
  VarRules rules = rules_of(c95);
  const auto one = value_at_risk(held, table_of({btc}, {row}), rules);
  rules.horizon = hours(24 * 4);
  const auto four = value_at_risk(held, table_of({btc}, {row}), rules);
  ASSERT_TRUE(one.ok() && four.ok());
  EXPECT_DOUBLE_EQ(four->scale, 2);
  for (const auto of : {&ValueAtRisk::historical, &ValueAtRisk::ewma, &ValueAtRisk::student}) {
    EXPECT_NEAR(((*four).*of).value_at_risk, 2 * ((*one).*of).value_at_risk, 1e-9);
    EXPECT_NEAR(((*four).*of).shortfall, 2 * ((*one).*of).shortfall, 1e-9);
  }
}

// --- what must hold for any positions ---

struct Drawn {
  std::vector<Position> positions;
  ReturnTable table;
};
Drawn draw(Rng& rng) {
  Drawn out;
  const std::size_t assets = 1 + rng.below(6);
  const std::size_t bars = 120 + rng.below(200);
  std::vector<AssetId> ids;
  std::vector<std::vector<double>> rows;
  for (std::size_t a = 0; a < assets; ++a) {
    ids.push_back({static_cast<AssetId::rep>(a + 1)});
    std::vector<double>& row = rows.emplace_back(bars);
    for (std::size_t t = 0; t < bars; ++t) {
      const double common = a > 0 ? rows[0][t] : 0;
      row[t] = 0.5 * common + 0.03 * normal_draw(rng);
    }
    const std::uint64_t venues = 1 + rng.below(3);
    for (std::uint64_t v = 0; v < venues; ++v) {
      out.positions.push_back(
          position({static_cast<VenueId::rep>(v)}, ids[a], rng.between(-50'000, 200'000)));
    }
  }
  out.table = table_of(ids, rows);
  return out;
}

TEST(ValueAtRisk, has_parts_of_assets_and_of_venues_that_each_add_up_to_it) {
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    const Drawn drawn = draw(rng);
    const auto told = value_at_risk(drawn.positions, drawn.table, rules_of(c99));
    ASSERT_TRUE(told.ok());
    for (const auto& [whole, of] : {std::pair{told->historical, &VarPart::historical},
                                    {told->ewma, &VarPart::ewma},
                                    {told->student, &VarPart::student}}) {
      for (const auto* parts : {&told->assets, &told->venues}) {
        Tail sum;
        for (const VarPart& part : *parts) {
          sum.value_at_risk += (part.*of).value_at_risk;
          sum.shortfall += (part.*of).shortfall;
        }
        EXPECT_NEAR(sum.value_at_risk, whole.value_at_risk, 1e-6);
        EXPECT_NEAR(sum.shortfall, whole.shortfall, 1e-6);
      }
      EXPECT_GE(whole.shortfall, whole.value_at_risk);
    }
  }
}

TEST(ValueAtRisk, doubles_with_the_positions_and_is_the_same_in_any_order) {
  Rng rng(2);
  for (int round = 0; round < 100; ++round) {
    Drawn drawn = draw(rng);
    const auto once = value_at_risk(drawn.positions, drawn.table, rules_of(c95));
    for (Position& p : drawn.positions) p.worth = *p.worth + *p.worth;
    std::reverse(drawn.positions.begin(), drawn.positions.end());
    const auto twice = value_at_risk(drawn.positions, drawn.table, rules_of(c95));
    ASSERT_TRUE(once.ok() && twice.ok());
    EXPECT_NEAR(twice->historical.value_at_risk, 2 * once->historical.value_at_risk, 1e-6);
    EXPECT_NEAR(twice->historical.shortfall, 2 * once->historical.shortfall, 1e-6);
    EXPECT_NEAR(twice->ewma.shortfall, 2 * once->ewma.shortfall, 1e-6);
    EXPECT_NEAR(twice->volatility, 2 * once->volatility, 1e-6);
  }
}

TEST(ValueAtRisk, of_two_portfolios_together_is_no_shortfall_more_than_of_each_alone) {
  Rng rng(3);
  for (int round = 0; round < 100; ++round) {
    const Drawn drawn = draw(rng);
    std::vector<Position> a, b;
    for (const Position& p : drawn.positions) (rng.one_in(2) ? a : b).push_back(p);
    if (a.empty() || b.empty()) continue;
    const auto both = value_at_risk(drawn.positions, drawn.table, rules_of(c95));
    const auto first = value_at_risk(a, drawn.table, rules_of(c95));
    const auto second = value_at_risk(b, drawn.table, rules_of(c95));
    if (!first.ok() || !second.ok()) continue;
    EXPECT_LE(both->historical.shortfall,
              first->historical.shortfall + second->historical.shortfall + 1e-6);
    EXPECT_LE(both->volatility, first->volatility + second->volatility + 1e-6);
  }
}

TEST(ValueAtRisk, tells_how_assets_move_together) {
  Rng rng(4);
  std::vector<double> b(300), same(300), against(300), flat(300, 0.0);
  for (std::size_t t = 0; t < 300; ++t) {
    b[t] = 0.02 * normal_draw(rng);
    same[t] = b[t] / 2;
    against[t] = -3 * b[t];
  }
  const Position held[] = {position(binance, btc, 400), position(binance, eth, 100),
                           position(binance, xrp, 10), position(binance, {4}, 7)};
  const auto told =
      value_at_risk(held, table_of({btc, eth, xrp, {4}}, {b, same, against, flat}), rules_of(c99));
  ASSERT_TRUE(told.ok());
  ASSERT_EQ(told->correlations.size(), 16u);
  const auto index = [&](AssetId asset) {
    const auto at = std::find_if(told->assets.begin(), told->assets.end(),
                                 [&](const VarPart& p) { return p.asset == asset; });
    return static_cast<std::size_t>(at - told->assets.begin());
  };
  const auto correlation = [&](AssetId x, AssetId y) {
    return told->correlations[index(x) * 4 + index(y)];
  };
  EXPECT_NEAR(correlation(btc, eth), 1, 1e-9);
  EXPECT_NEAR(correlation(btc, xrp), -1, 1e-9);
  EXPECT_EQ(correlation(btc, btc), 1);
  EXPECT_EQ(correlation(btc, {4}), 0);
}

// --- gaps and refusals ---

TEST(ValueAtRisk, leaves_out_a_bar_with_a_gap_whole) {
  std::vector<double> b(200, -0.01), e(200, -0.02);
  for (int t = 0; t < 50; ++t) b[t] = ReturnTable::none;
  for (int t = 40; t < 60; ++t) e[t] = ReturnTable::none;
  const Position held[] = {position(binance, btc, 100), position(binance, eth, 100)};
  const auto told = value_at_risk(held, table_of({btc, eth}, {b, e}), rules_of(c99));
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(told->observations, 140u);
  EXPECT_EQ(told->left_out, 60u);
  EXPECT_NEAR(told->historical.value_at_risk, 3, 1e-9);
  EXPECT_NEAR(told->historical.shortfall, 3, 1e-9);
  EXPECT_EQ(past_losses(held, table_of({btc, eth}, {b, e}), usdt).size(), 140u);
}

TEST(ValueAtRisk, names_what_it_does_not_count) {
  std::vector<double> b(200, -0.01), e(200, ReturnTable::none);
  for (int t = 0; t < 20; ++t) e[t] = -0.5;
  Position unmarked = position(kraken, xrp, 5);
  unmarked.worth.reset();
  const Position held[] = {position(binance, btc, 100), position(binance, eth, 70), unmarked};
  const auto told = value_at_risk(held, table_of({btc, eth, xrp}, {b, e, b}), rules_of(c99));
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(told->observations, 200u);
  EXPECT_NEAR(told->historical.value_at_risk, 1, 1e-9);
  ASSERT_EQ(told->not_counted.size(), 2u);
  EXPECT_EQ(told->not_counted[0].asset, eth);
  EXPECT_EQ(told->not_counted[0].why, NotCounted::TooFewReturns);
  EXPECT_EQ(told->not_counted[0].returns, 20u);
  EXPECT_EQ(told->not_counted[0].worth, 70);
  EXPECT_EQ(told->not_counted[1].asset, xrp);
  EXPECT_EQ(told->not_counted[1].why, NotCounted::NoMark);
}

TEST(ValueAtRisk, refuses_with_the_reason_named) {
  const Position held[] = {position(binance, btc, 100), position(binance, eth, 100),
                           position(binance, usdt, 5)};
  std::vector<double> few(99, 0.01);
  auto told = value_at_risk(held, table_of({btc, eth}, {few, few}), rules_of(c99));
  ASSERT_FALSE(told.ok());
  EXPECT_EQ(told.error().why, VarRefusal::TooFewObservations);
  EXPECT_EQ(told.error().observations, 99u);
  EXPECT_EQ(told.error().needed, 100u);

  // Each has enough, and they have them at different times.
  std::vector<double> b(220, ReturnTable::none), e(220, ReturnTable::none);
  for (int t = 0; t < 120; ++t) b[t] = 0.01;
  for (int t = 100; t < 220; ++t) e[t] = 0.01;
  told = value_at_risk(held, table_of({btc, eth}, {b, e}), rules_of(c99));
  ASSERT_FALSE(told.ok());
  EXPECT_EQ(told.error().why, VarRefusal::TooFewInCommon);
  EXPECT_EQ(told.error().observations, 20u);

  Position unmarked = position(binance, btc, 1);
  unmarked.worth.reset();
  told = value_at_risk(std::span(&unmarked, 1), table_of({btc}, {b}), rules_of(c99));
  ASSERT_FALSE(told.ok());
  EXPECT_EQ(told.error().why, VarRefusal::NoMarks);

  const auto none = assets_at_risk(std::span(held).subspan(2), usdt);
  EXPECT_TRUE(none.empty());
  told = value_at_risk(std::span(held).subspan(2), table_of(none, {}), rules_of(c99));
  ASSERT_FALSE(told.ok());
  EXPECT_EQ(told.error().why, VarRefusal::NothingHeld);
}

TEST(ValueAtRisk, of_what_never_moved_is_nothing) {
  const std::vector<double> flat(100, 0.0);
  const Position held[] = {position(binance, btc, 100)};
  const auto told = value_at_risk(held, table_of({btc}, {flat}), rules_of(c99));
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(told->historical.shortfall, 0);
  EXPECT_EQ(told->ewma.shortfall, 0);
  EXPECT_EQ(told->assets[0].ewma.value_at_risk, 0);
}

}  // namespace
}  // namespace ats::core
