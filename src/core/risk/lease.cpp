#include "core/risk/lease.hpp"

#include <algorithm>

namespace ats::core {

void Lease::restart(const CoreConfig& config, Instant now) {
  lease_for_ = config.lease_for;
  mutant_ = config.mutant;
  born_ = until_ = ask_at_ = last_asked_ = now;
}

void Lease::asked(Instant now) {
  last_asked_ = now;
  ask_at_ = now + Duration{lease_for_.ns / 4};
}

bool Lease::take(const LeaseGranted& granted, Instant now) {
  const bool ours = granted.asked >= born_ && granted.asked <= last_asked_;
  if (!needed() || granted.version <= version_ || !ours) return false;
  const Instant from = mutant_ == Mutant::LeaseFromArrival ? now : granted.asked;
  const Instant until = from + std::min(granted.valid_for, lease_for_);
  if (now >= until) return false;
  version_ = granted.version;
  until_ = mutant_ == Mutant::IgnoreLease ? until + hours(1'000) : until;
  return true;
}

Duration Lease::missing(Instant now) const {
  return live(now) ? Duration{} : now - std::max(until_, born_);
}

}  // namespace ats::core
