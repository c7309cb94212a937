// Closed forms beside published tables and large seeded samples; observed tails by hand; fading weights beside
// the recursion they stand for; Kupiec's test beside his own table.
#include "core/risk/measures/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/risk/measures/testing.hpp"

namespace ats::core {
namespace {

using testing::c95;
using testing::c99;
using testing::normal_draw;
using testing::student_draw;

TEST(Tails, of_the_normal_distribution_are_those_of_the_tables) {
  // Quantiles 1.644854 and 2.326348; mean beyond them 2.062713 and 2.665214.
  EXPECT_NEAR(normal_tail(1, c95).value_at_risk, 1.6448536270, 1e-9);
  EXPECT_NEAR(normal_tail(1, c99).value_at_risk, 2.3263478740, 1e-9);
  EXPECT_NEAR(normal_tail(1, c95).shortfall, 2.0627128075, 1e-9);
  EXPECT_NEAR(normal_tail(1, c99).shortfall, 2.6652142203, 1e-9);
}

TEST(Tails, of_students_distribution_are_those_of_the_tables) {
  // t(5) at 95 % and 99 %: 2.015048 and 3.364930, times sqrt(3/5).
  const double scale = std::sqrt(0.6);
  EXPECT_NEAR(student_tail(1, 5, c95).value_at_risk, 2.0150483727 * scale, 1e-9);
  EXPECT_NEAR(student_tail(1, 5, c99).value_at_risk, 3.3649299989 * scale, 1e-9);
  // Mean beyond by integrating the density numerically, from the quantile on.
  const double nu = 5, q = 3.3649299989;
  const double norm = std::tgamma((nu + 1) / 2) / (std::sqrt(nu * M_PI) * std::tgamma(nu / 2));
  double mean = 0;
  const double step = 1e-3;
  for (double x = q + step / 2; x < 3000; x += step) {
    mean += x * norm * std::pow(1 + x * x / nu, -(nu + 1) / 2) * step;
  }
  EXPECT_NEAR(student_tail(1, 5, c99).shortfall, mean / 0.01 * scale, 1e-4);
}

TEST(Tails, of_students_distribution_become_the_normal_ones_with_many_degrees) {
  EXPECT_NEAR(student_tail(2, 1e7, c99).value_at_risk, normal_tail(2, c99).value_at_risk, 1e-5);
  EXPECT_NEAR(student_tail(2, 1e7, c99).shortfall, normal_tail(2, c99).shortfall, 1e-5);
}

// The standard error of an observed quantile is sqrt(c(1−c)/n) / density there, and that of the mean beyond
// it is below sqrt(E[(L−VaR)² | beyond] / (n(1−c))) plus the quantile's; five of them are allowed.
TEST(Tails, observed_in_large_samples_are_those_of_the_closed_forms) {
  constexpr std::size_t n = 400'000;
  const auto compare = [&](const std::vector<double>& sample, Tail exact, Rate confidence,
                           double density) {
    const ObservedTail seen = observed_tail(sample, confidence);
    const double beyond = 1 - static_cast<double>(confidence.ppb) / 1e9;
    const double error = std::sqrt(beyond * (1 - beyond) / n) / density;
    EXPECT_NEAR(seen.tail.value_at_risk, exact.value_at_risk, 5 * error);
    double squares = 0;
    for (const std::size_t i : seen.beyond) {
      squares += std::pow(sample[i] - seen.tail.value_at_risk, 2);
    }
    const double spread = std::sqrt(squares) / (n * beyond);
    EXPECT_NEAR(seen.tail.shortfall, exact.shortfall, 5 * (spread + error));
  };
  Rng rng(7);
  std::vector<double> normal(n);
  for (double& x : normal) x = normal_draw(rng);
  compare(normal, normal_tail(1, c95), c95, 0.1031);  // densities at the quantiles
  compare(normal, normal_tail(1, c99), c99, 0.02665);
  std::vector<double> student(n);
  for (double& x : student) x = student_draw(rng, 5) * std::sqrt(0.6);
  const double scale = std::sqrt(0.6);
  compare(student, student_tail(1, 5, c95), c95, 0.06456 / scale);
  compare(student, student_tail(1, 5, c99), c99, 0.01075 / scale);
}

TEST(ObservedTails, are_what_a_hand_made_table_says) {
  // Losses 1 to 20 in no order. 95 % of 20 are 19: the 19th is the value at risk, and the one beyond it the
  // whole of the worst 5 %.
  std::vector<double> losses(20);
  std::iota(losses.begin(), losses.end(), 1.0);
  std::swap(losses[3], losses[19]);
  std::swap(losses[0], losses[18]);
  ObservedTail seen = observed_tail(losses, c95);
  EXPECT_EQ(seen.tail.value_at_risk, 19);
  EXPECT_EQ(seen.at, 0u);
  EXPECT_EQ(seen.beyond, std::vector<std::size_t>{3});
  EXPECT_DOUBLE_EQ(seen.tail.shortfall, 20);
  EXPECT_DOUBLE_EQ(seen.weight_at, 0);

  // 95 % of 30 are 28.5: the 29th, and the worst 1.5 of them are the 30th and half of the 29th.
  losses.resize(30);
  std::iota(losses.begin(), losses.end(), 1.0);
  seen = observed_tail(losses, c95);
  EXPECT_EQ(seen.tail.value_at_risk, 29);
  EXPECT_NEAR(seen.tail.shortfall, (30 + 0.5 * 29) / 1.5, 1e-12);
  EXPECT_NEAR(seen.weight_at + seen.weight_beyond, 1, 1e-12);

  // Too few for anything beyond: both are the worst.
  losses = {3, -1, 2};
  seen = observed_tail(losses, c99);
  EXPECT_EQ(seen.tail.value_at_risk, 3);
  EXPECT_EQ(seen.tail.shortfall, 3);
}

TEST(ObservedTails, ask_for_as_many_observations_as_leave_one_in_the_tail) {
  EXPECT_EQ(least_observations(c99), 100u);
  EXPECT_EQ(least_observations(c95), 30u);
  EXPECT_EQ(least_observations({999'000'000}), 1'000u);
}

TEST(ObservedTails, lose_no_less_beyond_than_at_the_value_at_risk_and_scale_with_the_losses) {
  Rng rng(11);
  for (int round = 0; round < 500; ++round) {
    std::vector<double> losses(1 + rng.below(300));
    for (double& x : losses) x = rng.one_in(4) ? 0 : normal_draw(rng) * 100;  // with ties
    const Rate confidence{500'000'000 + static_cast<std::int64_t>(rng.below(499'000'000))};
    const ObservedTail seen = observed_tail(losses, confidence);
    EXPECT_GE(seen.tail.shortfall, seen.tail.value_at_risk);
    EXPECT_NEAR(seen.weight_at + seen.weight_beyond * static_cast<double>(seen.beyond.size()), 1,
                1e-9);
    // As many at or below as the confidence asks for, and fewer strictly below.
    const auto share = static_cast<double>(confidence.ppb) / 1e9;
    const auto n = static_cast<double>(losses.size());
    const auto at_most = std::count_if(losses.begin(), losses.end(),
                                       [&](double x) { return x <= seen.tail.value_at_risk; });
    const auto below = std::count_if(losses.begin(), losses.end(),
                                     [&](double x) { return x < seen.tail.value_at_risk; });
    EXPECT_GE(static_cast<double>(at_most), n * share - 1e-6);
    EXPECT_LT(static_cast<double>(below), n * share);
    for (double& x : losses) x *= 4;
    const ObservedTail larger = observed_tail(losses, confidence);
    EXPECT_EQ(larger.tail.value_at_risk, 4 * seen.tail.value_at_risk);
    EXPECT_EQ(larger.tail.shortfall, 4 * seen.tail.shortfall);
  }
}

TEST(FadingWeights, are_the_recursion_of_the_moving_average) {
  // s ← d·s + (1 − d)·r², begun with nothing and divided by what the weights then add up to.
  Rng rng(3);
  std::vector<double> returns(250);
  for (double& r : returns) r = 0.02 * normal_draw(rng);
  const double decay = 0.94;
  double recursion = 0;
  for (const double r : returns) recursion = decay * recursion + (1 - decay) * r * r;
  recursion /= 1 - std::pow(decay, static_cast<double>(returns.size()));
  const auto weights = fading_weights(returns.size(), decay);
  EXPECT_NEAR(covariance(returns, returns, weights), recursion, 1e-15);
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
  EXPECT_NEAR(weights[10] / weights[11], decay, 1e-12);
}

TEST(FadingWeights, that_do_not_fade_are_equal) {
  for (const double w : fading_weights(8, 1)) EXPECT_DOUBLE_EQ(w, 0.125);
}

TEST(FadingWeights, see_the_correlation_of_two_series) {
  // b = 0.6 a + 0.8 c of independent a and c: correlation 0.6, with an error of (1 − 0.36) / sqrt(n).
  Rng rng(5);
  constexpr std::size_t n = 100'000;
  std::vector<double> a(n), b(n);
  for (std::size_t i = 0; i < n; ++i) {
    a[i] = normal_draw(rng);
    b[i] = 0.6 * a[i] + 0.8 * normal_draw(rng);
  }
  const auto weights = fading_weights(n, 1);
  const double correlation =
      covariance(a, b, weights) / std::sqrt(covariance(a, a, weights) * covariance(b, b, weights));
  EXPECT_NEAR(correlation, 0.6, 5 * 0.64 / std::sqrt(static_cast<double>(n)));
}

TEST(KupiecTest, rejects_outside_the_ranges_of_his_table) {
  // Kupiec 1995, at the 5 % level: 255 days 99 %: fewer than 7; 510 days: 2 to 10; 1,000 days: 5 to 16.
  // 95 %: 255 days: 7 to 20; 510 days: 17 to 35; 1,000 days: 38 to 64 (bounds kept).
  struct Row {
    std::uint64_t days;
    Rate confidence;
    std::uint64_t low, high;  // not rejected
  };
  for (const Row& row : {Row{255, c99, 1, 6}, Row{510, c99, 2, 10}, Row{1000, c99, 5, 16},
                         Row{255, c95, 7, 20}, Row{510, c95, 17, 35}, Row{1000, c95, 38, 64}}) {
    EXPECT_FALSE(proportion_of_failures(row.days, row.low, row.confidence).rejected()) << row.days;
    EXPECT_FALSE(proportion_of_failures(row.days, row.high, row.confidence).rejected()) << row.days;
    EXPECT_TRUE(proportion_of_failures(row.days, row.high + 1, row.confidence).rejected());
    if (row.low > 1) {
      EXPECT_TRUE(proportion_of_failures(row.days, row.low - 1, row.confidence).rejected());
    }
  }
  const Kupiec exact = proportion_of_failures(1000, 10, c99);
  EXPECT_NEAR(exact.ratio, 0, 1e-9);
  EXPECT_NEAR(exact.p_value, 1, 1e-4);
  EXPECT_TRUE(std::isfinite(proportion_of_failures(10, 10, c99).ratio));
}

}  // namespace
}  // namespace ats::core
