#include "services/reload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/risk/limit_settings.hpp"
#include "services/config_keys.hpp"
#include "services/wish_answer.hpp"

namespace ats::services {
namespace {

Config with_limits_of(Config config, const Config& other) {
  take_limits(config, other);
  return config;
}

}  // namespace

void take_limits(Config& running, const Config& file) {
  CoreConfig& core = running.core;
  core.max_order_notional = file.core.max_order_notional;
  core.max_edge = file.core.max_edge;
  core.max_exposure = file.core.max_exposure;
  core.max_currency_exposure = file.core.max_currency_exposure;
  core.max_daily_loss = file.core.max_daily_loss;
  core.max_open_executions = file.core.max_open_executions;
  core.limits = file.core.limits;
}

Reload compare(const Config& running, const Config& file) {
  Reload out;
  const auto say = [&](const LimitSetting& setting, bool gone) {
    SetLimitCommand command;
    command.setting = setting;
    command.take_back = gone;
    command.of_file = true;
    out.limits.push_back(command);
  };
  const std::vector<LimitSetting> before = core::configured_limits(running.core);
  const std::vector<LimitSetting> now = core::configured_limits(file.core);
  // A place that is named twice, by a key of its own and in the list, holds as it is named last.
  const auto last_of = [](const std::vector<LimitSetting>& all, const LimitSetting& place) {
    const auto found = std::find_if(all.rbegin(), all.rend(), [&](const LimitSetting& other) {
      return other.same_place(place);
    });
    return found == all.rend() ? nullptr : &*found;
  };
  for (const LimitSetting& setting : before) {
    if (last_of(before, setting) == &setting && last_of(now, setting) == nullptr)
      say(setting, true);
  }
  for (const LimitSetting& setting : now) {
    if (last_of(now, setting) != &setting) continue;
    const LimitSetting* was = last_of(before, setting);
    if (was == nullptr || *was != setting) say(setting, false);
  }
  const Config same_limits = with_limits_of(running, file);
  for (const Key& key : config_keys()) {
    if (key.print(same_limits) != key.print(file))
      out.at_next_start.push_back(key.section + "." + key.name);
  }
  return out;
}

Result<std::vector<std::string>, std::string> reload_limits(RiskSource& source, Config& running,
                                                            const ReadConfig& read,
                                                            std::string_view who,
                                                            std::string_view reason) {
  if (!read) {
    return fail(
        std::string("this process has no configuration file: it was started without --config"));
  }
  const auto file = read();
  if (!file) return fail(file.error() + "; nothing was changed");
  const Reload other = compare(running, *file);
  std::vector<std::string> said;
  for (SetLimitCommand limit : other.limits) {
    limit.who = "file";
    limit.reason = Text<63>::cut(fmt::format("{}: {}", who, reason));
    const auto told = source.command(limit);
    if (!told) return fail(told.error());
    said.insert(said.end(), told->begin(), told->end());
  }
  take_limits(running, *file);
  if (other.limits.empty()) said.emplace_back("every limit is as the file says already");
  for (const std::string& key : other.at_next_start)
    said.push_back(key + " is another one: it is taken at the next start");
  return said;
}

std::string answer_reload(RiskSource& source, Config& running, const ReadConfig& read,
                          const nlohmann::json& request) {
  const std::string reason = text_field(request, "reason");
  if (reason.empty() || !Text<63>::fits(reason))
    return answer_failed("a reason of 1 to 63 characters is needed");
  const auto told = reload_limits(source, running, read, text_field(request, "who"), reason);
  if (!told) return answer_failed(told.error());
  return nlohmann::json{{"ok", true}, {"told", *told}}.dump();
}

}  // namespace ats::services
