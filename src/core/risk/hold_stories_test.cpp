// Halts, reduced scopes and limits that are reached, through the engine's door.
#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class HoldTest : public ::testing::Test, protected World {
 protected:
  // One leg of an edge filled, the other refused: 0.1 BTC is open, and the way out is placed.
  void leave_a_leg_open() {
    edge();
    ASSERT_EQ(placed.size(), 2u);
    const auto legs = placed;
    no_edge();
    placed.clear();
    fill_all(legs[0]);
    reject(legs[1]);
  }
  bool opens_a_trade() {
    placed.clear();
    edge();
    const bool opened = !placed.empty();
    no_edge();
    return opened;
  }
  bool told_saying(std::string_view words) const {
    return std::any_of(alerts.begin(), alerts.end(), [&](const Alert& a) {
      return a.message.view().find(words) != std::string_view::npos;
    });
  }
  RiskState state_of(const Scope& scope) const {
    for (const HoldStatus& hold : status().holds) {
      if (hold.scope == scope) return hold.state;
    }
    return RiskState::Active;
  }
  static SetLimitCommand set(const char* limit) {
    return {*parse_limit(limit), false, "ada", "thin books"};
  }
};

TEST_F(HoldTest, AHaltResolvesWhatIsOpenAndThenNothingLeaves) {
  up();
  leave_a_leg_open();
  ASSERT_EQ(placed.size(), 1u);
  const OrderRequest way_out = placed[0];
  command(halt());
  wait(seconds(1));
  EXPECT_FALSE(told_saying("no order leaves any more")) << "the way out is at work";
  reject(way_out);
  wait(seconds(2));
  ASSERT_GE(placed.size(), 2u) << "it is tried again";
  fill_all(placed.back());
  wait(seconds(1));
  EXPECT_TRUE(told_saying("no order leaves any more"));
  // A fill that comes now leaves something open, and open it stays.
  placed.clear();
  fill(way_out, "0.01");
  wait(seconds(30));
  EXPECT_TRUE(placed.empty());
  EXPECT_TRUE(halted({}));
}

TEST_F(HoldTest, WhatIsNotResolvedInTimeStaysOpenAndAPersonIsTold) {
  config.resolve_within = seconds(5);
  config.max_unwind_attempts = 100;
  up();
  leave_a_leg_open();
  command(halt());
  for (int n = 0; n < 10; ++n) {
    for (const auto& order : std::vector(placed)) reject(order);
    wait(seconds(1));
  }
  EXPECT_TRUE(told_saying("it stays open, and no order leaves any more"));
  const auto emergency = [](const Alert& a) { return a.severity == Severity::Emergency; };
  EXPECT_TRUE(std::any_of(alerts.begin(), alerts.end(), emergency));
  placed.clear();
  wait(seconds(20));
  EXPECT_TRUE(placed.empty());
  command(resume());
  wait(seconds(120));
  EXPECT_FALSE(placed.empty()) << "resumed, it is resolved";
}

TEST_F(HoldTest, AHaltAtOnceDoesNotEvenResolve) {
  up();
  edge();
  const auto legs = placed;
  no_edge();
  HaltCommand now_at_once = halt();
  now_at_once.at_once = true;
  command(now_at_once);
  placed.clear();
  fill_all(legs[0]);
  reject(legs[1]);
  wait(seconds(10));
  EXPECT_TRUE(placed.empty());
}

TEST_F(HoldTest, ReduceOnlyOpensNothingAndResolvesForAsLongAsItHolds) {
  config.resolve_within = seconds(1);
  up();
  edge();
  const auto legs = placed;
  no_edge();
  HaltCommand reduce = halt();
  reduce.reduce_only = true;
  command(reduce);
  EXPECT_EQ(state_of({}), RiskState::ReduceOnly);
  wait(seconds(10));
  placed.clear();
  fill_all(legs[0]);
  reject(legs[1]);
  ASSERT_EQ(placed.size(), 1u);
  fill_all(placed[0]);
  wait(seconds(1));
  opportunities.clear();
  EXPECT_FALSE(opens_a_trade());
  ASSERT_FALSE(opportunities.empty());
  EXPECT_EQ(opportunities.front().refused, RefuseReason::ReduceOnly);
  command(resume());
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(HoldTest, AStrategyIsHaltedByItsName) {
  up();
  command(halt({{}, {}, Strategy::Maker}));
  EXPECT_TRUE(opens_a_trade()) << "another's halt";
  wait(seconds(30));
  command(halt({{}, {}, Strategy::CrossVenue}));
  for (const auto& order : std::vector(placed)) reject(order);
  wait(seconds(1));
  EXPECT_FALSE(opens_a_trade());
}

TEST_F(HoldTest, AFlattenedPairKeepsNothingOfWhatItHeldOnPurpose) {
  config.residual_tolerance = d("100000");
  up();
  leave_a_leg_open();
  EXPECT_TRUE(placed.empty()) << "it is kept";
  wait(seconds(1));
  ASSERT_FALSE(inventory().is_zero());
  HaltCommand flatten = halt({{}, pair});
  flatten.flatten = true;
  command(flatten);
  wait(seconds(1));
  ASSERT_FALSE(placed.empty()) << "it is sold";
  fill_all(placed.back());
  wait(seconds(1));
  EXPECT_LT(inventory().abs(), d("0.001"));
  EXPECT_TRUE(halted({{}, pair}));
}

TEST_F(HoldTest, WhereTwoHaveToAskOnePersonResumesNothing) {
  config.resume_by_two = true;
  up();
  command(halt());
  command(resume());
  EXPECT_TRUE(halted({}));
  command(resume());
  EXPECT_TRUE(halted({})) << "the same person twice is one";
  EXPECT_TRUE(told_saying("until a second person asks for it"));
  ResumeCommand second = resume();
  second.who = "grace";
  command(second);
  EXPECT_FALSE(halted({}));
}

TEST_F(HoldTest, ALimitThatIsReachedReducesItsVenueAndOpensItAgainWhenItHasCooledDown) {
  config.limits = {};
  ASSERT_TRUE(config.limits.add(*parse_limit("venue_faults kraken 2")));
  config.cool_down = seconds(60);
  up();
  for (int n = 0; n < 3; ++n) {
    send(ConnectionDown{kraken, Channel::Trading});
    send(ConnectionUp{kraken, Channel::Trading});
  }
  wait(seconds(3));
  EXPECT_EQ(state_of({kraken, {}}), RiskState::ReduceOnly);
  EXPECT_EQ(told(AlertCode::LimitReached), 1);
  EXPECT_FALSE(opens_a_trade());
  wait(seconds(601));
  EXPECT_EQ(state_of({kraken, {}}), RiskState::ReduceOnly) << "well, and not for long";
  wait(seconds(61));
  EXPECT_EQ(state_of({kraken, {}}), RiskState::Active);
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(HoldTest, WhatTwoLimitsHoldUpIsOpenedWhenBothAreWell) {
  config.limits = {};
  ASSERT_TRUE(config.limits.add(*parse_limit("venue_faults kraken 2")));
  ASSERT_TRUE(config.limits.add(*parse_limit("data_faults kraken 2")));
  config.cool_down = seconds(60);
  up();
  const auto faults = [&](auto event) {
    for (int n = 0; n < 3; ++n) {
      event();
      no_edge();
    }
    wait(seconds(3));
  };
  faults([&] {
    send(ConnectionDown{kraken, Channel::Trading});
    send(ConnectionUp{kraken, Channel::Trading});
  });
  wait(seconds(300));
  faults([&] { send(BookFault{at_kraken, kraken, BookFaultReason::MalformedFrame}); });
  EXPECT_EQ(told(AlertCode::LimitReached), 2);
  wait(seconds(370));
  EXPECT_EQ(state_of({kraken, {}}), RiskState::ReduceOnly) << "the first is well, the second not";
  wait(seconds(300));
  EXPECT_EQ(state_of({kraken, {}}), RiskState::Active);
}

TEST_F(HoldTest, ALimitThatOnlyRefusesSaysWhenItIsWellAgain) {
  config.limits = {};
  ASSERT_TRUE(config.limits.add(*parse_limit("venue_faults kraken 2 refuse")));
  config.cool_down = seconds(60);
  up();
  for (int n = 0; n < 3; ++n) {
    send(ConnectionDown{kraken, Channel::Trading});
    send(ConnectionUp{kraken, Channel::Trading});
  }
  wait(seconds(3));
  ASSERT_EQ(told(AlertCode::LimitReached), 1);
  const Text<63> subject = alerts.back().subject;
  EXPECT_EQ(subject, Text<63>("venue_faults kraken"));
  EXPECT_FALSE(alerts.back().over);
  wait(seconds(700));
  ASSERT_EQ(told(AlertCode::LimitReached), 2);
  const auto all_clear = std::find_if(alerts.rbegin(), alerts.rend(), [](const Alert& a) {
    return a.code == AlertCode::LimitReached;
  });
  EXPECT_TRUE(all_clear->over);
  EXPECT_EQ(all_clear->subject, subject);
  EXPECT_EQ(all_clear->severity, Severity::Info);
}

TEST_F(HoldTest, ARefusedOpportunitySaysWhichLimitAndByHowMuch) {
  up();
  command(set("order_notional kraken 500"));
  EXPECT_EQ(told(AlertCode::LimitChanged), 1);
  EXPECT_TRUE(told_saying("order_notional kraken 500, was none; ada: thin books"));
  opportunities.clear();
  EXPECT_FALSE(opens_a_trade());
  ASSERT_FALSE(opportunities.empty());
  const OpportunityFound& found = opportunities.front();
  EXPECT_EQ(found.refused, RefuseReason::OrderNotional);
  EXPECT_TRUE(found.breach.any);
  EXPECT_EQ(found.breach.kind, LimitKind::OrderNotional);
  EXPECT_GT(found.breach.value, d("6000"));
  EXPECT_EQ(found.breach.bound, d("500"));
}

TEST_F(HoldTest, ALimitThatAPersonSetOutlivesTheProcessAndAReplayKnowsIt) {
  up();
  command(set("order_notional kraken 500"));
  EXPECT_EQ(actions_of_replay(), actions_done());
  start();
  connect();
  no_edge();
  wait(seconds(1));
  EXPECT_FALSE(opens_a_trade());
  SetLimitCommand back = set("order_notional kraken 500");
  back.take_back = true;
  command(back);
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(HoldTest, ALimitThatTheFileSetsIsToldWithWhoFromAndToAndAPersonsStaysOverIt) {
  up();
  SetLimitCommand of_file = set("order_notional kraken 500");
  of_file.who = "file";
  of_file.reason = "reload";
  of_file.of_file = true;
  command(of_file);
  EXPECT_TRUE(told_saying("order_notional kraken 500, was none; file: reload"));
  EXPECT_FALSE(opens_a_trade());
  command(set("order_notional kraken 9000"));
  of_file.setting = *parse_limit("order_notional kraken 400");
  command(of_file);
  EXPECT_TRUE(told_saying("was order_notional kraken 500; what a person set stays"));
  EXPECT_TRUE(opens_a_trade());
  for (const LimitStatus& limit : status().limits) {
    if (limit.setting.same_place(of_file.setting)) {
      EXPECT_TRUE(limit.changed);
    }
  }
  EXPECT_EQ(actions_of_replay(), actions_done());
}

TEST_F(HoldTest, WhatHoldsUpTradingIsInForceBeforeAnythingLeavesAfterARestart) {
  up();
  HaltCommand reduce = halt({kraken, {}});
  reduce.reduce_only = true;
  command(reduce);
  command(halt({{}, {}, Strategy::Maker}));
  start();
  EXPECT_EQ(state_of({kraken, {}}), RiskState::ReduceOnly);
  EXPECT_TRUE(halted({{}, {}, Strategy::Maker}));
}

}  // namespace
}  // namespace ats::core
