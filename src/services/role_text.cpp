#include "services/role_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "services/live_view.hpp"

namespace ats::services {

using nlohmann::json;

LimitStatus limit_status(const core::OfficeStatus::Limit& limit) {
  LimitStatus out;
  out.setting = limit.setting;
  out.changed = limit.changed;
  out.known = true;
  out.value = limit.used;
  out.level = limit.level;
  return out;
}

json role_json(const RiskRole& role) {
  core::OfficeStatus office;
  role.office().status(office);
  json out{{"role",
            {{"incarnation", role.incarnation()},
             {"open_alerts", role.alerts().open()},
             {"failure", role.failure().empty() ? json(nullptr) : json(role.failure())}}},
           {"engines", json::array()},
           {"limits", json::array()},
           {"holds", holds_json(office.holds, role.universe())}};
  for (const core::OfficeStatus::Engine& engine : office.engines) {
    out["engines"].push_back(
        {{"engine", engine.name.view()},
         {"silent", engine.silent},
         {"granted", engine.granted},
         {"held", engine.held},
         {"heard_ms", (role.now() - engine.heard).ns / 1'000'000},
         {"profit", engine.profit ? json(engine.profit->to_string()) : json(nullptr)},
         {"left_out", engine.left_out}});
  }
  for (const core::OfficeStatus::Limit& limit : office.limits) {
    json line = limit_json(limit_status(limit));
    line["promised"] = sharing(limit.setting.kind) == Sharing::Split
                           ? json(limit.promised.to_string())
                           : json(nullptr);
    out["limits"].push_back(std::move(line));
  }
  return out;
}

std::string role_text(const json& told) {
  std::string state = "active";
  for (const json& h : told["holds"]) {
    state = state == "active" ? "" : state + ", ";
    state += h["scope"].get<std::string>() + " " + h["state"].get<std::string>();
  }
  const json& role = told["role"];
  if (role["failure"].is_string()) state = "FAILED: " + role["failure"].get<std::string>();
  std::string out =
      fmt::format("risk role: {}; {} open alerts\n\n{:<32}{:<10}{:>12}{:>12}{:>12}{:>20}\n", state,
                  role["open_alerts"].get<std::uint64_t>(), "engine", "state", "heard", "granted",
                  "held", "profit");
  for (const json& e : told["engines"]) {
    out += fmt::format("{:<32}{:<10}{:>9} ms{:>12}{:>12}{:>20}\n", e["engine"].get<std::string>(),
                       e["silent"].get<bool>() ? "SILENT" : "heard of",
                       e["heard_ms"].get<std::int64_t>(), e["granted"].get<std::uint64_t>(),
                       e["held"].get<std::uint64_t>(),
                       e["profit"].is_string() ? e["profit"].get<std::string>() : "-");
  }
  if (told["engines"].empty()) out += "no engine has asked for a lease so far\n";
  return out;
}

}  // namespace ats::services
