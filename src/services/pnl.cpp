#include "services/pnl.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "report/statement.hpp"
#include "services/command_line.hpp"
#include "services/history_file.hpp"
#include "services/trade_text.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;
using report::AssetLine;
using report::Line;
using report::Statement;

std::string day_text(std::int64_t day) {
  return format_rfc3339({day * 86'400'000'000'000}).substr(0, 10);
}

bool anything(const AssetLine& line) {
  AssetLine nothing;
  nothing.asset = line.asset;
  return line != nothing;
}

ordered_json line_json(const Line& line) {
  ordered_json out{{"trades", line.executions}, {"volume", line.volume.to_string()}};
  out.update(terms_json(line.terms));
  return out;
}

ordered_json as_json(const JournalHistory& read, const Statement& s) {
  const Universe& u = read.history.universe();
  ordered_json out{{"journal", read.journal.string()},
                   {"paper", read.paper},
                   {"as_of", format_rfc3339(read.history.latest().wall)},
                   {"in", asset_name(u, s.in)},
                   {"day", "calendar day in UTC"},
                   {"open", s.open},
                   {"unmarked", s.unmarked},
                   {"in_another_asset", s.elsewhere},
                   {"total", line_json(s.total)}};
  out["days"] = out["pairs"] = out["venues"] = out["assets"] = out["breaks"] =
      ordered_json::array();
  for (const auto& line : s.days) {
    out["days"].push_back({{"day", day_text(line.day)}});
    out["days"].back().update(line_json(line));
  }
  for (const auto& line : s.pairs) {
    out["pairs"].push_back({{"pair", pair_name(u, line.pair)}});
    out["pairs"].back().update(line_json(line));
  }
  for (const auto& line : s.venues) {
    out["venues"].push_back({{"venue", venue_name(u, line.venue)},
                             {"trades", line.executions},
                             {"fills", line.fills},
                             {"volume", line.volume.to_string()},
                             {"fees", line.fees.to_string()},
                             {"slippage", line.slippage.to_string()},
                             {"realised", line.realised.to_string()}});
  }
  for (const AssetLine& line : read.history.check().lines()) {
    if (!anything(line)) continue;
    out["assets"].push_back({{"asset", asset_name(u, line.asset)},
                             {"opening", line.openings.to_string()},
                             {"trades", line.executions.to_string()},
                             {"fees", line.fees.to_string()},
                             {"transfers", line.transfers.to_string()},
                             {"corrections", line.corrections.to_string()},
                             {"foreign", line.foreign.to_string()},
                             {"ledger", line.ledger.to_string()},
                             {"adds_up", line.sound()}});
  }
  for (const report::BalanceBreak& b : read.history.check().breaks()) {
    out["breaks"].push_back({{"asset", asset_name(u, b.asset)},
                             {"ledger", b.ledger.to_string()},
                             {"accounted", b.accounted.to_string()}});
  }
  return out;
}

void print_terms(const std::string& name, const Line& line) {
  const report::Terms& t = line.terms;
  fmt::print("{:<12}{:>7}{:>18}{:>15}{:>15}{:>15}{:>15}{:>15}{:>15}{:>15}\n", name, line.executions,
             short_amount(line.volume), short_amount(t.quoted_edge), short_amount(t.fees),
             short_amount(t.slippage), short_amount(t.leg_cost), short_amount(t.conversion),
             short_amount(t.revaluation), short_amount(t.realised));
}

void print_header(const char* name) {
  fmt::print("\n{:<12}{:>7}{:>18}{:>15}{:>15}{:>15}{:>15}{:>15}{:>15}{:>15}\n", name, "trades",
             "volume", "quoted edge", "- fees", "- slippage", "- leg cost", "+ conversion",
             "+ revaluation", "= realised");
}

void print(const JournalHistory& read, const Statement& s) {
  const Universe& u = read.history.universe();
  fmt::print("{}", paper_line(read));
  fmt::print("{}, as of {}\n", read.journal.string(), format_rfc3339(read.history.latest().wall));
  if (s.total.executions == 0) {
    fmt::print("no trade is finished{}\n", s.open == 0 ? "" : fmt::format(", {} open", s.open));
  } else {
    fmt::print("in {}; a day is a calendar day in UTC\n", asset_name(u, s.in));
    print_header("day (UTC)");
    for (const auto& line : s.days) print_terms(day_text(line.day), line);
    print_header("pair");
    for (const auto& line : s.pairs) print_terms(pair_name(u, line.pair), line);
    fmt::print("\n{:<12}{:>7}{:>18}{:>15}{:>15}{:>15}{:>15}\n", "venue", "trades", "volume",
               "fills", "fees", "slippage", "realised");
    for (const auto& line : s.venues) {
      fmt::print("{:<12}{:>7}{:>18}{:>15}{:>15}{:>15}{:>15}\n", venue_name(u, line.venue),
                 line.executions, short_amount(line.volume), line.fills, short_amount(line.fees),
                 short_amount(line.slippage), short_amount(line.realised));
    }
    print_header("");
    print_terms("total", s.total);
  }
  if (s.open > 0 && s.total.executions > 0) fmt::print("{} trades are open\n", s.open);
  if (s.unmarked > 0) {
    fmt::print("in {} trades an asset without a mark counts as nothing\n", s.unmarked);
  }
  if (s.elsewhere > 0) {
    fmt::print("{} trades were counted in another reporting asset and are left out\n", s.elsewhere);
  }
  fmt::print("\n{:<8}{:>24}{:>20}{:>20}{:>16}{:>24}  {}\n", "asset", "opening", "trades",
             "of that fees", "corrections", "ledger", "");
  for (const AssetLine& line : read.history.check().lines()) {
    if (!anything(line)) continue;
    fmt::print("{:<8}{:>24}{:>20}{:>20}{:>16}{:>24}  {}\n", asset_name(u, line.asset),
               line.openings.to_string(), short_amount(line.executions), short_amount(-line.fees),
               short_amount(line.corrections + line.transfers + line.foreign),
               short_amount(line.ledger), line.sound() ? "adds up" : "DOES NOT ADD UP");
  }
}

}  // namespace

int pnl_command(int argc, const char* const* argv) {
  JournalChoice choice;
  bool json = false;
  CLI::App app(
      "Realised profit and loss by day, pair, venue and asset, and where it came from: quoted edge "
      "−\n"
      "fees − slippage − leg cost + conversion + revaluation (docs/pnl.md). Exit code 3 when the "
      "trades\n"
      "do not add up to what the ledger's balances changed by.",
      "ats pnl");
  choice.add_to(app);
  app.add_flag("--json", json, "everything, exact, as one JSON object");
  app.footer("Examples:\n  ats pnl\n  ats pnl ats-data --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto journal = find_journal(choice);
  if (!journal) return journal.error();
  const auto read = read_history(*journal);
  if (!read) return failure(read.error());
  const Statement statement = report::state(read->history, {});
  if (json) {
    fmt::print("{}\n", as_json(*read, statement).dump());
  } else {
    print(*read, statement);
  }
  return tell_breaks(read->history);
}

}  // namespace ats::services
