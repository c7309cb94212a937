// What the simulated venues list: instruments with the steps, minimums and fees of the real ones
// (protocol sheets; fee tiers of an account that trades a lot), and steps by rule of thumb for assets
// nobody wrote down.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/instrument.hpp"

namespace ats::sim {

// Rough worth of one unit in USDT, for models only; 10 for an asset nobody knows.
double assumed_worth(std::string_view asset);

// Adds the venue, with its protocol's book rules, and the instrument of "BASE/QUOTE" on it. The error
// names what is not known.
Result<InstrumentId, std::string> list_instrument(Universe& universe, std::string_view venue,
                                                  std::string_view pair);
// All pairs on all venues.
Result<Universe, std::string> simulated_universe(const std::vector<std::string>& venues,
                                                 const std::vector<std::string>& pairs);

}  // namespace ats::sim
