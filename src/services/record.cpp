#include "services/record.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/clock.hpp"
#include "services/command_line.hpp"
#include "services/market_collector.hpp"
#include "services/record_summary.hpp"
#include "services/signals.hpp"
#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"

namespace ats::services {
namespace {

struct Options {
  std::string config_file;
  bool from_sim = false;
  SimServerOptions sim;
  std::string out;
  std::string duration;
  std::string rotate_size = "256M";
  std::string rotate_every = "1h";
  std::string keep_size;
  std::string keep_for;
  int level = 3;
  bool no_frames = false;
  bool no_events = false;
  bool json = false;
};

// Empty: the options are sound.
std::string read_capture_options(const Options& options, io::CaptureOptions& out) {
  const auto size = [](const char* name, const std::string& text, std::uint64_t& to) {
    return text.empty() || parse_size(text, to)
               ? std::string()
               : fmt::format("{}: expected a size such as 256M or 2G, not '{}'", name, text);
  };
  const auto time = [](const char* name, const std::string& text, Duration& to) {
    return text.empty() || (parse_duration(text, to) && to.ns > 0)
               ? std::string()
               : fmt::format("{}: expected a duration such as 10m or 24h, not '{}'", name, text);
  };
  for (const std::string& wrong : {size("--rotate-size", options.rotate_size, out.segment_bytes),
                                   size("--keep-size", options.keep_size, out.keep_bytes),
                                   time("--rotate-every", options.rotate_every, out.segment_age),
                                   time("--keep-for", options.keep_for, out.keep_age)}) {
    if (!wrong.empty()) return wrong;
  }
  out.level = options.level;
  return {};
}

void use_simulated(const SimServer& sim, const std::vector<std::string>& pairs, Config& config) {
  config.pairs = pairs;
  for (const SimVenue& venue : sim.venues()) {
    for (VenueConfig& known : config.venues) {
      if (known.name != venue.name) continue;
      known.enabled = true;
      known.urls = venue.urls;
    }
  }
}

Result<CollectSetup, std::string> make_setup(const Options& options,
                                             std::unique_ptr<SimServer>& sim) {
  auto config = load_config(options.config_file, environment_variables());
  if (!config) return fail(config.error());
  CollectSetup setup;
  setup.config = std::move(*config);
  setup.out = options.out;
  setup.frames = !options.no_frames;
  setup.events = !options.no_events;
  if (auto wrong = read_capture_options(options, setup.capture); !wrong.empty())
    return fail(std::move(wrong));
  Config& c = setup.config;
  if (options.from_sim) {
    auto started = SimServer::start(options.sim);
    if (!started) return fail(started.error());
    sim = std::move(*started);
    use_simulated(*sim, options.sim.pairs, c);
  }
  if (c.pairs.empty()) return fail(options.config_file + ": general.pairs names no pair");
  if (std::none_of(c.venues.begin(), c.venues.end(),
                   [](const VenueConfig& v) { return v.enabled; })) {
    return fail(options.config_file + ": no venue is enabled; e.g. [venue.binance] enabled = true");
  }
  return setup;
}

int record(const Options& options, Duration limit) {
  io::Reactor reactor;
  Signals signals(reactor);  // before any thread, so that all inherit the mask
  std::unique_ptr<SimServer> sim;
  auto setup = make_setup(options, sim);
  if (!setup) return usage_error(setup.error());
  setup->log = [](const std::string& line) { fmt::print(stderr, "ats: {}\n", line); };
  auto opened = MarketCollector::open(reactor, *std::move(setup));
  if (!opened) return failure(opened.error());
  MarketCollector& recorder = **opened;
  recorder.start();
  const Instant started = io::OsClock::now();
  while (signals.count() == 0 && recorder.failure().empty() &&
         (limit.ns == 0 || io::OsClock::now() - started < limit))
    reactor.poll(milliseconds(20));
  const Duration running = io::OsClock::now() - started;
  RecordSummary summary = summarise(recorder, running);
  const auto stopped = recorder.stop();
  if (!stopped) return failure(stopped.error());
  summary.written = recorder.written();
  const std::string text = options.json ? summary_json(summary, recorder.universe(), options.out)
                                        : summary_text(summary, recorder.universe(), options.out);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_done;
}

}  // namespace

int record_command(int argc, const char* const* argv) {
  Options options;
  options.sim.pairs = simulated_pairs();
  CLI::App app(
      "Records public market data into a capture (docs/capture.md): every frame as it came, with "
      "its\n"
      "receive time, and what it was decoded to. No credentials are used.",
      "ats record");
  auto* config = app.add_option("--config", options.config_file,
                                "TOML file with venues and pairs (docs/configuration.md)");
  auto* sim =
      app.add_flag("--from-sim", options.from_sim, "from simulated exchanges, started here");
  config->excludes(sim);
  app.add_option("--out", options.out, "folder of the capture; one that is there is continued")
      ->required();
  app.add_option("--for", options.duration, "stop after this long, e.g. 60s, 5m; else at Ctrl-C");
  app.add_option("--seed", options.sim.seed, "of the simulated exchanges")->capture_default_str();
  app.add_option("--venues", options.sim.venues, "simulated venues")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--pairs", options.sim.pairs, "what they list")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--rotate-size", options.rotate_size, "a new segment after so many bytes")
      ->capture_default_str();
  app.add_option("--rotate-every", options.rotate_every, "a new segment after so long")
      ->capture_default_str();
  app.add_option("--keep-size", options.keep_size, "remove the oldest segments beyond this size");
  app.add_option("--keep-for", options.keep_for, "remove segments older than this");
  app.add_option("--level", options.level, "of zstd, 1 to 19")
      ->check(CLI::Range(1, 19))
      ->capture_default_str();
  auto* no_frames = app.add_flag("--no-frames", options.no_frames, "only normalised events");
  app.add_flag("--no-events", options.no_events, "only frames as they came")->excludes(no_frames);
  app.add_flag("--json", options.json, "the summary as JSON");
  app.footer(
      "Examples:\n"
      "  ats record --from-sim --out capture --for 60s\n"
      "  ats record --config ats.toml --out /var/lib/ats/capture --keep-for 72h --keep-size 50G\n"
      "  ats scan --from capture --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (options.config_file.empty() && !options.from_sim)
    return usage_error("one of --config and --from-sim is needed");
  Duration limit{};
  if (!options.duration.empty() && !parse_duration(options.duration, limit)) {
    return usage_error("--for: expected a duration such as 60s or 5m, not '" + options.duration +
                       "'");
  }
  return record(options, limit);
}

}  // namespace ats::services
