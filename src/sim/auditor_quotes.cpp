// What is asked of quotes: priced to pay when they are hedged, and not left standing where they no longer are.

#include <algorithm>

#include "sim/auditor.hpp"

namespace ats::sim {

// A quote pays, after the maker's fee here and the taker's there, when what it fills is hedged at the best
// price there is.
void Auditor::check_quote(const OrderRequest& o, Instant now) {
  const std::string which = "quote " + std::string(client_order_id(o.id).view());
  const InstrumentId hedge = hedge_of(o.instrument);
  if (!hedge.valid() || o.time_in_force != TimeInForce::Gtc) {
    violate(Invariant::ApprovedOnly, now, which + " is not one of those configured");
    return;
  }
  if (!good_book(hedge, now)) {
    violate(Invariant::ValidBookOnly, now,
            which + " is priced from a hedge's book that is not good");
    return;
  }
  const bool bid = o.side == Side::Buy;
  const Instrument& on = instrument(o.instrument);
  const Instrument& there = instrument(hedge);
  const auto best = books_[hedge.index()].best(o.side);
  if (!best) return;
  const Decimal quoted = on.price_decimal(o.price);
  const Decimal hedged = there.price_decimal(*best);
  const Decimal one = Decimal::from_int(1);
  const Decimal maker = on.fees.maker.decimal();
  const Decimal taker = there.fees.taker.decimal();
  const auto pays = bid ? quoted.multiply_floor(one + maker) : hedged.multiply_floor(one + taker);
  const auto gets = bid ? hedged.multiply_ceil(one - taker) : quoted.multiply_ceil(one - maker);
  const Rate asked{config_.maker_edge.ppb - 10'000};  // less a tenth of a basis point
  const auto least = pays ? pays->multiply_floor(one + asked.decimal()) : pays;
  if (!gets || !least || *gets < *least) {
    violate(Invariant::ApprovedOnly, now, which + " does not pay for its costs");
  }
}

InstrumentId Auditor::hedge_of(InstrumentId quoted) const {
  const Instrument& on = instrument(quoted);
  for (const MakerPair& pair : config_.maker_pairs) {
    if (universe_.find_asset(pair.base.view()) != on.base ||
        universe_.find_asset(pair.quote.view()) != on.quote ||
        universe_.find_venue(pair.quote_venue.view()) != on.venue) {
      continue;
    }
    const VenueId venue = universe_.find_venue(pair.hedge_venue.view());
    return venue.valid() ? universe_.find_instrument(venue, on.pair) : InstrumentId{};
  }
  return {};
}

bool Auditor::quotes(const Execution& execution) const {
  return std::any_of(execution.orders.begin(), execution.orders.end(), [&](OrderId id) {
    const Order& order = orders_.at(id.value);
    return order.request.post_only && !order.final;
  });
}

bool Auditor::only_quotes(const Execution& execution) const {
  return quotes(execution) &&
         std::all_of(execution.orders.begin(), execution.orders.end(), [&](OrderId id) {
           const Order& order = orders_.at(id.value);
           return order.request.post_only && order.booked.is_zero();
         });
}

Decimal Auditor::held_by_others(AssetId base, std::uint64_t execution) const {
  Decimal sum;
  for (const auto& [id, other] : open_) {
    if (id == execution || base_of(other.pair) != base) continue;
    if (const auto net = nets_.find(id); net != nets_.end()) sum += net->second.booked;
  }
  return sum;
}

// Of a book that is not good nothing may stand for long: the engine knows it, and the venue would listen.
void Auditor::check_quotes(std::span<const Instant> calm_since, Instant now) {
  constexpr Duration long_enough = seconds(10);
  for (const Instrument& i : instruments_) {
    Instant& since = bad_since_[i.id.index()];
    if (good_book(i.id, now)) {
      since = {};
    } else if (since == Instant{}) {
      since = now;
    }
  }
  for (auto& [id, order] : orders_) {
    if (!order.request.post_only || order.final || !order.there) continue;
    if (order.cancel_asked != Instant{} || now - order.placed < long_enough) continue;
    const VenueId venue = instrument(order.request.instrument).venue;
    if (!watched_[venue.index()].trading_up) continue;
    if (now - std::min(calm_since[venue.index()], now) < long_enough) continue;
    for (const InstrumentId book : {order.request.instrument, hedge_of(order.request.instrument)}) {
      if (!book.valid() || bad_since_[book.index()] == Instant{}) continue;
      if (now - bad_since_[book.index()] < long_enough) continue;
      violate(Invariant::ValidBookOnly, now,
              "quote " + std::string(client_order_id(order.request.id).view()) +
                  " stands while the book of " + universe_.instrument_name(book) + " is not good");
      order.placed = now;
    }
  }
}

}  // namespace ats::sim
