#include "services/instruments.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "io/net_address.hpp"
#include "io/reactor.hpp"
#include "services/command_line.hpp"
#include "services/config.hpp"
#include "services/metadata.hpp"
#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

std::string bps(Rate rate) { return format_scaled_short(rate.ppb, 5); }

// "0.01", or "0.1 to 1000" where steps grow with the price.
std::string tick_text(const Instrument& i) {
  const auto text = [&](std::int64_t units) { return i.price_decimal({units}).to_string(); };
  if (i.ladder.empty()) return text(i.tick);
  return text(i.ladder.steps().front().tick) + " to " + text(i.ladder.steps().back().tick);
}

std::vector<const Instrument*> of_pair(const Universe& universe, PairId pair) {
  std::vector<const Instrument*> found;
  for (const Instrument& i : universe.instruments()) {
    if (i.pair == pair) found.push_back(&i);
  }
  return found;
}

// Quotes a base asset is traded in, each with its venues.
std::map<std::string, std::map<std::string, std::vector<std::string>>> bases(
    const Universe& universe) {
  std::map<std::string, std::map<std::string, std::vector<std::string>>> out;
  for (const Instrument& i : universe.instruments()) {
    out[std::string(universe.asset(i.base).name.view())]
       [std::string(universe.asset(i.quote).name.view())]
           .emplace_back(universe.venue(i.venue).name.view());
  }
  return out;
}

std::vector<PairId> pairs_of(const Universe& universe) {
  std::vector<PairId> pairs;
  for (std::size_t n = 0; n < universe.pairs().size(); ++n) {
    const PairId id{static_cast<PairId::rep>(n)};
    if (!of_pair(universe, id).empty()) pairs.push_back(id);
  }
  return pairs;
}

json json_of(const Universe& universe, const Instrument& i) {
  json steps = json::array();
  for (const TickStep& step : i.ladder.steps()) {
    steps.push_back({{"from", i.price_decimal({step.from}).to_string()},
                     {"tick", i.price_decimal({step.tick}).to_string()}});
  }
  json out = {{"venue", universe.venue(i.venue).name.view()},
              {"symbol", i.symbol.view()},
              {"status", name(i.status)},
              {"tick", i.price_decimal({i.tick}).to_string()},
              {"lot", i.quantity_decimal({i.lot}).to_string()},
              {"min_quantity", i.quantity_decimal(i.min_quantity).to_string()},
              {"min_notional", i.min_notional.to_string()},
              {"maker_fee_bps", bps(i.fees.maker)},
              {"taker_fee_bps", bps(i.fees.taker)}};
  if (!steps.empty()) out["ladder"] = steps;
  return out;
}

struct Options {
  std::string config_file;
  std::vector<std::string> pairs;
  bool json = false;
};

int list(const Options& options) {
  auto config = load_config(options.config_file, environment_variables());
  if (!config) return usage_error(config.error());
  if (!options.pairs.empty()) config->pairs = options.pairs;
  std::unique_ptr<SimServer> sim;
  if (options.config_file.empty()) {
    SimServerOptions simulated;
    simulated.pairs = config->pairs.empty() ? simulated_pairs() : config->pairs;
    auto started = SimServer::start(simulated);
    if (!started) return usage_error(started.error());
    sim = std::move(*started);
    config->pairs = simulated.pairs;
    static_cast<void>(sim->point(*config));
  }
  if (config->pairs.empty()) return usage_error("no pair is named; e.g. --pair BTC/USDT");
  const bool any = std::ranges::any_of(config->venues, &VenueConfig::enabled);
  if (!any) return usage_error(options.config_file + ": no venue is enabled");
  std::optional<io::TlsContext> tls;
  const bool secure = std::ranges::any_of(config->venues, [](const VenueConfig& v) {
    return v.enabled && v.urls.rest.starts_with("https");
  });
  if (secure) {
    auto context = io::TlsContext::client(config->ca_file);
    if (!context) return usage_error(fmt::format("general.ca_file: {}", io::name(context.error())));
    tls.emplace(std::move(*context));
  }
  io::Reactor reactor;
  Universe universe;
  if (const auto loaded = load_instruments(reactor, *config, tls ? &*tls : nullptr, universe);
      !loaded)
    return failure(loaded.error());
  const std::string text =
      options.json ? instruments_json(universe) + "\n" : instruments_table(universe);
  std::fputs(text.c_str(), stdout);
  return exit_done;
}

}  // namespace

std::string instruments_json(const Universe& universe) {
  json out = {{"pairs", json::array()}, {"bases", json::array()}};
  for (const PairId pair : pairs_of(universe)) {
    const auto all = of_pair(universe, pair);
    json venues = json::array();
    for (const Instrument* i : all) venues.push_back(json_of(universe, *i));
    out["pairs"].push_back({{"pair", universe.pair_name(pair)},
                            {"comparable", all.size() > 1},
                            {"instruments", venues}});
  }
  for (const auto& [base, quotes] : bases(universe))
    out["bases"].push_back({{"base", base}, {"quotes", quotes}});
  return out.dump(2);
}

std::string instruments_table(const Universe& universe) {
  std::string out =
      fmt::format("{:<12}{:<10}{:<12}{:<12}{:>20}{:>14}{:>14}{:>14}{:>12}\n", "pair", "venue",
                  "symbol", "status", "tick", "lot", "from", "from worth", "taker bps");
  std::size_t comparable = 0;
  const auto pairs = pairs_of(universe);
  for (const PairId pair : pairs) {
    const auto all = of_pair(universe, pair);
    if (all.size() > 1) ++comparable;
    bool first = true;
    for (const Instrument* i : all) {
      out += fmt::format("{:<12}{:<10}{:<12}{:<12}{:>20}{:>14}{:>14}{:>14}{:>12}\n",
                         first ? universe.pair_name(pair) : "",
                         universe.venue(i->venue).name.view(), i->symbol.view(), name(i->status),
                         tick_text(*i), i->quantity_decimal({i->lot}).to_string(),
                         i->quantity_decimal(i->min_quantity).to_string(),
                         i->min_notional.to_string(), bps(i->fees.taker));
      first = false;
    }
  }
  out += fmt::format("\n{} of {} pairs can be compared across venues as they are.\n", comparable,
                     pairs.size());
  for (const auto& [base, quotes] : bases(universe)) {
    if (quotes.size() < 2) continue;
    out += base + " can be compared over a conversion:";
    for (const auto& [quote, venues] : quotes)
      out += fmt::format(" {} ({})", quote, fmt::join(venues, ", "));
    out += "\n";
  }
  return out;
}

int instruments_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app{
      "What the venues list of the wanted pairs: ticks, lots, minima, fees, status, and what can "
      "be "
      "compared across venues."};
  app.footer(
      "Without --config the simulated exchanges are asked.\n"
      "Example: ats instruments --config ats.toml --pair BTC/USDT --pair ETH/USDT --json");
  app.add_option("--config", options.config_file, "the venues to ask, and the pairs");
  app.add_option("--pair", options.pairs, "instead of the configuration's pairs; may be repeated");
  app.add_flag("--json", options.json, "as JSON");
  if (const auto over = parse_command_line(app, argc, argv)) return *over;
  return list(options);
}

}  // namespace ats::services
