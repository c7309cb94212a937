// One engine in a seeded world of its own, wired: world, engine, auditor, and a journal in memory that the engine is
// folded from after each death of its process. Stepped by its owner, alone (simulation.hpp) or beside others
// (fleet.hpp). No clock, no files.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "core/engine.hpp"
#include "domain/action.hpp"
#include "report/history.hpp"
#include "services/accounts.hpp"
#include "services/sim_journal.hpp"
#include "services/simulation.hpp"
#include "sim/auditor.hpp"
#include "sim/world.hpp"

namespace ats::services {

class SimulatedEngine final : public EventSink {
 public:
  // `setup` outlives it.
  SimulatedEngine(const SimulationSetup& setup, std::uint64_t seed);

  Instant now() const { return world_.now(); }
  Instant next() const { return world_.next(); }
  // Lets the next thing in its world happen.
  void step();
  // Something from outside its world, no later than next(). False: there is no engine to hear it.
  bool hand(const Event& event, Instant at);

  bool sound() const { return auditor_.violations().empty(); }
  bool up() const { return engine_ && world_.engine_up(); }
  // Which life of the engine it is; whether it has answered that it stopped.
  std::uint32_t life() const { return world_.incarnation(); }
  bool stopped() const { return report_.stopped; }
  void ask_to_stop();
  void calm_down() { world_.calm_down(); }
  void violate(sim::Invariant invariant, std::string detail) {
    auditor_.violate(invariant, world_.now(), std::move(detail));
  }
  // When all has settled: what must add up at the end, and what there is to tell.
  void check_end();
  SimulationReport report();

  const Universe& universe() const { return world_.universe(); }
  void on(const Event& event) override;

 private:
  bool dies_at(std::uint32_t stage);
  void list_crash_points(const Event& event);
  bool skipped(const Event& event);
  void check();
  void fold();
  void trace(const Event& event, Instant now);
  void keep(std::string line);

  sim::World world_;
  sim::Auditor auditor_;
  Instant begun_;
  bool journalling_;
  std::optional<CrashPoint> crash_at_;
  bool list_crash_points_;
  std::uint64_t handed_ = 0;
  SimJournal journal_;
  std::unique_ptr<core::Engine> engine_;
  Actions actions_;
  report::History history_{report::History::Keep::Sums, [this](const report::Execution& x) {
                             report_.accounts[static_cast<std::size_t>(x.outcome)] +=
                                 report::attribute(x).terms;
                           }};
  std::vector<Instant> calm_;
  Instant next_check_{};
  std::size_t trace_max_;
  const std::function<void(const Event&, Instant, const Actions&)>& record_;
  const std::function<void(double)>& sample_;
  Duration sample_every_;
  std::int64_t samples_ = 0;
  Mutant mutant_;
  std::uint64_t fills_ = 0;
  std::deque<std::string> trace_;
  SimulationReport report_;
};

}  // namespace ats::services
