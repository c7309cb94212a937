#include "services/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/clock.hpp"
#include "io/service_manager.hpp"
#include "services/accounts.hpp"
#include "services/command_line.hpp"
#include "services/fold.hpp"
#include "services/live_engine.hpp"
#include "services/log.hpp"
#include "services/signals.hpp"
#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"
#include "services/terminal.hpp"
#include "services/vault_keys.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

constexpr Duration stop_within = seconds(15);

struct Options {
  std::string config_file;
  std::string data_dir;
  std::string summary_file;
  std::string duration;
  std::string passphrase_file;
  int passphrase_fd = -1;
  std::uint64_t seed = 1;
  std::vector<std::string> venues;
  std::vector<std::string> pairs;
  bool paper = false;
  bool no_screen = false;
  bool busy_poll = false;
  bool alone = false;  // the engine's role, and no other
};

// What the simulated exchanges themselves say, against what the ledger says: every difference is a
// violation, named.
json compare_with_exchanges(const std::string& state, const LiveView& view) {
  json violations = json::array();
  const json told = json::parse(state, nullptr, false);
  for (const BalanceStatus& b : view.core.balances) {
    const std::string venue(view.universe->venue(b.venue).name.view());
    const std::string asset(view.universe->asset(b.asset).name.view());
    Decimal theirs;
    const json& accounts = told["venues"][venue]["accounts"];
    for (const json& account : accounts) {
      const auto found = account["balances"].find(asset);
      if (found == account["balances"].end()) continue;
      const auto total = Decimal::parse((*found)["total"].get<std::string>());
      if (total) theirs += *total;
    }
    if (theirs != b.total) {
      violations.push_back(fmt::format("ledger: {} {} is {}, the exchange says {}", venue, asset,
                                       b.total.to_string(), theirs.to_string()));
    }
  }
  return violations;
}

json check_end(const LiveView& view) {
  json violations = json::array();
  if (!view.core.open_executions.empty()) {
    violations.push_back(
        fmt::format("{} trades were still open at the end", view.core.open_executions.size()));
  }
  return violations;
}

json check_replay(const std::filesystem::path& journal) {
  json violations = json::array();
  auto reader = io::JournalReader::open(journal);
  if (!reader) return json::array({reader.error().detail});
  core::Engine engine;
  report::History history(report::History::Keep::Sums);
  FoldOptions options;
  options.observe = [&history](const Event& event, Instant now, const Actions& actions) {
    account(history, event, now, actions);
  };
  const auto folded = fold_journal(*reader, engine, options);
  if (!folded) {
    violations.push_back(folded.error().detail);
  } else if (folded->difference) {
    violations.push_back(
        fmt::format("replay differs first at record {}", folded->difference->sequence));
  } else {
    CoreStatus status;
    engine.status(status);
    for (const std::string& b : account_breaks(history, status.balances)) {
      violations.push_back("accounts: " + b);
    }
  }
  return violations;
}

// Nothing: they are there, or there is no vault.
std::optional<std::string> add_vault_keys(const Options& options, LiveSetup& setup) {
  const Config& c = setup.config;
  if (c.vault.empty()) return std::nullopt;
  VaultAccess access;
  access.vault = c.vault;
  access.passphrase_file = options.passphrase_file;
  access.passphrase_descriptor = options.passphrase_fd;
  if (options.passphrase_file.empty() && options.passphrase_fd < 0)
    access.key_file = c.vault_key_file;
  auto keys = keys_from_vault(access, c, setup.credentials, io::OsClock::wall());
  if (!keys) return keys.error();
  setup.credentials.merge(keys->credentials);
  setup.warnings = std::move(keys->warnings);
  return std::nullopt;
}

// With what the command line sets over it.
Result<Config, std::string> read_config(const Options& options) {
  auto config = load_config(options.config_file, environment_variables());
  if (!config) return config;
  if (!options.data_dir.empty()) config->data_dir = options.data_dir;
  config->core.paper = config->core.paper || options.paper;
  if (options.alone) config->dashboard.listen.clear();
  return config;
}

Result<LiveSetup, std::string> make_setup(const Options& options, std::unique_ptr<SimServer>& sim) {
  auto config = read_config(options);
  if (!config) return fail(config.error());
  LiveSetup setup;
  setup.config = std::move(*config);
  Config& c = setup.config;
  if (!options.config_file.empty()) setup.read_again = [options] { return read_config(options); };
  if (c.core.paper && options.config_file.empty()) {
    return fail(std::string(
        "--paper needs --config with the venues to watch; without one the exchanges are simulated "
        "and the money is paper anyway"));
  }
  setup.control_socket = c.data_dir / "control.sock";
  setup.journal_dir = c.data_dir / "journal";
  if (!options.config_file.empty()) {
    setup.title = "ats run";
    if (c.pairs.empty()) return fail(options.config_file + ": general.pairs names no pair");
    if (std::none_of(c.venues.begin(), c.venues.end(),
                     [](const VenueConfig& v) { return v.enabled; })) {
      return fail(options.config_file +
                  ": no venue is enabled; e.g. [venue.binance] enabled = true");
    }
    if (c.core.paper) {  // no key is read, and no real journal is touched
      setup.title = "ats run · fills simulated on live data";
      setup.journal_dir = c.data_dir / "paper";
      return setup;
    }
    if (!c.credentials_file.empty()) {
      auto credentials = load_credentials(c.credentials_file);
      if (!credentials) return fail(credentials.error());
      setup.credentials = std::move(*credentials);
    }
    if (auto wrong = add_vault_keys(options, setup)) return fail(std::move(*wrong));
    return setup;
  }
  SimServerOptions sim_options;
  sim_options.seed = options.seed;
  sim_options.pairs = c.pairs.empty() ? simulated_pairs() : c.pairs;
  if (!options.pairs.empty()) {
    auto pairs = choose_pairs(options.pairs);
    if (!pairs) return fail(pairs.error());
    sim_options.pairs = std::move(*pairs);
  }
  if (!options.venues.empty()) sim_options.venues = options.venues;
  auto started = SimServer::start(sim_options);
  if (!started) return fail(started.error());
  sim = std::move(*started);
  setup.title = "ats run · simulated exchanges";
  c.pairs = sim_options.pairs;
  setup.credentials = sim->point(c);
  // The simulated accounts begin anew each time, and so does the journal.
  const std::string stamp = format_rfc3339(io::OsClock::wall());
  setup.journal_dir =
      c.data_dir / ("sim-" + stamp.substr(0, 10) + "-" + stamp.substr(11, 2) + stamp.substr(14, 2) +
                    stamp.substr(17, 2) + "-" + std::to_string(::getpid()));
  return setup;
}

int run_live(const Options& options, Duration limit) {
  io::Reactor reactor;
  Signals signals(reactor, true);  // before any thread, so that all inherit the mask
  std::unique_ptr<SimServer> sim;
  auto setup = make_setup(options, sim);
  if (!setup) return usage_error(setup.error());

  setup->busy_poll = options.busy_poll;
  const bool screen =
      !options.no_screen && terminal_is_interactive() && !setup->config.standby.on();
  std::unique_ptr<Log> log;
  if (!screen || !setup->config.log.to.file.empty()) {
    auto said = Log::open(setup->config.log, "engine");
    if (!said) return usage_error(said.error());
    log = std::move(*said);
    Log& to = *log;
    setup->log = [&to](const LogEntry& entry) { to.write(entry); };
    setup->logs_debug = [&to] { return to.wants(LogLevel::Debug); };
    setup->set_log_level = [&to](LogLevel level) { to.set_level(level); };
  }
  const std::string reporting(setup->config.core.reporting_asset.view());
  auto opened = LiveEngine::open(reactor, std::move(*setup));
  if (!opened) return failure(opened.error());
  LiveEngine& live = **opened;
  if (sim && !screen) {
    std::printf("simulated exchanges: %s/venues\n", sim->control_url().c_str());
    std::fflush(stdout);
  }
  if (const Dashboard* dashboard = live.dashboard(); dashboard != nullptr && !screen) {
    std::printf("dashboard: %s\n", dashboard->url().c_str());
    if (dashboard->first_link())
      std::printf("first sign-in (once, within a day): %s\n", dashboard->first_link()->c_str());
    std::fflush(stdout);
  }

  std::optional<Terminal> terminal;
  if (screen) terminal.emplace();
  live.start();
  auto manager = io::ServiceManager::of_environment();
  bool up = false;
  const Instant started = io::OsClock::now();
  Instant drawn{};
  Instant asked{};
  int hangups = 0;
  const Duration wait = options.busy_poll ? Duration{} : milliseconds(20);
  while (live.failure().empty() && !live.stopped()) {
    reactor.poll(wait);
    if (options.busy_poll) live.look();
    if (!live.trades()) live.stand_by();
    if (!up && live.up()) {
      up = true;
      manager.ready(live.trades() ? "trading; ats status says more"
                                  : "standing by; ats status says more");
    }
    const Instant now = io::OsClock::now();
    manager.alive(now);
    if (terminal && now - drawn >= milliseconds(250)) {
      LiveView view;
      live.view(view);
      terminal->show(std::move(view));
      drawn = now;
    }
    // A terminal that is gone ends what is shown on it; else whoever sends it wants the configuration read again.
    const bool hung_up = signals.hangups() > hangups;
    hangups = signals.hangups();
    if (hung_up && !screen) {
      live.reload("SIGHUP");
      if (const auto config = read_config(options); config && log) log->reload(config->log);
    }
    const bool over =
        signals.count() > 0 || (screen && hangups > 0) || (limit.ns > 0 && now - started >= limit);
    if (over && asked.ns == 0) {
      asked = now;
      manager.stopping();
      live.ask_to_stop(signals.count() + hangups > 0 ? "signal" : "--for");
    }
    if (asked.ns != 0 && (now - asked > stop_within || signals.count() > 1)) break;
  }
  if (!live.trades()) {
    const std::string failed = live.failure();
    live.close();
    if (log) log->settle();
    if (!failed.empty()) return failure(failed);
    std::printf("followed, and did not trade\n");
    return exit_done;
  }
  // Balances and fills that are still on their way, so that the end compares settled books.
  const Instant over = io::OsClock::now();
  while (io::OsClock::now() < over + milliseconds(300) ||
         (!live.settled() && io::OsClock::now() < over + stop_within)) {
    reactor.poll(milliseconds(20));
    manager.alive(io::OsClock::now());
  }
  LiveView view;
  live.view(view);
  const double run_seconds = static_cast<double>(view.running.ns) / 1e9;
  const std::string failed = live.failure();
  const bool resolved = live.stopped();
  const bool replaced = live.replaced();
  const std::vector<std::string> paper_differences = live.paper_differences();
  const bool closed = live.close();
  if (log) log->settle();
  terminal.reset();

  json summary = json::parse(status_json(view));
  summary["seconds"] = run_seconds;
  // What is open when another has taken over is no longer ours to close.
  json violations = replaced ? json::array() : check_end(view);
  for (const std::string& v : paper_differences) violations.push_back(v);
  if (sim) {
    for (const json& v : compare_with_exchanges(sim->state_json(), view)) violations.push_back(v);
  }
  for (const json& v : check_replay(live.journal_dir())) violations.push_back(v);
  summary["invariant_violations"] = violations.size();
  summary["violations"] = violations;
  summary["journal"] = live.journal_dir().string();
  if (!options.summary_file.empty()) {
    std::ofstream out(options.summary_file);
    out << summary.dump(2) << "\n";
    if (!out.flush()) return failure(options.summary_file + ": the summary could not be written");
  }
  if (view.paper) std::printf("PAPER: fills were simulated on live data, and no money moved\n");
  std::printf(
      "ran %.1f s: %llu trades completed, %llu unwound, %llu residual, %llu missed; P&L %s %s; %zu "
      "violations\n",
      run_seconds, static_cast<unsigned long long>(view.core.completed),
      static_cast<unsigned long long>(view.core.unwound),
      static_cast<unsigned long long>(view.core.residual),
      static_cast<unsigned long long>(view.core.missed),
      view.core.pnl_reporting.to_string().c_str(), reporting.c_str(), violations.size());
  if (view.core.quotes_placed > 0) {
    std::printf("quotes: %llu placed, amended %llu times, %llu ended unfilled\n",
                static_cast<unsigned long long>(view.core.quotes_placed),
                static_cast<unsigned long long>(view.core.quotes_amended),
                static_cast<unsigned long long>(view.core.quotes_unfilled));
  }
  std::printf("journal: %s (ats replay %s)\n", live.journal_dir().c_str(),
              live.journal_dir().c_str());
  for (const json& v : violations)
    std::fprintf(stderr, "violation: %s\n", v.get<std::string>().c_str());
  if (!violations.empty()) return exit_invariant;
  if (!failed.empty()) return failure(failed);
  if (!resolved)
    return failure("stopped before every trade was resolved; the next run takes them up");
  return closed ? exit_done : failure("the journal could not be closed in order");
}

void add_live_options(CLI::App& app, Options& options) {
  app.add_flag("--paper", options.paper,
               "the live data of --config, and fills that are simulated: no order leaves, no key "
               "is read (docs/paper.md)");
  app.add_option("--data", options.data_dir, "directory of journal and control socket");
  app.add_option("--for", options.duration, "stop after this long, e.g. 60s, 5m");
  app.add_option("--summary", options.summary_file, "write a JSON summary at the end");
  app.add_option("--passphrase-file", options.passphrase_file,
                 "a file of mode 0600 with the vault's passphrase; else it is asked for");
  app.add_option("--passphrase-fd", options.passphrase_fd,
                 "an open file descriptor whose next line is the vault's passphrase")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--no-screen", options.no_screen,
               "one log line per thing that matters, also on a terminal");
  app.add_flag("--busy-poll", options.busy_poll,
               "never sleep: lowest latency, one core in full use");
}

int parse_and_run(CLI::App& app, const Options& options, int argc, const char* const* argv) {
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  Duration limit{};
  if (!options.duration.empty() && !parse_duration(options.duration, limit)) {
    return usage_error("--for: expected a duration such as 60s or 5m, not '" + options.duration +
                       "'");
  }
  return run_live(options, limit);
}

}  // namespace

int run_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app(
      "All roles in one process. Without --config: simulated exchanges on loopback, paper money.",
      "ats run");
  app.add_option("--config", options.config_file, "TOML file (docs/configuration.md)");
  app.add_option("--seed", options.seed, "seed of the simulated exchanges")->capture_default_str();
  app.add_option("--venues", options.venues, "simulated venues; all by default")->delimiter(',');
  app.add_option("--pairs", options.pairs, "simulated pairs, or how many")->delimiter(',');
  add_live_options(app, options);
  app.footer(
      "Examples:\n  ats run\n  ats run --for 60s --summary out.json\n  ats run --config ats.toml\n"
      "  ats run --config ats.toml --paper\n"
      "  ats run --pairs 20");
  return parse_and_run(app, options, argc, argv);
}

int engine_command(int argc, const char* const* argv) {
  Options options;
  options.alone = true;
  CLI::App app(
      "The trading engine as a process of its own: market data from the collectors that "
      "market.from "
      "names, leases\nfrom the risk role at risk.role; from this process itself where they are not "
      "set.",
      "ats engine");
  app.add_option("--config", options.config_file, "TOML file (docs/configuration.md)")->required();
  add_live_options(app, options);
  app.footer(
      "Examples:\n  ats engine --config ats.toml\n  ats engine --config ats.toml --no-screen "
      "--busy-poll");
  return parse_and_run(app, options, argc, argv);
}

}  // namespace ats::services
