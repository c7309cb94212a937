// What the simulated exchanges list and what their accounts begin with; shared by `ats sim`, `ats run`
// without a configuration and `ats simulate`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/instrument.hpp"

namespace ats::services {

// The default pairs of a simulated world, or as many as wanted: coins in USDT first, then in other money.
std::vector<std::string> simulated_pairs(std::size_t count = 3);
// What --pairs says: pairs, or one number of them. The error says what was expected.
Result<std::vector<std::string>, std::string> choose_pairs(const std::vector<std::string>& words);

// Venues (by protocol name) and the pairs each lists, with ticks, lots, minimums and fees like the real
// ones at an active trader's tier. The error names the venue or pair that is not simulated.
Result<Universe, std::string> simulated_universe(const std::vector<std::string>& venues,
                                                 const std::vector<std::string>& pairs);

struct SimulatedFunds {
  VenueId venue;
  AssetId asset;
  Decimal amount;
};
// About so many USDT worth of every asset that a venue trades.
constexpr std::int64_t simulated_funds_worth = 250'000;
std::vector<SimulatedFunds> simulated_funds(const Universe& universe,
                                            std::int64_t worth = simulated_funds_worth);

}  // namespace ats::services
