// What is behind the engine's door: the parts, wired, and an overload for each kind of event. Only the engine's own
// sources see it: engine.cpp (events and parts), engine_risk.cpp (limits, holds, what persons command),
// engine_foreign.cpp (what others do on our accounts).
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/books/book_set.hpp"
#include "core/detector/cycles.hpp"
#include "core/detector/detector.hpp"
#include "core/detector/seen.hpp"
#include "core/engine.hpp"
#include "core/executor/executor.hpp"
#include "core/inventory/plan.hpp"
#include "core/inventory/skew.hpp"
#include "core/ledger/balance_watch.hpp"
#include "core/ledger/foreign_orders.hpp"
#include "core/ledger/ledger.hpp"
#include "core/ledger/marks.hpp"
#include "core/maker/maker.hpp"
#include "core/risk/at_risk.hpp"
#include "core/risk/measures/risk_measures.hpp"
#include "core/risk/risk_gate.hpp"
#include "core/risk/second_person.hpp"

namespace ats::core {

struct Engine::Parts {
  // --- what this life was started with ---
  Universe universe;
  CoreConfig config;
  std::uint32_t incarnation = 0;
  bool started = false;

  // --- parts that keep their state over restarts ---
  Situation situation;
  Ledger ledger;
  BalanceWatch balances;
  ForeignOrders foreign;
  RiskGate gate;
  Marks marks;
  InventorySkew skew;
  RiskMeasures measures;
  // --- parts that start over ---
  std::unique_ptr<BookSet> books;
  TradeAverages averages;
  std::unique_ptr<Detector> detector;
  std::unique_ptr<CycleDetector> cycles;
  std::unique_ptr<Maker> maker;
  Executor executor{
      {universe, config, situation, books, averages, marks, ledger, balances, gate, skew, foreign}};

  Instant now;
  Departures* departures = nullptr;  // of this event; null: nobody waits
  WallTime wall;
  bool stop_told = false;
  SecondPerson second_person;
  AtRisk at_risk;
  std::vector<LimitNews> news;
  std::vector<Scope> scopes;
  std::vector<Hold> closed;
  std::vector<ForeignOrders::Known> ended;
  std::vector<LeaseUse> uses;
  std::vector<LeasePosition> positions;
  Instant tell_positions_at;
  bool lease_missed = false;           // and someone was told
  std::uint64_t earlier_episodes = 0;  // of detectors of earlier lives
  std::vector<std::optional<Decimal>> mids;
  std::vector<bool> was_valid;     // books, by instrument
  std::vector<Marks::Told> rates;  // that count now
  CoreStatus counts;               // only its counters are kept
  std::size_t measured_to = 0;     // of the actions of this event, what profit and loss knows

  // --- events: one overload each ---
  void on(const Started& event, Actions& out);
  void on(const Timer& event, Actions& out);
  void on(const ConnectionUp& event, Actions& out);
  void on(const ConnectionDown& event, Actions& out);
  void on(const Heartbeat& event, Actions& out) { alive(event.venue, event.times, out); }
  void on(const BookSnapshot& event, Actions& out);
  void on(const BookDelta& event, Actions& out);
  void on(const BookFault& event, Actions& out);
  void on(const BookImage& event, Actions& out);
  void on(const Trade& event, Actions& out) {
    averages.on(event, now);
    alive(event.instrument, event.times, out);
  }
  void on(const Quote& event, Actions& out) { alive(event.instrument, event.times, out); }
  void on(const InstrumentChanged& event, Actions& out);
  void on(const BalanceReported& event, Actions& out);
  void on(const BalancesComplete& event, Actions& out);
  void on(const ForeignOrder& event, Actions& out);
  void on(const ForeignFill& event, Actions& out);
  void on(const CommandReceived& event, Actions& out);
  void on(const LeaseGranted& event, Actions& out);
  void on(const LeaseAsked&, Actions&) {}  // the risk role's
  void on(const RiskMeasured& event, Actions& out);
  void on(const OpenOrdersComplete& event, Actions& out);  // each of ours is asked for by name
  void on(const OrderSent& event, Actions&) { executor.on(event); }
  // All answers about orders.
  template <class OrderEvent>
  void on(const OrderEvent& event, Actions& out) {
    executor.on(event, now, out);
  }

  void on(const HaltCommand& command, Actions& out);
  void on(const ResumeCommand& command, Actions& out);
  void on(const StopCommand& command, Actions& out);
  void on(const SetLimitCommand& command, Actions& out);
  void on(const AcknowledgeCommand&, Actions&) {}  // for those who keep the alerts
  void on(const WriteOffCommand&, Actions&) {}     // the risk role's

  bool known(VenueId id) const { return id.index() < universe.venues().size(); }
  bool known(AssetId id) const { return id.index() < universe.assets().size(); }
  bool known(PairId id) const { return id.index() < universe.pairs().size(); }
  bool known(InstrumentId id) const { return id.index() < universe.instruments().size(); }

  void alive(VenueId venue, const Times& times, Actions& out);
  void alive(InstrumentId id, const Times& times, Actions& out) {
    if (known(id)) alive(universe.instrument(id).venue, times, out);
  }
  void detect(Actions& out);
  void consider(std::span<const Candidate> candidates, Actions& out);
  void consider(std::span<const CycleCandidate> candidates, Actions& out);
  // Its orders leave, and what was seen is written down.
  template <class Taken>
  void tell_opened(const Taken& candidate, ExecutionId execution, Actions& out) {
    if (departures != nullptr) departures->leave();
    out.push_back(opened(candidate, execution, universe, *books, now));
  }
  void answer(const Candidate& candidate, RefuseReason refused, const LimitBreach& breach,
              ExecutionId taken, Actions& out);
  void ask_balances(VenueId venue, Actions& out);
  void open_account(VenueId venue, AssetId asset, Decimal total, Actions& out);
  void accept_differences(VenueId venue, const ResumeCommand& command, Actions& out);
  void follow_holdings();
  void refresh_marks();
  void measure_profit(const Actions& out);
  Decimal profit(bool& complete) const;
  void check_reconciled(Actions& out);
  void check_stopped(Actions& out);
  void watch_limits(Actions& out);
  void watch_holds(Actions& out);
  void watch_lease(Actions& out);
  void tell_positions(AskLease& ask, Actions& out);
  void watch_at_risk(Actions& out);
  void reached(std::size_t limit, Actions& out);
  void released(std::size_t limit, Actions& out);
  bool may_resume(const Scope& scope, const ResumeCommand& command, Actions& out);
  void tally(const Actions& out, std::size_t from);
  // `subject`: what it is about besides the scope. `over`: an all-clear.
  void alert(Severity severity, AlertCode code, const Scope& scope, std::string_view message,
             Actions& out, std::string_view subject = {}, bool over = false) {
    out.push_back(
        Alert{severity, code, scope, Text<127>::cut(message), Text<63>::cut(subject), over});
  }
  void tell(VenueId venue, const ForeignOrders::News& told, Actions& out);
  std::string describe(const Scope& scope) const { return core::describe(scope, universe); }
  std::string describe(const ForeignOrders::Known& order) const;
  void status(CoreStatus& out) const;
};

}  // namespace ats::core
