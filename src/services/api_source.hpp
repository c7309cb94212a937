// A process that the dashboard asks over gRPC: an engine, the risk role, the notifier. Any method of theirs, by its name; one
// question at a time is one call, and its answer comes to the reactor's thread.
//
// Invariants: each call's callback is called once, on the reactor's thread, unless the source is destroyed first. Nothing
// is asked twice by itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/reactor.hpp"
#include "services/risk_service_config.hpp"
#include "services/rpc_channel.hpp"

namespace google::protobuf {
class Message;
}

namespace ats::services {

// Why an API call came to nothing, in gRPC's words and in HTTP's.
struct ApiFailure {
  int status = 500;
  std::string code;     // "NOT_FOUND"
  std::string message;  // one line, says what to do
};

using ApiMessage = std::shared_ptr<google::protobuf::Message>;

class ApiSource {
 public:
  using Answer = std::function<void(Result<ApiMessage, ApiFailure>)>;

  ApiSource(io::Reactor& reactor, std::string name, std::string address,
            const std::shared_ptr<RpcChannel>& channel);
  ~ApiSource();
  ApiSource(const ApiSource&) = delete;
  ApiSource& operator=(const ApiSource&) = delete;

  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }  // empty: in this process
  // As the last call said; before the first one it is down.
  bool up() const { return up_; }
  const std::string& trouble() const { return trouble_; }

  // `method`: "ats.v1.Engine.ListBooks"; the request is of its type.
  void call(const std::string& method, const ApiMessage& request, Duration within, Answer answer);
  // A method that answers in pieces: all of them, when the last has come.
  using Pieces = std::function<void(Result<std::vector<ApiMessage>, ApiFailure>)>;
  void collect(const std::string& method, const ApiMessage& request, Duration within,
               Pieces answer);

 private:
  class Parts;
  const std::string name_, address_;
  bool up_ = false;
  std::string trouble_ = "it was not asked yet";
  std::unique_ptr<Parts> parts_;
};

// To a server at `address` with the TLS files of `config`. The error is one line a person can act on.
Result<std::shared_ptr<RpcChannel>, std::string> reach_server(const RiskServiceConfig& config,
                                                              const std::string& address);

}  // namespace ats::services
