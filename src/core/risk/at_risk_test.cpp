// A limit on the value at risk, through the engine's door: the test is who measures.
#include "core/risk/at_risk.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class AtRiskTest : public ::testing::Test, protected World {
 protected:
  void with(const char* limit) {
    config.limits.add(*parse_limit(limit));
    config.cool_down = seconds(30);
  }
  std::optional<MeasureRisk> last_ask() const {
    for (auto action = all.rbegin(); action != all.rend(); ++action) {
      if (const auto* ask = std::get_if<MeasureRisk>(&*action)) return *ask;
    }
    return std::nullopt;
  }
  std::size_t asks() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [](const Action& a) { return std::holds_alternative<MeasureRisk>(a); }));
  }
  void measured(std::string_view value) {
    ASSERT_TRUE(last_ask().has_value());
    send(RiskMeasured{last_ask()->asked, MeasureFault::None, d(value), seconds(60), 120});
  }
  // Each question is answered so.
  void wait_answered(Duration how_long, std::string_view value) {
    for (const Instant end = now + how_long; now < end;) {
      const std::size_t before = asks();
      wait(milliseconds(100));
      if (asks() != before) measured(value);
    }
  }
  bool opens_a_trade() {
    placed.clear();
    opportunities.clear();
    edge();
    const bool opened = !placed.empty();
    for (const OrderRequest& order : std::vector(placed)) reject(order);
    no_edge();
    wait(milliseconds(500));
    return opened;
  }
  bool told_saying(std::string_view words) const {
    return std::ranges::any_of(alerts, [&](const Alert& a) {
      return a.message.view().find(words) != std::string_view::npos;
    });
  }
  LimitStatus shown() const {
    for (const LimitStatus& limit : status().limits) {
      if (limit.setting.kind == LimitKind::ValueAtRisk) return limit;
    }
    return {};
  }
};

TEST_F(AtRiskTest, ItIsAskedForAtIntervalsWhileThereIsALimitOnItAndNotElse) {
  up();
  wait(seconds(30));
  EXPECT_EQ(asks(), 0u);
  command(SetLimitCommand{*parse_limit("value_at_risk 1000"), false, "ada", "quarter's end"});
  wait(milliseconds(100));
  ASSERT_EQ(asks(), 1u);
  EXPECT_EQ(last_ask()->confidence, config.var_confidence);
  EXPECT_EQ(last_ask()->horizon, config.var_horizon);
  wait(config.var_every * 3);
  EXPECT_EQ(asks(), 4u);
  command(SetLimitCommand{*parse_limit("value_at_risk 1000"), true, "ada", "over"});
  wait(seconds(30));
  EXPECT_EQ(asks(), 4u);
}

TEST_F(AtRiskTest, ItIsNotAskedForBeforeItIsKnownWhatIsHeld) {
  with("value_at_risk 1000");
  start();
  wait(seconds(20));
  EXPECT_EQ(asks(), 0u) << "of nothing it would be nothing, and whatever comes would be let pass";
  connect();
  wait(milliseconds(500));
  EXPECT_EQ(asks(), 1u);
}

TEST_F(AtRiskTest, UntilItIsMeasuredNothingIsOpened) {
  with("value_at_risk 1000");
  up();
  EXPECT_FALSE(opens_a_trade());
  EXPECT_EQ(opportunities.back().breach.kind, LimitKind::ValueAtRisk);
  EXPECT_FALSE(shown().known);
  measured("900");
  EXPECT_EQ(shown().value, d("900"));
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(AtRiskTest, OneThatIsOldIsUnknownAndToldOnceAndAgainWhenItIsThere) {
  with("value_at_risk 1000");
  up();
  measured("900");
  EXPECT_TRUE(opens_a_trade());
  wait(config.var_max_age + seconds(1));
  EXPECT_FALSE(shown().known);
  EXPECT_FALSE(opens_a_trade()) << "the figure was well, and nobody knows whether it still is";
  EXPECT_FALSE(told_saying("not known")) << "it may come yet";
  wait(config.var_max_age);
  EXPECT_TRUE(told_saying("the value at risk is not known (no answer)"));
  alerts.clear();
  wait(config.var_max_age * 2);
  EXPECT_FALSE(told_saying("not known")) << "told once";
  measured("900");
  wait(milliseconds(100));
  EXPECT_TRUE(told_saying("known again"));
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(AtRiskTest, AnAnswerWithoutAFigureIsTheWordThatItIsUnknown) {
  with("value_at_risk 1000");
  up();
  measured("900");
  wait(seconds(11));
  send(RiskMeasured{last_ask()->asked, MeasureFault::TooFewObservations, {}, seconds(60), 20});
  EXPECT_FALSE(opens_a_trade());
  for (int n = 0; n < 8; ++n) {
    wait(seconds(10));
    send(RiskMeasured{last_ask()->asked, MeasureFault::TooFewObservations, {}, seconds(60), 21});
  }
  EXPECT_TRUE(told_saying("too_few_observations"));
}

TEST_F(AtRiskTest, AnAnswerToAnotherLifeOrAnOlderQuestionIsNone) {
  with("value_at_risk 1000");
  up();
  const Instant first = last_ask()->asked;
  wait(seconds(11));
  measured("900");
  send(RiskMeasured{first, MeasureFault::None, d("5000"), seconds(60), 120});
  EXPECT_EQ(shown().value, d("900"));
  const Instant of_this_life = last_ask()->asked;
  start();
  connect();
  no_edge();
  send(RiskMeasured{of_this_life, MeasureFault::None, d("100"), seconds(60), 120});
  EXPECT_FALSE(shown().known) << "a new life begins without";
  wait(milliseconds(500));
  measured("700");
  EXPECT_EQ(shown().value, d("700"));
}

TEST_F(AtRiskTest, WarnedThenReachedThenEverythingIsReducedUntilItHasCooledDown) {
  with("value_at_risk 1000 warn 800");
  up();
  wait_answered(seconds(20), "900");
  EXPECT_TRUE(told_saying("past the warning at 800"));
  EXPECT_TRUE(opens_a_trade());
  wait_answered(seconds(10), "1200");
  EXPECT_FALSE(opens_a_trade()) << "refused at once";
  EXPECT_TRUE(status().holds.empty()) << "but one figure holds up nothing";
  wait_answered(seconds(10), "1200");
  ASSERT_EQ(status().holds.size(), 1u);
  EXPECT_EQ(status().holds[0].state, RiskState::ReduceOnly);
  EXPECT_EQ(status().holds[0].limit, LimitKind::ValueAtRisk);

  Engine other;
  fold_into(other);
  CoreStatus folded;
  other.status(folded);
  EXPECT_EQ(folded.holds.size(), 1u) << "it outlives the process";

  wait_answered(seconds(20), "500");
  EXPECT_FALSE(opens_a_trade());
  wait_answered(seconds(40), "500");
  EXPECT_TRUE(status().holds.empty());
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(AtRiskTest, WhereItIsToHaltItHalts) {
  with("value_at_risk 1000 halt");
  up();
  wait_answered(seconds(25), "1000.000001");
  EXPECT_TRUE(halted({}));
  wait_answered(seconds(100), "1");
  EXPECT_TRUE(halted({})) << "until a person resumes it";
  command(resume());
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(AtRiskTest, WhereItOnlyRefusesNothingIsHeldUp) {
  with("value_at_risk 1000 refuse");
  up();
  wait_answered(seconds(25), "2000");
  EXPECT_TRUE(status().holds.empty());
  EXPECT_FALSE(opens_a_trade());
  wait_answered(seconds(10), "999");
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(AtRiskTest, AReplayDecidesByTheFiguresOfTheJournal) {
  with("value_at_risk 1000 warn 800");
  up();
  wait_answered(seconds(30), "1200");
  opens_a_trade();
  wait_answered(seconds(60), "100");
  opens_a_trade();
  EXPECT_EQ(actions_of_replay(), actions_done());
}

}  // namespace
}  // namespace ats::core
