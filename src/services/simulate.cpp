#include "services/simulate.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "io/clock.hpp"
#include "io/journal.hpp"
#include "io/process_usage.hpp"
#include "services/command_line.hpp"
#include "services/sim_setup.hpp"
#include "services/simulation.hpp"
#include "services/trade_text.hpp"

namespace ats::services {
namespace {

constexpr double memory_samples = 24;  // of a run; the longer ones are sampled each hour
constexpr std::array all_outcomes = {ExecutionOutcome::Completed,  ExecutionOutcome::Unwound,
                                     ExecutionOutcome::Residual,   ExecutionOutcome::Missed,
                                     ExecutionOutcome::HandedOver, ExecutionOutcome::Unfilled};
static_assert(all_outcomes.size() == execution_outcome_count);

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

// "7" or "1..50".
std::optional<Seeds> parse_seeds(const std::string& text) {
  const std::size_t dots = text.find("..");
  const auto first = parse_scaled(text.substr(0, dots), 0);
  const auto last =
      dots == std::string::npos ? first : parse_scaled(std::string_view(text).substr(dots + 2), 0);
  if (!first || !last || *first < 0 || *last < *first) return std::nullopt;
  return Seeds{static_cast<std::uint64_t>(*first), static_cast<std::uint64_t>(*last)};
}

std::optional<Mutant> parse_mutant(std::string_view text) {
  for (std::size_t n = 0; n < mutant_count; ++n) {
    const auto mutant = static_cast<Mutant>(n);
    if (text == name(mutant)) return mutant;
  }
  return std::nullopt;
}

// "1.02:03:04" of virtual time: days, hours, minutes, seconds.
std::string clock_of(Instant at) {
  const std::int64_t s = at.ns / 1'000'000'000;
  return fmt::format("{}.{:02}:{:02}:{:02}", s / 86'400, s / 3600 % 24, s / 60 % 60, s % 60);
}

std::string describe(const sim::Violation& v) {
  return fmt::format("seed {} at {}: {}: {}", v.seed, clock_of(v.at), name(v.invariant), v.detail);
}

// One simulation: a seed, and where its process dies besides what the setup says.
struct Job {
  std::uint64_t seed = 0;
  std::optional<CrashPoint> crash_at;
};

// Runs the jobs on several threads, each on one; tells of each as it ends.
class Batch {
 public:
  Batch(const SimulationSetup& setup, std::vector<Job> jobs, const char* what, bool progress)
      : setup_(setup), jobs_(std::move(jobs)), what_(what), progress_(progress) {
    reports_.resize(jobs_.size());
  }

  const std::vector<SimulationReport>& run(unsigned jobs) {
    std::vector<std::thread> threads;
    for (unsigned n = 1; n < jobs; ++n) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
    if (progress_) std::fprintf(stderr, "\r\x1b[K");
    return reports_;
  }

 private:
  void work() {
    for (std::uint64_t n = next_++; n < reports_.size(); n = next_++) {
      SimulationSetup setup = setup_;
      if (jobs_[n].crash_at) setup.crash_at = jobs_[n].crash_at;
      reports_[n] = run_simulation(setup, jobs_[n].seed);
      if (!progress_) continue;
      const std::lock_guard lock(mutex_);
      ++done_;
      if (!reports_[n].violations.empty()) {
        std::fprintf(stderr, "\r\x1b[K%s\n", describe(reports_[n].violations.front()).c_str());
      }
      std::fprintf(stderr, "\r\x1b[K%zu of %zu %s", done_, reports_.size(), what_);
    }
  }

  const SimulationSetup& setup_;
  std::vector<Job> jobs_;
  const char* what_;
  bool progress_;
  std::vector<SimulationReport> reports_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;
  std::size_t done_ = 0;
};

std::vector<Job> jobs_of(Seeds seeds) {
  std::vector<Job> jobs;
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) jobs.push_back({seed, {}});
  return jobs;
}

// How the runs ended whose process died at a point of each kind.
struct CrashMatrix {
  struct Row {
    const char* died;
    std::uint64_t points = 0, flat = 0, held = 0, halted = 0, violations = 0;
  };
  std::array<Row, 3> rows{Row{"before the event is recorded"},
                          Row{"recorded, before its first effect"},
                          Row{"after an effect has left"}};

  void add(const CrashPoint& at, const SimulationReport& report) {
    Row& row = rows[std::min<std::size_t>(at.stage, 2)];
    ++row.points;
    if (!report.violations.empty()) {
      ++row.violations;
    } else if (!report.status.halts.empty()) {
      ++row.halted;
    } else if (!report.status.inventory.empty()) {
      ++row.held;
    } else {
      ++row.flat;
    }
  }
  void print() const {
    fmt::print("{:<36}{:>8}{:>8}{:>8}{:>8}{:>12}\n", "the process died", "points", "flat", "held",
               "halted", "violations");
    for (const Row& row : rows) {
      fmt::print("{:<36}{:>8}{:>8}{:>8}{:>8}{:>12}\n", row.died, row.points, row.flat, row.held,
                 row.halted, row.violations);
    }
    fmt::print(
        "held: a residual below the tolerance or the venues' minimums; halted: and someone was "
        "told\n");
  }
  nlohmann::json json() const {
    nlohmann::json out = nlohmann::json::array();
    for (const Row& row : rows) {
      out.push_back({{"died", row.died},
                     {"points", row.points},
                     {"flat", row.flat},
                     {"held", row.held},
                     {"halted", row.halted},
                     {"violations", row.violations}});
    }
    return out;
  }
};

struct Total {
  double virtual_seconds = 0;
  SimulationReport sum;
  std::vector<sim::Violation> violations;  // the first of each seed that has one
};

Total add_up(const std::vector<SimulationReport>& reports) {
  Total total;
  for (const SimulationReport& r : reports) {
    total.virtual_seconds += static_cast<double>(r.virtual_time.ns) * 1e-9;
    total.sum += r;
    if (!r.violations.empty()) total.violations.push_back(r.violations.front());
  }
  return total;
}

// This process's resident memory and open descriptors as virtual time goes by.
class MemoryWatch {
 public:
  void sample(double hour) {
    const io::ProcessUsage usage = io::process_usage();
    samples_.push_back(
        {hour, static_cast<double>(usage.resident_bytes) / 1e6, usage.open_descriptors});
  }
  // Megabytes per virtual hour after a quarter of the time, by least squares: what has grown to its size by
  // then is no leak.
  double slope() const {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (std::size_t i = samples_.size() / 4; i < samples_.size(); ++i) {
      const Sample& s = samples_[i];
      n += 1, x += s.hour, y += s.megabytes, xx += s.hour * s.hour, xy += s.hour * s.megabytes;
    }
    const double spread = n * xx - x * x;
    return spread > 0 ? (n * xy - x * y) / spread : 0;
  }
  nlohmann::json json() const {
    if (samples_.empty()) return nullptr;
    return {{"samples", samples_.size()},
            {"first_mb", samples_.front().megabytes},
            {"last_mb", samples_.back().megabytes},
            {"slope_mb_per_hour", slope()},
            {"descriptors_first", samples_.front().descriptors},
            {"descriptors_last", samples_.back().descriptors}};
  }
  void print() const {
    if (samples_.empty()) return;
    fmt::print(
        "memory: {:.1f} MB after {:.2f} h, {:.1f} MB after {:.2f} h, {:+.3f} MB per virtual hour "
        "over the last three quarters; descriptors: {} then, {} now\n",
        samples_.front().megabytes, samples_.front().hour, samples_.back().megabytes,
        samples_.back().hour, slope(), samples_.front().descriptors, samples_.back().descriptors);
  }

 private:
  struct Sample {
    double hour;
    double megabytes;
    std::uint64_t descriptors;
  };
  std::vector<Sample> samples_;
};

nlohmann::json as_json(const Total& t, std::size_t seeds, double seconds) {
  nlohmann::json out{{"seeds", seeds},
                     {"virtual_seconds", t.virtual_seconds},
                     {"seconds", seconds},
                     {"times_real_time", t.virtual_seconds / seconds},
                     {"events", t.sum.events},
                     {"folded_events", t.sum.folded_events},
                     {"crashes", t.sum.crashes},
                     {"commands", t.sum.commands},
                     {"strangers", t.sum.strangers},
                     {"orders_placed", t.sum.counts.placed},
                     {"quotes_placed", t.sum.counts.quotes},
                     {"quotes_amended", t.sum.counts.amends},
                     {"fills_booked", t.sum.counts.fills},
                     {"executions_opened", t.sum.counts.opened},
                     {"alerts", t.sum.counts.alerts},
                     {"unwind_orders_on_polled_books", t.sum.counts.unwound_on_images}};
  for (std::size_t n = 0; n < all_outcomes.size(); ++n) {
    out["executions"][name(all_outcomes[n])] = t.sum.counts.outcomes[n];
    out["accounts"][name(all_outcomes[n])] = terms_json(t.sum.accounts[n]);
  }
  for (std::size_t n = 1; n < t.sum.counts.refused.size(); ++n) {
    out["refused"][name(static_cast<RefuseReason>(n))] = t.sum.counts.refused[n];
  }
  for (std::size_t n = 0; n < strategy_count; ++n) {
    out["strategies"][name(static_cast<Strategy>(n))] = {{"told", t.sum.counts.seen[n]},
                                                         {"taken", t.sum.counts.taken[n]}};
  }
  if (const auto& f = t.sum.fleet; f.asked > 0) {
    out["fleet"] = {{"leases_asked", f.asked},
                    {"leases_granted", f.granted},
                    {"letters_lost", f.letters_lost},
                    {"cuts", f.cuts},
                    {"role_deaths", f.role_deaths},
                    {"role_commands", f.role_commands},
                    {"leases_missed", f.missed},
                    {"most_orders_in_a_second", f.most_orders_in_a_second},
                    {"most_open_trades", f.most_open_trades},
                    {"most_exposed", f.most_exposed.to_string()},
                    {"latest_after_halt_ms", f.latest_after_halt.ns / 1'000'000},
                    {"holdings_compared", f.holdings_compared}};
  }
  out["faults"] = nlohmann::json::object();
  for (const auto& fault : t.sum.faults) {
    out["faults"][name(fault.kind)] = {{"injected", fault.injected}, {"shown", fault.shown}};
  }
  out["violations"] = nlohmann::json::array();
  for (const sim::Violation& v : t.violations) {
    out["violations"].push_back({{"seed", v.seed},
                                 {"virtual_seconds", static_cast<double>(v.at.ns) * 1e-9},
                                 {"invariant", name(v.invariant)},
                                 {"detail", v.detail}});
  }
  return out;
}

void print(const Total& t, std::size_t seeds, double seconds) {
  const bool any_fault = std::any_of(t.sum.faults.begin(), t.sum.faults.end(),
                                     [](const auto& f) { return f.injected > 0; });
  if (any_fault) {
    fmt::print("{:<22}{:>10}{:>10}\n", "fault", "injected", "shown");
    for (const auto& fault : t.sum.faults) {
      if (fault.injected == 0) continue;
      fmt::print("{:<22}{:>10}{:>10}\n", name(fault.kind), fault.injected, fault.shown);
    }
  }
  if (t.sum.crashes > 0) fmt::print("{:<22}{:>10}\n", "crash", t.sum.crashes);
  if (t.sum.commands > 0) fmt::print("{:<22}{:>10}\n", "commands", t.sum.commands);
  if (t.sum.strangers > 0) fmt::print("{:<22}{:>10}\n", "strangers", t.sum.strangers);
  fmt::print("\n{} executions:", t.sum.counts.opened);
  for (std::size_t n = 0; n < all_outcomes.size(); ++n) {
    fmt::print(" {} {}{}", t.sum.counts.outcomes[n], name(all_outcomes[n]),
               n + 1 < all_outcomes.size() ? "," : "\n");
  }
  fmt::print("{:<14}{:>16}{:>14}{:>14}{:>14}{:>14}{:>14}{:>16}\n", "accounts", "quoted edge",
             "- fees", "- slippage", "- leg cost", "+ conversion", "+ revaluation", "= realised");
  for (std::size_t n = 0; n < t.sum.accounts.size(); ++n) {
    const report::Terms& a = t.sum.accounts[n];
    if (t.sum.counts.outcomes[n] == 0) continue;
    const auto cents = [](Decimal amount) { return amount.floor_to(2).to_fixed(2); };
    fmt::print("{:<14}{:>16}{:>14}{:>14}{:>14}{:>14}{:>14}{:>16}\n", name(all_outcomes[n]),
               cents(a.quoted_edge), cents(a.fees), cents(a.slippage), cents(a.leg_cost),
               cents(a.conversion), cents(a.revaluation), cents(a.realised));
  }
  for (std::size_t n = 0; n < strategy_count; ++n) {
    if (t.sum.counts.seen[n] == 0) continue;
    fmt::print("{}: told {} times, {} taken\n", name(static_cast<Strategy>(n)),
               t.sum.counts.seen[n], t.sum.counts.taken[n]);
  }
  fmt::print("{} orders, {} fills, {} alerts, {} events ({} more folded after deaths)\n",
             t.sum.counts.placed, t.sum.counts.fills, t.sum.counts.alerts, t.sum.events,
             t.sum.folded_events);
  if (t.sum.counts.quotes > 0)
    fmt::print("{} of the orders were quotes, which were amended {} times\n", t.sum.counts.quotes,
               t.sum.counts.amends);
  if (t.sum.counts.unwound_on_images > 0)
    fmt::print("{} unwinding orders on polled books\n", t.sum.counts.unwound_on_images);
  if (const auto& f = t.sum.fleet; f.asked > 0) {
    fmt::print(
        "risk role: {} leases granted of {} asked for, {} letters lost, {} lines cut, {} deaths, "
        "{} commands; {} times an engine had none\n",
        f.granted, f.asked, f.letters_lost, f.cuts, f.role_deaths, f.role_commands, f.missed);
    fmt::print(
        "all engines together had at most {} orders opening something within a second, {} "
        "open trades, {} of one asset exposed; what the role held up was opened in for {} ms at "
        "most; what it shows of their holdings is what they told, {} times\n",
        f.most_orders_in_a_second, f.most_open_trades, f.most_exposed.floor_to(2).to_string(),
        f.latest_after_halt.ns / 1'000'000, f.holdings_compared);
  }
  fmt::print("{} runs, {:.1f} h of virtual time in {:.1f} s: {:.0f} times real time\n", seeds,
             t.virtual_seconds / 3600, seconds, t.virtual_seconds / seconds);
  for (const sim::Violation& v : t.violations) fmt::print("VIOLATION {}\n", describe(v));
  fmt::print("{} violations\n", t.violations.size());
}

}  // namespace

int simulate_command(int argc, const char* const* argv) {
  std::string seeds_text = "1";
  double length_hours = 1;
  std::string faults = "all";
  std::string mutant = name(Mutant::None);
  std::string skew = "0";
  unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
  bool json = false;
  bool memory = false;
  bool crash_points = false;
  std::string journal_dir;
  bool maker = false;
  SimulationSetup setup;
  CLI::App app(
      "Runs the core in a simulated world, from a seed, on virtual time, and checks the "
      "invariants.",
      "ats simulate");
  app.add_option("--seed", seeds_text, "a seed, or a range such as 1..50");
  app.add_option("--hours", length_hours, "virtual hours of each seed")
      ->check(CLI::Range(0.01, 24.0 * 365));
  app.add_option("--faults", faults,
                 "all, none, or names with commas (docs/simulation.md lists them; crash, halts, "
                 "strangers and limits too)");
  app.add_option("--mutant", mutant, "plant a deliberate bug, to see it caught (by name)");
  app.add_option("--activity", setup.activity, "times the calibrated rate of market events")
      ->check(CLI::Range(0.01, 1000.0));
  app.add_option("--edges", setup.edges, "times the usual number of dislocations; 0 for none")
      ->check(CLI::Range(0.0, 1000.0));
  app.add_option("--funds", setup.funds,
                 "what each account begins with of every asset, in USDT's worth")
      ->check(CLI::Range(std::int64_t{100}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--inventory-skew", skew,
                 "how far holdings move the smallest edge at most, in basis points")
      ->capture_default_str();
  app.add_option("--venues", setup.venues, "which take part")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--pairs", setup.pairs, "what they list, or how many pairs")
      ->delimiter(',')
      ->capture_default_str();
  app.add_flag("--memory", memory,
               "watch this process's memory and descriptors over the virtual hours (one seed)");
  app.add_flag("--maker", maker,
               "quote every pair on each other venue, hedged on the first of them");
  app.add_option("--engines", setup.engines,
                 "so many engines, which share one set of limits by leases of a risk role")
      ->check(CLI::Range(1u, 16u));
  app.add_option("--jobs", jobs, "seeds run at the same time")->check(CLI::Range(1u, 256u));
  app.add_flag("--crash-points", crash_points,
               "let the process die once at every moment of each seed's run that matters, a run "
               "for each (choose short ones)");
  app.add_option("--journal", journal_dir,
                 "keep the journal of one seed here, for ats replay, pnl, trades and trade");
  app.add_option("--trace", setup.trace,
                 "after a violation, print this many lines of what led to it");
  app.add_flag("--json", json, "the result as one JSON object");
  app.footer(
      "Exit code 3 when an invariant broke; the seed repeats it.\n"
      "Examples:\n  ats simulate --seed 1..50 --hours 24 --faults all\n"
      "  ats simulate --seed 1..3 --hours 0.2 --faults all --crash-points\n"
      "  ats simulate --seed 7 --hours 2 --journal seven && ats trades seven\n"
      "  ats simulate --seed 1..10 --hours 4 --engines 2");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;

  const auto seeds = parse_seeds(seeds_text);
  if (!seeds)
    return usage_error("--seed: '" + seeds_text + "' is not a number or a range like 1..50");
  auto pairs = choose_pairs(setup.pairs);
  if (!pairs) return usage_error(pairs.error());
  setup.pairs = std::move(*pairs);
  if (const auto universe = simulated_universe(setup.venues, setup.pairs); !universe)
    return usage_error(universe.error());
  MemoryWatch watch;
  if (memory) {
    if (seeds->first != seeds->last) return usage_error("--memory watches one seed");
    setup.sample = [&watch](double hour) { watch.sample(hour); };
    setup.sample_every = std::min(
        hours(1), seconds(static_cast<std::int64_t>(length_hours * 3600 / memory_samples)));
  }
  std::optional<io::JournalWriter> journal;
  std::string journal_fault;
  if (!journal_dir.empty()) {
    if (seeds->first != seeds->last || crash_points)
      return usage_error("--journal keeps that of one seed");
    auto opened = io::JournalWriter::open(journal_dir, {}, io::SyncPolicy::None);
    if (!opened) return usage_error("--journal: " + opened.error().detail);
    journal.emplace(std::move(*opened));
    setup.record = [&](const Event& event, Instant now, const Actions& actions) {
      if (!journal_fault.empty()) return;
      auto written = journal->append(event, now);
      for (std::size_t n = 0; written && n < actions.size(); ++n)
        written = journal->append(actions[n]);
      if (!written) journal_fault = io::name(written.error());
    };
  }
  const auto chosen = choose_faults(faults, setup);
  if (!chosen) return usage_error("--faults: " + chosen.error());
  const auto planted = parse_mutant(mutant);
  if (!planted) {
    std::string known;
    for (std::size_t n = 0; n < mutant_count; ++n) {
      known += std::string(n == 0 ? "" : ", ") + name(static_cast<Mutant>(n));
    }
    return usage_error("--mutant: '" + mutant + "' is none of " + known);
  }
  setup.core.mutant = *planted;
  if (setup.engines > 1 && (memory || crash_points || !journal_dir.empty()))
    return usage_error("--engines does not go with --memory, --crash-points and --journal");
  const auto skew_units = parse_scaled(skew, 5);
  if (!skew_units || *skew_units < 0 || *skew_units > Rate::one)
    return usage_error("--inventory-skew: '" + skew + "' is no number of basis points");
  setup.core.inventory_skew = Rate{*skew_units};
  if (maker) quote_everything(setup);
  setup.length = seconds(static_cast<std::int64_t>(length_hours * 3600));

  const bool progress = ::isatty(STDERR_FILENO) == 1;
  const Instant begun = io::OsClock::now();
  std::vector<Job> work = jobs_of(*seeds);
  if (crash_points) {
    if (memory) return usage_error("--memory and --crash-points do not go together");
    SimulationSetup listing = setup;
    listing.list_crash_points = true;
    Batch survey(listing, std::move(work), "seeds surveyed", progress);
    work.clear();
    for (const SimulationReport& report : survey.run(jobs)) {
      for (const CrashPoint& at : report.crash_points) work.push_back({report.seed, at});
    }
  }
  const std::vector<Job> all = work;
  Batch batch(setup, std::move(work), crash_points ? "crash points" : "seeds", progress);
  const std::vector<SimulationReport>& reports = batch.run(jobs);
  CrashMatrix matrix;
  for (std::size_t n = 0; crash_points && n < all.size(); ++n) {
    matrix.add(*all[n].crash_at, reports[n]);
  }
  const double took = static_cast<double>((io::OsClock::now() - begun).ns) * 1e-9;
  if (journal && journal_fault.empty()) {
    if (const auto closed = journal->close(); !closed) journal_fault = io::name(closed.error());
  }
  const Total total = add_up(reports);
  for (const SimulationReport& report : reports) {
    if (report.violations.empty()) continue;
    for (const std::string& line : report.trace) fmt::print("{}\n", line);
  }
  if (json) {
    nlohmann::json out = as_json(total, reports.size(), took);
    if (memory) out["memory"] = watch.json();
    if (crash_points) out["crash_points"] = matrix.json();
    fmt::print("{}\n", out.dump());
  } else {
    print(total, reports.size(), took);
    if (crash_points) matrix.print();
    if (memory) watch.print();
  }
  if (!journal_fault.empty()) {
    fmt::print(stderr, "ats: {}: the journal cannot be written: {}\n", journal_dir, journal_fault);
    return exit_failed;
  }
  return total.violations.empty() ? exit_done : exit_invariant;
}

}  // namespace ats::services
