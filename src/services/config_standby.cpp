// The keys of standby: which engines there are, and how long one leads.
#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {

void add_standby_keys(std::vector<Key>& keys) {
  keys.push_back({"standby", "name", "letters, digits, '-', '_' and '.', or \"\" for none",
                  "Which of standby.engines this one is: one of them leads and trades, the others "
                  "follow its journal and take over (docs/standby.md). None: it leads alone.",
                  [](Config& c, std::string_view t) {
                    if (!t.empty() && !is_engine_name(t)) return false;
                    c.standby.name = t;
                    return true;
                  },
                  [](const Config& c) { return c.standby.name; }});
  keys.push_back({"standby", "engines", "names with addresses such as \"a=10.0.0.1:7500\"",
                  "All engines of which one leads, and where each gives its journal while it does: "
                  "gRPC, with the certificates of risk.tls_cert, risk.tls_key and risk.tls_ca, or "
                  "plain on loopback.",
                  [](Config& c, std::string_view t) { return parse_engines(t, c.standby.engines); },
                  [](const Config& c) {
                    std::string all;
                    for (const auto& engine : c.standby.engines) {
                      if (!all.empty()) all += ',';
                      all += engine.name + "=" + engine.address;
                    }
                    return all;
                  },
                  true});
  keys.push_back({"standby", "lead_for", "a duration from \"500ms\" to \"1m\"",
                  "How long a lead lasts that is not renewed. Half as long again after the leader "
                  "was last heard of, another takes over. The same for all engines.",
                  [](Config& c, std::string_view t) {
                    return parse_duration(t, c.standby.lead_for) &&
                           c.standby.lead_for >= milliseconds(500) &&
                           c.standby.lead_for <= seconds(60);
                  },
                  [](const Config& c) { return print_duration(c.standby.lead_for); }});
  keys.push_back({"standby", "gap_max", "a duration such as \"10s\", above zero",
                  "How much of what the leader wrote last may be missing here for this engine to "
                  "take over; with more missing it waits for a person.",
                  [](Config& c, std::string_view t) {
                    return parse_duration(t, c.standby.gap_max) && c.standby.gap_max.ns > 0;
                  },
                  [](const Config& c) { return print_duration(c.standby.gap_max); }});
}

}  // namespace ats::services
