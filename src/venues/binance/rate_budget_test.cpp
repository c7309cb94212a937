#include "venues/binance/rate_budget.hpp"

#include <gtest/gtest.h>

namespace ats::venues::binance {
namespace {

using Use = RateBudget::Use;

WallTime at(std::int64_t second) { return {seconds(second).ns}; }

TEST(BinanceRateBudget, SnapshotsAndOrdersStopWhileCancelsAndQueriesGoOn) {
  RateBudget budget;
  EXPECT_TRUE(budget.take(Use::Snapshot, 4'200, at(60)));
  EXPECT_FALSE(budget.take(Use::Snapshot, 1, at(60)));
  EXPECT_TRUE(budget.take(Use::Order, 1'200, at(60)));
  EXPECT_FALSE(budget.take(Use::Order, 1, at(60)));
  EXPECT_TRUE(budget.take(Use::Cancel, 300, at(60)));
  EXPECT_TRUE(budget.take(Use::Query, 300, at(119)));
  EXPECT_FALSE(budget.take(Use::Cancel, 1, at(119))) << "the whole budget is used";
  EXPECT_TRUE(budget.take(Use::Order, 1, at(120))) << "windows are fixed clock minutes";
}

TEST(BinanceRateBudget, OrdersAreCountedPerTenSecondsAndDay) {
  RateBudget budget;
  budget.told_orders(seconds(10), 0, 3, at(100));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take(Use::Order, 1, at(100)));
  EXPECT_FALSE(budget.take(Use::Order, 1, at(109)));
  EXPECT_TRUE(budget.take(Use::Order, 1, at(110)));
  budget.told_orders(hours(24), 5, 5, at(111));
  EXPECT_FALSE(budget.take(Use::Order, 1, at(120)));
  EXPECT_TRUE(budget.take(Use::Cancel, 1, at(120)));
}

TEST(BinanceRateBudget, TheVenuesCountIsTakenWhenItIsHigher) {
  RateBudget budget;
  budget.told_weight(seconds(60), 6'000, 0, at(60));
  EXPECT_FALSE(budget.take(Use::Query, 1, at(60)));
  EXPECT_EQ(budget.tightest().used, 6'000u);
  budget.told_weight(seconds(60), 0, 6'000, at(61));
  EXPECT_FALSE(budget.take(Use::Query, 1, at(61))) << "an older answer does not free anything";
}

TEST(BinanceRateBudget, NothingLeavesBeforeTheTimeTheVenueNamed) {
  RateBudget budget;
  budget.block_until(at(1'000));
  budget.block_until(at(900));
  EXPECT_TRUE(budget.blocked(at(999)));
  EXPECT_FALSE(budget.take(Use::Cancel, 1, at(999)));
  EXPECT_TRUE(budget.take(Use::Cancel, 1, at(1'000)));
}

}  // namespace
}  // namespace ats::venues::binance
