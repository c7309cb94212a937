#include "services/influx_server.hpp"

#include "io/net_address.hpp"
#include "services/server_access.hpp"

namespace ats::services {

Result<InfluxServer, std::string> InfluxServer::of(const InfluxConfig& config) {
  const auto url = io::parse_url(config.server);
  if (!url || url->websocket)
    return fail("influx.server: " + config.server +
                ": expected a URL such as http://127.0.0.1:8086");
  if (url->target != "/")
    return fail("influx.server: " + config.server + ": expected no path behind the port");
  InfluxServer server;
  server.options_.host = url->host;
  server.options_.port = url->port;
  server.options_.organisation = config.organisation;
  server.options_.database = config.database;
  server.options_.user = config.user;
  server.options_.compress = config.compress;
  if (!config.secret_file.empty()) {
    auto secret = read_password("influx.secret_file", config.secret_file);
    if (!secret) return fail(secret.error());
    server.options_.secret = security::SecretText(std::move(*secret));
  }
  if (config.organisation.empty() && config.user.empty() != config.secret_file.empty())
    return fail(std::string("influx.user and influx.secret_file go together on a 1.x server"));
  if (url->tls) {
    auto context = load_authority("influx.tls_ca", config.tls_ca);
    if (!context) return fail(context.error());
    server.tls_ = std::move(*context);
    server.options_.tls = server.tls_.get();
  } else if (!on_this_machine(url->host)) {
    return fail("influx.server: " + config.server + " is another machine: it has to be https");
  }
  return server;
}

}  // namespace ats::services
