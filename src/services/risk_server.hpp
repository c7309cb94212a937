// The gRPC services of a running process: ats.v1.Risk (proto/ats/v1/risk.proto), of an engine ats.v1.Engine and ats.v1.Backtests as well, with
// the standard health service and reflection. gRPC has threads of its own; every call is brought to the reactor's thread and answered there from
// the RiskSource, so that nothing of the core is touched by another. Engines ask for their leases here, where the
// process is the risk role. Few sources see gRPC's headers (CMakeLists.txt names them).
//
// Invariants: nothing is answered to a certificate without a role that may (grpc_caller.hpp). An acting call whose
// client has gone, or whose deadline is over, does nothing. The same request id of the same client acts once. A stream holds at most one message that is not sent: who reads slowly gets
// the latest, never a backlog. Without TLS and client certificates it listens on loopback only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/backtest_jobs.hpp"
#include "services/engine_source.hpp"
#include "services/lease_letters.hpp"
#include "services/risk_service_config.hpp"
#include "services/risk_source.hpp"
#include "services/rpc_channel.hpp"

namespace ats::services {

class RiskServer {
 public:
  // Listens, where `config` says where; until serve() every call is told to come again. `log`: who was refused, on the
  // reactor's thread. `engine`: null where there is none. `backtests`: where they are carried out, if at all. The error is one line
  // a person can act on.
  static Result<std::unique_ptr<RiskServer>, std::string> open(
      io::Reactor& reactor, RiskSource& source, const RiskServiceConfig& config,
      std::function<void(std::string)> log, const EngineSource* engine = nullptr,
      std::optional<BacktestJobsSetup> backtests = std::nullopt);
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
  // Where it listens: with the port that was chosen where 0 was asked for. Empty: nowhere.
  const std::string& address() const;
  // A way to it within this process, for who is trusted as whoever reaches the control socket is. Calls on it after stop() fail.
  std::shared_ptr<RpcChannel> channel() const;

 private:
  class Parts;
  explicit RiskServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services
