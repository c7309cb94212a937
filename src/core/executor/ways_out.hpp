// How an open difference can be traded away on one instrument: how much, at which limit, and what a unit
// brings or costs after the fee. Pure; the executor compares the instruments of the pair.
#pragma once

#include <cstdint>

#include "base/decimal.hpp"
#include "base/result.hpp"
#include "core/detector/walk.hpp"
#include "domain/ids.hpp"
#include "domain/instrument.hpp"
#include "domain/number.hpp"

namespace ats::core {

struct WayOut {
  InstrumentId instrument;
  Side side = Side::Sell;
  Quantity quantity;   // on the lot, not more than wanted
  Price limit;         // the deepest level used, worse by at most the slippage allowed
  Decimal unit;        // quote asset per unit of base, fee included: received or paid
  bool whole = false;  // takes all that the instrument's lot allows
};

enum class NoWay : std::uint8_t {
  TooSmall,  // below the instrument's minimum: cannot be traded there at any price
  NoDepth,   // the book does not hold enough to make an order
  NoFunds,   // the balance does not
};

// Trades `wanted` (> 0, base asset) on `levels` (the asks to buy from, the bids to sell to), bounded by
// `free`: the base asset to sell, the quote asset to pay with.
Result<WayOut, NoWay> way_out(const Instrument& instrument, Side side, Decimal wanted,
                              Levels levels, Decimal free, Rate slippage);

// Whether the instrument's minimums rule the quantity out, judged at `price` (zero: quantity only).
bool too_small(const Instrument& instrument, Decimal wanted, Price price);

// Whether `a` is to be preferred: the whole first, then the better unit, then more, then the lower id.
bool better(const WayOut& a, const WayOut& b, const Universe& universe);

}  // namespace ats::core
