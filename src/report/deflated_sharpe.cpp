#include "report/deflated_sharpe.hpp"

#include <cmath>
#include <numbers>

#include "base/assert.hpp"

namespace ats::report {
namespace {

template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) {
  double sum = 0;
  for (std::size_t n = N; n-- > 0;) sum = sum * x + coefficients[n];
  return sum;
}

}  // namespace

std::optional<double> ReturnMoments::sharpe() const {
  if (count < 2 || !(deviation > 0)) return std::nullopt;
  return mean / deviation;
}

ReturnMoments moments(std::span<const double> returns) {
  ReturnMoments out;
  out.count = returns.size();
  if (returns.empty()) return out;
  const auto n = static_cast<double>(returns.size());
  for (const double r : returns) out.mean += r / n;
  double second = 0;
  double third = 0;
  double fourth = 0;
  for (const double r : returns) {
    const double off = r - out.mean;
    second += off * off / n;
    third += off * off * off / n;
    fourth += off * off * off * off / n;
  }
  if (!(second > 0)) return out;
  out.deviation = std::sqrt(second);
  out.skewness = third / (second * out.deviation);
  out.kurtosis = fourth / (second * second);
  return out;
}

ReturnMoments pooled(std::span<const ReturnMoments> parts) {
  ReturnMoments out;
  for (const ReturnMoments& part : parts) out.count += part.count;
  if (out.count == 0) return out;
  const auto n = static_cast<double>(out.count);
  for (const ReturnMoments& part : parts)
    out.mean += part.mean * static_cast<double>(part.count) / n;
  double second = 0;
  double third = 0;
  double fourth = 0;
  for (const ReturnMoments& part : parts) {
    const double share = static_cast<double>(part.count) / n;
    const double off = part.mean - out.mean;
    const double own2 = part.deviation * part.deviation;
    const double own3 = part.skewness * own2 * part.deviation;
    const double own4 = own2 > 0 ? part.kurtosis * own2 * own2 : 0;
    second += share * (own2 + off * off);
    third += share * (own3 + 3 * off * own2 + off * off * off);
    fourth += share * (own4 + 4 * off * own3 + 6 * off * off * own2 + off * off * off * off);
  }
  if (!(second > 0)) return out;
  out.deviation = std::sqrt(second);
  out.skewness = third / (second * out.deviation);
  out.kurtosis = fourth / (second * second);
  return out;
}

double normal_below(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

double normal_quantile(double probability) {
  ATS_ASSERT(probability > 0 && probability < 1);
  constexpr double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                          1.9715909503065514427e+3, 1.3731693765509461125e+4,
                          4.5921953931549871457e+4, 6.7265770927008700853e+4,
                          3.3430575583588128105e+4, 2.5090809287301226727e+3};
  constexpr double b[] = {1.0,
                          4.2313330701600911252e+1,
                          6.8718700749205790830e+2,
                          5.3941960214247511077e+3,
                          2.1213794301586595867e+4,
                          3.9307895800092710610e+4,
                          2.8729085735721942674e+4,
                          5.2264952788528545610e+3};
  constexpr double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                          5.76949722146069140550e0,  3.64784832476320460504e0,
                          1.27045825245236838258e0,  2.41780725177450611770e-1,
                          2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr double d[] = {1.0,
                          2.05319162663775882187e0,
                          1.67638483018380384940e0,
                          6.89767334985100004550e-1,
                          1.48103976427480074590e-1,
                          1.51986665636164571966e-2,
                          5.47593808499534494600e-4,
                          1.05075007164441684324e-9};
  constexpr double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                          1.78482653991729133580e0,  2.96560571828504891230e-1,
                          2.65321895265761230930e-2, 1.24266094738807843860e-3,
                          2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr double f[] = {1.0,
                          5.99832206555887937690e-1,
                          1.36929880922735805310e-1,
                          1.48753612908506148525e-2,
                          7.86869131145613259100e-4,
                          1.84631831751005468180e-5,
                          1.42151175831644588870e-7,
                          2.04426310338993978564e-15};
  const double q = probability - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  const double r = std::sqrt(-std::log(q < 0 ? probability : 1 - probability));
  const double z = r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6)
                          : polynomial(e, r - 5) / polynomial(f, r - 5);
  return q < 0 ? -z : z;
}

double expected_best_sharpe(double variance, std::size_t trials) {
  if (trials < 2) return 0;
  const auto n = static_cast<double>(trials);
  constexpr double gamma = std::numbers::egamma;
  return std::sqrt(variance) * ((1 - gamma) * normal_quantile(1 - 1 / n) +
                                gamma * normal_quantile(1 - 1 / (n * std::numbers::e)));
}

std::optional<double> probabilistic_sharpe(const ReturnMoments& returns, double benchmark) {
  const auto sharpe = returns.sharpe();
  if (!sharpe) return std::nullopt;
  const double spread =
      1 - returns.skewness * *sharpe + (returns.kurtosis - 1) / 4 * *sharpe * *sharpe;
  if (!(spread > 0)) return std::nullopt;
  return normal_below((*sharpe - benchmark) * std::sqrt(static_cast<double>(returns.count - 1)) /
                      std::sqrt(spread));
}

std::optional<DeflatedSharpe> deflated_sharpe(const ReturnMoments& best,
                                              std::span<const double> sharpes) {
  DeflatedSharpe out;
  const ReturnMoments of_trials = moments(sharpes);
  // Of a sample: the trials are some of those that might have been tried.
  const auto n = static_cast<double>(sharpes.size());
  if (sharpes.size() > 1) out.variance = of_trials.deviation * of_trials.deviation * n / (n - 1);
  out.expected_best = expected_best_sharpe(out.variance, sharpes.size());
  const auto probability = probabilistic_sharpe(best, out.expected_best);
  if (!probability) return std::nullopt;
  out.probability = *probability;
  return out;
}

}  // namespace ats::report
