// What a person wants of the running core.
#pragma once

#include <cstdint>
#include <variant>

#include "base/text.hpp"
#include "domain/ids.hpp"

namespace ats {

// Where a halt holds: everywhere (no field set), on one venue, or on one pair.
struct Scope {
  VenueId venue;
  PairId pair;
  constexpr bool operator==(const Scope&) const = default;
  constexpr bool global() const { return !venue.valid() && !pair.valid(); }
};

struct HaltCommand {
  Scope scope;
  Text<31> who;
  Text<63> reason;
};
struct ResumeCommand {
  Scope scope;
  Text<31> who;
  Text<63> reason;
};
// Orderly stop: open nothing new, resolve open legs, then say so (Action Stopped).
struct StopCommand {
  Text<31> who;
};

using Command = std::variant<HaltCommand, ResumeCommand, StopCommand>;

}  // namespace ats
