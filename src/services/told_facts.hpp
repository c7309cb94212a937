// What everyone who is told of an engine's life makes of its events alike: the bus, the history.
#pragma once

#include <optional>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/status.hpp"

namespace ats::services {

struct NewFill {
  const Fill* fill = nullptr;  // of the event
  bool ours = true;            // not of an order of somebody else
};
// The fill that this event told of, if it was booked for it: told twice it is booked once.
std::optional<NewFill> newly_booked(const Event& event, const Actions& actions);

// A trade is over; not a quote that was taken back.
inline bool is_trade(const ExecutionResolved& done) {
  return done.outcome != ExecutionOutcome::Unfilled;
}

// There is nothing to tell of the second to who knows the first.
bool same_top(const BookStatus& a, const BookStatus& b);

}  // namespace ats::services
