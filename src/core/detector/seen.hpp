// What an opportunity that was taken had seen, for people and their accounts: the levels each leg was to
// take, and what they would have come to. Read at the decision, from the books that decided. Pure, no
// allocation; asked only when an execution was opened.
#pragma once

#include "core/books/book_set.hpp"
#include "core/detector/cycles.hpp"
#include "core/detector/detector.hpp"
#include "domain/action.hpp"

namespace ats::core {

// The side that an order of `side` takes.
SeenBook seen(const Instrument& instrument, const BookView& book, Side side, Quantity quantity,
              Instant now);

ExecutionOpened opened(const Candidate& candidate, ExecutionId execution, const Universe& universe,
                       const BookSet& books, Instant now);
// Of a cycle whose conversion stays open: a leg that buys, one that sells, and the conversion.
ExecutionOpened opened(const CycleCandidate& candidate, ExecutionId execution,
                       const Universe& universe, const BookSet& books, Instant now);

}  // namespace ats::core
