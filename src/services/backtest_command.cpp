#include "services/backtest_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "io/child_process.hpp"
#include "io/clock.hpp"
#include "services/backtest.hpp"
#include "services/backtest_html.hpp"
#include "services/backtest_options.hpp"
#include "services/backtest_progress.hpp"
#include "services/backtest_text.hpp"
#include "services/command_line.hpp"
#include "services/merged_feed.hpp"

namespace ats::services {
namespace {

struct Options : BacktestOptions {
  std::string out, json_file, html_file, progress;
  bool json = false;
  pid_t parent = 0;
};

// The first folder of that kind that is free.
std::filesystem::path next_folder(const std::filesystem::path& data_dir) {
  for (int n = 1;; ++n) {
    std::filesystem::path folder = data_dir / "backtest" / fmt::format("{:04}", n);
    if (!std::filesystem::exists(folder)) return folder / "journal";
  }
}

int backtest(const Options& options) {
  if (options.parent != 0 && !io::end_with_parent(options.parent))
    return failure("whoever started this is gone");
  const auto config = config_of(options);
  if (!config) return usage_error(config.error());
  const auto from = time_option("--from", options.from);
  if (!from) return usage_error(from.error());
  const auto to = time_option("--to", options.to);
  if (!to) return usage_error(to.error());
  const auto merged = merged_options(options, *config);
  if (!merged) return usage_error(merged.error());
  BacktestSetup setup;
  setup.core = config->core;
  setup.paper = config->paper;
  setup.from_ns = *from;
  setup.to_ns = *to;
  setup.journal =
      options.out.empty() ? next_folder(config->data_dir) : std::filesystem::path(options.out);

  const Instant began = io::OsClock::now();
  std::unique_ptr<MergedFeed> feed;
  std::optional<Backtest> run;
  Result<BacktestReport, std::string> report = fail(std::string());
  BacktestProgress pace(options.progress == "json" ? BacktestProgress::Form::Json
                                                   : BacktestProgress::Form::Person);
  Progress opening;
  {
    auto opened = MergedFeed::open(
        *merged, pace.form() == BacktestProgress::Form::Person ? &opening : nullptr);
    if (!opened) return failure(opened.error());
    opening.finish();
    feed = *std::move(opened);
    pace.play(feed->first_ns(), std::min(feed->last_ns(), to->value_or(feed->last_ns())));
    setup.pace = [&pace](const BacktestPace& at) { pace.tell(at); };
    run.emplace(*feed, setup);
    report = run->run();
    pace.clear();
  }
  if (!report) return failure(report.error());
  const double seconds = static_cast<double>((io::OsClock::now() - began).ns) / 1e9;
  const auto sources = feed->sources();
  if (const std::string faults = faults_text(sources, report->status);
      !faults.empty() && !options.accept_faults) {
    return failure("the recordings have faults that may change the result:" + faults +
                   "\nSay --accept-faults to take the result nevertheless (the journal is " +
                   setup.journal.string() + ")");
  }
  const auto result = backtest_json(setup, *report, run->history(), feed->universe(), sources);
  pace.tell_summary(backtest_summary(result));
  const auto written = [](const std::string& file, const std::string& text) {
    std::ofstream out(file);
    out << text;
    return static_cast<bool>(out.flush());
  };
  if (!options.json_file.empty() && !written(options.json_file, result.dump(2) + "\n"))
    return failure(options.json_file + ": could not be written");
  if (!options.html_file.empty() && !written(options.html_file, backtest_html(result)))
    return failure(options.html_file + ": could not be written");
  if (options.json) {
    fmt::print("{}\n", result.dump(2));
  } else {
    print_backtest(result);
    fmt::print("{:.1f} s, {:.0f} events/s\n", seconds,
               static_cast<double>(report->events) / seconds);
  }
  return report->violations.empty() ? exit_done : exit_invariant;
}

}  // namespace

int backtest_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app(
      "The live core on a recording: the same decisions, the same limits, the same journal; "
      "orders\n"
      "are filled by the recorded books. The same input gives the same journal, byte for byte.",
      "ats backtest");
  add_backtest_options(app, options);
  app.add_option("--out", options.out, "where the journal goes: a folder that is new or empty");
  app.add_flag("--json", options.json, "one JSON document instead of tables (docs/backtest.md)");
  app.add_option("--report", options.html_file,
                 "write a page with plots to a file, e.g. result.html");
  app.add_option("--summary", options.json_file, "write the JSON document to a file as well");
  app.add_option(
         "--progress", options.progress,
         "how far it is: lines of JSON on standard error, and then the figures it is judged "
         "by")
      ->check(CLI::IsMember({"json"}));
  app.add_option("--parent", options.parent,
                 "end when the process of this id does, which began it");
  app.footer(
      "Examples:\n"
      "  ats backtest --config ats.toml --data captures/binance captures/kraken\n"
      "  ats backtest --data day1 day2 --balance \"binance USDT 20000\" --balance \"kraken BTC "
      "0.3\" "
      "--fee binance=7.5 --latency 15ms..40ms --report result.html");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return backtest(options);
}

}  // namespace ats::services
