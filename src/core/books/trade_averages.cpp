#include "core/books/trade_averages.hpp"

namespace ats::core {

void TradeAverages::restart(const Universe& universe) {
  kept_.clear();
  kept_.resize(universe.instruments().size());
  for (const Instrument& instrument : universe.instruments()) on_instrument(instrument);
}

void TradeAverages::on_instrument(const Instrument& instrument) {
  auto& kept = kept_[instrument.id.index()];
  if (!instrument.band.any()) {
    kept.reset();
    return;
  }
  const Duration length{instrument.band.over.ns / parts};
  if (kept && kept->length == length) return;
  kept = std::make_unique<Kept>();
  kept->length = length;
}

void TradeAverages::add(Kept& kept, const Trade& trade, Instant now) {
  if (trade.price.units <= 0 || trade.quantity.units <= 0) return;
  kept.last = trade.price;
  if (kept.length.ns <= 0) return;
  const std::int64_t number = now.ns / kept.length.ns;
  Part& part = kept.recent[static_cast<std::size_t>(number % parts)];
  if (part.number != number) part = {number, 0, 0};
  // Two int64 each; so large that a few of them overflow they are no market's.
  Int128 worth = 0;
  if (__builtin_add_overflow(part.worth, Int128{trade.price.units} * trade.quantity.units, &worth))
    return;
  part.worth = worth;
  part.quantity += trade.quantity.units;
}

std::optional<Price> TradeAverages::average(InstrumentId instrument, Instant now) const {
  if (instrument.index() >= kept_.size() || !kept_[instrument.index()]) return std::nullopt;
  const Kept& kept = *kept_[instrument.index()];
  if (kept.length.ns <= 0) return kept.last;
  const std::int64_t newest = now.ns / kept.length.ns;
  Int128 worth = 0;
  Int128 quantity = 0;
  for (const Part& part : kept.recent) {
    if (part.number < 0 || newest - part.number >= parts) continue;
    if (__builtin_add_overflow(worth, part.worth, &worth)) return kept.last;
    quantity += part.quantity;
  }
  if (quantity == 0) return kept.last;
  return Price{static_cast<std::int64_t>(worth / quantity)};
}

}  // namespace ats::core
