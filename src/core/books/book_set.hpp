// Every book of a Universe behind one door: market events in, views and actions out. Appends
// RequestSnapshot, Resubscribe and BookStateChanged itself, effects first. Looking up a book is one
// index; a delta of a Valid book allocates nothing.
//
// A venue is alive while anything arrives on its market channel: the time of the last sign of life is
// kept per venue, so a quiet instrument of a live venue is not stale, and a mute connection makes every
// book of the venue Suspect(Stale), whatever the timer does: BookView::valid compares with `now` itself.
//
// A venue is dark when none of its books has been Valid for longer than BookPolling::after, whatever the
// cause. Then its books are asked for by REST, one after the other, and each answer stands in for its book
// (PolledBook) until the stream's is Valid again or the answer is too old. The stream's own state machine
// goes on underneath as if nothing had been asked.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/books/book_sync.hpp"
#include "core/books/polled_book.hpp"

namespace ats::core {

struct VenueLife {
  Instant last;  // receive time of the last thing from the market channel
  Duration max_age;
  bool connected = false;
  bool stale = false;
  Duration audit_every;  // zero: never
  Instant next_audit;
  std::size_t next_book = 0;  // whose turn it is

  // --- asking for books while it is dark ---
  Duration poll_every;              // zero: never
  std::optional<Instant> no_valid;  // since when none of its books is
  Instant next_poll;
  std::size_t next_polled = 0;
  InstrumentId awaited;  // not answered yet
  Instant answer_due;    // then it is not waited for any more

  bool alive(Instant now) const { return connected && now - last <= max_age; }
};

// What can be asked of a book. Lives as long as the BookSet; levels() only until the book changes.
class BookView {
 public:
  BookView(const BookSync& sync, const VenueLife& venue, const PolledBook* polled)
      : sync_(&sync), venue_(&venue), polled_(polled) {}

  BookState state() const { return polled_ != nullptr ? BookState::Polled : sync_->state(); }
  // Of a Polled book: what became of the stream's.
  BookReason reason() const { return sync_->reason(); }
  // The only question to ask before pricing a new trade from the book.
  bool valid(Instant now) const { return state() == BookState::Valid && venue_->alive(now); }
  // Not Valid, but asked for by REST not too long ago: good enough to mark and to unwind.
  bool polled(Instant now) const { return polled_ != nullptr && polled_->serves(now); }
  // Why no new trade may be priced from it.
  RefuseReason why_not(Instant now) const {
    if (valid(now)) [[likely]]
      return RefuseReason::None;
    return polled(now) ? RefuseReason::BookPolled : RefuseReason::BookNotValid;
  }
  // Zero quantity = none. Buy is the bid side. Of a book that is neither Valid nor polled this is for display.
  Level best(Side side) const {
    return polled_ != nullptr ? polled_->book().best(side) : sync_->best(side);
  }
  TickBook::Cursor levels(Side side) const { return book().levels(side); }
  std::size_t count(Side side) const { return book().count(side); }
  // Since anything was last heard from the venue's market channel.
  Duration silence(Instant now) const { return now - venue_->last; }
  // Receive time of the last message applied.
  Instant last_update() const { return sync_->last_update(); }

 private:
  const TickBook& book() const { return polled_ != nullptr ? polled_->book() : sync_->book(); }

  const BookSync* sync_;
  const VenueLife* venue_;
  const PolledBook* polled_;  // null: none stands in
};

class BookSet {
 public:
  // Copies what it needs; all connections are down, all books Resyncing(NeverSynced).
  explicit BookSet(const Universe& universe, const BookPolling& polling = {});
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
  // Compared with the book where an audit runs on it; stands in for it where its venue is dark.
  void on_image(const BookImage& image, Instant now, Actions& out);

  // Someone who has the same book found it wrong: see BookSync.
  void doubt(InstrumentId id, Instant now, Actions& out);
  bool snapshot(InstrumentId id, BookSnapshot& out, std::vector<Level>& bids,
                std::vector<Level>& asks) const {
    return books_[id.index()].snapshot(out, bids, asks);
  }

  // Instruments whose top, depth or state the last on_… call changed, in no order that matters, each
  // once. Valid until the next call. A delta can wake a whole stale venue, so this is what to walk
  // after every call.
  std::span<const InstrumentId> changed() const { return changed_; }

  BookView view(InstrumentId id) const {
    return {books_[id.index()], venues_[venue_of_[id.index()].index()], polled_[id.index()].get()};
  }
  // Of its view, for who asks nothing else.
  Level best(InstrumentId id, Side side) const {
    const PolledBook* polled = polled_[id.index()].get();
    return polled != nullptr ? polled->book().best(side) : books_[id.index()].best(side);
  }
  std::size_t size() const { return books_.size(); }
  void status(std::vector<BookStatus>& out) const;

 private:
  BookSync& of(InstrumentId id);
  void audit_next(std::size_t venue, Instant now, Actions& out);
  void life(VenueId venue, Instant recv_time, Instant now, Actions& out);
  BookChange note(InstrumentId id, BookChange change, Actions& out);
  bool dark(const VenueLife& venue, Instant now) const {
    return polling_.on() && venue.no_valid && now - *venue.no_valid >= polling_.after;
  }
  void poll_next(std::size_t venue, Instant now, Actions& out);
  // The stream's book says again what the book is.
  void drop_polled(InstrumentId id, Actions& out);
  void tell_state(InstrumentId id, BookState state, Actions& out);

  const BookPolling polling_;
  std::vector<BookSync> books_;  // by instrument; never grows, so a book never moves
  std::vector<VenueId> venue_of_;
  std::vector<VenueLife> venues_;
  std::vector<std::vector<InstrumentId>> of_venue_;
  std::vector<std::unique_ptr<PolledBook>> polled_;  // by instrument; null nearly always
  std::vector<std::uint64_t> polls_;                 // by instrument
  std::vector<InstrumentId> changed_;
};

}  // namespace ats::core
