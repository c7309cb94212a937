// The checksum Bitfinex sends of a book ("cs" frames, flag 131072): CRC-32 over the 25 best levels a side.
// Source of the rule: docs/venues/bitfinex.md.
#pragma once

#include <cstdint>

#include "domain/instrument.hpp"

namespace ats::venues::bitfinex {

constexpr std::size_t checksum_levels = 25;

// The best bid, the best ask, the second bid, the second ask, …: price and amount of each, an ask's amount
// negative, all joined by colons, numbers as the venue writes them (number.hpp).
std::uint32_t book_checksum(const TopLevels& top);

}  // namespace ats::venues::bitfinex
