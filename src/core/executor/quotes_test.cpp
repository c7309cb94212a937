// The stories of a quote: it stands, it moves, it fills and is hedged, and it is taken back whatever happens.

#include <gtest/gtest.h>

#include <optional>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

// BTC/USDT is quoted on kraken and hedged on binance.
class QuotesTest : public ::testing::Test, protected World {
 protected:
  QuotesTest() {
    config.maker = StrategyMode::Trade;
    config.maker_pairs.add({"BTC", "USDT", "kraken", "binance"});
    config.maker_size = Decimal::from_int(6'000);
  }
  void quoted() {
    start();
    connect();
    no_edge();
    wait(milliseconds(500));
    ASSERT_EQ(placed.size(), 2u);
    bid = placed[0];
    ask = placed[1];
    ASSERT_EQ(bid.side, Side::Buy);
    ASSERT_EQ(ask.side, Side::Sell);
    for (const OrderRequest& quote : {bid, ask}) ack(quote);
    clear();
  }
  bool was_cancelled(const OrderRequest& order) const {
    return std::count(cancelled.begin(), cancelled.end(), order.id) > 0;
  }
  void gone(const OrderRequest& order, std::string_view filled = "0") {
    ended(order, OrderState::Cancelled, filled);
  }
  std::optional<OrderRequest> hedge() const {
    for (const OrderRequest& order : placed) {
      if (order.unwind) return order;
    }
    return std::nullopt;
  }

  OrderRequest bid, ask;
};

TEST_F(QuotesTest, BothSidesStandAtAPriceThatTheirHedgePaysFor) {
  quoted();
  for (const OrderRequest& quote : {bid, ask}) {
    EXPECT_EQ(quote.instrument, at_kraken);
    EXPECT_TRUE(quote.post_only);
    EXPECT_FALSE(quote.unwind);
    EXPECT_EQ(quote.time_in_force, TimeInForce::Gtc);
  }
  // 59995 × 0.999 / (1.002 × 1.0005), 60000 × 1.001 × 1.0005 / 0.998
  EXPECT_EQ(bid.price, price(at_kraken, "59785.48"));
  EXPECT_EQ(ask.price, price(at_kraken, "60210.46"));
  EXPECT_EQ(bid.quantity, quantity(at_kraken, "0.09995"));
  const CoreStatus s = status();
  ASSERT_EQ(s.quotes.size(), 2u);
  EXPECT_EQ(s.quotes[0].standing.price, bid.price);
  EXPECT_EQ(s.quotes[1].order, ask.id);
  EXPECT_EQ(s.quotes_placed, 2u);
  wait(seconds(5));
  EXPECT_TRUE(placed.empty() && cancelled.empty()) << "they stand";
}

TEST_F(QuotesTest, AFillIsHedgedAtOnceWhereItCostsLeastAndTheTwoAreCompleted) {
  quoted();
  deliver(make_fill(bid, "0.09995"));
  ASSERT_TRUE(hedge());
  const OrderRequest sale = *hedge();
  EXPECT_EQ(sale.instrument, at_binance);
  EXPECT_EQ(sale.side, Side::Sell);
  EXPECT_EQ(sale.time_in_force, TimeInForce::Ioc);
  EXPECT_EQ(sale.quantity, quantity(at_binance, "0.09995"));
  EXPECT_EQ(sale.execution, bid.execution);
  ASSERT_EQ(opportunities.size(), 1u);
  EXPECT_EQ(opportunities[0].strategy, Strategy::Maker);
  EXPECT_EQ(opportunities[0].execution, bid.execution);

  ack(sale);
  fill(sale, "0.09995", "59995");
  ended(sale, OrderState::Filled, "0.09995");
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Completed);
  EXPECT_TRUE(resolved[0].residual.is_zero());
  EXPECT_GT(resolved[0].realised, d("2.9")) << "5 bps of 6000, less nothing";
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  EXPECT_FALSE(was_cancelled(ask));
  EXPECT_EQ(told(AlertCode::LateFill), 0);
}

TEST_F(QuotesTest, AHedgeBuysWhatTheVenueKeepsOfItAsWell) {
  quoted();
  deliver(make_fill(ask, "0.09995"));
  ASSERT_TRUE(hedge());
  const OrderRequest purchase = *hedge();
  EXPECT_EQ(purchase.side, Side::Buy);
  EXPECT_EQ(purchase.quantity, quantity(at_binance, "0.10005")) << "0.1 % of it stays there";
  ack(purchase);
  fill(purchase, "0.10005", "60000");
  ended(purchase, OrderState::Filled, "0.10005");
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Completed);
  EXPECT_LT(resolved[0].residual.abs(), d("0.00001"));
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(QuotesTest, APartIsHedgedWhileTheRestGoesOnStanding) {
  quoted();
  deliver(make_fill(bid, "0.04"));
  ASSERT_TRUE(hedge());
  const OrderRequest first = *hedge();
  EXPECT_EQ(first.quantity, quantity(at_binance, "0.04"));
  placed.clear();
  // More fills while the hedge is on its way: one after the other.
  deliver(make_fill(bid, "0.02"));
  EXPECT_FALSE(hedge());
  fill_all(first);
  ASSERT_TRUE(hedge());
  EXPECT_EQ(hedge()->quantity, quantity(at_binance, "0.02"));
  const OrderRequest second = *hedge();
  placed.clear();
  fill_all(second);
  EXPECT_TRUE(resolved.empty()) << "the rest of the quote stands";
  EXPECT_FALSE(was_cancelled(bid));
  EXPECT_TRUE(status().inventory.empty());

  fill(bid, "0.03995");
  const OrderRequest third = *hedge();
  fill_all(third);
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Completed);
  EXPECT_EQ(resolved[0].bought, d("0.09995"));
  EXPECT_EQ(resolved[0].sold, d("0.09995"));
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(QuotesTest, AHedgeThatFallsShortTakesTheQuoteBackAndIsTriedAgain) {
  quoted();
  deliver(make_fill(bid, "0.05"));
  const OrderRequest first = *hedge();
  placed.clear();
  ack(first);
  fill(first, "0.02");
  ended(first, OrderState::Cancelled, "0.02");
  EXPECT_TRUE(was_cancelled(bid));
  EXPECT_FALSE(hedge()) << "the book still shows what it could not get";
  wait(milliseconds(300));
  ASSERT_TRUE(hedge()) << "whether the quote is gone or not";
  const OrderRequest again = *hedge();
  EXPECT_EQ(again.quantity, quantity(at_binance, "0.03"));
  fill_all(again);
  gone(bid, "0.05");
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_TRUE(resolved[0].residual.is_zero());
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(QuotesTest, AQuoteIsMovedWhenItStandsTooFarAndNotMoreOftenThanAllowed) {
  quoted();
  wait(seconds(1));
  book(at_binance, "60001", "60006");
  EXPECT_TRUE(cancelled.empty()) << "one basis point is not worth it";
  book(at_binance, "60015", "60020");
  EXPECT_TRUE(was_cancelled(bid));
  EXPECT_TRUE(was_cancelled(ask));
  EXPECT_TRUE(placed.empty()) << "first their end";
  gone(bid);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_GT(placed[0].price, bid.price);
  bid = placed[0];
  ack(bid);
  clear();
  book(at_binance, "60035", "60040");
  EXPECT_FALSE(was_cancelled(bid)) << "it was placed a moment ago";
  wait(milliseconds(600));
  EXPECT_TRUE(was_cancelled(bid));
}

TEST_F(QuotesTest, AQuoteThatCouldNotBeHedgedWithoutALossIsTakenBackAtOnce) {
  config.maker_requote_every = seconds(5);
  quoted();
  book(at_binance, "60025", "60030");
  EXPECT_FALSE(was_cancelled(bid)) << "only its edge is larger now";
  EXPECT_FALSE(was_cancelled(ask)) << "five basis points are not gone yet";
  book(at_binance, "60035", "60040");
  EXPECT_TRUE(was_cancelled(ask)) << "in the interval all the same";
  EXPECT_FALSE(was_cancelled(bid));
}

TEST_F(QuotesTest, NothingStandsOnABookThatIsNotValid) {
  quoted();
  send(BookFault{at_binance, binance, BookFaultReason::SequenceGap});
  EXPECT_TRUE(was_cancelled(bid) && was_cancelled(ask)) << "the hedge's";
  gone(bid);
  gone(ask);
  wait(seconds(2));
  EXPECT_TRUE(placed.empty());
  EXPECT_EQ(status().quotes[0].refused, RefuseReason::BookNotValid);
  book(at_binance, "59995", "60000");
  EXPECT_EQ(placed.size(), 2u) << "and when it is again, they stand again";
}

TEST_F(QuotesTest, AHaltAndAStopTakeQuotesBackAndHedgeWhatFilled) {
  quoted();
  command(halt());
  EXPECT_TRUE(was_cancelled(bid) && was_cancelled(ask));
  fill(bid, "0.01");
  ASSERT_TRUE(hedge()) << "what filled is hedged, halted or not";
  fill_all(*hedge());
  gone(bid, "0.01");
  gone(ask);
  placed.clear();
  wait(seconds(3));
  EXPECT_TRUE(placed.empty());
  command(resume());
  ASSERT_EQ(placed.size(), 2u);
  for (const OrderRequest& quote : std::vector<OrderRequest>(placed)) ack(quote);
  const std::vector<OrderRequest> again = placed;
  clear();
  command(StopCommand{"ada"});
  EXPECT_EQ(cancelled.size(), 2u);
  EXPECT_EQ(stopped, 0);
  for (const OrderRequest& quote : again) gone(quote);
  EXPECT_EQ(stopped, 1);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(QuotesTest, AQuoteThatNothingFilledEndsAsUnfilledAndIsNoMiss) {
  quoted();
  wait(seconds(1));
  book(at_binance, "60100", "60105");
  gone(bid);
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Unfilled);
  EXPECT_EQ(resolved[0].execution, bid.execution);
  EXPECT_TRUE(opportunities.empty());
  const CoreStatus s = status();
  EXPECT_EQ(s.missed, 0u);
  EXPECT_EQ(s.quotes_unfilled, 1u);
  EXPECT_EQ(told(AlertCode::OrderUnknown), 0);
}

TEST_F(QuotesTest, ACancelThatAFillOvertookIsHedged) {
  quoted();
  command(halt());
  ASSERT_TRUE(was_cancelled(bid));
  send(CancelRejected{bid.id, RejectReason::Other, times()});
  ASSERT_EQ(asked.size(), 1u) << "how it ended, only the venue can tell";
  deliver(make_fill(bid, "0.09995"));
  found(bid, OrderState::Filled, "0.09995");
  ASSERT_TRUE(hedge());
  fill_all(*hedge());
  gone(ask);
  EXPECT_EQ(resolved.size(), 2u);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  EXPECT_EQ(told(AlertCode::LateFill), 0);
  EXPECT_EQ(told(AlertCode::OrderUnknown), 0);
}

TEST_F(QuotesTest, AFillAfterItsEndIsToldAndTradedAway) {
  quoted();
  command(halt());
  gone(bid);
  gone(ask);
  placed.clear();
  deliver(make_fill(bid, "0.05"));
  EXPECT_EQ(told(AlertCode::LateFill), 1);
  ended(bid, OrderState::Cancelled, "0.05");
  ASSERT_TRUE(hedge());
  fill_all(*hedge());
  EXPECT_EQ(resolved.back().outcome, ExecutionOutcome::Unwound);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(QuotesTest, QuotesOfAnEarlierLifeAreFoundAndCancelled) {
  quoted();
  start();
  connect();
  EXPECT_TRUE(std::count(asked.begin(), asked.end(), bid.id) > 0);
  no_edge();
  deliver(make_fill(ask, "0.03"));  // while nobody was there
  found(ask, OrderState::PartlyFilled, "0.03");
  EXPECT_TRUE(was_cancelled(ask));
  ASSERT_TRUE(hedge());
  fill_all(*hedge());
  found(bid, OrderState::Acked, "0");
  EXPECT_TRUE(was_cancelled(bid));
  EXPECT_FALSE(status().reconciled) << "they may still fill";
  gone(bid);
  gone(ask, "0.03");
  placed.clear();
  wait(seconds(3));
  EXPECT_TRUE(status().reconciled);
  EXPECT_EQ(placed.size(), 2u) << "and this life quotes anew";
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(QuotesTest, ALostConnectionLeavesQuotesUnknownAndTheyAreCancelledWhenItIsBack) {
  quoted();
  send(ConnectionDown{kraken, Channel::Trading});
  EXPECT_TRUE(cancelled.empty()) << "nothing can be said there";
  wait(seconds(1));
  send(ConnectionUp{kraken, Channel::Trading});
  found(bid, OrderState::Acked, "0");
  found(ask, OrderState::Acked, "0");
  EXPECT_TRUE(was_cancelled(bid) && was_cancelled(ask));
}

TEST_F(QuotesTest, AWordOfAFillThatWasLostIsAskedFor) {
  quoted();
  const Fill lost = make_fill(bid, "0.09995");
  wait(milliseconds(10'100));
  ASSERT_GE(std::count(asked.begin(), asked.end(), bid.id), 1);
  EXPECT_EQ(told(AlertCode::OrderUnknown), 0) << "to ask is no doubt";
  deliver(lost);
  found(bid, OrderState::Filled, "0.09995");
  EXPECT_TRUE(hedge());
}

TEST_F(QuotesTest, AVenueThatWouldNotHaveAQuoteIsTriedLaterAndLater) {
  start();
  connect();
  no_edge();
  wait(milliseconds(200));
  ASSERT_EQ(placed.size(), 2u);
  std::size_t tries = 0;
  for (int n = 0; n < 200; ++n) {
    for (const OrderRequest& quote : std::vector<OrderRequest>(placed)) {
      ++tries;
      send(OrderNotSent{quote.id});
    }
    clear();
    wait(milliseconds(100));
  }
  EXPECT_GE(tries, 8u);
  EXPECT_LE(tries, 16u) << "in twenty seconds, with twice the wait each time";
  EXPECT_EQ(status().missed, 0u);
}

TEST_F(QuotesTest, WhileQuotesStandTakersKeepOutAndQuotesTakeNoRoom) {
  config.max_open_executions = 1;
  quoted();
  edge();
  EXPECT_FALSE(hedge());
  ASSERT_FALSE(opportunities.empty());
  EXPECT_EQ(opportunities[0].refused, RefuseReason::PairBusy);
}

TEST_F(QuotesTest, AHedgeNeverTakesAQuoteOfOurs) {
  quoted();
  // Binance cannot be reached: the only way out would be kraken, where our own bid is the best.
  book(at_kraken, "59785.48", "60005", "0.04995");
  send(ConnectionDown{binance, Channel::Trading});
  clear();
  fill(bid, "0.05");
  EXPECT_FALSE(hedge());
  EXPECT_TRUE(status().open_orders.size() >= 2u);
  gone(bid, "0.05");
  gone(ask);
  wait(seconds(1));
  ASSERT_TRUE(hedge()) << "when it is gone, that way is open";
  EXPECT_EQ(hedge()->instrument, at_kraken);
}

TEST_F(QuotesTest, BalancesAreComparedWhileQuotesStand) {
  quoted();
  owned[{kraken, usdt}] -= d("7");  // somebody took it
  for (int n = 0; n < 310; ++n) {
    wait(milliseconds(100));
    for (const OrderId id : asked) found(id == bid.id ? bid : ask, OrderState::Acked, "0");
    asked.clear();
  }
  EXPECT_TRUE(was_cancelled(bid) && was_cancelled(ask)) << "a venue whose quotes rest is quiet";
  gone(bid);
  gone(ask);
  wait(seconds(3));
  EXPECT_TRUE(halted({kraken, {}}));
}

TEST_F(QuotesTest, ObservingPlacesNothing) {
  config.maker = StrategyMode::Observe;
  start();
  connect();
  no_edge();
  wait(seconds(1));
  EXPECT_TRUE(placed.empty());
  ASSERT_EQ(status().quotes.size(), 2u);
  EXPECT_EQ(status().quotes[0].refused, RefuseReason::ObserveOnly);
  EXPECT_EQ(status().quotes[0].wanted.price, price(at_kraken, "59785.48"));
}

TEST_F(QuotesTest, TheSameEventsGiveTheSameActions) {
  quoted();
  deliver(make_fill(bid, "0.04"));
  fill_all(*hedge());
  command(halt());
  gone(bid, "0.04");
  gone(ask);
  EXPECT_EQ(actions_of_replay(), actions_done());
}

}  // namespace
}  // namespace ats::core
