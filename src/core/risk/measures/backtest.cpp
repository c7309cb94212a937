#include "core/risk/measures/backtest.hpp"

#include <cmath>

#include "base/assert.hpp"

namespace ats::core {

const char* name(VarMethod method) {
  switch (method) {
    case VarMethod::Historical:
      return "historical";
    case VarMethod::Ewma:
      return "ewma";
    case VarMethod::Student:
      return "student";
  }
  return "?";
}

double value_at_risk_of(std::span<const double> losses, VarMethod method,
                        const BacktestRules& rules) {
  if (method == VarMethod::Historical) {
    return observed_tail(losses, rules.confidence).tail.value_at_risk;
  }
  const double sigma =
      std::sqrt(covariance(losses, losses, fading_weights(losses.size(), rules.decay)));
  return method == VarMethod::Ewma
             ? normal_tail(sigma, rules.confidence).value_at_risk
             : student_tail(sigma, rules.degrees, rules.confidence).value_at_risk;
}

Kupiec backtest(std::span<const double> losses, VarMethod method, const BacktestRules& rules) {
  ATS_ASSERT(rules.window > 0);
  if (losses.size() <= rules.window) return {};
  std::uint64_t breaches = 0;
  for (std::size_t day = rules.window; day < losses.size(); ++day) {
    const auto before = losses.subspan(day - rules.window, rules.window);
    if (losses[day] > value_at_risk_of(before, method, rules)) ++breaches;
  }
  return proportion_of_failures(losses.size() - rules.window, breaches, rules.confidence);
}

}  // namespace ats::core
