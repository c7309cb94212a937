// An engine's line to the risk role in another process: the stream Lease of ats.v1.Risk (proto/ats/v1/risk.proto).
// What the engine asks goes out, what is answered comes back on the reactor's thread.
//
// Invariants: nothing here says that anything may be opened; only a lease does, and it ends by itself (core/risk/lease.hpp),
// whatever becomes of the line: closed, silent, or the other process stopped with the connection open. One question is
// under way at most; a newer one takes the place of one that waits. A line that ended is opened again, half a second
// later and then every two; a person is told once, and once when it is there again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/lease_letters.hpp"
#include "services/risk_service_config.hpp"

namespace ats::services {

class LeaseLine {
 public:
  struct Outside {
    std::function<void(const LeaseGranted& lease)> granted;
    std::function<void(std::string line)> log;
  };
  // The role need not be there yet. The error is one line a person can act on.
  static Result<std::unique_ptr<LeaseLine>, std::string> open(io::Reactor& reactor,
                                                              const RiskServiceConfig& config,
                                                              Outside outside);
  // Ends the stream; runs the reactor meanwhile, for a moment.
  ~LeaseLine();
  LeaseLine(const LeaseLine&) = delete;
  LeaseLine& operator=(const LeaseLine&) = delete;

  void ask(LeaseQuestion question);
  // Something was answered on the stream that is open now.
  bool up() const;

 private:
  class Parts;
  explicit LeaseLine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services
