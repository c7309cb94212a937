#include "core/executor/leg_costs.hpp"

#include <gtest/gtest.h>

#include "core/detector/leg_size.hpp"
#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

constexpr VenueId one{0};
constexpr VenueId other{1};

LegCosts costs_of_two(Rate prior = Rate::bps(1), std::uint32_t legs = 9) {
  LegCosts costs;
  costs.restart(2, prior, legs, Instant{1});
  return costs;
}

TEST(LegCosts, a_venue_that_nothing_is_known_of_costs_the_prior) {
  const LegCosts costs = costs_of_two();
  EXPECT_EQ(costs.expected(one, LegSize::Small), Rate::bps(1));
  EXPECT_EQ(costs.expected(other, LegSize::Large), Rate::bps(1));
  std::vector<LegCostStatus> told;
  costs.status(told);
  EXPECT_TRUE(told.empty());
}

TEST(LegCosts, what_is_learnt_counts_for_its_venue_and_size_alone) {
  LegCosts costs = costs_of_two();
  costs.learn(one, LegSize::Medium, true, Rate::bps(21));
  EXPECT_EQ(costs.expected(one, LegSize::Medium), Rate::bps(3)) << "(9 x 1 + 21) / 10";
  EXPECT_EQ(costs.expected(one, LegSize::Small), Rate::bps(1));
  EXPECT_EQ(costs.expected(other, LegSize::Medium), Rate::bps(1));
  std::vector<LegCostStatus> told;
  costs.status(told);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].legs, 1u);
  EXPECT_EQ(told[0].fell_short, 1u);
  EXPECT_EQ(told[0].expected, Rate::bps(3));
}

TEST(LegCosts, whole_legs_bring_the_estimate_down_and_broken_ones_up) {
  LegCosts costs = costs_of_two(Rate::bps(10), 10);
  for (int n = 0; n < 90; ++n) costs.learn(one, LegSize::Small, false, {});
  const Rate calm = costs.expected(one, LegSize::Small);
  EXPECT_NEAR(static_cast<double>(calm.ppb), 100'000, 1'000) << "10 of 100 legs at 10 bps";
  costs.learn(one, LegSize::Small, true, Rate::bps(50));
  EXPECT_GT(costs.expected(one, LegSize::Small), calm);
}

TEST(LegCosts, luck_is_learnt_and_never_expected) {
  LegCosts costs = costs_of_two();
  costs.learn(one, LegSize::Small, true, Rate::bps(-100));
  EXPECT_EQ(costs.expected(one, LegSize::Small), Rate{});
  costs.learn(one, LegSize::Small, true, Rate::bps(100));
  EXPECT_EQ(costs.expected(one, LegSize::Small), Rate{81'818})
      << "(9 x 1 - 100 + 100) / 11, in bps";
}

TEST(LegCosts, a_cost_that_nobody_would_believe_counts_as_ten_percent) {
  LegCosts costs = costs_of_two();
  costs.learn(one, LegSize::Small, true, Rate{50 * Rate::one});
  EXPECT_EQ(costs.expected(one, LegSize::Small), Rate{10'090'000});
}

TEST(LegCosts, a_venue_that_is_not_traded_any_more_is_forgiven_in_days) {
  LegCosts costs = costs_of_two();
  costs.learn(one, LegSize::Small, true, Rate::bps(1000));
  Instant now{1};
  for (int hour = 0; hour < 48; ++hour) {
    now = now + hours(1);
    costs.on_timer(now);
    costs.on_timer(now + seconds(300));
  }
  EXPECT_LT(costs.expected(one, LegSize::Small), Rate::bps(15)) << "of 100.9 at first";
  EXPECT_GT(costs.expected(one, LegSize::Small), Rate::bps(12));
}

TEST(LegCosts, what_was_learnt_outlives_the_process) {
  LegCosts costs = costs_of_two();
  costs.learn(one, LegSize::Small, true, Rate::bps(21));
  costs.restart(3, Rate::bps(2), 9, Instant{1});
  EXPECT_EQ(costs.expected(one, LegSize::Small), Rate::bps(3));
  EXPECT_EQ(costs.expected(VenueId{2}, LegSize::Small), Rate::bps(2)) << "a venue that is new";
}

TEST(LegCosts, sizes_are_an_eighth_a_half_and_all_of_the_largest_order) {
  EXPECT_EQ(leg_size(d("1250"), d("10000")), LegSize::Small);
  EXPECT_EQ(leg_size(d("1250.01"), d("10000")), LegSize::Medium);
  EXPECT_EQ(leg_size(d("5000"), d("10000")), LegSize::Medium);
  EXPECT_EQ(leg_size(d("5000.01"), d("10000")), LegSize::Large);
  EXPECT_EQ(most_of(LegSize::Medium, d("10000")), d("5000"));
}

// Kraken pays 100 bps more than Binance asks, for 0.1 BTC of 6,000 USDT: a large leg.
class LearntLegCosts : public ::testing::Test, protected World {
 protected:
  void trade_with_a_rejected_sell() {
    clear();
    edge();
    ASSERT_EQ(placed.size(), 2u);
    const OrderRequest buy = placed[0];
    const OrderRequest sell = placed[1];
    no_edge();
    placed.clear();
    fill_all(buy);
    reject(sell);
    ASSERT_EQ(placed.size(), 1u);
    fill_all(OrderRequest(placed[0]));
    ASSERT_EQ(resolved.size(), 1u);
    wait(seconds(3));
  }
  Rate expected_at(VenueId venue) const {
    for (const LegCostStatus& cost : status().leg_costs) {
      if (cost.venue == venue && cost.size == LegSize::Large) return cost.expected;
    }
    return {-1};
  }
};

TEST_F(LearntLegCosts, the_venue_whose_leg_fell_short_is_charged_with_what_it_cost) {
  config.leg_cost_prior = {};
  config.leg_cost_prior_legs = 1;
  up();
  trade_with_a_rejected_sell();
  EXPECT_EQ(expected_at(binance), Rate{});
  // Promised: 0.1 BTC at the limit of 60,030, times the edge; what came of it is a loss. Of 6,003 USDT.
  const Decimal lost = -resolved[0].realised;
  EXPECT_GT(lost, d("10")) << "0.1 % of fees twice and slippage";
  const Decimal promised = *d("6003").multiply_floor(opportunities[0].net.decimal());
  const Decimal share = *(promised + lost).divide_floor(d("6003"), 9);
  EXPECT_EQ(expected_at(kraken).decimal() + expected_at(kraken).decimal(),
            share - Decimal::from_scaled(share.to_scaled(9).value() % 2, 9))
      << "the mean of a prior of one leg at nothing, and this one";
}

// A whole trade leaves dust below a lot, which every later unwind takes over.
TEST_F(LearntLegCosts, dust_of_the_trades_before_does_not_keep_it_from_learning) {
  config.leg_cost_prior = {};
  up();
  book(at_binance, "59995", "60000", "0.01234");
  book(at_kraken, "60600", "60605", "0.01234");
  ASSERT_EQ(placed.size(), 2u);
  const OrderRequest buy = placed[0];
  const OrderRequest sell = placed[1];
  no_edge();
  placed.clear();
  fill_all(buy);
  fill_all(sell);
  ASSERT_FALSE(inventory().is_zero());
  wait(seconds(3));
  trade_with_a_rejected_sell();
  EXPECT_GT(expected_at(kraken), Rate{});
}

TEST_F(LearntLegCosts, a_trade_that_does_not_pay_for_it_is_refused_and_says_why) {
  config.leg_cost_prior = Rate::bps(30);
  config.max_order_notional = d("6100");
  up();
  edge();  // 100 bps, of which 30 are fees, and twice 30 the legs
  EXPECT_EQ(placed.size(), 2u);
  clear();
  config.leg_cost_prior = Rate::bps(36);
  config.min_edge = Rate::bps(5);
  World dearer;
  dearer.config = config;
  dearer.up();
  dearer.edge();
  EXPECT_TRUE(dearer.placed.empty());
  ASSERT_FALSE(dearer.opportunities.empty());
  EXPECT_EQ(dearer.opportunities[0].refused, RefuseReason::LegCost);
}

TEST_F(LearntLegCosts, whole_trades_of_both_venues_are_counted) {
  up();
  edge();
  ASSERT_EQ(placed.size(), 2u);
  const OrderRequest buy = placed[0];
  const OrderRequest sell = placed[1];
  no_edge();
  fill_all(buy);
  fill_all(sell);
  const CoreStatus s = status();
  ASSERT_EQ(s.leg_costs.size(), 2u);
  for (const LegCostStatus& cost : s.leg_costs) {
    EXPECT_EQ(cost.legs, 1u);
    EXPECT_EQ(cost.fell_short, 0u);
    EXPECT_LT(cost.expected, config.leg_cost_prior);
  }
}

TEST_F(LearntLegCosts, folding_the_journal_learns_the_same) {
  up();
  trade_with_a_rejected_sell();
  Engine other;
  fold_into(other);
  CoreStatus folded;
  other.status(folded);
  ASSERT_EQ(folded.leg_costs.size(), status().leg_costs.size());
  for (std::size_t n = 0; n < folded.leg_costs.size(); ++n) {
    EXPECT_EQ(folded.leg_costs[n].expected, status().leg_costs[n].expected);
  }
}

}  // namespace
}  // namespace ats::core
