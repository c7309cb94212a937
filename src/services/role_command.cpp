#include "services/role_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "io/clock.hpp"
#include "io/service_manager.hpp"
#include "services/command_line.hpp"
#include "services/risk_process.hpp"
#include "services/role_text.hpp"
#include "services/running_process.hpp"
#include "services/signals.hpp"

namespace ats::services {

int run_role(const RoleOptions& options) {
  Duration limit{};
  if (!options.duration.empty() && !parse_duration(options.duration, limit)) {
    return usage_error("--for: expected a duration such as 60s or 5m, not '" + options.duration +
                       "'");
  }
  const ReadConfig read = [options]() -> Result<Config, std::string> {
    auto config = load_config(options.config_file, environment_variables());
    if (config && !options.data_dir.empty()) config->data_dir = options.data_dir;
    return config;
  };
  const auto config = read();
  if (!config) return usage_error(config.error());

  io::Reactor reactor;
  Signals signals(reactor, true);  // before any thread, so that all inherit the mask
  auto log = Log::open(config->log, "risk");
  if (!log) return usage_error(log.error());
  auto opened = RiskProcess::open(reactor, *config, read, **log);
  if (!opened) return failure(opened.error());
  RiskProcess& role = **opened;
  role.start();
  auto manager = io::ServiceManager::of_environment();
  manager.ready("giving leases; ats risk engines --role says more");
  const Instant started = io::OsClock::now();
  int hangups = 0;
  while (signals.count() == 0 && role.failure().empty()) {
    reactor.poll(milliseconds(20));
    manager.alive(io::OsClock::now());
    if (std::exchange(hangups, signals.hangups()) != signals.hangups()) {
      role.reload("SIGHUP");
      if (const auto again = read(); again) (*log)->reload(again->log);
    }
    if (limit.ns > 0 && io::OsClock::now() - started >= limit) break;
  }
  manager.stopping();
  const std::string failed = role.failure();
  const bool closed = role.close();
  if (!failed.empty()) return failure(failed + "; no engine gets a lease");
  return closed ? exit_done : failure("the risk role's journal could not be closed in order");
}

int engines_command(int argc, const char* const* argv) {
  RunningProcess process;
  bool as_json = false;
  CLI::App app("The engines that share one set of limits: who is heard of, and what each earned.",
               "ats risk engines");
  process.add_to(app);
  app.add_flag("--json", as_json, "everything the role knows, as one JSON object");
  app.footer("Examples:\n  ats risk engines --role\n  ats risk engines --data /var/lib/ats --role");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto answer = process.ask({{"command", "engines"}});
  if (!answer) return answer.error();
  const auto told = nlohmann::json::parse(*answer, nullptr, false);
  if (!told.is_object() || !told.contains("engines"))
    return usage_error(told.is_object() ? told.value("error", *answer) : *answer);
  fmt::print("{}", as_json ? told.dump() + "\n" : role_text(told));
  return exit_done;
}

int write_off_command(int argc, const char* const* argv) {
  RunningProcess process;
  std::string engine, reason;
  CLI::App app(
      "Says that an engine is gone for good, with nothing of it open at a venue: what it was "
      "promised "
      "is free again. Refused while it is heard of.",
      "ats risk write-off");
  process.add_to(app);
  app.add_option("engine", engine, "its name, as `ats risk engines` shows it")->required();
  app.add_option("--reason", reason, "why, for the journal")->required();
  app.footer("Examples:\n  ats risk write-off west --role --reason \"renamed, accounts are flat\"");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return process.carry_out({{"command", "write_off"}, {"engine", engine}, {"reason", reason}});
}

}  // namespace ats::services
