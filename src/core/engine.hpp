// The decision, pure: events in, actions out. Books, detector, risk, executor and ledger behind one
// door. The same engine runs live, on paper, in backtest, simulation and replay; only services knows
// which. Same events and times, same actions, byte for byte.
#pragma once

#include <memory>
#include <span>

#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/status.hpp"

namespace ats::core {

struct PlanRules;
struct InventoryReport;
struct RiskReport;
class RiskMeasures;

// Told in the middle of a decision that the orders in the list are to leave at once. They may: nothing that is
// put behind them, and nothing in the engine, depends on what becomes of them before the next event.
class Departures {
 public:
  virtual void leave() = 0;

 protected:
  ~Departures() = default;
};

class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Handles one event; appends to `out` what is to be done, effects in the order they must happen. The
  // first event of a life is Started. Allocates nothing for market events once warm.
  // `departures`: whoever sends the orders of an opportunity while the engine still writes down what was seen.
  void on(const Event& event, Instant now, Actions& out, Departures* departures = nullptr);

  // A copy of what the engine knows, for people and auditors.
  void status(CoreStatus& out) const;
  // Of a Valid book, best first, as many as there is room for; of another none. For people.
  std::size_t levels(InstrumentId instrument, Side side, std::span<Level> out) const;
  // Holdings beside their targets, and what could be done about it; for people. Sends nothing.
  InventoryReport inventory(const PlanRules& rules) const;
  // Positions, exposures, profit and loss by the last reading (a second old at most); for people.
  RiskReport risk() const;
  // The same, kept: marks and their past, for measures that are taken on request.
  const RiskMeasures& measures() const;
  // What it asks for by MeasureRisk: whoever runs it hands this back as an event. Binary floating point inside.
  RiskMeasured measure(const MeasureRisk& asked) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::core
