#include "services/collector_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "io/clock.hpp"
#include "io/service_manager.hpp"
#include "services/collector_process.hpp"
#include "services/command_line.hpp"
#include "services/signals.hpp"

namespace ats::services {
namespace {

struct Options {
  std::string config_file;
  std::string data_dir;
  std::string feed;
  std::string capture;
  std::string duration;
  std::vector<std::string> venues;
  std::vector<std::string> pairs;
  std::string grpc;
  bool busy_poll = false;
};

// Of all that the configuration has, the part that is this collector's.
std::string choose_part(const Options& options, Config& config) {
  for (const std::string& name : options.venues) {
    const bool known = std::ranges::any_of(
        config.venues, [&](const VenueConfig& v) { return v.name == name && v.enabled; });
    if (!known) return fmt::format("--venues: {} is not a venue that is enabled", name);
  }
  for (VenueConfig& venue : config.venues) {
    venue.enabled = venue.enabled &&
                    (options.venues.empty() || std::ranges::count(options.venues, venue.name) != 0);
  }
  for (const std::string& pair : options.pairs) {
    if (std::ranges::count(config.pairs, pair) == 0)
      return fmt::format("--pairs: general.pairs does not name {}", pair);
  }
  if (!options.pairs.empty()) config.pairs = options.pairs;
  return {};
}

int collect(const Options& options, Duration limit) {
  auto config = load_config(options.config_file, environment_variables());
  if (!config) return usage_error(config.error());
  if (!options.data_dir.empty()) config->data_dir = options.data_dir;
  config->risk_service.listen =
      options.grpc;  // what the file says is an engine's or the risk role's
  if (!options.feed.empty()) config->market.feed = options.feed;
  if (!options.capture.empty()) config->market.capture = options.capture;
  if (config->pairs.empty())
    return usage_error(options.config_file + ": general.pairs names no pair");
  if (std::ranges::none_of(config->venues, &VenueConfig::enabled)) {
    return usage_error(options.config_file +
                       ": no venue is enabled; e.g. [venue.binance] enabled = true");
  }
  if (const std::string wrong = choose_part(options, *config); !wrong.empty())
    return usage_error(wrong);

  io::Reactor reactor;
  Signals signals(reactor, true);  // before any thread, so that all inherit the mask
  auto log = Log::open(config->log, "collector");
  if (!log) return usage_error(log.error());
  auto opened = CollectorProcess::open(reactor, *config, **log);
  if (!opened) return failure(opened.error());
  CollectorProcess& collector = **opened;
  collector.start();
  auto manager = io::ServiceManager::of_environment();
  manager.ready("collecting market data");
  const Instant started = io::OsClock::now();
  int hangups = 0;
  const Duration wait = options.busy_poll ? Duration{} : milliseconds(20);
  while (signals.count() == 0 && collector.failure().empty()) {
    reactor.poll(wait);
    collector.turn();
    const Instant now = io::OsClock::now();
    manager.alive(now);
    if (std::exchange(hangups, signals.hangups()) != signals.hangups()) {
      const auto again = load_config(options.config_file, environment_variables());
      if (again) (*log)->reload(again->log);
    }
    if (limit.ns > 0 && now - started >= limit) break;
  }
  manager.stopping();
  const std::string failed = collector.failure();
  const auto closed = collector.close();
  if (!failed.empty()) return failure(failed);
  return closed ? exit_done : failure(closed.error());
}

}  // namespace

int collector_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app(
      "Collects public market data of the venues, keeps their books proven, and gives every event "
      "to the engines\nof this machine through shared memory (docs/collector.md). No credentials "
      "are used.",
      "ats collector");
  app.add_option("--config", options.config_file,
                 "TOML file with venues and pairs (docs/configuration.md)")
      ->required();
  app.add_option("--data", options.data_dir, "instead of general.data_dir");
  app.add_option("--feed", options.feed, "instead of market.feed: the socket that engines join at");
  app.add_option("--capture", options.capture,
                 "instead of market.capture: keep every frame and event in this folder");
  app.add_option("--venues", options.venues, "only these of the enabled venues")->delimiter(',');
  app.add_option("--pairs", options.pairs, "only these of general.pairs")->delimiter(',');
  app.add_option("--for", options.duration, "stop after this long, e.g. 60s, 5m; else at Ctrl-C");
  app.add_option(
      "--grpc", options.grpc,
      "serve gRPC there, e.g. 127.0.0.1:7402 (docs/grpc.md), with the TLS files of [risk]");
  app.add_flag("--busy-poll", options.busy_poll,
               "never sleep: lowest latency, one core in full use");
  app.footer(
      "Examples:\n"
      "  ats collector --config ats.toml\n"
      "  ats collector --config ats.toml --venues binance,upbit --feed /run/ats/east.sock\n"
      "  ats engine --config ats.toml          with market.from = [\"/run/ats/east.sock\"]");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  Duration limit{};
  if (!options.duration.empty() && !parse_duration(options.duration, limit)) {
    return usage_error("--for: expected a duration such as 60s or 5m, not '" + options.duration +
                       "'");
  }
  return collect(options, limit);
}

}  // namespace ats::services
