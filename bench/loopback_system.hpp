// The product on loopback, in one thread with the venues it trades on: two VenueDrivers, engine, journal
// and host as `ats run --busy-poll` wires them, against two LoopbackVenues. Each trade is caused by one
// book frame, and timed from the frame's first byte to the arrival of both orders.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine.hpp"
#include "frames.hpp"
#include "io/journal.hpp"
#include "io/reactor.hpp"
#include "io/venue_driver.hpp"
#include "loopback_venue.hpp"
#include "services/engine_host.hpp"
#include "temporary_folder.hpp"

namespace ats::bench {

// The venues of frames.hpp with fees so low that a small edge is worth taking, and limits that a
// thousand trades do not reach.
TwoVenues loopback_venues();
CoreConfig loopback_config();

// What the engine was handed, in order, so that the same can be done again without sockets.
struct Handed {
  std::vector<std::byte> event;  // empty: what is in `frame`
  std::string frame;
  FrameKind kind = FrameKind::BinanceDepth;
  Instant received;
  Instant now;
  bool causes_trade = false;
};

struct TradeTime {
  FrameKind kind = FrameKind::BinanceDepth;  // of the frame that caused it
  double round_trip = 0;                     // ns: frame sent to both orders received
  double engine_part = 0;                    // ns: frame received to the first order's send
  std::size_t frame_bytes = 0;
  std::size_t order_bytes[2] = {};  // Binance, Kraken
};

class LoopbackSystem final : private services::HostWatcher {
 public:
  LoopbackSystem(const TwoVenues& venues, const CoreConfig& config);
  ~LoopbackSystem();

  // Opens everything and waits until it may trade.
  void open();
  // `count` trades, half of them caused by each venue, quiet frames in between.
  void trade(std::size_t count);

  const std::vector<TradeTime>& times() const { return times_; }
  const std::vector<Handed>& handed() const { return handed_; }
  // Of all orders the engine placed.
  std::uint64_t checksum() const { return checksum_; }
  static std::uint64_t fold(std::uint64_t digest, const Actions& actions);

 private:
  void on_handled(const Event& event, Instant now, const Actions& actions) override;
  LoopbackVenue& at(FrameKind kind) { return is_binance(kind) ? binance_ : kraken_; }
  void fill_books();
  // Moves the venue's book so that an edge opens, or back. `up`: its bids rise above the other's asks.
  void move(FrameKind kind, bool up, bool back);
  std::string quiet_frame(FrameKind kind);
  void send_quiet(FrameKind kind, const std::string& frame);
  void one_trade(FrameKind kind, bool up);
  TradeTime time_trade(FrameKind kind, const std::string& frame);
  template <class Condition>
  void until(const char* what, Condition condition);

  const TwoVenues& venues_;
  const CoreConfig config_;
  LoopbackVenue binance_;
  LoopbackVenue kraken_;
  TemporaryFolder folder_;
  io::Reactor reactor_;
  core::Engine engine_;
  std::optional<io::JournalWriter> journal_;
  std::unique_ptr<services::EngineHost> host_;
  std::vector<std::unique_ptr<io::VenueDriver>> drivers_;
  Instant timer_told_;
  std::int64_t quiet_ = 0;

  bool by_frame_ = false;  // the next market event comes from a frame that is kept
  std::size_t frame_events_ = 0;
  Instant received_;
  Instant handled_;
  std::size_t resolved_ = 0;
  std::vector<Handed> handed_;
  std::vector<TradeTime> times_;
  std::uint64_t checksum_ = 0;
};

}  // namespace ats::bench
