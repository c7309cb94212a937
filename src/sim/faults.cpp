#include "sim/faults.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace ats::sim {
namespace {

constexpr std::array<const char*, fault_kind_count> names = {"disconnect",
                                                             "mute",
                                                             "gap",
                                                             "bad_checksum",
                                                             "crossed_book",
                                                             "slow",
                                                             "timeout_then_accept",
                                                             "timeout_then_reject",
                                                             "duplicate_fill",
                                                             "drop_fill",
                                                             "late_cancel",
                                                             "partial_fill",
                                                             "reject",
                                                             "rate_limit",
                                                             "ban",
                                                             "server_error",
                                                             "maintenance",
                                                             "clock_skew",
                                                             "malformed_frame",
                                                             "stream_down"};

}  // namespace

const char* name(FaultKind kind) { return names[static_cast<std::size_t>(kind)]; }

std::optional<FaultKind> parse_fault_kind(std::string_view text) {
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end()) return std::nullopt;
  return static_cast<FaultKind>(at - names.begin());
}

void Faults::inject(const FaultOrder& order, Instant now) {
  ATS_ASSERT(order.length.ns > 0 || order.count > 0);
  State& state = at(order.kind);
  if (order.length.ns > 0) state.until = std::max(state.until, now + order.length);
  state.count += order.count;
  state.by = order.by;
  ++state.injected;
}

bool Faults::active(FaultKind kind, Instant now) const {
  const State& state = at(kind);
  return state.count > 0 || now < state.until;
}

bool Faults::strike(FaultKind kind, Instant now) {
  State& state = at(kind);
  if (now >= state.until) {
    if (state.count == 0) return false;
    --state.count;
  }
  ++state.struck;
  state.last_struck = now;
  return true;
}

Duration Faults::by(FaultKind kind, Instant now) const {
  return active(kind, now) ? at(kind).by : Duration{};
}

Instant Faults::last_trouble(FaultKind kind, Instant now) const {
  const State& state = at(kind);
  return std::max(state.last_struck, std::min(state.until, now));
}

void Faults::clear() {
  for (State& state : states_) {
    state.until = Instant{};
    state.count = 0;
  }
}

}  // namespace ats::sim
