// The risk role, told by hand what engines tell it.
#include "core/risk/risk_office.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"
#include "domain/codec.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::TwoVenues;

// An office, and two engines that tell and hold what the test says.
class RiskOfficeTest : public ::testing::Test, protected TwoVenues {
 protected:
  RiskOfficeTest() {
    config.lease_for = seconds(2);
    config.limits = {};
    config.limits.add(*parse_limit("order_rate 10"));
    send(Started{1, {}, &universe, &config});
  }

  void send(const Event& event) {
    encode_event(event, now, journal.emplace_back());
    out.clear();
    office.on(event, now, out);
    for (const Action& action : out) {
      encode_action(action, answers);
      if (const auto* alert = std::get_if<Alert>(&action)) alerts.push_back(*alert);
    }
  }
  // The engine's clock is its own.
  void ask(std::string_view engine, std::uint64_t held, bool live, std::vector<LeaseUse> uses,
           std::optional<Decimal> profit = {}) {
    LeaseAsked asked;
    asked.engine = EngineName(engine);
    asked.asked = Instant{now.ns * 3};
    asked.held = held;
    asked.live = live;
    asked.profit_known = profit.has_value();
    asked.profit = profit.value_or(Decimal());
    asked.uses = uses;
    send(asked);
  }
  const GrantLease* granted(std::string_view engine) const {
    for (const Action& action : out) {
      const auto* grant = std::get_if<GrantLease>(&action);
      if (grant != nullptr && grant->engine.view() == engine) return grant;
    }
    return nullptr;
  }
  // Of what was granted last to the only one that was.
  std::optional<Decimal> share(LimitKind kind, const LimitScope& scope = {}) const {
    for (const Action& action : out) {
      const auto* one = std::get_if<LeaseShare>(&action);
      if (one != nullptr && one->kind == kind && one->scope == scope) return one->bound;
    }
    return std::nullopt;
  }
  static LeaseUse use(LimitKind kind, std::string_view value, const LimitScope& scope = {}) {
    return {kind, scope, true, d(value)};
  }
  void pass(Duration time) { now = now + time; }
  bool told_saying(std::string_view words) const {
    return std::ranges::any_of(alerts, [&](const Alert& a) {
      return a.message.view().find(words) != std::string_view::npos;
    });
  }
  std::vector<LeaseHold> holds() const {
    std::vector<LeaseHold> all;
    for (const Action& action : out) {
      if (const auto* hold = std::get_if<LeaseHold>(&action)) all.push_back(*hold);
    }
    return all;
  }

  CoreConfig config;
  RiskOffice office;
  Instant now{seconds(50).ns};
  Actions out;
  std::vector<Alert> alerts;
  std::vector<std::vector<std::byte>> journal;
  std::vector<std::byte> answers;
};

TEST_F(RiskOfficeTest, AnEngineAloneHasTheWholeOfEachLimit) {
  ask("east", 0, false, {use(LimitKind::OrderRate, "0")});
  ASSERT_NE(granted("east"), nullptr);
  EXPECT_EQ(granted("east")->asked, Instant{now.ns * 3}) << "by its clock";
  EXPECT_EQ(granted("east")->valid_for, seconds(2));
  EXPECT_EQ(share(LimitKind::OrderRate), d("10"));
}

TEST_F(RiskOfficeTest, WhatOneMayUseIsNotPromisedToAnother) {
  ask("east", 0, false, {use(LimitKind::OrderRate, "0")});
  const std::uint64_t first = granted("east")->version;
  ask("west", 0, false, {use(LimitKind::OrderRate, "0")});
  EXPECT_EQ(share(LimitKind::OrderRate), d("0")) << "east may hold all of it";
  const std::uint64_t of_west = granted("west")->version;
  ask("east", first, true, {use(LimitKind::OrderRate, "2")});
  EXPECT_EQ(share(LimitKind::OrderRate), d("6")) << "what it uses, and half of the rest";
  const std::uint64_t second = granted("east")->version;
  ask("west", of_west, true, {use(LimitKind::OrderRate, "0")});
  EXPECT_EQ(share(LimitKind::OrderRate), d("0")) << "east has not said that it got the smaller one";
  ask("east", second, true, {use(LimitKind::OrderRate, "2")});
  ask("west", of_west, true, {use(LimitKind::OrderRate, "0")});
  EXPECT_EQ(share(LimitKind::OrderRate), d("4"));
}

TEST_F(RiskOfficeTest, WhoIsGoneForGoodIsWrittenOffByAPersonAndItsShareIsFree) {
  ask("east", 0, false, {use(LimitKind::OrderRate, "4")});
  ask("west", 0, false, {use(LimitKind::OrderRate, "0")});
  const auto write_off = [&](const char* engine) {
    alerts.clear();
    send(CommandReceived{WriteOffCommand{engine, "ada", "renamed"}});
  };
  write_off("east");
  EXPECT_TRUE(told_saying("engine east is heard of, and not written off: ada: renamed"));
  write_off("north");
  EXPECT_TRUE(told_saying("engine north is not known"));
  pass(seconds(4));
  send(Timer{});
  ask("west", 0, false, {use(LimitKind::OrderRate, "0")});
  EXPECT_EQ(share(LimitKind::OrderRate), d("0")) << "east may have used all of it";
  write_off("east");
  EXPECT_TRUE(told_saying("engine east is written off; what it was promised is free"));
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_TRUE(alerts[0].over && alerts[0].subject == "east") << "nobody waits for it any more";
  EXPECT_EQ(share(LimitKind::OrderRate), d("10")) << "and west need not ask for it";

  RiskOffice other;
  DecodedEvent decoded;
  Actions ignored;
  for (const auto& record : journal) {
    ASSERT_TRUE(decode_event(record, decoded).ok());
    other.on(decoded.event, decoded.now, ignored);
  }
  OfficeStatus status;
  other.status(status);
  ASSERT_EQ(status.engines.size(), 1u);
  EXPECT_EQ(status.engines[0].name, "west");
  // Should it come back after all, it is a new one.
  ask("east", 3, false, {use(LimitKind::OrderRate, "4")});
  EXPECT_EQ(share(LimitKind::OrderRate), d("0"));
}

TEST_F(RiskOfficeTest, AfterARestartNobodyIsWrittenOffBeforeItHadTimeToBeHeardOf) {
  ask("east", 0, false, {});
  pass(seconds(600));
  send(Started{2, {}, &universe, &config});
  send(CommandReceived{WriteOffCommand{"east", "ada", "renamed"}});
  EXPECT_TRUE(told_saying("is heard of, and not written off"));
  pass(seconds(3));
  send(CommandReceived{WriteOffCommand{"east", "ada", "renamed"}});
  EXPECT_TRUE(told_saying("is written off"));
}

TEST_F(RiskOfficeTest, WhatAWrittenOffEngineMadeIsNoLossOfThoseThatAreLeft) {
  config.limits.add(*parse_limit("drawdown 100"));
  send(Started{2, {}, &universe, &config});
  ask("east", 0, false, {}, d("500"));
  ask("west", 0, false, {}, d("0"));
  ask("north", 0, false, {}, d("0"));
  send(Timer{});
  for (int n = 0; n < 20; ++n) {
    pass(milliseconds(500));
    ask("west", 0, false, {}, d("0"));
    ask("north", 0, false, {}, d("0"));
    send(Timer{});
  }
  send(CommandReceived{WriteOffCommand{"east", "ada", "renamed"}});
  for (int n = 0; n < 20; ++n) {
    pass(milliseconds(500));
    ask("west", 0, false, {}, d("0"));
    ask("north", 0, false, {}, d("0"));
    send(Timer{});
  }
  OfficeStatus status;
  office.status(status);
  EXPECT_TRUE(status.holds.empty());
}

TEST_F(RiskOfficeTest, WhatEnginesHoldIsShownByEngineAndTogether) {
  const auto tell = [&](const char* engine, std::vector<LeasePosition> positions, Instant asked) {
    LeaseAsked one;
    one.engine = engine;
    one.asked = asked;
    one.profit_known = true;
    one.profit = d("10");
    one.holdings = true;
    one.positions = positions;
    send(one);
  };
  const LeasePosition btc_east{"kraken", "BTC", d("2"), d("1"), true, true, d("100"), d("200")};
  const LeasePosition btc_west{"kraken", "BTC", d("3"), d("-3"), true, false, d("101"), d("303")};
  const LeasePosition cash{"binance", "USDT", d("50"), d("-100"), true, true, d("1"), d("50")};
  tell("east", {btc_east, cash}, {seconds(1).ns});
  tell("west", {btc_west}, {seconds(900).ns});
  OfficeStatus status;
  office.status(status);
  ASSERT_EQ(status.engines.size(), 2u);
  EXPECT_EQ(status.engines[0].positions, (std::vector{btc_east, cash}));
  EXPECT_EQ(status.engines[1].positions, std::vector{btc_west});
  ASSERT_EQ(status.positions.size(), 2u);
  EXPECT_EQ(status.positions[0].held, d("5"));
  EXPECT_EQ(status.positions[0].traded, d("-2"));
  EXPECT_EQ(status.positions[0].worth, d("503"));
  EXPECT_FALSE(status.positions[0].fresh) << "one of the marks is not";
  EXPECT_EQ(status.profit, d("20"));
  EXPECT_EQ(status.equity, d("553"));
  EXPECT_EQ(status.net, d("-203")) << "of what was traded, and not of the reporting asset";
  EXPECT_EQ(status.gross, d("203"));

  // A question without holdings leaves them as they were, and so does an older letter.
  ask("east", 0, false, {});
  tell("west", {}, {seconds(899).ns});
  office.status(status);
  EXPECT_EQ(status.engines[0].positions.size(), 2u);
  EXPECT_EQ(status.engines[1].positions.size(), 1u);
  tell("west", {}, {seconds(901).ns});
  office.status(status);
  EXPECT_TRUE(status.engines[1].positions.empty());
  EXPECT_TRUE(status.engines[1].holdings_told.has_value());

  LeasePosition unmarked{"kraken", "ETH", d("2"), d("2"), false, false, {}, {}};
  tell("west", {unmarked}, {seconds(902).ns});
  office.status(status);
  EXPECT_EQ(status.unmarked, 1u);
  EXPECT_EQ(status.equity, d("250"));
}

TEST_F(RiskOfficeTest, MorePositionsThanAreTakenAreCountedAndTold) {
  const std::vector<LeasePosition> many(lease_positions_max + 5,
                                        {"kraken", "BTC", d("1"), {}, false, false, {}, {}});
  LeaseAsked one;
  one.engine = "east";
  one.asked = now;
  one.holdings = true;
  one.left_out = 2;
  one.positions = many;
  send(one);
  EXPECT_TRUE(told_saying("engine east has more positions than are told: 7 are in no sum"));
  OfficeStatus status;
  office.status(status);
  EXPECT_EQ(status.engines[0].positions.size(), lease_positions_max);
  EXPECT_EQ(status.engines[0].left_out, 7u);
  alerts.clear();
  one.asked = now + seconds(1);
  send(one);
  EXPECT_TRUE(alerts.empty()) << "told once";
  one.asked = now + seconds(2);
  one.left_out = 0;
  one.positions = std::span(many).first(3);
  send(one);
  EXPECT_TRUE(told_saying("tells all its positions again"));
}

TEST_F(RiskOfficeTest, AmountsThatNoNumberHoldsTogetherAreNotAddedUp) {
  const Decimal huge = Decimal::from_raw(static_cast<Int128>(~UInt128{} >> 1));
  for (const char* engine : {"east", "west"}) {
    const std::vector<LeasePosition> positions{
        {"kraken", "BTC", huge, huge, true, true, d("2"), huge}};
    LeaseAsked one;
    one.engine = engine;
    one.asked = now;
    one.profit_known = true;
    one.profit = huge;
    one.holdings = true;
    one.positions = positions;
    send(one);
  }
  OfficeStatus status;
  office.status(status);
  ASSERT_EQ(status.positions.size(), 1u);
  EXPECT_FALSE(status.positions[0].marked);
  EXPECT_FALSE(status.exposures[0].marked);
}

TEST_F(RiskOfficeTest, AnOlderLetterThatComesLateIsNoSecondEngineOfTheName) {
  ask("east", 0, false, {use(LimitKind::OrderRate, "0")});
  const std::uint64_t version = granted("east")->version;
  const Instant before = now;
  pass(milliseconds(500));
  ask("east", version, true, {use(LimitKind::OrderRate, "0")});
  LeaseAsked late;
  late.engine = "east";
  late.asked = Instant{before.ns * 3};
  send(late);
  EXPECT_FALSE(told_saying("two engines"));
  EXPECT_EQ(granted("east"), nullptr) << "it has been answered";
}

TEST_F(RiskOfficeTest, WhatTheFileSaysHoldsForAllUnderWhatAPersonSetHere) {
  ask("east", 0, false, {use(LimitKind::OrderRate, "0")});
  SetLimitCommand of_file{*parse_limit("order_rate 6"), false, "file", "reload", true};
  send(CommandReceived{of_file});
  EXPECT_EQ(share(LimitKind::OrderRate), d("6"));
  EXPECT_TRUE(told_saying("order_rate 6 for all engines, was order_rate 10; file: reload"));
  send(CommandReceived{SetLimitCommand{*parse_limit("order_rate 4"), false, "ada", "calm"}});
  of_file.setting = *parse_limit("order_rate 8");
  send(CommandReceived{of_file});
  EXPECT_EQ(share(LimitKind::OrderRate), d("4"));
  EXPECT_TRUE(told_saying("what a person set stays"));
  send(CommandReceived{SetLimitCommand{*parse_limit("order_rate 4"), true, "ada", "over"}});
  EXPECT_EQ(share(LimitKind::OrderRate), d("8"));
}

TEST_F(RiskOfficeTest, AVenueAndAPairTogetherAreTwoHaltsAsTheyAreInAnEngine) {
  ask("east", 0, false, {});
  send(CommandReceived{HaltCommand{{kraken, pair}, "ada", "odd"}});
  ASSERT_EQ(holds().size(), 2u);
  EXPECT_EQ(holds()[0].scope.venue, "kraken");
  EXPECT_TRUE(holds()[0].scope.pair.view().empty());
  EXPECT_EQ(holds()[1].scope.pair, "BTC/USDT");
  send(CommandReceived{ResumeCommand{{{}, pair}, "ada", "fine"}});
  ASSERT_EQ(holds().size(), 1u) << "each until it is resumed itself";
  EXPECT_EQ(holds()[0].scope.venue, "kraken");
  send(CommandReceived{ResumeCommand{{kraken, pair}, "ada", "fine"}});
  EXPECT_TRUE(holds().empty());
  send(CommandReceived{HaltCommand{{VenueId{9}, {}}, "ada", "odd"}});
  ASSERT_EQ(holds().size(), 1u);
  EXPECT_TRUE(holds()[0].scope == LimitScope{}) << "what is not there halts everything";
}

TEST_F(RiskOfficeTest, WhoIsSilentKeepsWhatItWasPromised) {
  ask("east", 0, false, {use(LimitKind::OrderRate, "0")});
  pass(seconds(600));
  send(Timer{});
  EXPECT_TRUE(told_saying("engine east is silent"));
  ask("west", 0, false, {use(LimitKind::OrderRate, "0")});
  EXPECT_EQ(share(LimitKind::OrderRate), d("0"));
  // It held it until its lease was over, and now says what it used.
  ask("east", 1, false, {use(LimitKind::OrderRate, "3")});
  EXPECT_TRUE(told_saying("engine east is heard of again"));
  OfficeStatus status;
  office.status(status);
  ask("west", 2, false, {use(LimitKind::OrderRate, "0")});
  EXPECT_LE(*share(LimitKind::OrderRate), d("7"));
}

TEST_F(RiskOfficeTest, ALimitOfEachAssetIsSharedByAsset) {
  LimitScope btc, eth;
  btc.asset = "BTC";
  eth.asset = "ETH";
  const auto both = [&](std::string_view in_btc, std::string_view in_eth) {
    return std::vector<LeaseUse>{use(LimitKind::NetDelta, in_btc, btc),
                                 use(LimitKind::NetDelta, in_eth, eth)};
  };
  ask("east", 0, false, both("4000", "0"));
  ask("west", 0, false, both("0", "9000"));
  ask("east", 1, true, both("4000", "0"));
  ask("west", 2, true, both("0", "9000"));
  ask("east", 3, true, both("4000", "0"));
  EXPECT_EQ(share(LimitKind::NetDelta, btc), d("12000")) << "of 20000";
  EXPECT_EQ(share(LimitKind::NetDelta, eth), d("5500"));
}

TEST_F(RiskOfficeTest, AHaltReachesAllWithoutBeingAskedFor) {
  ask("east", 0, false, {});
  ask("west", 0, false, {});
  send(CommandReceived{HaltCommand{{{}, pair}, "ada", "looks odd"}});
  ASSERT_NE(granted("east"), nullptr);
  ASSERT_NE(granted("west"), nullptr);
  ASSERT_EQ(holds().size(), 2u);
  EXPECT_EQ(holds()[0].scope.pair.view(), "BTC/USDT");
  EXPECT_EQ(holds()[0].state, RiskState::Halted);
  EXPECT_TRUE(holds()[0].resolving);
  ask("east", 3, true, {});
  EXPECT_EQ(holds().size(), 1u) << "and is in every lease";
  send(CommandReceived{ResumeCommand{{{}, pair}, "ada", "fine"}});
  ASSERT_NE(granted("west"), nullptr);
  EXPECT_TRUE(holds().empty());
}

TEST_F(RiskOfficeTest, WhereTwoHaveToAskOneIsNotEnough) {
  config.resume_by_two = true;
  send(Started{2, {}, &universe, &config});
  ask("east", 0, false, {});
  send(CommandReceived{HaltCommand{{}, "ada", "odd"}});
  send(CommandReceived{ResumeCommand{{}, "ada", "fine"}});
  send(CommandReceived{ResumeCommand{{}, "ada", "fine, I say"}});
  EXPECT_EQ(granted("east"), nullptr);
  send(CommandReceived{ResumeCommand{{}, "bob", "fine"}});
  ASSERT_NE(granted("east"), nullptr);
  EXPECT_TRUE(holds().empty());
}

TEST_F(RiskOfficeTest, WhatAllLostTogetherHaltsThemAll) {
  const auto lost = [&](std::string_view east, std::string_view west) {
    ask("east", 0, false, {use(LimitKind::DailyLoss, east)});
    ask("west", 0, false, {use(LimitKind::DailyLoss, west)});
    pass(milliseconds(600));
    send(Timer{});
  };
  lost("600", "300");
  lost("600", "300");
  lost("600", "300");
  EXPECT_FALSE(told_saying("is halted in all engines"));
  lost("600", "500");
  EXPECT_FALSE(told_saying("is halted in all engines")) << "one bad reading does nothing";
  lost("600", "500");
  lost("600", "500");
  EXPECT_TRUE(told_saying("daily_loss everywhere of all engines is 1100, its limit 1000"));
  ask("east", 0, false, {});
  ASSERT_EQ(holds().size(), 1u);
  EXPECT_EQ(holds()[0].scope, LimitScope{});
}

TEST_F(RiskOfficeTest, TheDrawdownIsOfWhatAllMadeTogether) {
  config.limits.add(*parse_limit("drawdown 100 warn 50"));
  send(Started{2, {}, &universe, &config});
  const auto made = [&](std::string_view east, std::string_view west) {
    ask("east", 0, false, {}, d(east));
    ask("west", 0, false, {}, d(west));
    for (int n = 0; n < 3; ++n) {
      pass(milliseconds(600));
      send(Timer{});
    }
  };
  made("0", "1000");
  made("200", "1000");
  made("140", "1000");
  EXPECT_TRUE(told_saying("drawdown everywhere of all engines is 60, past the warning at 50"));
  EXPECT_FALSE(told_saying("is halted in all engines"));
  made("150", "940");
  EXPECT_TRUE(told_saying("of all engines is 110, its limit 100; everything is halted"));
  alerts.clear();
  send(CommandReceived{ResumeCommand{{}, "ada", "seen"}});
  ask("third", 0, false, {}, d("-5000"));
  for (int n = 0; n < 5; ++n) {
    pass(milliseconds(600));
    send(Timer{});
  }
  OfficeStatus status;
  office.status(status);
  for (const auto& limit : status.limits) {
    const bool drawdown = limit.setting.kind == LimitKind::Drawdown;
    EXPECT_EQ(drawdown ? limit.used : d("110"), d("110"));
  }
}

TEST_F(RiskOfficeTest, ALimitSetHereHoldsInTheNextLeaseOfEach) {
  ask("east", 0, false, {use(LimitKind::OrderRate, "0")});
  send(CommandReceived{SetLimitCommand{*parse_limit("order_rate 4"), false, "ada", "calm"}});
  EXPECT_EQ(share(LimitKind::OrderRate), d("4"));
  EXPECT_TRUE(told_saying("order_rate 4 for all engines, was order_rate 10"));
  send(CommandReceived{SetLimitCommand{*parse_limit("open_legs kraken 6"), false, "ada", "new"}});
  ask("east", 2, true, {use(LimitKind::OrderRate, "0")});
  EXPECT_EQ(share(LimitKind::OpenLegs, parse_limit("open_legs kraken 6")->scope), d("6"))
      << "though no engine knows it yet";
  send(CommandReceived{SetLimitCommand{*parse_limit("order_rate 4"), true, "ada", "back"}});
  EXPECT_EQ(share(LimitKind::OrderRate), d("10"));
}

TEST_F(RiskOfficeTest, TwoProcessesByOneNameDoNotBothGetALease) {
  ask("east", 0, false, {});
  const std::uint64_t first = granted("east")->version;
  pass(milliseconds(500));
  ask("east", first, true, {});
  ASSERT_NE(granted("east"), nullptr);
  pass(milliseconds(500));
  ask("east", 0, false, {});
  EXPECT_EQ(granted("east"), nullptr);
  EXPECT_TRUE(told_saying("two engines call themselves east"));
  pass(seconds(5));
  ask("east", 0, false, {});
  EXPECT_NE(granted("east"), nullptr) << "the other is gone: it began anew, without its journal";
}

TEST_F(RiskOfficeTest, ARestartForgetsNoPromiseAndNoHalt) {
  ask("east", 0, false, {use(LimitKind::OrderRate, "1")});
  ask("east", 1, true, {use(LimitKind::OrderRate, "1")});
  send(CommandReceived{HaltCommand{{kraken, {}}, "ada", "keys"}});
  const std::vector<std::byte> before = answers;
  RiskOffice other;
  DecodedEvent decoded;
  std::vector<std::byte> again;
  for (const auto& record : journal) {
    ASSERT_TRUE(decode_event(record, decoded).ok());
    Actions answered;
    other.on(decoded.event, decoded.now, answered);
    for (const Action& action : answered) encode_action(action, again);
  }
  EXPECT_EQ(again, before) << "folding it answers alike, byte for byte";
  office = other;
  now = Instant{5};  // another process: its clock begins anew
  send(Started{2, {}, &universe, &config});
  ask("west", 0, false, {use(LimitKind::OrderRate, "0")});
  EXPECT_EQ(share(LimitKind::OrderRate), d("0"));
  ASSERT_EQ(holds().size(), 1u);
  EXPECT_EQ(holds()[0].scope.venue.view(), "kraken");
  EXPECT_GT(granted("west")->version, 3u);
}

// Any order of asking, answers that are lost, late or come twice, engines that lose their journal: what engines may
// use by what they really hold never comes to more than the limit.
TEST(RiskOffice, NoMoreIsEverHeldThanThereIs) {
  std::int64_t opened = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    TwoVenues world;
    CoreConfig config;
    config.lease_for = seconds(2);
    config.limits = {};
    config.limits.add(*parse_limit("open_legs 20"));
    RiskOffice office;
    Instant now{1};
    Actions out;
    office.on(Started{1, {}, &world.universe, &config}, now, out);
    struct Held {
      std::uint64_t version = 0;
      Instant until;  // by the one true clock
      std::int64_t share = 0, used = 0;
    };
    struct Letter {
      std::size_t to = 0;
      std::uint64_t version = 0;
      Instant until;
      std::int64_t share = 0;
    };
    std::vector<Held> engines(3);
    std::vector<Letter> post;
    for (int step = 0; step < 400; ++step) {
      now = now + milliseconds(rng.between(1, 400));
      const std::size_t e = rng.below(engines.size());
      Held& engine = engines[e];
      const bool live = now < engine.until;
      switch (rng.below(4)) {
        case 0: {  // it opens what it may, or some of it is over
          if (live && engine.used < engine.share)
            engine.used += rng.between(1, engine.share - engine.used), ++opened;
          break;
        }
        case 1:
          engine.used -= rng.between(0, engine.used);
          break;
        case 2: {
          LeaseAsked asked;
          const std::string name = "engine" + std::to_string(e);
          asked.engine = EngineName(name);
          asked.asked = now;
          asked.held = engine.version;
          asked.live = live;
          const std::vector<LeaseUse> uses{
              {LimitKind::OpenLegs, {}, true, Decimal::from_int(engine.used)}};
          asked.uses = uses;
          if (rng.one_in(5)) break;  // lost on the way
          out.clear();
          office.on(asked, now, out);
          Letter letter{e, 0, now + config.lease_for, 0};
          for (const Action& action : out) {
            if (const auto* s = std::get_if<LeaseShare>(&action);
                s != nullptr && s->kind == LimitKind::OpenLegs)
              letter.share = s->bound.to_scaled_floor(0).value();
            if (const auto* g = std::get_if<GrantLease>(&action)) letter.version = g->version;
          }
          if (letter.version != 0) post.push_back(letter);
          break;
        }
        default:
          if (post.empty()) break;
          const std::size_t n = rng.below(post.size());
          const Letter letter = post[n];
          if (!rng.one_in(4)) post.erase(post.begin() + static_cast<std::ptrdiff_t>(n));
          Held& to = engines[letter.to];
          if (letter.version > to.version && now < letter.until)
            to.version = letter.version, to.until = letter.until, to.share = letter.share;
          break;
      }
      std::int64_t most = 0;
      for (const Held& held : engines)
        most += std::max(held.used, now < held.until ? held.share : 0);
      ASSERT_LE(most, 20) << "seed " << seed << ", step " << step;
    }
  }
  EXPECT_GT(opened, 1'000);
}

}  // namespace
}  // namespace ats::core
