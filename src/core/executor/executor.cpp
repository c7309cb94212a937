// The life of an execution, from both legs to its end:
//
//   open     both legs are approved, or neither leaves; they leave together
//   place    each under an id that is given once
//   (orders.cpp: acked, filled, rejected, ended, Unknown and asked about, until each order is done)
//   settle   all orders are done: nothing traded, level, or a difference is open
//              a quote's: hedged (quotes.cpp); any other: traded away (unwind.cpp), and settled again
//   finish   resolved with exact numbers; what is left open is inventory, and its orders are to be forgotten
//   on_timer whatever waits is looked at again
//
// A fill that comes for an order believed done opens its execution again (execution_of).

#include "core/executor/executor.hpp"

#include <algorithm>

#include "core/detector/leg_size.hpp"

namespace ats::core {

// --- opened ---

OrderId Executor::next_order_id() const { return make_order_id(incarnation_, order_counter_ + 1); }

RefuseReason Executor::open(const Candidate& candidate, Instant now, Actions& out,
                            ExecutionId& execution) {
  const WalkResult& walked = candidate.walked;
  return open(TwoLegs{candidate.buy, candidate.sell, walked.buy_quantity, walked.sell_quantity,
                      walked.buy_limit, walked.sell_limit, walked.net, Strategy::CrossVenue},
              now, out, execution);
}

RefuseReason Executor::open(const CycleCandidate& candidate, Instant now, Actions& out,
                            ExecutionId& execution) {
  const Hop& buy = candidate.hops[0];
  const Hop& sell = candidate.hops[1];
  const bool two_legs = candidate.cycle.conversion_open && buy.side == Side::Buy &&
                        sell.side == Side::Sell && buy.gets == sell.gives;
  if (!two_legs) return RefuseReason::ObserveOnly;
  const auto& walked = candidate.walked.legs;
  return open(
      TwoLegs{buy.instrument, sell.instrument, walked[0].quantity, walked[1].quantity,
              walked[0].limit, walked[1].limit, candidate.walked.net, Strategy::CrossCurrency},
      now, out, execution);
}

RefuseReason Executor::open(const TwoLegs& legs, Instant now, Actions& out,
                            ExecutionId& execution) {
  OrderRequest buy;
  buy.id = next_order_id();
  buy.execution = {make_order_id(incarnation_, execution_counter_ + 1).value};
  buy.instrument = legs.buy;
  buy.side = Side::Buy;
  buy.price = legs.buy_limit;
  buy.quantity = legs.bought;
  OrderRequest sell = buy;
  sell.id = {buy.id.value + 1};
  sell.instrument = legs.sell;
  sell.side = Side::Sell;
  sell.price = legs.sell_limit;
  sell.quantity = std::min(legs.sold, brought_in(buy, instrument(sell.instrument)));

  const Instrument& bought_on = instrument(buy.instrument);
  const Instrument& sold_on = instrument(sell.instrument);
  const Decimal base = bought_on.quantity_decimal(buy.quantity);
  OrderFacts buy_facts = facts(buy, legs.strategy, now);
  OrderFacts sell_facts = facts(sell, legs.strategy, now);
  buy_facts.new_legs = sell_facts.new_legs = 2;
  buy_facts.exposure_after = exposure_with(bought_on.pair, base);
  sell_facts.exposure_after = exposure_with(sold_on.pair, base);
  buy_facts.currency_after = sell_facts.currency_after = Decimal();
  if (bought_on.quote != sold_on.quote) {
    judge_conversion(buy, buy_facts);
    judge_conversion(sell, sell_facts);
  }
  const LegSize size =
      leg_size(bought_on.notional(buy.price, buy.quantity), notional_limit(bought_on.quote));
  buy_facts.edge = sell_facts.edge = legs.net;
  buy_facts.leg_cost = sell_facts.leg_cost = leg_cost(bought_on.venue, sold_on.venue, size);
  buy_facts.min_edge = sell_facts.min_edge = desk_.skew.min_edge(legs.buy, legs.sell);
  buy_facts.pair_busy = sell_facts.pair_busy = busy(bought_on.base, now);
  if (buy_facts.pair_busy)
    return desk_.gate.check(buy, buy_facts);  // PairBusy, or what weighs more

  // One leg alone would be a bet: both are approved, or neither leaves.
  const auto approved_buy = desk_.gate.approve(buy, buy_facts);
  if (!approved_buy) return approved_buy.error();
  const auto approved_sell = desk_.gate.approve(sell, sell_facts);
  if (!approved_sell) return approved_sell.error();

  ++execution_counter_;
  Execution& opened = executions_.emplace_back();
  opened.id = execution = buy.execution;
  opened.pair = bought_on.pair;
  opened.base = bought_on.base;
  opened.buy = legs.buy;
  opened.sell = legs.sell;
  opened.quantity = buy.quantity;
  opened.quoted = buy.price;
  opened.promised = legs.net;
  opened.strategy = legs.strategy;
  opened.size = size;
  opened.opened = now;
  place(*approved_buy, opened, now, out);
  if (!planted(Mutant::SendOneLeg)) place(*approved_sell, opened, now, out);
  compute_reserved();
  return RefuseReason::None;
}

// What a buy leaves after a fee in base, in whole lots of where it is to be sold.
Quantity Executor::brought_in(const OrderRequest& buy, const Instrument& sold_on) const {
  const Instrument& on = instrument(buy.instrument);
  Decimal base = on.quantity_decimal(buy.quantity);
  const Instrument::Fee fee = on.taker_fee(Side::Buy, buy.price, buy.quantity);
  if (fee.asset == on.base) base -= fee.amount;
  const auto units = base.to_scaled_floor(sold_on.qty_scale);
  return units ? sold_on.floor_to_lot({*units}) : Quantity{};
}

bool Executor::busy(AssetId base, Instant now) const {
  const BaseState& state = bases_[base.index()];
  if (state.cooling && now < state.busy_until) return true;
  // With some of its pairs resumed and others not, what a person has is still open.
  if (state.handed_over && any_pair_halted(base)) return true;
  return std::any_of(executions_.begin(), executions_.end(),
                     [&](const Execution& open) { return open.base == base; });
}

Order& Executor::place(const Approved<OrderRequest>& approved, Execution& execution, Instant now,
                       Actions& out) {
  ++order_counter_;
  ATS_ASSERT(approved->id == make_order_id(incarnation_, order_counter_));
  lives_.back().placed = order_counter_;
  const std::uint32_t i = remember(*approved);
  Order& order = orders_[i];
  order.placed = order.times.decided = now;
  order.strategy = execution.strategy;
  order.ask_at = now + desk_.config.order_deadline;
  live_.push_back(i);
  execution.orders.push_back(i);
  desk_.balances.disturbed(venue_of(order));
  desk_.gate.limits().on_placed(instrument(order.request.instrument), order.strategy, now);
  out.push_back(Place{approved});
  if (planted(Mutant::SendTwice)) out.push_back(Place{approved});
  return order;
}

// --- found, and found again ---

Executor::Execution* Executor::find_execution(ExecutionId id) {
  const auto found = std::find_if(executions_.begin(), executions_.end(),
                                  [&](const Execution& e) { return e.id == id; });
  return found == executions_.end() ? nullptr : &*found;
}

// The open execution of the order; opened again, for what comes now, when it was finished. One that is
// open again for another of its orders takes this one in too.
Executor::Execution& Executor::execution_of(Order& order, Instant now) {
  const std::uint32_t slot = index_.at(order.request.id);
  if (Execution* open = find_execution(order.request.execution); open != nullptr) {
    if (order.closed) open->orders.push_back(slot);
    order.closed = false;
    return *open;
  }
  order.closed = false;
  Execution& again = executions_.emplace_back();
  again.id = order.request.execution;
  again.pair = instrument(order.request.instrument).pair;
  again.base = instrument(order.request.instrument).base;
  again.strategy = order.strategy;
  again.buy = again.sell = order.request.instrument;
  again.opened = now;
  again.try_from = now;
  again.unwinding = again.again = true;
  again.orders.push_back(slot);
  return again;
}

bool Executor::orders_done(const Execution& execution) const {
  return std::all_of(execution.orders.begin(), execution.orders.end(),
                     [&](std::uint32_t i) { return orders_[i].done; });
}

// The smallest step the asset trades in anywhere: less than this is no difference.
Decimal Executor::lot_of(AssetId base) const {
  std::optional<Decimal> finest;
  for (const Instrument& on : desk_.universe.instruments()) {
    if (on.base != base) continue;
    const Decimal lot = on.quantity_decimal({on.lot});
    finest = finest ? std::min(*finest, lot) : lot;
  }
  return finest.value_or(Decimal());
}

// --- settled and finished ---

// All orders of the execution are done: is anything left open?
void Executor::settle(ExecutionId id, Instant now, Actions& out) {
  Execution& execution = *find_execution(id);
  const bool traded = !execution.bought.is_zero() || !execution.sold.is_zero();
  if (planted(Mutant::ForgetResidual) && traded) {
    finish(id, ExecutionOutcome::Completed, now, out);
    return;
  }
  if (!traded && execution.carried.is_zero() && !execution.unwound) {
    finish(id, execution.quoted_by ? ExecutionOutcome::Unfilled : ExecutionOutcome::Missed, now,
           out);
    return;
  }
  if (planted(Mutant::ForgetHedge) && execution.quoted_by) {
    finish(id, ExecutionOutcome::Completed, now, out);
    return;
  }
  if (execution.net().abs() < lot_of(execution.base) || hedged_whole(execution)) {
    const bool completed = !execution.unwound && !execution.again;
    finish(id, completed ? ExecutionOutcome::Completed : ExecutionOutcome::Unwound, now, out);
    return;
  }
  if (execution.quoted_by && !execution.unwinding && !hedge_fell_short(execution, now) &&
      hedge(id, now, out)) {
    return;
  }
  if (!execution.unwinding) {
    execution.unwinding = true;
    execution.try_from = now;
  } else if (execution.attempts > 0) {
    if (execution.net().abs() + execution.net().abs() <= execution.tried) --execution.attempts;
    // The book still shows what the last attempt took: give it time to tell.
    const std::uint32_t doublings = std::min(std::max(execution.attempts, 1u) - 1, 3u);
    execution.try_from = now + desk_.config.query_interval / (8 >> doublings);
  }
  unwind(id, now, out);
}

void Executor::finish(ExecutionId id, ExecutionOutcome outcome, Instant now, Actions& out) {
  Execution& execution = *find_execution(id);
  BaseState& base = bases_[execution.base.index()];
  Decimal residual = execution.net();
  if (planted(Mutant::ForgetResidual)) residual = Decimal();
  base.inventory += residual;
  // A venue that refused is tried again later and later; one that took the order starts over. A quote that
  // nothing filled says nothing of the others.
  if (outcome != ExecutionOutcome::Unfilled) {
    base.refusals = execution.refused ? std::min(base.refusals + 1, 8u) : 0;
    base.busy_until = now + desk_.config.pair_cooldown * (std::int64_t{1} << base.refusals);
    base.cooling = true;
  }

  ExecutionResolved resolved;
  resolved.execution = id;
  resolved.pair = execution.pair;
  resolved.outcome = outcome;
  resolved.bought = execution.bought - execution.base_fees;
  resolved.sold = execution.sold;
  resolved.residual = residual;
  resolved.realised = execution.quote_net + marked(execution, resolved.bought - resolved.sold, now);
  state_marks(execution, resolved);
  learn(execution, resolved);
  close(execution, now);
  executions_.erase(executions_.begin() + (&execution - executions_.data()));
  out.push_back(resolved);
}

// --- looked at again ---

void Executor::on_timer(Instant now, Actions& out) {
  leg_costs_.on_timer(now);
  ask_due(now, out);
  std::erase_if(live_, [&](std::uint32_t i) { return orders_[i].done; });
  for (const std::uint32_t i : live_) pull(orders_[i], now, out);
  // Settling may finish an execution: walk by id.
  for (std::size_t n = 0; n < executions_.size();) {
    const ExecutionId id = executions_[n].id;
    if (orders_done(executions_[n])) {
      if (executions_[n].unwinding) {
        unwind(id, now, out);
      } else {
        settle(id, now, out);
      }
    } else if (only_quote_open(executions_[n])) {
      hedge(id, now, out);
    }
    if (n < executions_.size() && executions_[n].id == id) ++n;
  }
  for (std::size_t a = 0; a < bases_.size(); ++a) {
    if (bases_[a].inventory.is_zero()) continue;
    take_up_inventory({static_cast<AssetId::rep>(a)}, false, now, out);
  }
  forget_finished(now);
  compute_reserved();
}

}  // namespace ats::core
