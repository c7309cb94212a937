#include "services/simulation.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "services/fleet.hpp"
#include "services/sim_setup.hpp"
#include "services/simulated_engine.hpp"

namespace ats::services {
namespace {

constexpr Duration stop_within = seconds(1800);

class Run {
 public:
  Run(const SimulationSetup& setup, std::uint64_t seed)
      : engine_(setup, seed), length_(setup.length) {}

  SimulationReport go() {
    run_until(engine_.now() + length_);
    if (engine_.sound()) wind_down();
    return engine_.report();
  }

 private:
  void run_until(Instant end) {
    while (engine_.now() < end && engine_.sound()) engine_.step();
  }

  // Until this life of the engine says that it has stopped.
  std::uint32_t stop() {
    engine_.ask_to_stop();
    const Instant latest = engine_.now() + stop_within;
    std::uint32_t asked = engine_.life();
    while (!engine_.stopped() && engine_.now() < latest && engine_.sound()) {
      run_until(engine_.now() + seconds(1));
      // A process that died with the question is asked again.
      if (engine_.up() && engine_.life() != asked) {
        asked = engine_.life();
        engine_.ask_to_stop();
      }
    }
    if (!engine_.stopped() && engine_.sound()) {
      engine_.violate(sim::Invariant::ExposureResolved,
                      "the engine was asked to stop and does not");
    }
    run_until(engine_.now() + sim::Auditor::settle * 3);
    return asked;
  }

  // No more faults: what is open must come to its end, and everything must add up.
  void wind_down() {
    engine_.calm_down();
    run_until(engine_.now() + sim::Auditor::settle * 3);
    // One that died after it had stopped began anew, and trades and quotes like any other.
    if (stop() != engine_.life() && engine_.sound()) stop();
    if (engine_.sound()) engine_.check_end();
  }

  SimulatedEngine engine_;
  Duration length_;
};

}  // namespace

SimulationReport& SimulationReport::operator+=(const SimulationReport& other) {
  events += other.events;
  folded_events += other.folded_events;
  crashes += other.crashes;
  commands += other.commands;
  strangers += other.strangers;
  stopped = stopped && other.stopped;
  if (faults.empty()) faults.resize(other.faults.size());
  for (std::size_t n = 0; n < other.faults.size(); ++n) {
    faults[n].kind = other.faults[n].kind;
    faults[n].injected += other.faults[n].injected;
    faults[n].shown += other.faults[n].shown;
  }
  violations.insert(violations.end(), other.violations.begin(), other.violations.end());
  counts += other.counts;
  for (std::size_t n = 0; n < accounts.size(); ++n) accounts[n] += other.accounts[n];
  fleet.asked += other.fleet.asked;
  fleet.granted += other.fleet.granted;
  fleet.letters_lost += other.fleet.letters_lost;
  fleet.cuts += other.fleet.cuts;
  fleet.role_deaths += other.fleet.role_deaths;
  fleet.role_commands += other.fleet.role_commands;
  fleet.missed += other.fleet.missed;
  fleet.holdings_compared += other.fleet.holdings_compared;
  fleet.most_orders_in_a_second =
      std::max(fleet.most_orders_in_a_second, other.fleet.most_orders_in_a_second);
  fleet.most_open_trades = std::max(fleet.most_open_trades, other.fleet.most_open_trades);
  fleet.most_exposed = std::max(fleet.most_exposed, other.fleet.most_exposed);
  fleet.latest_after_halt = std::max(fleet.latest_after_halt, other.fleet.latest_after_halt);
  return *this;
}

void quote_everything(SimulationSetup& setup) {
  setup.core.maker = StrategyMode::Trade;
  setup.core.maker_pairs = {};
  const auto universe = simulated_universe(setup.venues, setup.pairs);
  ATS_ASSERT(universe.ok());
  const VenueId first = universe->find_venue(setup.venues.front());
  for (const Instrument& on : universe->instruments()) {
    if (on.venue == first || !universe->find_instrument(first, on.pair).valid()) continue;
    const auto asset = [&](AssetId id) { return universe->asset(id).name; };
    setup.core.maker_pairs.add({asset(on.base), asset(on.quote), universe->venue(on.venue).name,
                                universe->venue(first).name});
  }
}

Status<std::string> choose_faults(std::string_view text, SimulationSetup& setup) {
  setup.faults.clear();
  setup.crashes = setup.halts = setup.strangers = setup.limits = false;
  if (text == "none") return Done{};
  const std::vector<sim::FaultRow> all = sim::all_faults();
  if (text == "all") {
    setup.faults = all;
    setup.crashes = setup.halts = setup.strangers = true;
    return Done{};
  }
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view name = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (name == "crash") {
      setup.crashes = true;
    } else if (name == "halts") {
      setup.halts = true;
    } else if (name == "strangers") {
      setup.strangers = true;
    } else if (name == "limits") {
      setup.limits = true;
    } else if (const auto kind = sim::parse_fault_kind(name)) {
      for (const sim::FaultRow& row : all) {
        if (row.kind == *kind) setup.faults.push_back(row);
      }
    } else {
      return fail("no fault is called '" + std::string(name) + "'");
    }
  }
  return Done{};
}

SimulationReport run_simulation(const SimulationSetup& setup, std::uint64_t seed) {
  return setup.engines > 1 ? run_fleet(setup, seed) : Run(setup, seed).go();
}

}  // namespace ats::services
