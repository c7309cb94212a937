// The state machine of one order: what each answer of a venue means for it, and when to ask.

#include <algorithm>
#include <string>

#include "core/executor/executor.hpp"

namespace ats::core {
namespace {

Quantity saturating_sum(Quantity a, Quantity b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a.units, b.units, &sum)) {
    return {std::numeric_limits<std::int64_t>::max()};
  }
  return {sum};
}

}  // namespace

Order* Executor::find(OrderId id) {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &orders_[found->second];
}

Order* Executor::known(OrderId id, Actions& out) {
  Order* order = find(id);
  if (order == nullptr) stranger(id, out);
  return order;
}

void Executor::on(const OrderSent& event) {
  if (Order* order = find(event.order)) latency_.sent(venue_of(*order), order->times, event);
}

void Executor::on(const OrderAcked& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr) return;
  latency_.acked(venue_of(*order), order->times, event.times.recv_time);
  if (order->venue_order_id.empty()) order->venue_order_id = event.venue_order_id;
  if (order->done) {
    // Said to be unknown or refused, and there after all.
    if (order->state == OrderState::Rejected) revive(*order, now);
  } else if (order->state == OrderState::Placed || order->state == OrderState::Unknown) {
    order->state = order->filled.is_zero() ? OrderState::Acked : OrderState::PartlyFilled;
    if (order->request.post_only) order->ask_at = now + quote_check();
  }
  after(*order, now, out);
}

void Executor::on(const OrderRejected& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr) return;
  const VenueId venue = venue_of(*order);
  if (event.reason == RejectReason::RateLimited) desk_.gate.limits().on_venue_fault(venue, now);
  switch (event.reason) {
    case RejectReason::DuplicateId:
      // Something with this id is there: whatever it is, only the venue can tell.
      if (!order->done) make_unknown(*order, now);
      after(*order, now, out);
      return;
    case RejectReason::AuthFailed:
      if (desk_.gate.halt(venue)) {
        alert(Severity::Critical, AlertCode::Halt, {venue, {}},
              "the venue refuses our credentials: " + std::string(event.message.view()), out);
      }
      break;
    case RejectReason::InsufficientFunds:
      desk_.balances.doubt(venue);
      break;
    case RejectReason::InvalidOrder:
    case RejectReason::InstrumentClosed:
    case RejectReason::RateLimited:
    case RejectReason::VenueBusy:
    case RejectReason::Other:
      break;
  }
  if (planted(Mutant::IgnoreReject) && !order->done) {
    order->state = OrderState::Acked;
    order->ask_at = now + hours(24);
    return;
  }
  reject(*order, now, out);
  after(*order, now, out);
}

void Executor::on(const OrderNotSent& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr) return;
  reject(*order, now, out);
  after(*order, now, out);
}

// The order holds nothing and never will, unless the venue has said otherwise before.
void Executor::reject(Order& order, Instant now, Actions& out) {
  if (order.done) {
    if (order.state == OrderState::Rejected) order.not_found = false;
    return;
  }
  if (is_final(order.state)) return;
  if (!order.filled.is_zero() || !order.venue_filled.is_zero()) {
    make_unknown(order, now);
    return;
  }
  order.state = OrderState::Rejected;
  Execution& execution = execution_of(order, now);
  execution.refused = true;
  if (order.request.unwind) execution.avoid = order.request.instrument;
  conclude(order, now, out);
}

void Executor::on(const OrderFilled& event, Instant now, Actions& out) {
  const Fill& fill = event.fill;
  Order* order = find(fill.order);
  if (order == nullptr || order->request.instrument != fill.instrument ||
      order->request.side != fill.side) {
    stranger(fill, out);
    return;
  }
  const Instrument& on = instrument(fill.instrument);
  const bool lost = planted(Mutant::LoseFill) && !order->fills.empty();
  const auto booked = lost ? fail(FillFault::Duplicate) : desk_.ledger.book(fill, on);
  if (!booked && !lost) {
    if (booked.error() != FillFault::Duplicate) {
      mismatch(*order, "a fill with impossible numbers was not booked", out);
    }
    return;
  }
  if (booked) out.push_back(*booked);
  latency_.filled(on.venue, order->times, event.times.recv_time);
  order->fills.push_back(fill.id);
  desk_.balances.disturbed(on.venue);
  if (order->venue_order_id.empty() && order->state == OrderState::Placed) {
    order->state = OrderState::Acked;
  }

  Execution& execution = execution_of(*order, now);
  const Decimal base = on.quantity_decimal(fill.quantity);
  const Decimal quote = *on.price_decimal(fill.price).multiply(base);
  (fill.side == Side::Buy ? execution.bought : execution.sold) += base;
  Decimal quote_net = fill.side == Side::Buy ? -quote : quote;
  if (fill.fee_asset == on.base) {
    execution.base_fees += fill.fee;
  } else if (fill.fee_asset == on.quote) {
    quote_net -= fill.fee;
  }
  const AssetId counted_in = desk_.universe.pair(execution.pair).quote;
  execution.quote_net += convert(on.quote, counted_in, quote_net).value_or(Decimal());
  execution.last_price = fill.price;
  execution.last_instrument = on.id;

  if (execution.quoted_by && execution.quoted_by->promise) tell(execution, fill, out);

  const bool late = order->done;
  order->filled = saturating_sum(order->filled, fill.quantity);
  if (order->filled > order->most) {
    mismatch(*order, "more was filled than was ordered", out);
  }
  if (late) {
    alert(Severity::Warning, AlertCode::LateFill, {on.venue, on.pair},
          "a fill of " + on.quantity_decimal(fill.quantity).to_string() + " came for order " +
              std::string(client_order_id(fill.order).view()) + ", which was believed " +
              name(order->state),
          out);
    revive(*order, now);
  }
  if (order->filled >= total_at_most(*order)) {
    order->state = OrderState::Filled;
    order->venue_filled = std::max(order->venue_filled, std::min(order->filled, order->most));
    conclude(*order, now, out);
  } else if (is_final(order->state)) {
    conclude(*order, now, out);
  } else if (order->state != OrderState::Unknown) {
    order->state = OrderState::PartlyFilled;
  }
  after(*order, now, out);
}

void Executor::on(const OrderEnded& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr) return;
  end(*order, event.state, event.filled, now, out);
  after(*order, now, out);
}

void Executor::on(const OrderFound& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr) return;
  if (order->early > 0) --order->early;
  if (order->venue_order_id.empty()) order->venue_order_id = event.venue_order_id;
  if (is_final(event.state)) {
    end(*order, event.state, event.filled, now, out);
    after(*order, now, out);
    return;
  }
  if (order->done) {
    if (order->state == OrderState::Rejected || event.filled > order->filled) revive(*order, now);
  } else if (!is_final(order->state)) {
    order->venue_filled = std::max(order->venue_filled, event.filled);
    if (event.state == OrderState::Acked || event.state == OrderState::PartlyFilled) {
      order->state = order->venue_filled.is_zero() && order->filled.is_zero()
                         ? OrderState::Acked
                         : OrderState::PartlyFilled;
      // Immediate-or-cancel and still there after the deadline: the venue holds it. Take it back.
      const bool overdue = now - order->placed >= desk_.config.order_deadline;
      if (order->request.post_only) {
        order->checking = false;
        if (order->filled >= order->venue_filled) order->ask_at = now + quote_check();
        look_at_terms(*order, event.terms, event.asked, now);
      } else if (overdue && !order->cancelled) {
        order->cancelled = true;
        out.push_back(Cancel{order->request.id, order->request.instrument, order->venue_order_id});
      }
    }
  }
  after(*order, now, out);
}

// The venue's word that an order is over. Final is final: a later answer that counts less was overtaken
// on its way.
void Executor::end(Order& order, OrderState state, Quantity filled, Instant now, Actions& out) {
  if (!is_final(state)) return;
  if (order.done) {
    if (filled <= order.filled) return;
    revive(order, now);
  }
  if (state == OrderState::Rejected && filled.is_zero()) {
    reject(order, now, out);
    return;
  }
  if (!is_final(order.state)) {
    order.state = state == OrderState::Filled ? OrderState::Filled : OrderState::Cancelled;
  }
  order.venue_filled = std::max(order.venue_filled, filled);
  if (order.state == OrderState::Filled) {
    order.venue_filled = std::max(order.venue_filled, total_at_least(order));
  }
  conclude(order, now, out);
}

void Executor::on(const OrderNotFound& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr || order->done) return;
  const bool early = order->early > 0 || now - order->placed < desk_.config.not_found_grace;
  if (order->early > 0) --order->early;
  // Once the venue has shown the order, "no such order" is the venue's memory, not the truth.
  const bool seen =
      !order->venue_order_id.empty() || !order->filled.is_zero() || !order->venue_filled.is_zero();
  const bool proof = planted(Mutant::NotFoundIsReject) || (!early && !seen);
  if (!proof || is_final(order->state)) {
    if (!is_final(order->state)) make_unknown(*order, now);
    after(*order, now, out);
    return;
  }
  order->not_found = true;
  reject(*order, now, out);
  after(*order, now, out);
}

void Executor::on(const OrderUnknown& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr || order->done || is_final(order->state)) return;
  desk_.gate.limits().on_venue_fault(venue_of(*order), now);
  if (order->amending && planted(Mutant::AmendIsDone)) {
    take_terms(*order, *order->amending, now);
    return;
  }
  make_unknown(*order, now);
  after(*order, now, out);
}

void Executor::on(const CancelRejected& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr || order->done) return;
  // It ended by itself before the cancel came: how, only a question tells.
  order->cancelled = order->checking = false;
  order->pull_from = now + desk_.config.query_interval;
  ask_soon(*order, now, {});
  after(*order, now, out);
}

void Executor::on(const QueryFailed& event, Instant, Actions& out) {
  Order* order = known(event.order, out);
  if (order != nullptr && order->early > 0) --order->early;
}

void Executor::on_trading(VenueId venue, bool up, Instant now, Actions& out) {
  for (const std::uint32_t i : live_) {
    Order& order = orders_[i];
    if (venue_of(order) != venue) continue;
    if (!is_final(order.state)) make_unknown(order, now);
    order.ask_at = now;
    // Nobody watched over it meanwhile.
    order.leaving |= order.request.post_only;
  }
  if (up) ask_due(now, out);
}

void Executor::ask_doubtful(VenueId venue, Instant now, Actions& out) {
  for (const std::uint32_t i : live_) {
    // A quote may have filled without a word.
    if (venue_of(orders_[i]) == venue && stands(orders_[i])) orders_[i].ask_at = now;
  }
  ask_due(now, out);
  for (Order& order : orders_) {
    if (!order.done || !order.not_found || venue_of(order) != venue) continue;
    order.not_found = false;  // asked once more, and then no more
    ask(order, now, out);
  }
}

// Final: done when our fills are as many as the venue's, asked for while they are fewer.
void Executor::conclude(Order& order, Instant now, Actions& out) {
  if (order.filled < order.venue_filled) {
    ask_soon(order, now, desk_.config.query_interval / 4);
    return;
  }
  if (order.filled > order.venue_filled) {
    mismatch(order, "we booked more than the venue says was filled", out);
  }
  order.amending.reset();
  order.done = true;
}

void Executor::make_unknown(Order& order, Instant now) {
  if (order.state != OrderState::Unknown) order.unknown_since = now;
  order.state = OrderState::Unknown;
  ask_soon(order, now, {});
}

// Believed done, and it is not: open again, with its execution.
void Executor::revive(Order& order, Instant now) {
  if (!order.done) return;
  order.done = false;
  order.not_found = false;
  order.cancelled = false;
  make_unknown(order, now);
  const auto older = [this](OrderId id, std::uint32_t i) { return id < orders_[i].request.id; };
  live_.insert(std::upper_bound(live_.begin(), live_.end(), order.request.id, older),
               index_.at(order.request.id));
  (void)execution_of(order, now);
}

void Executor::ask_soon(Order& order, Instant now, Duration delay) {
  order.ask_at = now + delay;
  if (order.questions != 0) {
    order.ask_at = std::max(order.ask_at, order.asked + desk_.config.query_interval);
  }
}

void Executor::ask(Order& order, Instant now, Actions& out) {
  order.asked = now;
  order.ask_at = now + desk_.config.query_interval;
  if (order.questions < UINT16_MAX) ++order.questions;
  if (now - order.placed < desk_.config.not_found_grace && order.early < UINT16_MAX) ++order.early;
  out.push_back(QueryOrder{order.request.id, order.request.instrument, order.venue_order_id});
}

void Executor::ask_due(Instant now, Actions& out) {
  const CoreConfig& config = desk_.config;
  for (std::size_t n = 0; n < live_.size(); ++n) {
    Order& order = orders_[live_[n]];
    if (order.done || now < order.ask_at) continue;
    const VenueId venue = venue_of(order);
    if (!desk_.situation.links[venue.index()].trading) continue;
    if (order.amending && planted(Mutant::AmendIsDone)) {
      take_terms(order, *order.amending, now);
      order.ask_at = now + quote_check();
      continue;
    }
    if (stands(order)) {
      order.checking = true;
      ask(order, now, out);
      continue;
    }
    if (!is_final(order.state)) {
      if (planted(Mutant::ResendOnTimeout) && order.state != OrderState::Unknown) {
        resend(order, now, out);
        continue;
      }
      if (planted(Mutant::TimeoutIsReject) || planted(Mutant::TimeoutIsFill)) {
        give_up(order);
        continue;
      }
      if (order.state != OrderState::Unknown) order.unknown_since = now;
      order.state = OrderState::Unknown;
    }
    const Scope scope{venue, instrument(order.request.instrument).pair};
    const std::string id(client_order_id(order.request.id).view());
    if (order.state == OrderState::Unknown && !order.told_unknown) {
      order.told_unknown = true;
      alert(Severity::Warning, AlertCode::OrderUnknown, scope,
            (order.amending ? "the amendment of order " : "order ") + id +
                " has no answer; asking the venue",
            out, id);
    }
    if (order.state == OrderState::Unknown && !order.told_stuck &&
        now - order.unknown_since >= config.balance_interval * BalanceWatch::overdue_intervals) {
      order.told_stuck = true;
      const Scope of_pair{{}, scope.pair};
      desk_.gate.halt(of_pair, now);
      alert(Severity::Critical, AlertCode::OrderUnknown, of_pair,
            "order " + id + " stays Unknown; its exposure is held and the pair is halted", out, id);
    }
    ask(order, now, out);
  }
}

// The planted bug: the timeout is taken for a reject, and the intent sent anew.
void Executor::resend(Order& order, Instant now, Actions& out) {
  order.state = OrderState::Rejected;
  order.done = true;
  OrderRequest again = order.request;
  again.id = next_order_id();
  OrderFacts given = facts(again, order.strategy, now);
  given.edge = desk_.config.min_edge;
  given.leg_cost = Rate{};
  given.pair_busy = false;
  given.exposure_after = given.currency_after = Decimal();
  given.open_net = again.side == Side::Sell
                       ? instrument(again.instrument).quantity_decimal(again.quantity)
                       : -instrument(again.instrument).quantity_decimal(again.quantity);
  const auto approved = desk_.gate.approve(again, given);
  if (approved) place(*approved, execution_of(order, now), now, out);
}

// The planted bugs: a timeout that says how the order ended.
void Executor::give_up(Order& order) {
  order.done = true;
  order.state = OrderState::Rejected;
  if (planted(Mutant::TimeoutIsReject)) return;
  const Decimal filled =
      instrument(order.request.instrument).quantity_decimal(order.request.quantity);
  Execution& execution = execution_of(order, order.placed);
  (order.request.side == Side::Buy ? execution.bought : execution.sold) += filled;
  order.state = OrderState::Filled;
}

// After anything that may have moved an order: what is due is asked, who is done leaves, and an
// execution whose orders are all done is settled.
void Executor::after(Order& order, Instant now, Actions& out) {
  ask_due(now, out);
  std::erase_if(live_, [&](std::uint32_t i) { return orders_[i].done; });
  pull(order, now, out);
  compute_reserved();
  const Execution* execution = find_execution(order.request.execution);
  if (execution == nullptr) return;
  if (orders_done(*execution)) {
    settle(execution->id, now, out);
  } else if (only_quote_open(*execution)) {
    hedge(execution->id, now, out);
  }
}

void Executor::mismatch(Order& order, std::string_view what, Actions& out) {
  if (order.told_mismatch) return;
  order.told_mismatch = true;
  const VenueId venue = venue_of(order);
  desk_.gate.halt(venue);
  alert(Severity::Critical, AlertCode::FillMismatch, {venue, {}},
        "order " + std::string(client_order_id(order.request.id).view()) + ": " +
            std::string(what) + "; the venue is halted",
        out, client_order_id(order.request.id).view());
}

}  // namespace ats::core
