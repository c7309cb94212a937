#include "core/risk/risk_gate.hpp"

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"
#include "core/risk/testing_gate.hpp"

namespace ats::core {
namespace {

using testing::good_facts;
using testing::open_gate;
using testing::StillDesk;
using testing::TwoVenues;

class RiskGateTest : public ::testing::Test {
 protected:
  RiskGateTest() {
    open_gate(gate, desk, profit, w.universe, config);
    order.id = {1};
    order.instrument = w.at_binance;
    order.price = w.price(w.at_binance, "60000");
    order.quantity = w.quantity(w.at_binance, "0.1");
  }
  OrderFacts good() const { return good_facts(w.instrument(w.at_binance)); }
  RefuseReason answer(const OrderFacts& facts) { return gate.check(order, facts); }

  TwoVenues w;
  CoreConfig config;
  StillDesk desk;
  testing::StillProfit profit;
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
  EXPECT_EQ(refused([](auto& f) { f.standing.closed = true; }), RefuseReason::Halted);
  EXPECT_EQ(refused([](auto& f) { f.standing.halted = true; }), RefuseReason::Halted);
  EXPECT_EQ(refused([](auto& f) { f.standing.reduce_only = true; }), RefuseReason::ReduceOnly);
  EXPECT_EQ(refused([](auto& f) { f.stopping = true; }), RefuseReason::Halted);
  EXPECT_EQ(refused([](auto& f) { f.reconciled = false; }), RefuseReason::NotReconciled);
  EXPECT_EQ(refused([](auto& f) { f.venue_up = false; }), RefuseReason::VenueDown);
  EXPECT_EQ(refused([](auto& f) { f.book_valid = false; }), RefuseReason::BookNotValid);
  EXPECT_EQ(refused([](auto& f) { f.pair_busy = true; }), RefuseReason::PairBusy);
  EXPECT_EQ(refused([](auto& f) { f.crosses_own = true; }), RefuseReason::SelfTrade);
  EXPECT_EQ(refused([](auto& f) { f.exposure_after.reset(); }), RefuseReason::Exposure);
  EXPECT_EQ(refused([](auto& f) { f.exposure_after = Decimal::from_int(20'001); }),
            RefuseReason::Exposure);
  desk.trades = 4;
  gate.limits().orders_changed();
  EXPECT_EQ(answer(good()), RefuseReason::OpenExecutions);
  desk.trades = 3;
  gate.limits().orders_changed();
  EXPECT_EQ(refused([](auto& f) { f.edge = Rate::bps(201); }), RefuseReason::EdgeTooGood);
  EXPECT_EQ(refused([](auto& f) { f.edge.reset(); }), RefuseReason::LegCost);
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
  facts.standing.halted = facts.standing.reduce_only = facts.stopping = true;
  facts.reconciled = false;
  facts.exposure_after.reset();
  facts.edge.reset();
  desk.trades = 99;
  gate.limits().orders_changed();
  facts.open_net = Decimal::of("0.1");
  EXPECT_EQ(answer(facts), RefuseReason::None);

  facts.standing.closed = true;
  EXPECT_EQ(answer(facts), RefuseReason::Halted);
  facts.standing.closed = false;
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

TEST_F(RiskGateTest, ThePlantedBugsShow) {
  config.mutant = Mutant::PlaceWithoutApproval;
  const auto forced = gate.approve(order, OrderFacts{});
  ASSERT_TRUE(forced.ok());
  EXPECT_EQ(forced->serial(), 0u);

  config.mutant = Mutant::ForgetHalt;
  OrderFacts facts = good();
  facts.standing.closed = true;
  EXPECT_EQ(answer(facts), RefuseReason::None);
}

}  // namespace
}  // namespace ats::core
