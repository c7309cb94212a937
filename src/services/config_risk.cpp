// The keys of limits, and of what happens when one is reached.

#include <fmt/format.h>

#include <charconv>

#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {
namespace {

bool parse_limits(std::string_view text, LimitList& out) {
  LimitList list;
  for (const std::string& item : split_list(text)) {
    const auto setting = parse_limit(item);
    if (!setting) return false;
    for (const LimitSetting& other : list) {
      if (other.same_place(*setting)) return false;
    }
    if (!list.add(*setting)) return false;
  }
  out = list;
  return true;
}

std::string print_limits(const LimitList& list) {
  std::string out;
  for (const LimitSetting& setting : list) out += (out.empty() ? "" : ",") + to_text(setting);
  return out;
}

Key time_key(const char* name, Duration CoreConfig::*field, const char* help) {
  return {"risk",
          name,
          "a duration such as \"5m\"",
          help,
          [field](Config& c, std::string_view t) {
            Duration d;
            if (!parse_duration(t, d) || d < Duration{}) return false;
            c.core.*field = d;
            return true;
          },
          [field](const Config& c) { return print_duration(c.core.*field); }};
}

Key above_zero_key(const char* name, Duration CoreConfig::*field, const char* help) {
  Key key = time_key(name, field, help);
  key.expected = "a duration such as \"10s\", above zero";
  key.set = [field](Config& c, std::string_view t) {
    return parse_duration(t, c.core.*field) && c.core.*field > Duration{};
  };
  return key;
}

// Of a limit on value_at_risk.
void add_var_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"risk", "var_confidence", "a share from 0.5 to 0.9999",
       "What a limit on value_at_risk is on: with so much confidence no more is lost …",
       [](Config& c, std::string_view t) {
         const auto ppb = parse_scaled(t, 9);
         if (!ppb || *ppb < Rate::one / 2 || *ppb > 9'999 * (Rate::one / 10'000)) return false;
         c.core.var_confidence = Rate{*ppb};
         return true;
       },
       [](const Config& c) { return format_scaled_short(c.core.var_confidence.ppb, 9); }});
  keys.push_back(above_zero_key("var_horizon", &CoreConfig::var_horizon, "… within so long."));
  keys.push_back(
      above_zero_key("var_every", &CoreConfig::var_every,
                     "How often it is measured for that limit; never, where there is none."));
  keys.push_back(
      above_zero_key("var_max_age", &CoreConfig::var_max_age,
                     "An older measure counts as unknown: what the limit is on is refused."));
}

// Empty, or an address and a port.
bool parse_listen(std::string_view text, std::string& out) {
  const std::size_t colon = text.rfind(':');
  const std::string_view port = colon == text.npos ? text : text.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool whole = error == std::errc() && end == port.data() + port.size() && number <= 65'535;
  if (!text.empty() && (colon == text.npos || colon == 0 || !whole)) return false;
  out = text;
  return true;
}

Key file_key(const char* name, std::string RiskServiceConfig::*field, const char* help) {
  return {"risk",
          name,
          "a path, or \"\" for none",
          help,
          [field](Config& c, std::string_view t) { return c.risk_service.*field = t, true; },
          [field](const Config& c) { return c.risk_service.*field; }};
}

}  // namespace

void add_limit_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"risk", "limits",
       "a list such as [\"order_notional kraken 5000 warn 4000\"]: limit, where, how much, from "
       "where on it is told, what it does (refuse, reduce, halt); at most 64",
       "Besides those that have a key of their own; docs/risk.md names all of them. Set while "
       "running: `ats risk set`.",
       [](Config& c, std::string_view t) { return parse_limits(t, c.core.limits); },
       [](const Config& c) { return print_limits(c.core.limits); }, true});
  keys.push_back(time_key("confirm_for", &CoreConfig::confirm_for,
                          "What has been over a limit at every reading for so long has reached it: "
                          "one bad tick halts nothing."));
  keys.push_back(time_key("cool_down", &CoreConfig::cool_down,
                          "What a limit reduced is opened again when its value has been well for "
                          "so long. What was halted waits for a person."));
  keys.push_back(time_key("resolve_within", &CoreConfig::resolve_within,
                          "After a halt, how long what is open may still be resolved; then no "
                          "order leaves any more, but cancels."));
  keys.push_back(time_key("lease_for", &CoreConfig::lease_for,
                          "How long the risk role's word that something may be opened counts; the "
                          "engine asks anew four times meanwhile. 0: it needs none."));
  add_var_keys(keys);
  keys.push_back(
      {"risk", "engine", "a name of 1 to 31 characters",
       "What this engine is called where several share one set of limits; each has its own. A new "
       "name is another engine, and the share of the old one stays counted.",
       [](Config& c, std::string_view t) {
         c.engine_name = t;
         return !t.empty() && EngineName::fits(t);
       },
       [](const Config& c) { return c.engine_name; }});
  keys.push_back(
      {"risk", "resume_by_two", "true or false",
       "Whether two persons have to ask before what is held up goes on.",
       [](Config& c, std::string_view t) {
         if (t != "true" && t != "false") return false;
         c.core.resume_by_two = t == "true";
         return true;
       },
       [](const Config& c) -> std::string { return c.core.resume_by_two ? "true" : "false"; }});
  keys.push_back(
      {"risk", "listen", "an address and a port such as \"127.0.0.1:7400\", or \"\" for none",
       "Where gRPC listens: ats.v1.Risk, of an engine ats.v1.Engine as well (docs/grpc.md); port "
       "0: "
       "any that is free. Other addresses than 127.x and [::1] need the three TLS files.",
       [](Config& c, std::string_view t) { return parse_listen(t, c.risk_service.listen); },
       [](const Config& c) { return c.risk_service.listen; }});
  keys.push_back(
      {"risk", "role", "an address and a port such as \"127.0.0.1:7400\", or \"\" for none",
       "Of an engine: where the risk role listens that it shares its limits under with others "
       "(ats risk --config FILE). None: it has one of its own, and shares with nobody.",
       [](Config& c, std::string_view t) { return parse_listen(t, c.risk_service.role); },
       [](const Config& c) { return c.risk_service.role; }});
  keys.push_back(file_key("tls_cert", &RiskServiceConfig::tls_cert,
                          "Who this process is, to clients, to the risk role and to whoever reads "
                          "its metrics from elsewhere: its certificate, with what leads to its "
                          "authority, PEM. An engine's common name is its risk.engine."));
  keys.push_back(
      file_key("tls_key", &RiskServiceConfig::tls_key, "The key of that certificate, PEM."));
  keys.push_back(file_key(
      "tls_ca", &RiskServiceConfig::tls_ca,
      "Whose certificates are believed, PEM: clients', whose common name is who they are in "
      "the journal and whose OU what they may (docs/grpc.md), and the risk role's."));
}

}  // namespace ats::services
