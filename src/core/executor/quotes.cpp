// Quotes: placed, taken back, and hedged as they fill, also while the rest of them stands.

#include <algorithm>

#include "core/detector/seen.hpp"
#include "core/executor/executor.hpp"

namespace ats::core {

// The venue has it, nothing is being asked, and every fill it told of is booked.
bool Executor::stands(const Order& order) const {
  const bool there = order.state == OrderState::Acked || order.state == OrderState::PartlyFilled;
  return order.request.post_only && there && !order.done && !order.cancelled && !order.checking &&
         !order.amending && order.filled >= order.venue_filled;
}

bool Executor::rests(const Execution& execution) const {
  return execution.quoted_by && !orders_[execution.quoted_by->order].done;
}

// Nothing came of it yet.
bool Executor::only_quotes(const Execution& execution) const {
  return rests(execution) && execution.bought.is_zero() && execution.sold.is_zero() &&
         !execution.again;
}

bool Executor::only_quote_open(const Execution& execution) const {
  return rests(execution) &&
         std::all_of(execution.orders.begin(), execution.orders.end(), [&](std::uint32_t i) {
           return orders_[i].done || i == execution.quoted_by->order;
         });
}

RefuseReason Executor::may_quote(InstrumentId on, InstrumentId hedge, Instant now) const {
  const Situation& situation = desk_.situation;
  if (situation.stopping) return RefuseReason::Halted;
  for (const InstrumentId id : {on, hedge}) {
    const Instrument& i = instrument(id);
    const Standing standing = desk_.gate.holds().standing(i.venue, i.pair, Strategy::Maker);
    if (standing.closed || standing.halted) return RefuseReason::Halted;
    if (standing.reduce_only) return RefuseReason::ReduceOnly;
    const bool agreed = desk_.balances.agreed(i.venue, desk_.config, now);
    if (!situation.reconciled || !agreed) return RefuseReason::NotReconciled;
    if (!situation.links[i.venue.index()].up()) return RefuseReason::VenueDown;
    if (i.status != InstrumentStatus::Trading) return RefuseReason::InstrumentNotTrading;
  }
  return RefuseReason::None;
}

Decimal Executor::quote_limit(AssetId quote) const {
  const auto price = desk_.marks.price(quote);
  if (!price) return {};
  const Decimal most = std::min(desk_.config.maker_size, desk_.config.max_order_notional);
  return most.divide_floor(*price).value_or(Decimal());
}

StandingQuote Executor::standing(OrderId id) const {
  StandingQuote out;
  const auto found = index_.find(id);
  if (found == index_.end()) return out;
  const Order& order = orders_[found->second];
  out.live = !order.done;
  out.leaving = order.leaving;
  out.unwanted = order.done && (!order.leaving || order.amend_refused) && order.filled.is_zero();
  if (!out.live) return out;
  out.known = stands(order);
  out.moving = order.amending.has_value();
  out.price = boldest(order);
  out.left = left_at_most(order);
  out.holds = holds(order);
  for (const Execution& execution : executions_) {
    if (execution.id == order.request.execution && rests(execution))
      out.pledges = pledges(execution);
  }
  return out;
}

// Of its asset something else is at work or cooling down.
bool Executor::no_room_for_quote(const OrderRequest& order, Instant now) const {
  const AssetId base = instrument(order.instrument).base;
  const BaseState& state = bases_[base.index()];
  if (state.cooling && now < state.busy_until) return true;
  if (state.handed_over && any_pair_halted(base)) return true;
  return std::any_of(executions_.begin(), executions_.end(),
                     [&](const Execution& open) { return open.base == base && !rests(open); });
}

RefuseReason Executor::quote(const QuoteOrder& wanted, Instant now, Actions& out, OrderId& placed) {
  const Instrument& on = instrument(wanted.on);
  OrderRequest order;
  order.id = next_order_id();
  order.execution = {make_order_id(incarnation_, execution_counter_ + 1).value};
  order.instrument = wanted.on;
  order.side = wanted.side;
  order.time_in_force = TimeInForce::Gtc;
  order.post_only = true;
  order.price = wanted.priced.price;
  order.quantity = wanted.priced.quantity;

  OrderFacts given = facts(order, Strategy::Maker, now);
  given.exposure_after = exposure_with(on.pair, on.quantity_decimal(order.quantity));
  given.currency_after = Decimal();  // one pair on two venues: nothing is converted
  given.edge = wanted.priced.net;
  given.min_edge = desk_.config.maker_edge;
  given.leg_cost = Rate{};  // the edge asked for pays for it
  given.pair_busy = no_room_for_quote(order, now);
  const auto approved = desk_.gate.approve(order, given);
  if (!approved) return approved.error();

  ++execution_counter_;
  Execution& opened = executions_.emplace_back();
  const bool bid = order.side == Side::Buy;
  opened.id = order.execution;
  opened.pair = on.pair;
  opened.base = on.base;
  opened.strategy = Strategy::Maker;
  opened.buy = bid ? wanted.on : wanted.hedge;
  opened.sell = bid ? wanted.hedge : wanted.on;
  opened.quantity = bid ? order.quantity : wanted.priced.hedge_quantity;
  opened.quoted = order.price;
  opened.promised = wanted.priced.net;
  opened.opened = opened.try_from = now;
  opened.quoted_by = std::make_unique<Quoted>();
  Quoted& quoted = *opened.quoted_by;
  quoted.hedge = wanted.hedge;
  quoted.hedge_each = hedge_each(wanted, order.side);
  quoted.promise = promise(wanted, order, now);
  place(*approved, opened, now, out);
  quoted.order = opened.orders.back();
  placed = order.id;
  compute_reserved();
  return RefuseReason::None;
}

// What hedging a unit may take of what the hedge pays with: coins that are sold, or their price and its fee.
Decimal Executor::hedge_each(const QuoteOrder& wanted, Side side) const {
  if (side == Side::Buy) return Decimal::from_int(1);
  const Instrument& there = instrument(wanted.hedge);
  const Price limit = buy_limit(there, wanted.priced.hedge_deepest, desk_.config.max_slippage);
  return there.price_decimal(limit)
      .multiply_ceil(Decimal::from_int(1) + there.fees.taker.decimal())
      .value_or(Decimal());
}

// What is told when it fills: the quote as the level it is, and the book that its hedge was priced from.
Executor::Promise Executor::promise(const QuoteOrder& wanted, const OrderRequest& order,
                                    Instant now) const {
  const Instrument& on = instrument(wanted.on);
  const Instrument& there = instrument(wanted.hedge);
  const bool bid = order.side == Side::Buy;
  const BookView here = desk_.books->view(wanted.on);

  Promise out;
  out.opened.execution = order.execution;
  SeenBook& quote_side = bid ? out.opened.buy : out.opened.sell;
  quote_side.instrument = on.id;
  quote_side.state = static_cast<std::uint8_t>(here.state());
  quote_side.age = now - here.last_update();
  quote_side.other = here.best(opposite(order.side));
  quote_side.quantity = order.quantity;
  quote_side.notional = on.notional(order.price, order.quantity);
  quote_side.level_count = 1;
  quote_side.levels[0] = {order.price, order.quantity};
  SeenBook& hedge_side = bid ? out.opened.sell : out.opened.buy;
  hedge_side = seen(there, desk_.books->view(there.id), opposite(order.side),
                    wanted.priced.hedge_quantity, now);

  OpportunityFound& found = out.found;
  found.pair = on.pair;
  found.buy = bid ? on.id : there.id;
  found.sell = bid ? there.id : on.id;
  found.quantity = bid ? order.quantity : wanted.priced.hedge_quantity;
  found.buy_limit = bid ? order.price : wanted.priced.hedge_deepest;
  found.sell_limit = bid ? wanted.priced.hedge_deepest : order.price;
  found.gross = wanted.priced.gross;
  found.net = wanted.priced.net;
  found.profit = quote_side.notional.multiply_floor(found.net.decimal()).value_or(Decimal());
  found.profit_asset = on.quote;
  found.execution = order.execution;
  found.strategy = Strategy::Maker;
  found.leg_count = 2;
  const auto leg = [&](InstrumentId id, Side side, Quantity quantity, Price deepest) {
    const bool buys = side == Side::Buy;
    return OpportunityLeg{
        id, buys ? on.quote : on.base, buys ? on.base : on.quote, side, true, quantity, deepest};
  };
  found.legs[0] = leg(on.id, order.side, order.quantity, order.price);
  found.legs[1] = leg(there.id, opposite(order.side), wanted.priced.hedge_quantity,
                      wanted.priced.hedge_deepest);
  return out;
}

// A fill at the price that was being asked for tells that it stands.
void Executor::tell(Execution& execution, const Fill& first, Actions& out) const {
  Quoted& quoted = *execution.quoted_by;
  const bool at_next = quoted.next && quoted.next->price == first.price;
  const Promise& promise = at_next ? quoted.next->promise : *quoted.promise;
  out.push_back(promise.opened);
  out.push_back(promise.found);
  quoted.promise.reset();
}

void Executor::take_back(OrderId id, Instant now, Actions& out) {
  Order* order = find(id);
  if (order == nullptr || order->done) return;
  order->leaving = true;
  pull(*order, now, out);
}

// Asks for the cancellation of a quote that is to be taken back: once the venue is known to have it, and again
// when nothing came of it.
void Executor::pull(Order& order, Instant now, Actions& out) {
  if (!order.leaving || order.done || now < order.pull_from) return;
  if (order.state != OrderState::Acked && order.state != OrderState::PartlyFilled) return;
  if (!desk_.situation.links[venue_of(order).index()].trading) return;
  order.cancelled = true;
  order.checking = false;
  order.pull_from = order.ask_at = now + desk_.config.order_deadline;
  out.push_back(Cancel{order.request.id, order.request.instrument, order.venue_order_id});
  desk_.gate.limits().on_cancelled(instrument(order.request.instrument), Strategy::Maker, now);
}

// Trades away what the quote filled so far, the cheapest way there is. False: nothing was sent. Where there is
// no way the quote is taken back: no more of what cannot be hedged.
bool Executor::hedge(ExecutionId id, Instant now, Actions& out) {
  Execution& execution = *find_execution(id);
  Quoted& quoted = *execution.quoted_by;
  if (planted(Mutant::ForgetHedge)) return false;
  Order& standing = orders_[quoted.order];
  const auto give_up = [&] {
    standing.leaving = true;
    pull(standing, now, out);
    return false;
  };
  if (hedge_fell_short(execution, now)) give_up();
  if (now < execution.try_from || execution.net().abs() < lot_of(execution.base)) return false;
  // What is held of the asset from before goes the same way, or makes this smaller.
  BaseState& base = bases_[execution.base.index()];
  if (!base.handed_over) {
    execution.carried += base.inventory;
    base.inventory = Decimal();
  }
  const Decimal net = execution.net();
  if (net.abs() < lot_of(execution.base)) return false;
  bool too_small_everywhere = false;
  const auto way = cheapest_way(execution, net, now, too_small_everywhere);
  if (!way) return too_small_everywhere ? false : give_up();

  const OrderRequest request = order_of(*way, id);
  OrderFacts given = facts(request, execution.strategy, now);
  given.open_net = net;
  const auto approved = desk_.gate.approve(request, given);
  if (!approved) return give_up();
  ++execution.attempts;
  execution.tried = net.abs();
  quoted.hedged = true;
  place(*approved, execution, now, out);
  quoted.last = execution.orders.back();
  compute_reserved();
  return true;
}

// Its fills come in the lots of one venue and are hedged in those of another: less than one of them is no
// difference, but too little to trade, and stays as inventory.
bool Executor::hedged_whole(const Execution& execution) const {
  if (!execution.quoted_by || execution.unwinding || !execution.quoted_by->last) return false;
  const Order& last = orders_[*execution.quoted_by->last];
  const Instrument& on = instrument(last.request.instrument);
  return last.filled >= last.request.quantity &&
         execution.net().abs() < on.quantity_decimal({on.lot}) &&
         tolerable(execution.base, execution.net());
}

// Whether the last hedge did less than it was to do; asked once after each. The book may still show what it
// could not get: the next one waits.
bool Executor::hedge_fell_short(Execution& execution, Instant now) {
  Quoted& quoted = *execution.quoted_by;
  if (!quoted.hedged) return false;
  quoted.hedged = false;
  const Order& last = orders_[*quoted.last];
  if (last.filled >= last.request.quantity) {
    execution.attempts = 0;
    return false;
  }
  const std::uint32_t doublings = std::min(std::max(execution.attempts, 1u) - 1, 3u);
  execution.try_from = now + desk_.config.query_interval / (8 >> doublings);
  return true;
}

}  // namespace ats::core
