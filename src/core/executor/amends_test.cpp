// The stories of a quote that is moved by amending it: carried out, refused, overtaken, or with nobody to say so.

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

// BTC/USDT is quoted on kraken, which amends, and hedged on binance.
class AmendsTest : public ::testing::Test, protected World {
 protected:
  AmendsTest() {
    universe.venue(kraken).amends = AmendRule::PriceAndQuantity;
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
    for (const OrderRequest& quote : {bid, ask}) ack(quote);
    wait(seconds(1));
    clear();
  }
  // The fast venue's book goes up: both quotes are to follow.
  void market_rises() { book(at_binance, "60015", "60020"); }
  void moving() {
    quoted();
    market_rises();
    ASSERT_EQ(amended.size(), 2u);
    ASSERT_EQ(amended[0].order->id, bid.id);
    move = amended[0];
    amend_done(amended[1]);
    moved = *move->order;
    clear();
  }
  OrderStatus shown(const OrderRequest& order) const {
    for (const OrderStatus& open : status().open_orders) {
      if (open.request.id == order.id) return open;
    }
    return {};
  }
  bool was_cancelled(const OrderRequest& order) const {
    return std::count(cancelled.begin(), cancelled.end(), order.id) > 0;
  }
  bool was_asked(const OrderRequest& order) const {
    return std::count(asked.begin(), asked.end(), order.id) > 0;
  }
  Decimal held(AssetId asset) const {
    for (const BalanceStatus& b : status().balances) {
      if (b.venue == kraken && b.asset == asset) return b.reserved;
    }
    return {};
  }

  OrderRequest bid, ask, moved;
  std::optional<Amend> move;
};

TEST_F(AmendsTest, AQuoteIsMovedUnderItsIdAndNothingIsCancelled) {
  quoted();
  market_rises();
  EXPECT_TRUE(cancelled.empty() && placed.empty());
  ASSERT_EQ(amended.size(), 2u);
  for (const auto& [amend, quote] : {std::pair{amended[0], bid}, std::pair{amended[1], ask}}) {
    EXPECT_EQ(amend.order->id, quote.id);
    EXPECT_EQ(amend.order->execution, quote.execution);
    EXPECT_EQ(amend.standing, terms_of(quote));
    EXPECT_GT(amend.order->price, quote.price);
    EXPECT_TRUE(amend.order->post_only);
    EXPECT_EQ(amend.venue_order_id.view(), "v" + std::to_string(quote.id.value));
    EXPECT_GT(amend.order.serial(), 0u);
    amend_done(amend);
  }
  EXPECT_EQ(shown(bid).request.price, amended[0].order->price);
  EXPECT_FALSE(shown(bid).amending.told());
  EXPECT_EQ(status().quotes_amended, 2u);
  EXPECT_EQ(status().quotes_placed, 2u);
  clear();
  wait(seconds(5));
  EXPECT_TRUE(amended.empty() && placed.empty() && cancelled.empty() && alerts.empty());
}

TEST_F(AmendsTest, UntilTheVenueHasSaidBothTermsCount) {
  const Decimal before = (quoted(), held(usdt));
  market_rises();
  ASSERT_EQ(amended.size(), 2u);
  const Instrument& on = instrument(at_kraken);
  const OrderRequest& wanted = *amended[0].order;
  EXPECT_EQ(shown(bid).request.price, bid.price);
  EXPECT_EQ(shown(bid).amending, terms_of(wanted));
  const Decimal dearer = on.notional(wanted.price, wanted.quantity);
  EXPECT_GE(held(usdt), std::max(before, dearer));
  // Down again at once: it is not moved a second time before it is known where it is.
  no_edge();
  wait(milliseconds(1500));
  EXPECT_EQ(amended.size(), 2u);
}

TEST_F(AmendsTest, ARefusedOneIsTakenBackAndPlacedAnew) {
  moving();
  amend_refused(*move);
  EXPECT_EQ(shown(bid).request.price, bid.price) << "it stands as it did";
  EXPECT_TRUE(was_cancelled(bid));
  EXPECT_TRUE(placed.empty()) << "first its end";
  ended(bid, OrderState::Cancelled, "0");
  wait(seconds(2));
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].side, Side::Buy);
  EXPECT_EQ(placed[0].price, moved.price);
  EXPECT_NE(placed[0].id, bid.id);
}

TEST_F(AmendsTest, NoAnswerIsNoneTheVenueIsAskedAndNothingIsSentAgain) {
  moving();
  wait(milliseconds(2100));
  EXPECT_TRUE(was_asked(bid));
  EXPECT_EQ(shown(bid).state, OrderState::Unknown);
  EXPECT_EQ(told(AlertCode::OrderUnknown), 1);
  EXPECT_TRUE(amended.empty() && cancelled.empty());
  // It came through.
  found_at(bid, OrderState::Acked, "0", terms_of(moved));
  EXPECT_EQ(shown(bid).request.price, moved.price);
  EXPECT_FALSE(shown(bid).amending.told());
  EXPECT_FALSE(was_cancelled(bid));
  clear();
  wait(seconds(3));
  EXPECT_TRUE(amended.empty() && cancelled.empty());
}

TEST_F(AmendsTest, OldTermsAreBelievedOnlyWhenTheRequestCannotBeOnItsWayAnyMore) {
  moving();
  wait(milliseconds(2100));
  ASSERT_TRUE(was_asked(bid));
  found_at(bid, OrderState::Acked, "0", terms_of(bid));
  EXPECT_TRUE(shown(bid).amending.told()) << "two seconds: it may still arrive";
  clear();
  wait(milliseconds(1100));
  EXPECT_TRUE(was_asked(bid)) << "asked again";
  EXPECT_TRUE(amended.empty());
  found_at(bid, OrderState::Acked, "0", terms_of(bid));
  EXPECT_EQ(shown(bid).request.price, bid.price);
  ASSERT_EQ(amended.size(), 1u) << "known again, it is moved to where it is wanted";
  EXPECT_EQ(amended[0].standing, terms_of(bid));
}

TEST_F(AmendsTest, AnAnswerToAQuestionOfBeforeTellsNothingOfWhereItStandsNow) {
  moving();
  const Instant before = now;
  wait(seconds(1));
  amend_done(*move);
  found_at(bid, OrderState::Acked, "0", terms_of(bid), before);
  EXPECT_EQ(shown(bid).request.price, moved.price);
  EXPECT_FALSE(shown(bid).amending.told());
  // One that was asked later and shows another price than any that was asked for: nobody knows, so it is asked again.
  wait(milliseconds(100));
  OrderTerms strange = terms_of(bid);
  strange.price.units -= 1000;
  found_at(bid, OrderState::Acked, "0", strange);
  EXPECT_EQ(shown(bid).request.price, moved.price);
  EXPECT_EQ(shown(bid).amending, strange);
  wait(milliseconds(1100));
  EXPECT_TRUE(was_asked(bid));
  found_at(bid, OrderState::Acked, "0", strange);
  EXPECT_EQ(shown(bid).request.price, strange.price) << "the venue says so twice";
}

TEST_F(AmendsTest, ARefusalOfWhatWasThoughtToBeDoneIsAskedAbout) {
  moving();
  amend_done(*move);
  clear();
  amend_refused(*move);
  EXPECT_TRUE(shown(bid).amending.told());
  wait(milliseconds(1100));
  EXPECT_TRUE(was_asked(bid));
  found_at(bid, OrderState::Acked, "0", terms_of(bid));
  EXPECT_EQ(shown(bid).request.price, bid.price);
}

TEST_F(AmendsTest, OneThatComesThroughAfterItWasGivenUpIsDoubtedAndAskedAbout) {
  moving();
  wait(milliseconds(3100));
  found_at(bid, OrderState::Acked, "0", terms_of(bid));
  // The maker wants it elsewhere still, and asks again: its second request is refused.
  ASSERT_EQ(amended.size(), 1u);
  EXPECT_EQ(amended[0].standing, terms_of(bid));
  amend_refused(amended[0]);
  clear();
  amend_done(*move);
  EXPECT_EQ(shown(bid).request.price, bid.price) << "said, and not believed";
  EXPECT_TRUE(shown(bid).amending.told()) << "but counted";
  wait(milliseconds(1100));
  EXPECT_TRUE(was_asked(bid));
  found_at(bid, OrderState::Acked, "0", terms_of(moved));
  EXPECT_EQ(shown(bid).request.price, moved.price);
}

TEST_F(AmendsTest, AFillAtTheOldPriceIsBookedAtItAndTheAmendmentHoldsForTheRest) {
  moving();
  deliver(make_fill(bid, "0.04"));
  ASSERT_EQ(placed.size(), 1u) << "hedged at once";
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.04"));
  ASSERT_EQ(opportunities.size(), 1u);
  EXPECT_EQ(opportunities[0].buy_limit, bid.price);
  fill_all(placed[0]);
  amend_done(*move);
  EXPECT_EQ(shown(bid).request.price, moved.price);
  EXPECT_EQ(shown(bid).filled, quantity(at_kraken, "0.04"));
  clear();
  // The rest, at its new price.
  const std::string rest =
      format_scaled(moved.quantity.units - quantity(at_kraken, "0.04").units, 8);
  deliver(make_fill(moved, rest));
  ASSERT_EQ(placed.size(), 1u);
  fill_all(placed[0]);
  ended(moved, OrderState::Filled, format_scaled(moved.quantity.units, 8));
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Completed);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  EXPECT_EQ(told(AlertCode::FillMismatch), 0);
}

TEST_F(AmendsTest, AFillAtTheNewPriceTellsThePromiseThatItKeeps) {
  moving();
  deliver(make_fill(moved, "0.04"));
  ASSERT_EQ(opportunities.size(), 1u);
  EXPECT_EQ(opportunities[0].buy_limit, moved.price);
}

// The old total is full while it may have become more: it is over when the venue says so, and not before.
class FullOldTotal : public AmendsTest, public ::testing::WithParamInterface<bool> {};
TEST_P(FullOldTotal, IsNoEndWhileALargerOneMayStand) {
  const bool carried_out = GetParam();
  quoted();
  book(at_binance, "59975", "59980");
  ASSERT_EQ(amended.size(), 2u);
  const Amend cheaper = amended[0];
  ASSERT_GT(cheaper.order->quantity, bid.quantity) << "as much money buys more";
  const std::string whole = format_scaled(bid.quantity.units, 8);
  deliver(make_fill(bid, whole));
  ASSERT_EQ(placed.size(), 1u);
  fill_all(placed[0]);
  EXPECT_TRUE(resolved.empty());
  EXPECT_EQ(shown(bid).state, OrderState::PartlyFilled);
  if (carried_out) {
    amend_done(cheaper);
    EXPECT_TRUE(resolved.empty()) << "a little of it is left";
    ended(bid, OrderState::Cancelled, whole);
  } else {
    ended(bid, OrderState::Filled, whole);
  }
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Completed);
  EXPECT_EQ(told(AlertCode::FillMismatch), 0);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}
INSTANTIATE_TEST_SUITE_P(Amends, FullOldTotal, ::testing::Bool());

TEST_F(AmendsTest, WhatFilledBeyondASmallerTotalIsNoMismatch) {
  moving();
  // More than half is taken at the old price, and the venue tells the new total after that.
  const std::string whole = format_scaled(bid.quantity.units, 8);
  deliver(make_fill(bid, whole));
  ASSERT_EQ(placed.size(), 1u);
  fill_all(placed[0]);
  ended(bid, OrderState::Filled, whole);
  ASSERT_EQ(resolved.size(), 1u);
  amend_refused(*move, RejectReason::Other);
  EXPECT_EQ(told(AlertCode::FillMismatch), 0);
  EXPECT_EQ(told(AlertCode::LateFill), 0);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(AmendsTest, AQuoteOfWhichSomethingFilledIsMovedByACancel) {
  quoted();
  deliver(make_fill(bid, "0.02"));
  fill_all(placed[0]);
  clear();
  market_rises();
  EXPECT_TRUE(was_cancelled(bid));
  ASSERT_EQ(amended.size(), 1u);
  EXPECT_EQ(amended[0].order->id, ask.id);
}

TEST_F(AmendsTest, ALossIsTakenBackEvenWhileTheAmendmentIsUnderWay) {
  quoted();
  market_rises();
  ASSERT_EQ(amended.size(), 2u);
  clear();
  // The ask stands too low now at its old price, and at its new one.
  book(at_binance, "60105", "60110");
  EXPECT_TRUE(was_cancelled(ask));
  EXPECT_FALSE(was_cancelled(bid));
}

TEST_F(AmendsTest, ALostConnectionAndANewLifeFindOutWhichTermsStand) {
  moving();
  start();
  connect();
  no_edge();
  EXPECT_TRUE(shown(bid).amending.told()) << "the journal says that it was asked for";
  EXPECT_TRUE(was_asked(bid));
  found_at(bid, OrderState::Acked, "0", terms_of(moved));
  EXPECT_EQ(shown(bid).request.price, moved.price);
  EXPECT_TRUE(was_cancelled(bid));
  Engine folded;
  fold_into(folded);
  CoreStatus s;
  folded.status(s);
  EXPECT_EQ(s.open_orders.size(), status().open_orders.size());
  EXPECT_EQ(actions_of_replay(), actions_done());
}

TEST_F(AmendsTest, WhereOnlyThePriceCanBeChangedTheQuantityStays) {
  universe.venue(kraken).amends = AmendRule::Price;
  quoted();
  book(at_binance, "60115", "60120");
  // The quantity that is wanted is a little less at a higher price: what stands could not all be hedged as priced.
  for (const Amend& amend : amended) EXPECT_EQ(amend.order->quantity, amend.standing.quantity);
  book(at_binance, "59895", "59900");
  ASSERT_FALSE(amended.empty() && cancelled.empty());
}

TEST_F(AmendsTest, AHaltOrAStopTakesBackWhatIsBeingMoved) {
  moving();
  command(halt());
  amend_done(*move);
  EXPECT_TRUE(was_cancelled(bid));
  EXPECT_TRUE(amended.empty());
}

}  // namespace
}  // namespace ats::core
