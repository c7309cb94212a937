#include "core/inventory/round_trip.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "core/executor/ways_out.hpp"

namespace ats::core {
namespace {

Decimal on_lot(const Instrument& on, Decimal base) {
  const auto units = base.to_scaled_floor(on.qty_scale);
  return on.quantity_decimal(
      on.floor_to_lot({units.value_or(std::numeric_limits<std::int64_t>::max())}));
}

// The most of `base` that is a multiple of both lots; lots are decimal almost everywhere, so that a few
// roundings meet.
Decimal on_both_lots(const Instrument& one, const Instrument& other, Decimal base) {
  for (int n = 0; n < 8; ++n) {
    const Decimal rounded = on_lot(other, on_lot(one, base));
    if (rounded == base) return base;
    base = rounded;
  }
  return {};
}

struct Taken {
  Decimal base;
  Decimal notional;
  Decimal fee;  // in the quote asset
  Price deepest;
};

// As much as the levels hold, at most `wanted`. Nothing when an amount fits no Decimal.
std::optional<Taken> take(const Instrument& on, Side side, Levels levels, Decimal wanted) {
  Taken taken;
  for (Level level; taken.base < wanted && levels.next(level);) {
    const Decimal here = std::min(on.quantity_decimal(level.quantity), wanted - taken.base);
    const auto units = here.to_scaled(on.qty_scale);
    const Decimal price = on.price_decimal(level.price);
    const auto cost = price.multiply(here);
    const auto notional = cost ? taken.notional.checked_add(*cost) : cost;
    if (!units || !notional) return std::nullopt;
    const Instrument::Fee fee = on.taker_fee(side, level.price, {*units});
    const auto in_quote = fee.asset == on.base ? fee.amount.multiply_ceil(price)
                                               : Result<Decimal, NumberError>(fee.amount);
    const auto fees = in_quote ? taken.fee.checked_add(*in_quote) : in_quote;
    if (!fees) return std::nullopt;
    taken.base += here;
    taken.notional = *notional;
    taken.fee = *fees;
    taken.deepest = level.price;
  }
  return taken;
}

}  // namespace

Result<RoundTrip, NoTrip> price_round_trip(const Instrument& buy_on, const Levels& asks,
                                           const Instrument& sell_on, const Levels& bids,
                                           Decimal wanted) {
  const Decimal target = on_both_lots(buy_on, sell_on, wanted);
  const auto small = [&](Decimal base, Price ask, Price bid) {
    return too_small(buy_on, base, ask) || too_small(sell_on, base, bid);
  };
  if (small(target, {}, {})) return fail(NoTrip::TooSmall);
  const auto deep_asks = take(buy_on, Side::Buy, asks, target);
  const auto deep_bids = take(sell_on, Side::Sell, bids, target);
  if (!deep_asks || !deep_bids) return fail(NoTrip::NoDepth);
  const Decimal base = on_both_lots(buy_on, sell_on, std::min(deep_asks->base, deep_bids->base));
  if (base.is_zero()) return fail(NoTrip::NoDepth);
  const auto bought = take(buy_on, Side::Buy, asks, base);
  const auto sold = take(sell_on, Side::Sell, bids, base);
  if (!bought || !sold) return fail(NoTrip::NoDepth);
  if (small(base, bought->deepest, sold->deepest))
    return fail(base == target ? NoTrip::TooSmall : NoTrip::NoDepth);
  RoundTrip trip;
  const auto bought_units = base.to_scaled(buy_on.qty_scale);
  const auto sold_units = base.to_scaled(sell_on.qty_scale);
  const auto paid = bought->notional.checked_add(bought->fee);
  const auto received = sold->notional.checked_add(-sold->fee);
  if (!bought_units || !sold_units || !paid || !received || paid->is_zero())
    return fail(NoTrip::NoDepth);
  trip.buy_quantity = {*bought_units};
  trip.sell_quantity = {*sold_units};
  trip.base = base;
  trip.paid = *paid;
  trip.received = *received;
  trip.buy_deepest = bought->deepest;
  trip.sell_deepest = sold->deepest;
  const auto gained = (*received - *paid).divide_floor(*paid, 9);
  const auto ppb = gained ? gained->to_scaled(9) : fail(gained.error());
  if (!ppb) return fail(NoTrip::NoDepth);
  trip.cost = {-*ppb};
  trip.whole = base == target;
  return trip;
}

}  // namespace ats::core
