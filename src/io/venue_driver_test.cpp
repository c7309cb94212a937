// The driver over real sockets, with a venue of few words: what it does about lost, old, frozen, limited and
// unwelcome connections does not depend on what is said over them.
#include "io/venue_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <set>
#include <string>

#include "io/net_testing.hpp"

namespace ats::io {
namespace {

using testing::ElementsAre;

std::vector<std::uint64_t> numbers_of(std::string_view text) {
  std::vector<std::uint64_t> out;
  while (!text.empty()) {
    std::uint64_t n = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), n);
    if (end.ec == std::errc{}) out.push_back(n);
    const auto space = text.find(' ');
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return out;
}

InstrumentId book(std::uint64_t n) { return InstrumentId{static_cast<InstrumentId::rep>(n)}; }

// Says "sub 0 1" when it opens; hears "s 0 7" (snapshot), "d 0 8 9" (delta) and "h" (heartbeat).
class PlainClient final : public venues::Client {
 public:
  explicit PlainClient(const venues::ClientSetup& setup) : setup_(setup) {}

  void on_open(Channel channel, const venues::Now&, EventSink&, venues::Outbox& outbox) override {
    (channel == Channel::MarketData ? market_ : trading_) = true;
    if (channel == Channel::Trading) return;
    std::string sub = "sub";
    for (const InstrumentId id : setup_.instruments) sub += " " + std::to_string(id.index());
    outbox.send_text(channel, sub);
  }
  void on_close(Channel channel, const venues::Now&, EventSink&) override {
    (channel == Channel::MarketData ? market_ : trading_) = false;
  }
  venues::FrameOutcome on_text(Channel, std::string_view frame, const venues::Now& now,
                               EventSink& sink, venues::Outbox&) override {
    const auto n = numbers_of(frame.substr(std::min<std::size_t>(2, frame.size())));
    const Times times{now.wall, now.instant};
    if (frame[0] == 's') {
      sink.on(BookSnapshot{book(n[0]), times, n[1], {}, {}, {}});
    } else if (frame[0] == 'd') {
      sink.on(BookDelta{book(n[0]), times, n[1], n[2], n[1] - 1, {}, {}, {}});
    } else {
      sink.on(Heartbeat{setup_.venue, times});
    }
    return venues::FrameOutcome::Decoded;
  }
  void on_response(venues::RestTag tag, const HttpResponse& response, const venues::Now& now,
                   EventSink& sink, venues::Outbox&) override {
    ++counters_.rest_answers;
    if (response.status != 200) return failed(tag, sink);
    sink.on(
        BookSnapshot{book(tag), {{}, now.instant}, numbers_of(response.body).at(0), {}, {}, {}});
  }
  void on_rest_failed(venues::RestTag tag, TransportError error, const venues::Now&,
                      EventSink& sink, venues::Outbox&) override {
    if (error == TransportError::NotSent) ++counters_.rate_limited;
    failed(tag, sink);
  }
  void on_timer(const venues::Now&, EventSink&, venues::Outbox&) override {}
  bool ready(Channel channel) const override {
    return channel == Channel::MarketData ? market_ : trading_;
  }
  OrderRoute route() const override { return OrderRoute::Stream; }
  venues::SendOutcome place(const OrderRequest&, const venues::Now&, venues::Outbox&) override {
    return venues::SendOutcome::NotConnected;
  }
  venues::SendOutcome cancel(const Cancel&, const venues::Now&, venues::Outbox&) override {
    return venues::SendOutcome::NotConnected;
  }
  venues::SendOutcome query_order(const QueryOrder&, const venues::Now&, venues::Outbox&) override {
    return venues::SendOutcome::NotConnected;
  }
  venues::SendOutcome query_open_orders(const venues::Now&, venues::Outbox&) override {
    return venues::SendOutcome::NotConnected;
  }
  venues::SendOutcome query_balances(const venues::Now&, venues::Outbox&) override {
    return venues::SendOutcome::NotConnected;
  }
  venues::SendOutcome request_snapshot(InstrumentId instrument, const venues::Now&,
                                       venues::Outbox& outbox) override {
    outbox.send_rest(instrument.index(),
                     {"GET", "/depth?" + std::to_string(instrument.index()), {}, {}}, seconds(5));
    return venues::SendOutcome::Sent;
  }
  venues::SendOutcome resubscribe(InstrumentId instrument, const venues::Now&,
                                  venues::Outbox& outbox) override {
    if (!market_) return venues::SendOutcome::NotConnected;
    outbox.send_text(Channel::MarketData, "sub " + std::to_string(instrument.index()));
    return venues::SendOutcome::Sent;
  }
  const venues::ClientCounters& counters() const override { return counters_; }

 private:
  void failed(venues::RestTag tag, EventSink& sink) {
    ++counters_.rest_errors;
    sink.on(BookFault{book(tag), setup_.venue, BookFaultReason::SnapshotFailed});
  }
  const venues::ClientSetup setup_;
  bool market_ = false;
  bool trading_ = false;
  venues::ClientCounters counters_;
};

std::unique_ptr<venues::Client> make_plain(const venues::ClientSetup& setup) {
  return std::make_unique<PlainClient>(setup);
}

// Writes down what reaches the core, and follows each book: what does not follow is a hole.
struct Core final : EventSink {
  std::vector<std::string> told;
  std::map<std::uint32_t, Sequence> last;
  std::uint64_t deltas = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t holes = 0;
  std::uint64_t beats = 0;
  std::vector<BookImage> images;  // without their levels
  void on(const Event& event) override {
    if (std::holds_alternative<CancelRejected>(event)) {
      told.push_back("cancel not sent");
    } else if (std::holds_alternative<QueryFailed>(event)) {
      told.push_back("query not sent");
    } else if (const auto* up = std::get_if<ConnectionUp>(&event)) {
      told.push_back(up->channel == Channel::MarketData ? "up" : "trading up");
    } else if (const auto* down = std::get_if<ConnectionDown>(&event)) {
      told.push_back(down->channel == Channel::MarketData ? "down" : "trading down");
    } else if (const auto* fault = std::get_if<BookFault>(&event)) {
      told.push_back(std::string(name(fault->reason)) + " " +
                     std::to_string(fault->instrument.index()));
    } else if (std::holds_alternative<Heartbeat>(event)) {
      ++beats;
    } else if (const auto* image = std::get_if<BookImage>(&event)) {
      images.push_back({image->instrument, image->times, image->asked, {}, {}});
    } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      ++snapshots;
      last[snapshot->instrument.index()] = snapshot->last;
    } else if (const auto* delta = std::get_if<BookDelta>(&event)) {
      ++deltas;
      Sequence& at = last[delta->instrument.index()];
      if (at != 0 && delta->first != at + 1) ++holes;
      at = delta->last;
    }
  }
};

class Driver : public testing::Test {
 protected:
  Driver() {
    protocol.name = "plain";
    protocol.make_client = make_plain;
    protocol.rules.snapshot_by_request = false;
    handler.react = [this](SessionId id, Opcode, std::string_view text) {
      for (const std::uint64_t n : numbers_of(text.substr(4))) {
        subscribed[id].insert(n);
        if (!protocol.rules.snapshot_by_request) {
          server->send_text(id, "s " + std::to_string(n) + " " + std::to_string(sequence[n]));
        }
      }
    };
    HttpServerOptions options;
    server = HttpServer::listen(reactor, handler, options).value();
  }

  std::string at(const char* scheme) const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(server->port()) + "/";
  }
  void start(std::size_t instruments, bool redundant = false, bool trading = false) {
    DriverSetup setup;
    setup.protocol = &protocol;
    setup.client.venue = VenueId{0};
    setup.client.universe = client_universe;
    for (std::size_t i = 0; i < instruments; ++i) setup.client.instruments.push_back(book(i));
    if (trading) setup.client.credentials = {"key", "secret"};
    setup.urls.rest = rest_first.empty() ? at("http") : rest_first;
    setup.urls.market = market_first.empty() ? at("ws") : market_first;
    setup.urls.trading = at("ws");
    setup.urls.other_rest = {at("http")};
    setup.urls.other_market = {at("ws")};
    setup.redundant = redundant;
    setup.jitter_seed = 1;
    setup.fence = fence;
    driver = std::make_unique<VenueDriver>(reactor, setup, core);
    driver->start();
  }
  // One update of each book to whoever has subscribed to it.
  void publish() {
    for (auto& [n, at] : sequence) {
      ++at;
      for (const SessionId id : server->sessions()) {
        if (subscribed[id].count(n) == 0 || deaf.count(id) != 0) continue;
        server->send_text(
            id, "d " + std::to_string(n) + " " + std::to_string(at) + " " + std::to_string(at));
      }
    }
  }
  void publish_for(Duration time) {
    const Instant end = OsClock::now() + time;
    while (OsClock::now() < end) {
      publish();
      run_for(reactor, milliseconds(3));
    }
  }
  bool subscriptions(std::size_t sessions) {
    return run_until(reactor, [&] {
      std::size_t open = 0;
      for (const SessionId id : server->sessions()) open += subscribed[id].empty() ? 0u : 1u;
      return open == sessions;
    });
  }

  Reactor reactor;
  RecordingHandler handler;
  std::unique_ptr<HttpServer> server;
  venues::Protocol protocol{};
  std::map<std::uint64_t, Sequence> sequence = {{0, 10}, {1, 10}, {2, 10}, {3, 10}, {4, 10}};
  std::map<SessionId, std::set<std::uint64_t>> subscribed;
  std::set<SessionId> deaf;
  const Universe* client_universe = nullptr;
  const SendFence* fence = nullptr;
  std::string rest_first;
  std::string market_first;
  Core core;
  std::unique_ptr<VenueDriver> driver;
};

TEST_F(Driver, tells_up_and_down_in_pairs_and_comes_back) {
  start(2, false, true);
  ASSERT_TRUE(subscriptions(1));
  ASSERT_TRUE(run_until(reactor, [&] { return core.told.size() == 2; }));
  EXPECT_THAT(core.told, testing::UnorderedElementsAre("up", "trading up"));
  core.told.clear();
  server->reset_all();
  ASSERT_TRUE(run_until(reactor, [&] { return core.told.size() == 4; }));
  EXPECT_THAT(core.told, testing::UnorderedElementsAre("down", "trading down", "up", "trading up"));
  EXPECT_EQ(driver->status(Channel::MarketData).losses, 1u);
  driver->stop();
  ASSERT_TRUE(run_until(reactor, [&] { return core.told.size() == 6; }));
  EXPECT_FALSE(driver->status(Channel::MarketData).up);
  EXPECT_FALSE(driver->status(Channel::Trading).up);
}

TEST_F(Driver, says_nothing_to_the_account_while_the_fence_is_closed_and_hears_the_market) {
  SendFence gate;
  fence = &gate;
  start(2, false, true);
  ASSERT_TRUE(subscriptions(1));
  ASSERT_TRUE(run_until(reactor, [&] { return !core.told.empty(); }));
  run_for(reactor, milliseconds(200));
  EXPECT_THAT(core.told, ElementsAre("up"));
  core.told.clear();
  driver->execute(Cancel{make_order_id(1, 1), book(0), {}});
  driver->execute(QueryOrder{make_order_id(1, 1), book(0), {}});
  driver->execute(QueryBalances{VenueId{0}, {}});
  EXPECT_THAT(core.told, ElementsAre("cancel not sent", "query not sent"));
  EXPECT_EQ(driver->connections().fenced, 3u);

  core.told.clear();
  gate.open_until(OsClock::lasting() + seconds(60));
  ASSERT_TRUE(run_until(reactor, [&] { return !core.told.empty(); }));
  EXPECT_THAT(core.told, ElementsAre("trading up"));
  gate.close();
  ASSERT_TRUE(run_until(reactor, [&] { return core.told.size() == 2; }));
  EXPECT_EQ(core.told.back(), "trading down");
  EXPECT_EQ(driver->status(Channel::Trading).last_loss, "not_leading");
  publish_for(milliseconds(30));
  EXPECT_GT(core.deltas, 0u);
}

TEST_F(Driver, deals_instruments_out_to_as_many_connections_as_the_venue_asks_for) {
  protocol.market_policy.instruments_max = 2;
  start(5);
  ASSERT_TRUE(subscriptions(3));
  std::multiset<std::uint64_t> all;
  for (const auto& [id, books] : subscribed) {
    EXPECT_LE(books.size(), 2u);
    all.insert(books.begin(), books.end());
  }
  EXPECT_THAT(all, ElementsAre(0, 1, 2, 3, 4));
  publish_for(milliseconds(50));
  EXPECT_THAT(core.told, ElementsAre("up"));
  EXPECT_EQ(core.last.size(), 5u);
  EXPECT_EQ(core.holes, 0u);
  EXPECT_EQ(driver->connections().shards, 3u);
  EXPECT_EQ(driver->connections().market_connections, 3u);
}

TEST_F(Driver, hits_only_the_books_of_a_connection_that_is_lost_among_others) {
  protocol.market_policy.instruments_max = 2;
  start(4);
  ASSERT_TRUE(subscriptions(2));
  publish_for(milliseconds(50));
  const SessionId lost = server->sessions()[0];
  const std::set<std::uint64_t> books = subscribed[lost];
  core.told.clear();
  server->reset(lost);
  subscribed.erase(lost);
  ASSERT_TRUE(run_until(reactor, [&] { return core.told.size() == 2; }));
  for (const std::uint64_t n : books) {
    EXPECT_THAT(core.told, testing::Contains("subscription_lost " + std::to_string(n)));
  }
  // What the core wants of them meanwhile waits for their connection; its neighbours are served.
  driver->execute(Resubscribe{book(*books.begin())});
  const std::uint64_t snapshots = core.snapshots;
  ASSERT_TRUE(subscriptions(2));
  ASSERT_TRUE(run_until(reactor, [&] { return core.snapshots == snapshots + 2; }));
  publish_for(milliseconds(30));
  EXPECT_EQ(core.told.size(), 2u) << "no down, no up, no further fault";
}

// A quiet market: nothing but pings and pongs passes.
TEST_F(Driver, takes_pongs_for_heartbeats_where_the_venue_has_no_others) {
  protocol.market_policy.ping_every = milliseconds(20);
  protocol.market_policy.pongs_are_heartbeats = true;
  start(1);
  ASSERT_TRUE(subscriptions(1));
  ASSERT_TRUE(run_until(reactor, [&] { return core.beats >= 3; }));
  EXPECT_EQ(core.deltas, 0u);
  server->mute(server->sessions()[0], true);
  run_for(reactor, milliseconds(100));
  const std::uint64_t before = core.beats;
  run_for(reactor, milliseconds(200));
  EXPECT_EQ(core.beats, before) << "a connection that does not answer is not alive";
  server->mute(server->sessions()[0], false);
  EXPECT_TRUE(run_until(reactor, [&] { return core.beats > before; }));
}

TEST_F(Driver, takes_the_venues_own_pings_for_heartbeats_too) {
  protocol.market_policy.ping_every = {};
  protocol.market_policy.pongs_are_heartbeats = true;
  start(1);
  ASSERT_TRUE(subscriptions(1));
  ASSERT_TRUE(run_until(reactor, [&] { return !core.told.empty(); }));
  EXPECT_EQ(core.beats, 0u);
  server->send_ping(server->sessions()[0], "are you there");
  EXPECT_TRUE(run_until(reactor, [&] { return core.beats == 1; }));
}

TEST_F(Driver, hears_no_pongs_where_the_venues_own_heartbeats_prove_more) {
  protocol.market_policy.ping_every = milliseconds(20);
  start(1);
  ASSERT_TRUE(subscriptions(1));
  run_for(reactor, milliseconds(200));
  EXPECT_EQ(core.beats, 0u);
}

// The stream is down and REST is up.
TEST_F(Driver, asks_for_a_book_by_rest_and_says_when_the_question_left) {
  class Bodies final : public venues::MarketDecoder {
   public:
    venues::FrameOutcome on_frame(std::string_view, Instant, EventSink&) override {
      return venues::FrameOutcome::Ignored;
    }
    venues::FrameOutcome on_depth_body(InstrumentId instrument, std::string_view body, Instant recv,
                                       EventSink& sink) override {
      if (body != "book") return venues::FrameOutcome::Malformed;
      sink.on(BookSnapshot{instrument, {{}, recv}, 1, {}, {}, {}});
      return venues::FrameOutcome::Decoded;
    }
  };
  const Universe universe = [] {
    Universe u;
    Instrument i;
    i.venue = u.add_venue("plain", {});
    i.base = u.add_asset("A");
    i.quote = u.add_asset("B");
    i.symbol = "AB";
    u.add_instrument(i);
    return u;
  }();
  client_universe = &universe;
  protocol.depth_request = [](const Instrument&) { return HttpRequest{"GET", "/depth", {}, {}}; };
  protocol.make_decoder = [](VenueId, const Universe&) -> std::unique_ptr<venues::MarketDecoder> {
    return std::make_unique<Bodies>();
  };
  std::string body = "book";
  handler.answer = [&](const HttpRequest&, const Responder& to) {
    reactor.after(milliseconds(100), [&body, to] { to.respond({200, {}, body}); });
  };
  handler.gate = [](const HttpRequest&) { return HttpResponse{502, {}, "down"}; };
  start(1);
  const Instant before = OsClock::now();
  driver->execute(RequestImage{book(0)});
  const Instant left = OsClock::now();
  ASSERT_TRUE(run_until(reactor, [&] { return core.images.size() == 1; }));
  EXPECT_EQ(core.images[0].instrument, book(0));
  EXPECT_GE(core.images[0].asked, before);
  EXPECT_LE(core.images[0].asked, left);
  EXPECT_GE(core.images[0].times.recv_time - core.images[0].asked, milliseconds(100));
  EXPECT_TRUE(core.told.empty());
  // What cannot be read is no answer.
  body = "nonsense";
  driver->execute(RequestImage{book(0)});
  run_for(reactor, milliseconds(300));
  EXPECT_EQ(core.images.size(), 1u);
  driver.reset();
}

// Both kinds of venues: a life ends every second, and nobody notices.
class Lives : public Driver, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(, Lives, testing::Bool(), [](const auto& info) {
  return info.param ? "snapshot_by_request" : "snapshot_by_stream";
});

TEST_P(Lives, are_followed_by_others_without_a_hole) {
  protocol.rules.snapshot_by_request = GetParam();
  protocol.rules.sequence = GetParam() ? SequenceRule::Spanning : SequenceRule::None;
  protocol.market_policy.life = seconds(1);
  start(3);
  ASSERT_TRUE(subscriptions(1));
  run_for(reactor, milliseconds(20));
  publish_for(milliseconds(3500));
  EXPECT_THAT(core.told, ElementsAre("up"));
  EXPECT_EQ(core.holes, 0u);
  EXPECT_GE(driver->connections().handovers, 3u);
  EXPECT_GT(core.deltas, 500u);
  for (const auto& [n, last] : core.last) EXPECT_NEAR(last, sequence[n], 5) << n;
  run_for(reactor, milliseconds(300));
  EXPECT_LE(server->sessions().size(), 2u) << "those that were followed are closed";
}

TEST_F(Driver, follows_a_life_that_ends_although_its_books_are_quiet) {
  protocol.rules.snapshot_by_request = true;
  protocol.rules.sequence = SequenceRule::Spanning;
  protocol.market_policy.life = seconds(1);
  start(3);
  ASSERT_TRUE(subscriptions(1));
  run_for(reactor, milliseconds(20));
  publish();
  ASSERT_TRUE(run_until(reactor, [&] { return driver->connections().handovers == 2; }));
  publish();
  ASSERT_TRUE(run_until(reactor, [&] { return core.deltas == 6; }));
  EXPECT_EQ(core.holes, 0u);
  EXPECT_THAT(core.told, ElementsAre("up"));
}

TEST_F(Driver, notices_the_frozen_one_of_a_pair_while_the_other_carries_the_books) {
  protocol.rules.snapshot_by_request = true;
  protocol.rules.sequence = SequenceRule::Spanning;
  start(2, true);
  ASSERT_TRUE(subscriptions(2));
  publish_for(milliseconds(100));
  deaf.insert(server->sessions()[0]);
  const Instant limit = OsClock::now() + seconds(9);
  while (driver->connections().frozen == 0 && OsClock::now() < limit) {
    publish_for(milliseconds(100));
  }
  EXPECT_EQ(driver->connections().frozen, 1u);
  publish_for(milliseconds(500));
  EXPECT_EQ(core.holes, 0u);
  EXPECT_THAT(core.told, ElementsAre("up"));
  EXPECT_THAT(driver->status(Channel::MarketData).last_loss, testing::StartsWith("frozen"));
  for (const std::uint64_t n : {0, 1}) EXPECT_NEAR(core.last[n], sequence[n], 5);
}

TEST_F(Driver, a_pair_survives_the_loss_of_either_without_a_fault) {
  protocol.rules.snapshot_by_request = true;
  protocol.rules.sequence = SequenceRule::Spanning;
  start(2, true);
  ASSERT_TRUE(subscriptions(2));
  for (int i = 0; i < 4; ++i) {
    publish_for(milliseconds(100));
    const SessionId lost = server->sessions()[i % 2];
    server->reset(lost);
    subscribed.erase(lost);
    publish_for(milliseconds(100));
    ASSERT_TRUE(subscriptions(2));
  }
  publish_for(milliseconds(100));
  EXPECT_EQ(core.holes, 0u);
  EXPECT_THAT(core.told, ElementsAre("up"));
}

TEST_F(Driver, tries_the_next_host_when_one_does_not_serve) {
  Listening nobody;  // accepts no one
  std::uint16_t closed_port = 0;
  { closed_port = Listening().port; }
  market_first = "ws://127.0.0.1:" + std::to_string(closed_port) + "/";
  start(2);
  ASSERT_TRUE(subscriptions(1));
  EXPECT_THAT(core.told, ElementsAre("up"));
}

TEST_F(Driver, stays_away_for_as_long_as_a_handshake_is_told) {
  int refusals = 0;
  Instant told;
  handler.gate = [&](const HttpRequest&) -> std::optional<HttpResponse> {
    if (refusals++ > 0) return std::nullopt;
    told = OsClock::now();
    return HttpResponse{429, {{"Retry-After", "2"}}, "slow down"};
  };
  start(1);
  ASSERT_TRUE(subscriptions(1));
  EXPECT_GE(OsClock::now() - told, seconds(2));
  EXPECT_EQ(refusals, 2);
}

TEST_F(Driver, stays_away_from_rest_for_as_long_as_told) {
  protocol.rules.snapshot_by_request = true;
  int asked = 0;
  handler.answer = [&](const HttpRequest&, const Responder& to) {
    if (asked++ == 0) {
      to.respond({418, {{"Retry-After", "1"}}, "banned"});
    } else {
      to.respond({200, {}, "77"});
    }
  };
  start(1);
  ASSERT_TRUE(subscriptions(1));
  driver->execute(RequestSnapshot{book(0)});
  ASSERT_TRUE(run_until(reactor, [&] { return driver->connections().times_told_to_wait == 1; }));
  for (int i = 0; i < 5; ++i) {
    driver->execute(RequestSnapshot{book(0)});
    run_for(reactor, milliseconds(5));
  }
  EXPECT_EQ(asked, 1) << "nothing left";
  EXPECT_EQ(driver->connections().rest, CircuitBreaker::State::Open);
  EXPECT_EQ(driver->counters().rate_limited, 5u) << "told as not sent";
  run_for(reactor, milliseconds(1050));
  driver->execute(RequestSnapshot{book(0)});
  ASSERT_TRUE(run_until(reactor, [&] { return core.last[0] == 77; }));
  EXPECT_EQ(asked, 2);
}

TEST_F(Driver, opens_the_circuit_to_a_host_in_trouble_and_asks_the_next_with_one_probe) {
  protocol.rules.snapshot_by_request = true;
  RecordingHandler ill;
  int asked = 0;
  ill.answer = [&](const HttpRequest&, const Responder& to) {
    ++asked;
    to.respond({503, {}, {}});
  };
  const auto bad = HttpServer::listen(reactor, ill, {}).value();
  rest_first = "http://127.0.0.1:" + std::to_string(bad->port()) + "/";
  handler.answer = [&](const HttpRequest&, const Responder& to) { to.respond({200, {}, "5"}); };
  start(1);
  ASSERT_TRUE(subscriptions(1));
  for (int i = 0; i < 8; ++i) {
    driver->execute(RequestSnapshot{book(0)});
    run_for(reactor, milliseconds(10));
  }
  EXPECT_EQ(asked, CircuitBreaker::failures_to_open);
  EXPECT_EQ(driver->connections().rest_openings, 1u);
  run_for(reactor, milliseconds(1050));
  EXPECT_EQ(driver->connections().rest, CircuitBreaker::State::HalfOpen);
  driver->execute(RequestSnapshot{book(0)});
  ASSERT_TRUE(run_until(reactor, [&] { return core.last[0] == 5; }));
  EXPECT_EQ(driver->connections().rest, CircuitBreaker::State::Closed);
  EXPECT_EQ(asked, CircuitBreaker::failures_to_open) << "the next host was asked";
}

TEST_F(Driver, learns_how_far_the_venues_clock_is_from_ours) {
  protocol.rules.snapshot_by_request = true;
  handler.answer = [&](const HttpRequest&, const Responder& to) {
    to.respond({200, {{"Date", "Thu, 01 Jan 2015 00:00:00 GMT"}}, "5"});
  };
  start(1);
  ASSERT_TRUE(subscriptions(1));
  EXPECT_FALSE(driver->connections().clock_skew);
  driver->execute(RequestSnapshot{book(0)});
  ASSERT_TRUE(run_until(reactor, [&] { return core.last[0] == 5; }));
  const auto skew = driver->connections().clock_skew;
  ASSERT_TRUE(skew);
  EXPECT_LT(skew->high, -365 * 24 * 3600 * std::int64_t{1'000'000'000});
  EXPECT_LE(skew->high - skew->low, 2 * std::int64_t{1'000'000'000});
}

TEST(DriverUrls, are_checked_at_every_host) {
  venues::VenueUrls urls{"https://a", "wss://a", "wss://a", {}, {}, {}};
  EXPECT_FALSE(VenueDriver::check_urls(urls));
  urls.other_market = {"wss://b", "https://b"};
  EXPECT_THAT(*VenueDriver::check_urls(urls), testing::HasSubstr("https://b"));
  urls.other_market = {};
  urls.other_rest = {"not one"};
  EXPECT_TRUE(VenueDriver::check_urls(urls));
}

}  // namespace
}  // namespace ats::io
