#include "services/sweep_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

#include "io/clock.hpp"
#include "services/backtest_options.hpp"
#include "services/command_line.hpp"
#include "services/config_check.hpp"
#include "services/sweep_report.hpp"
#include "services/sweep_run.hpp"
#include "services/version.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Options {
  BacktestOptions backtest;
  std::string spec_file, out, shard, csv_file;
  std::vector<std::string> folders;  // of merge
  std::size_t jobs = 0;
  bool json = false;
};

// A recording by its name and size, wherever it lies.
std::string recording_text(const std::string& path) {
  std::uint64_t bytes = 0;
  std::error_code ec;
  if (!fs::is_directory(path, ec)) {
    bytes = fs::file_size(path, ec);
  } else {
    for (fs::directory_iterator at(path, ec), end; !ec && at != end; at.increment(ec))
      bytes += at->file_size(ec);
  }
  fs::path name = fs::path(path).lexically_normal();
  if (name.filename().empty()) name = name.parent_path();
  return fmt::format("{}, {} bytes", name.filename().string(), bytes);
}

ordered_json head_of(const std::string& spec_text, const SweepGround& ground, WallTime from,
                     WallTime to) {
  const BacktestOptions& o = ground.options;
  std::vector<std::string> recordings;  // the order in which they are named changes nothing
  for (const std::string& path : o.data) recordings.push_back(recording_text(path));
  std::ranges::sort(recordings);
  return {{"sweep", 1},
          {"program", version()},
          {"spec", spec_text},
          {"configuration", ground.configuration},
          {"recordings", recordings},
          {"from_ns", from.ns_utc},
          {"to_ns", to.ns_utc},
          {"venues", o.venues},
          {"pairs", o.pairs},
          {"fees", o.fees},
          {"events", o.events},
          {"accept_faults", o.accept_faults}};
}

// What a head says of the trials.
struct Plan {
  SweepSpec spec;
  std::vector<SweepSegment> segments;
};
Result<Plan, std::string> plan_of(const std::string& name, const ordered_json& head) {
  auto spec = parse_sweep(head.value("spec", std::string()), name);
  if (!spec) return fail(spec.error());
  auto parts = segments(*spec, {head.value("from_ns", std::int64_t{0})},
                        {head.value("to_ns", std::int64_t{0})});
  if (!parts) return fail(name + ": " + parts.error());
  return Plan{*std::move(spec), *std::move(parts)};
}

int tell(const Options& options, const Plan& plan, const std::map<std::size_t, SweepRun>& runs) {
  const ordered_json report = sweep_report(plan.spec, plan.segments, runs);
  if (!options.csv_file.empty()) {
    std::ofstream out(options.csv_file);
    out << sweep_csv(plan.spec, plan.segments, runs);
    if (!out.flush()) return failure(options.csv_file + ": could not be written");
  }
  fmt::print("{}", options.json ? report.dump(2) + "\n" : sweep_text(report));
  return exit_done;
}

// How far it is: over and over on a terminal, else once in a while.
class Pace {
 public:
  Pace(std::size_t before, std::size_t all, std::size_t jobs)
      : over_(before), all_(all), jobs_(jobs), terminal_(::isatty(STDERR_FILENO) != 0) {}
  ~Pace() {
    if (terminal_) std::fputs("\r\033[K", stderr);
  }
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  void one_is_over() {
    ++over_;
    ++done_;
    const Instant now = io::OsClock::now();
    if (now - told_ < (terminal_ ? milliseconds(250) : seconds(10))) return;
    told_ = now;
    const double ran = static_cast<double>((now - began_).ns) / 1e9;
    const double each = ran / static_cast<double>(done_);
    fmt::print(stderr, "{}run {} of {}, {} at a time, {:.1f} s each, {:.0f} s left{}",
               terminal_ ? "\r\033[K" : "", over_, all_, jobs_, each * static_cast<double>(jobs_),
               each * static_cast<double>(all_ - over_), terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  std::size_t over_, all_, jobs_;
  std::size_t done_ = 0;
  bool terminal_;
  Instant began_ = io::OsClock::now(), told_ = began_;
};

// Those that are not over, each by whichever thread is free. Not empty: why it came to an end.
std::string run_all(const Plan& plan, const SweepGround& ground, const Shard& shard,
                    std::size_t jobs, SweepWriter& writer, std::map<std::size_t, SweepRun>& runs) {
  std::vector<std::size_t> wanted;
  std::size_t own = 0;
  for (std::size_t trial = 0; trial < trial_count(plan.spec); ++trial) {
    if (!shard.has(trial)) continue;
    for (std::size_t s = 0; s < plan.segments.size(); ++s) {
      const std::size_t number = trial * plan.segments.size() + s;
      ++own;
      if (!runs.contains(number)) wanted.push_back(number);
    }
  }
  jobs = std::clamp<std::size_t>(jobs, 1, std::max<std::size_t>(wanted.size(), 1));
  std::atomic<std::size_t> next{0};
  std::mutex mutex;  // of what follows
  Pace pace(own - wanted.size(), own, jobs);
  std::string failed;
  const auto work = [&] {
    for (std::size_t n = next++; n < wanted.size(); n = next++) {
      const std::size_t number = wanted[n];
      auto run = run_trial(plan.spec, ground, plan.segments[number % plan.segments.size()], number,
                           number / plan.segments.size());
      const std::scoped_lock lock(mutex);
      if (!failed.empty()) return;
      if (!run) failed = run.error();
      if (run && !writer.add(*run)) failed = "the results cannot be written";
      if (!failed.empty()) return;
      runs.emplace(number, *std::move(run));
      pace.one_is_over();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t n = 1; n < jobs; ++n) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return failed;
}

// Of each key each value, beside what the others are in the configuration.
std::optional<std::string> check_values(const SweepSpec& spec, const Config& config) {
  for (const auto* parameters : {&spec.grid, &spec.drawn}) {
    for (const SweepParameter& one : *parameters) {
      if (const auto fine = check_key(config, one.key, one.values); !fine) return fine.error();
    }
  }
  return std::nullopt;
}

int sweep(const Options& options) {
  std::ifstream in(options.spec_file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return usage_error(options.spec_file + ": cannot be read");
  const auto spec = parse_sweep(text.str(), options.spec_file);
  if (!spec) return usage_error(spec.error());
  const auto shard = options.shard.empty() ? Shard{} : parse_shard(options.shard);
  if (!shard)
    return usage_error("--shard: expected such as 2/4, the second of four, not '" + options.shard +
                       "'");
  const auto config = config_of(options.backtest);
  if (!config) return usage_error(config.error());
  const auto from = time_option("--from", options.backtest.from);
  if (!from) return usage_error(from.error());
  const auto to = time_option("--to", options.backtest.to);
  if (!to) return usage_error(to.error());
  const SweepGround ground{options.backtest, to_toml(*config)};
  // That each key is one and takes its values, before anything is tried; that values go together is each trial's matter.
  if (const auto wrong = check_values(*spec, *config)) return usage_error(*wrong);
  const auto merged = merged_options(options.backtest, *config);
  if (!merged) return usage_error(merged.error());
  const auto feed = MergedFeed::open(*merged, nullptr);
  if (!feed) return failure(feed.error());
  const WallTime first{std::max(from->value_or(0), (*feed)->first_ns())};
  const WallTime last{std::min(to->value_or((*feed)->last_ns() + 1), (*feed)->last_ns() + 1)};
  const ordered_json head = head_of(text.str(), ground, first, last);
  const auto plan = plan_of(options.spec_file, head);
  if (!plan) return usage_error(plan.error());
  auto writer = SweepWriter::open(options.out, head);
  if (!writer) return failure(writer.error());
  auto runs = writer->runs();
  const std::size_t jobs =
      options.jobs != 0 ? options.jobs : std::max(std::thread::hardware_concurrency(), 1U);
  if (const std::string failed = run_all(*plan, ground, *shard, jobs, *writer, runs);
      !failed.empty())
    return failure(failed);
  return tell(options, *plan, runs);
}

int merge(const Options& options) {
  const std::vector<fs::path> folders(options.folders.begin(), options.folders.end());
  const auto results = merge_results(folders);
  if (!results) return failure(results.error());
  const auto plan = plan_of(folders.front().string(), results->head);
  if (!plan) return failure(plan.error());
  if (!options.out.empty()) {
    if (const auto wrong = write_results(options.out, *results)) return failure(*wrong);
  }
  return tell(options, *plan, results->runs);
}

}  // namespace

int sweep_command(int argc, const char* const* argv) {
  Options options;
  const bool merges = argc > 1 && std::string_view(argv[1]) == "merge";
  CLI::App app(merges
                   ? "The results of several folders as one, and what they come to."
                   : "Many backtests of the same recordings, each with other values of some keys "
                     "of the configuration;\nwhich is best, how much of that is luck, and what "
                     "it is worth on what it was not chosen by.",
               merges ? "ats sweep merge" : "ats sweep");
  app.add_flag("--json", options.json, "one JSON document instead of tables (docs/sweep.md)");
  app.add_option("--csv", options.csv_file, "write a line for each run to a file");
  if (merges) {
    app.add_option("folders", options.folders, "what --out named before, one or more")->required();
    app.add_option("--out", options.out, "a folder for the results of all");
    if (const auto code = parse_command_line(app, argc - 1, argv + 1)) return *code;
    return merge(options);
  }
  add_backtest_options(app, options.backtest);
  app.add_option("--spec", options.spec_file, "TOML file: which keys, which values (docs/sweep.md)")
      ->required();
  app.add_option("--out", options.out,
                 "the folder of results; where it has some of the same sweep, it goes on")
      ->required();
  app.add_option("--jobs", options.jobs,
                 "so many at a time; by default as many as there are cores");
  app.add_option("--shard", options.shard,
                 "only a part of the trials: 2/4 is the second of four machines");
  app.footer(
      "Examples:\n"
      "  ats sweep --spec edges.toml --config ats.toml --data captures/* --out edges\n"
      "  ats sweep --spec edges.toml --config ats.toml --data captures/* --out part1 --shard 1/2\n"
      "  ats sweep merge part1 part2 --out edges --csv edges.csv");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  return sweep(options);
}

}  // namespace ats::services
