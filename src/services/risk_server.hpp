// The gRPC service ats.v1.Risk (proto/ats/v1/risk.proto) of a running process, with the standard health service
// and reflection. gRPC has threads of its own; every call is brought to the reactor's thread and answered there from
// the RiskSource, so that nothing of the core is touched by another. Engines ask for their leases here, where the
// process is the risk role. Few sources see gRPC's headers (CMakeLists.txt names them).
//
// Invariants: an acting call whose client has gone, or whose deadline is over, does nothing. The same request id of
// the same client acts once. A stream holds at most one message that is not sent: who reads slowly gets
// the latest, never a backlog. Without TLS and client certificates it listens on loopback only.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/lease_letters.hpp"
#include "services/risk_service_config.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

class RiskServer {
 public:
  // Listens; until serve() every call is told to come again. The error is one line a person can act on.
  static Result<std::unique_ptr<RiskServer>, std::string> open(io::Reactor& reactor,
                                                               RiskSource& source,
                                                               const RiskServiceConfig& config);
  ~RiskServer();
  RiskServer(const RiskServer&) = delete;
  RiskServer& operator=(const RiskServer&) = delete;

  void serve();
  // What is watched may have changed. Costs nothing where nobody watches.
  void changed();
  // To the engine that asked for it; to nobody when its stream is gone.
  void grant(const LeaseAnswer& lease);
  // Answers what has come, ends the streams, closes; runs the reactor meanwhile, for a second at most.
  void stop();
  // Where it listens: with the port that was chosen where 0 was asked for.
  const std::string& address() const;

 private:
  class Parts;
  explicit RiskServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services
