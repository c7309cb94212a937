#include "services/alert_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "services/scope_text.hpp"

namespace ats::services {

using nlohmann::ordered_json;

ordered_json alert_json(const report::KeptAlert& alert, const Universe& universe) {
  ordered_json out{{"alert", alert.number},
                   {"severity", name(alert.severity)},
                   {"code", name(alert.code)},
                   {"scope", scope_text(alert.scope, universe)},
                   {"subject", alert.subject.view()},
                   {"message", alert.message.view()},
                   {"open", alert.open()},
                   {"first", format_rfc3339(alert.first)},
                   {"last", format_rfc3339(alert.last)},
                   {"times", alert.times},
                   {"told", alert.told},
                   {"acknowledged", nullptr},
                   {"ended", nullptr}};
  if (const auto& seen = alert.acknowledged) {
    out["acknowledged"] = {{"who", seen->who.view()},
                           {"reason", seen->reason.view()},
                           {"at", format_rfc3339(seen->at)}};
  }
  if (alert.ended)
    out["ended"] = {{"at", format_rfc3339(*alert.ended)}, {"by", alert.ended_by.view()}};
  return out;
}

ordered_json alerts_json(const report::AlertDesk& desk, const Universe& universe, bool all) {
  ordered_json out{{"open", desk.open()}, {"alerts", ordered_json::array()}};
  for (const report::KeptAlert* alert : desk.list(all))
    out["alerts"].push_back(alert_json(*alert, universe));
  return out;
}

std::string alerts_text(const ordered_json& told) {
  const auto text = [](const ordered_json& value) { return value.get<std::string>(); };
  std::string out;
  for (const ordered_json& a : told["alerts"]) {
    std::string state = a["open"].get<bool>() ? "open" : "over";
    if (const ordered_json& ended = a["ended"]; ended.is_object() && !text(ended["by"]).empty())
      state += " " + text(ended["at"]) + " (" + text(ended["by"]) + ")";
    const auto times = a["times"].get<std::uint64_t>();
    out += fmt::format(
        "{:>4}  {:<9}  {:<14}  {:<16}  {}{}\n      {}\n", a["alert"].get<std::uint64_t>(),
        text(a["severity"]), text(a["code"]), text(a["scope"]),
        times == 1
            ? text(a["first"])
            : fmt::format("{} times from {} to {}", times, text(a["first"]), text(a["last"])),
        ", " + state, text(a["message"]));
    if (const ordered_json& seen = a["acknowledged"]; seen.is_object()) {
      out += fmt::format("      acknowledged by {} {}: {}\n", text(seen["who"]), text(seen["at"]),
                         text(seen["reason"]));
    }
  }
  return out.empty() ? "no alert is open\n" : out;
}

std::string alert_line(const report::KeptAlert& alert, const Universe& universe) {
  std::string out = fmt::format("alert {} is {}: {} {} {} since {}: {}", alert.number,
                                alert.open() ? "open" : "over", name(alert.severity),
                                name(alert.code), scope_text(alert.scope, universe),
                                format_rfc3339(alert.first), alert.message.view());
  if (alert.times > 1) out += fmt::format(", {} times", alert.times);
  if (alert.acknowledged)
    out += fmt::format(", acknowledged by {}", alert.acknowledged->who.view());
  return out;
}

}  // namespace ats::services
