// The keys of monitoring and of the bus: what others are told, and where.
#include <charconv>

#include "services/command_line.hpp"
#include "services/config_keys.hpp"
#include "services/monitor.hpp"

namespace ats::services {
namespace {

Key text_key(const char* name, std::string BusConfig::*field, const char* expected,
             const char* help) {
  return {"redis",
          name,
          expected,
          help,
          [field](Config& c, std::string_view t) { return c.bus.*field = t, true; },
          [field](const Config& c) { return c.bus.*field; }};
}

bool parse_server(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (text.empty()) return true;
  if (colon == text.npos || colon == 0) return false;
  std::uint16_t port = 0;
  const auto [end, error] =
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

void add_bus_keys(std::vector<Key>& keys) {
  keys.push_back({"monitoring", "listen",
                  "an IPv4 address and a port such as \"127.0.0.1:9464\", or \"\" for none",
                  "Where /metrics, /healthz and /readyz are (docs/monitoring.md); port 0: any that "
                  "is free, which the log and `ats status` tell. Other addresses than 127.x need "
                  "risk.tls_cert and risk.tls_key, and are given the pages over TLS.",
                  [](Config& c, std::string_view t) {
                    if (!t.empty() && !Monitor::can_listen(t)) return false;
                    c.monitoring_listen = t;
                    return true;
                  },
                  [](const Config& c) { return c.monitoring_listen; }});
  keys.push_back(
      {"redis", "server", "an address and a port such as \"127.0.0.1:6379\", or \"\" for none",
       "A Redis server that is told of quotes, fills, trades and alerts (docs/bus.md).",
       [](Config& c, std::string_view t) { return parse_server(t) && (c.bus.server = t, true); },
       [](const Config& c) { return c.bus.server; }});
  keys.push_back(text_key("user", &BusConfig::user, "a name, or \"\" for the default user",
                          "Who we are on the server's access list."));
  keys.push_back(text_key("password_file", &BusConfig::password_file, "a path, or \"\" for none",
                          "A file of mode 0600 with that user's password."));
  keys.push_back(text_key(
      "tls_ca", &BusConfig::tls_ca, "a path, or \"\" for none",
      "Whose certificate the server has, PEM: the connection is TLS. None: plain, which is "
      "for this machine only."));
  keys.push_back({"redis", "quotes_every",
                  "a duration such as \"250ms\", \"2s\" or \"1m\", above zero",
                  "How often it is looked for books whose top has changed.",
                  [](Config& c, std::string_view t) {
                    return parse_duration(t, c.bus.quotes_every) && c.bus.quotes_every.ns > 0;
                  },
                  [](const Config& c) { return print_duration(c.bus.quotes_every); }});
  keys.push_back({"redis", "keep", "a number from 1 to 100000000",
                  "How many fills, trades and alerts Redis is to keep in its streams, about.",
                  [](Config& c, std::string_view t) {
                    const auto n = parse_scaled(t, 0);
                    if (!n || *n < 1 || *n > 100'000'000) return false;
                    c.bus.keep = static_cast<std::uint32_t>(*n);
                    return true;
                  },
                  [](const Config& c) { return std::to_string(c.bus.keep); }, false, true});
}

}  // namespace ats::services
