// The value at risk that a limit goes by: the historical measure of all that is held (value_at_risk.hpp), over the bars
// that `ats risk var` would take, rounded up to a millionth of the reporting asset. What has too short a past counts as
// lost whole, so that a new asset raises the figure and never lowers it; what has no mark leaves it unknown.
// Pure; binary floating point inside, an exact number outside.
#pragma once

#include <span>

#include "core/risk/measures/position.hpp"
#include "core/risk/measures/price_history.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"

namespace ats::core {

RiskMeasured measure_for_limit(const MeasureRisk& asked, std::span<const Position> positions,
                               const PriceHistory& prices, AssetId reporting);

}  // namespace ats::core
