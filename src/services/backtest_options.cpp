#include "services/backtest_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace ats::services {
namespace {

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

}  // namespace

void add_backtest_options(CLI::App& app, BacktestOptions& options) {
  app.add_option(
         "--data,files", options.data,
         "recordings with times of receipt: captures, recorded frames, Tardis tables; merged "
         "by their clocks")
      ->required();
  app.add_option("--config", options.config_file, "TOML file: strategy, limits, [paper]");
  app.add_option("--from", options.from,
                 "open trades from this time on; books are built before it");
  app.add_option("--to", options.to, "and until this one");
  app.add_option("--venues", options.venues, "of the recordings, these")->delimiter(',');
  app.add_option("--pairs", options.pairs, "and these, such as BTC/USDT")->delimiter(',');
  app.add_option("--balance", options.balances,
                 "what an account begins with, such as \"kraken USDT 10000\"; may be said again");
  app.add_option("--latency", options.latency, "to a venue, one way: 20ms or 10ms..50ms");
  app.add_option("--fee,--fees", options.fees, "taker fees in basis points: VENUE=BPS ...");
  app.add_flag("--events", options.events,
               "of captures the normalised events, though there are frames");
  app.add_flag("--accept-faults", options.accept_faults,
               "take a result of recordings with holes in them");
}

// What is said on the command line is as good as the environment, which is over the file.
Result<Config, std::string> config_of(const BacktestOptions& options) {
  auto environment = environment_variables();
  if (!options.balances.empty()) environment["ATS_PAPER_BALANCES"] = joined(options.balances);
  if (!options.latency.empty()) environment["ATS_PAPER_LATENCY"] = options.latency;
  return load_config(options.config_file, environment);
}

Result<MergedOptions, std::string> merged_options(const BacktestOptions& options,
                                                  const Config& config) {
  MergedOptions out{options.data, options.venues, options.pairs, options.events, {}};
  if (out.pairs.empty()) out.pairs = config.pairs;
  for (const std::string& fee : options.fees) {
    if (const auto set = out.fees.set(fee); !set) return fail(set.error());
  }
  return out;
}

Result<std::optional<std::int64_t>, std::string> time_option(const char* option,
                                                             const std::string& text) {
  if (text.empty()) return std::optional<std::int64_t>();
  WallTime time;
  if (!parse_rfc3339(text.data(), text.size(), time))
    return fail(
        fmt::format("{}: expected a time such as 2026-11-28T09:30:00Z, not '{}'", option, text));
  return std::optional(time.ns_utc);
}

}  // namespace ats::services
