// The engine as a whole: what it may do when, what survives a restart, and that the same events give the
// same actions whatever they are.

#include "core/engine.hpp"

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class EngineTest : public ::testing::Test, protected World {
 protected:
  RefuseReason last_refusal() const {
    return opportunities.empty() ? RefuseReason::None : opportunities.back().refused;
  }
  void refused_with(RefuseReason reason) {
    edge();
    EXPECT_TRUE(placed.empty());
    ASSERT_FALSE(opportunities.empty());
    EXPECT_EQ(last_refusal(), reason) << name(last_refusal());
  }
};

// --- default deny ---

TEST_F(EngineTest, BeforeItIsStartedNothingHappens) {
  send(Timer{wall});
  send(ConnectionUp{binance, Channel::Trading});
  EXPECT_TRUE(all.empty());
}

TEST_F(EngineTest, NothingIsTradedBeforeBalancesAreToldAndCompared) {
  answers_balances = false;
  start();
  connect();
  refused_with(RefuseReason::NoBalanceToSell);
  for (const auto& [where, total] : owned) {
    send(BalanceReported{where.first, where.second, total, {}, times()});
  }
  refused_with(RefuseReason::NotReconciled);
  EXPECT_FALSE(status().reconciled);
  send(BalancesComplete{binance, times(), now});
  refused_with(RefuseReason::NotReconciled);
  send(BalancesComplete{kraken, times(), now});
  EXPECT_TRUE(status().reconciled);
  EXPECT_EQ(told(AlertCode::Reconciled), 1);
  wait(milliseconds(300));
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(EngineTest, OpeningBalancesAreBookedOnceAndAreNoProfit) {
  up();
  EXPECT_EQ(ledger(binance, usdt), d("50000"));
  EXPECT_EQ(ledger(kraken, btc), d("1"));
  EXPECT_TRUE(status().pnl_reporting.is_zero());
  EXPECT_TRUE(status().pnl_reporting_complete);
  tell_balances(binance);
  EXPECT_TRUE(booked.empty());
}

TEST_F(EngineTest, AVenueWithoutItsTradingConnectionIsNotTraded) {
  up();
  send(ConnectionDown{kraken, Channel::Trading});
  edge();
  EXPECT_TRUE(placed.empty());
  send(ConnectionUp{kraken, Channel::Trading});
  edge();
  EXPECT_EQ(placed.size(), 2u) << "back, and its balances were compared";
}

TEST_F(EngineTest, AMuteVenueIsNotTraded) {
  up();
  edge();
  placed.clear();
  now = now + seconds(11);
  send(Heartbeat{binance, times()});
  book(at_binance, "59995", "60000", "0.2");
  EXPECT_TRUE(placed.empty());
}

TEST_F(EngineTest, AConnectionAsksForOrdersAndBalances) {
  answers_balances = false;
  start();
  all.clear();
  send(ConnectionUp{binance, Channel::Trading});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<QueryOpenOrders>(all[0]));
  EXPECT_TRUE(std::holds_alternative<QueryBalances>(all[1]));
  all.clear();
  wait(seconds(13));
  std::size_t questions = 0;
  for (const Action& a : all) questions += std::holds_alternative<QueryBalances>(a);
  EXPECT_EQ(questions, 2u)
      << "an answer that is four seconds late is none, and the next one is given eight";
}

// --- limits ---

TEST_F(EngineTest, AnEdgeTooGoodToBeTrueIsRefused) {
  up();
  book(at_binance, "59995", "60000");
  book(at_kraken, "63000", "63005");
  EXPECT_TRUE(placed.empty());
  ASSERT_FALSE(opportunities.empty());
  EXPECT_EQ(last_refusal(), RefuseReason::EdgeTooGood);
}

TEST_F(EngineTest, ExposureInFlightCountsAgainstItsLimit) {
  config.max_exposure = d("5000");
  up();
  refused_with(RefuseReason::Exposure);
}

TEST_F(EngineTest, AnOpportunityIsToldWhenTheAnswerChangesNotOnEveryTick) {
  up();
  command(halt());
  for (int n = 0; n < 10; ++n) {
    book(at_binance, "59995", n % 2 == 0 ? "60000" : "60001", "0.1");
    book(at_kraken, "60600", "60605", "0.1");
  }
  ASSERT_EQ(opportunities.size(), 1u);
  EXPECT_EQ(opportunities[0].refused, RefuseReason::Halted);
  EXPECT_EQ(opportunities[0].quantity, quantity(at_binance, "0.1"));
  command(resume());
  edge();
  ASSERT_EQ(opportunities.size(), 3u);
  EXPECT_EQ(opportunities[1].refused, RefuseReason::None);
  EXPECT_EQ(opportunities[1].execution, placed[0].execution);
  EXPECT_EQ(opportunities[2].refused, RefuseReason::PairBusy);
  const CoreStatus s = status();
  EXPECT_EQ(s.opportunities, 1u);
  EXPECT_EQ(s.sent, 1u);
  EXPECT_EQ(s.refused[static_cast<std::size_t>(RefuseReason::Halted)], 1u);
}

TEST_F(EngineTest, TheDaysLossHaltsEverythingUntilAPersonAndTheNextDay) {
  config.max_daily_loss = d("50");
  up();
  edge();
  const auto legs = placed;
  no_edge();
  // Bought dear, sold cheap: 0.1 × 1000 lost, and fees.
  deliver(make_fill(legs[0], "0.1", "60000"));
  deliver(make_fill(legs[1], "0.1", "59000"));
  ended(legs[0], OrderState::Filled, "0.1");
  ended(legs[1], OrderState::Filled, "0.1");
  clear();
  wait(milliseconds(500));
  EXPECT_FALSE(halted({})) << "a loss is believed when it has lasted";
  wait(seconds(1));
  EXPECT_EQ(told(AlertCode::DailyLoss), 1);
  EXPECT_EQ(alerts.back().severity, Severity::Emergency)
      << "all stands still, by no person's doing";
  EXPECT_TRUE(halted({}));
  refused_with(RefuseReason::Halted);

  command(resume());
  wait(seconds(3));  // two readings of what was lost
  EXPECT_TRUE(halted({})) << "the day is lost all day";
  wall = wall + hours(2);  // past midnight UTC
  wait(milliseconds(100));
  EXPECT_TRUE(halted({})) << "a halt ends by a person, not by a clock";
  command(resume());
  wait(milliseconds(100));
  EXPECT_FALSE(halted({}));
}

// --- halts ---

TEST_F(EngineTest, AHaltStopsNewTradesAndLetsUnwindsThrough) {
  up();
  edge();
  const auto legs = placed;
  no_edge();
  command(halt());
  EXPECT_EQ(told(AlertCode::Halt), 1);
  placed.clear();
  fill_all(legs[0]);
  reject(legs[1]);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_TRUE(placed[0].unwind);
  fill_all(placed[0]);
  wait(seconds(1));
  placed.clear();
  refused_with(RefuseReason::Halted);
}

TEST_F(EngineTest, AHaltedVenueIsNotTouchedEvenByAnUnwind) {
  up();
  edge();
  const auto legs = placed;
  no_edge();
  command(halt({binance, {}}));
  placed.clear();
  fill_all(legs[0]);
  reject(legs[1]);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].instrument, at_kraken) << "although binance is cheaper";
}

TEST_F(EngineTest, HaltsOfVenueAndPairHoldUntilResumedInTheSameScope) {
  up();
  for (const Scope scope : {Scope{kraken, {}}, Scope{{}, pair}}) {
    clear();
    command(halt(scope));
    refused_with(RefuseReason::Halted);
    no_edge();
    command(resume());
    clear();
    refused_with(RefuseReason::Halted);
    no_edge();
    command(resume(scope));
  }
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(EngineTest, AHaltOfSomethingThatDoesNotExistHaltsEverything) {
  up();
  command(halt({VenueId{9}, {}}));
  EXPECT_TRUE(halted({}));
}

TEST_F(EngineTest, AHaltSurvivesARestart) {
  up();
  command(halt());
  Engine restarted;
  fold_into(restarted);
  Actions out;
  restarted.on(Started{++incarnation, wall, &universe, &config}, now, out);
  CoreStatus s;
  restarted.status(s);
  ASSERT_EQ(s.halts.size(), 1u);
  EXPECT_TRUE(s.halts[0].global());

  start();
  connect();
  wait(seconds(1));
  clear();
  refused_with(RefuseReason::Halted);
}

TEST_F(EngineTest, AStopResolvesWhatIsOpenAndThenSaysSo) {
  up();
  edge();
  const auto legs = placed;
  no_edge();
  command(StopCommand{"ada"});
  EXPECT_TRUE(status().stopping);
  EXPECT_EQ(stopped, 0);
  placed.clear();
  fill_all(legs[0]);
  reject(legs[1]);
  ASSERT_EQ(placed.size(), 1u) << "the open leg is unwound";
  EXPECT_EQ(stopped, 0);
  fill_all(placed[0]);
  EXPECT_EQ(stopped, 1);
  wait(seconds(1));
  placed.clear();
  refused_with(RefuseReason::Halted);
  EXPECT_EQ(stopped, 1);
  command(StopCommand{"ada"});
  EXPECT_EQ(stopped, 2) << "nothing was open";
}

TEST_F(EngineTest, AHaltOutlivesAStopHoweverOftenItIsResumedMeanwhile) {
  up();
  command(halt({{}, pair}));
  command(StopCommand{"ada"});
  alerts.clear();
  command(resume({{}, pair}));
  EXPECT_TRUE(halted({{}, pair}));
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].severity, Severity::Warning);
  start();
  EXPECT_TRUE(halted({{}, pair}));
  command(resume({{}, pair}));
  EXPECT_FALSE(halted({{}, pair}));
}

// --- restarts ---

TEST_F(EngineTest, ARestartMidTradeAsksForEveryOrderAndEndsReconciled) {
  up();
  edge();
  const auto legs = placed;
  const Fill unseen = make_fill(legs[0], "0.1");  // while we were dead
  clear();
  start();
  EXPECT_FALSE(status().reconciled);
  EXPECT_EQ(status().open_orders.size(), 2u);
  connect();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_TRUE(placed.empty());
  no_edge();
  deliver(unseen);
  found(legs[0], OrderState::Filled, "0.1");
  EXPECT_FALSE(status().reconciled);
  not_found(legs[1]);
  wait(milliseconds(3100));
  EXPECT_FALSE(status().reconciled) << "the grace of an order counts from the restart";
  for (int n = 0; n < 5; ++n) not_found(legs[1]);
  ASSERT_EQ(placed.size(), 1u) << "it never arrived: what was bought is sold";
  EXPECT_TRUE(placed[0].unwind);
  EXPECT_EQ(placed[0].id, make_order_id(incarnation, 1)) << "ids of a new life are new";
  fill_all(placed[0]);
  wait(seconds(2));
  EXPECT_TRUE(status().reconciled);
  EXPECT_TRUE(status().open_orders.empty());
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  edge();
  EXPECT_EQ(placed.size(), 3u);
}

TEST_F(EngineTest, ARestartIsAFold) {
  up();
  edge();
  const auto legs = placed;
  fill_all(legs[0]);
  fill(legs[1], "0.04");
  command(halt({kraken, {}}));
  Engine restarted;
  fold_into(restarted);
  CoreStatus ours = status();
  CoreStatus theirs;
  restarted.status(theirs);
  EXPECT_EQ(theirs.halts, ours.halts);
  EXPECT_EQ(theirs.fills_booked, ours.fills_booked);
  ASSERT_EQ(theirs.open_orders.size(), ours.open_orders.size());
  EXPECT_EQ(theirs.open_orders[0].request, ours.open_orders[0].request);
  EXPECT_EQ(theirs.open_orders[0].filled, ours.open_orders[0].filled);
  ASSERT_EQ(theirs.balances.size(), ours.balances.size());
  for (std::size_t n = 0; n < ours.balances.size(); ++n) {
    EXPECT_EQ(theirs.balances[n].total, ours.balances[n].total);
    EXPECT_EQ(theirs.balances[n].reserved, ours.balances[n].reserved);
  }
}

// --- on the way out ---

TEST_F(EngineTest, OrdersMayLeaveBeforeWhatWasSeenIsWrittenDownAndTheAnswerIsTheSame) {
  struct Leaving final : Departures {
    explicit Leaving(const Actions& of) : out(of) {}
    void leave() override { at.push_back(out.size()); }
    const Actions& out;
    std::vector<std::size_t> at;
  };
  up();
  edge();
  ASSERT_EQ(placed.size(), 2u);
  Engine other;
  DecodedEvent decoded;
  std::vector<std::byte> bytes;
  std::size_t times = 0;
  for (const auto& record : journal) {
    ASSERT_TRUE(decode_event(record, decoded).ok());
    rebind(decoded);
    Actions out;
    Leaving leaving(out);
    other.on(decoded.event, decoded.now, out, &leaving);
    for (const Action& action : out) encode_action(action, bytes);
    times += leaving.at.size();
    if (leaving.at.empty()) continue;
    EXPECT_EQ(leaving.at, std::vector<std::size_t>{2});
    EXPECT_TRUE(std::holds_alternative<Place>(out[0]) && std::holds_alternative<Place>(out[1]));
    EXPECT_TRUE(std::holds_alternative<ExecutionOpened>(out[2]));
  }
  EXPECT_EQ(times, 1u);
  EXPECT_EQ(bytes, actions_done());
}

// --- the ledger and the venues ---

TEST_F(EngineTest, ADifferenceThatPersistsIsABreakAndHaltsTheVenue) {
  up();
  owned[{kraken, usdt}] += d("1");
  wait(seconds(29));
  EXPECT_TRUE(alerts.empty());
  wait(seconds(4));
  ASSERT_EQ(told(AlertCode::LedgerBreak), 1);
  EXPECT_EQ(alerts[0].severity, Severity::Emergency);
  EXPECT_TRUE(halted({kraken, {}}));
  EXPECT_EQ(ledger(kraken, usdt), d("50000")) << "no silent correction";
  EXPECT_TRUE(booked.empty());
}

TEST_F(EngineTest, WhileADifferenceIsSuspectedNothingNewIsOpenedThere) {
  up();
  owned[{kraken, usdt}] += d("1");
  wait(milliseconds(29'500));  // the balances are asked for every 30 seconds
  EXPECT_TRUE(alerts.empty());
  refused_with(RefuseReason::NotReconciled);
  no_edge();
  owned[{kraken, usdt}] -= d("1");
  wait(seconds(2));
  edge();
  EXPECT_EQ(placed.size(), 2u) << "it was nothing";
}

TEST_F(EngineTest, ResumingABrokenVenueAcceptsItsNumbersInTheOpen) {
  up();
  owned[{kraken, usdt}] += d("1");
  wait(seconds(35));
  ASSERT_TRUE(halted({kraken, {}}));
  clear();
  command(resume({kraken, {}}));
  ASSERT_EQ(booked.size(), 1u);
  EXPECT_EQ(booked[0].kind, EntryKind::Correction);
  EXPECT_EQ(told(AlertCode::LedgerBreak), 1);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  EXPECT_TRUE(status().pnl_reporting.is_zero()) << "a deposit is no profit";
  wait(seconds(2));
  EXPECT_FALSE(halted({kraken, {}}));
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(EngineTest, AFillLostWithItsOrderIsFoundBecauseTheBalanceTellsOfIt) {
  up();
  edge();
  const auto legs = placed;
  no_edge();
  unknown(legs[0]);
  reject(legs[1]);
  wait(seconds(4));
  for (int n = 0; n < 6; ++n) not_found(legs[0]);
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Missed);
  // It arrived after all, filled, and nobody said so.
  const Fill lost = make_fill(legs[0], "0.1");
  clear();
  for (int n = 0; n < 400 && asked.empty(); ++n) wait(milliseconds(100));
  ASSERT_FALSE(asked.empty()) << "the balance differs: the missing order is asked for again";
  EXPECT_EQ(asked[0], legs[0].id);
  deliver(lost);
  found(legs[0], OrderState::Filled, "0.1");
  ASSERT_EQ(placed.size(), 1u);
  fill_all(placed[0]);
  wait(seconds(35));
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(EngineTest, AnOrderThatIsNotOursIsTold) {
  up();
  send(ForeignOrder{kraken, "OABC"});
  EXPECT_EQ(told(AlertCode::ForeignOrder), 1);
}

// --- instruments ---

TEST_F(EngineTest, AnInstrumentThatStopsTradingIsNotTraded) {
  up();
  Instrument changed = instrument(at_kraken);
  changed.status = InstrumentStatus::CancelOnly;
  send(InstrumentChanged{changed});
  refused_with(RefuseReason::InstrumentNotTrading);
  no_edge();
  changed.status = InstrumentStatus::Trading;
  send(InstrumentChanged{changed});
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(EngineTest, AnInstrumentThatChangesItsScaleHaltsThePair) {
  up();
  Instrument changed = instrument(at_kraken);
  changed.qty_scale = 6;
  send(InstrumentChanged{changed});
  EXPECT_TRUE(halted({{}, pair}));
}

// --- the planted bugs do what they say ---

TEST_F(EngineTest, MutantBookFillTwiceBooksADuplicate) {
  config.mutant = Mutant::BookFillTwice;
  up();
  edge();
  const Fill f = make_fill(placed[0], "0.05");
  deliver(f);
  deliver(f);
  EXPECT_EQ(status().fills_booked, 2u);
}

TEST_F(EngineTest, MutantPlaceWithoutApprovalTradesThroughAHalt) {
  config.mutant = Mutant::PlaceWithoutApproval;
  up();
  command(halt());
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(EngineTest, MutantForgetResidualCallsAShortLegDone) {
  config.mutant = Mutant::ForgetResidual;
  up();
  edge();
  const auto legs = placed;
  no_edge();
  fill_all(legs[0]);
  reject(legs[1]);
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Completed);
  EXPECT_TRUE(inventory().is_zero());
}

TEST_F(EngineTest, MutantResendOnTimeoutSendsTheSameIntentAgain) {
  config.mutant = Mutant::ResendOnTimeout;
  up();
  edge();
  const auto legs = placed;
  no_edge();
  fill_all(legs[1]);
  placed.clear();
  wait(milliseconds(2100));
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].quantity, legs[0].quantity);
  EXPECT_FALSE(placed[0].unwind);
}

TEST_F(EngineTest, MutantIgnoreStaleBookTradesOnAMuteVenue) {
  config.mutant = Mutant::IgnoreStaleBook;
  up();
  now = now + seconds(11);
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(EngineTest, MutantWrongFeeSignBooksFeesAsIncome) {
  config.mutant = Mutant::WrongFeeSign;
  up();
  edge();
  fill_all(placed[0]);
  EXPECT_EQ(status().totals[btc.index()].fees, d("-0.0001"));
}

TEST_F(EngineTest, MutantForgetHaltTradesThroughIt) {
  config.mutant = Mutant::ForgetHalt;
  up();
  command(halt());
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(EngineTest, MutantReuseOrderIdStartsTheCounterOver) {
  config.mutant = Mutant::ReuseOrderId;
  up();
  edge();
  const auto first = placed;
  no_edge();
  fill_all(first[0]);
  fill_all(first[1]);
  start();
  connect();
  no_edge();
  wait(seconds(2));
  placed.clear();
  edge();
  ASSERT_EQ(placed.size(), 2u);
  EXPECT_EQ(placed[0].id, first[0].id);
}

}  // namespace
}  // namespace ats::core
