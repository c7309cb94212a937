#include "services/book_feed.hpp"

namespace ats::services {

void feed_books(core::BookSet& books, VenueId venue, const Event& event, Instant now,
                Actions& out) {
  if (const auto* delta = std::get_if<BookDelta>(&event)) {
    books.on_delta(*delta, now, out);
  } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    books.on_snapshot(*snapshot, now, out);
  } else if (const auto* fault = std::get_if<BookFault>(&event)) {
    books.on_fault(*fault, now, out);
  } else if (const auto* changed = std::get_if<InstrumentChanged>(&event)) {
    books.on_instrument(changed->instrument, now, out);
  } else if (const auto* up = std::get_if<ConnectionUp>(&event)) {
    if (up->channel == Channel::MarketData) books.on_connection(venue, true, now, out);
  } else if (const auto* down = std::get_if<ConnectionDown>(&event)) {
    if (down->channel == Channel::MarketData) books.on_connection(venue, false, now, out);
  } else if (std::holds_alternative<Trade>(event) || std::holds_alternative<Quote>(event) ||
             std::holds_alternative<Heartbeat>(event)) {
    books.on_heartbeat(venue, now, now, out);
  }
}

VenueId venue_of(const Event& event, const Universe& universe) {
  return std::visit(
      [&](const auto& e) -> VenueId {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, InstrumentChanged>) {
          return e.instrument.venue;
        } else if constexpr (requires { VenueId(e.venue); }) {
          return e.venue;
        } else if constexpr (requires { InstrumentId(e.instrument); }) {
          return universe.instrument(e.instrument).venue;
        } else {
          return {};
        }
      },
      event);
}

InstrumentId book_asked_for(const Action& action) {
  if (const auto* x = std::get_if<RequestSnapshot>(&action)) return x->instrument;
  if (const auto* x = std::get_if<Resubscribe>(&action)) return x->instrument;
  if (const auto* x = std::get_if<RequestImage>(&action)) return x->instrument;
  return {};
}

}  // namespace ats::services
