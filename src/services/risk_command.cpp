#include "services/risk_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "services/alerts_command.hpp"
#include "services/command_line.hpp"
#include "services/operate.hpp"
#include "services/price_file.hpp"
#include "services/risk_text.hpp"
#include "services/risk_var.hpp"
#include "services/role_command.hpp"
#include "services/running_process.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// One word after `ats risk`: how it is described, and what it does once it is read.
struct Subcommand {
  CLI::App* app = nullptr;
  std::function<int()> run;
};

// What the process answers, or the exit code of what went wrong, told.
Result<ordered_json, int> ask(const RunningProcess& process, const json& request) {
  const auto answer = process.ask(request);
  if (!answer) return fail(answer.error());
  ordered_json told = ordered_json::parse(*answer, nullptr, false);
  if (!told.is_object()) return fail(failure(*answer));
  if (told.contains("error") && told["error"].is_string()) {
    return fail(usage_error(told["error"].get<std::string>()));
  }
  return told;
}

// --- status ---

Subcommand status(CLI::App& risk) {
  struct Options {
    RunningProcess process;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = risk.add_subcommand(
      "status", "positions with the age of their marks, exposures, profit and loss by period");
  options->process.add_to(*app);
  app->add_flag("--json", options->json, "exact, as one JSON object");
  app->footer("Examples:\n  ats risk status\n  ats risk status --data /var/lib/ats --json");
  return {app, [options] {
            const auto told = ask(options->process, {{"command", "risk"}, {"what", "status"}});
            if (!told) return told.error();
            fmt::print("{}", options->json ? told->dump() + "\n" : risk_status_text(*told));
            return exit_done;
          }};
}

// --- value at risk ---

struct VarOptions {
  RunningProcess process;
  std::vector<std::string> confidences;
  std::string horizon = "1d", decay, degrees = "5", bar, history;
  bool traded = false, backtest = false, json = false;
};

// Reads "99" as 0.99.
std::optional<Rate> percent_of(std::string_view text) {
  const auto percent = parse_scaled(text, 7);
  if (!percent || *percent < Rate::one / 2 || *percent > 9'999 * (Rate::one / 10'000)) {
    return std::nullopt;
  }
  return Rate{*percent};
}

Result<VarQuestion, std::string> question_of(const VarOptions& options) {
  VarQuestion question;
  if (!options.confidences.empty()) question.confidences.clear();
  for (const std::string& text : options.confidences) {
    const auto rate = percent_of(text);
    if (!rate) return fail("--confidence: expected percent from 50 to 99.99, not '" + text + "'");
    question.confidences.push_back(*rate);
  }
  std::sort(question.confidences.begin(), question.confidences.end());
  const auto whole_seconds = [](const std::string& text, Duration& out) {
    return parse_duration(text, out) && out >= seconds(1) && out <= hours(24 * 366) &&
           out.ns % seconds(1).ns == 0;
  };
  if (!whole_seconds(options.horizon, question.horizon)) {
    return fail("--horizon: expected a time such as 1d or 4h, not '" + options.horizon + "'");
  }
  if (!options.decay.empty()) {
    const auto decay = parse_scaled(options.decay, 9);
    if (!decay || *decay <= 0 || *decay > Rate::one) {
      return fail("--decay: expected a number above 0, at most 1, not '" + options.decay + "'");
    }
    question.decay = Rate{*decay};
  }
  const auto degrees = parse_scaled(options.degrees, 9);
  if (!degrees || *degrees <= 2 * Rate::one || *degrees > 1'000 * Rate::one) {
    return fail("--degrees: expected a number above 2, at most 1000, not '" + options.degrees +
                "'");
  }
  question.degrees = Rate{*degrees};
  if (!options.bar.empty()) {
    Duration bar;
    if (!whole_seconds(options.bar, bar)) {
      return fail("--bar: expected 1m, 1h or 1d, not '" + options.bar + "'");
    }
    question.bar = bar;
  }
  question.traded = options.traded;
  question.losses = options.backtest;
  return question;
}

// The positions that a process told, measured here by the closes of a file.
Result<ordered_json, int> by_history(const VarOptions& options, const VarQuestion& question) {
  const auto file = read_price_file(options.history);
  if (!file) return fail(usage_error("--history: " + file.error()));
  const auto told = ask(options.process, {{"command", "risk"}, {"what", "status"}});
  if (!told) return fail(told.error());
  if (!(*told)["in"].is_string()) {
    return fail(failure("the process has no reporting asset: nothing has a worth"));
  }
  Universe universe;
  const AssetId reporting = universe.add_asset((*told)["in"].get<std::string>());
  std::vector<core::Position> positions;
  std::map<std::string, VenueId> venues;
  for (const ordered_json& p : (*told)[question.traded ? "traded" : "positions"]) {
    const auto name = p["venue"].get<std::string>();
    const auto known = venues.find(name);
    const VenueId venue = known != venues.end() ? known->second : universe.add_venue(name, {});
    venues[name] = venue;
    core::Position& position = positions.emplace_back();
    position.venue = venue;
    position.asset = universe.add_asset(p["asset"].get<std::string>());
    position.held = Decimal::parse(p["held"].get<std::string>()).value_or(Decimal());
    if (p["worth"].is_string()) {
      const auto worth = Decimal::parse(p["worth"].get<std::string>());
      if (worth) position.worth = *worth;
    }
  }
  WallTime as_of;
  if (const ordered_json& at = (*told)["as_of"]; at.is_string()) {
    const auto text = at.get<std::string>();
    parse_rfc3339(text.data(), text.size(), as_of);
  }
  return var_json(question, positions, bars_of(*file, universe), reporting, as_of, universe);
}

int run_var(const VarOptions& options) {
  const auto question = question_of(options);
  if (!question) return usage_error(question.error());
  auto told = options.history.empty() ? ask(options.process, question->json())
                                      : by_history(options, *question);
  if (!told) return told.error();
  add_backtest(*question, *told);
  fmt::print("{}", options.json ? told->dump() + "\n" : var_text(*told));
  for (const ordered_json& measure : (*told)["measures"]) {
    if (!measure.contains("refused")) return exit_done;
  }
  return exit_failed;  // not one of them could be told
}

Subcommand var(CLI::App& risk) {
  auto options = std::make_shared<VarOptions>();
  CLI::App* app = risk.add_subcommand(
      "var",
      "what may be lost within a horizon: value at risk and expected shortfall, three methods");
  options->process.add_to(*app);
  app->add_option("--confidence", options->confidences, "in percent; 95 and 99 by default")
      ->delimiter(',');
  app->add_option("--horizon", options->horizon, "how long it may take")->capture_default_str();
  app->add_option("--bar", options->bar,
                  "1m, 1h or 1d; by default the longest bars in which the assets have enough past");
  app->add_option("--decay", options->decay,
                  "of the fading average, a bar; 0.94 for days, 0.99 for shorter bars");
  app->add_option("--degrees", options->degrees, "of freedom of Student's t")
      ->capture_default_str();
  app->add_flag("--traded", options->traded,
                "of what trading has changed, rather than of all that is held");
  app->add_option("--history", options->history,
                  "closes from this CSV file instead of those the process has seen (docs/risk.md)")
      ->excludes("--bar");
  app->add_flag("--backtest", options->backtest,
                "how often each method would have been broken, and Kupiec's test of it");
  app->add_flag("--json", options->json, "as one JSON object");
  app->footer(
      "Examples:\n  ats risk var\n  ats risk var --confidence 99 --horizon 10d\n"
      "  ats risk var --history closes.csv --backtest");
  return {app, [options] { return run_var(*options); }};
}

// --- stress ---

Subcommand stress(CLI::App& risk) {
  struct Options {
    RunningProcess process;
    std::string scenario;
    bool details = false, json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = risk.add_subcommand(
      "stress", "what would be lost at once: a venue frozen, a stable-coin slipping, a crash");
  options->process.add_to(*app);
  app->add_option("--scenario", options->scenario,
                  "one of those that are listed, or one spelt out: a name, then what is hit and by "
                  "which share");
  app->add_flag("--details", options->details, "by asset and venue, the worst first");
  app->add_flag("--json", options->json, "exact, as one JSON object");
  app->footer(
      "Examples:\n  ats risk stress\n  ats risk stress --scenario freeze-kraken\n"
      "  ats risk stress --scenario \"crash coins -0.5 USDT -0.1\"");
  return {app, [options] {
            json request{{"command", "risk"}, {"what", "stress"}};
            if (!options->scenario.empty()) request["scenario"] = options->scenario;
            const auto told = ask(options->process, request);
            if (!told) return told.error();
            const bool details = options->details || !options->scenario.empty();
            fmt::print("{}", options->json ? told->dump() + "\n" : stress_text(*told, details));
            return exit_done;
          }};
}

// --- closes ---

Subcommand closes(CLI::App& risk) {
  struct Options {
    RunningProcess process;
    std::string bar = "1d";
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = risk.add_subcommand(
      "closes", "the past of marks as CSV, as `ats risk var --history` reads it");
  options->process.add_to(*app);
  app->add_option("--bar", options->bar, "1m, 1h or 1d")->capture_default_str();
  app->footer("Examples:\n  ats risk closes > days.csv\n  ats risk closes --bar 1h > hours.csv");
  return {app, [options] {
            Duration bar;
            if (!parse_duration(options->bar, bar)) {
              return usage_error("--bar: expected 1m, 1h or 1d, not '" + options->bar + "'");
            }
            const auto told =
                ask(options->process,
                    {{"command", "risk"}, {"what", "closes"}, {"bar_s", bar.ns / seconds(1).ns}});
            if (!told) return told.error();
            PriceFile file;
            std::map<std::int64_t, std::vector<double>> rows;
            const ordered_json& by_asset = (*told)["closes"];
            for (const auto& [asset, list] : by_asset.items()) {
              for (const ordered_json& close : list) {
                auto& row = rows[close[0].get<std::int64_t>()];
                row.resize(by_asset.size());
                row[file.assets.size()] = close[1].get<double>();
              }
              file.assets.push_back(asset);
            }
            for (auto& [at, row] : rows) {
              file.rows.push_back({WallTime{seconds(at).ns}, std::move(row)});
            }
            fmt::print("{}", price_file_text(file));
            return exit_done;
          }};
}

// Those that say something to the process, each a command line of its own.
struct Delegate {
  const char* name;
  const char* summary;
  int (*run)(int argc, const char* const* argv);
};
constexpr Delegate delegates[] = {
    {"engines", "who shares one set of limits under this risk role", engines_command},
    {"write-off", "say that an engine is gone for good, and its share is free", write_off_command},
    {"limits", "the limits in force, and how much of each is used", limits_command},
    {"set", "set a limit, or put it back to what the configuration says", set_limit_command},
    {"reload", "take the limits that the configuration's file sets now", reload_command},
    {"alerts", "what people were told of and is not over", alerts_command},
    {"ack", "say that you have seen an alert", acknowledge_command},
    {"halt", "as ats halt", halt_command},
    {"resume", "as ats resume", resume_command}};

}  // namespace

int risk_command(int argc, const char* const* argv) {
  for (const Delegate& delegate : delegates) {
    if (argc > 1 && argv[1] == std::string_view(delegate.name))
      return delegate.run(argc - 1, argv + 1);
  }
  CLI::App app(
      "What a running process holds at risk, and what it has earned and lost; with --config and no "
      "word, the risk role of several engines as a process of its own (docs/risk.md).",
      "ats risk");
  app.require_subcommand(0, 1);
  RoleOptions role;
  app.add_option("--config", role.config_file,
                 "start the risk role: its limits, venues and pairs, and where it listens");
  app.add_option("--data", role.data_dir, "of the role: directory of journal and control socket");
  app.add_option("--for", role.duration, "of the role: stop after this long, e.g. 60s, 5m");
  for (const Delegate& delegate : delegates) app.add_subcommand(delegate.name, delegate.summary);
  const Subcommand all[] = {status(app), var(app), stress(app), closes(app)};
  app.footer(
      "Examples:\n  ats risk status\n  ats risk var --confidence 99 --horizon 1d\n"
      "  ats risk stress --scenario fall-20\n  ats risk limits\n"
      "  ats risk set order_notional kraken 5000 warn 4000 --reason \"thin books\"\n"
      "  ats risk --config ats.toml\n  ats risk engines --role");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const bool of_role =
      !role.config_file.empty() || !role.data_dir.empty() || !role.duration.empty();
  if (of_role && !app.get_subcommands().empty())
    return usage_error("options go behind the word: ats risk status --config FILE");
  for (const Subcommand& one : all) {
    if (one.app->parsed()) return one.run();
  }
  if (!role.config_file.empty()) return run_role(role);
  return usage_error("which? `ats risk --help` has the words; --config FILE starts the risk role");
}

}  // namespace ats::services
