// One leg filled and the other did not, or not as much: what is open is traded away at the least cost,
// held when it is too little to matter, or handed to a person when it cannot be.

#include <algorithm>
#include <string>

#include "core/executor/executor.hpp"

namespace ats::core {

// All orders of the execution are done and it holds a difference.
void Executor::unwind(ExecutionId id, Instant now, Actions& out) {
  Execution& execution = *find_execution(id);
  if (now < execution.try_from) return;

  BaseState& base = bases_[execution.base.index()];
  if (base.handed_over && any_pair_halted(execution.base) && !flattens(execution.base)) {
    hand_over(execution, now, out);
    return;
  }
  base.handed_over = false;
  // What is held of the asset from before goes the same way, or makes this difference smaller.
  execution.carried += base.inventory;
  base.inventory = Decimal();
  const Decimal net = execution.net();
  if (net.abs() < lot_of(execution.base)) {
    const bool traded = execution.unwound || !execution.carried.is_zero();
    finish(id, traded ? ExecutionOutcome::Unwound : ExecutionOutcome::Missed, now, out);
    return;
  }
  if (tolerable(execution.base, net) && !flattens(execution.base)) {
    finish(id, ExecutionOutcome::Residual, now, out);
    return;
  }
  bool too_small_everywhere = false;
  const auto way = cheapest_way(execution, net, now, too_small_everywhere);
  if (!way) {
    if (too_small_everywhere) {
      finish(id, ExecutionOutcome::Residual, now, out);
    } else {
      wait(execution, now, out);
    }
    return;
  }
  if (execution.attempts >= desk_.config.max_unwind_attempts) {
    hand_over(execution, now, out);
    return;
  }

  OrderRequest request = order_of(*way, id);
  OrderFacts given = facts(request, execution.strategy, now);
  given.open_net = net;
  const auto approved = desk_.gate.approve(request, given);
  if (!approved) {
    wait(execution, now, out);
    return;
  }
  ++execution.attempts;
  execution.tried = net.abs();
  execution.unwound = true;
  execution.waiting = false;
  execution.avoid = {};
  place(*approved, execution, now, out);
  if (planted(Mutant::UnwindTwice)) {
    request.id = next_order_id();
    place(*desk_.gate.approve(request, given), execution, now, out);
  }
  compute_reserved();
}

OrderRequest Executor::order_of(const WayOut& way, ExecutionId id) const {
  OrderRequest request;
  request.id = next_order_id();
  request.execution = id;
  request.instrument = way.instrument;
  request.side = way.side;
  request.price = way.limit;
  request.quantity = way.quantity;
  request.unwind = true;
  return request;
}

// No way out at the moment. Looked for at every timer; each wait that passes, twice as long as the one
// before, counts as an attempt, so that the wait has an end.
void Executor::wait(Execution& execution, Instant now, Actions& out) {
  if (execution.waiting && now < execution.wait_until) return;
  if (execution.waiting) {
    if (execution.attempts >= desk_.config.max_unwind_attempts) {
      hand_over(execution, now, out);
      return;
    }
    ++execution.attempts;
  }
  execution.waiting = true;
  const std::uint32_t doublings = std::min(execution.attempts, 6u);
  execution.wait_until = now + desk_.config.query_interval * (std::int64_t{1} << doublings);
}

// Every pair of the asset is halted: what another of them would leave open could not be traded away either.
void Executor::hand_over(Execution& execution, Instant now, Actions& out) {
  bases_[execution.base.index()].handed_over = true;
  const std::string what = "could not trade away " + execution.net().to_string() + " " +
                           std::string(desk_.universe.asset(execution.base).name.view()) +
                           "; its pairs are halted, resume them to try again";
  for (std::size_t p = 0; p < desk_.universe.pairs().size(); ++p) {
    const PairId pair{static_cast<PairId::rep>(p)};
    if (desk_.universe.pair(pair).base != execution.base) continue;
    if (planted(Mutant::GiveUpSilently)) continue;
    desk_.gate.halt({{}, pair}, now);
    alert(Severity::Emergency, AlertCode::UnwindFailed, {{}, pair}, what, out);
  }
  finish(execution.id, ExecutionOutcome::HandedOver, now, out);
}

// The best way among all instruments of the base that can be traded now, prices in other currencies taken
// at their marks: the one that finishes the short leg and the one that reverses the long leg are two.
std::optional<WayOut> Executor::cheapest_way(const Execution& execution, Decimal net, Instant now,
                                             bool& too_small_everywhere) const {
  const Side side = net.negative() ? Side::Buy : Side::Sell;
  const AssetId quote = desk_.universe.pair(execution.pair).quote;
  std::optional<WayOut> best;
  int best_rank = 0;
  too_small_everywhere = true;
  for (const Instrument& on : desk_.universe.instruments()) {
    if (on.base != execution.base) continue;
    const BookView view = desk_.books->view(on.id);
    const VenueLink& link = desk_.situation.links[on.venue.index()];
    const bool proven = usable(on.id, now) && link.up();
    const bool polled = !proven && view.polled(now) && link.trading;
    const bool open = on.status == InstrumentStatus::Trading && (proven || polled) &&
                      !desk_.gate.holds().halted({on.venue, {}});
    if (!open) {
      if (!too_small(on, net.abs(), {})) too_small_everywhere = false;
      continue;
    }
    const AssetId paid_with = side == Side::Buy ? on.quote : on.base;
    // A hedge brings in what was filled, whatever the venue keeps of it.
    Decimal wanted = net.abs();
    if (execution.quoted_by && side == Side::Buy && on.fees.charged_in == FeeAsset::Received) {
      wanted = wanted.divide_floor(Decimal::from_int(1) - on.fees.taker.decimal()).value_or(wanted);
    }
    auto way = way_out(on, side, wanted, Levels(view.levels(opposite(side))),
                       unheld(on.venue, paid_with), desk_.config.max_slippage);
    if (!way) {
      if (way.error() != NoWay::TooSmall) too_small_everywhere = false;
      continue;
    }
    too_small_everywhere = false;
    // Risk would refuse it there.
    const auto reference = reference_of(on, now);
    const bool banned =
        on.band.any() && !(reference && on.band.allows(side, way->limit, *reference));
    if (banned || crosses_own(on.id, side, way->limit)) continue;
    const auto unit = convert(on.quote, quote, way->unit);
    if (!unit) continue;  // nobody knows what it would cost
    way->unit = *unit;
    // Where the last attempt was refused is the last resort, a book that nothing proves the one before.
    const int rank = (on.id == execution.avoid ? 2 : 0) + (polled ? 1 : 0);
    if (!best || rank < best_rank || (rank == best_rank && better(*way, *best, desk_.universe))) {
      best = *way;
      best_rank = rank;
    }
  }
  return best;
}

// Little enough to keep. What has no mark is not known to be little.
bool Executor::tolerable(AssetId base, Decimal amount) const {
  if (planted(Mutant::KeepAnyResidual)) return true;
  const auto worth = desk_.marks.worth(base, amount.abs());
  return worth && *worth <= desk_.config.residual_tolerance;
}

// Someone wants to be rid of what is held of it.
bool Executor::flattens(AssetId base) const {
  for (std::size_t p = 0; p < desk_.universe.pairs().size(); ++p) {
    const PairId pair{static_cast<PairId::rep>(p)};
    if (desk_.universe.pair(pair).base == base && desk_.gate.holds().flattens(pair)) return true;
  }
  return false;
}

bool Executor::any_pair_halted(AssetId base) const {
  const auto holds = desk_.gate.holds().all();
  return std::any_of(holds.begin(), holds.end(), [&](const Hold& hold) {
    const PairId pair = hold.scope.pair;
    return hold.state == RiskState::Halted && pair.valid() &&
           desk_.universe.pair(pair).base == base;
  });
}

void Executor::on_resumed(PairId pair, Instant now, Actions& out) {
  take_up_inventory(desk_.universe.pair(pair).base, true, now, out);
}

// Inventory that is worth more than may be held (handed over and resumed, or risen in price) is traded
// away in an execution of its own.
void Executor::take_up_inventory(AssetId base, bool wait_for_way, Instant now, Actions& out) {
  const Decimal inventory = bases_[base.index()].inventory;
  if (inventory.abs() < lot_of(base)) return;
  const bool flatten = flattens(base);
  if (!flatten && (tolerable(base, inventory) || any_pair_halted(base))) return;
  if (desk_.situation.stopping || desk_.gate.holds().standing().closed) return;
  for (const Execution& open : executions_) {
    if (open.base == base && !only_quotes(open)) return;
  }
  Execution execution;
  execution.base = base;
  for (const Instrument& on : desk_.universe.instruments()) {
    if (on.base != base) continue;
    execution.pair = on.pair;
    execution.buy = execution.sell = on.id;
  }
  bool too_small_everywhere = false;
  const auto way = cheapest_way(execution, inventory, now, too_small_everywhere);
  if (too_small_everywhere || (!way && !wait_for_way)) return;

  ++execution_counter_;
  execution.id = {make_order_id(incarnation_, execution_counter_).value};
  execution.opened = execution.try_from = now;
  execution.unwinding = true;
  executions_.push_back(std::move(execution));
  unwind(executions_.back().id, now, out);
}

}  // namespace ats::core
