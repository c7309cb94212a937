// Whether a measure would have kept its word: the value at risk of each day from the days before it, beside
// what that day then lost. A right measure at 99 % is broken on one day in a hundred, and Kupiec's test says
// how far from that is too far. Pure.
#pragma once

#include <span>
#include <vector>

#include "core/risk/measures/statistics.hpp"

namespace ats::core {

enum class VarMethod : std::uint8_t { Historical, Ewma, Student };
const char* name(VarMethod method);
constexpr std::size_t var_method_count = 3;

struct BacktestRules {
  Rate confidence{990'000'000};
  std::size_t window = 250;  // observations that each measure rests on
  double decay = 0.94;
  double degrees = 5;
};

// The value at risk of one bar from the losses before it, by the same arithmetic as value_at_risk().
double value_at_risk_of(std::span<const double> losses, VarMethod method,
                        const BacktestRules& rules);

// `losses` of the same positions, bar after bar, the earliest first. Nothing to test (no observation) where
// there are not more of them than the window.
Kupiec backtest(std::span<const double> losses, VarMethod method, const BacktestRules& rules);

}  // namespace ats::core
