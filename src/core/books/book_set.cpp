#include "core/books/book_set.hpp"

#include <algorithm>

namespace ats::core {

namespace {

// An answer that has not come by then is not waited for any more; the next book's turn has come.
constexpr Duration poll_answer_max = seconds(5);

}  // namespace

BookSet::BookSet(const Universe& universe, const BookPolling& polling) : polling_(polling) {
  of_venue_.resize(universe.venues().size());
  for (const VenueInfo& venue : universe.venues())
    venues_.push_back({.last = {},
                       .max_age = venue.book.max_age,
                       .audit_every = venue.book.audit_every,
                       .next_audit = {},
                       .poll_every = venue.book.poll_every,
                       .no_valid = {},
                       .next_poll = {},
                       .awaited = {},
                       .answer_due = {}});
  books_.reserve(universe.instruments().size());
  for (const Instrument& instrument : universe.instruments()) {
    books_.emplace_back(instrument, universe.venue(instrument.venue).book);
    venue_of_.push_back(instrument.venue);
    of_venue_[instrument.venue.index()].push_back(instrument.id);
  }
  polled_.resize(books_.size());
  polls_.resize(books_.size());
  changed_.reserve(books_.size());
}

BookChange BookSet::on_snapshot(const BookSnapshot& snapshot, Instant now, Actions& out) {
  changed_.clear();
  BookSync& book = of(snapshot.instrument);
  // A snapshot by request comes over another connection and says nothing of the stream.
  if (!book.snapshot_by_request())
    life(venue_of_[snapshot.instrument.index()], snapshot.times.recv_time, now, out);
  return note(snapshot.instrument, book.on_snapshot(snapshot, now, out), out);
}

BookChange BookSet::on_delta(const BookDelta& delta, Instant now, Actions& out) {
  changed_.clear();
  BookSync& book = of(delta.instrument);
  life(venue_of_[delta.instrument.index()], delta.times.recv_time, now, out);
  return note(delta.instrument, book.on_delta(delta, now, out), out);
}

BookChange BookSet::on_instrument(const Instrument& instrument, Instant now, Actions& out) {
  changed_.clear();
  // Asked for in the old tick, perhaps.
  drop_polled(instrument.id, out);
  return note(instrument.id, of(instrument.id).on_instrument(instrument, now, out), out);
}

void BookSet::on_heartbeat(VenueId venue, Instant recv_time, Instant now, Actions& out) {
  changed_.clear();
  ATS_ASSERT(venue.index() < venues_.size());
  life(venue, recv_time, now, out);
}

void BookSet::on_connection(VenueId venue, bool up, Instant now, Actions& out) {
  changed_.clear();
  ATS_ASSERT(venue.index() < venues_.size());
  VenueLife& life = venues_[venue.index()];
  life.connected = up;
  life.stale = false;
  if (up) life.last = now;
  for (const InstrumentId id : of_venue_[venue.index()])
    note(id, of(id).on_connection(up, now, out), out);
}

void BookSet::on_fault(const BookFault& fault, Instant now, Actions& out) {
  changed_.clear();
  if (fault.instrument.valid()) {
    note(fault.instrument, of(fault.instrument).on_fault(fault.reason, now, out), out);
    return;
  }
  ATS_ASSERT(fault.venue.index() < venues_.size());
  for (const InstrumentId id : of_venue_[fault.venue.index()])
    note(id, of(id).on_fault(fault.reason, now, out), out);
}

void BookSet::doubt(InstrumentId id, Instant now, Actions& out) {
  changed_.clear();
  note(id, of(id).doubt(now, out), out);
}

void BookSet::on_timer(Instant now, Actions& out) {
  changed_.clear();
  for (std::size_t venue = 0; venue < venues_.size(); ++venue) {
    VenueLife& life = venues_[venue];
    const bool mute = life.connected && !life.stale && !life.alive(now);
    life.stale = life.stale || mute;
    bool any_valid = false;
    for (const InstrumentId id : of_venue_[venue]) {
      note(id, of(id).on_timer(now, out), out);
      if (mute) note(id, of(id).on_stale(true, out), out);
      if (polled_[id.index()] && !polled_[id.index()]->serves(now)) drop_polled(id, out);
      any_valid = any_valid || view(id).valid(now);
    }
    if (any_valid) {
      life.no_valid.reset();
    } else if (!life.no_valid) {
      life.no_valid = now;
    }
    audit_next(venue, now, out);
    poll_next(venue, now, out);
  }
}

// One book of a venue after the other, by turns; a strange stride, so that neighbours in the list, which may
// share a fate, are not neighbours in time.
void BookSet::audit_next(std::size_t venue, Instant now, Actions& out) {
  VenueLife& life = venues_[venue];
  const auto& books = of_venue_[venue];
  if (life.audit_every.ns <= 0 || !life.connected || life.stale || books.empty()) return;
  if (now < life.next_audit) return;
  life.next_audit = now + life.audit_every;
  constexpr std::size_t stride = 7919;
  life.next_book = (life.next_book + stride) % books.size();
  of(books[life.next_book]).audit(now, out);
}

// --- while the stream is down ---

// One question at a time, and no more of them than the venue lets anyone ask in passing.
void BookSet::poll_next(std::size_t venue, Instant now, Actions& out) {
  VenueLife& life = venues_[venue];
  const auto& books = of_venue_[venue];
  if (life.poll_every.ns <= 0 || books.empty() || now < life.next_poll || !dark(life, now)) return;
  if (life.awaited.valid() && now < life.answer_due) return;
  life.next_poll = now + life.poll_every;
  life.answer_due = now + poll_answer_max;
  life.next_polled = (life.next_polled + 1) % books.size();
  life.awaited = books[life.next_polled];
  out.emplace_back(RequestImage{life.awaited});
}

void BookSet::on_image(const BookImage& image, Instant now, Actions& out) {
  changed_.clear();
  const InstrumentId id = image.instrument;
  BookSync& book = of(id);
  book.on_image(image, now);
  VenueLife& life = venues_[venue_of_[id.index()].index()];
  if (life.awaited == id) life.awaited = {};
  if (!dark(life, now) || book.state() == BookState::Valid) return;
  std::unique_ptr<PolledBook>& polled = polled_[id.index()];
  // Answers overtake each other, and one may come when it is of no use any more.
  if (now - image.asked > polling_.max_age || (polled && image.asked <= polled->asked())) return;
  const bool first = polled == nullptr;
  if (first) polled = std::make_unique<PolledBook>(book.book().tick());
  if (!polled->take(image, polling_.max_age)) {
    if (first) {
      polled.reset();
    } else {
      drop_polled(id, out);
    }
    return;
  }
  ++polls_[id.index()];
  if (first) tell_state(id, BookState::Polled, out);
  changed_.push_back(id);
}

void BookSet::drop_polled(InstrumentId id, Actions& out) {
  std::unique_ptr<PolledBook>& polled = polled_[id.index()];
  if (!polled) return;
  polled.reset();
  tell_state(id, of(id).state(), out);
  note(id, BookChange::Depth, out);
}

void BookSet::tell_state(InstrumentId id, BookState state, Actions& out) {
  out.emplace_back(BookStateChanged{id, static_cast<std::uint8_t>(state),
                                    static_cast<std::uint8_t>(of(id).reason())});
}

void BookSet::status(std::vector<BookStatus>& out) const {
  out.resize(books_.size());
  for (std::size_t i = 0; i < books_.size(); ++i) {
    BookStatus& status = out[i];
    books_[i].status(status);
    status.polls = polls_[i];
    if (!polled_[i]) continue;
    const TickBook& book = polled_[i]->book();
    status.state = BookState::Polled;
    status.last_update = polled_[i]->asked();
    status.bid = book.best(Side::Buy);
    status.ask = book.best(Side::Sell);
    status.bid_levels = static_cast<std::uint32_t>(book.count(Side::Buy));
    status.ask_levels = static_cast<std::uint32_t>(book.count(Side::Sell));
  }
}

BookSync& BookSet::of(InstrumentId id) {
  ATS_ASSERT(id.index() < books_.size());
  return books_[id.index()];
}

void BookSet::life(VenueId venue, Instant recv_time, Instant now, Actions& out) {
  VenueLife& life = venues_[venue.index()];
  life.last = std::max(life.last, recv_time);
  if (!life.stale || !life.alive(now)) [[likely]]
    return;
  life.stale = false;
  for (const InstrumentId id : of_venue_[venue.index()]) note(id, of(id).on_stale(false, out), out);
}

BookChange BookSet::note(InstrumentId id, BookChange change, Actions& out) {
  if (change == BookChange::State && polled_[id.index()]) [[unlikely]] {
    // What the stream's book said of itself is what the book is, or is what lies underneath.
    if (of(id).state() == BookState::Valid) {
      polled_[id.index()].reset();
    } else {
      tell_state(id, BookState::Polled, out);
    }
  }
  if (change != BookChange::None &&
      std::find(changed_.begin(), changed_.end(), id) == changed_.end()) {
    changed_.push_back(id);
  }
  return change;
}

}  // namespace ats::core
