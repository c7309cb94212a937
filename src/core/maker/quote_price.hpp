// What a quote may cost: the price at which what it fills can be hedged on another venue's book, now, with
// the edge asked for. Pure, exact, no allocation.
//
//   bid   price × (1 + maker fee) × (1 + edge)  ≤  what selling as much there brings × (1 − taker fee)
//   ask   price × (1 − maker fee)               ≥  what buying as much there costs × (1 + taker fee) × (1 + edge)
//
// both averaged over the levels that the hedge would take, and rounded to the tick away from the loss. A fee
// taken in base counts at the price of its own fill. A quote never takes: it stays a tick behind the best
// level it faces.
#pragma once

#include <optional>

#include "base/result.hpp"
#include "core/detector/walk.hpp"
#include "domain/action.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

// What bounds a quote. Amounts are what is to be paid with: the quote asset by who buys, base by who sells.
struct QuoteLimits {
  Rate edge;           // smallest
  Rate max_edge;       // more is too good to be true
  Rate slippage;       // of the hedge's limit behind the deepest level it takes
  Decimal notional;    // largest quote, in the quote asset
  Decimal free_here;   // where the quote stands
  Decimal free_there;  // where it is hedged
};

struct PricedQuote {
  Price price;
  Quantity quantity;        // in units of the instrument it stands on
  Quantity hedge_quantity;  // the same in those of the hedge
  Price hedge_deepest;      // level that the hedge would use
  Rate gross;               // quote against the hedge's average, before fees
  Rate net;                 // after the maker's and the taker's
};

// `on`, `there`: one pair on two venues. `hedge_levels`: the bids there for a bid, the asks for an ask.
// `facing`: the best level of the other side where the quote stands; zero quantity: none.
Result<PricedQuote, RefuseReason> price_quote(const Instrument& on, const Instrument& there,
                                              Side side, const Levels& hedge_levels, Level facing,
                                              const QuoteLimits& limits);

// What a quote that stands would make if it filled and was hedged now, after fees; nothing when the book
// there does not hold as much.
std::optional<Rate> net_of_quote(const Instrument& on, const Instrument& there, Side side,
                                 Price price, Quantity quantity, const Levels& hedge_levels);

}  // namespace ats::core
