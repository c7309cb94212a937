#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "venues/upbit/client.hpp"
#include "venues/upbit/server_text.hpp"
#include "venues/upbit/testing_server.hpp"
#include "venues/upbit/testing_sink.hpp"

namespace ats::venues::upbit {
namespace {

// The client of this folder against the server of this folder, without a socket between them.
class UpbitConversation : public UpbitServerTest, protected Outbox, protected EventSink {
 protected:
  UpbitConversation() {
    ClientSetup setup;
    setup.venue = exchange.venue();
    setup.universe = &exchange.universe();
    setup.instruments.assign(exchange.instruments().begin(), exchange.instruments().end());
    setup.credentials = {TestExchange::key, TestExchange::secret_text};
    client = make_client(setup);
  }

  static SessionId session(Channel channel) { return channel == Channel::MarketData ? 1 : 2; }
  Now now() const { return {Instant{exchange.time.ns_utc}, exchange.time}; }
  void connect(Channel channel) {
    HttpRequest request;
    request.method = "GET";
    request.target = channel == Channel::MarketData ? "/websocket/v1" : "/websocket/v1/private";
    request.headers = client->handshake_headers(channel, now());
    ASSERT_TRUE(server.accepts(request.target));
    ASSERT_FALSE(server.refuse_upgrade(request).has_value());
    server.on_open(session(channel), request.target, out);
    client->on_open(channel, now(), *this, *this);
  }
  void open() {
    connect(Channel::MarketData);
    connect(Channel::Trading);
    run();
    ASSERT_TRUE(client->ready(Channel::Trading));
  }
  // Until nobody has anything left to say.
  void run() {
    bool said = true;
    while (said) {
      said = false;
      for (auto& [channel, frame] : std::exchange(to_server, {})) {
        said = true;
        server.on_text(session(channel), frame, out);
      }
      for (auto& [tag, request] : std::exchange(rest, {})) {
        said = true;
        const HttpResponse response = server.on_http(request);
        if (stream_first) tell();
        client->on_response(tag, response, now(), *this, *this);
      }
      said |= tell();
    }
    exchange.time = exchange.time + milliseconds(250);
  }
  bool tell() {
    bool said = false;
    flush();
    for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
      for (const std::string& frame : out.take(session(channel))) {
        said = true;
        EXPECT_EQ(client->on_text(channel, frame, now(), *this, *this), FrameOutcome::Decoded)
            << frame;
      }
    }
    return said;
  }
  OrderRequest order(std::uint32_t n, Side side, std::int64_t price, std::int64_t quantity,
                     TimeInForce tif = TimeInForce::Ioc) const {
    OrderRequest request;
    request.id = make_order_id(1, n);
    request.instrument = exchange.btc();
    request.side = side;
    request.time_in_force = tif;
    request.price = {price};
    request.quantity = {quantity};
    return request;
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const Event& event : events) {
      if (const T* e = std::get_if<T>(&event)) found.push_back(*e);
    }
    return found;
  }

  void send_text(Channel channel, std::string_view frame) override {
    to_server.emplace_back(channel, frame);
  }
  void send_rest(RestTag tag, const HttpRequest& request, Duration) override {
    rest.emplace_back(tag, request);
  }
  void reconnect(Channel, std::string_view why) override { ADD_FAILURE() << why; }
  void on(const Event& event) override {
    books.on(event);
    events.push_back(event);
  }

  bool stream_first = false;  // what happened is told before the answer that made it
  std::unique_ptr<Client> client;
  std::vector<std::pair<Channel, std::string>> to_server;
  std::vector<std::pair<RestTag, HttpRequest>> rest;
  std::vector<Event> events;
  KeepingSink books;
};

TEST_F(UpbitConversation, givesTheBookAsTheExchangeHasIt) {
  open();
  Rng rng(5);
  for (int i = 0; i < 200; ++i) {
    const bool buy = rng.one_in(2);
    const std::int64_t away = 1000 * rng.between(1, 40);
    exchange.set_level(exchange.btc(), buy ? Side::Buy : Side::Sell,
                       buy ? 29'999'000 - away : 30'000'000 + away,
                       rng.one_in(3) ? 0 : rng.between(1, 1'000'000'000));
    run();
    ASSERT_FALSE(books.books.empty());
    const BookImage image = exchange.book(exchange.btc(), 15);
    ASSERT_EQ(books.books.back().bids, image.bids);
    ASSERT_EQ(books.books.back().asks, image.asks);
  }
  EXPECT_TRUE(books.faults.empty());
  const std::size_t before = books.books.size();
  exchange.time = exchange.time + seconds(2);
  client->resubscribe(exchange.btc(), now(), *this);
  run();
  EXPECT_EQ(books.books.size(), before + 3) << "each book begins anew";
  client->request_snapshot(exchange.btc(), now(), *this);
  run();
  EXPECT_EQ(books.books.size(), before + 4);
}

TEST_F(UpbitConversation, tradesAnOrderToItsEndAndAsksForItAfterwards) {
  for (const bool first : {false, true}) {
    stream_first = first;
    const std::uint32_t n = first ? 2 : 1;
    if (!first) open();
    ASSERT_EQ(client->query_balances(now(), *this), SendOutcome::Sent);
    run();
    EXPECT_EQ(all<BalancesComplete>().size(), 1u);
    events.clear();
    ASSERT_EQ(client->place(order(n, Side::Buy, 30'001'000, 110'000'000), now(), *this),
              SendOutcome::Sent);
    run();
    EXPECT_EQ(all<OrderAcked>().size(), 1u);
    const auto fills = all<OrderFilled>();
    ASSERT_EQ(fills.size(), first ? 1u : 2u);
    EXPECT_EQ(fills.back().fill.price, Price{30'001'000});
    ASSERT_EQ(all<OrderEnded>().size(), 1u);
    EXPECT_EQ(all<OrderEnded>()[0].state, OrderState::Filled);
    EXPECT_EQ(all<OrderEnded>()[0].filled, Quantity{110'000'000});
    const std::string venue_id = order_uuid(n);
    for (const std::string& known : {std::string(), venue_id}) {
      events.clear();
      ASSERT_EQ(client->query_order(
                    {make_order_id(1, n), exchange.btc(), VenueOrderId(std::string_view(known))},
                    now(), *this),
                SendOutcome::Sent);
      run();
      const auto again = all<OrderFilled>();
      ASSERT_EQ(again.size(), fills.size());
      for (std::size_t i = 0; i < fills.size(); ++i) {
        EXPECT_EQ(again[i].fill.id, fills[i].fill.id);
        EXPECT_EQ(again[i].fill.price, fills[i].fill.price);
        EXPECT_EQ(again[i].fill.quantity, fills[i].fill.quantity);
        EXPECT_EQ(again[i].fill.fee, fills[i].fill.fee);
      }
      ASSERT_EQ(all<OrderFound>().size(), 1u);
      EXPECT_EQ(all<OrderFound>()[0].state, OrderState::Filled);
    }
    events.clear();
  }
}

TEST_F(UpbitConversation, cancelsARestingOrderAndFindsNothingOfOneNeverSent) {
  open();
  client->place(order(1, Side::Sell, 31'000'000, 1'000'000, TimeInForce::Gtc), now(), *this);
  run();
  EXPECT_EQ(all<OrderAcked>().size(), 1u);
  client->query_open_orders(now(), *this);
  run();
  ASSERT_EQ(all<OrderFound>().size(), 1u);
  EXPECT_EQ(all<OrderFound>()[0].state, OrderState::Acked);
  client->cancel({make_order_id(1, 1), exchange.btc(), {}}, now(), *this);
  run();
  ASSERT_EQ(all<OrderEnded>().size(), 1u);
  EXPECT_EQ(all<OrderEnded>()[0].state, OrderState::Cancelled);
  client->cancel({make_order_id(1, 1), exchange.btc(), {}}, now(), *this);
  run();
  EXPECT_EQ(all<CancelRejected>().size(), 1u);
  client->query_order({make_order_id(1, 99), exchange.btc(), {}}, now(), *this);
  run();
  EXPECT_EQ(all<OrderNotFound>().size(), 1u);
}

TEST_F(UpbitConversation, hearsWhyAnOrderIsRefused) {
  open();
  client->place(order(1, Side::Buy, 30'000'000, 2'000'000'000), now(), *this);
  run();
  ASSERT_EQ(all<OrderRejected>().size(), 1u);
  EXPECT_EQ(all<OrderRejected>()[0].reason, RejectReason::InsufficientFunds);
  client->place(order(1, Side::Sell, 31'000'000, 1'000'000, TimeInForce::Gtc), now(), *this);
  run();
  ASSERT_EQ(all<OrderRejected>().size(), 2u);
  EXPECT_EQ(all<OrderRejected>()[1].reason, RejectReason::DuplicateId)
      << "a refused order has used its name";
  server.set_fault(ServerFault::Maintenance, true);
  client->place(order(3, Side::Sell, 31'000'000, 1'000'000), now(), *this);
  run();
  EXPECT_EQ(all<OrderRejected>()[2].reason, RejectReason::InstrumentClosed);
}

TEST_F(UpbitConversation, survivesALostConnectionWithItsOrdersKnown) {
  open();
  client->place(order(1, Side::Sell, 31'000'000, 1'000'000, TimeInForce::Gtc), now(), *this);
  run();
  client->on_close(Channel::Trading, now(), *this);
  server.on_close(session(Channel::Trading));
  events.clear();
  exchange.time = exchange.time + seconds(5);
  connect(Channel::Trading);
  run();
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);  // what happened meanwhile was not heard
  EXPECT_EQ(client->place(order(2, Side::Sell, 31'000'000, 1'000'000), now(), *this),
            SendOutcome::Sent);
  run();
  EXPECT_EQ(all<OrderEnded>().size(), 1u);
}

}  // namespace
}  // namespace ats::venues::upbit
