// The checksum Kraken sends with every book message: CRC-32 over the ten best levels a side.
// Source of the rule: docs/venues/kraken.md.
#pragma once

#include <cstdint>

#include "domain/instrument.hpp"

namespace ats::venues::kraken {

// Asks from the best up, then bids from the best down, ten a side at most: each price, then each
// quantity, at full precision without point and leading zeros. An instrument's scales are the venue's
// precisions, so that text is the plain decimal number of units. Units must not be negative.
std::uint32_t book_checksum(const TopLevels& top);

}  // namespace ats::venues::kraken
