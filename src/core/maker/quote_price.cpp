#include "core/maker/quote_price.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/risk/rules.hpp"

namespace ats::core {
namespace {

// What the hedge of a quantity takes: its levels, best first.
struct Taken {
  Decimal quantity;
  Decimal notional;
  Price deepest;
};

std::optional<Taken> take(const Instrument& there, Levels levels, Decimal wanted) {
  Taken taken;
  for (Level level; taken.quantity < wanted && levels.next(level);) {
    const Decimal here = std::min(there.quantity_decimal(level.quantity), wanted - taken.quantity);
    const auto cost = there.price_decimal(level.price).multiply_floor(here);
    const auto sum = cost ? taken.notional.checked_add(*cost) : cost;
    if (!sum) return std::nullopt;
    taken.quantity += here;
    taken.notional = *sum;
    taken.deepest = level.price;
  }
  return taken;
}

// The smallest amount that is a multiple of both lots.
std::optional<Decimal> common_lot(const Instrument& a, const Instrument& b) {
  const int scale = std::max(a.qty_scale, b.qty_scale);
  std::int64_t one = 0;
  std::int64_t other = 0;
  if (__builtin_mul_overflow(a.lot, pow10(scale - a.qty_scale), &one) ||
      __builtin_mul_overflow(b.lot, pow10(scale - b.qty_scale), &other)) {
    return std::nullopt;
  }
  std::int64_t common = 0;
  if (__builtin_mul_overflow(one / std::gcd(one, other), other, &common)) return std::nullopt;
  return Decimal::from_scaled(common, scale);
}

Decimal floor_to(Decimal amount, Decimal lot) {
  if (amount.negative()) return {};
  return Decimal::from_raw(amount.raw() - amount.raw() % lot.raw());
}

Decimal most_of(const Instrument& on) {
  return on.max_quantity.is_zero() ? Decimal::from_int(std::numeric_limits<std::int32_t>::max())
                                   : on.quantity_decimal(on.max_quantity);
}

Decimal plus_one(Rate rate) { return Decimal::from_int(1) + rate.decimal(); }
Decimal less_one(Rate rate) { return Decimal::from_int(1) - rate.decimal(); }

// What an amount of the quote asset buys at the price with the factor on top.
Decimal bought_for(Decimal amount, Decimal price, Decimal factor) {
  const auto each = price.multiply_ceil(factor);
  if (!each || amount.negative()) return {};
  const auto base = amount.divide_floor(*each);
  return base ? *base : Decimal::from_int(std::numeric_limits<std::int32_t>::max());
}

Rate rate_of(Decimal gets, Decimal gives) {
  const auto ratio = gets.divide_floor(gives, 9);
  const auto ppb = ratio ? ratio->to_scaled_floor(9) : fail(ratio.error());
  return ppb ? Rate{*ppb - Rate::one} : Rate{-Rate::one};
}

Rate net_rate(const Instrument& on, const Instrument& there, Side side, Decimal at_quote,
              Decimal at_hedge) {
  const bool bid = side == Side::Buy;
  const auto here = bid ? at_quote.multiply_ceil(plus_one(on.fees.maker))
                        : at_quote.multiply_floor(less_one(on.fees.maker));
  const auto hedged = bid ? at_hedge.multiply_floor(less_one(there.fees.taker))
                          : at_hedge.multiply_ceil(plus_one(there.fees.taker));
  if (!here || !hedged) return {-Rate::one};
  return bid ? rate_of(*hedged, *here) : rate_of(*here, *hedged);
}

// The price at which the edge is kept, on the tick; nothing where numbers do not fit.
std::optional<Price> price_for(const Instrument& on, const Instrument& there, Side side,
                               const Taken& hedge, Rate edge) {
  std::optional<Decimal> price;
  if (side == Side::Buy) {
    const auto brings = hedge.notional.multiply_floor(less_one(there.fees.taker));
    auto costs = hedge.quantity.multiply_ceil(plus_one(on.fees.maker));
    if (costs) costs = costs->multiply_ceil(plus_one(edge));
    const auto each = brings && costs ? brings->divide_floor(*costs) : fail(NumberError::Overflow);
    if (each) price = *each;
  } else {
    auto costs = hedge.notional.multiply_ceil(plus_one(there.fees.taker));
    if (costs) costs = costs->multiply_ceil(plus_one(edge));
    const auto brings = hedge.quantity.multiply_floor(less_one(on.fees.maker));
    const auto each = costs && brings ? costs->divide_floor(*brings) : fail(NumberError::Overflow);
    // Rounded down: the next unit is not.
    if (each) price = Decimal::from_raw(each->raw() + 1);
  }
  if (!price) return std::nullopt;
  const auto units = price->to_scaled_floor(on.price_scale);
  if (!units || *units <= 0) return std::nullopt;
  if (side == Side::Buy) return on.floor_to_tick({*units});
  const bool whole = on.price_decimal({*units}) == *price;
  return on.ceil_to_tick({whole ? *units : *units + 1});
}

std::optional<Quantity> units_on(const Instrument& on, Decimal quantity) {
  const auto units = quantity.to_scaled(on.qty_scale);
  return units ? std::optional(Quantity{*units}) : std::nullopt;
}

}  // namespace

Result<PricedQuote, RefuseReason> price_quote(const Instrument& on, const Instrument& there,
                                              Side side, const Levels& hedge_levels, Level facing,
                                              const QuoteLimits& limits) {
  const bool bid = side == Side::Buy;
  const auto lot = common_lot(on, there);
  Level top;
  Levels from_top = hedge_levels;
  if (!lot || !from_top.next(top)) return fail(RefuseReason::BookNotValid);

  // How much: what keeps it small is why, when it is too little.
  RefuseReason why = RefuseReason::BelowMinQuantity;
  Decimal quantity = std::min(most_of(on), most_of(there));
  const auto bound = [&](Decimal most, RefuseReason reason) {
    if (most >= quantity) return;
    quantity = most;
    why = reason;
  };
  const Decimal best = there.price_decimal(top.price);
  const Decimal here_with_fee = plus_one(std::max(on.fees.maker, on.fees.taker));
  // The hedge's limit is behind its deepest level, and the quote of an ask behind the hedge's price.
  bound(bought_for(limits.notional, best, plus_one(limits.slippage)),
        RefuseReason::BelowMinNotional);
  bound(bid ? bought_for(limits.free_here, best, here_with_fee) : limits.free_here,
        bid ? RefuseReason::NoBalanceToBuy : RefuseReason::NoBalanceToSell);
  if (bid) bound(limits.free_there, RefuseReason::NoBalanceToSell);
  quantity = floor_to(quantity, *lot);
  auto hedge = take(there, hedge_levels, quantity);
  if (hedge && !bid) {
    const auto factor =
        plus_one(limits.slippage).multiply_ceil(plus_one(there.fees.taker)).value_or(Decimal());
    bound(bought_for(limits.free_there, there.price_decimal(hedge->deepest), factor),
          RefuseReason::NoBalanceToBuy);
  }
  if (hedge) bound(hedge->quantity, RefuseReason::BelowMinQuantity);
  quantity = floor_to(quantity, *lot);
  if (quantity.is_zero()) return fail(why);
  hedge = take(there, hedge_levels, quantity);
  if (!hedge) return fail(RefuseReason::OrderNotional);

  auto price = price_for(on, there, side, *hedge, limits.edge);
  if (!price) return fail(RefuseReason::OrderNotional);
  if (!facing.quantity.is_zero()) {
    const Price behind = bid ? on.floor_to_tick({facing.price.units - 1})
                             : on.ceil_to_tick({facing.price.units + 1});
    price = bid ? std::min(*price, behind) : std::max(*price, behind);
  }

  PricedQuote quote;
  quote.price = *price;
  const auto here = units_on(on, quantity);
  const auto hedged = units_on(there, quantity);
  if (!here || !hedged) return fail(RefuseReason::OrderNotional);
  quote.quantity = *here;
  quote.hedge_quantity = *hedged;
  quote.hedge_deepest = hedge->deepest;
  auto fault = check_order(on, quote.price, quote.quantity);
  if (!fault) {
    const Price limit = bid ? sell_limit(there, quote.hedge_deepest, {})
                            : buy_limit(there, quote.hedge_deepest, {});
    fault = check_order(there, limit, quote.hedge_quantity);
  }
  if (fault) {
    const bool small =
        *fault == OrderFault::BelowMinQuantity || *fault == OrderFault::BelowMinNotional;
    const bool funds = why == RefuseReason::NoBalanceToBuy || why == RefuseReason::NoBalanceToSell;
    return fail(small && funds ? why : reason_of(*fault));
  }
  const Decimal at_quote = on.notional(quote.price, quote.quantity);
  quote.gross = bid ? rate_of(hedge->notional, at_quote) : rate_of(at_quote, hedge->notional);
  quote.net = net_rate(on, there, side, at_quote, hedge->notional);
  if (quote.net > limits.max_edge) return fail(RefuseReason::EdgeTooGood);
  return quote;
}

std::optional<Rate> net_of_quote(const Instrument& on, const Instrument& there, Side side,
                                 Price price, Quantity quantity, const Levels& hedge_levels) {
  const Decimal wanted = on.quantity_decimal(quantity);
  const auto hedge = take(there, hedge_levels, wanted);
  if (!hedge || hedge->quantity < wanted) return std::nullopt;
  return net_rate(on, there, side, on.notional(price, quantity), hedge->notional);
}

}  // namespace ats::core
