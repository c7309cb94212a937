// The Redis server of the configuration, ready to be connected to: address taken apart, password read, authority loaded.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/redis_client.hpp"
#include "io/tls.hpp"
#include "services/bus_config.hpp"

namespace ats::services {

class BusServer {
 public:
  // The error is one line a person can act on.
  static Result<BusServer, std::string> of(const BusConfig& config);
  // Lives as long as this.
  io::RedisOptions options() const;

 private:
  BusServer() = default;
  std::string host_;
  std::uint16_t port_ = 0;
  std::string user_;
  std::shared_ptr<const security::Secret> password_;
  std::shared_ptr<const io::TlsContext> tls_;
};

}  // namespace ats::services
