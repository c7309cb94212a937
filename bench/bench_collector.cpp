// The whole way of market data on one core: five venues send bursts of frames over real sockets, each frame is
// received, decoded and applied to its book. Ours is what `ats record` and `ats run` run: a VenueDriver a
// venue on one Reactor. The baseline reads with Boost.Beast's coroutines in one event loop, decodes with
// simdjson's on-demand API, and applies to the same books. One thread plays both ends, so no figure holds a
// wake-up: what is timed begins when the bytes lie in the sockets and ends when the last book has them.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/books/book_set.hpp"
#include "frames.hpp"
#include "harness.hpp"
#include "io/clock.hpp"
#include "io/reactor.hpp"
#include "io/venue_driver.hpp"
#include "peers.hpp"
#include "raw_sender.hpp"
#include "services/book_feed.hpp"
#include "websocket_reader.hpp"

namespace ats::bench {

namespace {

constexpr std::size_t frames_count = 32'000;
constexpr std::size_t warm_up = 50;  // bursts

struct Input {
  FiveVenues venues = five_venues();
  MarketFrames market = make_market(venues, 1'907, frames_count);
};

// An address at which nobody answers: what a driver asks over REST is no part of what is measured.
class ClosedPort {
 public:
  ClosedPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd_, generic, size) != 0 || ::getsockname(fd_, generic, &size) != 0)
      die("collector: no port");
    port_ = ntohs(address.sin_port);
  }
  ~ClosedPort() { ::close(fd_); }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

// Where both sides' events end: the books of all venues, and a sum over all that was told of the market.
class Books final : public EventSink {
 public:
  explicit Books(const FiveVenues& venues) : venues_(venues), books_(venues.universe) {
    actions_.reserve(64);
  }

  void on(const Event& event) override {
    const VenueId venue = services::venue_of(event, venues_.universe);
    const bool connection = std::holds_alternative<ConnectionUp>(event);
    // By venue: whose socket is read first is no difference.
    if (venue.valid()) digests_[venue.index()].on(event);
    services::feed_books(books_, venue, event, now_, actions_);
    actions_.clear();
    connections_ += connection ? 1 : 0;
  }
  // The time of what is handed over next.
  void at(Instant now) { now_ = now; }
  std::size_t connections() const { return connections_; }

  // The events of what was sent so far must leave every book provably right.
  std::uint64_t checksum() const {
    std::uint64_t sum = 0;
    for (const VenueKind venue : all_venues) {
      sum = mix(sum, digests_[venues_.venue[venue].index()].value());
      const core::BookView view = books_.view(venues_.instrument[venue]);
      if (!view.valid(now_)) die(std::string("collector: no valid book of ") + name(venue));
      for (const Side side : {Side::Buy, Side::Sell}) {
        sum = mix(sum, static_cast<std::uint64_t>(view.best(side).price.units));
        sum = mix(sum, static_cast<std::uint64_t>(view.best(side).quantity.units));
      }
    }
    return sum;
  }
  // From here on the sum is taken.
  void begin() { digests_ = {}; }

 private:
  const FiveVenues& venues_;
  core::BookSet books_;
  Actions actions_;
  std::array<Digest, venue_count> digests_;
  Instant now_ = io::OsClock::now();
  std::size_t connections_ = 0;
};

// One side's end of all sockets.
class Collector {
 public:
  virtual ~Collector() = default;
  virtual void poll() = 0;
  virtual bool open(VenueKind venue) const = 0;
  // Messages handled so far, of all venues.
  virtual std::uint64_t messages() const = 0;
};

class OurCollector final : public Collector {
 public:
  OurCollector(const FiveVenues& venues, const PerVenue<std::unique_ptr<RawSender>>& senders,
               Books& books)
      : books_(books) {
    for (const VenueKind venue : all_venues) {
      io::DriverSetup setup;
      setup.protocol = venues::find_protocol(name(venue));
      const std::string at = "127.0.0.1:" + std::to_string(senders[venue]->port());
      setup.urls = {.rest = "http://" + nobody_.address(),
                    .market = "ws://" + at,
                    .trading = "ws://" + nobody_.address()};
      setup.client.venue = venues.venue[venue];
      setup.client.universe = &venues.universe;
      setup.client.instruments = {venues.instrument[venue]};
      setup.client.market_path = setup.urls.market;
      setup.tap = &taps_[venue];
      drivers_[venue] = std::make_unique<io::VenueDriver>(reactor_, std::move(setup), books);
      drivers_[venue]->start();
    }
  }
  void poll() override {
    books_.at(io::OsClock::now());
    reactor_.poll({});
  }
  bool open(VenueKind venue) const override {
    return drivers_[venue]->status(Channel::MarketData).up;
  }
  std::uint64_t messages() const override {
    std::uint64_t all = 0;
    for (const VenueKind venue : all_venues) all += taps_[venue].messages;
    return all;
  }

 private:
  // Counts what a driver is about to decode, as a recorder would see it.
  struct Count final : io::FrameTap {
    void on_connected(Channel, std::string_view, Instant) override {}
    void on_disconnected(Channel, std::string_view, Instant) override {}
    void on_message(Channel, io::Opcode, std::string_view, Instant) override { ++messages; }
    void on_sent(Channel, std::string_view, Instant) override {}
    void on_rest(std::string_view, const HttpResponse&, Instant) override {}
    std::uint64_t messages = 0;
  };

  Books& books_;
  ClosedPort nobody_;
  io::Reactor reactor_;
  PerVenue<Count> taps_;
  PerVenue<std::unique_ptr<io::VenueDriver>> drivers_;
};

class BeastCollector final : public Collector {
 public:
  BeastCollector(const FiveVenues& venues, const PerVenue<std::unique_ptr<RawSender>>& senders,
                 Books& books) {
    for (const VenueKind venue : all_venues) {
      const std::uint16_t port = senders[venue]->port();
      readers_[venue] = venue == all_venues.front()
                            ? make_beast_reader(port, "")
                            : make_beast_reader_beside(*readers_[all_venues.front()], port);
      decoders_[venue] = make_simdjson_peer(venue, venues.venue[venue], venues.universe);
      readers_[venue]->hand_to([&books, decoder = decoders_[venue].get()](std::string_view frame) {
        const Instant now = io::OsClock::now();
        books.at(now);
        if (!decoder->on_frame(frame, now, books)) die("collector: a frame was not decoded");
      });
      books.on(ConnectionUp{venues.venue[venue], Channel::MarketData});
    }
  }
  void poll() override { readers_[all_venues.front()]->poll(); }
  bool open(VenueKind venue) const override { return readers_[venue]->open(); }
  std::uint64_t messages() const override {
    std::uint64_t all = 0;
    for (const VenueKind venue : all_venues) all += readers_[venue]->messages();
    return all;
  }

 private:
  PerVenue<std::unique_ptr<PeerDecoder>> decoders_;
  PerVenue<std::unique_ptr<WebSocketReader>> readers_;
};

// The one of a collector's sockets that a sender is to open.
class OneOf final : public WebSocketReader {
 public:
  OneOf(Collector& collector, VenueKind venue) : collector_(collector), venue_(venue) {}
  void poll() override { collector_.poll(); }
  bool open() const override { return collector_.open(venue_); }
  void send(std::string_view) override {}

 private:
  Collector& collector_;
  const VenueKind venue_;
};

// ns of the collector's time a frame: the median burst.
template <class Of>
Outcome collect(const Input& input, std::size_t burst) {
  Books books(input.venues);
  PerVenue<std::unique_ptr<RawSender>> senders;
  for (const VenueKind venue : all_venues) senders[venue] = std::make_unique<RawSender>(nullptr);
  Of collector(input.venues, senders, books);
  for (const VenueKind venue : all_venues) {
    OneOf one(collector, venue);
    senders[venue]->open(one);
  }
  if (books.connections() != venue_count) die("collector: not every venue serves");

  const auto wait_for = [&](std::uint64_t messages) {
    constexpr std::uint64_t looks_at_clock_every = 1'024;
    const std::int64_t limit = now_ns() + 20'000'000'000;
    for (std::uint64_t n = 1; collector.messages() < messages; ++n) {
      collector.poll();
      if (n % looks_at_clock_every == 0 && now_ns() > limit)
        die("collector: frames did not arrive");
    }
  };
  std::uint64_t expected = 0;
  for (const VenueKind venue : all_venues) {
    const FrameSet& opening = input.market.opening[venue];
    for (std::size_t i = 0; i < opening.size(); ++i) {
      senders[venue]->send(server_frame(opening[i]));
      wait_for(++expected);
    }
  }
  const auto decoder = make_decoder(input.venues.universe, input.venues.venue[VenueKind::Binance]);
  decoder->on_depth_body(input.venues.instrument[VenueKind::Binance], input.market.binance_body,
                         io::OsClock::now(), books);

  books.begin();
  std::vector<double> spent;
  PerVenue<std::string> wire;
  const FrameSet& frames = input.market.frames;
  for (std::size_t first = 0; first + burst <= frames.size(); first += burst) {
    for (const VenueKind venue : all_venues) wire[venue].clear();
    for (std::size_t i = first; i < first + burst; ++i)
      wire[venue_of(input.market.kinds[i])] += server_frame(frames[i]);
    for (const VenueKind venue : all_venues) {
      if (!wire[venue].empty()) senders[venue]->send(wire[venue]);
      senders[venue]->receive();  // what a client says now and then
    }
    const std::int64_t from = now_ns();
    wait_for(expected += burst);
    const std::int64_t to = now_ns();
    if (first / burst >= warm_up)
      spent.push_back(static_cast<double>(to - from) / static_cast<double>(burst));
  }
  return {{percentile(spent, 0.5)}, books.checksum()};
}

void run(Session& session) {
  if (!runs_simdjson_peer()) return;
  std::optional<Input> input;
  const auto compare = [&](const char* name, std::size_t burst) {
    if (!session.wanted(name)) return;
    if (!input) input.emplace();
    session.compare({.name = name,
                     .baseline_name = "Beast, simdjson, our books",
                     .baseline = [&] { return collect<BeastCollector>(*input, burst); },
                     .ours = [&] { return collect<OurCollector>(*input, burst); },
                     .metrics = {{.unit = "ns/frame", .goal = at_least(2)}}});
  };
  compare("five venues over sockets, bursts of 64", 64);
  compare("five venues over sockets, bursts of 16", 16);
}

const Register registered{"collector", run};

}  // namespace

}  // namespace ats::bench
