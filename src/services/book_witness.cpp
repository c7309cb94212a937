#include "services/book_witness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <variant>

namespace ats::services {

void BookWitness::observe(const Event& event, Instant now, const Actions& actions) {
  hear(event, now);
  for (const Action& action : actions) {
    if (const auto* place = std::get_if<Place>(&action)) check(*place->order, now);
    if (const auto* amend = std::get_if<Amend>(&action)) check(*amend->order, now);
  }
}

// Of a run that starts nothing is known yet.
void BookWitness::start(const Universe& universe, const CoreConfig& config) {
  books_.clear();
  universe_ = universe;
  max_polled_age_ = config.max_polled_age;
  images_.assign(universe_.instruments().size(), Instant{});
  heard_.assign(universe_.venues().size(), Instant{});
  for (const Instrument& i : universe_.instruments()) {
    books_.emplace_back(universe_.venue(i.venue).book, i.price_scale, i.qty_scale);
    books_.back().on_down();
  }
}

void BookWitness::hear(const Event& event, Instant now) {
  const auto each_of = [&](VenueId venue, auto told) {
    for (const Instrument& i : universe_.instruments()) {
      if (i.venue == venue) told(books_[i.id.index()]);
    }
  };
  const auto alive = [&](VenueId venue) { heard_[venue.index()] = now; };
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, Started>) {
          start(*e.universe, *e.config);
        } else if constexpr (std::is_same_v<E, ConnectionUp>) {
          if (e.channel == Channel::Trading) return;
          alive(e.venue);
          each_of(e.venue, [](sim::AuditBook& book) { book.on_up(); });
        } else if constexpr (std::is_same_v<E, ConnectionDown>) {
          if (e.channel == Channel::Trading) return;
          each_of(e.venue, [](sim::AuditBook& book) { book.on_down(); });
        } else if constexpr (std::is_same_v<E, BookFault>) {
          // A snapshot that did not come leaves the book as it was.
          if (e.reason == BookFaultReason::SnapshotFailed) return;
          if (e.instrument.valid()) {
            books_[e.instrument.index()].on_fault();
          } else {
            each_of(e.venue, [](sim::AuditBook& book) { book.on_fault(); });
          }
        } else if constexpr (std::is_same_v<E, BookSnapshot> || std::is_same_v<E, BookDelta>) {
          alive(universe_.instrument(e.instrument).venue);
          books_[e.instrument.index()].on(e);
        } else if constexpr (std::is_same_v<E, Trade> || std::is_same_v<E, Quote>) {
          alive(universe_.instrument(e.instrument).venue);
        } else if constexpr (std::is_same_v<E, BookImage>) {
          Instant& known = images_[e.instrument.index()];
          known = std::max(known, e.asked);
        } else if constexpr (std::is_same_v<E, Heartbeat>) {
          alive(e.venue);
        }
      },
      event);
}

void BookWitness::check(const OrderRequest& order, Instant now) {
  ++orders_;
  const Instrument& i = universe_.instrument(order.instrument);
  const sim::AuditBook& book = books_[order.instrument.index()];
  const Duration silence = now - heard_[i.venue.index()];
  const bool mute = silence > universe_.venue(i.venue).book.max_age;
  if (book.valid() && !mute) return;
  const Instant image = images_[order.instrument.index()];
  if (order.unwind && image.ns != 0 && now - image <= max_polled_age_) return;
  if (unproven_++ != 0) return;
  first_ = fmt::format("order {} on {} was priced from a book that lacks {}",
                       client_order_id(order.id).view(), universe_.instrument_name(i.id),
                       book.valid() ? "a sign of life" : book.why_not());
}

}  // namespace ats::services
