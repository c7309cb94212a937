// The collectors that an engine has its market data from, together: events of all of them in one stream, as one set of
// connections of its own would give them.
//
// Rules:
//  - an instrument is taken from the first collector that serves it; when that is lost, from another that does, which is
//    joined anew for it;
//  - ConnectionUp is told when the first collector of a venue says so, ConnectionDown when the last one is lost, always in
//    pairs; one lost among others that stand is told as BookFault of its books, and hits no others;
//  - what cannot be asked of anybody comes back as BookFault.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "services/collector_line.hpp"

namespace ats::services {

class MarketLines final : private CollectorLine::Owner {
 public:
  // `universe` may grow in what it says of an instrument, not in how many there are. Everything outlives the lines.
  MarketLines(io::Reactor& reactor, std::span<const std::filesystem::path> collectors,
              const Universe& universe, EventSink& sink, std::uint64_t jitter_seed,
              std::function<void(std::string)> log);

  // As CollectorLine.
  void start(bool sleeps);
  void look();
  // RequestSnapshot, Resubscribe or RequestImage, of an instrument of the universe; takes no other action.
  void ask(const Action& action);

  bool up(VenueId venue) const { return told_up_[venue.index()]; }
  // Events of the venue.
  std::uint64_t messages(VenueId venue) const { return messages_[venue.index()]; }
  std::uint64_t losses(VenueId venue) const { return losses_[venue.index()]; }
  std::vector<CollectorStatus> status() const;

 private:
  struct Line {
    std::unique_ptr<CollectorLine> line;
    std::vector<bool> up;  // by venue
  };
  static constexpr std::size_t nobody = ~std::size_t{0};

  void joined(CollectorLine& line) override;
  void heard(CollectorLine& line, const Event& event) override;
  void lost(CollectorLine& line) override;
  void set_up(std::size_t line, VenueId venue, bool up);
  std::size_t index_of(const CollectorLine& line) const;

  const Universe& universe_;
  EventSink& sink_;
  std::vector<Line> lines_;
  std::vector<std::size_t> from_;  // by instrument: whose events are taken
  std::vector<bool> told_up_;      // by venue
  std::vector<std::uint64_t> messages_, losses_;
};

}  // namespace ats::services
