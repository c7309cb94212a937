// What others do on our accounts: orders that are not ours, and their fills. What they move is booked and what
// they hold is left alone whatever the policy; the policy is whom it disturbs.

#include "core/engine_parts.hpp"

namespace ats::core {

// The venue's side of it, and ours: there is no such order.
std::string Engine::Parts::describe(const ForeignOrders::Known& order) const {
  if (!order.instrument.valid()) return " is an order on an instrument that is none of ours";
  const Instrument& on = universe.instrument(order.instrument);
  const std::string pair = universe.pair_name(on.pair);
  std::string what = order.side == Side::Buy ? " buys " : " sells ";
  if (order.terms.told()) what += on.quantity_decimal(order.terms.quantity).to_string() + " ";
  what += pair;
  if (order.terms.told()) what += " at " + on.price_decimal(order.terms.price).to_string();
  return what + ", filled " +
         on.quantity_decimal(std::max(order.filled, order.booked)).to_string() +
         "; we placed no such order";
}

void Engine::Parts::tell(VenueId venue, const ForeignOrders::News& told, Actions& out) {
  if (told.order == nullptr) return;
  const ForeignOrders::Known& order = *told.order;
  const Scope scope{venue, {}};
  const std::string which = std::string(order.id.view()) + " on " + describe(scope);
  if (told.over) {
    const Decimal booked =
        order.instrument.valid()
            ? universe.instrument(order.instrument).quantity_decimal(order.booked)
            : Decimal();
    // A venue that is reduced stays so until a person resumes it: the end of the order is no all-clear.
    alert(Severity::Info, AlertCode::ForeignOrder, scope,
          which + ", not ours, is over; booked of it: " + booked.to_string(), out, order.id.view(),
          config.foreign_orders == ForeignPolicy::Report);
    return;
  }
  switch (config.foreign_orders) {
    case ForeignPolicy::Halt: {
      Hold hold;
      hold.scope = scope;
      hold.state = RiskState::ReduceOnly;
      gate.holds().set(hold);
      alert(Severity::Critical, AlertCode::ForeignOrder, scope,
            which + describe(order) + "; nothing is opened there", out, order.id.view());
      return;
    }
    case ForeignPolicy::Report:
      alert(Severity::Warning, AlertCode::ForeignOrder, scope, which + describe(order), out,
            order.id.view());
      return;
    case ForeignPolicy::Adopt:
      alert(Severity::Info, AlertCode::ForeignOrder, scope, which + describe(order), out,
            order.id.view());
      return;
  }
}

void Engine::Parts::on(const ForeignOrder& event, Actions& out) {
  if (!known(event.venue)) return;
  if (event.instrument.valid() &&
      (!known(event.instrument) || universe.instrument(event.instrument).venue != event.venue))
    return;
  const ForeignOrders::News told = foreign.on(event);
  // A fill that is still on its way clears it up as well.
  if (told.untold) balances.doubt(event.venue);
  tell(event.venue, told, out);
}

void Engine::Parts::on(const ForeignFill& event, Actions& out) {
  const Fill& fill = event.fill;
  if (!known(fill.instrument) || config.mutant == Mutant::ForgetForeignFill) return;
  const Instrument& on = universe.instrument(fill.instrument);
  if (foreign.too_old(fill)) {
    // Its name may have been forgotten: the venue's totals say whether it was booked.
    balances.doubt(on.venue);
    return;
  }
  const auto entry = ledger.book_foreign(fill, on);
  if (!entry && entry.error() == FillFault::Duplicate) return;
  if (!entry) {
    gate.halt(on.venue);
    balances.doubt(on.venue);
    alert(Severity::Critical, AlertCode::FillMismatch, {on.venue, {}},
          "a fill of " + std::string(event.venue_order_id.view()) +
              ", not ours, makes no sense; not booked, balances are compared, the venue is halted",
          out, event.venue_order_id.view());
    return;
  }
  if (entry->count != 0) out.push_back(*entry);
  balances.disturbed(on.venue);
  if (const auto forgotten = foreign.remember(fill))
    ledger.forget(forgotten->first, forgotten->second);
  tell(on.venue, foreign.on(event), out);
}

void Engine::Parts::on(const OpenOrdersComplete& event, Actions& out) {
  if (!known(event.venue)) return;
  foreign.answered(event.venue, ended);
  for (const ForeignOrders::Known& order : ended) tell(event.venue, {&order, true, false}, out);
}

}  // namespace ats::core
