// What a process answers about its risk, and how people read it: an engine with a trade behind it is asked.
#include "services/risk_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"
#include "services/risk_text.hpp"
#include "services/risk_var.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using ::testing::HasSubstr;

class RiskAnswer : public ::testing::Test, protected core::testing::World {
 protected:
  // Traded once, then so many minutes of marks that wander.
  void live(int minutes) {
    up();
    edge();
    const auto orders = placed;
    for (const OrderRequest& order : orders) fill_all(order);
    no_edge();
    Rng rng(3);
    for (int n = 0; n < minutes; ++n) {
      const std::int64_t mid = 6'000'000 + rng.between(-60'000, 60'000);
      const auto at = [](std::int64_t cents) { return format_scaled(cents, 2); };
      for (const InstrumentId id : {at_binance, at_kraken}) {
        book(id, at(mid - 100), at(mid + 100));
      }
      wait(seconds(2));
      wall = wall + seconds(58);
    }
    wait(seconds(2));
  }
  ordered_json ask(const json& request) {
    return ordered_json::parse(
        answer_risk(engine.risk(), engine.measures().prices(), universe, rules, request));
  }
  core::StressRules rules;
};

TEST_F(RiskAnswer, StatusIsExactAndReadable) {
  live(1);
  const ordered_json told = ask({{"what", "status"}});
  EXPECT_EQ(told["in"], "USDT");
  EXPECT_EQ(told["positions"].size(), 4u);
  const core::RiskReport report = engine.risk();
  const ordered_json& ever = told["profit"]["ever"];
  EXPECT_EQ(ever["total"], report.profit.ever.all.total.to_string());
  EXPECT_EQ(ever["realised"], report.profit.ever.all.realised.to_string());
  EXPECT_EQ(ever["trades"], 1);
  EXPECT_EQ(ever["strategies"][0]["strategy"], "cross_venue");
  EXPECT_EQ(ever["assets"][0]["asset"], "BTC");
  EXPECT_EQ(told["profit"]["day"]["period"], "2023-11-14");
  EXPECT_EQ(told["profit"]["week"]["period"], "2023-W46");
  EXPECT_EQ(told["profit"]["month"]["period"], "2023-11");
  EXPECT_EQ(told["equity"], report.equity.to_string());
  const std::string text = risk_status_text(told);
  EXPECT_THAT(text, HasSubstr("profit and loss in USDT; UTC days"));
  EXPECT_THAT(text, HasSubstr("cross_venue"));
  EXPECT_THAT(text, HasSubstr("2023-W46"));
}

TEST_F(RiskAnswer, ValueAtRiskIsThatOfThePositionsThroughTheBarsThatWereSeen) {
  live(130);
  VarQuestion question;
  question.horizon = seconds(3'600);
  question.losses = true;
  ordered_json told = ask(question.json());
  EXPECT_EQ(told["bar_s"], 60);
  ASSERT_TRUE(told.contains("observations")) << told.dump();
  EXPECT_GE(told["observations"].get<int>(), 100);
  EXPECT_NEAR(told["scaled_by"].get<double>(), std::sqrt(60.0), 1e-9);
  EXPECT_EQ(told["assets"][0]["asset"], "BTC");
  ASSERT_EQ(told["measures"].size(), 2u);
  for (const ordered_json& m : told["measures"]) {
    for (const char* method : {"historical", "ewma", "student"}) {
      EXPECT_GT(m[method]["var"].get<double>(), 0);
      EXPECT_GE(m[method]["es"].get<double>(), m[method]["var"].get<double>());
    }
  }
  // Of two BTC, moving by up to 2 % a minute.
  EXPECT_LT(told["measures"][1]["historical"]["var"].get<double>(), 0.02 * 120'000 * 7.75);
  EXPECT_EQ(told["losses"].size(), told["observations"].get<std::size_t>());
  add_backtest(question, told);
  EXPECT_FALSE(told.contains("losses"));
  EXPECT_EQ(told["backtest"].size(), 6u);
  EXPECT_THAT(var_text(told), HasSubstr("too few bars for one"));
  EXPECT_THAT(var_text(told), HasSubstr("what is held may lose within 1 h, in USDT"));

  // What trading has changed is little, and is asked for by name.
  question.traded = true;
  const ordered_json traded = ask(question.json());
  EXPECT_LT(traded["measures"][1]["historical"]["var"].get<double>(),
            told["measures"][1]["historical"]["var"].get<double>() / 100);
}

TEST_F(RiskAnswer, ValueAtRiskIsRefusedByNameWhereThereIsTooLittlePast) {
  live(40);
  const ordered_json told = ask(VarQuestion{}.json());
  EXPECT_TRUE(told["measures"][0].contains("historical"));  // 95 %: 30 are enough
  const ordered_json& refused = told["measures"][1]["refused"];
  EXPECT_EQ(refused["why"], "too few observations");
  EXPECT_EQ(refused["needed"], 100);
  EXPECT_THAT(var_text(told), HasSubstr("no measure at 99 %: too few observations"));
}

TEST_F(RiskAnswer, StressTellsEveryScenarioOrTheOneThatIsAskedFor) {
  live(1);
  rules.scenarios.push_back({"mine", {{core::Shock::On::Asset, "BTC", Rate{-100'000'000}}}});
  const ordered_json all = ask({{"what", "stress"}});
  EXPECT_EQ(all["scenarios"].size(), 6u);
  EXPECT_THAT(stress_text(all, false), HasSubstr("freeze-kraken"));
  const ordered_json one = ask({{"what", "stress"}, {"scenario", "mine"}});
  ASSERT_EQ(one["scenarios"].size(), 1u);
  const ordered_json spelt = ask({{"what", "stress"}, {"scenario", "x BTC -0.1"}});
  EXPECT_EQ(spelt["scenarios"][0]["loss"], one["scenarios"][0]["loss"]);
  EXPECT_THAT(stress_text(spelt, true), HasSubstr("on binance"));
  EXPECT_THAT(ask({{"what", "stress"}, {"scenario", "none"}})["error"].get<std::string>(),
              HasSubstr("there are mine, freeze-binance"));
}

TEST_F(RiskAnswer, ClosesAreThoseThatWereSeen) {
  live(5);
  const ordered_json told = ask({{"what", "closes"}, {"bar_s", 60}});
  EXPECT_EQ(told["closes"]["BTC"].size(), engine.measures().prices().bars(0).closes(btc).size());
  EXPECT_GE(told["closes"]["BTC"].size(), 4u);
  EXPECT_TRUE(ask({{"what", "closes"}, {"bar_s", 7}}).contains("error"));
}

TEST_F(RiskAnswer, WhatIsNoQuestionIsToldSo) {
  live(1);
  for (const json& bad :
       {json{{"what", "all"}}, json{{"what", 3}}, json::object(),
        json{{"what", "var"}, {"confidence", "0.99"}},
        json{{"what", "var"}, {"confidence", json::array()}},
        json{{"what", "var"}, {"confidence", {"1.5"}}}, json{{"what", "var"}, {"horizon_s", -1}},
        json{{"what", "var"}, {"horizon_s", "day"}}, json{{"what", "var"}, {"bar_s", 7}},
        json{{"what", "var"}, {"decay", "0"}}, json{{"what", "var"}, {"degrees", "2"}},
        json{{"what", "stress"}, {"scenario", 5}}, json{{"what", "closes"}, {"bar_s", "x"}}}) {
    EXPECT_TRUE(ask(bad).contains("error")) << bad.dump();
  }
}

TEST_F(RiskAnswer, BeforeTheFirstReadingIsEmptyAndNoCrash) {
  EXPECT_TRUE(ask({{"what", "status"}})["positions"].empty());
  start();
  const ordered_json told = ask({{"what", "status"}});
  EXPECT_FALSE(risk_status_text(told).empty());
  const ordered_json var = ask(VarQuestion{}.json());
  EXPECT_EQ(var["measures"][0]["refused"]["why"], "nothing is held that could lose");
  EXPECT_FALSE(stress_text(ask({{"what", "stress"}}), true).empty());
}

TEST(VarQuestions, ReadBack) {
  VarQuestion question;
  question.confidences = {Rate{975'000'000}};
  question.horizon = seconds(14'400);
  question.decay = Rate{970'000'000};
  question.degrees = Rate{4 * Rate::one};
  question.bar = seconds(3'600);
  question.traded = question.losses = true;
  const auto again = VarQuestion::parse(question.json());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->confidences, question.confidences);
  EXPECT_EQ(again->horizon, question.horizon);
  EXPECT_EQ(again->decay, question.decay);
  EXPECT_EQ(again->degrees, question.degrees);
  EXPECT_EQ(again->bar, question.bar);
  EXPECT_TRUE(again->traded && again->losses);
  EXPECT_DOUBLE_EQ(VarQuestion{}.decay_for(hours(24)), 0.94);
  EXPECT_DOUBLE_EQ(VarQuestion{}.decay_for(seconds(60)), 0.99);
}

}  // namespace
}  // namespace ats::services
