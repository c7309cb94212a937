// Each method on seeded series: on what it is right for it passes Kupiec's test, on what it is wrong for it is
// rejected. A right measure is rejected once in twenty series at the 5 % level, so the seeds are judged
// together: seven of forty or more would come by chance three times in a thousand. A wrong one is rejected on
// more than half of them.
#include "core/risk/measures/backtest.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/risk/measures/testing.hpp"

namespace ats::core {
namespace {

using testing::c95;
using testing::c99;
using testing::normal_draw;
using testing::student_draw;

using Series = std::vector<double> (*)(std::uint64_t seed);
constexpr std::size_t days = 2'250;

std::vector<double> steady_normal(std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> out(days);
  for (double& x : out) x = 100 * normal_draw(rng);
  return out;
}
std::vector<double> steady_student(std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> out(days);
  for (double& x : out) x = 100 * std::sqrt(0.5) * student_draw(rng, 4);
  return out;
}
// Calm for a year and a half of days, then four times as wild: what a fading average is for.
std::vector<double> breaking_out(std::uint64_t seed) {
  std::vector<double> out = steady_normal(seed);
  for (std::size_t day = 0; day < out.size(); ++day) {
    if (day / 375 % 2 == 1) out[day] *= 4;
  }
  return out;
}

int rejected(Series series, VarMethod method, const BacktestRules& rules) {
  int count = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    if (backtest(series(seed), method, rules).rejected()) ++count;
  }
  return count;
}

BacktestRules rules_of(Rate confidence, double decay, double degrees = 5) {
  return {confidence, 250, decay, degrees};
}

TEST(Backtest, the_historical_measure_is_right_of_steady_losses_of_any_shape) {
  // From 250 observations a 99 % quantile is itself uncertain, and is broken a little oftener than promised
  // (by about a sixth): more than one series in twenty may be rejected, and not one in four.
  EXPECT_LE(rejected(steady_normal, VarMethod::Historical, rules_of(c95, 1)), 6);
  EXPECT_LE(rejected(steady_student, VarMethod::Historical, rules_of(c95, 1)), 6);
  EXPECT_LE(rejected(steady_normal, VarMethod::Historical, rules_of(c99, 1)), 10);
}

TEST(Backtest, the_normal_measure_is_right_of_normal_losses) {
  EXPECT_LE(rejected(steady_normal, VarMethod::Ewma, rules_of(c95, 1)), 6);
  EXPECT_LE(rejected(steady_normal, VarMethod::Ewma, rules_of(c99, 1)), 6);
}

TEST(Backtest, students_measure_is_right_of_students_losses_where_the_normal_one_is_rejected) {
  EXPECT_LE(rejected(steady_student, VarMethod::Student, rules_of(c99, 0.995, 4)), 10);
  EXPECT_GE(rejected(steady_student, VarMethod::Ewma, rules_of(c99, 0.995)), 21);
}

TEST(Backtest, a_fading_average_follows_what_breaks_out_and_one_that_does_not_fade_is_rejected) {
  EXPECT_LE(rejected(breaking_out, VarMethod::Ewma, rules_of(c95, 0.94)), 12);
  EXPECT_GE(rejected(breaking_out, VarMethod::Ewma, rules_of(c95, 1)), 21);
  EXPECT_GE(rejected(breaking_out, VarMethod::Historical, rules_of(c95, 1)), 21);
}

TEST(Backtest, a_measure_half_as_large_as_it_should_be_is_rejected_always) {
  int count = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const std::vector<double> losses = steady_normal(seed);
    const double half = normal_tail(50, c99).value_at_risk;
    std::uint64_t breaches = 0;
    for (const double loss : losses) breaches += loss > half ? 1 : 0;
    if (proportion_of_failures(losses.size(), breaches, c99).rejected(0.001)) ++count;
  }
  EXPECT_EQ(count, 40);
}

TEST(Backtest, without_more_losses_than_the_window_tests_nothing) {
  const std::vector<double> losses(250, 1.0);
  EXPECT_EQ(backtest(losses, VarMethod::Historical, rules_of(c95, 1)).observations, 0u);
}

}  // namespace
}  // namespace ats::core
