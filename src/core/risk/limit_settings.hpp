// Which limits a configuration sets, and which of them hold for each asset or venue by itself.
#pragma once

#include <vector>

#include "domain/config.hpp"
#include "domain/limit.hpp"

namespace ats::core {

// Set everywhere, it holds for each asset, or for each venue, that has none of its own.
bool each_asset(LimitKind kind);
bool each_venue(LimitKind kind);

// Those with keys of their own, then those of the list; those of everywhere before narrower ones, so that they do
// not take the place of these.
std::vector<LimitSetting> configured_limits(const CoreConfig& config);

}  // namespace ats::core
