#include "services/sweep_run.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/backtest.hpp"
#include "services/backtest_text.hpp"

namespace ats::services {
namespace {

// Of equity, from one step to the next.
report::ReturnMoments returns_of(const BacktestReport& report, Duration sample_every,
                                 Duration returns_every) {
  std::vector<double> returns;
  if (!report.capital) return {};
  const auto step =
      static_cast<std::size_t>(std::max<std::int64_t>(returns_every.ns / sample_every.ns, 1));
  const auto equity = [&](std::size_t n) {
    return (*report.capital + report.samples[n].profit).to_double();  // statistics
  };
  for (std::size_t n = step; n < report.samples.size(); n += step) {
    const double before = equity(n - step);
    if (before > 0) returns.push_back(equity(n) / before - 1);
  }
  return report::moments(returns);
}

}  // namespace

Result<SweepRun, std::string> run_trial(const SweepSpec& spec, const SweepGround& ground,
                                        const SweepSegment& segment, std::size_t run,
                                        std::size_t trial) {
  SweepRun out;
  out.run = run;
  out.values = trial_values(spec, trial);
  const auto broken = [&out](std::string why) {
    out.error = std::move(why);
    return std::move(out);
  };
  const auto config = parse_config(ground.configuration, "the configuration", out.values);
  if (!config) return broken(config.error());
  const auto merged = merged_options(ground.options, *config);
  if (!merged) return fail(merged.error());
  auto feed = MergedFeed::open(*merged, nullptr);
  if (!feed) return fail(feed.error());
  BacktestSetup setup;
  setup.core = config->core;
  setup.paper = config->paper;
  setup.from_ns = segment.from.ns_utc;
  setup.to_ns = segment.to.ns_utc;
  Backtest backtest(**feed, setup);
  const auto report = backtest.run();
  if (!report) return broken(report.error());
  const auto sources = (*feed)->sources();
  if (const std::string faults = faults_text(sources, report->status);
      !faults.empty() && !ground.options.accept_faults) {
    return fail("the recordings have faults that may change the result:" + faults +
                "\nSay --accept-faults to take the results nevertheless");
  }
  if (!report->violations.empty()) return broken("violation: " + report->violations.front());
  out.summary = backtest_summary(
      backtest_json(setup, *report, backtest.history(), (*feed)->universe(), sources));
  out.returns = returns_of(*report, setup.sample_every, spec.returns_every);
  return out;
}

}  // namespace ats::services
