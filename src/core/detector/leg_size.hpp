// The size of a leg beside the largest order allowed: an eighth of it, a half, or all. What legs cost is learnt
// by size, and a trade that is too dear in one size is looked at in the next smaller one.
#pragma once

#include <array>

#include "base/decimal.hpp"
#include "domain/status.hpp"

namespace ats::core {

// What a leg of this size comes to at most.
inline Decimal most_of(LegSize size, Decimal largest) {
  constexpr std::array<std::int64_t, leg_size_count> parts = {8, 2, 1};
  return Decimal::from_raw(largest.raw() / parts[static_cast<std::size_t>(size)]);
}

inline LegSize leg_size(Decimal notional, Decimal largest) {
  if (notional <= most_of(LegSize::Small, largest)) return LegSize::Small;
  return notional <= most_of(LegSize::Medium, largest) ? LegSize::Medium : LegSize::Large;
}

}  // namespace ats::core
