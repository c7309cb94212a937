// Every book of a Universe behind one door: market events in, views and actions out. Appends
// RequestSnapshot, Resubscribe and BookStateChanged itself, effects first. Looking up a book is one
// index; a delta of a Valid book allocates nothing.
//
// A venue is alive while anything arrives on its market channel: the time of the last sign of life is
// kept per venue, so a quiet instrument of a live venue is not stale, and a mute connection makes every
// book of the venue Suspect(Stale), whatever the timer does: BookView::valid compares with `now` itself.
#pragma once

#include <span>
#include <vector>

#include "core/books/book_sync.hpp"

namespace ats::core {

struct VenueLife {
  Instant last;  // receive time of the last thing from the market channel
  Duration max_age;
  bool connected = false;
  bool stale = false;
  Duration audit_every;  // zero: never
  Instant next_audit;
  std::size_t next_book = 0;  // whose turn it is
  bool alive(Instant now) const { return connected && now - last <= max_age; }
};

// What can be asked of a book. Lives as long as the BookSet; levels() only until the book changes.
class BookView {
 public:
  BookView(const BookSync& sync, const VenueLife& venue) : sync_(&sync), venue_(&venue) {}

  BookState state() const { return sync_->state(); }
  BookReason reason() const { return sync_->reason(); }
  // The only question to ask before pricing from the book.
  bool valid(Instant now) const { return state() == BookState::Valid && venue_->alive(now); }
  // Zero quantity = none. Buy is the bid side. Of a book that is not Valid this is for display.
  Level best(Side side) const { return sync_->best(side); }
  TickBook::Cursor levels(Side side) const { return sync_->book().levels(side); }
  std::size_t count(Side side) const { return sync_->book().count(side); }
  // Since anything was last heard from the venue's market channel.
  Duration silence(Instant now) const { return now - venue_->last; }
  // Receive time of the last message applied.
  Instant last_update() const { return sync_->last_update(); }

 private:
  const BookSync* sync_;
  const VenueLife* venue_;
};

class BookSet {
 public:
  // Copies what it needs; all connections are down, all books Resyncing(NeverSynced).
  explicit BookSet(const Universe& universe);
  BookSet(const BookSet&) = delete;  // views point into it
  BookSet& operator=(const BookSet&) = delete;

  // One instrument. Events of instruments the set does not know are a broken invariant.
  BookChange on_snapshot(const BookSnapshot& snapshot, Instant now, Actions& out);
  BookChange on_delta(const BookDelta& delta, Instant now, Actions& out);
  BookChange on_instrument(const Instrument& instrument, Instant now, Actions& out);
  // Any other sign of life of the market channel (heartbeat, trade, quote).
  void on_heartbeat(VenueId venue, Instant recv_time, Instant now, Actions& out);

  // Several instruments: see changed(). Only the market-data channel is meant.
  void on_connection(VenueId venue, bool up, Instant now, Actions& out);
  void on_fault(const BookFault& fault, Instant now, Actions& out);
  void on_timer(Instant now, Actions& out);
  void on_image(const BookImage& image, Instant now) { of(image.instrument).on_image(image, now); }

  // Instruments whose top, depth or state the last on_… call changed, in no order that matters, each
  // once. Valid until the next call. A delta can wake a whole stale venue, so this is what to walk
  // after every call.
  std::span<const InstrumentId> changed() const { return changed_; }

  BookView view(InstrumentId id) const {
    return {books_[id.index()], venues_[venue_of_[id.index()].index()]};
  }
  std::size_t size() const { return books_.size(); }
  void status(std::vector<BookStatus>& out) const;

 private:
  BookSync& of(InstrumentId id);
  void audit_next(std::size_t venue, Instant now, Actions& out);
  void life(VenueId venue, Instant recv_time, Instant now, Actions& out);
  BookChange note(InstrumentId id, BookChange change);

  std::vector<BookSync> books_;  // by instrument; never grows, so a book never moves
  std::vector<VenueId> venue_of_;
  std::vector<VenueLife> venues_;
  std::vector<std::vector<InstrumentId>> of_venue_;
  std::vector<InstrumentId> changed_;
};

}  // namespace ats::core
