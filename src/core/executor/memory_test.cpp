// How long the engine knows what is over: what comes in time is booked as ever, what comes later is told,
// booked nowhere, and found in the balances.

#include <gtest/gtest.h>

#include "core/executor/executor.hpp"
#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class MemoryTest : public ::testing::Test, protected World {
 protected:
  MemoryTest() {
    for (auto& [where, total] : owned) total = d(where.second == btc ? "500" : "30000000");
    config.pair_cooldown = {};
    config.limits = {};  // hundreds of trades within a second
    up();
  }

  void take_edge(OrderRequest& buy, OrderRequest& sell) {
    placed.clear();
    edge();
    ASSERT_EQ(placed.size(), 2u);
    buy = placed[0];
    sell = placed[1];
    no_edge();
  }

  // Half of each leg fills, and as much on both: nothing is left open, and the buy could have had more.
  void trade() {
    OrderRequest buy, sell;
    take_edge(buy, sell);
    ack(buy);
    ack(sell);
    last_fill = make_fill(buy, "0.05", "60000");
    deliver(last_fill);
    ended(buy, OrderState::Cancelled, "0.05");
    fill(sell, "0.04995", "60600");
    ended(sell, OrderState::Cancelled, "0.04995");
    bought = buy;
  }
  // The first trade, and enough after it to push it out of the count; its own order and fill are kept here.
  void trade_and_go_on() {
    trade();
    first = bought;
    first_fill = last_fill;
    for (std::size_t n = 0; n < Executor::remembered_least; ++n) trade();
    wait(config.balance_interval * 2);
    clear();
  }
  // The rest of the first order, told now.
  Fill rest_of_first() { return make_fill(first, "0.05", "60000"); }

  OrderRequest first, bought;
  Fill first_fill, last_fill;
};

TEST_F(MemoryTest, AFillThatComesWithinTheSpanIsBookedToldAndTradedAway) {
  trade_and_go_on();
  wait(Executor::remembered - config.balance_interval * 3);
  clear();
  deliver(rest_of_first());
  EXPECT_EQ(booked.size(), 1u);
  EXPECT_EQ(told(AlertCode::LateFill), 1);
  EXPECT_EQ(told(AlertCode::FillMismatch), 0);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_TRUE(placed[0].unwind);
  const OrderRequest unwind = placed[0];
  fill_all(unwind);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  EXPECT_TRUE(status().open_executions.empty());
  EXPECT_TRUE(status().halts.empty());
}

TEST_F(MemoryTest, AFillToldAgainWithinTheSpanIsADuplicate) {
  trade_and_go_on();
  wait(Executor::remembered - config.balance_interval * 3);
  clear();
  deliver(first_fill);
  EXPECT_TRUE(booked.empty());
  EXPECT_TRUE(alerts.empty());
  EXPECT_EQ(status().duplicate_fills, 1u);
}

TEST_F(MemoryTest, ANewFillAfterTheSpanIsNotBookedHaltsTheVenueAndShowsAsABreak) {
  trade_and_go_on();
  wait(Executor::remembered);
  clear();
  const std::uint64_t before = status().fills_booked;
  deliver(rest_of_first());
  EXPECT_TRUE(booked.empty());
  EXPECT_EQ(status().fills_booked, before);
  ASSERT_EQ(told(AlertCode::FillMismatch), 1);
  EXPECT_EQ(alerts[0].severity, Severity::Critical);
  EXPECT_EQ(alerts[0].scope, (Scope{binance, {}}));
  EXPECT_TRUE(halted({binance, {}}));
  edge();
  EXPECT_TRUE(placed.empty()) << "nothing new where money moved that nobody accounts for";
  no_edge();

  wait(seconds(10));
  EXPECT_EQ(told(AlertCode::LedgerBreak), 2) << "bitcoin and tether";
  command(resume({binance, {}}));
  wait(seconds(10));
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  trade();
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(MemoryTest, ABookedFillToldAgainAfterTheSpanIsNotBookedTwiceAndIsNoBreak) {
  trade_and_go_on();
  wait(Executor::remembered);
  clear();
  deliver(first_fill);
  EXPECT_TRUE(booked.empty());
  EXPECT_EQ(told(AlertCode::FillMismatch), 1);
  EXPECT_TRUE(halted({binance, {}}));
  wait(seconds(60));
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  command(resume({binance, {}}));
  wait(seconds(10));
  trade();
}

TEST_F(MemoryTest, AWordAboutAForgottenOrderIsToldAndEveryVenueHasToAgreeAnew) {
  trade_and_go_on();
  wait(Executor::remembered);
  clear();
  answers_balances = false;
  ended(first, OrderState::Cancelled, "0.05");
  ASSERT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_EQ(alerts[0].severity, Severity::Warning);
  EXPECT_TRUE(status().halts.empty());
  edge();
  EXPECT_TRUE(placed.empty());
  no_edge();
  answers_balances = true;
  wait(seconds(10));
  trade();
}

TEST_F(MemoryTest, EveryKindOfAnswerToAForgottenOrderIsTold) {
  trade_and_go_on();
  wait(Executor::remembered);
  const Event answers[] = {OrderAcked{first.id, "v1", times()},
                           OrderRejected{first.id, RejectReason::Other, "no", times()},
                           OrderEnded{first.id, OrderState::Cancelled, {}, times()},
                           OrderFound{first.id, "v1", OrderState::Acked, {}, times()},
                           OrderNotFound{first.id, times()},
                           OrderUnknown{first.id, UnknownReason::TimedOut, times()},
                           OrderNotSent{first.id},
                           CancelRejected{first.id, RejectReason::Other, times()},
                           QueryFailed{first.id}};
  for (const Event& answer : answers) {
    clear();
    send(answer);
    EXPECT_EQ(told(AlertCode::ForeignOrder), 1) << answer.index();
  }
}

TEST_F(MemoryTest, WithFewOrdersAfterItAnOrderIsRememberedHoweverLong) {
  trade();
  first = bought;
  wait(Executor::remembered * 3);
  clear();
  deliver(rest_of_first());
  EXPECT_EQ(told(AlertCode::LateFill), 1);
  EXPECT_EQ(booked.size(), 1u);
}

TEST_F(MemoryTest, UntilTheVenuesTotalsAgreedAnOrderIsRememberedHoweverLong) {
  answers_balances = false;
  trade();
  first = bought;
  first_fill = last_fill;
  for (std::size_t n = 0; n < Executor::remembered_least; ++n) trade();
  wait(Executor::remembered * 2);
  clear();
  deliver(first_fill);
  EXPECT_TRUE(alerts.empty());
  answers_balances = true;
  wait(config.balance_interval * 2);
  clear();
  deliver(first_fill);
  EXPECT_EQ(told(AlertCode::FillMismatch), 1) << "and then it was forgotten";
}

TEST_F(MemoryTest, AnOrderWithoutAnEndIsNeverForgotten) {
  for (std::size_t n = 0; n < Executor::remembered_least; ++n) trade();
  OrderRequest buy, sell;
  take_edge(buy, sell);
  unknown(buy);
  fill_all(sell);
  wait(Executor::remembered * 3);
  ASSERT_EQ(status().open_orders.size(), 1u);
  EXPECT_EQ(status().open_orders[0].state, OrderState::Unknown);
  clear();
  fill(buy, "0.1", "60000");
  found(buy, OrderState::Filled, "0.1");
  EXPECT_EQ(booked.size(), 1u);
  EXPECT_EQ(told(AlertCode::FillMismatch), 0);
  EXPECT_TRUE(status().open_orders.empty());
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(MemoryTest, AnOrderOpenedAgainIsRememberedAnewFromItsSecondEnd) {
  trade_and_go_on();
  wait(Executor::remembered - config.balance_interval * 3);
  clear();
  const Fill late = make_fill(first, "0.02", "60000");
  deliver(late);
  ASSERT_EQ(told(AlertCode::LateFill), 1);
  found(first, OrderState::Cancelled, "0.07");
  ASSERT_EQ(placed.size(), 1u);
  const OrderRequest unwind = placed[0];
  fill_all(unwind);
  wait(config.balance_interval * 6);
  clear();
  deliver(late);
  EXPECT_TRUE(alerts.empty()) << "a duplicate, no more";
  for (std::size_t n = 0; n < Executor::remembered_least; ++n) trade();
  wait(Executor::remembered);
  clear();
  deliver(late);
  EXPECT_EQ(told(AlertCode::FillMismatch), 1);
}

TEST_F(MemoryTest, ALegThatComesBackToAnExecutionOpenAgainHasToEndToo) {
  trade();
  const OrderRequest buy = bought;
  OrderRequest sell;
  for (const Action& action : all) {
    const auto* a = std::get_if<Place>(&action);
    if (a != nullptr && a->order->execution == buy.execution && a->order->id != buy.id) {
      sell = *a->order;
    }
  }
  clear();
  // The buy turns out to have been filled further; asked, the venue does not say how far yet.
  fill(buy, "0.02", "60000");
  EXPECT_EQ(status().open_orders.size(), 1u);
  fill(sell, "0.02", "60600");
  EXPECT_EQ(status().open_orders.size(), 2u);
  found(buy, OrderState::Cancelled, "0.07");
  EXPECT_EQ(status().open_executions.size(), 1u) << "the sell may still have more";
  found(sell, OrderState::Cancelled, "0.06995");
  EXPECT_TRUE(status().open_executions.empty());
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(MemoryTest, ARestartStartsTheSpanOverAndAReplayForgetsTheSame) {
  trade_and_go_on();
  wait(Executor::remembered - config.balance_interval * 3);
  // The clock of another process begins anywhere.
  now = Instant{seconds(5).ns};
  start();
  connect();
  no_edge();
  wait(Executor::remembered - config.balance_interval);
  clear();
  deliver(first_fill);
  EXPECT_TRUE(alerts.empty()) << "still a duplicate";
  wait(config.balance_interval * 3);
  clear();
  deliver(first_fill);
  EXPECT_EQ(told(AlertCode::FillMismatch), 1) << "forgotten, an order of an earlier life";
  ended(first, OrderState::Cancelled, "0.05");
  EXPECT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_EQ(actions_of_replay(), actions_done());
}

TEST_F(MemoryTest, SlotsOfForgottenOrdersServeAgainAndMixNothingUp) {
  for (int round = 0; round < 4; ++round) {
    trade_and_go_on();
    wait(Executor::remembered);
  }
  // The newest are remembered, whatever slots they took over.
  clear();
  deliver(last_fill);
  EXPECT_TRUE(alerts.empty());
  deliver(make_fill(bought, "0.01", "60000"));
  EXPECT_EQ(told(AlertCode::LateFill), 1);
  EXPECT_EQ(told(AlertCode::FillMismatch), 0);
  EXPECT_EQ(actions_of_replay(), actions_done());
}

}  // namespace
}  // namespace ats::core
