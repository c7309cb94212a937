// What a series of equity comes to: returns, how uneven they were, and how far and how long it was below its own peak.
// These are statistics for people, in binary floating point; no money is counted here. Pure.
//
// A return is of one step of the series to the next, and a year has 365 days: markets do not close. Nothing is made a year's of less than a day. Deviations are of a
// sample (n - 1); the downside's is of returns below zero over all n. What cannot be told (too few steps, no deviation)
// is absent, never zero.
#pragma once

#include <optional>
#include <span>

#include "base/time.hpp"

namespace ats::report {

struct EquityPoint {
  WallTime at;
  double equity = 0;  // above zero
};

struct Performance {
  double total_return = 0;              // of the first equity
  std::optional<double> annual_return;  // compound
  std::optional<double> volatility;     // of a year
  std::optional<double> sharpe;         // of a year, without a riskless rate
  std::optional<double> sortino;
  std::optional<double> calmar;  // annual return over the deepest drawdown
  double deepest_drawdown = 0;   // of the peak before it
  double average_drawdown = 0;   // of those there were, each at its deepest
  Duration longest_drawdown;     // from a peak until it was reached again, or the end
};

// In order of time, evenly spaced; `step` is the space.
Performance performance(std::span<const EquityPoint> series, Duration step);

}  // namespace ats::report
