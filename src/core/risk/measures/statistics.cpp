#include "core/risk/measures/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "base/assert.hpp"

namespace ats::core {
namespace {

double share(Rate rate) { return static_cast<double>(rate.ppb) / static_cast<double>(Rate::one); }

void check(Rate confidence) {
  ATS_ASSERT(confidence.ppb >= Rate::one / 2 && confidence.ppb < Rate::one);
}

}  // namespace

Tail normal_tail(double sigma, Rate confidence) {
  check(confidence);
  const boost::math::normal_distribution<double> normal;
  const double quantile = boost::math::quantile(normal, share(confidence));
  const double beyond = 1 - share(confidence);
  return {sigma * quantile, sigma * boost::math::pdf(normal, quantile) / beyond};
}

Tail student_tail(double sigma, double degrees, Rate confidence) {
  check(confidence);
  ATS_ASSERT(degrees > 2);
  const boost::math::students_t_distribution<double> student(degrees);
  const double quantile = boost::math::quantile(student, share(confidence));
  const double beyond = 1 - share(confidence);
  const double scale = sigma * std::sqrt((degrees - 2) / degrees);
  const double mean_beyond = boost::math::pdf(student, quantile) / beyond *
                             (degrees + quantile * quantile) / (degrees - 1);
  return {scale * quantile, scale * mean_beyond};
}

ObservedTail observed_tail(std::span<const double> losses, Rate confidence) {
  check(confidence);
  ATS_ASSERT(!losses.empty());
  const std::size_t n = losses.size();
  // The rank in integers: 0.99 of 1,000 is 990 and not a hair more.
  const UInt128 covered = UInt128{n} * static_cast<std::uint64_t>(confidence.ppb);
  const auto rank = static_cast<std::size_t>((covered + Rate::one - 1) / Rate::one);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto nth = order.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(order.begin(), nth, order.end(), [&](std::size_t a, std::size_t b) {
    return losses[a] != losses[b] ? losses[a] < losses[b] : a < b;
  });

  ObservedTail out;
  out.at = *nth;
  out.beyond.assign(nth + 1, order.end());
  const double in_tail = static_cast<double>(n) * (1 - share(confidence));
  const auto part =
      static_cast<double>(UInt128{rank} * Rate::one - covered) / static_cast<double>(Rate::one);
  out.weight_at = part / in_tail;
  out.weight_beyond = 1 / in_tail;
  out.tail.value_at_risk = losses[out.at];
  // As a distance from the value at risk, so that no rounding brings it below.
  double further = 0;
  for (const std::size_t worse : out.beyond) further += losses[worse] - losses[out.at];
  out.tail.shortfall = losses[out.at] + further * out.weight_beyond;
  return out;
}

std::size_t least_observations(Rate confidence) {
  check(confidence);
  const std::int64_t beyond = Rate::one - confidence.ppb;
  return std::max<std::size_t>(30, static_cast<std::size_t>((Rate::one + beyond - 1) / beyond));
}

std::vector<double> fading_weights(std::size_t observations, double decay) {
  ATS_ASSERT(decay > 0 && decay <= 1);
  std::vector<double> weights(observations);
  double weight = 1;
  double sum = 0;
  for (std::size_t n = observations; n-- > 0;) {
    sum += weights[n] = weight;
    weight *= decay;
  }
  for (double& w : weights) w /= sum;
  return weights;
}

double covariance(std::span<const double> a, std::span<const double> b,
                  std::span<const double> weights) {
  ATS_ASSERT(a.size() == weights.size() && b.size() == weights.size());
  double sum = 0;
  for (std::size_t n = 0; n < weights.size(); ++n) sum += weights[n] * a[n] * b[n];
  return sum;
}

Kupiec proportion_of_failures(std::uint64_t observations, std::uint64_t breaches, Rate confidence) {
  check(confidence);
  ATS_ASSERT(observations > 0 && breaches <= observations);
  const auto n = static_cast<double>(observations);
  const auto x = static_cast<double>(breaches);
  const double promised = 1 - share(confidence);
  const auto log_likelihood = [&](double p) {
    const double hits = breaches == 0 ? 0 : x * std::log(p);
    const double misses = breaches == observations ? 0 : (n - x) * std::log1p(-p);
    return hits + misses;
  };
  Kupiec out{observations, breaches, n * promised, 0, 1};
  out.ratio = std::max(0.0, 2 * (log_likelihood(x / n) - log_likelihood(promised)));
  const boost::math::chi_squared_distribution<double> chi(1);
  out.p_value = boost::math::cdf(boost::math::complement(chi, out.ratio));
  return out;
}

}  // namespace ats::core
