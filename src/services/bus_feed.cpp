#include "services/bus_feed.hpp"

#include <algorithm>

#include "services/bus_messages.hpp"

namespace ats::services {

const char* name(BusStream stream) { return stream == BusStream::Fill ? "fill" : "execution"; }

void BusFeed::on(const Event& event, const Actions& actions, std::vector<BusItem>& out) {
  if (const auto* started = std::get_if<Started>(&event)) {
    wall_ = started->wall;
    if (journal_ == 0) journal_ = static_cast<std::uint64_t>(wall_.ns_utc / 1'000'000);
    life_ = started->incarnation;
    universe_ = *started->universe;
  } else if (const auto* timer = std::get_if<Timer>(&event)) {
    wall_ = timer->wall;
  } else if (const auto* changed = std::get_if<InstrumentChanged>(&event)) {
    const Instrument& held = universe_.instrument(changed->instrument.id);
    if (changed->instrument.price_scale == held.price_scale &&
        changed->instrument.qty_scale == held.qty_scale)
      universe_.add_instrument(changed->instrument);
  } else if (const auto* filled = std::get_if<OrderFilled>(&event)) {
    take(filled->fill, true, actions, out);
  } else if (const auto* foreign = std::get_if<ForeignFill>(&event)) {
    take(foreign->fill, false, actions, out);
  }
  for (const Action& action : actions) {
    const auto* done = std::get_if<ExecutionResolved>(&action);
    if (done == nullptr || done->outcome == ExecutionOutcome::Unfilled) continue;
    const auto stream = BusStream::Execution;
    const std::uint64_t number = ++numbers_[static_cast<std::size_t>(stream)];
    out.push_back({stream, number, bus_channel(name(stream), {}, done->pair, universe_),
                   bus_message({source_, journal_, life_, number, wall_}, *done, universe_)});
  }
}

// Told twice it is booked once.
void BusFeed::take(const Fill& fill, bool ours, const Actions& actions, std::vector<BusItem>& out) {
  const bool booked = std::ranges::any_of(actions, [&](const Action& action) {
    const auto* entry = std::get_if<Booked>(&action);
    return entry != nullptr && entry->fill == fill.id &&
           (entry->kind == EntryKind::Fill || entry->kind == EntryKind::ForeignFill);
  });
  if (!booked) return;
  const auto stream = BusStream::Fill;
  const Instrument& on = universe_.instrument(fill.instrument);
  const std::uint64_t number = ++numbers_[static_cast<std::size_t>(stream)];
  out.push_back({stream, number, bus_channel(name(stream), on.venue, on.pair, universe_),
                 bus_message({source_, journal_, life_, number, wall_}, fill, ours, universe_)});
}

}  // namespace ats::services
