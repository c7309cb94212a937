// A limit's place in the universe, where its scope says it by names; nothing set: everywhere.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "domain/instrument.hpp"
#include "domain/limit.hpp"

namespace ats::core {

struct LimitWhere {
  VenueId venue;
  AssetId asset;
  PairId pair;
  std::optional<Strategy> strategy;
};

// The error says, for whoever named it, what is not there.
Result<LimitWhere, std::string> where_of(const LimitScope& scope, const Universe& universe);

}  // namespace ats::core
