#include "services/market_lines.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "services/book_feed.hpp"

namespace ats::services {
namespace {

InstrumentId instrument_of(const Event& event) {
  return std::visit(
      [](const auto& e) -> InstrumentId {
        if constexpr (requires { InstrumentId(e.instrument); }) {
          return e.instrument;
        } else {
          return {};
        }
      },
      event);
}

}  // namespace

MarketLines::MarketLines(io::Reactor& reactor, std::span<const std::filesystem::path> collectors,
                         const Universe& universe, EventSink& sink, std::uint64_t jitter_seed,
                         std::function<void(std::string)> log)
    : universe_(universe),
      sink_(sink),
      from_(universe.instruments().size(), nobody),
      told_up_(universe.venues().size()),
      messages_(universe.venues().size()),
      losses_(universe.venues().size()) {
  CollectorLine::Owner& owner = *this;
  for (const std::filesystem::path& socket : collectors) {
    lines_.push_back({std::make_unique<CollectorLine>(reactor, socket, universe_, owner,
                                                      jitter_seed + lines_.size(), log),
                      std::vector<bool>(universe.venues().size())});
  }
}

void MarketLines::start(bool sleeps) {
  for (const Line& line : lines_) line.line->start(sleeps);
}

void MarketLines::look() {
  for (const Line& line : lines_) line.line->look();
}

void MarketLines::ask(const Action& action) {
  const InstrumentId instrument = book_asked_for(action);
  ATS_ASSERT(instrument.valid());
  const std::size_t from = from_[instrument.index()];
  if (from != nobody && lines_[from].line->ask(action)) return;
  if (std::holds_alternative<RequestImage>(action)) return;  // an answer that does not come is none
  sink_.on(BookFault{instrument, universe_.instrument(instrument).venue,
                     BookFaultReason::SnapshotFailed});
}

std::size_t MarketLines::index_of(const CollectorLine& line) const {
  const auto found =
      std::ranges::find_if(lines_, [&](const Line& each) { return each.line.get() == &line; });
  ATS_ASSERT(found != lines_.end());
  return static_cast<std::size_t>(found - lines_.begin());
}

void MarketLines::joined(CollectorLine& line) {
  const std::size_t index = index_of(line);
  for (std::size_t n = 0; n < from_.size(); ++n) {
    if (from_[n] == nobody && line.serves(InstrumentId{static_cast<InstrumentId::rep>(n)}))
      from_[n] = index;
  }
}

void MarketLines::heard(CollectorLine& line, const Event& event) {
  const std::size_t index = index_of(line);
  const InstrumentId instrument = instrument_of(event);
  if (instrument.valid()) {
    if (from_[instrument.index()] != index) return;
    ++messages_[universe_.instrument(instrument).venue.index()];
    return sink_.on(event);
  }
  if (const auto* up = std::get_if<ConnectionUp>(&event)) return set_up(index, up->venue, true);
  if (const auto* down = std::get_if<ConnectionDown>(&event))
    return set_up(index, down->venue, false);
  if (const auto* fault = std::get_if<BookFault>(&event)) {  // of every book of the venue
    for (std::size_t n = 0; n < from_.size(); ++n) {
      const InstrumentId id{static_cast<InstrumentId::rep>(n)};
      if (from_[n] == index && universe_.instrument(id).venue == fault->venue)
        sink_.on(BookFault{id, fault->venue, fault->reason});
    }
    return;
  }
  const auto* heartbeat = std::get_if<Heartbeat>(&event);
  if (heartbeat == nullptr) return;
  ++messages_[heartbeat->venue.index()];
  sink_.on(event);
}

void MarketLines::set_up(std::size_t line, VenueId venue, bool up) {
  if (lines_[line].up[venue.index()] == up) return;
  lines_[line].up[venue.index()] = up;
  const bool any =
      std::ranges::any_of(lines_, [&](const Line& each) { return each.up[venue.index()]; });
  if (!up) {
    ++losses_[venue.index()];
    for (std::size_t n = 0; any && n < from_.size(); ++n) {
      const InstrumentId id{static_cast<InstrumentId::rep>(n)};
      if (from_[n] == line && universe_.instrument(id).venue == venue)
        sink_.on(BookFault{id, venue, BookFaultReason::SubscriptionLost});
    }
  }
  if (told_up_[venue.index()] == any) return;
  told_up_[venue.index()] = any;
  if (any) {
    sink_.on(ConnectionUp{venue, Channel::MarketData});
  } else {
    sink_.on(ConnectionDown{venue, Channel::MarketData});
  }
}

void MarketLines::lost(CollectorLine& line) {
  const std::size_t index = index_of(line);
  for (std::size_t v = 0; v < told_up_.size(); ++v)
    set_up(index, VenueId{static_cast<VenueId::rep>(v)}, false);
  // Whoever serves the same tells it all from the beginning.
  std::vector<bool> again(lines_.size());
  for (std::size_t n = 0; n < from_.size(); ++n) {
    if (from_[n] != index) continue;
    from_[n] = nobody;
    for (std::size_t other = 0; other < lines_.size(); ++other) {
      if (other != index && lines_[other].line->serves({static_cast<InstrumentId::rep>(n)}) &&
          lines_[other].line->status().up)
        again[other] = true;
    }
  }
  for (std::size_t other = 0; other < lines_.size(); ++other) {
    if (again[other]) lines_[other].line->join_again();
  }
}

std::vector<CollectorStatus> MarketLines::status() const {
  std::vector<CollectorStatus> all;
  for (const Line& line : lines_) all.push_back(line.line->status());
  return all;
}

}  // namespace ats::services
