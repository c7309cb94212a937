// Orders on our accounts that are not ours: a person trades by hand, or another program does. What is known
// of them, what they hold of what we own, and which of them a person has been told of.
//
// Invariants:
//  - each order is news once, however often and by whichever way it is told, and is over once;
//  - what an open order may still take is held: nothing of it is free for us;
//  - a fill whose name has been forgotten is never taken for a new one: fills no younger than the youngest that
//    was forgotten are refused;
//  - an order that a complete answer of the venue does not name any more is over. A question that failed ends
//    nothing.
// Nothing here is forgotten by a restart of the process: folding the journal restores it.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/config.hpp"
#include "domain/event.hpp"
#include "domain/ids.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

class ForeignOrders {
 public:
  static constexpr std::size_t ended_remembered = 256;   // of a venue
  static constexpr std::size_t fills_remembered = 1024;  // of a venue, by name

  struct Known {
    VenueOrderId id;
    InstrumentId instrument;
    Side side = Side::Buy;
    OrderTerms terms;
    Quantity filled;  // as the venue counts
    Quantity booked;  // of what we were told of
    bool open = true;
    bool named = true;      // since the venue was last asked for all
    bool reported = false;  // a person has been told
  };

  // A new life. Under another policy than before, what is open is news again.
  void restart(const Universe& universe, ForeignPolicy policy);

  struct News {
    const Known* order = nullptr;  // lives until the next call; null: nothing new
    bool over = false;
    bool untold = false;  // it is over now, and more of it was filled than was booked
  };
  News on(const ForeignOrder& event);
  // The fill was booked.
  News on(const ForeignFill& event);

  // The venue is asked for all open orders; and has answered: what it did not name is over.
  void asked(VenueId venue);
  void answered(VenueId venue, std::vector<Known>& over);

  // Whether the fill may have been booked and forgotten since.
  bool too_old(const Fill& fill) const;
  // The fill was booked; the name that has to be forgotten for it, if one has.
  std::optional<std::pair<InstrumentId, FillId>> remember(const Fill& fill);

  // Of the asset, by orders of others that are open on the venue.
  Decimal held(VenueId venue, AssetId asset) const {
    return held_[venue.index() * universe_->assets().size() + asset.index()];
  }
  std::size_t open(VenueId venue) const;

 private:
  struct Named {
    InstrumentId instrument;
    FillId fill;
    WallTime at;
  };
  struct Account {
    std::vector<Known> orders;  // oldest first
    std::deque<Named> fills;    // booked, oldest first
    bool forgot = false;        // any of them, the youngest of that time:
    WallTime forgotten_to;
  };

  VenueId venue_of(const Fill& fill) const { return universe_->instrument(fill.instrument).venue; }
  Known& known(Account& account, const VenueOrderId& id);
  static News report(Known& order);
  static void forget_ended(Account& account);
  void measure();

  const Universe* universe_ = nullptr;
  ForeignPolicy policy_ = ForeignPolicy::Halt;
  std::vector<Account> accounts_;  // by venue
  std::vector<Decimal> held_;      // venue-major
};

}  // namespace ats::core
