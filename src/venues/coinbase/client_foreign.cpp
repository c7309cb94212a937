// Orders on the account that are not ours. The user channel counts what is filled of them and names no fill:
// when a count has grown, the fills are asked for, and the newest that make up the growth are told. What was
// filled before we first heard of an order is in the balances already.

#include <algorithm>

#include "venues/coinbase/client.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr std::size_t foreign_most = 256;
constexpr Duration first_wait =
    milliseconds(250);  // the list of fills comes a little after the count
constexpr Duration last_wait = seconds(8);

}  // namespace

void CoinbaseClient::take_foreign(const OrderRow& row, Heard heard, const Now& now, EventSink& sink,
                                  Outbox& outbox) {
  const InstrumentId instrument = instrument_of(row.product);
  const bool live = row.status == OrderStatus::Live;
  ForeignOrder told{setup_.venue, row.venue_id};
  told.open = live || row.status == OrderStatus::Unclear;
  std::optional<Quantity> filled;
  if (instrument.valid()) {
    const Instrument& on = universe_.instrument(instrument);
    told.instrument = instrument;
    told.side = row.side;
    if (const auto count = on.parse_quantity(row.filled); count && count->units >= 0)
      filled = *count;
    told.filled = filled.value_or(Quantity{});
    const auto price = parse_scaled(row.limit, on.price_scale);
    const auto size = parse_scaled(row.size, on.qty_scale);
    const auto rest = parse_scaled(row.rest, on.qty_scale);
    if (price && *price > 0 && size && *size > 0) told.terms = {{*price}, {*size}};
    if (price && *price > 0 && !size && rest && live && filled)
      told.terms = {{*price}, {filled->units + *rest}};
  }
  // Those of the snapshot are told on QueryOpenOrders.
  if (heard != Heard::Snapshot) sink.on(told);
  if (!filled) return;
  TrackedOrder* order = find_foreign(row.venue_id);
  if (order == nullptr) {
    if (foreign_.size() == foreign_most) foreign_.erase(foreign_.begin());
    order = &foreign_.emplace_back();
    order->venue_id = row.venue_id;
    order->instrument = instrument;
    if (heard != Heard::Update) order->filled = order->seen = *filled;
  }
  if (*filled <= order->seen) return;
  order->seen = *filled;
  order->tries = 0;
  order->ask_at = now.instant;
  ask_foreign_fills(now, outbox);
}

TrackedOrder* CoinbaseClient::find_foreign(const VenueOrderId& id) {
  const auto found = std::find_if(foreign_.begin(), foreign_.end(),
                                  [&](const TrackedOrder& order) { return order.venue_id == id; });
  return found == foreign_.end() ? nullptr : &*found;
}

void CoinbaseClient::ask_foreign_fills(const Now& now, Outbox& outbox) {
  if (setup_.cancel_only) return;
  for (TrackedOrder& order : foreign_) {
    if (order.seen <= order.filled || order.asking || now.instant < order.ask_at) continue;
    RestCall call;
    call.foreign = true;
    call.instrument = order.instrument;
    call.venue_id = order.venue_id;
    order.asking = true;
    if (ask_fills_of(std::move(call), now, outbox)) continue;
    order.asking = false;
    order.ask_at = now.instant + first_wait;
  }
}

bool CoinbaseClient::tell_foreign_fills(const RestCall& call, const Now& now, EventSink& sink) {
  TrackedOrder* const order = find_foreign(call.venue_id);
  if (order == nullptr) return true;
  const auto fills = fills_of(call);
  if (!fills) return false;
  Quantity sum;
  for (const Fill& fill : *fills) {
    sum += fill.quantity;
    // The older ones were told before, or filled before we heard of the order.
    if (sum > order->filled) sink.on(ForeignFill{call.venue_id, fill, times(fill.venue_time, now)});
  }
  order->filled = std::max(order->filled, sum);
  order->asking = false;
  const Duration wait = first_wait * (std::int64_t{1} << std::min(order->tries++, 5));
  order->ask_at = now.instant + std::min(wait, last_wait);
  return true;
}

void CoinbaseClient::foreign_fills_failed(const RestCall& call, const Now& now) {
  TrackedOrder* const order = find_foreign(call.venue_id);
  if (order == nullptr) return;
  order->asking = false;
  order->ask_at = now.instant + last_wait;
}

}  // namespace ats::venues::coinbase
