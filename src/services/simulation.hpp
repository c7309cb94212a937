// One seed's simulation, wired: world, engine, auditor, and a journal in memory that the engine is folded
// from after each death of its process. No clock, no files: a pure function of setup and seed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/config.hpp"
#include "domain/status.hpp"
#include "report/attribution.hpp"
#include "services/sim_setup.hpp"
#include "sim/auditor.hpp"
#include "sim/world.hpp"

namespace ats::services {

// A moment at which the engine's process dies, in a run that is otherwise the same.
struct CrashPoint {
  std::uint64_t event = 0;  // of those handed to the engine, from 1
  // 0: the event's record is not written; 1: it is, and nothing is done; n + 1: its n-th effect has left.
  std::uint32_t stage = 0;
};

struct SimulationSetup {
  std::vector<std::string> venues = {"binance", "kraken"};
  std::vector<std::string> pairs = simulated_pairs();
  Duration length = hours(1);
  std::vector<sim::FaultRow> faults;
  bool crashes = false;
  bool halts = false;
  bool strangers = false;
  bool limits = false;                         // a person sets one now and then
  double activity = 1;                         // of the market
  double edges = 1;                            // how often a venue is dislocated
  std::int64_t funds = simulated_funds_worth;  // of every asset, of each account at the start; USDT
  // Called every `sample_every` with the virtual hours gone by, the first time after one of them; one seed
  // at a time.
  std::function<void(double)> sample;
  Duration sample_every = hours(1);
  // Told every event that reached an engine, and what it answered: what a journal of the run holds.
  std::function<void(const Event&, Instant, const Actions&)> record;
  std::size_t trace = 0;  // lines kept of what led to the end
  std::optional<CrashPoint> crash_at;
  bool list_crash_points = false;
  // More than one: they share the limits of `core` by leases of a risk role (fleet.hpp), whose letters and process
  // suffer faults when there are any.
  std::size_t engines = 1;
  CoreConfig core;
};

// "all", "none", or names with commas: the kinds of sim/faults.hpp, "crash", "halts", "strangers", and "limits",
// which "all" does not mean.
// The error names what is not known.
Status<std::string> choose_faults(std::string_view text, SimulationSetup& setup);

// Every pair is quoted on each other venue that lists it and hedged on the first of the venues, as far as the
// list of them goes.
void quote_everything(SimulationSetup& setup);

struct SimulationReport {
  std::uint64_t seed = 0;
  Duration virtual_time{};
  std::uint64_t events = 0;
  std::uint64_t folded_events = 0;  // taken from the journal after deaths
  std::uint64_t crashes = 0, commands = 0, strangers = 0;
  bool stopped = false;  // the engine said so before the end
  std::vector<sim::World::FaultCount> faults;
  std::vector<sim::Violation> violations;
  sim::Auditor::Counts counts;
  // What the executions resolved in each way came to, by ExecutionOutcome; in the reporting asset.
  std::array<report::Terms, execution_outcome_count> accounts{};
  CoreStatus status;  // at the end
  // Of several engines; all else is of all of them together, but status, which is the first one's.
  struct Fleet {
    std::uint64_t asked = 0, granted = 0;      // leases
    std::uint64_t letters_lost = 0, cuts = 0;  // between engines and role
    std::uint64_t role_deaths = 0, role_commands = 0;
    std::uint64_t missed = 0;  // an engine's lease was over before the next came
    std::uint64_t most_orders_in_a_second = 0, most_open_trades = 0;
    Decimal most_exposed;
    // From when the role held something up to the last order that opened something there.
    Duration latest_after_halt;
    std::uint64_t holdings_compared = 0;  // what the role showed of an engine, with what it told
  } fleet;
  std::vector<CrashPoint> crash_points;  // of this run, when they were to be listed
  std::vector<std::string> trace;        // the last answers, commands and actions, oldest first

  // What can be counted together; its own time, seed, status and trace stay.
  SimulationReport& operator+=(const SimulationReport& other);
};

// Ends at the first violation, or when the engine has stopped in order after `length`.
SimulationReport run_simulation(const SimulationSetup& setup, std::uint64_t seed);

}  // namespace ats::services
