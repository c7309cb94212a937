// Folds a journal into executions: each event and each action that followed from it, in their order, and
// nothing else. Market data tells it nothing and may be left out (concerns() says what may not).
//
// A fill counts when the engine booked it: the Booked entry names the fill of the event before it. Actions of
// the last event of a run may have died with the process; the engine that starts again folds that event
// anew, and so does this: a fill or an opening balance that stands there without its entry is booked when the
// next run begins.
//
// Invariant: every fill that was booked is in exactly one leg of one execution, or, where no order of ours is
// known for it, in none, and then the check names the difference.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "report/balance_check.hpp"
#include "report/execution.hpp"

namespace ats::report {

class History {
 public:
  // Sums: an execution is dropped once it is resolved; what comes for it later still counts in the sums.
  enum class Keep : std::uint8_t { All, Sums };
  // `each_resolved`: told of every execution as it is resolved, before it may be dropped.
  explicit History(Keep keep = Keep::All, std::function<void(const Execution&)> each_resolved = {})
      : keep_(keep), each_resolved_(std::move(each_resolved)) {}

  // Whether events or actions of this kind (the index in their variant) tell anything.
  static bool concerns_event(std::size_t kind);
  static bool concerns_action(std::size_t kind);

  void on(const Event& event, Instant now);
  void on(const Action& action);
  // An event that does not concern came after the last one that did.
  void passed();

  bool begun() const { return life_ != 0; }
  const Universe& universe() const { return universe_; }  // of the last run
  AssetId reporting() const { return reporting_; }
  Moment latest() const { return now_; }  // of the last event that concerns
  // By id: as they were opened.
  const std::map<std::uint64_t, Execution>& executions() const { return executions_; }
  const Execution* find(ExecutionId id) const;
  const BalanceCheck& check() const { return check_; }
  std::uint64_t fills() const { return fills_; }
  std::uint64_t resolved() const { return resolved_; }
  // Fills booked for orders that nothing says were placed.
  std::uint64_t strangers() const { return strangers_; }

 private:
  struct LegAt {
    std::uint64_t execution;
    std::uint32_t leg;
  };

  // --- events: one overload each ---
  void on(const Started& event);
  void on(const Timer& event);
  void on(const InstrumentChanged& event);
  void on(const OrderAcked& event);
  void on(const OrderRejected& event);
  void on(const OrderFilled& event);
  void on(const ForeignFill& event);
  void on(const OrderEnded& event);
  void on(const OrderFound& event);
  void on(const OrderNotFound& event);
  void on(const OrderUnknown& event);
  void on(const OrderNotSent& event);
  void on(const OrderSent& event);
  void on(const CancelRejected& event);
  void on(const OrderAmended& event);
  void on(const AmendRejected& event);
  void on(const QueryFailed& event);
  void on(const BalanceReported& event);
  void on(const BalancesComplete& event);
  template <class Other>
  void on(const Other&) {}

  // --- actions ---
  void on(const Place& action);
  void on(const Cancel& action);
  void on(const Amend& action);
  void on(const QueryOrder& action);
  void on(const OpportunityFound& action);
  void on(const ExecutionOpened& action);
  void on(const ExecutionResolved& action);
  void on(const Booked& action);

  void take_up_what_was_lost();
  std::optional<Booked> entry_of(const Fill& fill);
  std::optional<Booked> entry_of_foreign(const Fill& fill);
  void book(const Fill& fill);
  Execution& execution(ExecutionId id);
  Execution* of(OrderId order, Leg*& leg);
  void step(StepKind kind, OrderId order, std::uint8_t detail = 0, Decimal quantity = {},
            Decimal price = {});
  void amended(Leg& leg, const OrderTerms& terms);
  void end(OrderId order, StepKind kind, OrderState state, Quantity filled);
  Moment moment(Instant at) const;
  bool known(InstrumentId id) const { return id.index() < universe_.instruments().size(); }
  QuotedSide quoted(const SeenBook& seen) const;

  Keep keep_;
  std::function<void(const Execution&)> each_resolved_;
  Universe universe_;
  AssetId reporting_;
  std::uint32_t life_ = 0;
  WallTime anchor_wall_;  // a wall time and the monotonic time it was told at
  Instant anchor_;
  Moment now_;
  std::map<std::uint64_t, Execution> executions_;
  std::unordered_map<OrderId, LegAt> orders_;
  std::optional<Fill> filled_;                // by the event being handled, and not booked so far
  std::optional<Fill> foreign_;               // likewise, of an order that is not ours
  std::optional<BalanceReported> reported_;   // likewise
  std::unordered_set<std::uint32_t> opened_;  // accounts that were told once: venue and asset
  std::set<std::pair<InstrumentId::rep, std::string>> foreign_booked_;
  BalanceCheck check_;
  std::uint64_t fills_ = 0, resolved_ = 0, strangers_ = 0;
};

}  // namespace ats::report
