#include "report/performance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <vector>

namespace ats::report {
namespace {

std::vector<EquityPoint> series(std::initializer_list<double> equity, Duration step) {
  std::vector<EquityPoint> out;
  for (const double e : equity)
    out.push_back({WallTime{static_cast<std::int64_t>(out.size()) * step.ns}, e});
  return out;
}

constexpr Duration day = hours(24);

TEST(Performance, OfNothingAndOfOnePointIsNothing) {
  EXPECT_EQ(performance({}, day).total_return, 0);
  const auto one = series({100}, day);
  EXPECT_EQ(performance(one, day).total_return, 0);
  EXPECT_FALSE(performance(one, day).sharpe);
}

// By hand: returns 0.1, -0.1, 0.1; mean 1/30; squares sum 2/75, sample deviation sqrt(1/75) = 0.115470;
// downside sqrt(0.01 / 3) = 0.0577350; a year has 365 of them.
TEST(Performance, OfThreeDaysIsWhatItIsByHand) {
  const auto days = series({100, 110, 99, 108.9}, day);
  const Performance p = performance(days, day);
  EXPECT_NEAR(p.total_return, 0.089, 1e-12);
  EXPECT_NEAR(p.volatility.value(), 0.11547005383792516 * 19.1049731745428, 1e-9);
  EXPECT_NEAR(p.sharpe.value(), (1.0 / 30) / 0.11547005383792516 * 19.1049731745428, 1e-9);
  EXPECT_NEAR(p.sortino.value(), (1.0 / 30) / 0.05773502691896258 * 19.1049731745428, 1e-9);
  EXPECT_NEAR(p.annual_return.value(), std::pow(1.089, 365.0 / 3) - 1, 1e-6);
  EXPECT_NEAR(p.deepest_drawdown, 0.1, 1e-12);
  EXPECT_NEAR(p.calmar.value(), p.annual_return.value() / 0.1, 1e-6);
}

TEST(Performance, ADrawdownLastsFromItsPeakUntilThatIsReachedAgainOrTheEnd) {
  const auto hours_of = series({100, 90, 95, 100, 120, 114, 60}, hours(1));
  const Performance p = performance(hours_of, hours(1));
  EXPECT_NEAR(p.deepest_drawdown, 0.5, 1e-12);
  EXPECT_NEAR(p.average_drawdown, 0.3, 1e-12);
  EXPECT_EQ(p.longest_drawdown, hours(3)) << "the first, from 100 to 100";
}

TEST(Performance, WhatCannotBeToldIsAbsent) {
  const auto flat = series({100, 100, 100}, day);
  const Performance p = performance(flat, day);
  EXPECT_EQ(p.volatility, 0.0);
  EXPECT_EQ(p.annual_return, 0.0);
  EXPECT_FALSE(p.sharpe) << "nothing deviates";
  EXPECT_FALSE(p.sortino);
  EXPECT_FALSE(p.calmar);
}

TEST(Performance, OfLessThanADayNothingIsAYears) {
  const auto hours_of = series({100, 110, 99, 108.9}, hours(1));
  const Performance p = performance(hours_of, hours(1));
  EXPECT_NEAR(p.total_return, 0.089, 1e-12);
  EXPECT_NEAR(p.deepest_drawdown, 0.1, 1e-12);
  EXPECT_FALSE(p.annual_return || p.volatility || p.sharpe || p.sortino || p.calmar);
}

}  // namespace
}  // namespace ats::report
