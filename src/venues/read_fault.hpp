// Why an element of a frame could not be taken, as the venues' readers tell each other while they read, and what
// the whole frame comes to for it.
#pragma once

#include <cstdint>

#include "venues/client.hpp"

namespace ats::venues {

enum class Fault : std::uint8_t { None, Malformed, Number, Symbol, Kind, Ignored };

constexpr FrameOutcome outcome_of(Fault fault) {
  switch (fault) {
    case Fault::None:
      return FrameOutcome::Decoded;
    case Fault::Malformed:
      return FrameOutcome::Malformed;
    case Fault::Number:
      return FrameOutcome::NumberFault;
    case Fault::Symbol:
      return FrameOutcome::UnknownSymbol;
    case Fault::Kind:
      return FrameOutcome::UnknownKind;
    case Fault::Ignored:
      return FrameOutcome::Ignored;
  }
  return FrameOutcome::Malformed;
}

}  // namespace ats::venues
