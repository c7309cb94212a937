// Executions: opened on two legs, settled when every order is done, finished with exact numbers.

#include "core/executor/executor.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/detector/leg_size.hpp"

namespace ats::core {
namespace {

// How far `price` is from `from`, in basis points of that.
std::optional<Decimal> distance_bps(Decimal price, Decimal from) {
  const auto away = (price - from).abs().multiply_floor(Decimal::from_int(10'000));
  const auto bps = away ? away->divide_floor(from, 5) : fail(away.error());
  return bps ? std::optional(*bps) : std::nullopt;
}

}  // namespace

void Executor::restart(std::uint32_t incarnation, Instant now) {
  incarnation_ = planted(Mutant::ReuseOrderId) ? 1 : incarnation;
  order_counter_ = 0;
  execution_counter_ = 0;
  lives_.push_back({incarnation_, 0});
  leg_costs_.restart(desk_.universe.venues().size(), desk_.config.leg_cost_prior,
                     desk_.config.leg_cost_prior_legs, now);
  latency_.restart(desk_.universe.venues().size());
  finished_.resize(desk_.universe.venues().size());
  for (auto& finished : finished_) {
    for (Finished& entry : finished) {
      Order& order = orders_[entry.slot];
      const bool counts = order.request.id == entry.order && order.closed_at == entry.at;
      entry.at = now;
      if (counts) order.closed_at = now;
    }
  }
  bases_.resize(desk_.universe.assets().size());
  of_pair_.assign(desk_.universe.pairs().size(), {});
  for (const Instrument& on : desk_.universe.instruments())
    of_pair_[on.pair.index()].push_back(on.id);
  desk_.gate.limits().watch(*this);
  // Monotonic times of an earlier process mean nothing in this one: all waits start over, longer rather
  // than shorter.
  for (BaseState& base : bases_) {
    base.busy_until = now + desk_.config.pair_cooldown;
    base.cooling = true;
  }
  for (const std::uint32_t i : live_) {
    Order& order = orders_[i];
    order.earlier_life = true;
    order.placed = now;
    order.times = {};
    order.early = 0;
    order.questions = 0;
    order.unknown_since = now;
    order.ask_at = now;
    order.cancelled = order.checking = false;
    order.terms_at = {};  // every question of this life comes after
    order.proof_at = now + desk_.config.not_found_grace;
    order.leaving = order.request.post_only;
    order.pull_from = now;
    if (!is_final(order.state)) order.state = OrderState::Unknown;
    if (planted(Mutant::ForgetUnknown)) order.done = true;
  }
  for (Execution& execution : executions_) {
    execution.opened = now;
    execution.try_from = now;
    execution.waiting = false;
  }
  compute_reserved();
}

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

OrderFacts Executor::facts(const OrderRequest& request, Strategy strategy, Instant now) const {
  const Instrument& on = instrument(request.instrument);
  const Situation& situation = desk_.situation;
  OrderFacts facts;
  facts.instrument = &on;
  facts.strategy = strategy;
  facts.now = now;
  facts.standing = desk_.gate.holds().standing(on.venue, on.pair, strategy);
  facts.stopping = situation.stopping;
  facts.leased = desk_.gate.lease().live(now);
  facts.reconciled = situation.reconciled && desk_.balances.agreed(on.venue, desk_.config, now);
  const VenueLink& link = situation.links[on.venue.index()];
  const BookView book = desk_.books->view(on.id);
  facts.book_valid = book.valid(now);
  facts.book_polled = book.polled(now);
  facts.book_age = now - book.last_update();
  facts.venue_up = link.up() || (request.unwind && facts.book_polled && link.trading);
  const Decimal price = on.price_decimal(request.price);
  const auto quote = price.multiply(on.quantity_decimal(request.quantity));
  if (quote) facts.notional = desk_.marks.worth(on.quote, *quote);
  if (const auto middle = middle_of(on.pair, now))
    facts.price_distance = distance_bps(price, *middle);
  if (const Level best = book.best(opposite(request.side)); request.post_only) {
    facts.price_beyond = Decimal();  // it does not take
  } else if (!best.quantity.is_zero()) {
    const bool beyond =
        request.side == Side::Buy ? request.price > best.price : request.price < best.price;
    facts.price_beyond =
        beyond ? distance_bps(price, on.price_decimal(best.price)) : std::optional(Decimal());
  }
  facts.min_edge = desk_.config.min_edge;
  facts.average = reference_of(on, now);
  facts.crosses_own = crosses_own(on.id, request.side, request.price);
  return facts;
}

// The median of the middles of the pair's Valid books; the mean of the two in the middle.
std::optional<Decimal> Executor::middle_of(PairId pair, Instant now) const {
  constexpr std::size_t most = 16;
  std::array<Decimal, most> middles;
  std::size_t count = 0;
  for (const InstrumentId id : of_pair_[pair.index()]) {
    const BookView book = desk_.books->view(id);
    const Level bid = book.best(Side::Buy);
    const Level ask = book.best(Side::Sell);
    if (count == most || !book.valid(now) || bid.quantity.is_zero() || ask.quantity.is_zero())
      continue;
    const Instrument& on = instrument(id);
    const Decimal sum = on.price_decimal(bid.price) + on.price_decimal(ask.price);
    middles[count++] = Decimal::from_raw(sum.raw() / 2);
  }
  if (count == 0) return std::nullopt;
  std::sort(middles.begin(), middles.begin() + static_cast<std::ptrdiff_t>(count));
  const Decimal sum = middles[(count - 1) / 2] + middles[count / 2];
  return Decimal::from_raw(sum.raw() / 2);
}

// What a price band is measured from: the trades' average, or, while there were none, the book's middle.
std::optional<Price> Executor::reference_of(const Instrument& on, Instant now) const {
  if (!on.band.any()) return std::nullopt;
  if (const auto average = desk_.averages.average(on.id, now)) return average;
  const BookView book = desk_.books->view(on.id);
  const Level bid = book.best(Side::Buy);
  const Level ask = book.best(Side::Sell);
  if (bid.quantity.is_zero() || ask.quantity.is_zero()) return std::nullopt;
  return Price{bid.price.units + (ask.price.units - bid.price.units) / 2};
}

// Whether an order at that price could meet one of ours. One that is Unknown may be there.
bool Executor::crosses_own(InstrumentId id, Side side, Price price) const {
  return std::any_of(live_.begin(), live_.end(), [&](std::uint32_t i) {
    const Order& order = orders_[i];
    if (order.done || order.request.instrument != id || order.request.side == side) return false;
    const Price own = boldest(order);
    return side == Side::Buy ? price >= own : price <= own;
  });
}

bool Executor::usable(InstrumentId id, Instant now) const {
  return desk_.books->view(id).valid(now) || planted(Mutant::IgnoreStaleBook) ||
         planted(Mutant::UnwindOnStaleBook);
}

// What the execution may hold if everything in flight goes the bad way. Unknown orders are in flight.
Decimal Executor::worst_net(const Execution& execution) const {
  Decimal longest = execution.net();
  Decimal shortest = longest;
  for (const std::uint32_t i : execution.orders) {
    const Order& order = orders_[i];
    if (order.done) continue;
    const Decimal base = instrument(order.request.instrument).quantity_decimal(left_at_most(order));
    (order.request.side == Side::Buy ? longest += base : shortest -= base);
  }
  return std::max(longest.abs(), shortest.abs());
}

// The worth of the base asset's exposure with `quantity` more of the pair, or of the quote asset's, the
// larger; the reporting asset has none. What the quote asset is exposed to is what its pairs' bases are.
std::optional<Decimal> Executor::exposure_with(PairId pair, Decimal quantity) const {
  const Pair& traded = desk_.universe.pair(pair);
  const auto total = [&](const auto& counts) -> std::optional<Decimal> {
    std::optional<Decimal> sum = Decimal();
    const auto add = [&](AssetId base, Decimal amount) {
      const auto worth = amount.is_zero() ? Decimal() : desk_.marks.worth(base, amount);
      const auto more = sum && worth ? sum->checked_add(*worth) : fail(NumberError::Overflow);
      sum = more ? std::optional(*more) : std::nullopt;
    };
    add(traded.base, quantity);
    for (const Execution& execution : executions_) {
      if (counts(execution.base, &execution)) add(execution.base, worst_net(execution));
    }
    for (std::size_t a = 0; a < bases_.size(); ++a) {
      const AssetId base{static_cast<AssetId::rep>(a)};
      if (!bases_[a].inventory.is_zero() && counts(base, nullptr)) {
        add(base, bases_[a].inventory.abs());
      }
    }
    return sum;
  };
  const auto of_base = total([&](AssetId base, const Execution*) { return base == traded.base; });
  if (traded.quote == desk_.marks.reporting() || !of_base) return of_base;
  const auto of_quote = total([&](AssetId base, const Execution* execution) {
    if (execution != nullptr) return trades_in(*execution, traded.quote);
    const auto pairs = desk_.universe.pairs();
    return std::any_of(pairs.begin(), pairs.end(),
                       [&](const Pair& p) { return p.base == base && p.quote == traded.quote; });
  });
  return of_quote ? std::optional(std::max(*of_base, *of_quote)) : std::nullopt;
}

bool Executor::trades_in(const Execution& execution, AssetId quote) const {
  return std::any_of(execution.orders.begin(), execution.orders.end(), [&](std::uint32_t i) {
    return instrument(orders_[i].request.instrument).quote == quote;
  });
}

// The ledger's change of the asset, and what orders in flight may still make of it.
Executor::Span Executor::span_of(AssetId asset) const {
  Span span{desk_.ledger.change(asset), desk_.ledger.change(asset)};
  for (const std::uint32_t i : live_) {
    const Order& order = orders_[i];
    const Instrument& on = instrument(order.request.instrument);
    if (on.base != asset && on.quote != asset) continue;
    const Quantity left = left_at_most(order);
    if (left.is_zero()) continue;
    const Price dearest =
        order.amending ? std::max(order.request.price, order.amending->price) : order.request.price;
    const bool comes = (order.request.side == Side::Buy) == (on.base == asset);
    const Decimal amount =
        on.base == asset ? on.quantity_decimal(left) : on.notional(dearest, left);
    (comes ? span.highest : span.lowest) += comes ? amount : -amount;
  }
  return span;
}

// How far the order's quote asset would be from where it began, once with the order and once without. The
// reporting asset is what distance is measured in.
void Executor::judge_conversion(const OrderRequest& order, OrderFacts& facts) const {
  const Instrument& on = instrument(order.instrument);
  if (on.quote == desk_.marks.reporting()) return;
  const auto farthest = [&](const Span& span) {
    return desk_.marks.worth(on.quote, std::max(span.lowest.abs(), span.highest.abs()));
  };
  Span span = span_of(on.quote);
  const auto before = farthest(span);
  const Decimal notional = on.notional(order.price, order.quantity);
  (order.side == Side::Sell ? span.highest : span.lowest) +=
      order.side == Side::Sell ? notional : -notional;
  facts.currency_after = farthest(span);
  facts.currency_before = before.value_or(Decimal());
}

// An amount of one asset in another, by their marks; rounded down.
std::optional<Decimal> Executor::convert(AssetId from, AssetId to, Decimal amount) const {
  if (from == to) return amount;
  const auto worth = desk_.marks.worth(from, amount);
  const auto price = desk_.marks.price(to);
  if (!worth || !price) return std::nullopt;
  const auto converted = worth->divide_floor(*price);
  return converted ? std::optional(*converted) : std::nullopt;
}

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

// What became of the two legs it was opened on. Nothing is learnt of what others left, nor where that was
// taken over, nor of quotes.
void Executor::learn(const Execution& execution, const ExecutionResolved& resolved) {
  // Dust below a lot is taken over by every unwind, and weighs nothing.
  const bool took_over = execution.carried.abs() >= lot_of(execution.base);
  if (execution.quantity.is_zero() || execution.again || took_over || execution.quoted_by) return;
  if (execution.orders.size() < 2) return;  // a planted bug sent one leg
  const Instrument& bought_on = instrument(execution.buy);
  const Instrument& sold_on = instrument(execution.sell);
  bool buy_short = false;
  bool sell_short = false;
  Rate cost;
  if (execution.unwinding) {
    const Order& buy = orders_[execution.orders[0]];
    const Order& sell = orders_[execution.orders[1]];
    const Decimal bought = bought_on.quantity_decimal(buy.filled);
    const Decimal sold = sold_on.quantity_decimal(sell.filled);
    const auto traded =
        bought_on.price_decimal(execution.quoted).multiply_floor(std::max(bought, sold));
    const auto promised =
        traded ? traded->multiply_floor(execution.promised.decimal()) : fail(traded.error());
    const auto lost = promised ? promised->checked_add(-resolved.realised) : fail(promised.error());
    const Decimal whole = bought_on.notional(execution.quoted, execution.quantity);
    const auto share = lost ? lost->divide_floor(whole) : fail(lost.error());
    const auto ppb = share ? share->to_scaled_floor(9) : fail(share.error());
    if (!ppb) return;
    cost = Rate{*ppb};
    // Fees in base and lots leave a difference between whole legs: nobody is to blame for that.
    buy_short = buy.filled < buy.request.quantity;
    sell_short = sell.filled < sell.request.quantity;
    if (buy_short && sell_short) (bought < sold ? sell_short : buy_short) = false;
  }
  leg_costs_.learn(bought_on.venue, execution.size, buy_short, buy_short ? cost : Rate{});
  leg_costs_.learn(sold_on.venue, execution.size, sell_short, sell_short ? cost : Rate{});
  desk_.gate.limits().on_leg(bought_on.venue, buy_short);
  desk_.gate.limits().on_leg(sold_on.venue, sell_short);
}

// Worth of a base amount in the pair's quote asset at a Valid mid, else at the last fill's price.
Decimal Executor::marked(const Execution& execution, Decimal base, Instant now) const {
  if (base.is_zero()) return base;
  std::optional<Decimal> price;
  for (const Instrument& on : desk_.universe.instruments()) {
    if (on.pair != execution.pair || price) continue;
    const BookView view = desk_.books->view(on.id);
    if (!view.valid(now)) continue;
    const Decimal sum = on.price_decimal(view.best(Side::Buy).price) +
                        on.price_decimal(view.best(Side::Sell).price);
    price = Decimal::from_raw(sum.raw() / 2);
  }
  if (!price && execution.last_instrument.valid()) {
    price = instrument(execution.last_instrument).price_decimal(execution.last_price);
  }
  if (!price) return Decimal();
  return price->multiply_floor(base).value_or(Decimal());
}

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

Decimal Executor::notional_limit(AssetId quote) const {
  const auto price = desk_.marks.price(quote);
  if (!price) return {};
  const Decimal most =
      desk_.gate.limits().bound(LimitKind::OrderNotional).value_or(Decimal()) +
      (planted(Mutant::IgnoreOrderNotional) ? Decimal::from_int(1'000'000) : Decimal());
  return most.divide_floor(*price).value_or(Decimal());
}

Rate Executor::leg_cost(VenueId buy, VenueId sell, LegSize size) const {
  return {leg_costs_.expected(buy, size).ppb + leg_costs_.expected(sell, size).ppb};
}

bool Executor::unresolved(VenueId venue) const {
  return std::any_of(live_.begin(), live_.end(), [&](std::uint32_t i) {
    return venue_of(orders_[i]) == venue && !stands(orders_[i]);
  });
}

bool Executor::earlier_life_unresolved() const {
  return std::any_of(live_.begin(), live_.end(),
                     [&](std::uint32_t i) { return orders_[i].earlier_life; });
}

void Executor::status(CoreStatus& out) const {
  leg_costs_.status(out.leg_costs);
  latency_.status(out.order_latency);
  out.open_orders.clear();
  for (const std::uint32_t i : live_) {
    const Order& order = orders_[i];
    out.open_orders.push_back({order.request, order.state, order.venue_order_id, order.filled,
                               order.venue_filled, order.placed,
                               order.amending.value_or(OrderTerms{})});
  }
  out.open_executions.clear();
  for (const Execution& execution : executions_) {
    out.open_executions.push_back({execution.id, execution.pair, execution.buy, execution.sell,
                                   execution.quantity, execution.net(), execution.opened,
                                   execution.attempts});
  }
  out.inventory.clear();
  for (std::size_t a = 0; a < bases_.size(); ++a) {
    if (bases_[a].inventory.is_zero()) continue;
    out.inventory.push_back({{static_cast<AssetId::rep>(a)}, bases_[a].inventory});
  }
  out.exposures.clear();
  for (std::size_t a = 0; a < bases_.size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    const Span span = span_of(asset);
    const Decimal change = desk_.ledger.change(asset);
    if (span.lowest.is_zero() && span.highest.is_zero() && change.is_zero()) continue;
    const auto worth = desk_.marks.worth(asset, change);
    out.exposures.push_back({asset, change, span.lowest, span.highest, worth.value_or(Decimal()),
                             worth.has_value() && desk_.marks.fresh(asset)});
  }
}

void Executor::alert(Severity severity, AlertCode code, const Scope& scope,
                     std::string_view message, Actions& out, std::string_view subject) const {
  out.push_back(Alert{severity, code, scope, Text<127>::cut(message), Text<63>::cut(subject)});
}

}  // namespace ats::core
