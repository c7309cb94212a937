#include "services/operate.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/decimal.hpp"
#include "services/command_line.hpp"
#include "services/role_text.hpp"
#include "services/running_process.hpp"
#include "services/standby_view.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

void print_status(const json& s) {
  if (s.contains("standby")) fmt::print("{}\n", standby_text(s["standby"]));
  if (!s.contains("books")) return;  // it follows
  std::string state = s["halts"].empty() ? "active" : "HALTED (";
  for (const json& h : s["halts"])
    state += h.get<std::string>() + (&h == &s["halts"].back() ? ")" : ", ");
  for (const json& h : s["holds"]) {
    if (h["state"] != "reduce_only") continue;
    state += (state == "active" ? " but reduce only: " : ", reduce only: ") +
             h["scope"].get<std::string>();
  }
  if (s["lease"]["needed"].get<bool>() && !s["lease"]["live"].get<bool>())
    state = "NO LEASE: no word from the risk role, nothing is opened";
  if (s["stopping"].get<bool>())
    state = "stopping";
  else if (s["halts"].empty() && !s["reconciled"].get<bool>())
    state = "reconciling";
  fmt::print("{}{} for {} s\n\n",
             s.value("paper", false) ? "PAPER (fills are simulated, no order leaves): " : "", state,
             s["seconds"].get<std::int64_t>());
  fmt::print("{:<12}{:<10}{:<12}{:>10}{:>16}{:>16}  {}\n", "venue", "pair", "book", "age", "bid",
             "ask", "reason");
  const auto price = [](const json& level) {
    return level.is_null() ? std::string("-") : level[0].get<std::string>();
  };
  for (const json& b : s["books"]) {
    fmt::print("{:<12}{:<10}{:<12}{:>7} ms{:>16}{:>16}  {}\n", b["venue"].get<std::string>(),
               b["pair"].get<std::string>(), b["state"].get<std::string>(),
               b["age_ms"].get<std::int64_t>(), price(b["bid"]), price(b["ask"]),
               b["reason"] == "none" ? "" : b["reason"].get<std::string>());
  }
  const json& x = s["executions"];
  fmt::print(
      "\ntrades: {} completed, {} unwound, {} residual, {} missed, {} handed over, {} open\n",
      x["completed"].get<std::uint64_t>(), x["unwound"].get<std::uint64_t>(),
      x["residual"].get<std::uint64_t>(), x["missed"].get<std::uint64_t>(),
      x["handed_over"].get<std::uint64_t>(), x["open"].get<std::uint64_t>());
  if (const json& costs = s["leg_costs"]; !costs.empty()) {
    fmt::print("{:<12}{:<8}{:>10}{:>12}{:>16}\n", "legs", "size", "sent", "fell short",
               "expected bps");
    for (const json& c : costs) {
      fmt::print("{:<12}{:<8}{:>10}{:>12}{:>16}\n", c["venue"].get<std::string>(),
                 c["size"].get<std::string>(), c["legs"].get<std::uint64_t>(),
                 c["fell_short"].get<std::uint64_t>(), c["expected_bps"].get<std::string>());
    }
  }
  if (const json& ways = s["order_latency_us"]; !ways.empty()) {
    fmt::print("{:<12}{:<8}{:>10}{:>22}{:>22}{:>24}{:>24}\n", "orders", "way", "sent",
               "encoded p50/p99 us", "written p50/p99 us", "acked p50/p99 us",
               "first fill p50/p99 us");
    const auto pair = [](const json& stage) {
      return stage["p50"].get<std::string>() + " / " + stage["p99"].get<std::string>();
    };
    for (const json& way : ways) {
      fmt::print("{:<12}{:<8}{:>10}{:>22}{:>22}{:>24}{:>24}\n", way["venue"].get<std::string>(),
                 way["route"].get<std::string>(), way["written"]["orders"].get<std::uint64_t>(),
                 pair(way["encoded"]), pair(way["written"]), pair(way["acked"]),
                 pair(way["first_fill"]));
    }
  }
  fmt::print("P&L: {}{}\n", s["pnl_reporting"].get<std::string>(),
             s["pnl_reporting_complete"].get<bool>() ? "" : " (some assets cannot be marked now)");
  if (!s.contains("pnl")) return;
  for (const auto& [asset, change] : s["pnl"].items()) {
    fmt::print("  {:<8}{:>24}   fees {}\n", asset, change.get<std::string>(),
               s["fees"][asset].get<std::string>());
  }
}

void add_scope_and_reason(CLI::App& app, std::string& scope, std::string& reason) {
  app.add_option("scope", scope,
                 "all, a venue (binance), a pair (BTC/USDT) or a strategy (\"strategy maker\")")
      ->capture_default_str();
  app.add_option("--reason", reason, "why, for the journal")->required();
}

void print_limits(const json& told) {
  fmt::print("{:<24}{:<24}{:>16}{:>16}{:>16}{:>8}  {:<9}{}\n", "limit", "where", "now", "warn",
             "hard", "used", "level", "reaching it");
  const auto number = [](const json& value) {
    if (!value.is_string()) return std::string("-");
    const auto parsed = Decimal::parse(value.get<std::string>());
    return parsed ? parsed->floor_to(4).to_string() : value.get<std::string>();
  };
  for (const json& l : told["limits"]) {
    fmt::print(
        "{:<24}{:<24}{:>16}{:>16}{:>16}{:>8}  {:<9}{}{}\n", l["limit"].get<std::string>(),
        l["scope"].get<std::string>(), number(l["value"]), number(l["warn"]), number(l["hard"]),
        l["used_percent"].is_string() ? l["used_percent"].get<std::string>() + "%" : "-",
        l["level"].get<std::string>(), l["effect"].get<std::string>(),
        (l["changed"].get<bool>() ? ", changed while running" : "") +
            (l["share"].is_string() && l["share"] != l["hard"] ? ", share " + number(l["share"])
                                                               : std::string()) +
            (l.contains("promised") && l["promised"].is_string()
                 ? ", promised " + number(l["promised"])
                 : std::string()));
  }
  for (const json& h : told["holds"]) {
    fmt::print("{} is {}{}{}\n", h["scope"].get<std::string>(), h["state"].get<std::string>(),
               h["resolving"].get<bool>() ? ", what is open is still resolved" : "",
               h["limit"].is_string() ? ", by " + h["limit"].get<std::string>()
               : h["by"] == "engine"  ? std::string()
                                      : ", by " + h["by"].get<std::string>());
  }
}

}  // namespace

int status_command(int argc, const char* const* argv) {
  RunningProcess process;
  bool as_json = false;
  CLI::App app("What a running process is doing.", "ats status");
  process.add_to(app);
  app.add_flag("--json", as_json, "everything, as one JSON object");
  app.footer("Examples:\n  ats status\n  ats status --data /var/lib/ats --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto answer = process.ask({{"command", "status"}});
  if (!answer) return answer.error();
  const json told = json::parse(*answer, nullptr, false);
  if (!told.is_object() || told.contains("error")) return failure(*answer);
  if (as_json)
    fmt::print("{}\n", *answer);
  else if (told.contains("role"))
    fmt::print("{}", role_text(told));
  else
    print_status(told);
  return exit_done;
}

int log_command(int argc, const char* const* argv) {
  RunningProcess process;
  std::string level;
  CLI::App app(
      "How much a running process says from now on. Its configuration's log.level stays what it "
      "is.",
      "ats log");
  process.add_to(app);
  app.add_option("level", level, "debug (each order's steps), info, warning or error")->required();
  app.footer("Examples:\n  ats log debug\n  ats log info --role --data /var/lib/ats");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return process.carry_out({{"command", "log"}, {"level", level}});
}

int halt_command(int argc, const char* const* argv) {
  RunningProcess process;
  std::string scope = "all";
  std::string reason;
  bool reduce_only = false;
  bool at_once = false;
  bool flatten = false;
  CLI::App app(
      "Stops new trades. What is open is resolved first, for risk.resolve_within at most; then no "
      "order leaves any more, but cancels. Survives restarts.",
      "ats halt");
  process.add_to(app);
  add_scope_and_reason(app, scope, reason);
  auto* reduce = app.add_flag("--reduce-only", reduce_only,
                              "open nothing, and go on resolving for as long as it holds");
  app.add_flag("--now", at_once, "do not even resolve what is open")->excludes(reduce);
  app.add_flag("--flatten", flatten, "trade away what is held of open nets, too");
  app.footer(
      "Examples:\n  ats halt --reason \"news\"\n  ats halt binance --reason \"maintenance\"\n"
      "  ats halt BTC/USDT --reduce-only --reason \"thin books\"\n"
      "  ats halt --now --reason \"something is wrong\"");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return process.carry_out({{"command", "halt"},
                            {"scope", scope},
                            {"reason", reason},
                            {"reduce_only", reduce_only},
                            {"at_once", at_once},
                            {"flatten", flatten}});
}

int resume_command(int argc, const char* const* argv) {
  RunningProcess process;
  std::string scope = "all";
  std::string reason;
  CLI::App app(
      "Lifts a halt of the same scope. With risk.resume_by_two a second person has to ask, too.",
      "ats resume");
  process.add_to(app);
  add_scope_and_reason(app, scope, reason);
  app.footer(
      "Examples:\n  ats resume --reason \"news were wrong\"\n"
      "  ats resume binance --reason \"back\"");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return process.carry_out({{"command", "resume"}, {"scope", scope}, {"reason", reason}});
}

int limits_command(int argc, const char* const* argv) {
  RunningProcess process;
  bool as_json = false;
  CLI::App app("The limits in force, and how much of each is used.", "ats risk limits");
  process.add_to(app);
  app.add_flag("--json", as_json, "as JSON");
  app.footer("Examples:\n  ats risk limits\n  ats risk limits --json");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto answer = process.ask({{"command", "status"}});
  if (!answer) return answer.error();
  const json told = json::parse(*answer, nullptr, false);
  if (!told.is_object() || !told.contains("limits")) return failure(*answer);
  if (as_json)
    fmt::print("{}\n", json{{"limits", told["limits"]}, {"holds", told["holds"]}}.dump());
  else
    print_limits(told);
  return exit_done;
}

int set_limit_command(int argc, const char* const* argv) {
  RunningProcess process;
  std::vector<std::string> words;
  std::string reason;
  bool take_back = false;
  CLI::App app("Sets a limit of a running process; it holds at once, and after a restart.",
               "ats risk set");
  process.add_to(app);
  app.add_option("limit", words,
                 "the limit, where, how much, from where on it is told, and what it does")
      ->required();
  app.add_flag("--default", take_back, "back to what the configuration says");
  app.add_option("--reason", reason, "why, for the journal")->required();
  app.footer(
      "Examples:\n  ats risk set order_notional 5000 warn 4000 --reason \"thin books\"\n"
      "  ats risk set venue_value bitfinex 100000 --reason \"counterparty\"\n"
      "  ats risk set loss_streak strategy maker 5 halt --reason \"trial\"\n"
      "  ats risk set order_notional 5000 --default --reason \"over\"");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  std::string limit;
  for (const std::string& word : words) limit += (limit.empty() ? "" : " ") + word;
  return process.carry_out(
      {{"command", "set_limit"}, {"limit", limit}, {"take_back", take_back}, {"reason", reason}});
}

int reload_command(int argc, const char* const* argv) {
  RunningProcess process;
  std::string reason;
  CLI::App app(
      "Has a running process read its configuration again and take the limits that it sets now. "
      "What "
      "a person set while it was running stays over them; a file with an error changes nothing. "
      "All "
      "other keys are taken at the next start. SIGHUP does the same.",
      "ats risk reload");
  process.add_to(app);
  app.add_option("--reason", reason, "why, for the journal")->required();
  app.footer("Examples:\n  ats risk reload --reason \"quarter's end\"\n  kill -HUP PID");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return process.carry_out({{"command", "reload"}, {"reason", reason}});
}

}  // namespace ats::services
