// What trials come to, of figures that are counted by hand; and the file that they are kept in.
#include "services/sweep_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using ::testing::HasSubstr;

SweepSpec spec(std::string_view text) { return *parse_sweep(text, "s.toml"); }
WallTime at(std::int64_t second) { return {second * 1'000'000'000}; }

SweepRun run(std::size_t number, const SweepSpec& of, std::size_t trial, const char* profit,
             double mean = 0) {
  SweepRun out;
  out.run = number;
  out.values = trial_values(of, trial);
  out.summary = {
      {"profit", profit}, {"count", 1}, {"total_return", 0.0}, {"deepest_drawdown", 0.0}};
  out.returns.count = 100;
  out.returns.mean = mean;
  out.returns.deviation = 1;
  return out;
}

TEST(SweepReport, RanksByTheObjectiveAndTellsHowEachValueDid) {
  const SweepSpec s = spec("objective = \"profit\"\n[grid]\na = [1, 2, 3]\nb = [\"x\", \"y\"]\n");
  const auto parts = *segments(s, at(0), at(10));
  std::map<std::size_t, SweepRun> runs;
  // a: 1 2 3 by b: x y
  const char* profits[] = {"1", "-1", "5", "3", "2", "0"};
  for (std::size_t n = 0; n < 6; ++n) runs.emplace(n, run(n, s, n, profits[n]));
  const ordered_json told = sweep_report(s, parts, runs);
  EXPECT_EQ(told["best"]["trial"], 2);
  EXPECT_EQ(told["best"]["profit"], "5");
  EXPECT_EQ(told["list"].size(), 6U);
  EXPECT_EQ(told["list"][5]["trial"], 1);
  // Beside (2, x): (1, x), (3, x) and (2, y).
  EXPECT_EQ(told["neighbours"]["count"], 3);
  EXPECT_EQ(told["neighbours"]["median"], 2);
  EXPECT_EQ(told["neighbours"]["least"], 1);
  const ordered_json& second = told["stability"][0]["values"][1];
  EXPECT_EQ(second["value"], "2");
  EXPECT_EQ(second["trials"], 2);
  EXPECT_EQ(second["median"], 4);
  EXPECT_EQ(second["least"], 3);
  EXPECT_EQ(second["most"], 5);
  const ordered_json& y = told["stability"][1]["values"][1];
  EXPECT_EQ(y["median"], 0);
  EXPECT_EQ(y["above_zero"], 1);
  EXPECT_THAT(sweep_text(told), HasSubstr("a=2 b=x"));
  EXPECT_THAT(sweep_csv(s, parts, runs), HasSubstr("\n2,2,whole,0,"));
}

TEST(SweepReport, TheBestSharpeRatioIsDeflatedByHowManyWereTried) {
  const SweepSpec s = spec("[grid]\na = [1, 2, 3]\n");
  const auto parts = *segments(s, at(0), at(10));
  std::map<std::size_t, SweepRun> runs;
  for (std::size_t n = 0; n < 3; ++n)
    runs.emplace(n, run(n, s, n, "1", 0.1 * static_cast<double>(n)));
  const ordered_json told = sweep_report(s, parts, runs)["deflated_sharpe"];
  EXPECT_EQ(told["trial"], 2);
  EXPECT_DOUBLE_EQ(told["sharpe"].get<double>(), 0.2);
  EXPECT_NEAR(told["variance_of_trials"].get<double>(), 0.01, 1e-12);
  EXPECT_NEAR(told["expected_best_of_luck"].get<double>(), report::expected_best_sharpe(0.01, 3),
              1e-12);
}

TEST(SweepReport, WalkForwardTradesWhatTheWindowBeforeChose) {
  const SweepSpec s = spec(
      "objective = \"profit\"\n[grid]\na = [1, 2]\n[walk_forward]\ntrain = \"60s\"\ntest = "
      "\"20s\"\n");
  const auto parts = *segments(s, at(0), at(100));  // two windows
  ASSERT_EQ(parts.size(), 4U);
  std::map<std::size_t, SweepRun> runs;
  // train, test, train, test
  const char* first[] = {"10", "2", "1", "7"};
  const char* second[] = {"4", "3", "8", "-1"};
  for (std::size_t n = 0; n < 4; ++n) {
    runs.emplace(n, run(n, s, 0, first[n]));
    runs.emplace(4 + n, run(4 + n, s, 1, second[n]));
  }
  const ordered_json told = sweep_report(s, parts, runs)["walk_forward"];
  EXPECT_EQ(told["windows"][0]["trial"], 0);
  EXPECT_EQ(told["windows"][0]["test"], 2);
  EXPECT_EQ(told["windows"][0]["rank"], 2);
  EXPECT_EQ(told["windows"][1]["trial"], 1);
  EXPECT_EQ(told["windows"][1]["test"], -1);
  EXPECT_EQ(told["windows"][1]["test_median"], 3);
  EXPECT_EQ(told["profit"], "1");
  EXPECT_DOUBLE_EQ(told["efficiency"].get<double>(), 1.0 / 18);
}

TEST(SweepReport, WhatFailedOrIsMissingIsSaidAndCountsForNothing) {
  const SweepSpec s = spec("objective = \"profit\"\n[grid]\na = [1, 2, 3]\n");
  const auto parts = *segments(s, at(0), at(10));
  std::map<std::size_t, SweepRun> runs;
  runs.emplace(0, run(0, s, 0, "1"));
  SweepRun failed;
  failed.run = 1;
  failed.values = trial_values(s, 1);
  failed.error = "max_edge_bps";
  runs.emplace(1, failed);
  const ordered_json told = sweep_report(s, parts, runs);
  EXPECT_EQ(told["told"], 1);
  EXPECT_EQ(told["failed"], 1);
  EXPECT_EQ(told["missing"], 1);
  EXPECT_EQ(told["first_error"], "max_edge_bps");
  EXPECT_EQ(told["deflated_sharpe"]["probability"],
            0.5);  // a ratio of 0, and nothing to compare it with
}

class SweepResultsTest : public ::testing::Test {
 protected:
  SweepResultsTest() {
    std::string name = (fs::temp_directory_path() / "ats-sweep-XXXXXX").string();
    home = ::mkdtemp(name.data());
  }
  ~SweepResultsTest() override { fs::remove_all(home); }
  std::string bytes(const char* folder) {
    std::ifstream in(home / folder / "results.jsonl");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const SweepSpec s = spec("[grid]\na = [1, 2, 3]\n");
  const ordered_json head = {{"sweep", 1}, {"spec", "x"}};
  fs::path home;
};

TEST_F(SweepResultsTest, AreReadBackAsTheyWereToTheLastBit) {
  auto writer = SweepWriter::open(home / "a", head);
  ASSERT_TRUE(writer);
  SweepRun one = run(1, s, 1, "0.1", 0.1);
  one.returns.skewness = 1.0 / 3;
  ASSERT_TRUE(writer->add(one));
  const auto read = read_results(home / "a");
  ASSERT_TRUE(read);
  EXPECT_EQ(run_json(read->runs.at(1)), run_json(one));
  EXPECT_EQ(read->runs.at(1).returns.skewness, 1.0 / 3);
}

TEST_F(SweepResultsTest, AFileThatWasCutShortGoesOnAfterItsLastWholeLine) {
  {
    auto writer = SweepWriter::open(home / "a", head);
    ASSERT_TRUE(writer->add(run(0, s, 0, "1")));
    ASSERT_TRUE(writer->add(run(1, s, 1, "2")));
  }
  const std::string whole = bytes("a");
  for (std::size_t size = 0; size <= whole.size(); size += 7) {
    fs::create_directories(home / "b");
    std::ofstream(home / "b" / "results.jsonl") << whole.substr(0, size);
    auto writer = SweepWriter::open(home / "b", head);
    ASSERT_TRUE(writer) << size << writer.error();
    const auto there = writer->runs();
    for (std::size_t n = 0; n < 2; ++n) {
      if (there.contains(n)) continue;
      ASSERT_TRUE(writer->add(run(n, s, n, n == 0 ? "1" : "2")));
    }
    EXPECT_EQ(bytes("b"), whole) << size;
  }
}

TEST_F(SweepResultsTest, OfAnotherSweepAreNotGoneOnWithAndNotMerged) {
  ASSERT_TRUE(SweepWriter::open(home / "a", head));
  const ordered_json other = {{"sweep", 1}, {"spec", "y"}};
  const auto again = SweepWriter::open(home / "a", other);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error(), HasSubstr("'spec' differs"));
  ASSERT_TRUE(SweepWriter::open(home / "b", other));
  EXPECT_THAT(merge_results({home / "a", home / "b"}).error(), HasSubstr("another sweep"));
  EXPECT_THAT(merge_results({home / "nowhere"}).error(), HasSubstr("cannot be read"));
  std::ofstream(home / "a" / "results.jsonl") << "my diary\n";
  EXPECT_FALSE(SweepWriter::open(home / "a", head));
  EXPECT_EQ(bytes("a"), "my diary\n");
}

TEST_F(SweepResultsTest, OfShardsAreOneAndTheSameRunHasOneResult) {
  auto a = SweepWriter::open(home / "a", head), b = SweepWriter::open(home / "b", head);
  ASSERT_TRUE(a->add(run(2, s, 2, "3")));
  ASSERT_TRUE(a->add(run(0, s, 0, "1")));
  ASSERT_TRUE(b->add(run(1, s, 1, "2")));
  ASSERT_TRUE(b->add(run(0, s, 0, "1")));
  const auto one = merge_results({home / "a", home / "b"}),
             other = merge_results({home / "b", home / "a"});
  ASSERT_TRUE(one);
  ASSERT_TRUE(other);
  ASSERT_FALSE(write_results(home / "one", *one));
  ASSERT_FALSE(write_results(home / "other", *other));
  EXPECT_EQ(bytes("one"), bytes("other"));
  EXPECT_EQ(one->runs.size(), 3U);
  ASSERT_TRUE(b->add(run(2, s, 2, "4")));
  EXPECT_THAT(merge_results({home / "a", home / "b"}).error(),
              HasSubstr("run 2 has another result"));
}

}  // namespace
}  // namespace ats::services
