// What the positions may lose within a horizon: value at risk and expected shortfall by three methods, from
// the returns of past bars.
//
//   historical   the positions as they are now, through each past bar's returns; the observed tail
//   ewma         variance of those same returns, the later ones weighing more (RiskMetrics); normal tail
//   student      the same variance, tail of Student's t with few degrees: markets jump more than a normal allows
//
// A horizon longer than a bar counts as the square root of so many bars, for all three: returns of different
// bars are taken as unrelated.
//
// An observation is a bar in which every counted position has a return; one with a gap is left out whole,
// never filled in. An asset with too few returns, or without a mark, is not counted and named; when what is
// left has too few observations in common there is no measure, and the reason is named. The reporting asset
// itself cannot lose in its own terms (its slipping is a stress scenario).
//
// Invariants: shortfall >= value at risk; the parts of assets add up to the whole, and so do the parts of
// venues (up to rounding of floating point); twice the positions have twice the measure.
// Binary floating point, for statistics alone. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "core/risk/measures/position.hpp"
#include "core/risk/measures/price_history.hpp"
#include "core/risk/measures/statistics.hpp"

namespace ats::core {

struct VarRules {
  Rate confidence{990'000'000};
  Duration horizon = hours(24);
  double decay = 0.94;
  double degrees = 5;
  AssetId reporting;
  std::size_t correlated =
      8;  // so many assets, the largest parts first, are told beside each other
};

enum class VarRefusal : std::uint8_t {
  NothingHeld,         // no position that could lose
  NoMarks,             // none of them has a mark
  TooFewObservations,  // no asset has returns for enough bars
  TooFewInCommon,      // each has, and together they have not
};
const char* name(VarRefusal refusal);

// Why an asset does not count.
enum class NotCounted : std::uint8_t { NoMark, TooFewReturns };
const char* name(NotCounted why);

struct VarPart {
  AssetId asset;  // or of a venue:
  VenueId venue;
  double worth = 0;
  double volatility =
      0;  // of an asset: of its returns over the horizon, as a share; fading weights
  Tail historical, ewma, student;
};

struct ValueAtRisk {
  Rate confidence;
  Duration horizon;
  Duration bar;
  double scale = 1;  // square root of horizon / bar
  std::size_t observations = 0;
  std::size_t left_out = 0;  // bars in which a counted asset has no return
  WallTime last_end;
  double decay = 0;
  double degrees = 0;

  double worth = 0;       // of what counts, the reporting asset aside
  double volatility = 0;  // standard deviation over the horizon, fading weights; reporting asset
  Tail historical, ewma, student;
  std::vector<VarPart> assets;  // the largest part of the historical shortfall first
  std::vector<VarPart> venues;
  // Of the first `correlated` assets by themselves, row by row, fading weights; zero of what never moved.
  std::vector<double> correlations;

  struct Left {
    AssetId asset;
    NotCounted why = NotCounted::NoMark;
    double worth = 0;  // zero without a mark
    std::size_t returns = 0;
  };
  std::vector<Left> not_counted;
};

struct VarRefused {
  VarRefusal why = VarRefusal::NothingHeld;
  std::size_t observations = 0;  // that there are
  std::size_t needed = 0;
  AssetId fewest;  // the asset with the fewest returns, where that is the reason
};

// The assets whose returns are asked for: those of the positions, once each, the reporting asset aside.
std::vector<AssetId> assets_at_risk(std::span<const Position> positions, AssetId reporting);

// `returns` of assets_at_risk().
Result<ValueAtRisk, VarRefused> value_at_risk(std::span<const Position> positions,
                                              const ReturnTable& returns, const VarRules& rules);

// The losses that the positions would have made in each bar in which all of them have a return, the earliest
// first, of one bar: what a back-test walks over.
std::vector<double> past_losses(std::span<const Position> positions, const ReturnTable& returns,
                                AssetId reporting);

}  // namespace ats::core
