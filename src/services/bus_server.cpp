#include "services/bus_server.hpp"

#include <charconv>

#include "io/clock.hpp"
#include "io/secret_file.hpp"

namespace ats::services {
namespace {

constexpr std::size_t password_most = 4096;

bool on_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

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
    auto password = io::read_secret_file(config.password_file, password_most);
    if (!password) return fail("redis.password_file: " + password.error().detail);
    // An editor ends the line.
    std::size_t size = password->size();
    while (size > 0 && password->reveal()[size - 1] == '\n') --size;
    if (size == 0) return fail("redis.password_file: " + config.password_file + " is empty");
    server.password_ = std::make_shared<const security::Secret>(password->clone(size));
  }
  if (!config.tls_ca.empty()) {
    auto context = io::TlsContext::client(config.tls_ca);
    if (!context) return fail(std::string("redis.tls_ca: ") + io::name(context.error()));
    server.tls_ = std::make_shared<const io::TlsContext>(std::move(*context));
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
