// What is held of one asset, venue by venue, beside what is wanted there; and the fewest, largest shifts that
// bring every venue close enough. Exact amounts; pure.
#pragma once

#include <span>
#include <vector>

#include "base/decimal.hpp"
#include "domain/ids.hpp"
#include "domain/number.hpp"

namespace ats::core {

struct Holding {
  VenueId venue;
  AssetId asset;
  Decimal held;
  Decimal free;  // of it, by no open order
  Decimal
      wanted;  // the target's share of all that is held; the wanted amounts add up to it exactly
  Rate target;
  Rate share;        // of all that is held, rounded down
  bool off = false;  // further from the target than the band allows
  Decimal over() const { return held - wanted; }
};

// Fills in `wanted`, `share` and `off` of holdings whose other fields are told; the targets add up to one.
// Accounts below nothing hold nothing. `band`: of all that is held.
void judge_holdings(std::span<Holding> of_one_asset, Rate band);

struct Shift {
  VenueId from;
  VenueId to;
  Decimal amount;
};

// The largest surplus to the largest need, again and again, until no venue is off. Never more than is free
// there; at most eight decimals, which is what venues take. Fewer shifts than venues.
std::vector<Shift> shifts_needed(std::span<const Holding> of_one_asset, Rate band);

}  // namespace ats::core
