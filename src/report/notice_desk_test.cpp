#include "report/notice_desk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace ats::report {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using What = Notice::What;
using Kind = Hit::Kind;

WallTime at(std::string_view text) {
  WallTime out;
  EXPECT_TRUE(parse_rfc3339(text.data(), text.size(), out)) << text;
  return out;
}

class NoticeDeskTest : public ::testing::Test {
 protected:
  NoticeDeskTest() { rule_.name = "ops", rule_.channels = {"mail"}; }
  Notice notice(What what, std::uint64_t alert, Severity severity = Severity::Warning,
                std::string category = "ledger_break", std::string scope = "kraken") {
    Notice out;
    out.source = "engine", out.journal = 1000, out.number = ++number_;
    out.what = what, out.alert = alert, out.severity = severity;
    out.category = std::move(category), out.scope = std::move(scope);
    out.message = "differs by " + std::to_string(number_);
    out.open = what != What::Over;
    if (what == What::Over) out.ends = {alert}, out.alert = 0;
    out.at = now_;
    return out;
  }
  NoticeDesk& desk() {
    if (!desk_) desk_.emplace(std::vector{rule_});
    return *desk_;
  }
  std::vector<Hit> tell(const Notice& what) {
    std::vector<Hit> out;
    desk().on(what, now_, out);
    return out;
  }
  std::vector<Hit> pass(Duration by) {
    std::vector<Hit> out;
    now_ = now_ + by;
    desk().pass(now_, out);
    return out;
  }

  NoticeRule rule_;
  std::optional<NoticeDesk> desk_;
  WallTime now_ = at("2026-11-28T12:00:00Z");
  std::uint64_t number_ = 0;
};

TEST_F(NoticeDeskTest, WhatMeetsARuleIsToldToEachOfItsChannelsAtOnce) {
  rule_.channels = {"mail", "chat"};
  const auto hits = tell(notice(What::New, 1));
  ASSERT_THAT(hits, SizeIs(2));
  EXPECT_EQ(hits[0].channel, "mail");
  EXPECT_EQ(hits[1].channel, "chat");
  EXPECT_EQ(hits[0].kind, Kind::Told);
  EXPECT_EQ(hits[0].message, "differs by 1");
  EXPECT_EQ(hits[0].due, now_);
  EXPECT_THAT(hits[0].alerts, ElementsAre(1));
  EXPECT_NE(hits[0].key, hits[1].key);
}

TEST_F(NoticeDeskTest, SeverityCategoryScopeAndSourceAllHaveToBeMet) {
  rule_.at_least = Severity::Critical;
  rule_.categories = {"halt", "ledger_break"};
  rule_.scopes = {"kraken", "ETH/USDT"};
  rule_.sources = {"engine"};
  EXPECT_THAT(tell(notice(What::New, 1, Severity::Warning)), IsEmpty());
  EXPECT_THAT(tell(notice(What::New, 2, Severity::Critical, "lease")), IsEmpty());
  EXPECT_THAT(tell(notice(What::New, 3, Severity::Critical, "halt", "upbit")), IsEmpty());
  Notice other = notice(What::New, 4, Severity::Critical);
  other.source = "west";
  EXPECT_THAT(tell(other), IsEmpty());
  EXPECT_THAT(tell(notice(What::New, 5, Severity::Critical, "halt", "kraken BTC/USDT")), SizeIs(1));
  EXPECT_THAT(tell(notice(What::New, 6, Severity::Critical, "halt", "upbit ETH/USDT")), SizeIs(1));
  EXPECT_THAT(tell(notice(What::New, 7, Severity::Critical, "halt", "all")), SizeIs(1))
      << "what is of all concerns each";
}

TEST_F(NoticeDeskTest, TheSameAgainIsCountedAndToldAsASumWithPausesThatDouble) {
  rule_.again_after = seconds(600);
  EXPECT_THAT(tell(notice(What::New, 1)), SizeIs(1));
  EXPECT_THAT(tell(notice(What::Again, 1)), IsEmpty());
  EXPECT_THAT(tell(notice(What::Again, 1)), IsEmpty());
  EXPECT_THAT(pass(seconds(599)), IsEmpty());
  const auto sum = pass(seconds(1));
  ASSERT_THAT(sum, SizeIs(1));
  EXPECT_EQ(sum[0].kind, Kind::Summed);
  EXPECT_EQ(sum[0].times, 2u);
  EXPECT_EQ(sum[0].message, "differs by 3") << "the latest";
  EXPECT_THAT(tell(notice(What::Again, 1)), IsEmpty());
  EXPECT_THAT(pass(seconds(1199)), IsEmpty());
  EXPECT_THAT(pass(seconds(1)), SizeIs(1));
  EXPECT_THAT(pass(hours(10)), IsEmpty()) << "nothing came";
  EXPECT_THAT(tell(notice(What::Again, 1)), SizeIs(1)) << "as if it were the first";
  EXPECT_THAT(tell(notice(What::Again, 1)), IsEmpty());
  EXPECT_THAT(pass(seconds(600)), SizeIs(1));
}

TEST_F(NoticeDeskTest, WhatIsWorseAndWhatAPersonDidIsToldAtOnce) {
  EXPECT_THAT(tell(notice(What::New, 1)), SizeIs(1));
  EXPECT_THAT(tell(notice(What::Worse, 1, Severity::Critical)), SizeIs(1));
  Notice halted = notice(What::Again, 1);
  halted.by_person = true;
  EXPECT_THAT(tell(halted), SizeIs(1));
}

TEST_F(NoticeDeskTest, WhoWasToldIsToldOnceThatItIsOver) {
  tell(notice(What::New, 1));
  tell(notice(What::Again, 1));
  const auto over = tell(notice(What::Over, 1));
  ASSERT_THAT(over, SizeIs(1));
  EXPECT_EQ(over[0].kind, Kind::AllClear);
  EXPECT_EQ(over[0].times, 1u) << "one that was counted is told with it";
  EXPECT_THAT(over[0].alerts, ElementsAre(1));
  EXPECT_THAT(tell(notice(What::Over, 1)), IsEmpty());
  EXPECT_THAT(pass(hours(1)), IsEmpty());
}

TEST_F(NoticeDeskTest, OneThatEndsManyIsOneMessage) {
  tell(notice(What::New, 1, Severity::Critical, "halt"));
  tell(notice(What::New, 2, Severity::Warning, "ledger_break"));
  Notice resumed = notice(What::Over, 1);
  resumed.ends = {1, 2, 9};
  const auto over = tell(resumed);
  ASSERT_THAT(over, SizeIs(1));
  EXPECT_THAT(over[0].alerts, ElementsAre(1, 2));
  EXPECT_EQ(over[0].severity, Severity::Critical);
}

TEST_F(NoticeDeskTest, ARuleWithoutAllClearsHasNone) {
  rule_.all_clear = false;
  tell(notice(What::New, 1));
  tell(notice(What::Again, 1));
  EXPECT_THAT(tell(notice(What::Over, 1)), IsEmpty());
  EXPECT_THAT(pass(seconds(600)), SizeIs(1)) << "what was counted is told all the same";
}

TEST_F(NoticeDeskTest, ItEscalatesUntilSomebodyHasSeenIt) {
  rule_.escalate_after = seconds(300);
  rule_.escalate_most = seconds(900);
  rule_.escalate_to = {"pager"};
  tell(notice(What::New, 1, Severity::Critical));
  EXPECT_THAT(pass(seconds(299)), IsEmpty());
  const auto up = pass(seconds(1));
  ASSERT_THAT(up, SizeIs(2));
  EXPECT_EQ(up[0].channel, "mail");
  EXPECT_EQ(up[1].channel, "pager");
  EXPECT_EQ(up[1].kind, Kind::Escalated);
  EXPECT_THAT(pass(seconds(599)), IsEmpty());
  const auto again = pass(seconds(1));
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_NE(again[1].key, up[1].key);
  EXPECT_THAT(pass(seconds(900)), SizeIs(2)) << "at most so long";
  const auto seen = tell(notice(What::Acknowledged, 1));
  ASSERT_THAT(seen, SizeIs(2)) << "whoever was called is told that somebody came";
  EXPECT_EQ(seen[1].kind, Kind::Acknowledged);
  EXPECT_THAT(pass(hours(24)), IsEmpty());
  EXPECT_THAT(tell(notice(What::Over, 1)), SizeIs(2)) << "and that it is over";
}

TEST_F(NoticeDeskTest, WhoeverHasSeenWhatItWasHasNotSeenWhatItIs) {
  rule_.escalate_after = seconds(300);
  tell(notice(What::New, 1));
  tell(notice(What::Acknowledged, 1));
  EXPECT_THAT(pass(seconds(400)), IsEmpty());
  tell(notice(What::Worse, 1, Severity::Emergency));
  EXPECT_THAT(pass(seconds(300)), SizeIs(1));
}

TEST_F(NoticeDeskTest, APersonCanSayHereThatItWasSeen) {
  rule_.escalate_after = seconds(300);
  tell(notice(What::New, 1));
  pass(seconds(300));
  std::vector<Hit> out;
  EXPECT_FALSE(desk().acknowledge("engine", 2, "ada", now_, out));
  EXPECT_TRUE(desk().acknowledge("engine", 1, "ada", now_, out));
  ASSERT_THAT(out, SizeIs(1));
  EXPECT_EQ(out[0].message, "acknowledged by ada");
  EXPECT_THAT(pass(hours(24)), IsEmpty());
}

TEST_F(NoticeDeskTest, InQuietHoursWhatIsNotCriticalWaitsForTheirEnd) {
  rule_.zone = Zone("Asia/Seoul", {{at("2026-01-01T00:00:00Z"), hours(9)}});
  rule_.has_quiet = true;
  rule_.quiet_from = hours(22), rule_.quiet_to = hours(7);
  now_ = at("2026-11-28T14:00:00Z");  // 23:00 in Seoul
  const auto held = tell(notice(What::New, 1));
  ASSERT_THAT(held, SizeIs(1));
  EXPECT_EQ(held[0].due, at("2026-11-28T22:00:00Z"));
  EXPECT_FALSE(held[0].alone) << "one letter for the night";
  const auto critical = tell(notice(What::New, 2, Severity::Critical, "halt"));
  EXPECT_EQ(critical[0].due, now_);
  now_ = at("2026-11-28T22:00:00Z");  // 07:00
  EXPECT_EQ(tell(notice(What::New, 3, Severity::Warning, "lease"))[0].due, now_);
}

TEST_F(NoticeDeskTest, WhatEscalatesInQuietHoursDoesSoAtTheirEnd) {
  rule_.escalate_after = seconds(300);
  rule_.has_quiet = true;
  rule_.quiet_from = hours(22), rule_.quiet_to = hours(7);
  now_ = at("2026-11-28T23:00:00Z");
  tell(notice(What::New, 1));
  EXPECT_THAT(pass(hours(7) + seconds(3599)), IsEmpty());
  EXPECT_THAT(pass(seconds(1)), SizeIs(1));
}

TEST_F(NoticeDeskTest, ADigestWaitsForTheFullHourOrTheTimeOfDay) {
  rule_.zone = Zone("Asia/Kathmandu", {{at("2026-01-01T00:00:00Z"), hours(5) + seconds(2700)}});
  rule_.digest = NoticeRule::Digest::Hourly;
  now_ = at("2026-11-28T12:05:00Z");  // 17:50
  const auto hourly = tell(notice(What::New, 1));
  EXPECT_EQ(hourly[0].due, at("2026-11-28T12:15:00Z"));
  EXPECT_FALSE(hourly[0].alone);
  rule_.digest = NoticeRule::Digest::Daily;
  desk_.reset();
  EXPECT_EQ(tell(notice(What::New, 1))[0].due, at("2026-11-29T02:15:00Z"));
}

TEST_F(NoticeDeskTest, OfAnEarlierJournalNothingMoreIsAwaited) {
  rule_.escalate_after = seconds(300);
  tell(notice(What::New, 1));
  Notice newer = notice(What::New, 1, Severity::Warning, "halt");
  newer.journal = 2000;
  tell(newer);
  const auto up = pass(seconds(300));
  ASSERT_THAT(up, SizeIs(1));
  EXPECT_EQ(up[0].category, "halt");
}

TEST_F(NoticeDeskTest, WhatWasThereBeforeIsKnownButNotTold) {
  rule_.escalate_after = seconds(300);
  std::vector<Hit> out;
  desk().on(notice(What::New, 1), now_, out, false);
  EXPECT_THAT(out, IsEmpty());
  EXPECT_THAT(tell(notice(What::New, 2, Severity::Warning, "halt")), SizeIs(1));
  EXPECT_THAT(pass(seconds(300)), SizeIs(2)) << "both are open, and nobody has seen them";
}

TEST_F(NoticeDeskTest, WhatIsOverIsForgottenSoThatMemoryStaysBounded) {
  for (std::uint64_t n = 1; n <= 100; ++n) {
    Notice one = notice(What::New, n);
    one.subject = std::to_string(n);
    tell(one);
    if (n != 7) tell(notice(What::Over, n));
  }
  pass(hours(48));
  EXPECT_THAT(desk().matters(), SizeIs(1)) << "what is open is not";
  EXPECT_THAT(desk().take_changes(), SizeIs(100));
  EXPECT_THAT(desk().take_changes(), IsEmpty());
}

// Random notices, rules, times and restarts.
struct Course {
  std::map<std::string, int> keys;
  std::uint64_t told = 0, meant = 0;
};
Course live(std::uint64_t seed, bool restarts) {
  Rng rng(seed);
  std::vector<NoticeRule> rules(2);
  rules[0].name = "a", rules[0].channels = {"x"}, rules[0].again_after = seconds(60);
  rules[0].escalate_after = seconds(90);
  rules[1].name = "b", rules[1].channels = {"y"}, rules[1].at_least = Severity::Critical;
  rules[1].has_quiet = true, rules[1].quiet_from = hours(22), rules[1].quiet_to = hours(7);
  rules[1].quiet_passes = Severity::Emergency;
  rules[1].all_clear = false;
  auto desk = std::make_unique<NoticeDesk>(rules);
  std::map<MatterKey, Matter> kept;
  WallTime now = at("2026-11-28T12:00:00Z");
  Course course;
  std::vector<std::uint64_t> open;
  std::uint64_t alert = 0;
  const auto settle = [&](const std::vector<Hit>& hits) {
    for (const Hit& hit : hits) {
      ++course.keys[hit.key];
      EXPECT_GE(hit.due, WallTime{});
      if (hit.kind == Kind::Told || hit.kind == Kind::Summed || hit.kind == Kind::AllClear)
        course.told += hit.times;
    }
    for (const MatterKey& key : desk->take_changes()) {
      const auto found = desk->matters().find(key);
      if (found == desk->matters().end()) {
        kept.erase(key);
      } else {
        kept.insert_or_assign(key, found->second);
      }
    }
    EXPECT_EQ(kept, desk->matters());
  };
  for (std::uint64_t n = 1; n <= 2000; ++n) {
    std::vector<Hit> hits;
    Notice one;
    one.source = "engine", one.journal = 1, one.number = n, one.at = now;
    one.category = rng.one_in(2) ? "halt" : "lease";
    one.severity = static_cast<Severity>(rng.below(4));
    one.subject = std::to_string(rng.below(3));
    one.message = "m";
    const std::uint64_t what = rng.below(5);
    if (what >= 3 && !open.empty()) {
      const std::uint64_t which = open[rng.below(open.size())];
      one.what = what == 3 ? What::Over : What::Acknowledged;
      if (what == 3) {
        one.ends = {which};
        std::erase(open, which);
      } else {
        one.alert = which, one.open = true;
      }
    } else {
      one.what = What::New, one.alert = ++alert, one.open = true;
      open.push_back(alert);
      if (one.severity >= Severity::Warning) ++course.meant;
      if (one.severity >= Severity::Critical) ++course.meant;
    }
    desk->on(one, now, hits);
    settle(hits);
    now = now + seconds(rng.between(0, 60));
    const bool restart = rng.one_in(20);
    hits.clear();
    desk->pass(now, hits);
    settle(hits);
    if (restarts && restart) {
      desk = std::make_unique<NoticeDesk>(rules);
      for (const auto& [key, matter] : kept) desk->restore(matter);
    }
  }
  std::vector<Hit> hits;
  for (int n = 0; n < 60; ++n) desk->pass(now = now + hours(1), hits);
  settle(hits);
  return course;
}

TEST(NoticeDeskCourse, EveryNoticeThatMeetsARuleIsToldOnceAndNoTwoHitsHaveOneKey) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Course course = live(seed, false);
    EXPECT_EQ(course.told, course.meant) << seed;
    for (const auto& [key, times] : course.keys) EXPECT_EQ(times, 1) << key;
  }
}

TEST(NoticeDeskCourse, ManyLivesComeToTheSameHitsAsOne) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    EXPECT_EQ(live(seed, true).keys, live(seed, false).keys) << seed;
}

}  // namespace
}  // namespace ats::report
