// An engine that needs the risk role's word, through the engine's door.
#include <gtest/gtest.h>

#include <optional>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class LeaseTest : public ::testing::Test, protected World {
 protected:
  LeaseTest() { config.lease_for = seconds(2); }

  std::optional<AskLease> last_ask() const {
    for (auto action = all.rbegin(); action != all.rend(); ++action) {
      if (const auto* ask = std::get_if<AskLease>(&*action)) return *ask;
    }
    return std::nullopt;
  }
  std::size_t asks() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [](const Action& a) { return std::holds_alternative<AskLease>(a); }));
  }
  void grant(std::vector<LeaseShare> shares = {}, std::vector<LeaseHold> holds = {}) {
    const auto ask = last_ask();
    ASSERT_TRUE(ask.has_value());
    send(LeaseGranted{++version, ask->asked, config.lease_for, shares, holds});
  }
  void wait_answered(Duration how_long) {
    for (const Instant end = now + how_long; now < end;) {
      const std::size_t before = asks();
      wait(milliseconds(100));
      if (asks() != before) grant();
    }
  }
  bool opens_a_trade() {
    placed.clear();
    opportunities.clear();
    edge();
    const bool opened = !placed.empty();
    for (const OrderRequest& order : std::vector(placed)) reject(order);
    no_edge();
    return opened;
  }
  RefuseReason refused() const {
    return opportunities.empty() ? RefuseReason::None : opportunities.back().refused;
  }
  bool told_saying(std::string_view words) const {
    return std::ranges::any_of(alerts, [&](const Alert& a) {
      return a.message.view().find(words) != std::string_view::npos;
    });
  }
  static LeaseShare share(const char* limit) {
    const LimitSetting set = *parse_limit(limit);
    return {set.kind, set.scope, set.hard};
  }
  static LeaseHold hold(const char* scope, RiskState state) {
    const std::string text = std::string("order_rate ") + scope + " 1";
    return {*scope == '\0' ? LimitScope{} : parse_limit(text)->scope, state, true, false};
  }

  std::uint64_t version = 0;
};

TEST_F(LeaseTest, WithoutTheRiskRolesWordNothingIsOpened) {
  up();
  EXPECT_FALSE(opens_a_trade());
  EXPECT_EQ(refused(), RefuseReason::Halted);
  EXPECT_FALSE(status().lease.live);
  ASSERT_TRUE(last_ask().has_value()) << "it asks";
  EXPECT_EQ(last_ask()->held, 0u);
  grant();
  EXPECT_TRUE(status().lease.live);
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(LeaseTest, AnEngineThatSharesNothingNeedsNoWord) {
  config.lease_for = {};
  up();
  EXPECT_EQ(asks(), 0u);
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(LeaseTest, ItCountsFromWhenItWasAskedFor) {
  up();
  const Instant asked = last_ask()->asked;
  while (now < asked + seconds(2) - milliseconds(200)) wait(milliseconds(100));
  send(LeaseGranted{++version, asked, seconds(2), {}, {}});
  EXPECT_TRUE(status().lease.live);
  now = asked + seconds(2);  // between two timers
  EXPECT_FALSE(opens_a_trade());
  EXPECT_EQ(refused(), RefuseReason::NoLease);
}

TEST_F(LeaseTest, AnAnswerThatComesAfterItIsOverIsNone) {
  up();
  const Instant asked = last_ask()->asked;
  wait(seconds(3));
  send(LeaseGranted{++version, asked, seconds(2), {}, {}});
  EXPECT_FALSE(status().lease.live);
  EXPECT_FALSE(opens_a_trade());
}

TEST_F(LeaseTest, AnOlderVersionAndAnAnswerToAnotherLifeAreNone) {
  up();
  grant({share("order_rate 5")});
  send(LeaseGranted{version - 1, last_ask()->asked, seconds(2), {}, {}});
  EXPECT_EQ(status().lease.version, version);
  const Instant of_this_life = last_ask()->asked;
  start();
  connect();
  no_edge();
  EXPECT_FALSE(status().lease.live) << "a new life begins without";
  send(LeaseGranted{version + 1, of_this_life - milliseconds(1), seconds(2), {}, {}});
  EXPECT_FALSE(status().lease.live);
  EXPECT_EQ(status().lease.version, version);
}

TEST_F(LeaseTest, ItIsAskedForAnewFourTimesBeforeItIsOver) {
  up();
  wait_answered(seconds(2));
  const std::size_t before = asks();
  wait(seconds(1) + milliseconds(500));
  EXPECT_GE(asks() - before, 3u);
  EXPECT_TRUE(status().lease.live) << "three answers may be lost";
  grant();
  wait(seconds(1));
  EXPECT_TRUE(status().lease.live);
  EXPECT_EQ(last_ask()->held, version);
}

TEST_F(LeaseTest, WhenTheRoleIsGoneNothingIsOpenedAndWhatIsOpenIsResolved) {
  up();
  wait_answered(seconds(1));
  edge();
  ASSERT_EQ(placed.size(), 2u);
  const auto legs = placed;
  no_edge();
  wait(seconds(3));
  EXPECT_TRUE(told_saying("no word from the risk role"));
  EXPECT_EQ(status().holds.size(), 1u);
  EXPECT_EQ(status().holds[0].by, HoldBy::NoLease);
  placed.clear();
  fill_all(legs[0]);
  reject(legs[1]);
  ASSERT_EQ(placed.size(), 1u) << "the leg that is open is not left so";
  EXPECT_TRUE(placed[0].unwind);
  fill_all(placed[0]);
  EXPECT_FALSE(opens_a_trade());

  alerts.clear();
  wait(milliseconds(600));
  grant();
  EXPECT_TRUE(told_saying("counts again"));
  wait(milliseconds(300));
  EXPECT_TRUE(opens_a_trade()) << "by itself, nobody has to resume it";
}

TEST_F(LeaseTest, WithoutTheRoleForLongNotEvenAWayOutLeaves) {
  config.resolve_within = seconds(5);
  up();
  wait_answered(seconds(1));
  edge();
  const auto legs = placed;
  no_edge();
  wait(seconds(9));
  placed.clear();
  fill_all(legs[0]);
  reject(legs[1]);
  wait(seconds(1));
  EXPECT_TRUE(placed.empty());
  grant();
  wait(seconds(1));
  EXPECT_EQ(placed.size(), 1u) << "and it is taken up when the role is there again";
}

TEST_F(LeaseTest, AShareTightensTheLimitItIsOf) {
  up();
  grant({share("order_rate 1")});
  EXPECT_FALSE(opens_a_trade()) << "two legs within a second";
  EXPECT_EQ(refused(), RefuseReason::RiskLimit);
  EXPECT_EQ(opportunities.back().breach.kind, LimitKind::OrderRate);
  EXPECT_EQ(opportunities.back().breach.bound, d("1"));
  grant({share("order_rate 1000000")});
  EXPECT_TRUE(opens_a_trade());
  for (const LimitStatus& limit : status().limits) {
    if (limit.setting.kind != LimitKind::OrderRate) continue;
    EXPECT_EQ(limit.setting.hard, d("100")) << "a share loosens nothing";
    EXPECT_EQ(limit.share, d("1000000"));
  }
}

TEST_F(LeaseTest, AShareOfALimitThatNobodyHereSetRefusesToo) {
  up();
  grant({share("open_legs kraken 0")});
  EXPECT_FALSE(opens_a_trade());
  EXPECT_EQ(opportunities.back().breach.kind, LimitKind::OpenLegs);
  grant({share("open_legs kraken 3")});
  EXPECT_TRUE(opens_a_trade());
  grant();
  for (const LimitStatus& limit : status().limits)
    EXPECT_NE(limit.setting.kind, LimitKind::OpenLegs) << "it is not shared any more";
}

TEST_F(LeaseTest, AShareDoesNotLoosenWhatAPersonSetHereMeanwhile) {
  up();
  grant({share("open_legs kraken 6")});
  command(SetLimitCommand{*parse_limit("open_legs kraken 0"), false, "ada", "thin books"});
  grant({share("open_legs kraken 6")});
  EXPECT_FALSE(opens_a_trade());
  for (const LimitStatus& limit : status().limits) {
    if (limit.setting.kind != LimitKind::OpenLegs) continue;
    EXPECT_EQ(limit.setting.hard, d("0"));
  }
}

TEST_F(LeaseTest, ItTellsWhatItUsesOfWhatIsShared) {
  config.limits.add(*parse_limit("open_legs 10"));
  up();
  grant();
  edge();
  all.clear();
  wait(milliseconds(600));
  std::optional<Decimal> legs;
  for (const Action& action : all) {
    const auto* use = std::get_if<LeaseUse>(&action);
    if (use == nullptr) continue;
    EXPECT_NE(sharing(use->kind), Sharing::Each) << name(use->kind);
    if (use->kind == LimitKind::OpenLegs && use->known) legs = use->value;
  }
  EXPECT_EQ(legs, d("2"));
}

TEST_F(LeaseTest, ItTellsWhatItHoldsAtItsFirstQuestionAndEveryFewSeconds) {
  up();
  const auto told = [&] {
    std::vector<LeasePosition> last, telling;
    for (const Action& action : all) {
      if (const auto* one = std::get_if<LeasePosition>(&action)) telling.push_back(*one);
      if (const auto* ask = std::get_if<AskLease>(&action)) {
        EXPECT_EQ(ask->holdings, !telling.empty());
        if (ask->holdings) last = std::exchange(telling, {});
      }
    }
    return last;
  };
  EXPECT_FALSE(std::ranges::any_of(all, [](const Action& action) {
    const auto* ask = std::get_if<AskLease>(&action);
    return ask != nullptr && ask->asked == Instant{seconds(1000).ns} && ask->holdings;
  })) << "nothing is known before the venues have told";
  wait_answered(seconds(6));
  const auto of = [&](const char* venue, const char* asset) {
    for (const LeasePosition& one : told()) {
      if (one.venue == venue && one.asset == asset) return one;
    }
    return LeasePosition{};
  };
  EXPECT_EQ(told().size(), 4u);
  EXPECT_EQ(of("kraken", "BTC").held, d("1"));
  EXPECT_TRUE(of("kraken", "BTC").marked && of("kraken", "BTC").fresh);
  EXPECT_EQ(of("kraken", "BTC").worth, of("kraken", "BTC").mark);
  EXPECT_EQ(of("binance", "USDT").worth, d("50000"));
  EXPECT_TRUE(of("binance", "BTC").traded.is_zero());

  edge();
  for (const OrderRequest& order : std::vector(placed)) fill_all(order);
  no_edge();
  wait_answered(seconds(6));
  EXPECT_EQ(of("kraken", "BTC").held, ledger(kraken, btc));
  EXPECT_EQ(of("kraken", "BTC").traded, ledger(kraken, btc) - d("1"));

  all.clear();
  wait_answered(seconds(20));
  const auto with = std::ranges::count_if(all, [](const Action& a) {
    const auto* ask = std::get_if<AskLease>(&a);
    return ask != nullptr && ask->holdings;
  });
  EXPECT_EQ(with, 4) << "of forty questions";
}

TEST_F(LeaseTest, OfMorePositionsThanAreToldThoseWorthTheMostAre) {
  for (int n = 0; n < 600; ++n) {
    const AssetId dust = universe.add_asset("D" + std::to_string(n));
    owned[{binance, dust}] = owned[{kraken, dust}] = d("1");
  }
  up();
  wait_answered(seconds(6));
  std::size_t told = 0, marked = 0, left_out = 0;
  for (const Action& action : all) {
    const auto* ask = std::get_if<AskLease>(&action);
    if (ask != nullptr && ask->holdings) left_out = ask->left_out;
    const auto* one = std::get_if<LeasePosition>(&action);
    if (one == nullptr) continue;
    ++told;
    marked += one->marked ? 1 : 0;
  }
  ASSERT_GT(told, 0u);
  EXPECT_EQ(left_out, 1204 - lease_positions_max);
  EXPECT_EQ(told % lease_positions_max, 0u);
  EXPECT_GE(marked, 4u) << "what has a mark is told first";
}

TEST_F(LeaseTest, WhatTheRoleHoldsUpIsHeldUpUntilItSaysOtherwise) {
  up();
  grant({}, {hold("", RiskState::Halted)});
  EXPECT_FALSE(opens_a_trade());
  EXPECT_TRUE(told_saying("halted by the risk role"));
  command(resume());
  EXPECT_FALSE(opens_a_trade()) << "it is not this engine's to lift";
  alerts.clear();
  grant({}, {hold("", RiskState::Halted)});
  EXPECT_TRUE(alerts.empty()) << "told once";
  grant();
  EXPECT_TRUE(told_saying("resumed by the risk role"));
  EXPECT_TRUE(opens_a_trade());
}

TEST_F(LeaseTest, WhatTheRoleHoldsUpOutlivesTheProcess) {
  up();
  grant({}, {hold("BTC/USDT", RiskState::ReduceOnly), hold("nowhere", RiskState::Halted)});
  Engine other;
  fold_into(other);
  CoreStatus status;
  other.status(status);
  ASSERT_EQ(status.holds.size(), 1u) << "a venue that is not here is nothing to hold up";
  EXPECT_EQ(status.holds[0].by, HoldBy::RiskRole);
  EXPECT_EQ(status.holds[0].state, RiskState::ReduceOnly);
  EXPECT_EQ(status.holds[0].scope.pair, pair);
}

TEST_F(LeaseTest, AReplayAsksAndRefusesAlike) {
  up();
  wait_answered(seconds(2));
  edge();
  wait(seconds(3));
  EXPECT_EQ(actions_of_replay(), actions_done());
}

}  // namespace
}  // namespace ats::core
