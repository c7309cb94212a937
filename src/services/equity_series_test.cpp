#include "services/equity_series.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace ats::services {
namespace {

constexpr std::int64_t day = 86'400;

struct EquitySeriesTest : testing::Test {
  EquitySeriesTest()
      : folder(std::filesystem::temp_directory_path() /
               ("ats-equity-" + std::to_string(testing::UnitTest::GetInstance()->random_seed()) +
                testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~EquitySeriesTest() override { std::filesystem::remove_all(folder); }
  std::unique_ptr<EquitySeries> open() { return *EquitySeries::open(folder / "equity.db"); }
  static EquityPoint point(std::int64_t at) {
    return {{at * 1'000'000'000}, std::to_string(at) + ".5", "-1"};
  }
  std::filesystem::path folder;
};

TEST_F(EquitySeriesTest, PointsAreThereAfterARestartInTheirOrder) {
  {
    const auto series = open();
    ASSERT_TRUE(series->add(point(20)));
    ASSERT_TRUE(series->add(point(10)));
  }
  EXPECT_THAT(open()->points(100), testing::ElementsAre(point(10), point(20)));
}

TEST_F(EquitySeriesTest, FewerAreAskedForThanThereAreAndTheEndsAreAlwaysAmongThem) {
  const auto series = open();
  for (std::int64_t n = 1; n <= 97; ++n) ASSERT_TRUE(series->add(point(n * 10)));
  const auto some = series->points(5);
  EXPECT_THAT(some,
              testing::ElementsAre(point(10), point(250), point(490), point(730), point(970)));
  EXPECT_EQ(series->points(97).size(), 97U);
  EXPECT_EQ(series->points(1'000).size(), 97U);
}

TEST_F(EquitySeriesTest, AfterADayOneAMinuteStaysAndAfterNinetyDaysNone) {
  auto series = open();
  for (std::int64_t n = 0; n < 30; ++n) ASSERT_TRUE(series->add(point(n * 10)));
  series.reset();
  series = open();
  ASSERT_TRUE(series->add(point(day + 300)));
  EXPECT_THAT(series->points(100), testing::ElementsAre(point(0), point(60), point(120), point(180),
                                                        point(240), point(day + 300)));
  series.reset();
  series = open();
  ASSERT_TRUE(series->add(point(90 * day + 121)));
  EXPECT_THAT(series->points(100), testing::ElementsAre(point(180), point(240), point(day + 300),
                                                        point(90 * day + 121)));
}

}  // namespace
}  // namespace ats::services
