// What one unit of each asset was worth in the reporting asset, bar after bar: the past that measures of risk
// look at. A bar is one interval of UTC, counted from 1970-01-01; its close is the last mark of it that was
// fresh then. An asset without a fresh mark in a bar has no close there, and no return for that bar nor for
// the next: a gap is a gap, not a standstill. The bar that has not ended is no bar yet.
//
// Three cadences are kept side by side (a minute, an hour, a day), each in a ring, so that a young system has
// something to go by after hours and an old one the closes of years. They are folded from the journal like
// all state, so that they outlive the process; closes from elsewhere fill a PriceBars of their own.
// Binary floating point, for statistics alone. Pure; memory grows only with the first mark of an asset.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace ats::core {

// Simple returns of some assets over the same bars, the earliest first.
struct ReturnTable {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();
  Duration bar;
  std::vector<AssetId> assets;
  std::size_t bars = 0;
  std::vector<double> returns;  // asset-major; `none` where there is none
  WallTime last_end;            // of the last bar; not told where there are no bars
  std::span<const double> of(std::size_t asset) const {
    return {returns.data() + asset * bars, bars};
  }
  std::span<double> of(std::size_t asset) { return {returns.data() + asset * bars, bars}; }
};

class PriceBars {
 public:
  // At least two bars are kept (asserted): one return.
  PriceBars(Duration bar, std::size_t kept);

  Duration bar() const { return bar_; }
  // A fresh mark, positive. Of a bar that has been left behind it is not taken: time may be set back.
  void mark(AssetId asset, WallTime at, double close);
  // Time has come this far; bars without a mark pass as well.
  void pass(WallTime at);
  // Nothing is known any more (another reporting asset).
  void clear();

  // The closes of ended bars, the earliest first; nothing where there was none.
  struct Close {
    WallTime end;  // of the bar
    double close = 0;
  };
  std::vector<Close> closes(AssetId asset) const;
  // Bars with a return for the asset.
  std::size_t returns_of(AssetId asset) const;
  // From the first bar in which any of the assets has a close.
  ReturnTable returns(std::span<const AssetId> assets) const;

 private:
  bool known(AssetId asset) const {
    return asset.index() < closes_.size() && !closes_[asset.index()].empty();
  }
  double at(AssetId asset, std::int64_t bar) const {
    return closes_[asset.index()][static_cast<std::size_t>(bar) % kept_];
  }
  std::int64_t first() const { return bars_ == 0 ? now_ : now_ - bars_; }
  std::int64_t bar_of(WallTime at) const { return at.ns_utc / bar_.ns; }

  Duration bar_;
  std::size_t kept_;                         // slots of a ring: the bar that has not ended is one
  std::int64_t now_ = -1;                    // the bar that has not ended; -1: nothing was told
  std::int64_t bars_ = 0;                    // ended ones that are kept
  std::vector<std::vector<double>> closes_;  // by asset, by bar modulo kept; empty: never marked
};

class PriceHistory {
 public:
  static constexpr std::size_t cadences = 3;
  PriceHistory();

  // A mark is taken this often at most.
  static constexpr Duration every = seconds(1);

  void mark(AssetId asset, WallTime at, double close);
  void pass(WallTime at);
  void clear();

  const PriceBars& bars(std::size_t cadence) const { return rings_[cadence]; }
  // The bars to measure `horizon` by: those not longer than it in which the most of the assets have at least
  // so many returns, and of several the longest. Where none has, the bars in which one has the most.
  const PriceBars& choose(std::span<const AssetId> assets, Duration horizon,
                          std::size_t least) const;

 private:
  std::array<PriceBars, cadences> rings_;  // the shortest bars first
};

}  // namespace ats::core
