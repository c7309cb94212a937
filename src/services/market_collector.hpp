// Collects public market data: connects to the configured venues without credentials, keeps their books, hands every
// byte and event to a capture where one is kept, and every event to whoever looks on. Nothing is traded, and no private
// stream is ever opened.
//
// Invariant: what the books came to is what a scan of the capture comes to, and what whoever looks on comes to, since all
// are fed the same events in the same order by the same code.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/books/book_set.hpp"
#include "io/capture_recorder.hpp"
#include "io/reactor.hpp"
#include "io/venue_driver.hpp"
#include "services/config.hpp"
#include "services/metadata.hpp"

namespace ats::services {

struct CollectSetup {
  Config config;
  std::filesystem::path out;  // empty: nothing is kept
  io::CaptureOptions capture;
  std::size_t ring_bytes = std::size_t{64} << 20;
  bool frames = true;
  bool events = true;
  // One line per thing that matters: connections, losses.
  std::function<void(const std::string&)> log;
  // Sees each event after its book has. Must not keep it.
  std::function<void(const Event&, Instant now)> seen = {};
};

class MarketCollector final : private EventSink {
 public:
  // Asks the venues what they list, opens the capture. The error is one line a person can act on.
  static Result<std::unique_ptr<MarketCollector>, std::string> open(io::Reactor& reactor,
                                                                    CollectSetup setup);
  ~MarketCollector();

  void start();
  // Not empty: the capture cannot be written any more, and why.
  std::string failure() const { return recorder_ ? recorder_->failure() : std::string(); }
  // RequestSnapshot or Resubscribe by someone who has the same book: it found it wrong, so it is had anew.
  // RequestImage: it is asked for, and whoever looks on sees the BookImage.
  void ask(const Action& action);
  bool market_up(VenueId venue) const { return up_[venue.index()]; }
  // Ends recording while the connections stand: closes the capture, then the connections.
  Status<std::string> stop();

  const Universe& universe() const { return universe_; }
  void books(std::vector<BookStatus>& out) const { books_->status(out); }
  std::span<const std::unique_ptr<io::VenueDriver>> drivers() const { return drivers_; }
  // As BookSet::snapshot().
  bool book_snapshot(InstrumentId instrument, BookSnapshot& out, std::vector<Level>& bids,
                     std::vector<Level>& asks) const {
    return books_->snapshot(instrument, out, bids, asks);
  }
  // Where a capture is kept.
  const io::CaptureWritten& written() const { return recorder_->written(); }
  io::CaptureRecorder::Lost lost() const {
    return recorder_ ? recorder_->lost() : io::CaptureRecorder::Lost{};
  }
  const std::optional<io::CaptureReader::TornTail>& repaired() const {
    return recorder_->repaired();
  }

 private:
  class Tap;

  MarketCollector(io::Reactor& reactor, CollectSetup setup);
  std::optional<std::string> prepare();
  std::optional<std::string> open_capture();
  void on(const Event& event) override;
  void handle(const Event& event);
  void carry_out();
  void tick();
  void tell(const std::string& line) const {
    if (setup_.log) setup_.log(line);
  }

  io::Reactor& reactor_;
  CollectSetup setup_;
  std::optional<io::TlsContext> tls_;
  Universe universe_;
  std::unique_ptr<core::BookSet> books_;
  std::unique_ptr<io::CaptureRecorder> recorder_;          // null: nothing is kept
  std::vector<std::unique_ptr<Tap>> taps_;                 // by venue of the universe
  std::vector<std::unique_ptr<io::VenueDriver>> drivers_;  // the same
  std::unique_ptr<InstrumentWatch> watch_;
  std::vector<bool> up_;  // the same
  Actions actions_;
  std::deque<Event> pending_;  // raised while an event was being handled
  bool busy_ = false;
  bool recording_ = true;
  std::uint64_t lost_told_ = 0;
  Instant now_;
  io::TimerId timer_;
};

}  // namespace ats::services
