// What a run of finished trades says of the strategy: how many earned something, how much those and the others made, how
// long they took, and at which hours. Sums are exact; only ratios are binary floating point. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/decimal.hpp"
#include "base/time.hpp"

namespace ats::report {

struct FinishedTrade {
  Decimal realised;  // in the reporting asset
  Decimal volume;    // of all fills
  Duration held;     // from the decision until it was resolved
  WallTime opened;
};

struct TradeStatistics {
  std::uint64_t trades = 0, won = 0, lost = 0;  // the others made nothing, exactly
  Decimal gained, given;                        // by those; `given` is above zero
  Decimal best, worst;                          // of one; zero where there is none
  Decimal volume;
  std::optional<double> win_rate;                    // of those that won or lost
  std::optional<double> gained_over_given;           // the profit factor; absent: nothing was given
  std::optional<Decimal> average_win, average_loss;  // rounded down at 18 decimals
  Duration held_median, held_most;
  struct Hour {
    std::uint64_t trades = 0;
    Decimal realised;
  };
  std::array<Hour, 24> hours;  // of the day in UTC, by when they were opened
};

TradeStatistics trade_statistics(std::span<const FinishedTrade> trades);

}  // namespace ats::report
