#include "services/sim_command.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "services/command_line.hpp"
#include "services/config.hpp"
#include "services/signals.hpp"
#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"

namespace ats::services {
namespace {

// A TOML basic string; keys may be texts of several lines (PEM).
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

// ats.toml and keys.toml with which `ats run --config` trades on these exchanges.
std::optional<std::string> write_config(const SimServer& sim, const SimServerOptions& options,
                                        const std::filesystem::path& directory) {
  std::error_code ec;
  std::filesystem::create_directories(directory, ec);
  Config config = default_config();
  config.data_dir = directory / "data";
  config.credentials_file = (directory / "keys.toml").string();
  config.pairs = options.pairs;
  std::string keys;
  for (const auto& [venue, credentials] : sim.point(config)) {
    keys += fmt::format("[{}]\nkey = {}\nsecret = {}\n", venue, toml_text(credentials.key),
                        toml_text(credentials.secret.reveal()));
  }
  const mode_t old = ::umask(0177);
  std::ofstream key_file(config.credentials_file);
  key_file << keys;
  ::umask(old);
  std::ofstream config_file(directory / "ats.toml");
  config_file << to_toml(config);
  if (!key_file.flush() || !config_file.flush()) return directory.string() + ": cannot be written";
  return std::nullopt;
}

}  // namespace

int sim_command(int argc, const char* const* argv) {
  SimServerOptions options;
  options.pairs = simulated_pairs();
  std::string config_dir;
  std::string key_life;
  CLI::App app(
      "Simulated exchanges on loopback: each venue's own REST and WebSocket paths, public and "
      "private.",
      "ats sim");
  app.add_option(
      "--port-base", options.port_base,
      "control port P; Binance P+1, Upbit P+2, Coinbase P+3, Kraken P+4, Bitfinex P+5; 0: "
      "free ports");
  app.add_option("--seed", options.seed, "of the market and the secrets")->capture_default_str();
  app.add_option("--venues", options.venues, "which to serve")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--pairs", options.pairs, "what they list, or how many pairs")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--withdrawal-rights", options.withdrawal_rights,
                 "venues whose key may also withdraw, to see it refused")
      ->delimiter(',');
  app.add_option(
      "--key-life", key_life,
      "how long keys are valid, e.g. 240h, where the venue tells; without end by default");
  app.add_option("--write-config", config_dir,
                 "write ats.toml and keys.toml for `ats run` to this directory");
  app.footer(
      "Examples:\n  ats sim --port-base 9000\n  ats sim --port-base 9000 --write-config "
      "/var/tmp/paper\n"
      "  curl -s 127.0.0.1:9000/venues\n"
      "  curl -s 127.0.0.1:9000/faults -d "
      "'{\"venue\":\"kraken\",\"kind\":\"disconnect\",\"count\":1}'");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (!key_life.empty() && !parse_duration(key_life, options.key_life))
    return usage_error("--key-life: expected a duration such as 240h, not '" + key_life + "'");
  auto pairs = choose_pairs(options.pairs);
  if (!pairs) return usage_error(pairs.error());
  options.pairs = std::move(*pairs);

  io::Reactor reactor;
  Signals signals(reactor);
  auto sim = SimServer::start(options);
  if (!sim) return usage_error(sim.error());
  if (!config_dir.empty()) {
    if (auto error = write_config(**sim, options, config_dir)) return failure(*error);
  }
  std::printf("control  %s  (GET /venues, GET /state, POST /faults)\n",
              (*sim)->control_url().c_str());
  for (const SimVenue& venue : (*sim)->venues()) {
    std::printf("%-8s %s  %s  %s\n", venue.name.c_str(), venue.urls.rest.c_str(),
                venue.urls.market.c_str(), venue.urls.trading.c_str());
  }
  std::fflush(stdout);
  while (signals.count() == 0) reactor.poll(seconds(1));
  return exit_done;
}

}  // namespace ats::services
