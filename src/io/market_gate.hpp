// One instrument's market data may come over two connections at a time: a pair that stands for each other,
// or one that is about to take over from another whose life ends. The gate stands between their decoders and
// the core and lets through one unbroken story per book.
//
//  - With one connection everything passes as it comes.
//  - Where updates are numbered by the venue and the snapshot comes by request, the connections are merged:
//    what follows the last update passed on is passed on, whoever brings it; what was passed on already is
//    dropped; what is ahead is held until the rest has come over either connection, or until it is certain
//    not to come, and then the core sees the gap and resyncs.
//  - Where the stream brings the snapshot, a book is fed by one connection. Another takes the book over with
//    a snapshot of its own: when the feeding one is lost, or when the other was named its heir.
//
// Invariant: within what is passed on of one book, each update follows the one before by the venue's own
// rule, or a snapshot stands between them, or the core has been given the gap to see.
// Pure: no clock, no socket. Allocates only where two connections overlap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/event.hpp"
#include "domain/instrument.hpp"

namespace ats::io {

class MarketGate {
 public:
  using Source = std::uint32_t;
  static constexpr Source none = 0;
  // Held per book and connection; one more and the gap is shown.
  static constexpr std::size_t held_max = 64;
  // Dropped of one book without one passed on between: the venue numbers anew.
  static constexpr std::uint32_t dropped_max = 4096;

  // `whole_venue`: these are all the books there are of the venue.
  MarketGate(VenueId venue, const BookRules& rules, std::span<const InstrumentId> instruments,
             bool whole_venue, EventSink& out);

  // A connection that may feed these books. `heir`: takes over from the others as soon as it can.
  Source add(bool heir);
  // It brings no more. Returns the books that are left without anyone: the core must be told.
  std::vector<InstrumentId> remove(Source source);
  // Books that it feeds: an heir has taken over when its predecessor feeds none.
  std::size_t fed_by(Source source) const;
  // To be called now and then for an heir: books for which no connection has brought anything since the
  // last call are quiet, and it has missed nothing of them.
  void inherit_quiet(Source source);
  // An heir that has come into its own: one like the others.
  void settle(Source source);
  std::size_t sources() const { return sources_.size(); }
  // Who would answer for this book: feeds it, or stands ready to. `none`: nobody.
  Source feeder(InstrumentId instrument) const;

  // What `source` decoded. Events that are no book's pass as they come.
  void on(Source source, const Event& event);

 private:
  struct Held {
    BookDelta delta;  // its spans are empty: the levels follow
    std::vector<Level> bids;
    std::vector<Level> asks;
  };
  struct Feed {
    Source source = none;
    bool heir = false;
    std::vector<bool> joined;             // by book: has brought what the story goes on from
    std::vector<std::vector<Held>> held;  // by book, in their order
    std::vector<Sequence> marked;         // by book: `last` at the last inherit_quiet()
  };
  struct Book {
    InstrumentId instrument;
    Source feeder = none;
    Sequence last = 0;  // of what was passed on; 0: nothing yet
    std::uint32_t dropped = 0;
  };

  bool merges() const { return rules_.snapshot_by_request; }
  Book* book_of(InstrumentId instrument);
  const Book* book_of(InstrumentId instrument) const;
  Feed* feed_of(Source source);
  void on_delta(Feed& feed, Book& book, const BookDelta& delta);
  bool follows(const Book& book, const BookDelta& delta) const;
  void pass(Book& book, const BookDelta& delta);
  void hold(Feed& feed, Book& book, const BookDelta& delta);
  // What is held and follows now.
  void release(Book& book);
  void on_snapshot(Feed& feed, Book& book, const BookSnapshot& snapshot);
  void on_fault(Feed& feed, const BookFault& fault);

  const VenueId venue_;
  const BookRules rules_;
  const bool whole_venue_;
  EventSink& out_;
  std::vector<Book> books_;
  std::vector<std::uint32_t> index_;  // by instrument id: place in books_ + 1
  std::vector<Feed> sources_;         // in the order they came
  Source next_ = 1;
};

}  // namespace ats::io
