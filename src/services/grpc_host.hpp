// A gRPC server of a process: where it listens, whom it believes, the standard health service and reflection, and the end of it. Services
// are added by whoever has them. Only what speaks gRPC includes this.
//
// Invariants: without TLS and client certificates it listens on loopback only. Until serve() every call is told to come
// again, and nothing is served after stop().
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/call_bridge.hpp"
#include "io/reactor.hpp"
#include "services/grpc_calls.hpp"
#include "services/risk_service_config.hpp"
#include "services/rpc_channel.hpp"

namespace ats::services {

class GrpcHost {
 public:
  // `log`: who was refused; on the reactor's thread.
  GrpcHost(io::Reactor& reactor, std::function<void(std::string)> log);
  ~GrpcHost();
  GrpcHost(const GrpcHost&) = delete;
  GrpcHost& operator=(const GrpcHost&) = delete;

  io::CallBridge& bridge() { return bridge_; }
  GrpcCalls& calls() { return calls_; }
  // Before listen(). The service outlives the host.
  void add(grpc::Service& service, const char* full_name);
  // Where `config` says; nowhere but within this process where it says nothing. `key`: what says where, for errors. The
  // error is one line a person can act on.
  std::optional<std::string> listen(const RiskServiceConfig& config, const char* key);
  bool listens() const { return server_ != nullptr; }
  void serve();
  // Answers what has come and closes; runs the reactor meanwhile, for a second at most. Streams have to be told to end before.
  void stop();
  // With the port that was chosen where 0 was asked for. Empty: nowhere.
  const std::string& address() const { return address_; }
  // Within this process.
  std::shared_ptr<RpcChannel> channel() const;

 private:
  void set_healthy(bool healthy);

  io::Reactor& reactor_;
  io::CallBridge bridge_;
  GrpcCalls calls_;
  std::vector<std::pair<grpc::Service*, std::string>> services_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace ats::services
