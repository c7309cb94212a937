// Other terms for an order that stands: asked for once, and until the venue has said which stand, both count.

#include <algorithm>

#include "core/executor/executor.hpp"

namespace ats::core {

// --- what may be ---

Quantity Executor::total_at_most(const Order& order) const {
  const Quantity known = order.request.quantity;
  return order.amending ? std::max(known, order.amending->quantity) : known;
}

Quantity Executor::total_at_least(const Order& order) const {
  const Quantity known = order.request.quantity;
  return order.amending ? std::min(known, order.amending->quantity) : known;
}

Quantity Executor::left_at_most(const Order& order) const {
  return std::max(Quantity{}, total_at_most(order) - order.filled);
}

// The price at which it may be met first.
Price Executor::boldest(const Order& order) const {
  const Price known = order.request.price;
  if (!order.amending) return known;
  return order.request.side == Side::Buy ? std::max(known, order.amending->price)
                                         : std::min(known, order.amending->price);
}

// --- asking ---

// The quote at its new terms, as far as the venue lets them be changed; nothing where it is better taken back. Where
// the quantity cannot be, it stays when it is not more than can be hedged, nor less than half of it.
std::optional<OrderRequest> Executor::amended(const Order& order, const QuoteOrder& wanted) const {
  OrderRequest request = order.request;
  request.price = wanted.priced.price;
  switch (desk_.universe.venue(venue_of(order)).amends) {
    case AmendRule::Nothing:
      return std::nullopt;
    case AmendRule::Price:
      if (request.quantity > wanted.priced.quantity ||
          request.quantity.units < wanted.priced.quantity.units / 2) {
        return std::nullopt;
      }
      break;
    case AmendRule::PriceAndQuantity:
      request.quantity = wanted.priced.quantity;
      break;
  }
  if (terms_of(request) == terms_of(order.request)) return std::nullopt;
  return request;
}

// A quote of which something has filled is not amended: its execution is to end, with the hedge of that.
bool Executor::amend(OrderId id, const QuoteOrder& wanted, Instant now, Actions& out) {
  Order* order = find(id);
  if (order == nullptr || !stands(*order) || order->leaving) return false;
  if (order->venue_order_id.empty()) return false;
  Execution* execution = find_execution(order->request.execution);
  if (execution == nullptr || !only_quotes(*execution)) return false;
  const auto request = amended(*order, wanted);
  if (!request) return false;

  const Instrument& on = instrument(request->instrument);
  const Quantity more = std::max(Quantity{}, request->quantity - order->request.quantity);
  OrderFacts given = facts(*request, Strategy::Maker, now);
  given.exposure_after = exposure_with(on.pair, on.quantity_decimal(more));
  given.currency_after = Decimal();
  given.edge = wanted.priced.net;
  given.min_edge = desk_.config.maker_edge;
  given.leg_cost = Rate{};
  given.pair_busy = no_room_for_quote(*request, now);
  const auto approved = desk_.gate.approve(*request, given);
  if (!approved) return false;

  const OrderTerms standing = terms_of(order->request);
  order->amending = terms_of(*request);
  order->terms_at = now;
  order->proof_at = now + desk_.config.not_found_grace;
  order->amend_refused = order->told_unknown = false;
  order->most = std::max(order->most, request->quantity);
  order->ask_at = now + desk_.config.order_deadline;
  execution->quoted_by->next = repriced(wanted, *request, now);
  desk_.gate.limits().on_placed(on, Strategy::Maker, now);  // as good as an order
  out.push_back(Amend{*approved, standing, order->venue_order_id});
  compute_reserved();
  return true;
}

Executor::Repriced Executor::repriced(const QuoteOrder& wanted, const OrderRequest& order,
                                      Instant now) const {
  QuoteOrder of_it = wanted;
  const Int128 hedged = Int128{wanted.priced.hedge_quantity.units} * order.quantity.units /
                        wanted.priced.quantity.units;
  of_it.priced.quantity = order.quantity;
  of_it.priced.hedge_quantity =
      instrument(wanted.hedge).floor_to_lot({static_cast<std::int64_t>(hedged)});
  const bool bid = order.side == Side::Buy;
  return {bid ? order.quantity : of_it.priced.hedge_quantity, order.price, wanted.priced.net,
          hedge_each(wanted, order.side), promise(of_it, order, now)};
}

// --- what the venue says ---

Executor::Quoted* Executor::quoted_of(const Order& order) {
  Execution* execution = find_execution(order.request.execution);
  return execution == nullptr ? nullptr : execution->quoted_by.get();
}

void Executor::take_terms(Order& order, const OrderTerms& terms, Instant now) {
  const bool as_asked = order.amending && *order.amending == terms;
  order.request.price = terms.price;
  order.request.quantity = terms.quantity;
  order.most = std::max(order.most, terms.quantity);
  order.amending.reset();
  order.terms_at = now;
  Quoted* quoted = quoted_of(order);
  if (quoted == nullptr || !quoted->next) return;
  if (as_asked && quoted->next->price == terms.price) {
    Execution& execution = *find_execution(order.request.execution);
    execution.quantity = quoted->next->quantity;
    execution.quoted = quoted->next->price;
    execution.promised = quoted->next->net;
    quoted->hedge_each = quoted->next->hedge_each;
    if (quoted->promise) quoted->promise = quoted->next->promise;
  }
  quoted->next.reset();
}

void Executor::keep_terms(Order& order, Instant now) {
  order.amending.reset();
  order.terms_at = now;
  if (Quoted* quoted = quoted_of(order)) quoted->next.reset();
}

// Terms that were neither standing nor asked for: said before, and overtaken, or an amendment that was given up and
// came through. Nothing is believed; the venue is asked, and whatever it shows then is so.
void Executor::doubt_terms(Order& order, const OrderTerms& told, Instant now) {
  if (!order.amending) {
    order.amending = told;
    order.terms_at = order.proof_at = now;
    order.most = std::max(order.most, told.quantity);
  }
  ask_soon(order, now, {});
}

// The terms by the venue's books, as old as the question.
void Executor::look_at_terms(Order& order, const OrderTerms& told, Instant asked, Instant now) {
  if (!told.told()) return;
  if (asked > order.terms_at) {
    const bool proof = asked >= order.proof_at;
    if (order.amending && told == *order.amending) {
      take_terms(order, told, now);
    } else if (told == terms_of(order.request)) {
      if (order.amending && proof) keep_terms(order, now);
    } else if (order.amending && proof) {
      take_terms(order, told, now);
    } else {
      doubt_terms(order, told, now);
    }
  }
  if (order.amending) ask_soon(order, now, desk_.config.query_interval);
}

void Executor::on(const OrderAmended& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr || order->done || is_final(order->state)) return;
  if (order->venue_order_id.empty()) order->venue_order_id = event.venue_order_id;
  if (order->amending && event.terms == *order->amending) {
    take_terms(*order, event.terms, now);
    if (order->state == OrderState::Placed || order->state == OrderState::Unknown) {
      order->state = order->filled.is_zero() ? OrderState::Acked : OrderState::PartlyFilled;
    }
    order->ask_at = now + quote_check();
    if (order->filled >= order->request.quantity) {
      // What filled meanwhile is its new total, or more: the venue ends it.
      order->state = OrderState::Filled;
      order->venue_filled = std::max(order->venue_filled, order->filled);
      conclude(*order, now, out);
    }
  } else if (event.terms != terms_of(order->request)) {
    doubt_terms(*order, event.terms, now);
  }
  after(*order, now, out);
}

// It stands where it is not wanted any more, or is over: it is taken back.
void Executor::on(const AmendRejected& event, Instant now, Actions& out) {
  Order* order = known(event.order, out);
  if (order == nullptr || order->done) return;
  const VenueId venue = venue_of(*order);
  if (event.reason == RejectReason::RateLimited) desk_.gate.limits().on_venue_fault(venue, now);
  if (event.reason == RejectReason::AuthFailed && desk_.gate.halt(venue)) {
    alert(Severity::Critical, AlertCode::Halt, {venue, {}},
          "the venue refuses our credentials: " + std::string(event.message.view()), out);
  }
  if (event.reason == RejectReason::InsufficientFunds) desk_.balances.doubt(venue);
  if (order->amending) {
    keep_terms(*order, now);
    order->amend_refused = true;
    order->leaving |= order->request.post_only;
  } else {
    doubt_terms(*order, terms_of(order->request), now);  // it was thought to be carried out
  }
  // How it ended, if it did, only a question tells.
  if (event.reason == RejectReason::Other) ask_soon(*order, now, {});
  after(*order, now, out);
}

}  // namespace ats::core
