// What is over: slots of orders, when a finished one is forgotten, and what it means when something comes for
// an order nobody remembers.

#include <algorithm>
#include <string>

#include "core/executor/executor.hpp"

namespace ats::core {

std::uint32_t Executor::remember(const OrderRequest& request) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(orders_.size()));
    orders_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  orders_[slot].request = request;
  orders_[slot].most = request.quantity;
  index_.insert_or_assign(request.id, slot);
  return slot;
}

// The execution is resolved: from now on its orders wait to be forgotten.
void Executor::close(const Execution& execution, Instant now) {
  for (const std::uint32_t slot : execution.orders) {
    Order& order = orders_[slot];
    order.closed = true;
    order.closed_at = now;
    finished_[venue_of(order).index()].push_back({order.request.id, slot, now});
  }
}

// The oldest of each venue first: each order is looked at once more than it is kept.
void Executor::forget_finished(Instant now) {
  for (std::size_t v = 0; v < finished_.size(); ++v) {
    const Instant agreed = desk_.balances.agreed_at({static_cast<VenueId::rep>(v)});
    auto& finished = finished_[v];
    while (finished.size() > remembered_least) {
      const Finished& oldest = finished.front();
      const Order& order = orders_[oldest.slot];
      // Opened again since, or finished again later: then that entry counts.
      const bool counts = order.request.id == oldest.order && order.closed && order.done &&
                          order.closed_at == oldest.at;
      if (counts) {
        if (now - oldest.at < remembered || agreed <= oldest.at) break;
        forget(oldest.slot);
      }
      finished.pop_front();
    }
  }
}

void Executor::forget(std::uint32_t slot) {
  Order& order = orders_[slot];
  for (const FillId& fill : order.fills) desk_.ledger.forget(order.request.instrument, fill);
  const auto named = index_.find(order.request.id);
  if (named != index_.end() && named->second == slot) index_.erase(named);
  // The room for the names of fills stays for the next order.
  std::vector<FillId> room = std::move(order.fills);
  room.clear();
  order = Order{};
  order.fills = std::move(room);
  free_.push_back(slot);
}

// Whether an id was given by any life that the journal tells of.
bool Executor::was_ours(OrderId id) const {
  return std::any_of(lives_.begin(), lives_.end(), [&](const Life& life) {
    return id > make_order_id(life.incarnation, 0) &&
           id <= make_order_id(life.incarnation, life.placed);
  });
}

// An order with an id of ours that we did not place is somebody else's use of our account, or a journal
// that lost its tail: a person must know. One that was forgotten had ended, and a venue that speaks of it
// again may have moved money; which venue is not said, so all of them have to agree with the ledger anew.
void Executor::stranger(OrderId id, Actions& out) {
  const std::string which =
      "a venue speaks of order " + std::string(client_order_id(id).view()) + ", which ";
  if (!was_ours(id)) {
    alert(Severity::Critical, AlertCode::ForeignOrder, {}, which + "is not in the journal", out,
          client_order_id(id).view());
    return;
  }
  for (std::size_t v = 0; v < desk_.universe.venues().size(); ++v) {
    desk_.balances.doubt({static_cast<VenueId::rep>(v)});
  }
  alert(Severity::Warning, AlertCode::ForeignOrder, {},
        which + "ended long ago; balances are compared", out);
}

// Money that no remembered order of ours accounts for. It may have been booked before: to book it now could
// be to book it twice, to drop it could be to lose it. The venue's balances say which.
void Executor::stranger(const Fill& fill, Actions& out) {
  if (fill.instrument.index() >= desk_.universe.instruments().size()) {
    alert(Severity::Critical, AlertCode::FillMismatch, {},
          "a fill on an instrument that does not exist was not booked", out);
    return;
  }
  const Instrument& on = instrument(fill.instrument);
  const Scope scope{on.venue, {}};
  desk_.gate.halt(on.venue);
  desk_.balances.doubt(on.venue);
  const std::string id(client_order_id(fill.order).view());
  const bool forgotten = find(fill.order) == nullptr && was_ours(fill.order);
  alert(Severity::Critical, AlertCode::FillMismatch, scope,
        (forgotten ? "a fill came for order " + id + ", which ended long ago; "
                   : "a fill that belongs to no order of ours (" + id + "); ") +
            "not booked, balances are compared, the venue is halted",
        out, id);
}

}  // namespace ats::core
