#include "services/trades.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "report/statement.hpp"
#include "services/command_line.hpp"
#include "services/history_file.hpp"
#include "services/trade_text.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;
using report::Execution;

struct Filter {
  std::string pair, venue, outcome, since, until;
  bool open = false;  // only those that are
  report::Selection selection;
};

// "2026-11-27", RFC 3339, or how long before the journal's last word.
std::optional<WallTime> parse_time(const std::string& text, WallTime latest) {
  WallTime time;
  if (parse_rfc3339(text.data(), text.size(), time)) return time;
  const std::string midnight = text + "T00:00:00Z";
  if (parse_rfc3339(midnight.data(), midnight.size(), time)) return time;
  Duration ago;
  if (parse_duration(text, ago)) return latest + ago * -1;
  return std::nullopt;
}

std::optional<ExecutionOutcome> parse_outcome(std::string_view text) {
  for (int n = 0; n < static_cast<int>(execution_outcome_count); ++n) {
    const auto outcome = static_cast<ExecutionOutcome>(n);
    if (text == name(outcome)) return outcome;
  }
  return std::nullopt;
}

// Words to ids of this journal; the error says which word it was.
std::optional<std::string> resolve(Filter& filter, const report::History& history) {
  const Universe& u = history.universe();
  if (!filter.pair.empty()) {
    for (std::size_t n = 0; n < u.pairs().size(); ++n) {
      const PairId pair{static_cast<PairId::rep>(n)};
      if (u.pair_name(pair) == filter.pair) filter.selection.pair = pair;
    }
    if (!filter.selection.pair) return "--pair: the journal knows no pair " + filter.pair;
  }
  if (!filter.venue.empty()) {
    const VenueId venue = u.find_venue(filter.venue);
    if (!venue.valid()) return "--venue: the journal knows no venue " + filter.venue;
    filter.selection.venue = venue;
  }
  filter.open = filter.outcome == "open";
  if (!filter.outcome.empty() && !filter.open) {
    filter.selection.outcome = parse_outcome(filter.outcome);
    if (!filter.selection.outcome) {
      return "--outcome: '" + filter.outcome +
             "' is none of completed, unwound, residual, missed, handed_over, unfilled, open";
    }
  }
  const auto time = [&](const char* option, const std::string& text,
                        std::optional<WallTime>& out) -> std::optional<std::string> {
    if (text.empty()) return std::nullopt;
    out = parse_time(text, history.latest().wall);
    if (out) return std::nullopt;
    return std::string(option) + ": '" + text +
           "' is no day (2026-11-27), time (2026-11-27T08:00:00Z) or duration (90m)";
  };
  if (auto wrong = time("--since", filter.since, filter.selection.since)) return wrong;
  return time("--until", filter.until, filter.selection.until);
}

void print_table(const std::vector<const Execution*>& shown, const Universe& u) {
  fmt::print("{:<20}  {:<24}{:<12}{:<24}{:>14}{:>11}{:>16} {:<6}{}\n", "trade", "decided (UTC)",
             "pair", "buy -> sell", "quantity", "edge bps", "realised", "", "outcome");
  for (const Execution* x : shown) {
    std::string realised = "-", in;
    if (x->resolved) {
      const report::Attribution a = report::attribute(*x);
      realised = short_amount(a.terms.realised);
      in = asset_name(u, a.in);
    }
    const std::string edge =
        x->quoted ? format_scaled(report::quoted_rate(*x).ppb / 1000, 2) : std::string("-");
    std::string when = format_rfc3339(x->opened.wall).substr(0, 23);
    when[10] = ' ';
    fmt::print("{:<20}  {:<24}{:<12}{:<24}{:>14}{:>11}{:>16} {:<6}{}\n", x->id.value, when,
               pair_name(u, x->pair), route_text(*x, u), wanted(*x).to_string(), edge, realised, in,
               outcome_text(*x));
  }
}

}  // namespace

int trades_command(int argc, const char* const* argv) {
  JournalChoice choice;
  Filter filter;
  std::size_t limit = 0;
  bool json = false;
  CLI::App app(
      "Trades, the oldest first: when, what, where, the quoted edge before fees, what it realised "
      "and\n"
      "how it ended. Exit code 3 when the trades do not add up to the ledger.",
      "ats trades");
  choice.add_to(app);
  app.add_option("--pair", filter.pair, "of this pair, e.g. BTC/USDT");
  app.add_option("--venue", filter.venue, "with an order on this venue");
  app.add_option("--outcome", filter.outcome,
                 "completed, unwound, residual, missed, handed_over, unfilled or open; quotes that "
                 "nothing filled are shown only when asked for");
  app.add_option("--since", filter.since,
                 "decided at or after: a day, a time, or so long before the journal's end");
  app.add_option("--until", filter.until, "decided before");
  app.add_option("--limit", limit, "the last so many of them; 0: all")->capture_default_str();
  app.add_flag("--json", json, "exact, as one JSON object");
  app.footer(
      "Examples:\n  ats trades --limit 20\n  ats trades ats-data --outcome unwound --since 2h\n"
      "  ats trades --pair BTC/USDT --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto journal = find_journal(choice);
  if (!journal) return journal.error();
  const auto read = read_history(*journal);
  if (!read) return failure(read.error());
  const report::History& history = read->history;
  if (const auto wrong = resolve(filter, history)) return usage_error(*wrong);

  std::vector<const Execution*> shown;
  for (const auto& [id, execution] : history.executions()) {
    if (filter.open && execution.resolved) continue;
    const bool unfilled = execution.resolved && execution.outcome == ExecutionOutcome::Unfilled;
    if (unfilled && filter.selection.outcome != ExecutionOutcome::Unfilled) continue;
    if (report::selected(execution, filter.selection)) shown.push_back(&execution);
  }
  const std::size_t found = shown.size();
  if (limit > 0 && shown.size() > limit) {
    shown.erase(shown.begin(), shown.end() - static_cast<std::ptrdiff_t>(limit));
  }
  if (json) {
    ordered_json out{{"journal", read->journal.string()},
                     {"paper", read->paper},
                     {"as_of", format_rfc3339(history.latest().wall)},
                     {"found", found},
                     {"trades", ordered_json::array()}};
    for (const Execution* x : shown) out["trades"].push_back(trade_json(*x, history.universe()));
    fmt::print("{}\n", out.dump());
  } else if (found == 0) {
    fmt::print("{}", paper_line(*read));
    fmt::print("no {} in {}\n", history.executions().empty() ? "trade" : "such trade",
               read->journal.string());
  } else {
    fmt::print("{}", paper_line(*read));
    print_table(shown, history.universe());
    if (shown.size() < found) fmt::print("the last {} of {} trades\n", shown.size(), found);
  }
  return tell_breaks(history);
}

int trade_command(int argc, const char* const* argv) {
  JournalChoice choice;
  std::uint64_t id = 0;
  bool json = false;
  CLI::App app(
      "The timeline of one trade: the books it saw, each order and what became of it in "
      "microseconds\n"
      "from the decision, and where its money came from and went.",
      "ats trade");
  app.add_option("id", id, "its number, as `ats trades` and the log print it")->required();
  choice.add_to(app);
  app.add_flag("--json", json, "exact, as one JSON object");
  app.footer("Examples:\n  ats trade 4294967297\n  ats trade 4294967297 ats-data --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto journal = find_journal(choice);
  if (!journal) return journal.error();
  const auto read = read_history(*journal);
  if (!read) return failure(read.error());
  const Execution* execution = read->history.find({id});
  if (execution == nullptr) {
    if (json) {
      fmt::print("null\n");
    } else {
      fmt::print("no trade {} in {}; `ats trades` lists them\n", id, read->journal.string());
    }
  } else if (json) {
    fmt::print("{}\n", timeline_json(*execution, read->history.universe()).dump());
  } else {
    fmt::print("{}", paper_line(*read));
    print_timeline(*execution, read->history.universe());
  }
  return tell_breaks(read->history);
}

}  // namespace ats::services
