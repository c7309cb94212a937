#include "report/alert_desk.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "report/testing.hpp"

namespace ats::report {
namespace {

using Why = Telling::Why;

class AlertDeskTest : public ::testing::Test {
 protected:
  AlertDeskTest() { start(); }

  void start(Duration away = {}) {
    wall = wall + away;
    now = {7};  // each run counts from somewhere else
    Started started;
    started.wall = wall;
    desk.on(started, now, {});
  }
  // Half-second steps, as the duty cycle would.
  void wait(Duration time) {
    for (Duration gone; gone < time; gone = gone + step) {
      now = now + step, wall = wall + step;
      desk.on(Timer{wall}, now, {});
    }
  }
  void raise(const Alert& alert) { desk.on(Heartbeat{}, now, {alert}); }
  void acknowledge(std::uint64_t number, std::string_view who = "ada") {
    desk.on(CommandReceived{AcknowledgeCommand{number, Text<31>(who), "on it"}}, now, {});
  }
  // What was told since the last time this was asked.
  std::vector<Telling> told() {
    std::vector<Telling> out = desk.tellings();
    desk.clear_tellings();
    return out;
  }
  const KeptAlert& kept(std::uint64_t number) {
    const KeptAlert* found = desk.find(number);
    if (found == nullptr) throw std::out_of_range("no such alert");
    return *found;
  }

  const VenueId kraken{1};
  const Scope on_kraken{kraken, {}};
  const Scope of_btc{{}, PairId{0}};
  const Duration step = milliseconds(500);
  Instant now;
  WallTime wall{1'800'000'000'000'000'000};
  AlertDesk desk;

  Alert limit(std::string_view subject) const {
    return {Severity::Warning, AlertCode::LimitWarning, {}, "past the warning", Text<63>(subject)};
  }
  Alert limit_over(std::string_view subject) const {
    return {Severity::Info, AlertCode::LimitWarning, {}, "well within", Text<63>(subject), true};
  }
  Alert broken(std::string_view asset) const {
    return {Severity::Emergency, AlertCode::LedgerBreak, on_kraken, "differs", Text<63>(asset)};
  }
  Alert healed(std::string_view asset) const {
    return {Severity::Info, AlertCode::LedgerBreak, on_kraken, "they agree", Text<63>(asset), true};
  }
  Alert refused_credentials() const {
    return {Severity::Critical, AlertCode::Halt, on_kraken, "the venue refuses our credentials"};
  }
  Alert resumed(const Scope& scope) const {
    return {Severity::Info, AlertCode::Resume, scope, "resumed by ada: fine", {}, true};
  }
  Alert unknown(OrderId order) const {
    return {Severity::Warning,
            AlertCode::OrderUnknown,
            {kraken, PairId{0}},
            "no answer",
            Text<63>(client_order_id(order).view())};
  }
  Alert late_fill() const {
    return {Severity::Warning, AlertCode::LateFill, {kraken, PairId{0}}, "a fill came late"};
  }
};

TEST_F(AlertDeskTest, TheSameAlertAgainIsCountedAndNotTold) {
  raise(limit("position BTC"));
  const WallTime first = wall;
  ASSERT_EQ(told().size(), 1u);
  for (int n = 0; n < 5; ++n) wait(seconds(10)), raise(limit("position BTC"));
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(kept(1).times, 6u);
  EXPECT_EQ(kept(1).told, 1u);
  EXPECT_EQ(kept(1).first, first);
  EXPECT_EQ(kept(1).last, wall);
  EXPECT_EQ(desk.list(true).size(), 1u);
}

TEST_F(AlertDeskTest, OfAnotherSubjectOrScopeItIsAnotherAlert) {
  raise(limit("position BTC")), raise(limit("position ETH"));
  raise({Severity::Warning, AlertCode::LimitWarning, on_kraken, "past", "position ETH"});
  EXPECT_EQ(told().size(), 3u);
  EXPECT_EQ(desk.open(), 3u);
}

TEST_F(AlertDeskTest, AfterTheWindowItIsToldAgainWithHowOften) {
  raise(limit("position BTC"));
  wait(seconds(200)), raise(limit("position BTC"));
  told();
  wait(seconds(110)), raise(limit("position BTC"));
  const auto lines = told();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].why, Why::Again);
  EXPECT_EQ(to_text(lines[0]), "warning limit_warning: past the warning [alert 1, 3 times]");
}

TEST_F(AlertDeskTest, ACriticalOneRepeatsWithGrowingPausesUpToTheCapUntilSomeoneHasSeenIt) {
  raise(refused_credentials());
  told();
  std::vector<std::int64_t> pauses;
  const WallTime begun = wall;
  WallTime last = begun;
  while (wall - begun < hours(3)) {
    wait(step);
    for (const Telling& telling : told()) {
      EXPECT_EQ(telling.why, Why::Repeated);
      pauses.push_back((wall - last).ns / 1'000'000'000);
      last = wall;
    }
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{60, 120, 240, 480, 960, 1800, 1800, 1800, 1800}));
  EXPECT_EQ(kept(1).times, 1u) << "it was raised once";
  EXPECT_EQ(kept(1).told, 10u);

  acknowledge(1);
  told();
  wait(hours(2));
  EXPECT_TRUE(told().empty());
  EXPECT_TRUE(kept(1).open()) << "seen, and not over";
}

TEST_F(AlertDeskTest, AnEmergencyRepeatsSoonerAndMoreOften) {
  raise(broken("BTC"));
  told();
  wait(seconds(31));
  EXPECT_EQ(told().size(), 1u);
  wait(hours(1));
  told();
  wait(hours(1));
  EXPECT_EQ(told().size(), 12u);
}

TEST_F(AlertDeskTest, WhoHasSeenItWhenAndWhyIsKept) {
  raise(refused_credentials());
  wait(seconds(5));
  told();
  acknowledge(1, "ada");
  const WallTime at = wall;
  const auto lines = told();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(to_text(lines[0]), "critical halt: acknowledged by ada: on it [alert 1]");
  wait(seconds(5));
  acknowledge(1, "bob");
  EXPECT_TRUE(told().empty()) << "the first one's stands";
  ASSERT_TRUE(kept(1).acknowledged.has_value());
  EXPECT_EQ(kept(1).acknowledged->who, Text<31>("ada"));
  EXPECT_EQ(kept(1).acknowledged->reason, Text<63>("on it"));
  EXPECT_EQ(kept(1).acknowledged->at, at);
}

TEST_F(AlertDeskTest, AnAcknowledgementOfWhatIsNotThereChangesNothing) {
  acknowledge(3);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(desk.changes(), 0u);
}

TEST_F(AlertDeskTest, WhatNoAllClearCouldEndIsOverOnceSomeoneHasSeenIt) {
  raise({Severity::Critical, AlertCode::ForeignOrder, {}, "is not in the journal", "ats-1"});
  raise(late_fill());
  wait(hours(1));
  EXPECT_EQ(desk.open(), 2u);
  acknowledge(1), acknowledge(2);
  EXPECT_EQ(desk.open(), 0u);
}

TEST_F(AlertDeskTest, AnOrderOfSomebodyElseIsOverWithItsAllClearOrWithTheResumeOfWhatItReduced) {
  raise({Severity::Warning, AlertCode::ForeignOrder, on_kraken, "OABC buys", "OABC"});
  raise({Severity::Critical, AlertCode::ForeignOrder, on_kraken, "ODEF buys", "ODEF"});
  acknowledge(1), acknowledge(2);
  EXPECT_EQ(desk.open(), 2u) << "seen, and still there";
  raise({Severity::Info, AlertCode::ForeignOrder, on_kraken, "OABC is over", "OABC", true});
  EXPECT_FALSE(kept(1).open());
  EXPECT_TRUE(kept(2).open());
  raise(resumed(on_kraken));
  EXPECT_FALSE(kept(2).open());
}

TEST_F(AlertDeskTest, AResumeEndsWhatHeldUpItsScopeAndNothingElse) {
  raise(refused_credentials());
  raise(broken("BTC"));
  raise({Severity::Emergency, AlertCode::UnwindFailed, of_btc, "could not trade away"});
  raise({Severity::Warning, AlertCode::LimitReached, on_kraken, "is refused", "venue_faults"});
  raise(limit("venue_faults kraken"));
  told();
  raise(resumed(on_kraken));
  const auto lines = told();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(to_text(lines[0]), "info resume: resumed by ada: fine [over: alert 1, 2, 4]");
  EXPECT_TRUE(kept(3).open());
  EXPECT_TRUE(kept(5).open());
  EXPECT_EQ(kept(1).ended_by, Text<127>("resumed by ada: fine"));
  EXPECT_EQ(*kept(1).ended, wall);
  wait(seconds(31));
  ASSERT_EQ(told().size(), 1u) << "only the other emergency repeats";
}

TEST_F(AlertDeskTest, ABreakThatHealsIsOverForItsAsset) {
  raise(broken("BTC")), raise(broken("USDT"));
  raise(healed("BTC"));
  EXPECT_FALSE(kept(1).open());
  EXPECT_TRUE(kept(2).open());
}

TEST_F(AlertDeskTest, ALimitThatIsWellAgainEndsItsWarning) {
  raise(limit("position BTC")), raise(limit("position ETH"));
  raise(limit_over("position BTC"));
  EXPECT_FALSE(kept(1).open());
  EXPECT_TRUE(kept(2).open());
}

TEST_F(AlertDeskTest, AnAllClearOfNothingIsNews) {
  raise(limit_over("position BTC"));
  ASSERT_EQ(told().size(), 1u);
  EXPECT_FALSE(kept(1).open());
}

TEST_F(AlertDeskTest, AnOrderWithoutAnAnswerIsOverWhenTheVenueAnswersForIt) {
  raise(unknown({7})), raise(unknown({8}));
  desk.on(OrderUnknown{{7}, UnknownReason::TimedOut, {}}, now, {});
  desk.on(QueryFailed{{7}}, now, {});
  EXPECT_EQ(desk.open(), 2u) << "neither is an answer";
  desk.on(OrderFound{{7}, "x", OrderState::Filled, {5}, {}}, now, {});
  EXPECT_FALSE(kept(1).open());
  EXPECT_TRUE(kept(2).open());
  desk.on(OrderNotFound{{8}, {}}, now, {});
  EXPECT_EQ(desk.open(), 0u);
}

TEST_F(AlertDeskTest, OnceReconciledNoOrderIsWithoutAnAnswer) {
  raise(unknown({7}));
  raise({Severity::Critical, AlertCode::OrderUnknown, of_btc, "stays Unknown", "ats-2"});
  raise({Severity::Info, AlertCode::Reconciled, {}, "accounted for", {}, true});
  EXPECT_FALSE(kept(1).open());
  EXPECT_TRUE(kept(2).open()) << "its pair is halted until it is resumed";
  raise(resumed(of_btc));
  EXPECT_EQ(desk.open(), 0u);
}

TEST_F(AlertDeskTest, WhatIsOverAndSoonComesBackIsTheSameAndLaterIsAnother) {
  raise(limit("position BTC"));
  raise(limit_over("position BTC"));
  wait(seconds(60));
  told();
  raise(limit("position BTC"));
  EXPECT_TRUE(told().empty()) << "it comes and goes";
  EXPECT_TRUE(kept(1).open());
  EXPECT_EQ(kept(1).times, 2u);
  raise(limit_over("position BTC"));
  wait(seconds(301));
  told();
  raise(limit("position BTC"));
  ASSERT_EQ(told().size(), 1u);
  EXPECT_TRUE(kept(2).open());
}

TEST_F(AlertDeskTest, WhatIsCriticalAndComesBackIsToldHoweverSoon) {
  raise(broken("BTC"));
  acknowledge(1);
  raise(healed("BTC"));
  told();
  raise(broken("BTC"));
  const auto lines = told();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].number, 2u);
  EXPECT_FALSE(kept(2).acknowledged.has_value());
}

TEST_F(AlertDeskTest, WhatGetsWorseIsToldAtOnceAndHasToBeSeenAgain) {
  raise(limit("position BTC"));
  acknowledge(1);
  told();
  Alert worse = limit("position BTC");
  worse.severity = Severity::Critical;
  raise(worse);
  const auto lines = told();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].why, Why::Raised);
  EXPECT_FALSE(kept(1).acknowledged.has_value());
  wait(seconds(61));
  EXPECT_EQ(told().size(), 1u) << "and it repeats";
}

TEST_F(AlertDeskTest, WhatAPersonDoesIsToldEachTime) {
  const Alert halted{Severity::Warning, AlertCode::Halt, on_kraken, "halted by ada", "ada"};
  raise(halted), raise(halted);
  raise({Severity::Warning, AlertCode::LimitChanged, {}, "position 5", "position BTC"});
  raise({Severity::Warning, AlertCode::LimitChanged, {}, "position 6", "position BTC"});
  raise({Severity::Info, AlertCode::Resume, of_btc, "was not held up"});
  raise({Severity::Info, AlertCode::Resume, of_btc, "was not held up"});
  EXPECT_EQ(told().size(), 6u);
  EXPECT_EQ(kept(1).times, 2u);
  EXPECT_EQ(desk.open(), 1u) << "the halt, and nothing else";
}

TEST_F(AlertDeskTest, AFloodIsHeldBackAndSummedUpAndNothingIsLost) {
  for (int n = 0; n < 100; ++n) raise(limit("limit " + std::to_string(n)));
  EXPECT_EQ(told().size(), 20u);
  raise(late_fill());
  wait(seconds(59));
  EXPECT_TRUE(told().empty());
  raise(refused_credentials());
  EXPECT_EQ(told().size(), 1u) << "what is critical is never held back";
  wait(seconds(2));
  const auto lines = told();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].message,
            "held back, more than 20 within a minute: 81 (1 late_fill, 80 limit_warning); the list "
            "has them");
  EXPECT_EQ(desk.list(false).size(), 102u);
  EXPECT_EQ(kept(60).told, 0u);
  raise(limit("another"));
  EXPECT_EQ(told().size(), 1u) << "and from then on they are told again";
}

TEST_F(AlertDeskTest, AfterARestartTheListIsTheSameAndTheRepeatsGoOn) {
  raise(refused_credentials());
  raise(limit("position BTC"));
  acknowledge(2);
  wait(seconds(50));
  told();
  start(seconds(5));
  wait(seconds(3));
  EXPECT_TRUE(told().empty());
  wait(seconds(3));
  ASSERT_EQ(told().size(), 1u) << "a minute after it was raised, the time away included";
  raise(limit("position BTC"));
  EXPECT_EQ(kept(2).times, 2u);
  EXPECT_TRUE(kept(2).acknowledged.has_value());
  raise(late_fill());
  EXPECT_EQ(kept(3).code, AlertCode::LateFill);
  EXPECT_EQ(kept(3).first, wall);
}

TEST_F(AlertDeskTest, AClockThatGoesBackDelaysNothing) {
  raise(refused_credentials());
  told();
  wall = wall + hours(-5);
  wait(seconds(61));
  EXPECT_EQ(told().size(), 1u);
  wall = wall + hours(-5);
  start();
  wait(seconds(121));
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(AlertDeskTest, OnlyWhatIsOverIsForgottenAndTheOldestFirst) {
  AlertRules rules;
  rules.kept = 10;
  desk = AlertDesk(rules);
  start();
  for (int n = 0; n < 50; ++n) raise(limit("open " + std::to_string(n)));
  for (int n = 0; n < 50; ++n) raise(limit_over("nothing " + std::to_string(n)));
  EXPECT_EQ(desk.open(), 50u);
  EXPECT_EQ(desk.list(true).size(), 60u);
  EXPECT_EQ(desk.find(90), nullptr);
  EXPECT_NE(desk.find(91), nullptr);
}

// Whatever comes in whatever order: counted once, what is critical told at once, the rest within the rate, and
// all of it the same where it is folded again.
TEST_F(AlertDeskTest, AnyStreamIsCountedOnceToldWithinTheRateAndFoldedTheSame) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng draw(seed);
    AlertRules rules;
    rules.kept = 1'000'000;
    AlertDesk live(rules), folded(rules);
    const auto both = [&](const Event& event, const Actions& actions) {
      live.on(event, now, actions);
      folded.on(event, now, actions);
      folded.clear_tellings();  // as when nobody listens
    };
    Started started;
    started.wall = wall;
    both(started, {});
    std::uint64_t raised = 0, cleared = 0;
    std::vector<Instant> quiet;
    for (int n = 0; n < 4'000; ++n) {
      now = now + milliseconds(draw.below(2'000)), wall = wall + milliseconds(500);
      Actions actions;
      Event event = Timer{wall};
      const bool acknowledges = draw.one_in(40);
      if (acknowledges) event = CommandReceived{AcknowledgeCommand{draw.below(50), "a", "b"}};
      bool must_tell = false;
      if (!acknowledges && draw.one_in(2)) {
        Alert alert{static_cast<Severity>(draw.below(4)), static_cast<AlertCode>(draw.below(13)),
                    draw.one_in(2) ? on_kraken : Scope{}, "said",
                    Text<63>(std::to_string(draw.below(3)))};
        alert.over = alert.severity == Severity::Info && draw.one_in(2);
        const std::size_t before = live.open(), kept_before = live.list(true).size();
        actions.push_back(alert);
        both(event, actions);
        const bool ended = alert.over && live.open() < before;
        ended ? ++cleared : ++raised;
        const bool entered = live.list(true).size() > kept_before;
        must_tell = entered && alert.severity >= Severity::Critical;
      } else {
        both(event, actions);
      }
      bool told_critical = false;
      for (const Telling& telling : live.tellings()) {
        told_critical |= telling.why == Why::New && telling.severity >= Severity::Critical;
        if (telling.severity < Severity::Critical) quiet.push_back(now);
      }
      live.clear_tellings();
      EXPECT_TRUE(told_critical || !must_tell);
    }
    std::uint64_t counted = 0;
    for (const KeptAlert* kept : live.list(true)) counted += kept->times;
    EXPECT_EQ(counted, raised) << seed;
    EXPECT_GT(cleared, 0u);
    for (std::size_t n = 20; n < quiet.size(); ++n)
      ASSERT_GE((quiet[n] - quiet[n - 20]).ns, seconds(60).ns) << seed;
    const auto a = live.list(true), b = folded.list(true);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t n = 0; n < a.size(); ++n) {
      EXPECT_EQ(a[n]->number, b[n]->number);
      EXPECT_EQ(a[n]->times, b[n]->times);
      EXPECT_EQ(a[n]->told, b[n]->told);
      EXPECT_EQ(a[n]->ended, b[n]->ended);
      EXPECT_EQ(a[n]->change, b[n]->change);
    }
  }
}

}  // namespace
}  // namespace ats::report
