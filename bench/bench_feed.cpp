// From one process to another: a collector's feed (events encoded, a ring of shared memory, decoded, handed on) against Redis
// Pub/Sub with the same bytes, which is what a user would take. One way, from the moment before it is given to the moment it
// is had; a message leaves only every so often, so that none waits for the one before. The feed's two sides busy-poll, each on a
// core of its own; Redis is used as hiredis comes, whose reader sleeps.

#include <memory>
#include <string>
#include <vector>

#include "child.hpp"
#include "domain/codec.hpp"
#include "harness.hpp"
#include "io/clock.hpp"
#include "redis_server.hpp"
#include "services/market_feed.hpp"
#include "services/market_lines.hpp"
#include "temporary_folder.hpp"

namespace ats::bench {
namespace {

constexpr std::uint64_t messages = 2000;
constexpr std::int64_t between_ns = 40'000;
constexpr const char* channel = "ats.v1.delta.kraken.BTC/USDT";

Universe universe_of_one() {
  Universe universe;
  Instrument i;
  i.venue = universe.add_venue("kraken", {});
  i.base = universe.add_asset("BTC");
  i.quote = universe.add_asset("USDT");
  i.symbol = "BTC/USDT";
  i.tick = 1;
  i.price_scale = 1;
  i.qty_scale = 8;
  universe.add_instrument(i);
  return universe;
}

// Three levels changed: some 110 bytes.
struct Delta {
  std::vector<Level> bids{{{641'235}, {12'345'678}}, {{641'230}, {0}}};
  std::vector<Level> asks{{{641'240}, {98'765'432}}};
  BookDelta made(std::uint64_t number) const {
    return {{0}, {{}, io::OsClock::now()}, number, number, number - 1, 7u, bids, asks};
  }
};

void wait_until(std::int64_t at) {
  while (now_ns() < at) {
  }
}

class Arrivals {
 public:
  void add(const BookDelta& delta) {
    spent_.push_back(static_cast<double>((io::OsClock::now() - delta.times.recv_time).ns));
    digest_ = mix(digest_, delta.last + static_cast<std::uint64_t>(delta.bids[0].price.units));
  }
  bool all() const { return spent_.size() >= messages; }
  Outcome outcome() const { return {{percentile(spent_, 0.5), percentile(spent_, 0.99)}, digest_}; }

 private:
  std::vector<double> spent_;
  std::uint64_t digest_ = 0;
};

struct Source final : services::FeedSource {
  const Universe& universe() const override { return names; }
  bool market_up(VenueId) const override { return true; }
  bool book_snapshot(InstrumentId, BookSnapshot&, std::vector<Level>&,
                     std::vector<Level>&) const override {
    return false;
  }
  void asked(const Action&) override {}
  Universe names = universe_of_one();
};

Outcome through_the_feed() {
  const TemporaryFolder folder;
  const std::filesystem::path socket = folder.path() / "feed.sock";
  const Child collector([&] {
    io::Reactor reactor;
    Source source;
    auto feed = services::MarketFeed::open(reactor, socket, 1 << 22, source, [](std::string) {});
    if (!feed) die(feed.error());
    while ((*feed)->status().readers == 0) reactor.poll(milliseconds(1));
    const Delta delta;
    std::int64_t at = now_ns();
    for (std::uint64_t n = 1; n <= messages; ++n) {
      wait_until(at += between_ns);
      const BookDelta made = delta.made(n);
      (*feed)->publish(made, made.times.recv_time);
      (*feed)->flush();
    }
    while (true) reactor.poll(seconds(1));
  });
  struct Heard final : EventSink {
    void on(const Event& event) override {
      if (const auto* delta = std::get_if<BookDelta>(&event)) arrivals.add(*delta);
    }
    Arrivals arrivals;
  } heard;
  io::Reactor reactor;
  const Universe names = universe_of_one();
  const std::filesystem::path from[] = {socket};
  services::MarketLines lines(reactor, from, names, heard, 1, [](std::string) {});
  lines.start(false);
  const std::int64_t until = now_ns() + 20'000'000'000;
  while (!lines.status()[0].up && now_ns() < until) reactor.poll(milliseconds(1));
  while (!heard.arrivals.all() && now_ns() < until) lines.look();
  if (!heard.arrivals.all()) die("the feed lost something");
  return heard.arrivals.outcome();
}

Outcome through_redis(const RedisServer& server) {
  const RedisConnection subscriber = server.connect();
  redisAppendCommand(subscriber.get(), "SUBSCRIBE %s", channel);
  next_reply(subscriber);
  const Child publisher([&] {
    const RedisConnection connection = server.connect();
    const Delta delta;
    std::vector<std::byte> bytes;
    // Redis is a third process on two cores: what is sent before the last was had would wait for a core.
    std::int64_t at = now_ns();
    for (std::uint64_t n = 1; n <= messages; ++n) {
      wait_until(at += 5 * between_ns);
      const BookDelta made = delta.made(n);
      bytes.clear();
      encode_event(made, made.times.recv_time, bytes);
      const RedisReply reply(
          static_cast<redisReply*>(
              redisCommand(connection.get(), "PUBLISH %s %b", channel, bytes.data(), bytes.size())),
          freeReplyObject);
      if (!reply) die("redis-server ended the connection");
    }
  });
  Arrivals arrivals;
  DecodedEvent decoded;
  while (!arrivals.all()) {
    const RedisReply reply = next_reply(subscriber);
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
      die("redis-server sent no message");
    const redisReply& payload = *reply->element[2];
    if (!decode_event({reinterpret_cast<const std::byte*>(payload.str), payload.len}, decoded))
      die("a message came back otherwise");
    arrivals.add(std::get<BookDelta>(decoded.event));
  }
  return arrivals.outcome();
}

void run(Session& session) {
  if (!session.wanted("one process to another")) return;
  const RedisServer server;
  session.compare(
      {.name = "one process to another, a delta of three levels",
       .baseline_name = "Redis Pub/Sub, hiredis",
       .baseline = [&] { return through_redis(server); },
       .ours = through_the_feed,
       .metrics = {
           {.name = "p50", .unit = "ns one way", .goal_id = "9", .goal = at_least(150, 100)},
           {.name = "p99", .unit = "ns one way"}}});
}

const Register registered{"feed", run};

}  // namespace
}  // namespace ats::bench
