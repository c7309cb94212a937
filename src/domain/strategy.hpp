// Who looks for something to trade, and by what rule.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ats {

enum class Strategy : std::uint8_t {
  CrossVenue,     // one pair on two venues
  CrossCurrency,  // one base bought in one currency and sold in another; the conversion stays open
  Triangular,     // three instruments of one venue
  Cycle,          // three or four instruments, wherever they are best
  Maker,          // a quote on one venue, hedged on another when it is taken
};
const char* name(Strategy strategy);
constexpr std::size_t strategy_count = 5;

}  // namespace ats
