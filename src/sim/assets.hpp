// The assets of a simulated world: what one unit is worth in USDT when it begins, and how lively its books
// are beside those of BTC. Figures of docs/simulation.md for BTC; the others are rough and only set the scene.
#pragma once

#include <span>
#include <string_view>

#include "base/decimal.hpp"

namespace ats::sim {

struct AssetModel {
  std::string_view name;
  std::string_view worth;  // of one unit in USDT, as a decimal
  double volatility = 0;   // times that of BTC
  double liquidity = 1;    // of its books by worth, times that of BTC's
  bool money = false;      // what others are quoted in
  Decimal price() const { return Decimal::of(worth); }
};

std::span<const AssetModel> asset_models();
// Null for an asset that is not simulated.
const AssetModel* find_asset_model(std::string_view name);

}  // namespace ats::sim
