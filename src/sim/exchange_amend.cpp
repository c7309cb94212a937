// What becomes of an order that rests when it is given other terms.

#include "sim/exchange.hpp"

namespace ats::sim {

using venues::AmendFault;
using venues::CancelFault;
using venues::NewOrder;
using venues::OrderKind;
using venues::OrderRef;
using venues::OrderUpdate;
using venues::PlaceFault;
using venues::VenueBalance;
using venues::VenueOrder;
using venues::VenueOrderState;

Result<VenueOrder, AmendFault> Exchange::amend(AccountId id, const OrderRef& ref,
                                               const OrderTerms& terms) {
  const VenueOrder* found = find_order(id, ref);
  if (found == nullptr) return fail(AmendFault{CancelFault::UnknownOrder});
  if (!found->live()) return fail(AmendFault{CancelFault::AlreadyOver});
  const auto refuse = [](PlaceFault why) { return fail(AmendFault{std::nullopt, why}); };
  OrderRecord& mine = record(found->id);
  VenueOrder& o = mine.order;
  InstrumentState& state = at(o.instrument);
  const Instrument& i = instrument(o.instrument);
  if (i.status == InstrumentStatus::Halted || faults_.strike(FaultKind::Maintenance, now_)) {
    return refuse(PlaceFault::InstrumentClosed);
  }
  if (mine.slot == MatchBook::no_slot || o.time_in_force != TimeInForce::Gtc) {
    return refuse(PlaceFault::PriceFilter);  // an immediate order that lingers
  }
  if (faults_.strike(FaultKind::LateCancel, now_)) {
    trade(state, mine.slot, nullptr, o.quantity - o.executed);
    finish(state);
    return fail(AmendFault{CancelFault::AlreadyOver});
  }
  NewOrder wanted;
  wanted.account = o.account;
  wanted.instrument = o.instrument;
  wanted.side = o.side;
  wanted.kind = o.kind;
  wanted.price = terms.price;
  wanted.quantity = terms.quantity;
  if (const auto fault = check_rules(wanted)) return refuse(*fault);
  if (terms.quantity <= o.executed) {
    end_order(mine, VenueOrderState::Cancelled);
    finish(state);
    return o;
  }
  VenueOrder amended = o;
  amended.price = terms.price;
  amended.quantity = terms.quantity;
  const Decimal more = hold_for(amended) - mine.held;
  const AssetId paid_in = o.side == Side::Buy ? i.quote : i.base;
  const VenueBalance funds = account(o.account).balances[paid_in.index()];
  if (more > funds.total - funds.held) return refuse(PlaceFault::InsufficientFunds);
  if (o.kind == OrderKind::LimitMaker && !reach(wanted).quantity.is_zero()) {
    return refuse(PlaceFault::WouldTake);
  }
  if (faults_.strike(FaultKind::Reject, now_)) return refuse(PlaceFault::Injected);

  const bool keeps_place = terms.price == o.price && terms.quantity <= o.quantity;
  const Quantity less = o.quantity - terms.quantity;
  o.price = terms.price;
  o.quantity = terms.quantity;
  o.updated = o.amended = wall();
  mine.held += more;
  change_balance(account(o.account), paid_in, {}, more);
  if (!keeps_place) {
    state.queues.remove(mine.slot);
    mine.slot = MatchBook::no_slot;
  } else if (!less.is_zero()) {
    state.queues.reduce(mine.slot, less);
  }
  ++state.last_update;
  listener_.on_order({OrderUpdate::Kind::Amended, o, std::nullopt});
  if (!keeps_place) {
    match(mine, o.quantity - o.executed);
    if (o.live()) mine.slot = state.queues.add(o.side, o.price, o.quantity - o.executed, o.id);
  }
  finish(state);
  return o;
}

}  // namespace ats::sim
