// A limit's place in the universe; nothing set: everywhere.
#pragma once

#include <optional>

#include "domain/ids.hpp"
#include "domain/strategy.hpp"

namespace ats::core {

struct LimitWhere {
  VenueId venue;
  AssetId asset;
  PairId pair;
  std::optional<Strategy> strategy;
};

}  // namespace ats::core
