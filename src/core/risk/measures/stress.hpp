// What the positions would lose if something happened to them at once, with no time to trade: a venue freezes
// with our funds, a stable-coin slips, the market moves a fifth in a minute, or what the configuration says.
//
// A scenario is a list of shocks; those that touch one position are multiplied. Losses are counted in the
// reporting asset as it was worth before: so the reporting asset can slip as well, and everything else then
// keeps its worth. A venue that freezes keeps what is ours there; what is owed there is still owed.
// Exact decimals, what is left rounded down. Pure.
//
// Invariant: the losses by asset and those by venue each add up to the loss, to the last unit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "core/risk/measures/position.hpp"
#include "domain/instrument.hpp"
#include "domain/number.hpp"

namespace ats::core {

struct Shock {
  enum class On : std::uint8_t {
    Asset,   // by name
    Coins,   // all that is neither a stable-coin nor a currency of a state
    Stable,  // all stable-coins
    Venue,   // what is ours on it, by name
  };
  On on = On::Coins;
  Text<15> name;
  Rate change;  // of worth, from −1 (all of it) up
  bool operator==(const Shock&) const = default;
};

struct Scenario {
  std::string name;
  std::vector<Shock> shocks;
  bool operator==(const Scenario&) const = default;
};

struct StressRules {
  std::vector<Text<15>> stable_coins = {"USDT", "USDC", "DAI", "FDUSD", "TUSD", "PYUSD"};
  std::vector<Text<15>> currencies = {"USD", "EUR", "GBP", "JPY", "KRW"};
  std::vector<Scenario> scenarios;  // besides those that always are
};

struct StressLoss {
  VenueId venue;  // one of the two
  AssetId asset;
  Decimal loss;
};
struct StressResult {
  std::string name;
  std::string what;                // the shocks, for people
  Decimal loss;                    // below nothing: a gain
  std::vector<StressLoss> assets;  // the worst first; those that neither lose nor gain are left out
  std::vector<StressLoss> venues;
  std::uint32_t not_counted = 0;  // positions that it touches and that have no mark
};

// Those that always are: each venue with something on it frozen, each stable-coin that is held slipping 5 %,
// all coins 20 % down and 20 % up; then the configured ones.
std::vector<Scenario> scenarios_for(std::span<const Position> positions, const Universe& universe,
                                    const StressRules& rules);

StressResult stress(const Scenario& scenario, std::span<const Position> positions,
                    const Universe& universe, const StressRules& rules);
// Of each, the worst first.
std::vector<StressResult> stress_all(std::span<const Scenario> scenarios,
                                     std::span<const Position> positions, const Universe& universe,
                                     const StressRules& rules);

}  // namespace ats::core
