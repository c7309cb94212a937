#include "services/bus_feed.hpp"

#include "services/bus_messages.hpp"
#include "services/told_facts.hpp"

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
  } else if (const auto told = newly_booked(event, actions)) {
    take(*told->fill, told->ours, out);
  }
  for (const Action& action : actions) {
    const auto* done = std::get_if<ExecutionResolved>(&action);
    if (done == nullptr || !is_trade(*done)) continue;
    const auto stream = BusStream::Execution;
    const std::uint64_t number = ++numbers_[static_cast<std::size_t>(stream)];
    out.push_back({stream, number, bus_channel(name(stream), {}, done->pair, universe_),
                   bus_message({source_, journal_, life_, number, wall_}, *done, universe_)});
  }
}

void BusFeed::take(const Fill& fill, bool ours, std::vector<BusItem>& out) {
  const auto stream = BusStream::Fill;
  const Instrument& on = universe_.instrument(fill.instrument);
  const std::uint64_t number = ++numbers_[static_cast<std::size_t>(stream)];
  out.push_back({stream, number, bus_channel(name(stream), on.venue, on.pair, universe_),
                 bus_message({source_, journal_, life_, number, wall_}, fill, ours, universe_)});
}

}  // namespace ats::services
