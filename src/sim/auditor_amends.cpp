// What is asked of amendments: each is sent once, from the terms the order has, to terms it may have; and where the
// engine believes an order to stand, it stands.

#include "sim/auditor.hpp"

namespace ats::sim {
namespace {

std::string spell(OrderId id) { return std::string(client_order_id(id).view()); }

}  // namespace

// What is asked of everything that leaves: an order, or other terms for one.
void Auditor::check_new(const OrderRequest& o, std::uint64_t serial, const std::string& which,
                        Instant now) {
  const Instrument& i = instrument(o.instrument);
  const Watched& venue = watched(o.instrument);
  if (serial <= last_serial_) {
    violate(Invariant::ApprovedOnly, now,
            which + " carries approval " + std::to_string(serial) + " after " +
                std::to_string(last_serial_));
  }
  last_serial_ = std::max(last_serial_, serial);
  if (!o.unwind && (halted({}) || halted({i.venue, {}}) || halted({{}, i.pair}))) {
    violate(Invariant::HaltsHold, now, which + " is sent while a halt is in force");
  }
  const auto reduced = [&](const Scope& scope) { return reduced_.contains(key(scope)); };
  if (!o.unwind && (reduced({}) || reduced({i.venue, {}}) || reduced({{}, i.pair}))) {
    violate(Invariant::HaltsHold, now, which + " opens something where a limit was reached");
  }
  for (const Scope& scope : {Scope{}, Scope{{}, i.pair}}) {
    const auto halt = halts_.find(key(scope));
    if (halt == halts_.end() || now <= halt->second) continue;
    violate(Invariant::HaltsHold, now, which + " is sent after the time to resolve is over");
  }
  check_book(o, now);
  if (!venue.trading_up) {
    violate(Invariant::ApprovedOnly, now, which + " is sent while its venue is not connected");
  }
  if (!o.unwind && !venue.balances_told) {
    violate(Invariant::ApprovedOnly, now, which + " is sent before its venue told balances");
  }
  std::erase_if(of_earlier_lives_, [&](std::uint64_t id) {
    const auto earlier = orders_.find(id);
    return earlier == orders_.end() || earlier->second.final;
  });
  if (!o.unwind && !of_earlier_lives_.empty()) {
    violate(Invariant::ApprovedOnly, now,
            which + " opens a trade while nobody knows what became of " +
                spell({of_earlier_lives_.front()}) + " of an earlier life");
  }
}

const venues::VenueOrder* Auditor::truth_of(const OrderRequest& order) const {
  const Watched& venue = watched_[instrument(order.instrument).venue.index()];
  return venue.exchange->find_order(venue.account, {0, spell(order.id)});
}

void Auditor::amended(const Amend& amend, Instant now) {
  ++counts_.amends;
  const OrderRequest& o = *amend.order;
  const std::string which =
      "amendment of " + spell(o.id) + " on " + universe_.instrument_name(o.instrument);
  check_new(o, amend.order.serial(), which, now);
  const auto found = orders_.find(o.id.value);
  if (found == orders_.end()) {
    violate(Invariant::ApprovedOnly, now, which + " is of an order that nobody placed");
    return;
  }
  Order& order = found->second;
  if (order.final) {
    violate(Invariant::ApprovedOnly, now, which + " is of an order that is known to be over");
  }
  if (order.amending) {
    violate(Invariant::UnknownIsHeld, now,
            which + " is sent while nobody knows what became of the one before");
  }
  OrderRequest same = order.request;
  same.price = o.price;
  same.quantity = o.quantity;
  if (same != o || !o.post_only) {
    violate(Invariant::ApprovedOnly, now, which + " makes another order of it");
  }
  const AmendRule rule = universe_.venue(instrument(o.instrument).venue).amends;
  const bool offered = rule == AmendRule::PriceAndQuantity ||
                       (rule == AmendRule::Price && o.quantity == amend.standing.quantity);
  if (!offered) violate(Invariant::ApprovedOnly, now, which + " is none that its venue offers");
  const venues::VenueOrder* there = truth_of(o);
  if (there != nullptr && there->live() &&
      OrderTerms{there->price, there->quantity} != amend.standing) {
    violate(Invariant::UnknownIsHeld, now, which + " is made from terms that it does not have");
  }
  order.amending = terms_of(o);
  check_limits(o, now);
  check_quote(o, now);
}

void Auditor::told_terms(OrderId id, const OrderTerms& terms) {
  const auto found = orders_.find(id.value);
  if (found == orders_.end()) return;
  found->second.request.price = terms.price;
  found->second.request.quantity = terms.quantity;
  found->second.amending.reset();
}

void Auditor::on(const OrderAmended& event, Instant) { told_terms(event.order, event.terms); }

void Auditor::on(const AmendRejected& event, Instant) {
  const auto found = orders_.find(event.order.value);
  if (found != orders_.end()) found->second.amending.reset();
}

// Of quotes that are shown to stand, with nothing asked about them.
void Auditor::check_beliefs(const CoreStatus& status, Instant now) {
  for (const OrderStatus& shown : status.open_orders) {
    const bool stands = shown.state == OrderState::Acked || shown.state == OrderState::PartlyFilled;
    if (!stands || shown.amending.told() || !shown.request.post_only) continue;
    const venues::VenueOrder* there = truth_of(shown.request);
    if (there == nullptr || !there->live()) continue;
    if (OrderTerms{there->price, there->quantity} == terms_of(shown.request)) continue;
    violate(Invariant::UnknownIsHeld, now,
            "quote " + spell(shown.request.id) + " is believed to stand where it does not");
  }
}

}  // namespace ats::sim
