// One connection driver for all venues: keeps a venue's market-data stream, trading stream and REST
// connection up, feeds what arrives to the venue's Client and sends what the Client wants sent.
//
// Rules:
//  - a channel that hears nothing for its policy's silence_max is dead, whatever TCP says: it is cut and
//    opened anew; pings go out in between;
//  - reconnecting backs off from 250 ms to 30 s, doubled each time, each wait drawn from [half, whole] so
//    that many clients do not come back as one; a connection that stood ten seconds starts over;
//  - ConnectionUp is told when the channel serves (Client::ready: logged in, private stream standing),
//    ConnectionDown when it is lost, always in pairs;
//  - an effect that certainly did not leave comes back as OrderNotSent, QueryFailed or BookFault.
// Single-threaded: everything happens in Reactor::poll() or in execute().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/histogram.hpp"
#include "base/rng.hpp"
#include "domain/event.hpp"
#include "io/http.hpp"
#include "io/reactor.hpp"
#include "io/tls.hpp"
#include "io/websocket.hpp"
#include "venues/client.hpp"

namespace ats::io {

struct DriverSetup {
  const venues::Protocol* protocol = nullptr;
  venues::ClientSetup client;
  venues::VenueUrls urls;
  const TlsContext* tls = nullptr;  // for wss and https; must outlive the driver
  std::uint64_t jitter_seed = 0;
};

struct ChannelStatus {
  bool up = false;  // serves: ConnectionUp was told
  std::uint64_t connects = 0;
  std::uint64_t losses = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::string last_loss;  // why, for people
};

class VenueDriver final : private venues::Outbox {
 public:
  // Checks the URLs: nothing when they are sound, else what is wrong with them.
  static std::optional<std::string> check_urls(const venues::VenueUrls& urls);

  VenueDriver(Reactor& reactor, DriverSetup setup, EventSink& sink);
  ~VenueDriver();

  void start();
  // No reconnecting any more; connections are closed in order.
  void stop();

  // Effects for this venue; notices are ignored.
  void execute(const Action& action);

  VenueId venue() const { return setup_.client.venue; }
  const ChannelStatus& status(Channel channel) const { return line(channel).status; }
  const venues::ClientCounters& counters() const { return client_->counters(); }
  // From the receipt of a frame to the end of its handling (books, decision, orders written), ns.
  const Histogram& handling() const { return handling_; }

 private:
  // One WebSocket that is kept up.
  struct Line final : WsListener {
    Line(VenueDriver& driver, Channel which) : owner(driver), channel(which) {}
    void on_open() override { owner.line_open(*this); }
    void on_message(Opcode kind, std::string_view payload, Instant received) override {
      owner.line_message(*this, kind, payload, received);
    }
    void on_closed(const WsClosed& closed) override { owner.line_closed(*this, closed); }

    VenueDriver& owner;
    const Channel channel;
    venues::ChannelPolicy policy;
    std::string url;
    std::unique_ptr<WebSocketClient> socket;
    ChannelStatus status;
    TimerId retry;
    int failures = 0;
    bool open = false;  // the WebSocket stands
    Instant opened;
    std::string reason;  // why we cut it ourselves
  };

  void send_text(Channel channel, std::string_view frame) override;
  void send_rest(venues::RestTag tag, const HttpRequest& request, Duration timeout) override;
  void reconnect(Channel channel, std::string_view why) override;

  Line& line(Channel channel) { return channel == Channel::MarketData ? market_ : trading_; }
  const Line& line(Channel channel) const {
    return channel == Channel::MarketData ? market_ : trading_;
  }
  void audit(InstrumentId instrument);
  void connect(Line& line);
  void line_open(Line& line);
  void line_message(Line& line, Opcode kind, std::string_view payload, Instant received);
  void line_closed(Line& line, const WsClosed& closed);
  // Tells ConnectionUp once the client finds the open channel ready.
  void tell_when_ready(Line& line);
  void tick();
  venues::Now now() const;

  Reactor& reactor_;
  const DriverSetup setup_;
  EventSink& sink_;
  Rng jitter_;
  std::unique_ptr<venues::Client> client_;
  std::unique_ptr<venues::MarketDecoder> images_;  // reads the answers to audit()
  Line market_{*this, Channel::MarketData};
  Line trading_{*this, Channel::Trading};
  std::unique_ptr<HttpClient> rest_;
  TimerId tick_timer_;
  bool running_ = false;
  Histogram handling_;
};

}  // namespace ats::io
