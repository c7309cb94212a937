// The stories of an execution: both legs, one leg, no answer, too late, twice.

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class ExecutionTest : public ::testing::Test, protected World {
 protected:
  ExecutionTest() { up(); }

  // An edge is taken: 0.1 BTC bought on binance at 60000, sold on kraken at 60600. The edge is gone
  // afterwards, so that nothing else is opened.
  void take_the_edge() {
    edge();
    ASSERT_EQ(placed.size(), 2u);
    buy = placed[0];
    sell = placed[1];
    ASSERT_EQ(buy.side, Side::Buy);
    ASSERT_EQ(buy.instrument, at_binance);
    ASSERT_EQ(sell.side, Side::Sell);
    ASSERT_EQ(sell.instrument, at_kraken);
    no_edge();
    placed.clear();
  }
  void resolved_once(ExecutionOutcome outcome, std::string_view residual = "0") {
    EXPECT_EQ(resolved.size(), 1u);
    if (resolved.empty()) return;
    EXPECT_EQ(resolved[0].outcome, outcome) << name(resolved[0].outcome);
    EXPECT_EQ(resolved[0].residual, d(residual)) << resolved[0].residual.to_string();
    EXPECT_TRUE(status().open_executions.empty());
    EXPECT_TRUE(status().open_orders.empty());
    EXPECT_TRUE(ledger_is_what_the_venues_own());
  }

  OrderRequest buy, sell;
};

TEST_F(ExecutionTest, BothLegsLeaveTogetherAndBothFillingIsCompleted) {
  take_the_edge();
  EXPECT_EQ(buy.time_in_force, TimeInForce::Ioc);
  EXPECT_EQ(buy.quantity, quantity(at_binance, "0.1"));
  EXPECT_EQ(buy.price, price(at_binance, "60030")) << "5 bps of slippage at most";
  EXPECT_EQ(sell.price, price(at_kraken, "60569.70"));
  EXPECT_EQ(sell.quantity, quantity(at_kraken, "0.0999"))
      << "what is left of the buy after its fee";
  EXPECT_EQ(status().open_executions.size(), 1u);

  ack(buy);
  deliver(make_fill(buy, "0.1", "60000"));
  ended(buy, OrderState::Filled, "0.1");
  EXPECT_TRUE(resolved.empty()) << "one leg is not an execution";
  deliver(make_fill(sell, "0.0999", "60600"));
  ended(sell, OrderState::Filled, "0.0999");
  resolved_once(ExecutionOutcome::Completed);

  EXPECT_EQ(resolved[0].bought, d("0.0999"));
  EXPECT_EQ(resolved[0].sold, d("0.0999"));
  EXPECT_EQ(ledger(binance, btc), d("1.0999"));
  EXPECT_EQ(ledger(binance, usdt), d("44000"));
  EXPECT_EQ(ledger(kraken, btc), d("0.9001"));
  EXPECT_EQ(ledger(kraken, usdt), d("56041.83212")) << "6053.94 less 0.2 %";
  EXPECT_EQ(resolved[0].realised, d("41.83212"));
  const CoreStatus s = status();
  EXPECT_EQ(s.completed, 1u);
  EXPECT_EQ(s.fills_booked, 2u);
  EXPECT_TRUE(s.totals[btc.index()].change.is_zero());
  EXPECT_EQ(s.totals[btc.index()].fees, d("0.0001"));
  EXPECT_EQ(s.totals[usdt.index()].change, d("41.83212"));
  EXPECT_EQ(s.pnl_reporting, d("41.83212"));
}

TEST_F(ExecutionTest, NeitherLegFillingIsMissed) {
  take_the_edge();
  reject(buy);
  ended(sell, OrderState::Cancelled, "0");
  resolved_once(ExecutionOutcome::Missed);
  EXPECT_TRUE(placed.empty());
}

TEST_F(ExecutionTest, ARejectedLegIsFinishedElsewhereOrReversedWhicheverIsCheaper) {
  take_the_edge();
  // Selling on kraken brings 59995 less 0.2 %, on binance 59995 less 0.1 %.
  fill_all(buy);
  reject(sell);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_TRUE(placed[0].unwind);
  EXPECT_EQ(placed[0].side, Side::Sell);
  EXPECT_EQ(placed[0].instrument, at_binance) << "reversed where it was bought";
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.0999")) << "what there is of it";
  EXPECT_TRUE(resolved.empty());
  fill_all(placed[0]);
  resolved_once(ExecutionOutcome::Unwound);
}

TEST_F(ExecutionTest, ARejectedLegIsFinishedWhereItWasMeantWhenThatBringsMore) {
  take_the_edge();
  book(at_kraken, "60200", "60205");
  placed.clear();
  fill_all(buy);
  reject(sell);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].instrument, at_kraken);
  EXPECT_EQ(placed[0].side, Side::Sell);
  fill_all(placed[0]);
  resolved_once(ExecutionOutcome::Unwound);
}

TEST_F(ExecutionTest, AShortPositionIsBoughtBackAtTheLeastCost) {
  take_the_edge();
  reject(buy);
  fill_all(sell);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].side, Side::Buy);
  EXPECT_EQ(placed[0].instrument, at_binance) << "60000 plus 0.1 % beats 60005 plus 0.2 %";
  fill_all(placed[0]);
  // Its fee was taken in base: 0.0000999 is still missing, and less than any venue trades.
  wait(milliseconds(500));
  resolved_once(ExecutionOutcome::Residual, "-0.0000999");
}

TEST_F(ExecutionTest, LegsThatFillPartlyButEquallyNeedNoUnwind) {
  take_the_edge();
  fill(buy, "0.04");
  ended(buy, OrderState::Cancelled, "0.04");
  fill(sell, "0.01");
  fill(sell, "0.02996");
  ended(sell, OrderState::Cancelled, "0.03996");
  resolved_once(ExecutionOutcome::Completed);
  EXPECT_TRUE(placed.empty());
}

TEST_F(ExecutionTest, OnlyTheDifferenceOfPartlyFilledLegsIsUnwound) {
  take_the_edge();
  fill_all(buy);
  fill(sell, "0.07");
  ended(sell, OrderState::Cancelled, "0.07");
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.0299"));
}

TEST_F(ExecutionTest, AnUnwindThatFallsShortIsRepeatedAfterAPause) {
  take_the_edge();
  fill_all(buy);
  reject(sell);
  ASSERT_EQ(placed.size(), 1u);
  fill(placed[0], "0.06");
  ended(placed[0], OrderState::Cancelled, "0.06");
  EXPECT_EQ(placed.size(), 1u) << "the book does not show yet what was taken";
  wait(milliseconds(200));
  ASSERT_EQ(placed.size(), 2u);
  EXPECT_EQ(placed[1].quantity, quantity(at_binance, "0.0399"));
  fill_all(placed[1]);
  resolved_once(ExecutionOutcome::Unwound);
}

TEST_F(ExecutionTest, ADifferenceWorthLessThanTheToleranceIsHeldAndTracked) {
  take_the_edge();
  fill_all(buy);
  fill(sell, "0.09985");
  ended(sell, OrderState::Cancelled, "0.09985");
  EXPECT_TRUE(placed.empty());
  resolved_once(ExecutionOutcome::Residual, "0.00005");
  EXPECT_EQ(inventory(), d("0.00005"));
}

TEST_F(ExecutionTest, HeldResidualsAddUpAndAreTradedAwayTogetherOnceTheyMatter) {
  for (int n = 0; n < 2; ++n) {
    clear();
    take_the_edge();
    fill_all(buy);
    fill(sell, "0.09984");
    ended(sell, OrderState::Cancelled, "0.09984");
    wait(milliseconds(300));
  }
  // 0.00012 BTC is 7.20 USDT: over the tolerance of 5, and enough for an order.
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.00012"));
  fill_all(placed[0]);
  resolved_once(ExecutionOutcome::Unwound);
  EXPECT_TRUE(inventory().is_zero());
}

TEST_F(ExecutionTest, WhatIsTooSmallForEveryVenueIsHeldWhateverItIsWorth) {
  config.residual_tolerance = d("0.1");
  start();
  connect();
  no_edge();
  wait(seconds(3));
  clear();
  take_the_edge();
  fill_all(buy);
  fill(sell, "0.09985");
  ended(sell, OrderState::Cancelled, "0.09985");
  resolved_once(ExecutionOutcome::Residual, "0.00005");
}

TEST_F(ExecutionTest, NoAnswerByTheDeadlineIsUnknownAndTheVenueIsAskedUntilItTells) {
  take_the_edge();
  fill_all(sell);
  wait(milliseconds(1900));
  EXPECT_TRUE(asked.empty());
  wait(milliseconds(200));
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0], buy.id);
  EXPECT_EQ(told(AlertCode::OrderUnknown), 1);
  ASSERT_EQ(status().open_orders.size(), 1u);
  EXPECT_EQ(status().open_orders[0].state, OrderState::Unknown);
  wait(seconds(3));
  EXPECT_EQ(asked.size(), 4u) << "once a second";
  EXPECT_TRUE(placed.empty()) << "nothing is assumed";
  EXPECT_TRUE(resolved.empty());

  // It had been filled all along; the venue sends the fills before its answer.
  deliver(make_fill(buy, "0.1"));
  found(buy, OrderState::Filled, "0.1");
  resolved_once(ExecutionOutcome::Completed);
}

TEST_F(ExecutionTest, AnOrderThatStaysUnknownHaltsItsPairAndItsExposureIsHeld) {
  take_the_edge();
  fill_all(sell);
  wait(seconds(130));
  EXPECT_EQ(told(AlertCode::OrderUnknown), 2);
  EXPECT_TRUE(halted({{}, pair}));
  EXPECT_EQ(status().open_orders.size(), 1u);
  EXPECT_TRUE(resolved.empty());
}

TEST_F(ExecutionTest, ATimeoutIsAskedAboutAtOnceAndNothingIsSentAgain) {
  take_the_edge();
  unknown(buy);
  EXPECT_EQ(asked.size(), 1u);
  EXPECT_EQ(told(AlertCode::OrderUnknown), 1);
  EXPECT_TRUE(placed.empty());
  found(buy, OrderState::Acked, "0");
  fill_all(buy);
  fill_all(sell);
  resolved_once(ExecutionOutcome::Completed);
}

TEST_F(ExecutionTest, NotFoundCountsAsRejectedOnlyAfterTheGraceAndForAQuestionPutAfterIt) {
  take_the_edge();
  fill_all(sell);
  unknown(buy);
  not_found(buy);
  EXPECT_TRUE(placed.empty()) << "it may be on its way";
  wait(milliseconds(2900));  // questions of seconds 1 and 2 are not answered
  not_found(buy);
  EXPECT_TRUE(placed.empty()) << "within the grace";
  wait(milliseconds(1200));
  not_found(buy);
  EXPECT_TRUE(placed.empty()) << "the answer to a question of before";
  not_found(buy);
  ASSERT_EQ(placed.size(), 1u) << "it never arrived: the short is bought back";
  EXPECT_EQ(placed[0].side, Side::Buy);
  EXPECT_TRUE(placed[0].unwind);
  EXPECT_NE(placed[0].id, buy.id);
}

TEST_F(ExecutionTest, AnOrderTheVenueHasShownIsNeverTakenForMissing) {
  take_the_edge();
  fill_all(sell);
  ack(buy);
  wait(seconds(10));
  not_found(buy);
  not_found(buy);
  not_found(buy);
  not_found(buy);
  EXPECT_TRUE(placed.empty());
  EXPECT_EQ(status().open_orders.size(), 1u);
}

TEST_F(ExecutionTest, AFillAfterARejectIsBookedToldAndResolvedAnew) {
  take_the_edge();
  reject(buy);
  reject(sell);
  resolved_once(ExecutionOutcome::Missed);
  clear();

  deliver(make_fill(buy, "0.1", "60000"));
  EXPECT_EQ(told(AlertCode::LateFill), 1);
  ASSERT_EQ(placed.size(), 1u) << "the residual is open again and sold";
  EXPECT_EQ(placed[0].side, Side::Sell);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.0999"));
  fill_all(placed[0]);
  resolved_once(ExecutionOutcome::Unwound);
  EXPECT_EQ(resolved[0].execution, buy.execution);
}

TEST_F(ExecutionTest, APartialFillAfterARejectAsksWhatElseThereIs) {
  take_the_edge();
  reject(buy);
  reject(sell);
  clear();
  deliver(make_fill(buy, "0.02"));
  EXPECT_EQ(asked.size(), 1u);
  EXPECT_TRUE(placed.empty()) << "more may come";
  deliver(make_fill(buy, "0.03"));
  found(buy, OrderState::Cancelled, "0.05");
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.04995"));
}

TEST_F(ExecutionTest, ALateFillDuringTheUnwindIsUnwoundToo) {
  take_the_edge();
  fill_all(sell);
  reject(buy);
  ASSERT_EQ(placed.size(), 1u);  // buys 0.0999 back
  const OrderRequest unwind = placed[0];
  placed.clear();
  deliver(make_fill(buy, "0.1", "60000"));
  EXPECT_EQ(told(AlertCode::LateFill), 1);
  EXPECT_TRUE(placed.empty()) << "the unwind is still out";
  fill_all(unwind);
  wait(milliseconds(500));
  ASSERT_EQ(placed.size(), 1u) << "bought twice: once is sold";
  EXPECT_EQ(placed[0].side, Side::Sell);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.0998"));
  fill_all(placed[0]);
  resolved_once(ExecutionOutcome::Unwound, "0.0000001");
}

TEST_F(ExecutionTest, ADuplicatedFillIsBookedOnce) {
  take_the_edge();
  const Fill once = make_fill(buy, "0.05");
  deliver(once);
  deliver(once);
  fill(buy, "0.05");
  deliver(once);
  fill_all(sell);
  deliver(once);
  resolved_once(ExecutionOutcome::Completed);
  EXPECT_EQ(status().duplicate_fills, 3u);
}

TEST_F(ExecutionTest, ADroppedFillIsFoundByAsking) {
  take_the_edge();
  fill_all(sell);
  const Fill dropped = make_fill(buy, "0.06");
  ack(buy);
  fill(buy, "0.04");
  ended(buy, OrderState::Filled, "0.1");
  EXPECT_TRUE(resolved.empty()) << "the venue counts more than we have";
  wait(milliseconds(300));
  ASSERT_EQ(asked.size(), 1u);
  deliver(dropped);
  found(buy, OrderState::Filled, "0.1");
  resolved_once(ExecutionOutcome::Completed);
}

TEST_F(ExecutionTest, AnOrderStillThereAfterTheDeadlineIsCancelledAndTheRaceIsWonByEither) {
  take_the_edge();
  fill_all(sell);
  ack(buy);
  wait(milliseconds(2100));
  found(buy, OrderState::Acked, "0");
  ASSERT_EQ(cancelled.size(), 1u);
  EXPECT_EQ(cancelled[0], buy.id);
  // The fill was faster than the cancel.
  const Fill faster = make_fill(buy, "0.1");
  send(CancelRejected{buy.id, RejectReason::Other, times()});
  EXPECT_TRUE(placed.empty());
  wait(seconds(1));
  deliver(faster);
  found(buy, OrderState::Filled, "0.1");
  resolved_once(ExecutionOutcome::Completed);
}

TEST_F(ExecutionTest, ACancelThatWinsLeavesTheRestToUnwind) {
  take_the_edge();
  fill_all(sell);
  ack(buy);
  fill(buy, "0.03");
  wait(milliseconds(2100));
  found(buy, OrderState::PartlyFilled, "0.03");
  ASSERT_EQ(cancelled.size(), 1u);
  ended(buy, OrderState::Cancelled, "0.03");
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].side, Side::Buy);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.06993"));
}

TEST_F(ExecutionTest, AnAnswerThatWasOvertakenDoesNotReopenAnOrder) {
  take_the_edge();
  fill_all(buy);
  fill_all(sell);
  clear();
  found(buy, OrderState::PartlyFilled, "0.05");
  ended(buy, OrderState::Cancelled, "0.05");
  ack(sell);
  not_found(sell);
  unknown(sell);
  EXPECT_TRUE(resolved.empty());
  EXPECT_TRUE(status().open_orders.empty());
}

TEST_F(ExecutionTest, ALostConnectionMakesOrdersUnknownUntilItIsBackAndTheVenueIsAsked) {
  take_the_edge();
  fill_all(sell);
  send(ConnectionDown{binance, Channel::Trading});
  EXPECT_EQ(status().open_orders[0].state, OrderState::Unknown);
  wait(seconds(5));
  EXPECT_TRUE(asked.empty()) << "there is nobody to ask";
  send(ConnectionUp{binance, Channel::Trading});
  ASSERT_EQ(asked.size(), 1u);
  deliver(make_fill(buy, "0.1"));
  found(buy, OrderState::Filled, "0.1");
  resolved_once(ExecutionOutcome::Completed);
}

TEST_F(ExecutionTest, WithoutAValidBookTheDifferenceWaitsAndIsSoldWhenOneIsBack) {
  take_the_edge();
  for (const VenueId v : {binance, kraken}) send(ConnectionDown{v, Channel::MarketData});
  fill_all(buy);
  reject(sell);
  wait(seconds(5));
  EXPECT_TRUE(placed.empty());
  ASSERT_EQ(status().open_executions.size(), 1u);
  EXPECT_EQ(status().open_executions[0].net_base, d("0.0999"));
  send(ConnectionUp{kraken, Channel::MarketData});
  book(at_kraken, "59000", "59005");
  wait(milliseconds(100));
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].instrument, at_kraken);
}

TEST_F(ExecutionTest, WhatCannotBeUnwoundIsHandedOverThePairHaltedAndTheResidualKept) {
  take_the_edge();
  for (const VenueId v : {binance, kraken}) send(ConnectionDown{v, Channel::MarketData});
  fill_all(buy);
  reject(sell);
  wait(seconds(600));
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::HandedOver);
  EXPECT_EQ(resolved[0].residual, d("0.0999"));
  EXPECT_EQ(told(AlertCode::UnwindFailed), 1);
  EXPECT_TRUE(halted({{}, pair}));
  EXPECT_EQ(inventory(), d("0.0999"));

  // The books come back: nothing happens before a person says so.
  for (const VenueId v : {binance, kraken}) send(ConnectionUp{v, Channel::MarketData});
  edge();
  no_edge();
  wait(seconds(5));
  EXPECT_TRUE(placed.empty());
  clear();
  command(ResumeCommand{{{}, pair}, "ada", "books are back"});
  ASSERT_EQ(placed.size(), 1u) << "what was handed over is taken up again";
  fill_all(placed[0]);
  resolved_once(ExecutionOutcome::Unwound);
  EXPECT_TRUE(inventory().is_zero());
}

TEST_F(ExecutionTest, WhatComesLateToAPairInAPersonsHandsJoinsWhatThePersonHas) {
  take_the_edge();
  for (const VenueId v : {binance, kraken}) send(ConnectionDown{v, Channel::MarketData});
  fill_all(buy);
  reject(sell);
  wait(seconds(600));
  ASSERT_EQ(inventory(), d("0.0999"));
  for (const VenueId v : {binance, kraken}) send(ConnectionUp{v, Channel::MarketData});
  no_edge();
  clear();
  deliver(make_fill(sell, "0.03"));
  found(sell, OrderState::Cancelled, "0.03");
  EXPECT_TRUE(placed.empty()) << "sold with the rest it would be sold twice";
  EXPECT_EQ(inventory(), d("0.0699"));
  EXPECT_EQ(resolved.back().outcome, ExecutionOutcome::HandedOver);
  command(resume({{}, pair}));
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.0699"));
}

TEST_F(ExecutionTest, UnwindsThatNeverFillEndWithAPerson) {
  take_the_edge();
  fill_all(buy);
  reject(sell);
  for (std::uint32_t n = 0; n < config.max_unwind_attempts; ++n) {
    ASSERT_EQ(placed.size(), n + 1);
    ended(placed.back(), OrderState::Cancelled, "0");
    wait(seconds(2));
  }
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::HandedOver);
  EXPECT_TRUE(halted({{}, pair}));
}

TEST_F(ExecutionTest, AVenueThatRefusesTheUnwindIsTheLastResort) {
  take_the_edge();
  fill_all(buy);
  reject(sell);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].instrument, at_binance);
  reject(placed[0], RejectReason::InstrumentClosed);
  wait(milliseconds(500));
  ASSERT_EQ(placed.size(), 2u);
  EXPECT_EQ(placed[1].instrument, at_kraken);
}

TEST_F(ExecutionTest, AfterAnExecutionThePairCoolsDown) {
  take_the_edge();
  fill_all(buy);
  fill_all(sell);
  clear();
  edge();
  EXPECT_TRUE(placed.empty());
  ASSERT_FALSE(opportunities.empty());
  EXPECT_EQ(opportunities.back().refused, RefuseReason::PairBusy);
  wait(milliseconds(300));
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(ExecutionTest, AVenueThatKeepsRefusingIsTriedLessAndLessOften) {
  int opened = 0;
  for (int n = 0; n < 200; ++n) {
    placed.clear();
    edge();
    if (placed.size() == 2) {
      ++opened;
      const auto legs = placed;
      no_edge();
      reject(legs[0]);
      reject(legs[1]);
    } else {
      no_edge();
    }
    wait(milliseconds(200));
  }
  EXPECT_GE(opened, 4);
  EXPECT_LE(opened, 8) << "40 seconds: after 0.4, 0.8, 1.6, 3.2 … seconds";
}

TEST_F(ExecutionTest, MoneyOfOpenLegsIsReserved) {
  take_the_edge();
  const auto reserved = [&](VenueId venue, AssetId asset) {
    for (const BalanceStatus& b : status().balances) {
      if (b.venue == venue && b.asset == asset) return b.reserved;
    }
    return Decimal();
  };
  EXPECT_EQ(reserved(binance, usdt), d("6003")) << "at the limit price";
  EXPECT_EQ(reserved(kraken, btc), d("0.0999"));
  fill(buy, "0.04");
  EXPECT_EQ(reserved(binance, usdt), d("3601.8"));
  ended(buy, OrderState::Cancelled, "0.04");
  fill_all(sell);
  EXPECT_EQ(reserved(kraken, btc), d("0"));
}

TEST_F(ExecutionTest, AFillOfNoOrderOfOursIsNotBookedAndToldAtOnce) {
  take_the_edge();
  Fill stray = make_fill(buy, "0.1");
  stray.order = {77};
  deliver(stray);
  EXPECT_EQ(told(AlertCode::FillMismatch), 1);
  EXPECT_EQ(status().fills_booked, 0u);
  EXPECT_TRUE(halted({binance, {}}));
  Fill wrong_side = make_fill(buy, "0.1");
  wrong_side.side = Side::Sell;
  deliver(wrong_side);
  EXPECT_EQ(status().fills_booked, 0u);
}

TEST_F(ExecutionTest, MoreFilledThanOrderedIsBookedAndHaltsTheVenue) {
  take_the_edge();
  fill(buy, "0.1");
  fill(buy, "0.1");
  EXPECT_EQ(status().fills_booked, 2u);
  EXPECT_EQ(told(AlertCode::FillMismatch), 1);
  EXPECT_TRUE(halted({binance, {}}));
}

TEST_F(ExecutionTest, BadCredentialsHaltTheVenue) {
  take_the_edge();
  reject(buy, RejectReason::AuthFailed);
  EXPECT_TRUE(halted({binance, {}}));
  EXPECT_EQ(told(AlertCode::Halt), 1);
}

}  // namespace
}  // namespace ats::core
