// Where the money of one execution came from and went, exact to the last unit:
//
//   realised = quoted edge − fees − slippage − leg cost + conversion + revaluation
//
//   quoted edge   what the quoted levels promise, before fees, for the larger of what the two legs made
//   fees          what the venues charged; a fee taken in base at what that base had cost
//   slippage      what both legs made, against the quoted levels
//   leg cost      what only one leg made, and everything done about it, against what its other leg promised
//   conversion    a conversion left open: worth at the marks, less what the opportunity counted on
//   revaluation   base left to inventory or taken from it: worth at the mark, less its quoted price
//
// docs/decisions/0017-attribution.md says why these and works an example. Everything is counted in the
// reporting asset at the marks stated when the execution was resolved. Each amount is taken there once,
// rounded down at 18 decimals, and used in every term it stands in: so rounding never opens a gap, and
// where the asset is the reporting one itself nothing is rounded at all. Pure.
//
// Invariant (asserted): the terms add up to `realised`, which is computed from the cash alone.
#pragma once

#include <cstdint>
#include <vector>

#include "report/execution.hpp"

namespace ats::report {

struct Terms {
  Decimal quoted_edge, fees, slippage, leg_cost, conversion, revaluation;
  Decimal realised;

  Terms& operator+=(const Terms& other);
  Decimal sum() const {
    return quoted_edge - fees - slippage - leg_cost + conversion + revaluation;
  }
};

struct Attribution {
  AssetId in;  // the reporting asset
  Terms terms;
  Decimal promised;       // the whole quoted edge, whether the legs made it or not
  Decimal made;           // base that both legs made
  Decimal volume;         // of all fills, at the marks
  Amounts changed;        // by asset; exact, no marks
  Amounts fees;           // by asset; exact, no marks
  bool unmarked = false;  // an asset without a mark (or beyond all amounts at it) counts as nothing

  // The execution's part on each venue; fees, slippage and realised add up to the terms.
  struct AtVenue {
    VenueId venue;
    std::uint32_t fills = 0;
    Decimal volume, fees, slippage, realised;
  };
  std::vector<AtVenue> venues;
};

// What the quoted edge was a share of: proceeds over cost, less one, before fees, rounded down. Zero
// without quotes.
Rate quoted_rate(const Execution& execution);

// Of an execution that was resolved (asserted).
Attribution attribute(const Execution& execution);

}  // namespace ats::report
