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
#include "services/backtest_progress.hpp"
#include "services/backtest_text.hpp"
#include "services/command_line.hpp"
#include "services/merged_feed.hpp"

namespace ats::services {
namespace {

struct Options {
  std::string config_file, from, to, out, json_file, html_file, latency, progress;
  std::vector<std::string> data, venues, pairs, fees, balances;
  bool json = false, events = false, accept_faults = false;
  pid_t parent = 0;
};

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

// What is said on the command line is as good as the environment, which is over the file.
Result<Config, std::string> config_of(const Options& options) {
  auto environment = environment_variables();
  if (!options.balances.empty()) environment["ATS_PAPER_BALANCES"] = joined(options.balances);
  if (!options.latency.empty()) environment["ATS_PAPER_LATENCY"] = options.latency;
  return load_config(options.config_file, environment);
}

// "2024-08-08T12:00:00Z", with a fraction or without; an empty text is none.
Result<std::optional<std::int64_t>, std::string> time_of(const char* option,
                                                         const std::string& text) {
  if (text.empty()) return std::optional<std::int64_t>();
  WallTime time;
  if (!parse_rfc3339(text.data(), text.size(), time))
    return fail(
        fmt::format("{}: expected a time such as 2026-11-28T09:30:00Z, not '{}'", option, text));
  return std::optional(time.ns_utc);
}

// The first folder of that kind that is free.
std::filesystem::path next_folder(const std::filesystem::path& data_dir) {
  for (int n = 1;; ++n) {
    std::filesystem::path folder = data_dir / "backtest" / fmt::format("{:04}", n);
    if (!std::filesystem::exists(folder)) return folder / "journal";
  }
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

int backtest(const Options& options) {
  if (options.parent != 0 && !io::end_with_parent(options.parent))
    return failure("whoever started this is gone");
  const auto config = config_of(options);
  if (!config) return usage_error(config.error());
  const auto from = time_of("--from", options.from);
  if (!from) return usage_error(from.error());
  const auto to = time_of("--to", options.to);
  if (!to) return usage_error(to.error());
  MergedOptions merged{options.data, options.venues, options.pairs, options.events, {}};
  if (merged.pairs.empty()) merged.pairs = config->pairs;
  for (const std::string& fee : options.fees) {
    if (const auto set = merged.fees.set(fee); !set) return usage_error(set.error());
  }
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
        merged, pace.form() == BacktestProgress::Form::Person ? &opening : nullptr);
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
  app.add_flag("--accept-faults", options.accept_faults,
               "take a result of recordings with holes in them");
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
