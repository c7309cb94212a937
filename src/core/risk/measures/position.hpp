// What is held of an asset on a venue, and what that is worth in the reporting asset: what every measure of
// risk is taken of. Exact; a position without a mark has no worth, and measures say so.
#pragma once

#include <optional>

#include "base/decimal.hpp"
#include "domain/ids.hpp"

namespace ats::core {

struct Position {
  VenueId venue;
  AssetId asset;
  Decimal held;                  // below nothing: owed
  std::optional<Decimal> worth;  // of `held`
};

}  // namespace ats::core
