#include "services/backtest_progress.hpp"

#include <gtest/gtest.h>

#include "services/backtest_job.hpp"

namespace ats::services {
namespace {

constexpr std::int64_t start = 1'723'100'000'000'000'000;
constexpr std::int64_t day = 86'400'000'000'000;

TEST(BacktestProgress, IsTheShareOfTheTimeThatIsPlayed) {
  EXPECT_EQ(done_bps(start, start, start + day), 0U);
  EXPECT_EQ(done_bps(start, start + day / 4, start + day), 2'500U);
  EXPECT_EQ(done_bps(start, start + day, start + day), 10'000U);
  EXPECT_EQ(done_bps(start, start + 5 * day, start + day), 10'000U);
  EXPECT_EQ(done_bps(start, start - day, start + day), 0U);
  EXPECT_EQ(done_bps(start, start + 3 * 365 * day, start + 6 * 365 * day), 5'000U);
  EXPECT_EQ(done_bps(start, start + 1, start + 2), 1U);  // shorter than its hundredths of a percent
  EXPECT_EQ(done_bps(start, start, start), 0U);
}

TEST(BacktestProgress, IsReadBackAsItIsWrittenAndNothingElseIsBelieved) {
  const auto told = parse_progress(nlohmann::ordered_json::parse(
      R"({"playing":true,"done_bps":4200,"at":"2024-08-08T06:53:20.000000Z","records":7,"events":9,"events_per_second":3,"left_ms":1500})"));
  EXPECT_TRUE(told.playing);
  EXPECT_EQ(told.done_bps, 4'200U);
  EXPECT_EQ(told.at.ns_utc, 1'723'100'000'000'000'000);
  EXPECT_EQ(told.left, milliseconds(1500));
  const auto odd = parse_progress(nlohmann::ordered_json::parse(
      R"({"playing":"yes","done_bps":99999,"records":-1,"left_ms":"soon","at":7})"));
  EXPECT_FALSE(odd.playing);
  EXPECT_EQ(odd.done_bps, 10'000U);
  EXPECT_EQ(odd.records, 0U);
  EXPECT_FALSE(odd.left);
  EXPECT_FALSE(odd.at.told());
}

}  // namespace
}  // namespace ats::services
