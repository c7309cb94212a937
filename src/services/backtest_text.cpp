#include "services/backtest_text.hpp"

#include <fmt/format.h>

#include "report/statement.hpp"
#include "report/trade_statistics.hpp"
#include "services/trade_text.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t samples_most = 2'000;

std::string asset_of(const Universe& universe, AssetId id) {
  return std::string(universe.asset(id).name.view());
}

std::string latency_text(const sim::PaperLatency& latency) {
  return fmt::format("{}..{} ms", latency.least.ns / 1'000'000, latency.most.ns / 1'000'000);
}

ordered_json assumptions(const BacktestSetup& setup, const Universe& universe) {
  ordered_json out;
  out["fills"] =
      "at the recorded levels' prices when the order arrives; what it takes is gone until the "
      "venue tells the level anew; nobody reacts; a resting order fills when the market goes "
      "through its price";
  out["latency_one_way"] = latency_text(setup.paper.latency);
  for (const PaperVenueLatency& own : setup.paper.latencies)
    out["latency_one_way_of"][std::string(own.venue.view())] = latency_text(own.latency);
  for (const Instrument& i : universe.instruments()) {
    out["taker_fee_bps"][std::string(universe.venue(i.venue).name.view())] =
        format_scaled_short(i.fees.taker.ppb, 5);
  }
  for (const PaperBalance& b : setup.paper.balances)
    out["balances"].push_back(
        fmt::format("{} {} {}", b.venue.view(), b.asset.view(), b.amount.to_string()));
  out["seed"] = setup.paper.seed;
  return out;
}

ordered_json source_json(const MergedFeed::Source& source) {
  return {{"file", source.path},
          {"venue", source.venue},
          {"records", source.records},
          {"decoded", source.decoded},
          {"first", format_rfc3339({source.first_ns})},
          {"last", format_rfc3339({source.last_ns})},
          {"refused", source.faults.refused},
          {"lost", source.faults.lost},
          {"clock_back", source.faults.clock_back},
          {"silences", source.faults.silences},
          {"longest_silence_ms", source.faults.longest_silence_ns / 1'000'000}};
}

ordered_json books_json(const CoreStatus& status, const Universe& universe) {
  ordered_json out = ordered_json::array();
  for (const BookStatus& b : status.books) {
    const Instrument& on = universe.instrument(b.instrument);
    out.push_back({{"venue", universe.venue(on.venue).name.view()},
                   {"pair", universe.pair_name(on.pair)},
                   {"snapshots", b.snapshots},
                   {"deltas", b.deltas},
                   {"gaps", b.gaps},
                   {"checksums_wrong", b.checksums_wrong},
                   {"resyncs", b.resyncs}});
  }
  return out;
}

ordered_json funnel(const CoreStatus& status) {
  ordered_json refused = ordered_json::object();
  for (std::size_t n = 0; n < status.refused.size(); ++n) {
    if (status.refused[n] != 0) refused[name(static_cast<RefuseReason>(n))] = status.refused[n];
  }
  return {{"seen", status.opportunities},
          {"refused", refused},
          {"sent", status.sent},
          {"completed", status.completed},
          {"unwound", status.unwound},
          {"residual", status.residual},
          {"missed", status.missed},
          {"handed_over", status.handed_over},
          {"orders", status.orders_placed},
          {"fills", status.fills_booked},
          {"open_at_the_end", status.open_executions.size()}};
}

ordered_json number(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

ordered_json equity_json(const BacktestSetup& setup, const BacktestReport& report) {
  ordered_json out;
  out["capital"] = report.capital ? ordered_json(report.capital->to_string()) : ordered_json();
  // As many as a plot can show, evenly spaced.
  const std::size_t step = report.samples.size() / samples_most + 1;
  const Duration every{setup.sample_every.ns * static_cast<std::int64_t>(step)};
  out["every_s"] = every.ns / 1'000'000'000;
  out["series"] = ordered_json::array();
  std::vector<report::EquityPoint> points;
  for (std::size_t n = 0; n < report.samples.size(); n += step) {
    const BacktestSample& sample = report.samples[n];
    out["series"].push_back({{"at", format_rfc3339(sample.at)},
                             {"profit", sample.profit.to_string()},
                             {"complete", sample.complete}});
    if (report.capital)
      points.push_back({sample.at, (*report.capital + sample.profit).to_double()});
  }
  const report::Performance p = report::performance(points, every);
  out["total_return"] = p.total_return;
  out["annual_return"] = number(p.annual_return);
  out["volatility"] = number(p.volatility);
  out["sharpe"] = number(p.sharpe);
  out["sortino"] = number(p.sortino);
  out["calmar"] = number(p.calmar);
  out["deepest_drawdown"] = p.deepest_drawdown;
  out["average_drawdown"] = p.average_drawdown;
  out["longest_drawdown_s"] = p.longest_drawdown.ns / 1'000'000'000;
  return out;
}

// Those that are over, as they were opened.
ordered_json trades_json(const report::History& history, const Universe& universe) {
  std::vector<report::FinishedTrade> finished;
  ordered_json list = ordered_json::array();
  for (const auto& [id, execution] : history.executions()) {
    if (!execution.resolved) continue;
    const report::Attribution a = report::attribute(execution);
    const Duration held = report::between(execution.opened, execution.ended);
    finished.push_back({a.terms.realised, a.volume, held, execution.opened.wall});
    list.push_back({{"trade", id},
                    {"opened", format_rfc3339(execution.opened.wall)},
                    {"pair", universe.pair_name(execution.pair)},
                    {"route", route_text(execution, universe)},
                    {"outcome", outcome_text(execution)},
                    {"quoted_bps", format_scaled_short(report::quoted_rate(execution).ppb, 5)},
                    {"volume", a.volume.to_string()},
                    {"held_ms", held.ns / 1'000'000}});
    list.back().update(terms_json(a.terms));
  }
  const report::TradeStatistics s = report::trade_statistics(finished);
  const auto amount = [](const std::optional<Decimal>& of) {
    return of ? ordered_json(of->to_string()) : ordered_json();
  };
  ordered_json out;
  out["count"] = s.trades;
  out["won"] = s.won;
  out["lost"] = s.lost;
  out["win_rate"] = number(s.win_rate);
  out["profit_factor"] = number(s.gained_over_given);
  out["average_win"] = amount(s.average_win);
  out["average_loss"] = amount(s.average_loss);
  out["best"] = s.best.to_string();
  out["worst"] = s.worst.to_string();
  out["held_median_ms"] = s.held_median.ns / 1'000'000;
  out["held_most_ms"] = s.held_most.ns / 1'000'000;
  out["hours"] = ordered_json::array();
  for (std::size_t hour = 0; hour < s.hours.size(); ++hour) {
    if (s.hours[hour].trades == 0) continue;
    out["hours"].push_back({{"hour", hour},
                            {"trades", s.hours[hour].trades},
                            {"realised", s.hours[hour].realised.to_string()}});
  }
  out["list"] = std::move(list);
  return out;
}

ordered_json profit_json(const BacktestReport& report, const report::History& history,
                         const Universe& universe) {
  const report::Statement statement = report::state(history, {});
  ordered_json out;
  out["in"] = statement.in.valid() ? asset_of(universe, statement.in) : "";
  out["total"] = report.status.pnl_reporting.to_string();
  out["complete"] = report.status.pnl_reporting_complete;
  out["trades"] = terms_json(statement.total.terms);
  out["trades"]["count"] = statement.total.executions;
  out["trades"]["volume"] = statement.total.volume.to_string();
  out["pairs"] = out["venues"] = out["assets"] = ordered_json::array();
  for (const report::PairLine& line : statement.pairs) {
    out["pairs"].push_back({{"pair", universe.pair_name(line.pair)}, {"trades", line.executions}});
    out["pairs"].back().update(terms_json(line.terms));
  }
  for (const report::VenueLine& line : statement.venues) {
    out["venues"].push_back({{"venue", universe.venue(line.venue).name.view()},
                             {"fills", line.fills},
                             {"volume", line.volume.to_string()},
                             {"fees", line.fees.to_string()},
                             {"realised", line.realised.to_string()}});
  }
  for (const CoreStatus::AssetTotal& total : report.status.totals) {
    if (total.change.is_zero() && total.fees.is_zero()) continue;
    out["assets"].push_back({{"asset", asset_of(universe, total.asset)},
                             {"change", total.change.to_string()},
                             {"fees", total.fees.to_string()}});
  }
  return out;
}

}  // namespace

ordered_json backtest_json(const BacktestSetup& setup, const BacktestReport& report,
                           const report::History& history, const Universe& universe,
                           const std::vector<MergedFeed::Source>& sources) {
  ordered_json out;
  out["journal"] = setup.journal.string();
  out["from"] = format_rfc3339(report.opened);
  out["to"] = format_rfc3339(report.last);
  out["records"] = report.records;
  out["events"] = report.events;
  out["assumptions"] = assumptions(setup, universe);
  out["recordings"] = ordered_json::array();
  for (const MergedFeed::Source& source : sources) out["recordings"].push_back(source_json(source));
  out["books"] = books_json(report.status, universe);
  out["funnel"] = funnel(report.status);
  out["profit"] = profit_json(report, history, universe);
  out["trades"] = trades_json(history, universe);
  out["equity"] = equity_json(setup, report);
  out["stopped_in_order"] = report.stopped;
  out["violations"] = report.violations;
  return out;
}

std::string faults_text(const std::vector<MergedFeed::Source>& sources, const CoreStatus& status) {
  std::string text;
  for (const MergedFeed::Source& s : sources) {
    if (!s.faults.any()) continue;
    text += fmt::format(
        "\n  {}: {} frames refused, {} records lost, {} out of order, {} silences over "
        "a minute (the longest {} s)",
        s.path, s.faults.refused, s.faults.lost, s.faults.clock_back, s.faults.silences,
        s.faults.longest_silence_ns / 1'000'000'000);
  }
  std::uint64_t gaps = 0, wrong = 0;
  for (const BookStatus& book : status.books) gaps += book.gaps, wrong += book.checksums_wrong;
  if (gaps + wrong != 0)
    text += fmt::format("\n  {} gaps in sequence numbers, {} checksums wrong", gaps, wrong);
  return text;
}

ordered_json backtest_summary(const ordered_json& result) {
  ordered_json out;
  const auto take = [&out](const ordered_json& part, std::initializer_list<const char*> names) {
    for (const char* name : names) out[name] = part.at(name);
  };
  take(result, {"from", "to", "records", "events"});
  const ordered_json& profit = result.at("profit");
  out["in"] = profit.at("in");
  out["profit"] = profit.at("total");
  out["profit_complete"] = profit.at("complete");
  take(result.at("funnel"), {"seen", "sent", "completed", "unwound", "residual", "missed"});
  take(result.at("trades"), {"count", "won", "lost", "win_rate", "profit_factor"});
  take(result.at("equity"), {"capital", "total_return", "annual_return", "sharpe", "sortino",
                             "calmar", "deepest_drawdown"});
  take(result, {"stopped_in_order", "violations"});
  return out;
}

void print_backtest(const ordered_json& r) {
  const auto text = [](const ordered_json& value) {
    return value.is_null()     ? std::string("-")
           : value.is_string() ? value.get<std::string>()
                               : value.dump();
  };
  const auto share = [](const ordered_json& value) {
    return value.is_null() ? std::string("-") : fmt::format("{:.4f} %", value.get<double>() * 100);
  };
  const auto ratio = [](const ordered_json& value) {
    return value.is_null() ? std::string("-") : fmt::format("{:.2f}", value.get<double>());
  };
  fmt::print("BACKTEST {} to {}: {} records, {} events\n", text(r["from"]), text(r["to"]),
             text(r["records"]), text(r["events"]));
  for (const ordered_json& s : r["recordings"]) {
    fmt::print("  {:<10} {} to {}: {} decoded of {}{}{}{}{}  {}\n", text(s["venue"]),
               text(s["first"]), text(s["last"]), text(s["decoded"]), text(s["records"]),
               s["refused"] != 0 ? ", " + text(s["refused"]) + " refused" : "",
               s["lost"] != 0 ? ", " + text(s["lost"]) + " lost" : "",
               s["clock_back"] != 0 ? ", " + text(s["clock_back"]) + " before an earlier one" : "",
               s["silences"] != 0 ? ", " + text(s["silences"]) + " silences over a minute" : "",
               text(s["file"]));
  }
  const ordered_json& a = r["assumptions"];
  fmt::print("assumed: one way {}, taker fees", text(a["latency_one_way"]));
  for (const auto& [venue, bps] : a["taker_fee_bps"].items())
    fmt::print(" {} {} bps", venue, text(bps));
  fmt::print("; fills {}\n\n", text(a["fills"]));
  const ordered_json& f = r["funnel"];
  fmt::print(
      "seen {}, sent {}: {} completed, {} unwound, {} residual, {} missed; {} orders, {} fills\n",
      text(f["seen"]), text(f["sent"]), text(f["completed"]), text(f["unwound"]),
      text(f["residual"]), text(f["missed"]), text(f["orders"]), text(f["fills"]));
  if (!f["refused"].empty()) {
    fmt::print("not taken:");
    for (const auto& [reason, times] : f["refused"].items())
      fmt::print(" {} {}", reason, text(times));
    fmt::print("\n");
  }
  const ordered_json& p = r["profit"];
  const ordered_json& t = p["trades"];
  fmt::print("\nprofit {} {}{}\n", text(p["total"]), text(p["in"]),
             p["complete"].get<bool>() ? "" : " (something could not be marked)");
  for (const auto& [key, value] : t.items()) fmt::print("  {:<14} {}\n", key, text(value));
  for (const ordered_json& line : p["assets"])
    fmt::print("  {:<8} {:>28}   fees {}\n", text(line["asset"]), text(line["change"]),
               text(line["fees"]));
  const ordered_json& n = r["trades"];
  fmt::print(
      "\n{} trades: {} won, {} lost ({} of them), profit factor {}, average win {}, average loss "
      "{}, best {}, "
      "worst {}; held {} ms in the middle, {} ms at most\n",
      text(n["count"]), text(n["won"]), text(n["lost"]), share(n["win_rate"]),
      ratio(n["profit_factor"]), text(n["average_win"]), text(n["average_loss"]), text(n["best"]),
      text(n["worst"]), text(n["held_median_ms"]), text(n["held_most_ms"]));
  const ordered_json& e = r["equity"];
  fmt::print(
      "\ncapital {} {}, return {}, of a year {}, sharpe {}, sortino {}, calmar {}, deepest "
      "drawdown "
      "{}, {} s at the longest\n",
      text(e["capital"]), text(p["in"]), share(e["total_return"]), share(e["annual_return"]),
      ratio(e["sharpe"]), ratio(e["sortino"]), ratio(e["calmar"]), share(e["deepest_drawdown"]),
      text(e["longest_drawdown_s"]));
  if (!r["stopped_in_order"].get<bool>())
    fmt::print(
        "{} trades were still open at the end: there was no valid book left to resolve them\n",
        text(f["open_at_the_end"]));
  fmt::print("journal: {} (ats pnl, ats trades, ats trade ID, ats replay read it)\n",
             text(r["journal"]));
  for (const ordered_json& v : r["violations"]) fmt::print("violation: {}\n", text(v));
}

}  // namespace ats::services
