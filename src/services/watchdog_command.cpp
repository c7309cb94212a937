// `ats watchdog`: the command line of services/watchdog.hpp.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "io/clock.hpp"
#include "services/command_line.hpp"
#include "services/signals.hpp"
#include "services/vault_keys.hpp"
#include "services/watchdog.hpp"

namespace ats::services {
namespace {

struct Options {
  std::string config_file;
  std::string data_dir;
  std::string credentials_file;
  std::string passphrase_file;
  std::string silent_for = "5s";
  bool armed = false;
  bool once = false;
  std::string give_up = "60s";
};

// A file of its own, else what the engine has: its file, its vault.
std::optional<std::string> find_keys(const Options& options, WatchdogSetup& setup) {
  const Config& config = setup.config;
  const bool own = !options.credentials_file.empty();
  const std::string file = own ? options.credentials_file : config.credentials_file;
  if (!file.empty()) {
    auto credentials = load_credentials(file);
    if (!credentials) return credentials.error();
    setup.credentials = std::move(*credentials);
  }
  if (!own && !config.vault.empty()) {
    VaultAccess access;
    access.vault = config.vault;
    access.passphrase_file = options.passphrase_file;
    if (options.passphrase_file.empty()) access.key_file = config.vault_key_file;
    auto keys = keys_from_vault(access, config, setup.credentials, io::OsClock::wall());
    if (!keys) return keys.error();
    setup.credentials.merge(keys->credentials);
    for (const std::string& warning : keys->warnings) setup.log(warning);
  }
  if (!setup.credentials.empty()) return std::nullopt;
  return "no keys: name a file with --credentials, general.credentials_file or general.vault; they "
         "need the right to see and to cancel orders, and should be others than the engine's";
}

Result<WatchdogSetup, std::string> make_setup(const Options& options) {
  auto config = load_config(options.config_file, environment_variables());
  if (!config) return fail(config.error());
  WatchdogSetup setup;
  setup.config = std::move(*config);
  if (!options.data_dir.empty()) setup.config.data_dir = options.data_dir;
  setup.control_socket = setup.config.data_dir / "control.sock";
  setup.armed = options.armed || options.once;
  if (!parse_duration(options.silent_for, setup.silent_for) || setup.silent_for < seconds(1)) {
    return fail("--silent-for: expected a duration of at least 1s, not '" + options.silent_for +
                "'");
  }
  setup.log = [](const std::string& line) {
    const std::string stamp = format_rfc3339(io::OsClock::wall());
    fmt::print("{} {}\n", stamp.substr(11, 12), line);
    std::fflush(stdout);
  };
  if (auto wrong = find_keys(options, setup)) return fail(std::move(*wrong));
  return setup;
}

}  // namespace

int watchdog_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app(
      "Cancels the engine's open orders at the venues when the engine answers no more, until it "
      "is\nback. Run it beside `ats run`, with keys of its own that may see and cancel orders.",
      "ats watchdog");
  app.add_option("--config", options.config_file, "the configuration the engine was started with")
      ->required();
  app.add_option("--data", options.data_dir, "the engine's data directory");
  app.add_option("--credentials", options.credentials_file,
                 "keys of its own: a file as general.credentials_file names");
  app.add_option("--passphrase-file", options.passphrase_file,
                 "a file of mode 0600 with the vault's passphrase; else it is asked for");
  app.add_option("--silent-for", options.silent_for, "the engine counts as dead after this long")
      ->capture_default_str();
  app.add_flag("--armed", options.armed, "act also when the engine was never heard of");
  app.add_flag("--once", options.once,
               "act when the engine does not answer, end when nothing of ours is open; exit 1 "
               "when that cannot be reached");
  app.add_option("--give-up", options.give_up, "how long --once tries")->capture_default_str();
  app.footer(
      "Examples:\n  ats watchdog --config ats.toml --credentials watchdog.toml\n"
      "  ats watchdog --config ats.toml --once     after a crash, by hand");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  Duration give_up{};
  if (!parse_duration(options.give_up, give_up) || give_up.ns <= 0)
    return usage_error("--give-up: expected a duration such as 60s, not '" + options.give_up + "'");
  io::Reactor reactor;
  Signals signals(reactor);
  auto setup = make_setup(options);
  if (!setup) return usage_error(setup.error());
  auto dog = Watchdog::open(reactor, std::move(*setup));
  if (!dog) return failure(dog.error());
  (*dog)->start();
  const Instant begun = io::OsClock::now();
  int code = exit_done;
  while (signals.count() == 0) {
    reactor.poll(milliseconds(100));
    if (!options.once) continue;
    if ((*dog)->engine_alive()) {
      code = failure("the engine is alive: its orders are its own; stop it first");
      break;
    }
    if ((*dog)->clear()) break;
    if (io::OsClock::now() - begun >= give_up) {
      code = failure("not every venue has shown that nothing of ours is open: look there yourself");
      break;
    }
  }
  (*dog)->stop();
  const Instant until = io::OsClock::now() + milliseconds(300);
  while (io::OsClock::now() < until) reactor.poll(milliseconds(20));
  return code;
}

}  // namespace ats::services
