// The keys of the dashboard.
#include "services/command_line.hpp"
#include "services/config_keys.hpp"
#include "services/monitor.hpp"

namespace ats::services {
namespace {

Key text_key(const char* name, const char* expected, std::string DashboardConfig::*field,
             const char* help) {
  return {"dashboard",
          name,
          expected,
          help,
          [field](Config& c, std::string_view t) { return c.dashboard.*field = t, true; },
          [field](const Config& c) { return c.dashboard.*field; }};
}

}  // namespace

void add_dashboard_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"dashboard", "listen", "an address and a port such as \"127.0.0.1:8420\", \"auto\", or \"\"",
       "Where page and API are given (docs/dashboard.md). \"auto\": 127.0.0.1:8420, or any port "
       "that is free where that one is taken. Elsewhere than on 127.0.0.1 it takes "
       "dashboard.tls_cert and dashboard.tls_key. None: no dashboard.",
       [](Config& c, std::string_view t) {
         if (!t.empty() && t != "auto" && !Monitor::can_listen(t)) return false;
         c.dashboard.listen = t;
         return true;
       },
       [](const Config& c) { return c.dashboard.listen; }});
  keys.push_back(text_key("tls_cert", "a PEM file, or \"\"", &DashboardConfig::tls_cert,
                          "Its certificate, with those that lead to an authority (`ats tls init` "
                          "makes one)."));
  keys.push_back(text_key("tls_key", "a PEM file, or \"\"", &DashboardConfig::tls_key,
                          "The key of that certificate."));
  keys.push_back({"dashboard", "hosts", "names such as \"ats.example.com\"",
                  "By which names it is called, beside its address and localhost. A request that "
                  "calls it by another is refused: a foreign page could have sent it.",
                  [](Config& c, std::string_view t) {
                    c.dashboard.hosts = split_list(t);
                    return true;
                  },
                  [](const Config& c) {
                    std::string all;
                    for (const std::string& host : c.dashboard.hosts)
                      all += (all.empty() ? "" : ",") + host;
                    return all;
                  },
                  true});
  keys.push_back(
      {"dashboard", "engines", "names with addresses such as \"west=10.0.0.1:7400\"",
       "Of `ats dashboard`: the engines that it shows, and where the gRPC service of "
       "each listens (its risk.listen). The certificates are those of risk.tls_cert, "
       "risk.tls_key and risk.tls_ca, of the role dashboard; limits and halts are asked "
       "of risk.role, where there is one.",
       [](Config& c, std::string_view t) { return parse_engines(t, c.dashboard.engines); },
       [](const Config& c) {
         std::string all;
         for (const auto& engine : c.dashboard.engines) {
           if (!all.empty()) all += ',';
           all += engine.name + "=" + engine.address;
         }
         return all;
       },
       true});
  keys.push_back(text_key("notifier", "an address and a port, or \"\"", &DashboardConfig::notifier,
                          "Of `ats dashboard`: where the notifier's gRPC service listens."));
}

}  // namespace ats::services
