// What the readers of both versions share: refusals, numbers, levels.
#pragma once

#include <string_view>

#include "base/decimal.hpp"
#include "venues/kraken/frame.hpp"
#include "venues/kraken/reader.hpp"
#include "venues/read_fault.hpp"

namespace ats::venues::kraken {

// The units that a decimal text spells.
inline Fault units_of(std::string_view text, int scale, std::int64_t& units) {
  const auto parsed = parse_scaled(text, scale);
  if (parsed) {
    units = *parsed;
    return Fault::None;
  }
  return parsed.error() == NumberError::Malformed ? Fault::Malformed : Fault::Number;
}

// A level's numbers make sense: a price above zero, a quantity that only an update may have at zero.
inline Fault check_level(const Level& level, bool zero_allowed) {
  if (level.price.units <= 0) return Fault::Number;
  if (level.quantity.units < 0) return Fault::Number;
  if (level.quantity.units == 0 && !zero_allowed) return Fault::Malformed;
  return Fault::None;
}

inline InstrumentStatus system_status(std::string_view system) {
  if (system == "online") return InstrumentStatus::Trading;
  if (system == "cancel_only") return InstrumentStatus::CancelOnly;
  if (system == "post_only") return InstrumentStatus::PostOnly;
  return InstrumentStatus::Halted;  // maintenance, and any word that is new
}

inline Reading malformed(bool perhaps_book, InstrumentId instrument = {}) {
  return {FrameOutcome::Malformed, perhaps_book, instrument};
}

inline void add_level(Frame& frame, std::uint32_t& used, const Level& level) {
  if (used == frame.levels.size()) frame.levels.resize(2 * frame.levels.size() + 64);
  frame.levels[used++] = level;
}

}  // namespace ats::venues::kraken
