// Keeps one instrument's book true to its venue: joins snapshot and deltas by the venue's sequence rule,
// proves them by its checksum, and says at any time whether the book may be priced from, and why not.
//
//   Resyncing(reason) --snapshot joined--> Valid <--> Suspect(Crossed | Stale)
//   any --a second image in a row differs--> Resyncing(AuditDiffers)
//   any --gap, wrong checksum, number or protocol fault, lost connection, crossed > 1 s--> Resyncing
//
// Resyncing: the book has no levels, deltas are buffered (bounded) where a snapshot comes by request and
// dropped where the stream brings it; a snapshot is asked for, with backoff. Suspect: the levels stand,
// nothing may be priced from them. A lost connection always means Resyncing: nothing is replayed.
//
// Past the end of a snapshot that was cut, the venue's book is known only where it changes. When the best
// price gets there the book stays Valid, with OutsideWindow as its reason: every level it has is real, so it
// shows the venue's prices no better than they are. A fresh snapshot is asked for and takes its place.
// Invariant: Valid implies that every message since the snapshot was applied, none missing, and that the
// best bid is below the best ask. Data is taken only between ConnectionUp and ConnectionDown.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"
#include "core/books/book_audit.hpp"
#include "core/books/tick_book.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "domain/status.hpp"

namespace ats::core {

// What a call changed, the strongest that holds.
enum class BookChange : std::uint8_t {
  None,
  Depth,  // levels behind the best
  Top,    // best price or quantity of a side
  State,  // BookState or BookReason (the levels perhaps too)
};

struct SyncTimings {
  static constexpr Duration crossed_max = seconds(1);  // then the book is thrown away
  static constexpr Duration answer_max = seconds(10);  // a snapshot asked for comes by then
  static constexpr Duration first_delta_max =
      seconds(1);                                      // a quiet stream: ask without waiting longer
  static constexpr Duration backoff_min = seconds(1);  // between two requests; doubles up to
  static constexpr Duration backoff_max = seconds(32);
  static constexpr Duration settled = seconds(60);  // Valid this long: backoff starts over
};

class BookSync {
 public:
  // A snapshot with fewer levels on a side than this is the whole side: venues cut at 100 or more.
  static constexpr std::size_t whole_side_below = 100;
  // Whole books that are numbered lower than the one in hand come late, by another way, and are dropped.
  // This many in a row are no late ones: the venue has begun to count anew.
  static constexpr std::uint8_t older_max = 8;
  // Buffered while a snapshot is awaited; more than this starts the buffer over, so that the snapshot
  // is found too old and asked for again.
  static constexpr std::size_t buffered_deltas_max = 4096;
  static constexpr std::size_t buffered_levels_max = 131'072;

  BookSync(const Instrument& instrument, const BookRules& rules);

  BookChange on_connection(bool up, Instant now, Actions& out);
  BookChange on_snapshot(const BookSnapshot& snapshot, Instant now, Actions& out);
  BookChange on_delta(const BookDelta& delta, Instant now, Actions& out);
  BookChange on_fault(BookFaultReason reason, Instant now, Actions& out);
  BookChange on_timer(Instant now, Actions& out);
  // An image of the book is asked for; only of a Valid book that no audit runs on.
  void audit(Instant now, Actions& out);
  bool audited() const { return audit_.running(); }
  void on_image(const BookImage& image, Instant now) {
    audit_.on_image(image.bids, image.asks, image.asked, now);
  }
  // No sign of life of the venue for longer than its max_age, or life again. Decided per venue by the
  // owner of the book.
  BookChange on_stale(bool stale, Actions& out);
  // Someone who has the same book found it wrong: had anew, unless that is under way.
  BookChange doubt(Instant now, Actions& out);
  // As a snapshot, which another book of the instrument could be begun from and which the deltas to come follow. Its
  // levels are in `bids` and `asks`, best first. False: there are none that stand.
  bool snapshot(BookSnapshot& out, std::vector<Level>& bids, std::vector<Level>& asks) const;
  // New metadata: another tick or scale starts the book over.
  BookChange on_instrument(const Instrument& instrument, Instant now, Actions& out);

  BookState state() const { return state_; }
  BookReason reason() const { return reason_; }
  Level best(Side side) const { return side == Side::Buy ? best_bid_ : best_ask_; }
  const TickBook& book() const { return book_; }
  Instant last_update() const { return counters_.last_update; }
  bool snapshot_by_request() const { return rules_.snapshot_by_request; }
  void status(BookStatus& out) const;

 private:
  struct Buffered {
    BookDelta delta;  // its spans are empty: the levels are in buffered_levels_
    std::size_t at;   // bids, then asks
    std::size_t bids;
    std::size_t asks;
  };
  // What a checksum is taken over, of one side. Most messages change one side only: the other's levels
  // are still those of the message before.
  struct TopSide {
    std::array<Level, BookRules::checksum_levels_max> levels;
    std::size_t count = 0;
    bool current = false;  // the book's side has not changed since
  };
  enum class Fit : std::uint8_t { Follows, Old, Gap };

  // Where the delta stands by the venue's sequence rule.
  Fit fit(const BookDelta& delta) const;
  // Levels, depth, checksum. None when the message left the book as the venue says it is.
  BookReason apply(std::span<const Level> bids, std::span<const Level> asks,
                   const std::optional<std::uint32_t>& checksum);
  BookReason apply_delta(const BookDelta& delta);
  void note_replaced(const BookSnapshot& snapshot);
  void note_let_go();
  BookChange settle_audit(Instant now, Actions& out);
  bool checksum_holds(std::uint32_t told);
  void clear_book();
  void know_extent(const BookSnapshot& snapshot);
  bool outside_extent() const;
  void refresh(Instant now, Actions& out);
  bool can_replace(const BookSnapshot& snapshot) const;
  enum class Joined : std::uint8_t { Whole, SnapshotTooOld, Broken };
  Joined apply_buffered(BookReason& why);
  void buffer(const BookDelta& delta);
  void drop_buffered();

  // After a complete message: crossing and extent, then the state that follows.
  BookChange settle(Instant now, Actions& out);
  BookChange resync(BookReason reason, Instant now, Actions& out);
  void send_request(Instant now, Actions& out);
  BookChange become_sound(Actions& out);
  BookChange become(BookState state, BookReason reason, Actions& out);
  BookChange refresh_top();

  InstrumentId instrument_;
  BookRules rules_;
  std::uint8_t price_scale_;
  std::uint8_t qty_scale_;
  TickBook book_;
  TopSide top_bids_;
  TopSide top_asks_;
  Level best_bid_;
  Level best_ask_;
  BookState state_ = BookState::Resyncing;
  BookReason reason_ = BookReason::NeverSynced;
  Sequence last_ = 0;  // of the last message applied
  std::uint8_t older_in_a_row_ = 0;
  bool joining_ = false;  // a snapshot stands, no delta has followed it yet
  bool connected_ = false;
  bool stale_ = false;
  bool refreshing_ = false;  // a snapshot is awaited that will replace a sound book
  std::optional<Instant> crossed_since_;
  // Worst prices of a snapshot that may have been cut.
  std::optional<Price> lowest_bid_;
  std::optional<Price> highest_ask_;
  BookStatus counters_;
  BookAudit audit_;
  bool doubted_ = false;  // the last audit differed: the next one decides

  // --- asking for a snapshot ---
  bool wanted_ = false;
  bool resubscribe_ = false;  // the subscription has to be made anew
  bool stream_seen_ = false;  // a delta has come over this subscription
  std::optional<Instant> answer_due_;
  Instant ask_from_;     // backoff: not before
  Instant quiet_until_;  // from here on ask without having seen a delta
  Duration backoff_ = SyncTimings::backoff_min;
  Instant synced_at_;
  std::vector<Buffered> buffered_;
  std::vector<Level> buffered_levels_;
};

}  // namespace ats::core
