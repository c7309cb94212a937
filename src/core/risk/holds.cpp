#include "core/risk/holds.hpp"

#include <algorithm>

namespace ats::core {
namespace {

bool worse(const Hold& a, const Hold& b) {
  if (a.state != b.state) return a.state > b.state;
  if (a.resolving != b.resolving) return !a.resolving;
  return a.flatten && !b.flatten;
}

void add(Standing& standing, const Hold& hold) {
  const bool halted = hold.state == RiskState::Halted;
  standing.halted |= halted;
  standing.reduce_only |= hold.state == RiskState::ReduceOnly;
  standing.closed |= halted && (!hold.resolving || hold.scope.venue.valid());
}

}  // namespace

bool known(const Scope& scope, const Universe& universe) {
  return (!scope.venue.valid() || scope.venue.index() < universe.venues().size()) &&
         (!scope.pair.valid() || scope.pair.index() < universe.pairs().size());
}

std::vector<Scope> parts_of(const Scope& scope) {
  if (scope.global()) return {{}};
  std::vector<Scope> parts;
  if (scope.venue.valid()) parts.push_back({scope.venue, {}});
  if (scope.pair.valid()) parts.push_back({{}, scope.pair});
  if (scope.strategy) parts.push_back({{}, {}, scope.strategy});
  return parts;
}

std::string describe(const Scope& scope, const Universe& universe) {
  if (scope.venue.valid()) return std::string(universe.venue(scope.venue).name.view());
  if (scope.strategy) return std::string("strategy ") + name(*scope.strategy);
  return scope.pair.valid() ? universe.pair_name(scope.pair) : "everything";
}

std::vector<Hold> holds_of(const HaltCommand& command, const Universe& universe, Instant now,
                           Duration resolve_within) {
  std::vector<Hold> holds;
  for (const Scope& scope : parts_of(known(command.scope, universe) ? command.scope : Scope{})) {
    Hold hold;
    hold.scope = scope;
    hold.state = command.reduce_only ? RiskState::ReduceOnly : RiskState::Halted;
    hold.resolving = !command.at_once && !command.reduce_only;
    hold.resolve_until = now + resolve_within;
    hold.flatten = command.flatten;
    holds.push_back(hold);
  }
  return holds;
}

bool Holds::set(const Hold& hold) {
  const auto held = std::ranges::find_if(
      all_, [&](const Hold& h) { return h.scope == hold.scope && h.by == hold.by; });
  if (held == all_.end()) {
    all_.push_back(hold);
    return true;
  }
  if (!worse(hold, *held)) {
    // What a limit holds up and a person too is for a person to lift.
    if (held->state == hold.state && !hold.limit) held->limit.reset();
    return false;
  }
  *held = hold;
  return true;
}

bool Holds::lift(const Scope& scope, HoldBy by) {
  return std::erase_if(all_,
                       [&](const Hold& hold) { return hold.scope == scope && hold.by == by; }) != 0;
}

void Holds::restart(Instant now, Duration resolve_within) {
  for (Hold& hold : all_) hold.resolve_until = now + resolve_within;
}

const Hold* Holds::find(const Scope& scope, HoldBy by) const {
  const auto held = std::ranges::find_if(
      all_, [&](const Hold& hold) { return hold.scope == scope && hold.by == by; });
  return held == all_.end() ? nullptr : &*held;
}

bool Holds::halted(const Scope& scope) const {
  return std::ranges::any_of(all_, [&](const Hold& hold) {
    return hold.scope == scope && hold.state == RiskState::Halted;
  });
}

Standing Holds::standing(VenueId venue, PairId pair, Strategy strategy) const {
  Standing out{false, false, false};
  for (const Hold& hold : all_) {
    const Scope& s = hold.scope;
    const bool concerns = s.global() || (s.venue.valid() && s.venue == venue) ||
                          (s.pair.valid() && s.pair == pair) ||
                          (s.strategy && *s.strategy == strategy);
    if (concerns) add(out, hold);
  }
  return out;
}

Standing Holds::standing() const {
  Standing out{false, false, false};
  for (const Hold& hold : all_) {
    if (hold.scope.global()) add(out, hold);
  }
  return out;
}

bool Holds::flattens(PairId pair) const {
  return std::ranges::any_of(all_, [&](const Hold& hold) {
    return hold.flatten && (hold.scope.global() || hold.scope.pair == pair);
  });
}

}  // namespace ats::core
