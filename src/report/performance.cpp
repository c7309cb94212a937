#include "report/performance.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ats::report {
namespace {

constexpr double year = 365.0 * 86'400e9;  // ns
constexpr std::int64_t day = 86'400'000'000'000;

void measure_drawdowns(std::span<const EquityPoint> series, Performance& out) {
  double peak = series.front().equity;
  WallTime peak_at = series.front().at;
  double deepest = 0, sum = 0;
  int count = 0;
  const auto close = [&](WallTime until) {
    if (deepest == 0) return;
    out.deepest_drawdown = std::max(out.deepest_drawdown, deepest);
    out.longest_drawdown = std::max(out.longest_drawdown, Duration{until.ns_utc - peak_at.ns_utc});
    sum += deepest;
    ++count;
    deepest = 0;
  };
  for (const EquityPoint& point : series) {
    if (point.equity >= peak) {
      close(point.at);
      peak = point.equity;
      peak_at = point.at;
    } else {
      deepest = std::max(deepest, 1 - point.equity / peak);
    }
  }
  close(series.back().at);
  if (count > 0) out.average_drawdown = sum / count;
}

}  // namespace

Performance performance(std::span<const EquityPoint> series, Duration step) {
  Performance out;
  if (series.size() < 2) return out;
  out.total_return = series.back().equity / series.front().equity - 1;
  measure_drawdowns(series, out);
  const std::int64_t length = series.back().at.ns_utc - series.front().at.ns_utc;
  if (length < day) return out;
  out.annual_return = std::pow(1 + out.total_return, year / static_cast<double>(length)) - 1;
  if (out.deepest_drawdown > 0) out.calmar = *out.annual_return / out.deepest_drawdown;

  double sum = 0;
  std::vector<double> returns;
  for (std::size_t n = 1; n < series.size(); ++n) {
    returns.push_back(series[n].equity / series[n - 1].equity - 1);
    sum += returns.back();
  }
  const auto count = static_cast<double>(returns.size());
  const double mean = sum / count;
  double squares = 0, below = 0;
  for (const double r : returns) {
    squares += (r - mean) * (r - mean);
    if (r < 0) below += r * r;
  }
  const double steps_a_year = year / static_cast<double>(step.ns);
  if (returns.size() >= 2) {
    const double deviation = std::sqrt(squares / (count - 1));
    out.volatility = deviation * std::sqrt(steps_a_year);
    if (deviation > 0) out.sharpe = mean / deviation * std::sqrt(steps_a_year);
  }
  if (below > 0) out.sortino = mean / std::sqrt(below / count) * std::sqrt(steps_a_year);
  return out;
}

}  // namespace ats::report
