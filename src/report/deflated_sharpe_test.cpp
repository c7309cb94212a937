// The paper's own numbers, and figures that can be counted by hand.
#include "report/deflated_sharpe.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace ats::report {
namespace {

// Bailey and López de Prado (2014), "A numerical example": five years of days, a yearly ratio of 2.5, skewness -3,
// kurtosis 10; the yearly ratios of the trials vary by 1/2.
constexpr double yearly_variance = 0.5, days = 250;
ReturnMoments of_the_paper() {
  ReturnMoments out;
  out.count = 1250;
  out.deviation = 1;
  out.mean = 2.5 / std::sqrt(days);
  out.skewness = -3;
  out.kurtosis = 10;
  return out;
}
double expected_best(std::size_t trials) {
  return expected_best_sharpe(yearly_variance / days, trials);
}

TEST(DeflatedSharpe, IsWhatThePaperSays) {
  EXPECT_NEAR(expected_best(100), 0.1132, 0.00005);
  EXPECT_NEAR(*probabilistic_sharpe(of_the_paper(), expected_best(100)), 0.9004, 0.00005);
  EXPECT_NEAR(*probabilistic_sharpe(of_the_paper(), expected_best(46)), 0.9505, 0.00005);
  // With normal returns the same certainty stands 88 trials.
  ReturnMoments normal = of_the_paper();
  normal.skewness = 0;
  normal.kurtosis = 3;
  EXPECT_NEAR(*probabilistic_sharpe(normal, expected_best(88)), 0.95, 0.0015);
}

TEST(DeflatedSharpe, OneTrialHasNothingToBeDeflatedBy) {
  EXPECT_EQ(expected_best_sharpe(0.5, 1), 0);
  const std::array one{0.3};
  const auto told = deflated_sharpe(of_the_paper(), one);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->probability, *probabilistic_sharpe(of_the_paper(), 0));
}

TEST(DeflatedSharpe, ThatOfManyTrialsIsByHowTheyVary) {
  const std::array sharpes{0.0, 0.1, 0.2};  // a sample's variance of 0.01
  const auto told = deflated_sharpe(of_the_paper(), sharpes);
  ASSERT_TRUE(told);
  EXPECT_NEAR(told->variance, 0.01, 1e-12);
  EXPECT_NEAR(told->expected_best, expected_best_sharpe(0.01, 3), 1e-12);
  EXPECT_LT(told->probability, *probabilistic_sharpe(of_the_paper(), 0));
}

TEST(DeflatedSharpe, WhatDoesNotDeviateHasNone) {
  const std::array flat{0.1, 0.1, 0.1};
  EXPECT_FALSE(moments(flat).sharpe());
  EXPECT_FALSE(deflated_sharpe(moments(flat), flat));
  EXPECT_FALSE(moments({}).sharpe());
}

TEST(ReturnMoments, AreThoseThatAreCountedByHand) {
  // Mean 2; off by -2, 0, 0, 2: second 2, third 0, fourth 8.
  const std::array even{0.0, 2.0, 2.0, 4.0};
  const ReturnMoments told = moments(even);
  EXPECT_EQ(told.count, 4U);
  EXPECT_DOUBLE_EQ(told.mean, 2);
  EXPECT_DOUBLE_EQ(told.deviation, std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(told.skewness, 0);
  EXPECT_DOUBLE_EQ(told.kurtosis, 2);
  EXPECT_DOUBLE_EQ(*told.sharpe(), std::sqrt(2.0));
  // Mean 1; off by -1, -1, -1, 3: second 3, third 6, fourth 21.
  const std::array odd{0.0, 0.0, 0.0, 4.0};
  EXPECT_DOUBLE_EQ(moments(odd).skewness, 6 / (3 * std::sqrt(3.0)));
  EXPECT_DOUBLE_EQ(moments(odd).kurtosis, 21.0 / 9);
}

TEST(ReturnMoments, OfPartsAreThoseOfAllTheirReturns) {
  const std::array all{0.0, 2.0, 2.0, 4.0, 1.0, -3.0, 0.5};
  const std::array parts{moments(std::span(all).first(4)), moments(std::span(all).subspan(4)),
                         moments({})};
  const ReturnMoments whole = moments(all), told = pooled(parts);
  EXPECT_EQ(told.count, 7U);
  EXPECT_NEAR(told.mean, whole.mean, 1e-14);
  EXPECT_NEAR(told.deviation, whole.deviation, 1e-14);
  EXPECT_NEAR(told.skewness, whole.skewness, 1e-13);
  EXPECT_NEAR(told.kurtosis, whole.kurtosis, 1e-13);
  EXPECT_EQ(pooled({}).count, 0U);
}

TEST(NormalQuantile, IsTheOneOfTheTables) {
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.99), 2.3263478740408408, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-10), -6.361340902404056, 1e-12);
  for (double p = 0.001; p < 1; p += 0.001) EXPECT_NEAR(normal_below(normal_quantile(p)), p, 1e-14);
}

}  // namespace
}  // namespace ats::report
