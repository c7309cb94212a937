#include "core/executor/ways_out.hpp"

#include <algorithm>

namespace ats::core {
namespace {

Quantity on_lot(const Instrument& instrument, Decimal base) {
  if (base.negative()) return {};
  const auto units = base.to_scaled_floor(instrument.qty_scale);
  const Quantity most{units.value_or(std::numeric_limits<std::int64_t>::max())};
  return instrument.floor_to_lot(most);
}

// The quantity that `free` pays for at the limit, fee included.
Quantity affordable(const Instrument& instrument, Price limit, Decimal free) {
  const Decimal each = instrument.price_decimal(limit);
  const auto with_fee = each.multiply_ceil(Decimal::from_int(1) + instrument.fees.taker.decimal());
  if (!with_fee || free.negative()) return {};
  const auto base = free.divide_floor(*with_fee);
  return base ? on_lot(instrument, *base) : Quantity{};
}

}  // namespace

bool too_small(const Instrument& instrument, Decimal wanted, Price price) {
  const Quantity quantity = on_lot(instrument, wanted);
  if (quantity.is_zero() || quantity < instrument.min_quantity) return true;
  if (price.units <= 0) return false;
  const auto notional =
      instrument.price_decimal(price).multiply(instrument.quantity_decimal(quantity));
  return notional && *notional < instrument.min_notional;
}

Result<WayOut, NoWay> way_out(const Instrument& instrument, Side side, Decimal wanted,
                              Levels levels, Decimal free, Rate slippage) {
  Quantity target = on_lot(instrument, wanted);
  if (target.is_zero() || target < instrument.min_quantity) return fail(NoWay::TooSmall);
  if (!instrument.max_quantity.is_zero()) {
    target = std::min(target, instrument.floor_to_lot(instrument.max_quantity));
  }

  WayOut way;
  way.instrument = instrument.id;
  way.side = side;
  Quantity taken;
  Decimal notional;
  Price deepest;
  for (Level level; taken < target && levels.next(level);) {
    const Quantity here = std::min(level.quantity, target - taken);
    const auto cost =
        instrument.price_decimal(level.price).multiply(instrument.quantity_decimal(here));
    const auto sum = cost ? notional.checked_add(*cost) : cost;
    if (!sum) break;
    taken += here;
    notional = *sum;
    deepest = level.price;
  }
  if (taken.is_zero()) return fail(NoWay::NoDepth);
  way.limit = side == Side::Buy ? buy_limit(instrument, deepest, slippage)
                                : sell_limit(instrument, deepest, slippage);

  const Quantity funded =
      side == Side::Sell ? on_lot(instrument, free) : affordable(instrument, way.limit, free);
  const Quantity deep = instrument.floor_to_lot(taken);
  way.quantity = std::min({target, deep, funded});
  way.whole = way.quantity == target;
  if (way.quantity.is_zero() ||
      too_small(instrument, instrument.quantity_decimal(way.quantity), way.limit)) {
    if (way.whole) return fail(NoWay::TooSmall);
    return fail(funded < deep ? NoWay::NoFunds : NoWay::NoDepth);
  }

  const Decimal one = Decimal::from_int(1);
  const Decimal fee = instrument.fees.taker.decimal();
  const auto average = notional.divide_floor(instrument.quantity_decimal(taken));
  if (!average) return fail(NoWay::NoDepth);
  const auto unit =
      side == Side::Sell ? average->multiply_floor(one - fee) : average->multiply_ceil(one + fee);
  if (!unit) return fail(NoWay::NoDepth);
  way.unit = *unit;
  return way;
}

bool better(const WayOut& a, const WayOut& b, const Universe& universe) {
  if (a.whole != b.whole) return a.whole;
  if (!a.whole) {
    const Decimal more = universe.instrument(a.instrument).quantity_decimal(a.quantity);
    const Decimal less = universe.instrument(b.instrument).quantity_decimal(b.quantity);
    if (more != less) return more > less;
  }
  if (a.unit != b.unit) return a.side == Side::Sell ? a.unit > b.unit : a.unit < b.unit;
  return a.instrument < b.instrument;
}

}  // namespace ats::core
