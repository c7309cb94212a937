#include "services/compare_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "services/backtest.hpp"
#include "services/command_line.hpp"
#include "services/compare.hpp"
#include "services/fold.hpp"
#include "services/history_file.hpp"
#include "services/trade_text.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;

// Half of what an order took from being written to being acknowledged, in the middle, by venue.
std::map<VenueId, Duration> latencies(const JournalMarket& market) {
  std::map<VenueId, std::vector<std::int64_t>> taken;
  for (const auto& [id, execution] : market.history().executions()) {
    for (const report::Leg& leg : execution.legs) {
      if (leg.written.told() && leg.acked.told())
        taken[leg.venue].push_back(report::between(leg.written, leg.acked).ns / 2);
    }
  }
  std::map<VenueId, Duration> out;
  for (auto& [venue, all] : taken) {
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::ranges::nth_element(all, middle);
    out[venue] = {std::max<std::int64_t>(*middle, 0)};
  }
  return out;
}

BacktestSetup setup_of(const JournalMarket& market, const std::filesystem::path& out) {
  BacktestSetup setup;
  setup.core = market.config();
  setup.paper.latency = {milliseconds(1), milliseconds(1)};
  const Universe& universe = market.universe();
  for (const auto& [venue, one_way] : latencies(market))
    setup.paper.latencies.push_back({universe.venue(venue).name, {one_way, one_way}});
  for (const JournalMarket::Balance& b : market.balances())
    setup.paper.balances.push_back(
        {universe.venue(b.venue).name, universe.asset(b.asset).name, b.total});
  setup.journal = out;
  return setup;
}

// Where the core decides otherwise than the journal says; empty: nowhere.
Result<std::string, std::string> first_difference(const std::filesystem::path& journal) {
  auto reader = io::JournalReader::open(journal);
  if (!reader) return fail(reader.error().detail);
  core::Engine engine;
  const auto folded = fold_journal(*reader, engine);
  if (!folded) return fail(folded.error().detail);
  if (!folded->difference) return std::string();
  return fmt::format("record {}: {}: journalled {}, wanted {}", folded->difference->sequence,
                     folded->difference->event, folded->difference->journalled,
                     folded->difference->wanted);
}

ordered_json trade_json(const ComparedTrade& trade, const Universe& universe) {
  ordered_json out{{"trade", trade.trade},
                   {"at", format_rfc3339(trade.at)},
                   {"pair", universe.pair_name(trade.pair)},
                   {"buy", universe.instrument_name(trade.buy)},
                   {"sell", universe.instrument_name(trade.sell)},
                   {"quoted_bps", format_scaled_short(trade.quoted.ppb, 5)},
                   {"volume", trade.volume.to_string()},
                   {"held_ms", trade.held.ns / 1'000'000},
                   {"outcome", name(trade.outcome)}};
  out.update(terms_json(trade.terms));
  return out;
}

ordered_json alone_json(const std::vector<Comparison::Alone>& all, const Universe& universe) {
  ordered_json out = ordered_json::array();
  for (const Comparison::Alone& one : all) {
    out.push_back(trade_json(one.trade, universe));
    out.back()["why"] = one.why.empty() ? ordered_json() : ordered_json(one.why);
  }
  return out;
}

ordered_json as_json(const Comparison& c, const BacktestSetup& setup, const Universe& universe,
                     const std::string& replay) {
  ordered_json out;
  out["decisions"] = replay.empty() ? "identical" : replay;
  out["latency_one_way_us"] = ordered_json::object();
  for (const PaperVenueLatency& own : setup.paper.latencies)
    out["latency_one_way_us"][std::string(own.venue.view())] = own.latency.least.ns / 1000;
  out["live"] = terms_json(c.live);
  out["live"]["trades"] = c.matched.size() + c.only_live.size();
  out["backtest"] = terms_json(c.backtest);
  out["backtest"]["trades"] = c.matched.size() + c.only_backtest.size();
  out["difference"] = {{"realised", (c.live.realised - c.backtest.realised).to_string()},
                       {"of_matched", terms_json(c.matched_difference)},
                       {"only_live", c.only_live_realised.to_string()},
                       {"only_backtest", c.only_backtest_realised.to_string()}};
  out["unexplained"] = c.unexplained();
  out["matched"] = ordered_json::array();
  for (const Comparison::Match& match : c.matched) {
    out["matched"].push_back(
        {{"live", trade_json(match.live, universe)},
         {"backtest", trade_json(match.backtest, universe)},
         {"apart_us", (match.live.at.ns_utc - match.backtest.at.ns_utc) / 1000}});
  }
  out["only_live"] = alone_json(c.only_live, universe);
  out["only_backtest"] = alone_json(c.only_backtest, universe);
  return out;
}

void print_alone(const char* title, const ordered_json& all) {
  if (all.empty()) return;
  std::map<std::string, std::size_t> reasons;
  for (const ordered_json& one : all)
    ++reasons[one["why"].is_null() ? "UNEXPLAINED" : one["why"].get<std::string>()];
  fmt::print("{}:", title);
  for (const auto& [why, count] : reasons) fmt::print(" {} {}", count, why);
  fmt::print("\n");
}

void print(const ordered_json& r) {
  const auto text = [](const ordered_json& v) {
    return v.is_string() ? v.get<std::string>() : v.dump();
  };
  const auto amount = [](const ordered_json& v) {
    return short_amount(Decimal::of(v.get_ref<const std::string&>()));
  };
  fmt::print("decisions, on the journal's own events: {}\n", text(r["decisions"]));
  fmt::print("with simulated fills on the same market, one way");
  for (const auto& [venue, us] : r["latency_one_way_us"].items())
    fmt::print(" {} {} us", venue, text(us));
  fmt::print(":\n\n{:<28}{:>7}{:>16}{:>14}{:>14}{:>14}{:>16}\n", "", "trades", "quoted edge",
             "- fees", "- slippage", "- leg cost", "= realised");
  const auto line = [&](const char* what, const ordered_json& t, std::size_t trades) {
    fmt::print("{:<28}{:>7}{:>16}{:>14}{:>14}{:>14}{:>16}\n", what, trades,
               amount(t["quoted_edge"]), amount(t["fees"]), amount(t["slippage"]),
               amount(t["leg_cost"]), amount(t["realised"]));
  };
  line("live", r["live"], r["live"]["trades"].get<std::size_t>());
  line("backtest", r["backtest"], r["backtest"]["trades"].get<std::size_t>());
  const ordered_json& d = r["difference"];
  line("of trades both made, more", d["of_matched"], r["matched"].size());
  fmt::print("{:<28}{:>7}{:>74}\n", "only live made", r["only_live"].size(),
             amount(d["only_live"]));
  fmt::print("{:<28}{:>7}{:>74}\n", "less: only the backtest", r["only_backtest"].size(),
             amount(d["only_backtest"]));
  fmt::print("{:<28}{:>7}{:>74}\n\n", "live made more", "", amount(d["realised"]));
  print_alone("why the backtest did not make what only live made", r["only_live"]);
  print_alone("why live did not make what only the backtest made", r["only_backtest"]);
}

struct Removed {
  std::filesystem::path path;
  ~Removed() {
    std::error_code ec;
    std::filesystem::remove_all(path, ec);
  }
};

}  // namespace

int compare_command(int argc, const char* const* argv) {
  JournalChoice choice;
  std::string near_text = "250ms";
  double most = 5;
  bool json = false;
  CLI::App app(
      "A run beside itself: whether the core decides the same again on the journal's events, and "
      "what\n"
      "a backtest of the same market would have done, trade by trade, with the reason where one of "
      "the\n"
      "two did not trade.",
      "ats compare");
  choice.add_to(app);
  app.add_option("--near", near_text, "decisions are the same one within this of each other")
      ->capture_default_str();
  app.add_option("--most-unexplained", most, "percent of the trades; more is exit status 1")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  app.add_flag("--json", json, "everything, trade by trade");
  app.footer("Examples:\n  ats compare\n  ats compare ats-data --json --most-unexplained 0");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  Duration near{};
  if (!parse_duration(near_text, near))
    return usage_error("--near: expected a duration such as 250ms, not '" + near_text + "'");
  const auto journal = find_journal(choice);
  if (!journal) return journal.error();
  const auto replay = first_difference(*journal);
  if (!replay) return failure(replay.error());
  auto market = JournalMarket::open(*journal);
  if (!market) return failure(market.error());

  const Removed scratch{std::filesystem::temp_directory_path() /
                        fmt::format("ats-compare-{}", ::getpid())};
  BacktestSetup setup = setup_of(**market, scratch.path / "journal");
  std::vector<SeenOpportunity> seen;
  setup.observe = [&seen](WallTime at, const Event&, const Actions& actions) {
    for (const Action& action : actions) {
      if (const auto* found = std::get_if<OpportunityFound>(&action))
        seen.push_back(
            {at, found->pair, found->buy, found->sell, found->refused, found->execution});
    }
  };
  Backtest backtest(**market, setup);
  const auto report = backtest.run();
  if (!report) return failure(report.error());
  for (const std::string& violation : report->violations)
    fmt::print(stderr, "ats: the backtest: {}\n", violation);

  const Comparison found =
      compare(compared_side((*market)->history(), (*market)->seen(), (*market)->started()),
              compared_side(backtest.history(), seen, {}), near);
  const auto result = as_json(found, setup, (*market)->universe(), *replay);
  if (json) {
    fmt::print("{}\n", result.dump(2));
  } else {
    print(result);
  }
  if (!replay->empty()) return failure("the core decides otherwise than the journal says");
  const double share = found.trades() == 0 ? 0
                                           : 100.0 * static_cast<double>(found.unexplained()) /
                                                 static_cast<double>(found.trades());
  if (share > most) {
    return failure(fmt::format("{} of {} trades are unexplained: {:.1f} %, and at most {} % may be",
                               found.unexplained(), found.trades(), share, most));
  }
  return report->violations.empty() ? exit_done : exit_invariant;
}

}  // namespace ats::services
