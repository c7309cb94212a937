#include "core/risk/risk_gate.hpp"

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::TwoVenues;

class RiskGateTest : public ::testing::Test {
 protected:
  RiskGateTest() {
    gate.configure(config);
    order.id = {1};
    order.instrument = w.at_binance;
    order.price = w.price(w.at_binance, "60000");
    order.quantity = w.quantity(w.at_binance, "0.1");
  }
  OrderFacts good() const {
    OrderFacts facts;
    facts.instrument = &w.instrument(w.at_binance);
    facts.halted_globally = facts.halted_venue = facts.halted_pair = facts.stopping = false;
    facts.pair_busy = facts.crosses_own = false;
    facts.reconciled = facts.venue_up = facts.book_valid = true;
    facts.notional = facts.exposure_after = Decimal::from_int(6000);
    facts.currency_after = Decimal();
    facts.lost_today = Decimal::from_int(10);
    facts.open_executions = 0;
    facts.edge = Rate::bps(10);
    facts.leg_cost = Rate::bps(1);
    facts.min_edge = config.min_edge;
    return facts;
  }
  RefuseReason answer(const OrderFacts& facts) const { return gate.check(order, facts); }

  TwoVenues w;
  CoreConfig config;
  RiskGate gate;
  OrderRequest order;
};

TEST_F(RiskGateTest, WhatNobodyFilledInIsDenied) {
  const auto answered = gate.approve(order, OrderFacts{});
  ASSERT_FALSE(answered.ok());
  EXPECT_NE(answered.error(), RefuseReason::None);
  order.unwind = true;
  EXPECT_FALSE(gate.approve(order, OrderFacts{}).ok());
}

TEST_F(RiskGateTest, AnApprovalIsNumberedFromOne) {
  const auto first = gate.approve(order, good());
  const auto second = gate.approve(order, good());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->serial(), 1u);
  EXPECT_EQ(second->serial(), 2u);
  EXPECT_EQ(first->value(), order);
}

TEST_F(RiskGateTest, EachLimitGivesItsOwnReason) {
  const auto refused = [&](auto spoil) {
    OrderFacts facts = good();
    spoil(facts);
    return answer(facts);
  };
  EXPECT_EQ(answer(good()), RefuseReason::None);
  EXPECT_EQ(refused([](auto& f) { f.halted_globally = true; }), RefuseReason::Halted);
  EXPECT_EQ(refused([](auto& f) { f.halted_venue = true; }), RefuseReason::Halted);
  EXPECT_EQ(refused([](auto& f) { f.halted_pair = true; }), RefuseReason::Halted);
  EXPECT_EQ(refused([](auto& f) { f.stopping = true; }), RefuseReason::Halted);
  EXPECT_EQ(refused([](auto& f) { f.reconciled = false; }), RefuseReason::NotReconciled);
  EXPECT_EQ(refused([](auto& f) { f.venue_up = false; }), RefuseReason::VenueDown);
  EXPECT_EQ(refused([](auto& f) { f.book_valid = false; }), RefuseReason::BookNotValid);
  EXPECT_EQ(refused([](auto& f) { f.pair_busy = true; }), RefuseReason::PairBusy);
  EXPECT_EQ(refused([](auto& f) { f.crosses_own = true; }), RefuseReason::SelfTrade);
  EXPECT_EQ(refused([](auto& f) { f.exposure_after.reset(); }), RefuseReason::Exposure);
  EXPECT_EQ(refused([](auto& f) { f.exposure_after = Decimal::from_int(20'001); }),
            RefuseReason::Exposure);
  EXPECT_EQ(refused([](auto& f) { f.currency_after.reset(); }), RefuseReason::CurrencyExposure);
  EXPECT_EQ(refused([](auto& f) { f.currency_after = Decimal::from_int(20'001); }),
            RefuseReason::CurrencyExposure);
  // Beyond the limit, on the way back.
  EXPECT_EQ(
      refused([](auto& f) { f.currency_after = f.currency_before = Decimal::from_int(20'001); }),
      RefuseReason::None);
  EXPECT_EQ(refused([](auto& f) { f.lost_today.reset(); }), RefuseReason::DailyLoss);
  EXPECT_EQ(refused([](auto& f) { f.lost_today = Decimal::from_int(1001); }),
            RefuseReason::DailyLoss);
  EXPECT_EQ(refused([](auto& f) { f.open_executions = 4; }), RefuseReason::OpenExecutions);
  EXPECT_EQ(refused([](auto& f) { f.edge = Rate::bps(201); }), RefuseReason::EdgeTooGood);
  EXPECT_EQ(refused([](auto& f) { f.edge.reset(); }), RefuseReason::EdgeTooGood);
  EXPECT_EQ(refused([](auto& f) { f.leg_cost.reset(); }), RefuseReason::LegCost);
  EXPECT_EQ(refused([](auto& f) { f.leg_cost = Rate::bps(5); }), RefuseReason::None);
  EXPECT_EQ(refused([](auto& f) { f.leg_cost = Rate{500'001}; }), RefuseReason::LegCost);

  EXPECT_EQ(refused([](auto& f) { f.notional.reset(); }), RefuseReason::OrderNotional);
  EXPECT_EQ(refused([](auto& f) { f.notional = Decimal::from_int(10'001); }),
            RefuseReason::OrderNotional);
  order.quantity = w.quantity(w.at_binance, "0.00001");
  EXPECT_EQ(answer(good()), RefuseReason::BelowMinQuantity);
  order.quantity = {10'500};
  EXPECT_EQ(answer(good()), RefuseReason::InstrumentNotTrading);
  w.universe.instrument(w.at_binance).status = InstrumentStatus::Halted;
  order.quantity = w.quantity(w.at_binance, "0.1");
  EXPECT_EQ(answer(good()), RefuseReason::InstrumentNotTrading);
}

TEST_F(RiskGateTest, APriceOutsideTheVenuesBandNeverLeavesAndWithoutAnAverageNoneDoes) {
  Instrument& on = w.universe.instrument(w.at_binance);
  on.band = {{800'000'000}, {1'200'000'000}, {500'000'000}, {2'000'000'000}, seconds(300)};
  OrderFacts facts = good();
  EXPECT_EQ(answer(facts), RefuseReason::PriceBand) << "nobody knows what it is measured from";
  const auto with_average = [&](std::int64_t percent) {
    facts.average = Price{order.price.units * 100 / percent};
    return answer(facts);
  };
  EXPECT_EQ(with_average(100), RefuseReason::None);
  EXPECT_EQ(with_average(119), RefuseReason::None);
  EXPECT_EQ(with_average(121), RefuseReason::PriceBand);
  EXPECT_EQ(with_average(81), RefuseReason::None);
  EXPECT_EQ(with_average(79), RefuseReason::PriceBand);
}

TEST_F(RiskGateTest, AnUnwindPassesWhatWouldKeepExposureOpen) {
  order.unwind = true;
  order.side = Side::Sell;
  OrderFacts facts = good();
  facts.halted_globally = facts.halted_pair = facts.stopping = true;
  facts.reconciled = false;
  facts.lost_today.reset();
  facts.exposure_after.reset();
  facts.edge.reset();
  facts.open_executions = 99;
  facts.open_net = Decimal::of("0.1");
  EXPECT_EQ(answer(facts), RefuseReason::None);

  facts.halted_venue = true;
  EXPECT_EQ(answer(facts), RefuseReason::Halted);
  facts.halted_venue = false;
  facts.book_valid = false;
  EXPECT_EQ(answer(facts), RefuseReason::BookNotValid);
}

TEST_F(RiskGateTest, AnUnwindThatIsLargerThanWhatIsOpenIsABet) {
  order.unwind = true;
  order.side = Side::Sell;
  OrderFacts facts = good();
  facts.open_net = Decimal::of("0.09");
  EXPECT_EQ(answer(facts), RefuseReason::Exposure);
  facts.open_net = Decimal::of("-0.1");
  EXPECT_EQ(answer(facts), RefuseReason::Exposure);
  order.side = Side::Buy;
  EXPECT_EQ(answer(facts), RefuseReason::None);
  facts.open_net = Decimal::of("0.1");
  EXPECT_EQ(answer(facts), RefuseReason::Exposure);
}

TEST_F(RiskGateTest, AHaltHoldsInItsScopeOnly) {
  EXPECT_TRUE(gate.halt({w.kraken, {}}));
  EXPECT_FALSE(gate.halt({w.kraken, {}}));
  EXPECT_TRUE(gate.halted(w.kraken));
  EXPECT_FALSE(gate.halted(w.binance));
  EXPECT_FALSE(gate.halted_globally());
  EXPECT_FALSE(gate.resume({})) << "a global resume lifts a global halt, nothing else";
  EXPECT_TRUE(gate.resume({w.kraken, {}}));
  EXPECT_FALSE(gate.halted(w.kraken));
}

TEST_F(RiskGateTest, TheDaysLossCountsFromMidnightUtc) {
  const WallTime noon = wall_from_ms(1'700'000'000'000);
  const auto money = [](std::int64_t n) { return Decimal::from_int(n); };
  EXPECT_FALSE(gate.watch_loss(noon, money(50)));
  EXPECT_FALSE(gate.watch_loss(noon + hours(1), money(-950)));
  EXPECT_EQ(gate.lost_today(), money(1000));
  EXPECT_TRUE(gate.watch_loss(noon + hours(1), money(-951)));
  gate.halt({});
  EXPECT_FALSE(gate.watch_loss(noon + hours(1), money(-960))) << "it is halted already";
  gate.resume({});
  EXPECT_TRUE(gate.watch_loss(noon + hours(1), money(-960))) << "the day is lost all day";
  EXPECT_FALSE(gate.watch_loss(noon + hours(24), money(-961)));
  EXPECT_EQ(gate.lost_today(), money(1));
}

TEST_F(RiskGateTest, ThePlantedBugsShow) {
  config.mutant = Mutant::PlaceWithoutApproval;
  gate.configure(config);
  const auto forced = gate.approve(order, OrderFacts{});
  ASSERT_TRUE(forced.ok());
  EXPECT_EQ(forced->serial(), 0u);

  config.mutant = Mutant::ForgetHalt;
  gate.configure(config);
  OrderFacts facts = good();
  facts.halted_globally = true;
  EXPECT_EQ(answer(facts), RefuseReason::None);
}

}  // namespace
}  // namespace ats::core
