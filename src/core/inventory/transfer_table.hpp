// What sending an asset from one venue to another takes, as a person has written it down: venues do not all say
// it in time, and not to a key that may only trade.
#pragma once

#include <cstdint>
#include <vector>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "domain/number.hpp"

namespace ats::core {

// A line of the table: the asset sent from the venue over the network. It can be received where the table
// has a line of the same asset and network.
struct TransferLine {
  Text<15> venue;
  Text<15> asset;
  Text<15> network;
  Decimal fee;                // in the asset, taken off what arrives
  std::uint32_t minutes = 0;  // until it counts on the other venue
  Decimal least;              // that the venue sends
  bool operator==(const TransferLine&) const = default;
};

struct PlanRules {
  Rate band = {100'000'000};  // of all that is held of an asset
  std::vector<TransferLine> transfers;
};

}  // namespace ats::core
