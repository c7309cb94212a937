#include "report/trade_statistics.hpp"

#include <algorithm>
#include <vector>

namespace ats::report {

TradeStatistics trade_statistics(std::span<const FinishedTrade> trades) {
  TradeStatistics out;
  std::vector<std::int64_t> held;
  for (const FinishedTrade& trade : trades) {
    ++out.trades;
    out.volume += trade.volume;
    out.best = std::max(out.best, trade.realised);
    out.worst = std::min(out.worst, trade.realised);
    if (trade.realised.is_zero()) {
      // Neither.
    } else if (trade.realised.negative()) {
      ++out.lost;
      out.given -= trade.realised;
    } else {
      ++out.won;
      out.gained += trade.realised;
    }
    held.push_back(trade.held.ns);
    constexpr std::int64_t hour = 3'600'000'000'000;
    TradeStatistics::Hour& at =
        out.hours[static_cast<std::size_t>(trade.opened.ns_utc / hour % 24)];
    ++at.trades;
    at.realised += trade.realised;
  }
  const std::uint64_t decided = out.won + out.lost;
  if (decided > 0) out.win_rate = static_cast<double>(out.won) / static_cast<double>(decided);
  if (!out.given.is_zero()) out.gained_over_given = out.gained.to_double() / out.given.to_double();
  const auto average = [](const Decimal& sum, std::uint64_t count) -> std::optional<Decimal> {
    if (count == 0) return std::nullopt;
    const auto share = sum.divide_floor(Decimal::from_int(static_cast<std::int64_t>(count)));
    return share ? std::optional(*share) : std::nullopt;
  };
  out.average_win = average(out.gained, out.won);
  out.average_loss = average(out.given, out.lost);
  if (!held.empty()) {
    const auto middle = held.begin() + static_cast<std::ptrdiff_t>((held.size() - 1) / 2);
    std::ranges::nth_element(held, middle);
    out.held_median = {*middle};
    out.held_most = {std::ranges::max(held)};
  }
  return out;
}

}  // namespace ats::report
