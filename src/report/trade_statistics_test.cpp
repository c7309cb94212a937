#include "report/trade_statistics.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ats::report {
namespace {

FinishedTrade trade(const char* realised, std::int64_t held_ms, int hour) {
  return {Decimal::of(realised), Decimal::of("100"), milliseconds(held_ms),
          WallTime{hour * 3'600'000'000'000 + 5}};
}

TEST(TradeStatistics, OfNoTradesSayNothing) {
  const TradeStatistics s = trade_statistics({});
  EXPECT_EQ(s.trades, 0u);
  EXPECT_FALSE(s.win_rate || s.gained_over_given || s.average_win || s.average_loss);
  EXPECT_EQ(s.held_most, Duration{});
}

TEST(TradeStatistics, AreWhatTheyAreByHand) {
  const std::vector<FinishedTrade> trades{trade("3", 10, 0), trade("1.5", 30, 0),
                                          trade("-2", 20, 23), trade("0", 500, 23),
                                          trade("-0.25", 40, 7)};
  const TradeStatistics s = trade_statistics(trades);
  EXPECT_EQ(s.trades, 5u);
  EXPECT_EQ(s.won, 2u);
  EXPECT_EQ(s.lost, 2u);
  EXPECT_EQ(s.gained, Decimal::of("4.5"));
  EXPECT_EQ(s.given, Decimal::of("2.25"));
  EXPECT_EQ(s.best, Decimal::of("3"));
  EXPECT_EQ(s.worst, Decimal::of("-2"));
  EXPECT_EQ(s.volume, Decimal::of("500"));
  EXPECT_DOUBLE_EQ(s.win_rate.value(), 0.5);
  EXPECT_DOUBLE_EQ(s.gained_over_given.value(), 2.0);
  EXPECT_EQ(s.average_win, Decimal::of("2.25"));
  EXPECT_EQ(s.average_loss, Decimal::of("1.125"));
  EXPECT_EQ(s.held_median, milliseconds(30));
  EXPECT_EQ(s.held_most, milliseconds(500));
  EXPECT_EQ(s.hours[0].trades, 2u);
  EXPECT_EQ(s.hours[0].realised, Decimal::of("4.5"));
  EXPECT_EQ(s.hours[23].realised, Decimal::of("-2"));
  EXPECT_EQ(s.hours[7].trades, 1u);
}

TEST(TradeStatistics, WhereNothingWasLostThereIsNoProfitFactor) {
  const std::vector<FinishedTrade> trades{trade("1", 1, 1)};
  EXPECT_FALSE(trade_statistics(trades).gained_over_given);
  EXPECT_DOUBLE_EQ(trade_statistics(trades).win_rate.value(), 1.0);
}

}  // namespace
}  // namespace ats::report
