#include "services/operate.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "services/command_line.hpp"
#include "services/running_process.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

std::string user_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_name : "uid " + std::to_string(::getuid());
}

void print_status(const json& s) {
  std::string state = s["halts"].empty() ? "active" : "HALTED (";
  for (const json& h : s["halts"])
    state += h.get<std::string>() + (&h == &s["halts"].back() ? ")" : ", ");
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

int change_command(const char* verb, const char* summary, int argc, const char* const* argv) {
  RunningProcess process;
  std::string scope = "all";
  std::string reason;
  CLI::App app(summary, std::string("ats ") + verb);
  process.add_to(app);
  app.add_option("scope", scope, "all, a venue (binance) or a pair (BTC/USDT)")
      ->capture_default_str();
  app.add_option("--reason", reason, "why, for the journal")->required();
  app.footer(fmt::format(
      "Examples:\n  ats {0} --reason \"news\"\n  ats {0} binance --reason \"maintenance\"", verb));
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto answer =
      process.ask({{"command", verb}, {"scope", scope}, {"reason", reason}, {"who", user_name()}});
  if (!answer) return answer.error();
  const json told = json::parse(*answer, nullptr, false);
  if (!told.is_object() || !told.value("ok", false)) {
    return usage_error(told.is_object() ? told.value("error", *answer) : *answer);
  }
  fmt::print("{}: done\n", verb);
  return exit_done;
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
  else
    print_status(told);
  return exit_done;
}

int halt_command(int argc, const char* const* argv) {
  return change_command(
      "halt", "Stops new trades; open legs are still resolved. Survives restarts.", argc, argv);
}

int resume_command(int argc, const char* const* argv) {
  return change_command("resume", "Lifts a halt of the same scope.", argc, argv);
}

}  // namespace ats::services
