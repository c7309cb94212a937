#include "services/sweep_spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace ats::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Values = std::map<std::string, std::string>;

SweepSpec spec(std::string_view text) {
  const auto parsed = parse_sweep(text, "s.toml");
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error());
  return parsed ? *parsed : SweepSpec{};
}
std::string error(std::string_view text) {
  const auto parsed = parse_sweep(text, "s.toml");
  return parsed ? "it was taken" : parsed.error();
}

TEST(SweepSpec, AGridIsEachValueWithEachOfTheOthers) {
  const SweepSpec s = spec("[grid]\n\"b.y\" = [\"1\", 2]\n[grid.a]\nx = [true, false, \"z\"]\n");
  ASSERT_EQ(trial_count(s), 6U);
  EXPECT_EQ(trial_values(s, 0), (Values{{"a.x", "true"}, {"b.y", "1"}}));
  EXPECT_EQ(trial_values(s, 1), (Values{{"a.x", "true"}, {"b.y", "2"}}));
  EXPECT_EQ(trial_values(s, 5), (Values{{"a.x", "z"}, {"b.y", "2"}}));
  std::set<Values> all;
  for (std::size_t n = 0; n < 6; ++n) all.insert(trial_values(s, n));
  EXPECT_EQ(all.size(), 6U);
}

TEST(SweepSpec, ARangeIsExactAndHasBothEndsWhereTheStepsMeetThem) {
  const SweepSpec s = spec(
      "[grid]\na = { from = \"0.1\", to = \"0.5\", step = \"0.1\" }\n"
      "b = { from = 1, to = 10, step = 4, unit = \"ms\" }\n");
  EXPECT_THAT(s.grid[0].values, ElementsAre("0.1", "0.2", "0.3", "0.4", "0.5"));
  EXPECT_THAT(s.grid[1].values, ElementsAre("1ms", "5ms", "9ms"));
}

TEST(SweepSpec, DrawsAreOfTheSeedAndTheSameBesideEachPointOfTheGrid) {
  const char* text =
      "[grid]\na = [\"1\", \"2\"]\n[random]\ndraws = 50\nseed = 7\nb = { from = 1, to = 100, step "
      "= 1 }\n"
      "c = [\"x\", \"y\"]\n";
  const SweepSpec s = spec(text);
  ASSERT_EQ(trial_count(s), 100U);
  std::set<std::string> drawn;
  for (std::size_t n = 0; n < 50; ++n) {
    const Values one = trial_values(s, n), other = trial_values(s, 50 + n);
    EXPECT_EQ(one.at("a"), "1");
    EXPECT_EQ(other.at("a"), "2");
    EXPECT_EQ(one.at("b"), other.at("b"));
    EXPECT_EQ(one.at("c"), other.at("c"));
    EXPECT_EQ(trial_values(spec(text), n), one);
    drawn.insert(one.at("b"));
  }
  EXPECT_GT(drawn.size(), 25U);
}

TEST(SweepSpec, WhatMakesNoSenseIsAnErrorWithItsLine) {
  EXPECT_THAT(error(""), HasSubstr("nothing is varied"));
  EXPECT_THAT(error("[[["), HasSubstr("s.toml"));
  EXPECT_THAT(error("[grid]\na = []"), HasSubstr("s.toml:2: a: expected a list"));
  EXPECT_THAT(error("[grid]\na = [0.1]"), HasSubstr("binary"));
  EXPECT_THAT(error("[grid]\na = [\"1\", \"1\"]"), HasSubstr("twice"));
  EXPECT_THAT(error("[grid]\na = { from = 1, to = 2, step = 0 }"), HasSubstr("step above zero"));
  EXPECT_THAT(error("[grid]\na = { from = 1, to = 200000, step = 1 }"),
              HasSubstr("more than 10000"));
  EXPECT_THAT(error("[grid]\na = { from = 1, to = 2, step = 1, up = 3 }"),
              HasSubstr("from, to, step"));
  EXPECT_THAT(error("[grid]\na = [1]\n[random]\ndraws = 2\na = [1, 2]"),
              HasSubstr("in [grid] and in"));
  EXPECT_THAT(error("[random]\na = [1, 2]"), HasSubstr("draws"));
  EXPECT_THAT(error("objective = \"luck\"\n[grid]\na = [1]"), HasSubstr("objective"));
  EXPECT_THAT(error("[walk_forward]\ntrain = \"1h\"\n[grid]\na = [1]"),
              HasSubstr("train and test"));
  EXPECT_THAT(error("what = 1\n[grid]\na = [1]"), HasSubstr("s.toml:1: what"));
}

WallTime at(std::int64_t second) { return {second * 1'000'000'000}; }

TEST(SweepSegments, WithoutWalkForwardAreTheWhole) {
  const auto parts = segments(spec("[grid]\na = [1]"), at(10), at(20));
  ASSERT_EQ(parts->size(), 1U);
  EXPECT_EQ(parts->front().from, at(10));
  EXPECT_EQ(parts->front().to, at(20));
}

TEST(SweepSegments, OfWalkForwardFollowEachOtherAndNoTestIsTrainedOn) {
  const SweepSpec s =
      spec("[grid]\na = [1]\n[walk_forward]\ntrain = \"60s\"\ntest = \"20s\"\nembargo = \"5s\"");
  const auto parts = segments(s, at(100), at(229));
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 6U);  // a fourth test would end at 245
  for (std::size_t window = 0; window < 3; ++window) {
    const SweepSegment& train = (*parts)[2 * window];
    const SweepSegment& test = (*parts)[2 * window + 1];
    const auto begin = 100 + static_cast<std::int64_t>(window) * 20;
    EXPECT_EQ(train.kind, SweepSegment::Kind::Train);
    EXPECT_EQ(train.from, at(begin));
    EXPECT_EQ(train.to, at(begin + 60));
    EXPECT_EQ(test.from, at(begin + 65));
    EXPECT_EQ(test.to, at(begin + 85));
  }
  EXPECT_THAT(segments(s, at(100), at(150)).error(), HasSubstr("do not fit"));
}

TEST(Shard, TheirTrialsAreAllAndNoneTwice) {
  const auto second = parse_shard("2/3");
  ASSERT_TRUE(second);
  for (std::size_t trial = 0; trial < 30; ++trial) {
    int owners = 0;
    for (const char* text : {"1/3", "2/3", "3/3"}) owners += parse_shard(text)->has(trial) ? 1 : 0;
    EXPECT_EQ(owners, 1);
  }
  for (const char* wrong : {"", "1", "0/3", "4/3", "1/0", "-1/2", "a/b", "1/2/3"})
    EXPECT_FALSE(parse_shard(wrong)) << wrong;
}

}  // namespace
}  // namespace ats::services
