// What it costs to bring an asset from one venue to another without sending it: sold on the one and bought on
// the other, at the books as they stand. Walks both to the depth it takes. Pure; exact, fees rounded against
// us as the venues round them.
#pragma once

#include "base/result.hpp"
#include "core/detector/walk.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

struct RoundTrip {
  Quantity buy_quantity;  // the same amount in the units of each instrument
  Quantity sell_quantity;
  Decimal base;
  Decimal paid;      // quote asset, fee included
  Decimal received;  // quote asset, fee taken off
  Price buy_deepest;
  Price sell_deepest;
  Rate cost;           // (paid − received) / paid, rounded up; negative where it pays
  bool whole = false;  // all that was wanted and the lots allow
  Decimal loss() const { return paid - received; }
};

enum class NoTrip : std::uint8_t {
  TooSmall,  // below what one of the two takes
  NoDepth,   // a book does not hold enough to make an order
};

// `asks` of the instrument that is bought on and `bids` of the one that is sold on, best first; both trade
// one pair. `wanted` (> 0) of the base.
Result<RoundTrip, NoTrip> price_round_trip(const Instrument& buy_on, const Levels& asks,
                                           const Instrument& sell_on, const Levels& bids,
                                           Decimal wanted);

}  // namespace ats::core
