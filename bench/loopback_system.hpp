// The product on loopback, and the venues it trades on: two VenueDrivers, engine, journal and host as
// `ats run --busy-poll` wires them, in a thread and on a core of their own, against two LoopbackVenues in the
// caller's. Each trade is caused by one book frame, and timed from the frame's first byte to the arrival of both
// orders.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
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
  double engine_part = 0;   // ns: frame received to the first order's send; not known over TLS
  double both_written = 0;  // ns: the engine handed the frame to both orders written
  std::size_t frame_bytes = 0;
  std::size_t order_bytes[2] = {};  // Binance, Kraken
};

class LoopbackSystem final : private services::HostWatcher {
 public:
  // `certificate`: the venues are spoken to over TLS; null: plain.
  LoopbackSystem(const TwoVenues& venues, const CoreConfig& config,
                 const BenchCertificate* certificate = nullptr);
  ~LoopbackSystem();

  // Opens everything, waits until it may trade, and then does `count` trades, half of them caused by each venue,
  // with quiet frames in between.
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
  void await(FrameKind kind, const std::string& frame, bool causes_trade);
  void send_quiet(FrameKind kind, const std::string& frame);
  void one_trade(FrameKind kind, bool up);
  TradeTime time_trade(FrameKind kind, const std::string& frame);
  void open();
  // What the product's thread does, until it is told to stop.
  void work();
  void turn();
  template <class Condition>
  void until(const char* what, Condition condition);

  const TwoVenues& venues_;
  const CoreConfig config_;
  std::optional<io::TlsContext> tls_;
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

  std::thread worker_;
  std::atomic<bool> stopping_ = false;
  // The frame on its way, set before it is sent; handled when the worker has cleared it again.
  Handed awaited_;
  std::atomic<bool> awaiting_ = false;
  std::atomic<std::size_t> resolved_ = 0;
  std::atomic<std::size_t> told_sent_ = 0;
  std::int64_t written_ = 0;  // when the latest order was, before told_sent_ was raised
  std::vector<Handed> handed_;
  std::vector<TradeTime> times_;
  std::uint64_t checksum_ = 0;
};

}  // namespace ats::bench
