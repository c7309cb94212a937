// Everything that connects us to one venue: its market-data connections, its trading connection and its REST
// endpoint. Feeds what arrives to the venue's Clients and sends what they want sent.
//
// Market data comes over as many connections as the venue's limits ask for: its instruments are dealt out to
// shards, each shard has one connection (or a pair that stands for each other), each connection a Client of
// its own, and a MarketGate between these and the core. A venue with one shard and one connection has one
// Client for everything. docs/decisions/0011-connections.md has the why.
//
// Rules:
//  - ConnectionUp is told when the first connection of a channel serves (Client::ready: logged in, private
//    stream standing), ConnectionDown when the last one is lost, always in pairs; a shard lost among others
//    that stand is told as BookFault of its books, and hits no others;
//  - where the venue ends connections after a time, a second one is opened before that, subscribed, and takes
//    over when every book has joined it; the first goes only then;
//  - of a pair, the one that has fallen silent while the other talks is cut;
//  - behind a closed fence nothing leaves for the account, neither effects nor what the Client itself says;
//  - an effect that certainly did not leave comes back as OrderNotSent, QueryFailed or BookFault.
// Single-threaded: everything happens in Reactor::poll() or in execute().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "base/rng.hpp"
#include "domain/event.hpp"
#include "io/market_gate.hpp"
#include "io/reactor.hpp"
#include "io/tls.hpp"
#include "io/venue_line.hpp"
#include "io/venue_rest.hpp"
#include "venues/client.hpp"

namespace ats::io {

// Sees every byte that a driver's connections carry, as it is: for capturing. Called on the driver's own
// thread, before the frame is decoded; the views need not outlive the call.
class FrameTap {
 public:
  virtual void on_connected(Channel channel, std::string_view url, Instant now) = 0;
  virtual void on_disconnected(Channel channel, std::string_view why, Instant now) = 0;
  virtual void on_message(Channel channel, Opcode kind, std::string_view payload,
                          Instant received) = 0;
  virtual void on_sent(Channel channel, std::string_view payload, Instant now) = 0;
  virtual void on_rest(std::string_view url, const HttpResponse& answer, Instant received) = 0;

 protected:
  ~FrameTap() = default;
};

struct DriverSetup {
  const venues::Protocol* protocol = nullptr;
  venues::ClientSetup client;
  venues::VenueUrls urls;
  const TlsContext* tls = nullptr;  // for wss and https; must outlive the driver
  std::uint64_t jitter_seed = 0;
  FrameTap* tap = nullptr;  // null: nobody listens; must outlive the driver
  bool redundant = false;   // two market connections for each that there would be
  bool market_data = true;  // false: only the trading connection is opened
  // Behind it are the account's stream and REST; null: none. Outlives the driver.
  const SendFence* fence = nullptr;
};

// What a venue's connections are doing, for people.
struct DriverStatus {
  std::size_t shards = 0;
  std::size_t market_connections = 0;  // open now
  std::uint64_t handovers =
      0;                     // connections whose life ended and that were followed without a hole
  std::uint64_t frozen = 0;  // cut because their twin talked and they did not
  CircuitBreaker::State rest = CircuitBreaker::State::Closed;
  Duration rest_waits{};  // until REST may be asked again
  std::uint64_t rest_openings = 0;
  std::uint64_t times_told_to_wait = 0;
  std::optional<ClockSkew::Estimate> clock_skew;  // the venue's clock minus ours, ns
  std::uint64_t fenced = 0;  // effects that were not sent since the fence was closed
};

class VenueDriver final : private LineOwner {
 public:
  // Checks the URLs: nothing when they are sound, else what is wrong with them.
  static std::optional<std::string> check_urls(const venues::VenueUrls& urls);

  VenueDriver(Reactor& reactor, DriverSetup setup, EventSink& sink);
  ~VenueDriver();

  void start();
  // No reconnecting any more; connections are closed in order. `settled`: nothing of ours is open there, and the
  // venue need not wait for us to be gone.
  void stop(bool settled = false);

  // Effects for this venue; notices are ignored.
  void execute(const Action& action) {
    execute(action, now());
    tell_sent();
  }
  // The orders that leave by it are told as OrderSent when tell_sent() is called, and not before.
  void execute(const Action& action, const venues::Now& now);
  void tell_sent();
  // Between the two, orders that go over the trading connection are made and wait, to leave together.
  void hold_orders();
  void release_orders();

  VenueId venue() const { return setup_.client.venue; }
  // Of all connections of the channel together.
  ChannelStatus status(Channel channel) const;
  venues::ClientCounters counters() const;
  DriverStatus connections() const;
  // From the receipt of a frame to the end of its handling (books, decision, orders written), ns.
  const Histogram& handling() const { return handling_; }

 private:
  struct Shard;
  struct Link;
  // One Client with what it needs to send: who is asked, and over which lines.
  struct Desk final : venues::Outbox, EventSink {
    Desk(VenueDriver& driver, std::uint64_t id) : owner(driver), number(id) {}
    void send_text(Channel channel, std::string_view frame) override;
    void send_rest(venues::RestTag tag, const HttpRequest& request, Duration timeout) override;
    void reconnect(Channel channel, std::string_view why) override;
    void on(const Event& event) override { owner.heard(*this, event); }

    VenueDriver& owner;
    const std::uint64_t number;
    std::unique_ptr<venues::Client> client;
    Link* link = nullptr;  // the market connection that it works, if any
    VenueRest* rest = nullptr;
    WallTime latest_venue_time;  // told by the events of the frame at hand
  };
  // One market connection and the Client behind it.
  struct Link final : LineOwner {
    Link(Shard& of, Desk* with, Link* instead_of) : shard(of), desk(with), before(instead_of) {}
    std::vector<HttpHeader> line_headers(VenueLine&) override {
      return desk->client->handshake_headers(Channel::MarketData, desk->owner.now());
    }
    void line_open(VenueLine&) override { desk->owner.link_open(*this); }
    void line_message(VenueLine&, Opcode kind, std::string_view payload,
                      Instant received) override {
      desk->owner.link_message(*this, kind, payload, received);
    }
    void line_alive(VenueLine&, Instant received) override {
      desk->owner.link_alive(*this, received);
    }
    void line_lost(VenueLine&) override { desk->owner.link_lost(*this); }

    Shard& shard;
    Desk* desk;                 // the venue's one, or `own`
    std::unique_ptr<Desk> own;  // a Client of its own, for market data only
    std::unique_ptr<VenueLine> line;
    MarketGate::Source source = MarketGate::none;  // while it is open
    bool up = false;                               // serves
    Link* before;                                  // not null: an heir, to take over from that one
    Instant roll_at;                               // its life ends soon after
    Instant up_since;
    Instant settle_at;                // heir: quiet books are looked at again
    std::uint64_t messages_seen = 0;  // when the twins were last compared
  };
  struct Shard {
    std::vector<InstrumentId> instruments;
    std::unique_ptr<MarketGate> gate;
    std::vector<std::unique_ptr<Link>> links;
    Instant compared_at;  // twins
  };

  // The trading line's.
  std::vector<HttpHeader> line_headers(VenueLine& line) override;
  void line_open(VenueLine& line) override;
  void line_message(VenueLine& line, Opcode kind, std::string_view payload,
                    Instant received) override;
  void line_lost(VenueLine& line) override;
  void link_open(Link& link);
  void link_message(Link& link, Opcode kind, std::string_view payload, Instant received);
  void link_alive(Link& link, Instant received);
  void link_lost(Link& link);

  std::unique_ptr<Desk> make_desk(const venues::ClientSetup& setup, VenueRest& rest);
  void deal_out();
  Link& add_link(Shard& shard, Desk* desk, Link* before);
  // Whose Client answers for this book: null while nobody can.
  venues::Client* client_for(InstrumentId instrument, Desk*& desk);
  void heard(Desk& desk, const Event& event);
  // Tells ConnectionUp once the client finds the open channel ready.
  void trading_ready();
  void link_ready(Link& link);
  void watch_life(Shard& shard, Instant now);
  void watch_heir(Shard& shard, Link& heir, Instant now);
  void watch_twins(Shard& shard, Instant now);
  // Takes the link out of its shard; its line closes in order.
  void retire(Link& link);
  void tick();
  void ask_image(InstrumentId instrument);
  // Told as not sent: the fence is closed.
  bool keep_back(const Action& action);
  venues::Now now() const;
  bool market_up() const;
  venues::ChannelPolicy market_policy() const;
  bool alone() const { return shards_.size() == 1 && !setup_.redundant; }

  Reactor& reactor_;
  const DriverSetup setup_;
  EventSink& sink_;
  Rng jitter_;
  ClockSkew skew_;
  std::unique_ptr<VenueRest> rest_;         // of the venue's one Client
  std::unique_ptr<VenueRest> market_rest_;  // of Clients that are for market data only
  std::uint64_t next_desk_ = 1;
  std::map<std::uint64_t, Desk*> desks_;  // who is still there to be answered
  std::unique_ptr<Desk> primary_;
  std::unique_ptr<venues::MarketDecoder>
      images_;  // reads the answers to ask_image(); null: none are asked
  VenueLine trading_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Link>> retired_;  // closing in order
  venues::ClientCounters past_counters_;        // of Clients that have gone
  ChannelStatus past_market_;                   // of connections that have gone
  bool told_up_ = false;                        // ConnectionUp of market data
  std::uint64_t handovers_ = 0;
  std::uint64_t frozen_ = 0;
  TimerId tick_timer_;
  bool running_ = false;
  bool holding_ = false;
  std::uint64_t fenced_ = 0;
  bool placing_ = false;         // what is sent now is an order,
  Instant made_;                 // and when it was made
  std::vector<OrderSent> sent_;  // made, and held or not told so far
  Histogram handling_;
};

}  // namespace ats::io
