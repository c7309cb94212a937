// Compares the ledger with what the venues say we own.
//
// Fills and balances race: a balance taken before a fill, or told after it, differs from the ledger and
// means nothing. So a comparison counts only when the venue was quiet: no order of ours unresolved when
// the balances were asked for, and nothing placed or booked there until the answer was complete. A
// difference is a break when two such answers in a row show it; the ledger is not touched.
//
// Asking again: soon while balances have not been told since the connection came up, while a
// difference is suspected, or while an answer is overdue; else once per CoreConfig::balance_interval.
// A venue that is never quiet would never be compared: after `overdue_intervals` of these the watch says
// so (starved), and nothing new may be opened there until it has been.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "core/ledger/ledger.hpp"
#include "domain/config.hpp"
#include "domain/ids.hpp"

namespace ats::core {

struct Difference {
  VenueId venue;
  AssetId asset;
  Decimal ledger;
  Decimal reported;
};

class BalanceWatch {
 public:
  static constexpr std::int64_t overdue_intervals = 4;

  // Makes room for the universe and forgets what was told (not what is broken): a new life asks anew.
  void restart(std::size_t venues, std::size_t assets, Instant now);
  void connection_up(VenueId venue, Instant now);
  void connection_down(VenueId venue);

  // Whether QueryBalances is due; `quiet`: no order of ours is unresolved on the venue.
  bool due(VenueId venue, bool quiet, const CoreConfig& config, Instant now) const;
  void asked(VenueId venue, bool quiet, Instant now);
  // An order was placed or a fill booked on the venue: an answer under way proves nothing.
  void disturbed(VenueId venue) { watches_[venue.index()].quiet = false; }

  // Totals that no account can hold are not taken.
  void reported(VenueId venue, AssetId asset, Decimal total);
  // The answer is complete: assets it did not name are zero. Fills `breaks` with differences that are
  // breaks from now on, and `suspected` tells whether one is seen for the first time.
  struct Findings {
    std::vector<Difference> breaks;
    std::vector<Difference> healed;  // breaks that are none any more
    bool suspected = false;
  };
  void complete(VenueId venue, const Ledger& ledger, Instant now, Findings& out);

  // Balances were told completely since the connection came up.
  bool told(VenueId venue) const { return watches_[venue.index()].told; }
  bool starved(VenueId venue, const CoreConfig& config, Instant now) const;
  bool broken(VenueId venue) const;
  // The differences that are breaks now; a person may accept them.
  void breaks(VenueId venue, const Ledger& ledger, std::vector<Difference>& out) const;
  // A person accepted the venue's numbers.
  void accepted(VenueId venue);

  struct Report {
    Decimal total;
    bool told = false;   // ever
    bool named = false;  // since the last question
    bool broken = false;
    std::uint8_t strikes = 0;  // quiet answers in a row that differed
  };
  const Report& report(VenueId venue, AssetId asset) const {
    return reports_[venue.index() * assets_ + asset.index()];
  }

 private:
  struct Watch {
    bool up = false;
    bool told = false;
    bool asking = false;
    bool quiet = false;      // since the last question
    bool suspected = false;  // the last quiet answer differed
    Instant asked;
    Instant compared;  // last quiet comparison
  };
  Report& at(VenueId venue, AssetId asset) {
    return reports_[venue.index() * assets_ + asset.index()];
  }

  std::size_t assets_ = 0;
  std::vector<Watch> watches_;   // by venue
  std::vector<Report> reports_;  // venue-major
};

}  // namespace ats::core
