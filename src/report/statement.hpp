// The profit and loss of a history, by day, venue, pair and asset: sums of attributions, exact. A day is a
// calendar day in UTC, and an execution belongs to the one it was resolved on. Executions that are open have
// no attribution yet; what they have done stands in the assets' lines like all else. Pure.
//
// Invariants (asserted): the lines of days, of pairs and of venues each add up to the total.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "report/attribution.hpp"
#include "report/history.hpp"

namespace ats::report {

struct Selection {
  std::optional<PairId> pair;
  std::optional<VenueId> venue;  // an order of the execution was there
  std::optional<ExecutionOutcome> outcome;
  std::optional<WallTime> since, until;  // when it was opened; until is not included
};
bool selected(const Execution& execution, const Selection& selection);

struct Line {
  std::uint64_t executions = 0;
  Decimal volume;
  Terms terms;
};
struct DayLine : Line {
  std::int64_t day = 0;  // days since 1970-01-01
};
struct PairLine : Line {
  PairId pair;
};
struct VenueLine {
  VenueId venue;
  std::uint64_t executions = 0, fills = 0;
  Decimal volume, fees, slippage, realised;
};

struct Statement {
  AssetId in;  // the reporting asset
  Line total;
  std::uint64_t open = 0;         // selected, and not resolved
  std::uint64_t unmarked = 0;     // in which an asset without a mark counts as nothing
  std::uint64_t elsewhere = 0;    // resolved in another reporting asset, and not in these sums
  std::vector<DayLine> days;      // the earliest first
  std::vector<PairLine> pairs;    // by id
  std::vector<VenueLine> venues;  // by id
};

Statement state(const History& history, const Selection& selection);

}  // namespace ats::report
