// How fast a simulated world passes: two venues, two hours with every fault, crashes and halts, the auditor
// looking on after every step. One seed on one core, as one worker of `ats simulate` has it.
#include "harness.hpp"
#include "services/simulation.hpp"

namespace ats::bench {

namespace {

Outcome two_hours(const services::SimulationSetup& setup) {
  const std::int64_t from = now_ns();
  const services::SimulationReport report = services::run_simulation(setup, 1);
  const auto spent = static_cast<double>(now_ns() - from);
  if (!report.violations.empty()) die("simulation: " + report.violations.front().detail);
  std::uint64_t digest = mix(report.events, report.counts.placed);
  digest = mix(digest, report.counts.fills);
  return {{static_cast<double>(report.virtual_time.ns) / spent}, digest};
}

void run(Session& session) {
  constexpr const char* name = "two hours with all faults";
  if (!session.wanted(name)) return;
  services::SimulationSetup setup;
  setup.length = hours(2);
  if (!services::choose_faults("all", setup)) die("simulation: all faults are not known");
  session.compare({.name = name,
                   .ours = [&] { return two_hours(setup); },
                   .metrics = {{.unit = "times", .goal = value_at_least(500)}}});
}

const Register registered{"simulation", run};

}  // namespace

}  // namespace ats::bench
