#include "services/bus_server.hpp"

#include <charconv>

#include "io/clock.hpp"
#include "services/server_access.hpp"

namespace ats::services {

Result<BusServer, std::string> BusServer::of(const BusConfig& config) {
  BusServer server;
  const std::string& address = config.server;
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return fail("redis.server: " + address + ": expected an address and a port");
  server.host_ = address.substr(0, colon);
  if (server.host_.starts_with('[') && server.host_.ends_with(']'))
    server.host_ = server.host_.substr(1, server.host_.size() - 2);
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), server.port_);
  if (server.port_ == 0) return fail("redis.server: " + address + ": that is no port");
  server.user_ = config.user;
  if (!config.password_file.empty()) {
    auto password = read_password("redis.password_file", config.password_file);
    if (!password) return fail(password.error());
    server.password_ = std::make_shared<const security::Secret>(std::move(*password));
  }
  if (!config.tls_ca.empty()) {
    auto context = load_authority("redis.tls_ca", config.tls_ca);
    if (!context) return fail(context.error());
    server.tls_ = std::move(*context);
  } else if (!on_this_machine(server.host_)) {
    return fail("redis.server: " + address +
                " is another machine: it needs redis.tls_ca, whose certificate the server has");
  }
  return server;
}

io::RedisOptions BusServer::options() const {
  io::RedisOptions options;
  options.host = host_;
  options.port = port_;
  options.user = user_;
  if (password_) options.password = password_->clone(password_->size());
  options.tls = tls_.get();
  options.jitter_seed = static_cast<std::uint64_t>(io::OsClock::wall().ns_utc);
  return options;
}

}  // namespace ats::services
