// Compares the ledger with what the venues say we own.
//
// Fills and balances race: a balance taken before a fill, or told after it, differs from the ledger and
// means nothing. So a comparison counts only when the venue was quiet: no order of ours unresolved when
// the balances were asked for, and nothing placed or booked there until the answer was complete. A
// difference is a break when two such answers in a row show it; the ledger is not touched.
//
// A venue has agreed once a quiet answer since its connection came up left no difference in doubt;
// until then, and again as soon as one is suspected, nothing new may be opened there (so that it gets
// quiet) and it is asked often; else once per CoreConfig::balance_interval. A venue that is never quiet
// would never be compared: after `overdue_intervals` without a comparison it has to agree anew.
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
  // `asked`: when the question left. The answer to one that was given up for lost, and asked anew, proves nothing.
  void complete(VenueId venue, Instant asked, const Ledger& ledger, Instant now, Findings& out);

  // Something the venue did speaks against our numbers: it has to agree anew.
  void doubt(VenueId venue) { watches_[venue.index()].agreed = false; }

  // Known breaks do not count: they were told, and the venue is halted.
  bool agreed(VenueId venue, const CoreConfig& config, Instant now) const;
  // When the last quiet answer was asked for that showed no difference at all, in this life; zero: none has.
  Instant agreed_at(VenueId venue) const { return watches_[venue.index()].agreed_at; }
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
    bool quiet = false;   // since the last question
    bool agreed = false;  // by the last quiet answer
    Instant asked;
    std::uint32_t given_up = 0;  // questions before it, in a row
    Instant compared;            // last quiet comparison
    Instant agreed_at;           // asked for the last one without a difference
  };
  Report& at(VenueId venue, AssetId asset) {
    return reports_[venue.index() * assets_ + asset.index()];
  }

  std::size_t assets_ = 0;
  std::vector<Watch> watches_;   // by venue
  std::vector<Report> reports_;  // venue-major
};

}  // namespace ats::core
