#include "core/risk/measures/limit_measure.hpp"

#include <algorithm>
#include <cmath>

#include "core/risk/measures/value_at_risk.hpp"

namespace ats::core {
namespace {

constexpr int kept_decimals = 6;

MeasureFault fault_of(VarRefusal why) {
  switch (why) {
    case VarRefusal::NothingHeld:
      return MeasureFault::None;
    case VarRefusal::NoMarks:
      return MeasureFault::NoMarks;
    case VarRefusal::TooFewObservations:
      return MeasureFault::TooFewObservations;
    case VarRefusal::TooFewInCommon:
      return MeasureFault::TooFewInCommon;
  }
  return MeasureFault::OutOfRange;
}

// Of positions in an asset, on all venues together.
std::optional<Decimal> whole_of(AssetId asset, std::span<const Position> positions) {
  Decimal sum;
  for (const Position& position : positions) {
    if (position.asset != asset || !position.worth) continue;
    const auto more = sum.checked_add(*position.worth);
    if (!more) return std::nullopt;
    sum = *more;
  }
  return sum.abs();
}

// A gain is no loss.
std::optional<Decimal> rounded_up(double loss) {  // statistics
  const double units = std::ceil(std::max(loss, 0.0) * 1e6);
  if (!(units < 9e18)) return std::nullopt;
  return Decimal::from_scaled(static_cast<std::int64_t>(units), kept_decimals);
}

}  // namespace

RiskMeasured measure_for_limit(const MeasureRisk& asked, std::span<const Position> positions,
                               const PriceHistory& prices, AssetId reporting) {
  RiskMeasured out;
  out.asked = asked.asked;
  const auto failed = [&](MeasureFault fault) {
    out.fault = fault;
    return out;
  };
  for (const Position& position : positions) {
    if (!position.worth) return failed(MeasureFault::NoMarks);
  }
  const auto assets = assets_at_risk(positions, reporting);
  const PriceBars& bars =
      prices.choose(assets, asked.horizon, least_observations(asked.confidence));
  out.bar = bars.bar();
  VarRules rules;
  rules.confidence = asked.confidence;
  rules.horizon = asked.horizon;
  rules.reporting = reporting;
  rules.correlated = 0;
  const auto told = value_at_risk(positions, bars.returns(assets), rules);
  if (!told) {
    out.observations = static_cast<std::uint32_t>(told.error().observations);
    return failed(fault_of(told.error().why));
  }
  out.observations = static_cast<std::uint32_t>(told->observations);
  std::optional<Decimal> sum = rounded_up(told->historical.value_at_risk);
  for (const ValueAtRisk::Left& left : told->not_counted) {
    const auto whole = whole_of(left.asset, positions);
    const auto more = sum && whole ? sum->checked_add(*whole) : fail(NumberError::Overflow);
    sum = more ? std::optional(*more) : std::nullopt;
  }
  if (!sum) return failed(MeasureFault::OutOfRange);
  out.value_at_risk = *sum;
  return out;
}

}  // namespace ats::core
