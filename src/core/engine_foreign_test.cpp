// Somebody else on our accounts: what the engine makes of an order that is not ours, by policy, whenever it
// turns up. The books are exact under each of them.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/executor/testing.hpp"
#include "core/ledger/foreign_orders.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

constexpr auto cool_down_is_over = seconds(400);

class ForeignTest : public ::testing::Test, protected World {
 protected:
  void under(ForeignPolicy policy) { config.foreign_orders = policy; }

  // A hand-made order on kraken, as the venue tells of it.
  ForeignOrder by_hand(std::string_view id, Side side, std::string_view quantity_,
                       std::string_view price_, std::string_view filled = "0") {
    return {kraken,
            VenueOrderId(id),
            at_kraken,
            side,
            {price(at_kraken, price_), quantity(at_kraken, quantity_)},
            quantity(at_kraken, filled),
            true};
  }
  static ForeignOrder over(ForeignOrder order) {
    order.open = false;
    return order;
  }
  // It happens at the venue; told when the test says so.
  ForeignFill hand_fill(std::string_view id, Side side, std::string_view quantity_,
                        std::string_view price_) {
    OrderRequest order;
    order.instrument = at_kraken;
    order.side = side;
    Fill fill = make_fill(order, quantity_, price_);
    fill.venue_time = wall;
    return {VenueOrderId(id), fill, times()};
  }
  // The venue's answer to what was asked when the connection came up.
  void open_orders_are(const std::vector<ForeignOrder>& orders) {
    for (const ForeignOrder& order : orders) send(order);
    send(OpenOrdersComplete{kraken, 0, times()});
  }
  void reconnect() {
    send(ConnectionDown{kraken, Channel::Trading});
    send(ConnectionUp{kraken, Channel::Trading});
  }
  // The first such alert; there is one.
  const Alert& of_foreign() const {
    return *std::find_if(alerts.begin(), alerts.end(),
                         [](const Alert& a) { return a.code == AlertCode::ForeignOrder; });
  }
  bool opens() {
    clear();
    edge();
    const bool opened = placed.size() == 2;
    for (const OrderRequest& order : std::vector(placed)) fill_all(order);
    no_edge();
    wait(seconds(2));
    return opened;
  }
  std::optional<RiskState> held_up() const {
    for (const HoldStatus& hold : status().holds) {
      if (hold.scope == Scope{kraken, {}}) return hold.state;
    }
    return std::nullopt;
  }
  Decimal held(AssetId asset) const {
    for (const BalanceStatus& b : status().balances) {
      if (b.venue == kraken && b.asset == asset) return b.foreign;
    }
    return {};
  }
  // The ledger is the venue's to the unit, and nothing of it is profit or fee of ours.
  void expect_exact_books(std::size_t entries) {
    EXPECT_TRUE(ledger_is_what_the_venues_own());
    EXPECT_EQ(std::count_if(booked.begin(), booked.end(),
                            [](const Booked& b) { return b.kind == EntryKind::ForeignFill; }),
              static_cast<std::ptrdiff_t>(entries));
    for (const Booked& entry : booked) {
      for (std::size_t n = 0; n < entry.count; ++n) {
        EXPECT_TRUE(entry.postings[n].account == Account::Venue ||
                    entry.postings[n].account == Account::External);
      }
    }
    for (const auto& total : status().totals) {
      EXPECT_TRUE(total.change.is_zero());
      EXPECT_TRUE(total.fees.is_zero());
    }
  }
};

// --- the default ---

TEST_F(ForeignTest, BeforeAPersonHasSaidThatItIsKnownAnOrderOfSomebodyElseReducesTheVenue) {
  EXPECT_EQ(config.foreign_orders, ForeignPolicy::Halt);
}

// --- halt ---

TEST_F(ForeignTest, HaltFoundAtStartOpensNothingThereUntilAPersonResumes) {
  under(ForeignPolicy::Halt);
  start();
  connect();
  open_orders_are({by_hand("OABC", Side::Buy, "0.5", "30000")});
  no_edge();
  wait(seconds(1));
  ASSERT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_EQ(of_foreign().severity, Severity::Critical);
  EXPECT_EQ(of_foreign().scope, (Scope{kraken, {}}));
  EXPECT_EQ(held_up(), RiskState::ReduceOnly);
  EXPECT_FALSE(opens());
  wait(cool_down_is_over);
  EXPECT_FALSE(opens()) << "nothing but a person lifts it";
  command(resume({kraken, {}}));
  EXPECT_EQ(held_up(), std::nullopt);
  EXPECT_TRUE(opens());
}

TEST_F(ForeignTest, HaltFoundWhileRunningStillLetsWhatIsOpenBeResolvedThere) {
  under(ForeignPolicy::Halt);
  up();
  edge();
  ASSERT_EQ(placed.size(), 2u);
  const OrderRequest buy = placed[0];
  const OrderRequest sell = placed[1];
  no_edge();
  send(by_hand("OABC", Side::Sell, "0.1", "90000"));
  EXPECT_EQ(held_up(), RiskState::ReduceOnly);
  placed.clear();
  fill_all(buy);
  reject(sell);
  ASSERT_EQ(placed.size(), 1u) << "what was bought is sold again";
  EXPECT_TRUE(placed[0].unwind);
  const OrderRequest unwind = placed[0];
  fill_all(unwind);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(ForeignTest, HaltAFillOfAnOrderNobodyToldOfIsBookedAndReducesTheVenue) {
  under(ForeignPolicy::Halt);
  up();
  send(hand_fill("OABC", Side::Buy, "0.2", "60000"));
  EXPECT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_EQ(held_up(), RiskState::ReduceOnly);
  expect_exact_books(1);
  wait(seconds(70));
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0) << "the money is accounted for";
}

TEST_F(ForeignTest, HaltTheEndOfTheOrderIsToldAndResumesNothing) {
  under(ForeignPolicy::Halt);
  up();
  const ForeignOrder order = by_hand("OABC", Side::Buy, "0.5", "30000");
  send(order);
  clear();
  send(over(order));
  ASSERT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_EQ(alerts[0].severity, Severity::Info);
  EXPECT_FALSE(alerts[0].over);
  EXPECT_EQ(held_up(), RiskState::ReduceOnly);
}

TEST_F(ForeignTest, HaltAnOrderThatAPersonResumedOverIsNotHeldAgainstTheVenueAgain) {
  under(ForeignPolicy::Halt);
  up();
  const ForeignOrder order = by_hand("OABC", Side::Buy, "0.5", "30000");
  send(order);
  command(resume({kraken, {}}));
  clear();
  reconnect();
  open_orders_are({order});
  send(hand_fill("OABC", Side::Buy, "0.2", "30000"));
  EXPECT_EQ(held_up(), std::nullopt);
  EXPECT_EQ(told(AlertCode::ForeignOrder), 0);
  send(by_hand("ODEF", Side::Buy, "0.1", "30000"));
  EXPECT_EQ(held_up(), RiskState::ReduceOnly) << "another is another";
}

TEST_F(ForeignTest, HaltIsRestoredFromTheJournal) {
  under(ForeignPolicy::Halt);
  up();
  const ForeignOrder order = by_hand("OABC", Side::Buy, "0.5", "30000");
  send(order);
  start();
  connect();
  open_orders_are({order});
  EXPECT_EQ(told(AlertCode::ForeignOrder), 1) << "told in the earlier life";
  EXPECT_EQ(held_up(), RiskState::ReduceOnly);
  Engine restarted;
  fold_into(restarted);
  CoreStatus theirs;
  restarted.status(theirs);
  ASSERT_EQ(theirs.holds.size(), 1u);
  EXPECT_EQ(theirs.holds[0].scope, (Scope{kraken, {}}));
  EXPECT_EQ(actions_of_replay(), actions_done());
}

// --- report ---

TEST_F(ForeignTest, ReportFoundAtStartIsOneWarningWithBothSidesAndTradingGoesOn) {
  under(ForeignPolicy::Report);
  start();
  connect();
  open_orders_are({by_hand("OABC", Side::Buy, "0.5", "30000", "0.1")});
  no_edge();
  wait(seconds(1));
  ASSERT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_EQ(of_foreign().severity, Severity::Warning);
  EXPECT_EQ(of_foreign().subject.view(), "OABC");
  EXPECT_EQ(of_foreign().message.view(),
            "OABC on kraken buys 0.5 BTC/USDT at 30000, filled 0.1; we placed no such order");
  EXPECT_EQ(held_up(), std::nullopt);
  EXPECT_TRUE(opens());
}

TEST_F(ForeignTest, ReportTellsOfAnOrderOnceHoweverOftenTheVenueDoes) {
  under(ForeignPolicy::Report);
  up();
  const ForeignOrder order = by_hand("OABC", Side::Sell, "0.5", "90000");
  send(order);
  send(order);
  send(hand_fill("OABC", Side::Sell, "0.2", "90000"));
  for (int n = 0; n < 3; ++n) {
    reconnect();
    open_orders_are({by_hand("OABC", Side::Sell, "0.5", "90000", "0.2")});
  }
  EXPECT_EQ(told(AlertCode::ForeignOrder), 1);
}

TEST_F(ForeignTest, ReportEveryFillIsBookedOnceAndIsNeitherProfitNorFeeOfOurs) {
  under(ForeignPolicy::Report);
  up();
  const ForeignFill bought = hand_fill("OABC", Side::Buy, "0.2", "60000");
  const ForeignFill sold = hand_fill("ODEF", Side::Sell, "0.3", "61000");
  send(bought);
  send(bought);
  send(sold);
  send(bought);
  expect_exact_books(2);
  wait(seconds(70));
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0);
  EXPECT_TRUE(status().pnl_reporting.is_zero());
  EXPECT_TRUE(inventory().is_zero()) << "what others bought is not ours to trade away";
}

TEST_F(ForeignTest, ReportACancelledOrderIsAnAllClear) {
  under(ForeignPolicy::Report);
  up();
  const ForeignOrder order = by_hand("OABC", Side::Buy, "0.5", "30000");
  send(order);
  clear();
  send(over(order));
  send(over(order));
  ASSERT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_TRUE(alerts[0].over);
  EXPECT_EQ(alerts[0].subject.view(), "OABC");
}

TEST_F(ForeignTest, ReportAnOrderThatACompleteAnswerDoesNotNameAnyMoreIsOver) {
  under(ForeignPolicy::Report);
  up();
  send(by_hand("OABC", Side::Buy, "0.5", "30000"));
  send(by_hand("ODEF", Side::Buy, "0.1", "30000"));
  clear();
  reconnect();
  wait(seconds(5));
  EXPECT_EQ(told(AlertCode::ForeignOrder), 0) << "no answer is no empty answer";
  open_orders_are({by_hand("ODEF", Side::Buy, "0.1", "30000")});
  ASSERT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_TRUE(alerts.back().over);
  EXPECT_EQ(alerts.back().subject.view(), "OABC");
  EXPECT_EQ(held(usdt), d("3006")) << "what the other holds, fee and all";
}

TEST_F(ForeignTest, ReportAnOrderOnAnInstrumentThatIsNoneOfOursIsToldToo) {
  under(ForeignPolicy::Report);
  up();
  send(ForeignOrder{kraken, "OABC"});
  EXPECT_EQ(told(AlertCode::ForeignOrder), 1);
  EXPECT_TRUE(held(usdt).is_zero());
}

// --- adopt ---

TEST_F(ForeignTest, AdoptFoundAtStartOrWhileRunningIsNotedAndDisturbsNothing) {
  under(ForeignPolicy::Adopt);
  start();
  connect();
  open_orders_are({by_hand("OABC", Side::Buy, "0.5", "30000")});
  no_edge();
  wait(seconds(1));
  send(by_hand("ODEF", Side::Sell, "0.1", "90000"));
  ASSERT_EQ(told(AlertCode::ForeignOrder), 2);
  for (const Alert& alert : alerts) {
    if (alert.code == AlertCode::ForeignOrder) {
      EXPECT_EQ(alert.severity, Severity::Info);
    }
  }
  EXPECT_EQ(held_up(), std::nullopt);
  EXPECT_TRUE(opens());
}

TEST_F(ForeignTest, AdoptEveryFillIsBookedAndTheVenueNeverBreaks) {
  under(ForeignPolicy::Adopt);
  up();
  send(by_hand("OABC", Side::Sell, "0.5", "61000"));
  for (int n = 0; n < 5; ++n) send(hand_fill("OABC", Side::Sell, "0.1", "61000"));
  send(over(by_hand("OABC", Side::Sell, "0.5", "61000", "0.5")));
  expect_exact_books(5);
  wait(seconds(70));
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0);
  EXPECT_TRUE(held(btc).is_zero());
}

TEST_F(ForeignTest, AdoptAnOrderOverWithMoreThanWasToldShutsTheVenueUntilBalancesAgree) {
  under(ForeignPolicy::Adopt);
  up();
  send(by_hand("OABC", Side::Sell, "0.5", "61000"));
  send(hand_fill("OABC", Side::Sell, "0.1", "61000"));
  EXPECT_TRUE(opens());
  const ForeignFill untold = hand_fill("OABC", Side::Sell, "0.4", "61000");
  send(over(by_hand("OABC", Side::Sell, "0.5", "61000", "0.5")));
  clear();
  edge();
  EXPECT_TRUE(placed.empty()) << "0.4 of it is nowhere in the books";
  no_edge();
  // It was only late.
  send(untold);
  wait(seconds(10));
  EXPECT_TRUE(opens());
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0);
}

TEST_F(ForeignTest, AdoptWhatAnOpenOrderHoldsIsNotSpent) {
  under(ForeignPolicy::Adopt);
  up();
  send(by_hand("OABC", Side::Sell, "0.97", "90000"));
  EXPECT_EQ(held(btc), d("0.97"));
  edge();
  ASSERT_EQ(placed.size(), 2u);
  EXPECT_LE(instrument(at_kraken).quantity_decimal(placed[1].quantity), d("0.03"));
}

TEST_F(ForeignTest, AdoptWhatAnOrderHoldsFollowsItsFillsItsTermsAndItsEnd) {
  under(ForeignPolicy::Adopt);
  up();
  send(by_hand("OABC", Side::Sell, "0.5", "90000"));
  EXPECT_EQ(held(btc), d("0.5"));
  send(hand_fill("OABC", Side::Sell, "0.2", "90000"));
  EXPECT_EQ(held(btc), d("0.3"));
  send(by_hand("OABC", Side::Sell, "0.6", "91000", "0.2"));
  EXPECT_EQ(held(btc), d("0.4"));
  send(over(by_hand("OABC", Side::Sell, "0.6", "91000", "0.2")));
  EXPECT_TRUE(held(btc).is_zero());
  send(by_hand("OABC", Side::Sell, "0.6", "91000", "0.2"));
  EXPECT_TRUE(held(btc).is_zero()) << "an answer that was overtaken opens nothing again";
}

TEST_F(ForeignTest, AStricterPolicyAfterARestartTellsOfWhatIsStillOpen) {
  under(ForeignPolicy::Adopt);
  up();
  const ForeignOrder order = by_hand("OABC", Side::Buy, "0.5", "30000");
  send(order);
  under(ForeignPolicy::Halt);
  start();
  connect();
  open_orders_are({order});
  EXPECT_EQ(held_up(), RiskState::ReduceOnly);
}

// --- what is not known is not guessed ---

TEST_F(ForeignTest, AFillBeforeTheAccountIsOpenedIsInTheBalanceThatOpensIt) {
  under(ForeignPolicy::Adopt);
  start();
  answers_balances = false;
  connect();
  send(hand_fill("OABC", Side::Buy, "0.2", "60000"));
  EXPECT_TRUE(booked.empty());
  answers_balances = true;
  tell_balances(kraken);
  tell_balances(binance);
  no_edge();
  wait(seconds(70));
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0);
}

TEST_F(ForeignTest, AFillThatNobodyToldOfIsABreakAndHaltsTheVenueWhateverThePolicy) {
  under(ForeignPolicy::Adopt);
  up();
  hand_fill("OABC", Side::Buy, "0.2", "60000");
  wait(seconds(70));
  EXPECT_EQ(told(AlertCode::LedgerBreak), 2);
  EXPECT_TRUE(halted({kraken, {}}));
  command(resume({kraken, {}}));
  wait(seconds(10));
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(ForeignTest, AFillThatMakesNoSenseIsNotBookedAndHaltsTheVenue) {
  under(ForeignPolicy::Adopt);
  up();
  ForeignFill fill = hand_fill("OABC", Side::Buy, "0.2", "60000");
  fill.fill.price = {};
  send(fill);
  EXPECT_TRUE(booked.empty());
  EXPECT_EQ(told(AlertCode::FillMismatch), 1);
  EXPECT_TRUE(halted({kraken, {}}));
}

TEST_F(ForeignTest, AnOldFillToldAgainAfterItsNameWasForgottenIsNotBookedTwice) {
  under(ForeignPolicy::Adopt);
  up();
  const ForeignFill first = hand_fill("OABC", Side::Buy, "0.0001", "60000");
  send(first);
  for (std::size_t n = 0; n < ForeignOrders::fills_remembered; ++n) {
    wall = wall + milliseconds(1);
    send(hand_fill("OABC", n % 2 == 0 ? Side::Sell : Side::Buy, "0.0001", "60000"));
  }
  booked.clear();
  send(first);
  EXPECT_TRUE(booked.empty());
  wait(seconds(70));
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0);
  EXPECT_EQ(actions_of_replay(), actions_done());
}

TEST_F(ForeignTest, EveryPolicyReplaysToTheByte) {
  for (const ForeignPolicy policy :
       {ForeignPolicy::Halt, ForeignPolicy::Report, ForeignPolicy::Adopt}) {
    under(policy);
    up();
    send(by_hand("O1" + std::string(name(policy)), Side::Buy, "0.1", "30000"));
    send(hand_fill("O1" + std::string(name(policy)), Side::Buy, "0.05", "30000"));
    command(resume({kraken, {}}));
    opens();
    EXPECT_TRUE(ledger_is_what_the_venues_own());
  }
  EXPECT_EQ(actions_of_replay(), actions_done());
}

}  // namespace
}  // namespace ats::core
