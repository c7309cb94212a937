// What a person wants of the running core.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/text.hpp"
#include "domain/ids.hpp"
#include "domain/lease.hpp"
#include "domain/limit.hpp"
#include "domain/strategy.hpp"

namespace ats {

// Where a halt holds: everywhere (no field set), on one venue, of one pair, or of one strategy.
struct Scope {
  VenueId venue;
  PairId pair;
  std::optional<Strategy> strategy = {};
  constexpr bool operator==(const Scope&) const = default;
  constexpr bool global() const { return !venue.valid() && !pair.valid() && !strategy; }
};

// To open nothing, and to resolve what is open; then, and at the latest after CoreConfig::resolve_within,
// nothing leaves any more but cancels.
struct HaltCommand {
  Scope scope;
  Text<31> who;
  Text<63> reason;
  bool reduce_only = false;  // go on resolving, for as long as it holds
  bool at_once = false;      // do not even resolve
  bool flatten = false;      // resolve also what is held on purpose of the open nets
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

// Sets a limit, or takes back what was set while running: then the configuration's holds.
struct SetLimitCommand {
  LimitSetting setting;
  bool take_back = false;
  Text<31> who;
  Text<63> reason;
  // It is the configuration that says so now, or says nothing of it any more: what a person set stays over it.
  bool of_file = false;
};

// Someone has seen an alert (by its number, see report/alert_desk.hpp) and says so. Changes nothing of the core.
struct AcknowledgeCommand {
  std::uint64_t alert = 0;
  Text<31> who;
  Text<63> reason;
};

// At the risk role: an engine of that name is gone for good. What it was promised is free again. Refused while it is
// heard of.
struct WriteOffCommand {
  EngineName engine;
  Text<31> who;
  Text<63> reason;
};

using Command = std::variant<HaltCommand, ResumeCommand, StopCommand, SetLimitCommand,
                             AcknowledgeCommand, WriteOffCommand>;

}  // namespace ats
