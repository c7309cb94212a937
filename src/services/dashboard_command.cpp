#include "services/dashboard_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "io/clock.hpp"
#include "io/service_manager.hpp"
#include "services/api_source.hpp"
#include "services/command_line.hpp"
#include "services/config.hpp"
#include "services/dashboard.hpp"
#include "services/log.hpp"
#include "services/monitor.hpp"
#include "services/signals.hpp"

namespace ats::services {
namespace {

constexpr Duration turn = milliseconds(50);

// What watches machines is told of it.
class DashboardWatch final : public MonitorSource {
 public:
  explicit DashboardWatch(const Dashboard& dashboard) : dashboard_(dashboard) {}
  void stop() { stopping_ = true; }

  void monitored(MonitorView& out) const override {
    out.role = "dashboard";
    out.life = 1;
    out.names = std::make_shared<const Universe>();
    out.running = io::OsClock::now() - started_;
    out.dashboard = dashboard_.status();
    out.degraded = out.dashboard->away;
    if (stopping_) out.not_ready.emplace_back("it is stopping");
  }

 private:
  const Dashboard& dashboard_;
  const Instant started_ = io::OsClock::now();
  bool stopping_ = false;
};

// The engines, the risk role and the notifier of the configuration. The error is one line a person can act on.
Result<std::vector<DashboardSource>, std::string> sources_of(const Config& config) {
  std::vector<DashboardSource> out;
  const auto add = [&](const std::string& name, AskedAt is,
                       const std::string& address) -> std::optional<std::string> {
    auto channel = reach_server(config.risk_service, address);
    if (!channel) return channel.error();
    out.push_back({name, is, address, *channel});
    return std::nullopt;
  };
  if (config.dashboard.engines.empty()) {
    return fail(
        std::string("dashboard.engines names no engine to show; e.g. engines = "
                    "[\"engine=127.0.0.1:7400\"], where its risk.listen is"));
  }
  for (const auto& engine : config.dashboard.engines) {
    if (auto wrong = add(engine.name, AskedAt::Engine, engine.address)) return fail(*wrong);
  }
  if (!config.risk_service.role.empty()) {
    if (auto wrong = add("risk", AskedAt::Risk, config.risk_service.role)) return fail(*wrong);
  }
  if (!config.dashboard.notifier.empty()) {
    if (auto wrong = add("notifier", AskedAt::Notifier, config.dashboard.notifier))
      return fail(*wrong);
  }
  return out;
}

int run_dashboard(const std::string& config_file, const std::string& data_dir, Duration limit) {
  auto config = load_config(config_file, environment_variables());
  if (!config) return usage_error(config.error());
  if (!data_dir.empty()) config->data_dir = data_dir;
  if (config->dashboard.listen.empty())
    return usage_error("dashboard.listen is empty: say where the dashboard is to be given");
  io::Reactor reactor;
  Signals signals(reactor, true);  // before any thread, gRPC's too, so that all inherit the mask
  auto sources = sources_of(*config);
  if (!sources) return usage_error(sources.error());
  auto log = Log::open(config->log, "dashboard");
  if (!log) return usage_error(log.error());
  Log& to = **log;
  auto opened = Dashboard::open(
      {.config = config->dashboard,
       .access = config->access,
       .data_dir = config->data_dir,
       .sources = std::move(*sources),
       .log = [&to](std::string text, LogLevel level) {
         to.write({.text = std::move(text), .level = level, .time = io::OsClock::wall()});
       }});
  if (!opened) return failure(opened.error());
  const std::unique_ptr<Dashboard> dashboard = std::move(*opened);
  DashboardWatch watch(*dashboard);
  std::unique_ptr<Monitor> monitor;
  if (!config->monitoring_listen.empty()) {
    auto given = Monitor::open(reactor, watch, config->monitoring_listen,
                               {config->risk_service.tls_cert, config->risk_service.tls_key});
    if (!given) return failure(given.error());
    monitor = std::move(*given);
    to.write({.text = "metrics on " + monitor->url() + "/metrics", .time = io::OsClock::wall()});
  }
  std::printf("dashboard: %s\n", dashboard->url().c_str());
  if (dashboard->first_link())
    std::printf("first sign-in (once, within a day): %s\n", dashboard->first_link()->c_str());
  std::fflush(stdout);
  auto manager = io::ServiceManager::of_environment();
  manager.ready("the dashboard is on " + dashboard->url());
  const Instant started = io::OsClock::now();
  int hangups = 0;
  while (signals.count() == 0) {
    reactor.poll(turn);
    manager.alive(io::OsClock::now());
    if (std::exchange(hangups, signals.hangups()) != signals.hangups()) {
      const auto again = load_config(config_file, environment_variables());
      if (again) to.reload(again->log);
    }
    if (limit.ns > 0 && io::OsClock::now() - started >= limit) break;
  }
  manager.stopping();
  watch.stop();
  return exit_done;
}

}  // namespace

int dashboard_command(int argc, const char* const* argv) {
  std::string config_file, data_dir, duration;
  CLI::App app(
      "Page and API for people and programs, of engines in other processes (docs/dashboard.md); "
      "`ats run` has one of its own.",
      "ats dashboard");
  app.add_option("--config", config_file, "TOML file (docs/configuration.md)")->required();
  app.add_option("--data", data_dir, "where its users are kept, instead of general.data_dir");
  app.add_option("--for", duration,
                 "stop after this long, e.g. 60s or 5m; default: until a signal");
  app.footer(
      "Examples:\n  ats dashboard --config ats.toml\n  ats dashboard --config ats.toml --data "
      "/var/lib/ats");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  Duration limit{};
  if (!duration.empty() && !parse_duration(duration, limit))
    return usage_error("--for: expected a duration such as 60s or 5m, not '" + duration + "'");
  return run_dashboard(config_file, data_dir, limit);
}

}  // namespace ats::services
