#include "report/statement.hpp"

#include <algorithm>

namespace ats::report {
namespace {

// The line of a key in a list sorted by it.
template <class Lines, class Key, class Member>
auto& line_of(Lines& lines, Key key, Member member) {
  const auto at = std::lower_bound(lines.begin(), lines.end(), key,
                                   [&](const auto& line, Key k) { return line.*member < k; });
  if (at != lines.end() && (*at).*member == key) return *at;
  auto& line = *lines.emplace(at);
  line.*member = key;
  return line;
}

void add(Line& line, const Attribution& attribution) {
  ++line.executions;
  line.volume += attribution.volume;
  line.terms += attribution.terms;
}

template <class Lines>
Decimal realised_of(const Lines& lines) {
  Decimal sum;
  for (const auto& line : lines) sum += line.terms.realised;
  return sum;
}

}  // namespace

bool selected(const Execution& execution, const Selection& selection) {
  if (selection.pair && execution.pair != *selection.pair) return false;
  if (selection.outcome && (!execution.resolved || execution.outcome != *selection.outcome)) {
    return false;
  }
  if (selection.since && execution.opened.wall < *selection.since) return false;
  if (selection.until && execution.opened.wall >= *selection.until) return false;
  if (!selection.venue) return true;
  return std::any_of(execution.legs.begin(), execution.legs.end(),
                     [&](const Leg& leg) { return leg.venue == *selection.venue; });
}

Statement state(const History& history, const Selection& selection) {
  Statement out;
  out.in = history.reporting();
  for (const auto& [id, execution] : history.executions()) {
    if (!selected(execution, selection)) continue;
    // No trade, unless one asks for them.
    const bool unfilled = execution.resolved && execution.outcome == ExecutionOutcome::Unfilled;
    if (unfilled && selection.outcome != ExecutionOutcome::Unfilled) continue;
    if (!execution.resolved) {
      ++out.open;
      continue;
    }
    if (execution.reporting != out.in) {
      ++out.elsewhere;
      continue;
    }
    const Attribution attribution = attribute(execution);
    if (attribution.unmarked) ++out.unmarked;
    add(out.total, attribution);
    add(line_of(out.days, execution.ended.wall.day_utc(), &DayLine::day), attribution);
    add(line_of(out.pairs, execution.pair, &PairLine::pair), attribution);
    for (const Attribution::AtVenue& part : attribution.venues) {
      VenueLine& line = line_of(out.venues, part.venue, &VenueLine::venue);
      ++line.executions;
      line.fills += part.fills;
      line.volume += part.volume;
      line.fees += part.fees;
      line.slippage += part.slippage;
      line.realised += part.realised;
    }
  }
  Decimal on_venues;
  for (const VenueLine& line : out.venues) on_venues += line.realised;
  ATS_ASSERT(out.total.terms.sum() == out.total.terms.realised);
  ATS_ASSERT(realised_of(out.days) == out.total.terms.realised);
  ATS_ASSERT(realised_of(out.pairs) == out.total.terms.realised);
  ATS_ASSERT(on_venues == out.total.terms.realised);
  return out;
}

}  // namespace ats::report
