#include "core/detector/walk.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace ats::core {

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

// numerator / denominator × 10^exponent − 1, rounded down; beyond the range of a Rate its end.
Rate excess(Int128 numerator, Int128 denominator, int exponent) {
  int decimals = 9 + exponent;
  for (; decimals > Decimal::scale; --decimals) numerator *= 10;
  for (; decimals < 0; ++decimals) denominator *= 10;
  const auto ratio =
      Decimal::from_raw(numerator).divide_floor(Decimal::from_raw(denominator), decimals);
  if (!ratio) return {int64_max};
  const Int128 ppb = ratio->raw() / pow10(Decimal::scale - decimals) - Rate::one;
  return {static_cast<std::int64_t>(std::min<Int128>(ppb, int64_max))};
}

// Whole units of 10^-scale in an amount; none in a negative one.
Int128 units_of(Decimal amount, int scale) {
  return amount.negative() ? 0 : amount.raw() / pow10(Decimal::scale - scale);
}

Int128 gcd(Int128 a, Int128 b) {
  while (b != 0) a = std::exchange(b, a % b);
  return a;
}

// What one leg of the given quantity costs or brings, taken from the best level on.
struct Leg {
  Price deepest;
  Decimal notional;
  Decimal fee;  // in the quote asset
};

bool take(Levels levels, const Instrument& instrument, Side side, std::int64_t quantity, Leg& leg) {
  Level level;
  while (quantity > 0 && levels.next(level)) {
    const Quantity taken{std::min(quantity, level.quantity.units)};
    quantity -= taken.units;
    leg.deepest = level.price;
    Int128 raw = 0;
    if (__builtin_mul_overflow(
            Int128{level.price.units} * taken.units,
            Int128{pow10(Decimal::scale - instrument.price_scale - instrument.qty_scale)}, &raw)) {
      return false;
    }
    const Instrument::Fee fee = instrument.taker_fee(side, level.price, taken);
    const auto fee_value = fee.asset == instrument.base
                               ? fee.amount.multiply_ceil(instrument.price_decimal(level.price))
                               : Result<Decimal, NumberError>(fee.amount);
    const auto notional = leg.notional.checked_add(Decimal::from_raw(raw));
    if (!fee_value || !notional) return false;
    const auto fees = leg.fee.checked_add(*fee_value);
    if (!fees) return false;
    leg.notional = *notional;
    leg.fee = *fees;
  }
  return true;
}

}  // namespace

Price buy_limit(const Instrument& instrument, Price deepest, Rate slippage) {
  const Int128 worse = Int128{deepest.units} * (Rate::one + slippage.ppb) / Rate::one;
  const auto fits = static_cast<std::int64_t>(std::min<Int128>(worse, int64_max));
  return instrument.floor_to_tick({fits});
}

Price sell_limit(const Instrument& instrument, Price deepest, Rate slippage) {
  const Int128 worse = Int128{deepest.units} * (Rate::one - slippage.ppb);
  return instrument.ceil_to_tick({static_cast<std::int64_t>((worse + Rate::one - 1) / Rate::one)});
}

VenuePair::VenuePair(const Instrument& buy, const Instrument& sell, Rate min_edge)
    : buy_(buy), sell_(sell) {
  ATS_ASSERT(buy.base == sell.base && buy.quote == sell.quote);
  for (const Rate rate : {buy.fees.taker, sell.fees.taker})
    ATS_ASSERT(rate.ppb > -Rate::one && rate.ppb < Rate::one);
  const auto one = static_cast<UInt128>(Rate::one);
  const int price_scale = std::max(buy.price_scale, sell.price_scale);
  const auto grid = [&](int scale) { return static_cast<UInt128>(pow10(price_scale - scale)); };
  // Factors stay below 2^102, so that a price times a factor stays below 2^165.
  ask_factor_ = grid(buy.price_scale) * static_cast<UInt128>(Rate::one + buy.fees.taker.ppb);
  proceeds_factor_ =
      grid(sell.price_scale) * static_cast<UInt128>(Rate::one - sell.fees.taker.ppb) * one;
  set_min_edge(min_edge);

  common_scale_ = std::max(buy.qty_scale, sell.qty_scale);
  buy_unit_ = pow10(common_scale_ - buy.qty_scale);
  sell_unit_ = pow10(common_scale_ - sell.qty_scale);
  const Int128 buy_lot = buy_unit_ * buy.lot;
  const Int128 sell_lot = sell_unit_ * sell.lot;
  if (__builtin_mul_overflow(buy_lot / gcd(buy_lot, sell_lot), sell_lot, &common_lot_))
    common_lot_ = std::numeric_limits<Int128>::max();  // no quantity is a multiple of both
}

VenuePair::Threshold VenuePair::threshold_of(Rate min_edge) const {
  ATS_ASSERT(min_edge.ppb > -Rate::one && min_edge.ppb < Rate::one);
  return {ask_factor_ * static_cast<UInt128>(Rate::one + std::max<std::int64_t>(min_edge.ppb, 0)),
          min_edge.ppb <= 0};
}

Rate VenuePair::gross(Price ask, Price bid) const {
  return excess(bid.units, ask.units, buy_.price_scale - sell_.price_scale);
}

Rate VenuePair::net(Price ask, Price bid) const {
  return excess(Int128{bid.units} * (Rate::one - sell_.fees.taker.ppb),
                Int128{ask.units} * (Rate::one + buy_.fees.taker.ppb),
                buy_.price_scale - sell_.price_scale);
}

VenuePair::Bound VenuePair::fixed_bound(const Levels& bids, const WalkLimits& limits) const {
  const auto most = [](const Instrument& instrument) {
    return instrument.max_quantity.is_zero() ? int64_max : instrument.max_quantity.units;
  };
  Bound bound{std::min(most(buy_) * buy_unit_, most(sell_) * sell_unit_), WalkStop::MaxQuantity};
  const auto lower = [&](Int128 quantity, WalkStop stop) {
    if (quantity < bound.quantity) bound = {quantity, stop};
  };
  Level best;
  if (Levels from_best = bids; limits.max_notional && from_best.next(best)) {
    const auto most_sold =
        limits.max_notional->divide_floor(sell_.price_decimal(best.price), common_scale_);
    if (most_sold) lower(units_of(*most_sold, common_scale_), WalkStop::MaxNotional);
  }
  if (limits.free_base) lower(units_of(*limits.free_base, common_scale_), WalkStop::FreeBase);
  return bound;
}

VenuePair::Bound VenuePair::bound_at(Price ask, const WalkLimits& limits) const {
  Bound bound{std::numeric_limits<Int128>::max(), WalkStop::MaxQuantity};
  const auto lower = [&](Decimal amount, Decimal each, WalkStop stop) {
    const auto quantity = amount.divide_floor(each, common_scale_);
    if (!quantity) return;  // more than any quantity
    const Int128 units = units_of(*quantity, common_scale_);
    if (units < bound.quantity) bound = {units, stop};
  };
  const Decimal limit = buy_.price_decimal(buy_limit(buy_, ask, limits.max_slippage));
  if (limits.max_notional) lower(*limits.max_notional, limit, WalkStop::MaxNotional);
  if (limits.free_quote) {
    Decimal available = *limits.free_quote;
    Decimal each = limit;
    if (buy_.fees.charged_in == FeeAsset::Quote) {
      const auto with_fee = limit.multiply_ceil(Decimal::from_int(1) + buy_.fees.taker.decimal());
      if (!with_fee) return {0, WalkStop::Overflow};
      each = *with_fee;
      available -= Decimal::from_scaled(1, buy_.fees.decimals);  // the venue rounds its fee up
    }
    lower(available, each, WalkStop::FreeQuote);
  }
  return bound;
}

WalkResult VenuePair::walk(const Levels& asks, const Levels& bids, const WalkLimits& limits) const {
  WalkResult result;
  Levels ask_levels = asks;
  Levels bid_levels = bids;
  Level ask;
  Level bid;
  Int128 ask_left = 0;
  Int128 bid_left = 0;
  Int128 total = 0;
  const Bound fixed = fixed_bound(bids, limits);
  Bound bound = fixed;
  const Threshold threshold = limits.min_edge ? threshold_of(*limits.min_edge) : threshold_;
  while (true) {
    if (ask_left == 0) {
      if (!ask_levels.next(ask)) {
        result.stop = WalkStop::Depth;
        break;
      }
      ask_left = buy_unit_ * ask.quantity.units;
      const Bound here = bound_at(ask.price, limits);
      bound = here.quantity < fixed.quantity ? here : fixed;
    }
    if (bid_left == 0) {
      if (!bid_levels.next(bid)) {
        result.stop = WalkStop::Depth;
        break;
      }
      bid_left = sell_unit_ * bid.quantity.units;
    }
    if (!pays(ask.price, bid.price, threshold)) {
      result.stop = WalkStop::Edge;
      break;
    }
    if (total >= bound.quantity) {
      result.stop = bound.stop;
      break;
    }
    const Int128 taken = std::min({ask_left, bid_left, bound.quantity - total});
    total += taken;
    ask_left -= taken;
    bid_left -= taken;
  }

  const Int128 quantity = total - total % common_lot_;
  if (quantity == 0) return result;
  const Quantity bought{static_cast<std::int64_t>(quantity / buy_unit_)};
  const Quantity sold{static_cast<std::int64_t>(quantity / sell_unit_)};
  Leg buy;
  Leg sell;
  const bool fit = take(asks, buy_, Side::Buy, bought.units, buy) &&
                   take(bids, sell_, Side::Sell, sold.units, sell);
  const auto paid = buy.notional.checked_add(buy.fee);
  const auto received = sell.notional.checked_add(-sell.fee);
  if (!fit || !paid || !received) {
    result.stop = WalkStop::Overflow;
    return result;
  }
  result.buy_quantity = bought;
  result.sell_quantity = sold;
  result.buy_deepest = buy.deepest;
  result.sell_deepest = sell.deepest;
  result.buy_limit = buy_limit(buy_, buy.deepest, limits.max_slippage);
  result.sell_limit = sell_limit(sell_, sell.deepest, limits.max_slippage);
  result.paid = *paid;
  result.received = *received;
  result.profit = *received - *paid;
  result.net = excess(received->raw(), paid->raw(), 0);
  return result;
}

}  // namespace ats::core
