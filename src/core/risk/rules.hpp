// The rules that have no number to set, each with a name and one question: may this order go, and if not, why?
// Pure functions over facts. Facts default to what must be refused: what nobody filled in is denied. Limits
// with a number are asked by limit_book.hpp.
#pragma once

#include <cstdint>
#include <optional>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "core/risk/holds.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/instrument.hpp"
#include "domain/order.hpp"

namespace ats::core {

// What is true as an order is about to leave. Amounts are worths in the reporting currency.
struct OrderFacts {
  const Instrument* instrument = nullptr;
  Standing standing;        // of its venue, its pair and its strategy
  bool stopping = true;     // nothing new is to be opened any more
  bool leased = false;      // the risk role's word that something may be opened is there and counts
  bool reconciled = false;  // orders of earlier lives final, balances told, both venues compared
  bool venue_up =
      false;  // the order's own venue: Trading and MarketData; on a polled book Trading alone
  bool book_valid = false;  // the order's own instrument
  // Its book is what was asked for by REST while the venue's stream is down: good to unwind on.
  bool book_polled = false;
  // Where the venue bounds prices by what was traded: that average. Nothing: unknown.
  std::optional<Price> average;
  bool crosses_own = true;  // an order of ours is, or may be, there to be traded with
  bool pair_busy = true;    // an execution on the pair is open or cooling down
  // What the order may trade for at its limit. Nothing: unknown.
  std::optional<Decimal> notional;
  // The worst any asset may reach if this order's execution goes as badly as it can. Nothing: unknown.
  std::optional<Decimal> exposure_after;
  // How far the quote asset may get from where it began by a conversion left open, and how far it may be
  // without this order. Nothing: unknown.
  std::optional<Decimal> currency_after;
  Decimal currency_before;
  Strategy strategy = Strategy::CrossVenue;
  Instant now;
  std::int64_t new_legs = 1;  // that leave together with it, itself included
  // How far its price is from the middle of all Valid books of its pair, and how far beyond the best level it
  // could trade with where it goes; basis points. Nothing: unknown.
  std::optional<Decimal> price_distance;
  std::optional<Decimal> price_beyond;
  std::optional<Duration> book_age;
  std::optional<Rate> edge;      // average after fees
  std::optional<Rate> min_edge;  // the smallest that this direction is taken at; nothing: unknown
  std::optional<Rate> leg_cost;  // what legs that fall short cost on average; nothing: unknown
  // Unwinds only: what is open in the base asset, signed; the order must make it smaller.
  Decimal open_net;
};

// What an order that breaks its instrument's own rules is refused for.
RefuseReason reason_of(OrderFault fault);

// Asks all of them that apply: the first refusal is the answer. One that a planted bug leaves out is not asked.
RefuseReason first_refusal(const OrderRequest& order, const OrderFacts& facts,
                           const CoreConfig& config);

}  // namespace ats::core
