// One execution as a trace, as OpenTelemetry has them: spans from the frame that showed the opportunity to the last fill, each with
// its beginning and end. Pure.
//
// Invariants: spans[0] is the whole; every other has a parent before it in the list, and lies within the whole. Times of one life of the
// engine differ by what its monotonic clock says, whatever became of the wall clock meanwhile.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "domain/instrument.hpp"
#include "report/execution.hpp"

namespace ats::report {

struct TraceEvent {
  std::string name;
  WallTime at;
};

struct TraceSpan {
  std::string name;        // "trade", "books", "order kraken", "encode", "write", "venue"
  std::size_t parent = 0;  // of spans[0]: none
  WallTime begin, end;
  std::vector<std::pair<std::string_view, std::string>> attributes;  // "ats.venue" is "kraken"
  std::vector<TraceEvent> events;
  bool failed = false;  // an order that was rejected, a trade that was handed over
};

// Of one that is resolved.
std::vector<TraceSpan> trace_of(const Execution& execution, const Universe& universe);

}  // namespace ats::report
