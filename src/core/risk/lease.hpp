// The risk role's word that this engine may open trades, and until when (domain/lease.hpp). Without one, or when it
// is over, nothing is opened: default is deny. Counts from when it was asked for, so that it is over here before
// the role takes it for over, however late the answer and however far the clocks are apart.
// State like any other but for the times: those of an earlier process mean nothing in this one, so a new life
// begins without a lease.
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "domain/config.hpp"
#include "domain/event.hpp"
#include "domain/status.hpp"

namespace ats::core {

class Lease {
 public:
  void restart(const CoreConfig& config, Instant now);

  bool needed() const { return lease_for_.ns > 0; }
  bool live(Instant now) const { return !needed() || now < until_; }
  // Asked again four times within a lease, so that three answers may be lost.
  bool due(Instant now) const { return needed() && now >= ask_at_; }
  void asked(Instant now);
  // False: it is older than what is held, answers nothing that this life asked, or is over already.
  bool take(const LeaseGranted& granted, Instant now);

  std::uint64_t version() const { return version_; }
  Instant until() const { return until_; }
  // For so long there has been none; zero: there is one.
  Duration missing(Instant now) const;
  LeaseStatus status(Instant now) const { return {needed(), live(now), version_, until_}; }

 private:
  Duration lease_for_{};
  Mutant mutant_ = Mutant::None;
  std::uint64_t version_ = 0;
  Instant born_;   // this life
  Instant until_;  // never after what was asked last, and lease_for_
  Instant ask_at_;
  Instant last_asked_;
};

}  // namespace ats::core
