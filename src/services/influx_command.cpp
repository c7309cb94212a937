#include "services/influx_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "services/command_line.hpp"
#include "services/config.hpp"
#include "services/history_file.hpp"
#include "services/history_source.hpp"
#include "services/influx_setup.hpp"

namespace ats::services {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string config_file, server, what, from, to, journal;
  bool dry_run = false, json = false, from_journal = false;
};

int set_up(const InfluxConfig& config, const Options& options) {
  if (config.server.empty())
    return usage_error("no server: --server http://127.0.0.1:8086, or influx.server in --config");
  const auto steps = set_up_influx(config, options.dry_run);
  if (!steps) return failure(steps.error());
  Json out = Json::array();
  for (const InfluxStep& step : *steps) {
    if (!options.json) {
      std::string did = name(step.did);
      std::ranges::replace(did, '_', ' ');
      std::printf("%s: %s\n", step.what.c_str(), did.c_str());
    }
    out.push_back({{"what", step.what}, {"did", name(step.did)}});
  }
  if (options.json) std::printf("%s\n", out.dump(2).c_str());
  return exit_done;
}

Json json_of(const std::optional<Decimal>& amount) {
  return amount ? Json(amount->to_string()) : Json();
}
Json json_of(const SampledQuote& row) {
  return {{"at_ns", row.at.ns_utc},  {"venue", row.venue},
          {"pair", row.pair},        {"state", row.state},
          {"bid", json_of(row.bid)}, {"bid_quantity", json_of(row.bid_quantity)},
          {"ask", json_of(row.ask)}, {"ask_quantity", json_of(row.ask_quantity)}};
}
Json json_of(const ExecutionRow& row) {
  return {{"at_ns", row.at.ns_utc},
          {"execution", row.execution},
          {"pair", row.pair},
          {"outcome", row.outcome},
          {"bought", row.bought.to_string()},
          {"sold", row.sold.to_string()},
          {"residual", row.residual.to_string()},
          {"realised", row.realised.to_string()},
          {"earned", json_of(row.earned)},
          {"reporting", row.reporting}};
}

template <class Rows>
int print_rows(const Rows& rows) {
  if (!rows) return failure(rows.error());
  for (const auto& row : *rows) std::printf("%s\n", json_of(row).dump().c_str());
  return exit_done;
}

// RFC 3339, or nanoseconds since 1970; `otherwise` where nothing is said.
bool read_time(const std::string& text, WallTime otherwise, WallTime& out) {
  out = otherwise;
  if (text.empty() || parse_rfc3339(text.data(), text.size(), out)) return true;
  const auto ns = parse_scaled(text, 0);
  if (ns) out.ns_utc = *ns;
  return ns.ok();
}

int read(const Config& config, const Options& options) {
  HistoryRange range;
  if (!read_time(options.from, {0}, range.from) ||
      !read_time(options.to, {std::numeric_limits<std::int64_t>::max() / 2}, range.to))
    return usage_error("--from, --to: expected a time such as 2026-11-23T01:02:03Z");
  std::unique_ptr<HistorySource> source;
  if (config.influx.server.empty() || options.from_journal) {
    // Beside it stands the risk role's, of which nothing is to be read here.
    std::string directory = options.journal;
    if (directory.empty()) directory = config.data_dir / (config.core.paper ? "paper" : "journal");
    const auto journal = find_journal({directory, {}});
    if (!journal) return journal.error();
    source = journal_history(*journal, config.influx, config.engine_name);
  } else {
    auto opened = influx_history(config.influx, config.engine_name);
    if (!opened) return usage_error(opened.error());
    source = std::move(*opened);
  }
  return options.what == "quotes" ? print_rows(source->quotes(range))
                                  : print_rows(source->executions(range));
}

}  // namespace

int influx_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app("What history is written into (InfluxDB), and what it holds.", "ats influx");
  app.require_subcommand(1);
  const auto common = [&options](CLI::App* of) {
    of->add_option("--config", options.config_file, "whose [influx] says where it is");
    of->add_option("--server", options.server, "instead: a URL");
  };
  CLI::App* const setup = app.add_subcommand(
      "setup", "make database, retention policies and minutes of quotes, where they are not there");
  common(setup);
  setup->add_flag("--dry-run", options.dry_run, "say what would be done, and do nothing");
  setup->add_flag("--json", options.json, "for machines");
  CLI::App* const reading = app.add_subcommand(
      "read", "quotes or trades, one JSON object a line; without a server from the journal");
  common(reading);
  reading->add_option("what", options.what, "quotes or trades")
      ->required()
      ->check(CLI::IsMember({"quotes", "trades"}));
  reading->add_option("--from", options.from, "a time such as 2026-11-23T01:02:03Z, included");
  reading->add_option("--to", options.to, "likewise, not included");
  reading->add_flag("--from-journal", options.from_journal, "although there is a server");
  reading->add_option("--journal", options.journal,
                      "journal or data directory; by default the configuration's");
  app.footer(
      "Examples:\n  ats influx setup --server http://127.0.0.1:8086 --dry-run\n"
      "  ats influx read trades --from 2026-11-23T00:00:00Z");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  auto config = load_config(options.config_file, environment_variables());
  if (!config) return usage_error(config.error());
  if (!options.server.empty()) config->influx.server = options.server;
  return setup->parsed() ? set_up(config->influx, options) : read(*config, options);
}

}  // namespace ats::services
