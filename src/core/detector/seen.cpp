#include "core/detector/seen.hpp"

#include <algorithm>

namespace ats::core {

SeenBook seen(const Instrument& instrument, const BookView& book, Side side, Quantity quantity,
              Instant now) {
  SeenBook out;
  out.instrument = instrument.id;
  out.state = static_cast<std::uint8_t>(book.state());
  out.age = now - book.last_update();
  out.other = book.best(side);
  out.quantity = quantity;
  Levels levels(book.levels(opposite(side)));
  Quantity left = quantity;
  for (Level level;
       (out.level_count < SeenBook::levels_max || !left.is_zero()) && levels.next(level);) {
    if (out.level_count < SeenBook::levels_max) out.levels[out.level_count++] = level;
    const Quantity taken = std::min(left, level.quantity);
    left -= taken;
    out.notional += instrument.notional(level.price, taken);
  }
  return out;
}

ExecutionOpened opened(const Candidate& candidate, ExecutionId execution, const Universe& universe,
                       const BookSet& books, Instant now) {
  ExecutionOpened out;
  out.execution = execution;
  out.buy = seen(universe.instrument(candidate.buy), books.view(candidate.buy), Side::Buy,
                 candidate.walked.buy_quantity, now);
  out.sell = seen(universe.instrument(candidate.sell), books.view(candidate.sell), Side::Sell,
                  candidate.walked.sell_quantity, now);
  return out;
}

ExecutionOpened opened(const CycleCandidate& candidate, ExecutionId execution,
                       const Universe& universe, const BookSet& books, Instant now) {
  ExecutionOpened out;
  out.execution = execution;
  const auto of_leg = [&](std::size_t n) {
    const InstrumentId id = candidate.hops[n].instrument;
    return seen(universe.instrument(id), books.view(id), candidate.hops[n].side,
                candidate.walked.legs[n].quantity, now);
  };
  out.buy = of_leg(0);
  out.sell = of_leg(1);
  out.converted = candidate.walked.legs[2].gave;
  out.converted_into = candidate.walked.legs[2].got;
  return out;
}

}  // namespace ats::core
