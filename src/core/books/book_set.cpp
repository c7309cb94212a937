#include "core/books/book_set.hpp"

#include <algorithm>

namespace ats::core {

BookSet::BookSet(const Universe& universe) {
  of_venue_.resize(universe.venues().size());
  for (const VenueInfo& venue : universe.venues())
    venues_.push_back({.last = {},
                       .max_age = venue.book.max_age,
                       .audit_every = venue.book.audit_every,
                       .next_audit = {}});
  books_.reserve(universe.instruments().size());
  for (const Instrument& instrument : universe.instruments()) {
    books_.emplace_back(instrument, universe.venue(instrument.venue).book);
    venue_of_.push_back(instrument.venue);
    of_venue_[instrument.venue.index()].push_back(instrument.id);
  }
  changed_.reserve(books_.size());
}

BookChange BookSet::on_snapshot(const BookSnapshot& snapshot, Instant now, Actions& out) {
  changed_.clear();
  BookSync& book = of(snapshot.instrument);
  // A snapshot by request comes over another connection and says nothing of the stream.
  if (!book.snapshot_by_request())
    life(venue_of_[snapshot.instrument.index()], snapshot.times.recv_time, now, out);
  return note(snapshot.instrument, book.on_snapshot(snapshot, now, out));
}

BookChange BookSet::on_delta(const BookDelta& delta, Instant now, Actions& out) {
  changed_.clear();
  BookSync& book = of(delta.instrument);
  life(venue_of_[delta.instrument.index()], delta.times.recv_time, now, out);
  return note(delta.instrument, book.on_delta(delta, now, out));
}

BookChange BookSet::on_instrument(const Instrument& instrument, Instant now, Actions& out) {
  changed_.clear();
  return note(instrument.id, of(instrument.id).on_instrument(instrument, now, out));
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
    note(id, of(id).on_connection(up, now, out));
}

void BookSet::on_fault(const BookFault& fault, Instant now, Actions& out) {
  changed_.clear();
  if (fault.instrument.valid()) {
    note(fault.instrument, of(fault.instrument).on_fault(fault.reason, now, out));
    return;
  }
  ATS_ASSERT(fault.venue.index() < venues_.size());
  for (const InstrumentId id : of_venue_[fault.venue.index()])
    note(id, of(id).on_fault(fault.reason, now, out));
}

void BookSet::on_timer(Instant now, Actions& out) {
  changed_.clear();
  for (std::size_t venue = 0; venue < venues_.size(); ++venue) {
    VenueLife& life = venues_[venue];
    const bool mute = life.connected && !life.stale && !life.alive(now);
    life.stale = life.stale || mute;
    for (const InstrumentId id : of_venue_[venue]) {
      note(id, of(id).on_timer(now, out));
      if (mute) note(id, of(id).on_stale(true, out));
    }
    audit_next(venue, now, out);
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

void BookSet::status(std::vector<BookStatus>& out) const {
  out.resize(books_.size());
  for (std::size_t i = 0; i < books_.size(); ++i) books_[i].status(out[i]);
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
  for (const InstrumentId id : of_venue_[venue.index()]) note(id, of(id).on_stale(false, out));
}

BookChange BookSet::note(InstrumentId id, BookChange change) {
  if (change != BookChange::None &&
      std::find(changed_.begin(), changed_.end(), id) == changed_.end()) {
    changed_.push_back(id);
  }
  return change;
}

}  // namespace ats::core
