#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "venues/bitfinex/client.hpp"
#include "venues/bitfinex/testing_model_book.hpp"
#include "venues/bitfinex/testing_server.hpp"

namespace ats::venues::bitfinex {
namespace {

// The client of this folder against the server of this folder, without a socket between them.
class BitfinexConversation : public BitfinexServerTest, protected Outbox, protected EventSink {
 protected:
  BitfinexConversation() {
    ClientSetup setup;
    setup.venue = exchange.venue();
    setup.universe = &exchange.universe();
    setup.instruments.assign(exchange.instruments().begin(), exchange.instruments().end());
    setup.credentials = {TestExchange::key, TestExchange::secret_text};
    client = make_client(setup);
  }

  static SessionId session(Channel channel) { return channel == Channel::MarketData ? 1 : 2; }
  Now now() const { return {Instant{exchange.time.ns_utc}, exchange.time}; }
  void connect() {
    for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
      server.on_open(session(channel), "/ws/2", out);
      client->on_open(channel, now(), *this, *this);
    }
    run();
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
        client->on_response(tag, server.on_http(request), now(), *this, *this);
      }
      flush();
      for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
        for (const std::string& frame : out.take(session(channel))) {
          said = true;
          const FrameOutcome outcome = client->on_text(channel, frame, now(), *this, *this);
          EXPECT_TRUE(outcome == FrameOutcome::Decoded || outcome == FrameOutcome::Ignored)
              << frame;
        }
      }
    }
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

  std::unique_ptr<Client> client;
  std::vector<std::pair<Channel, std::string>> to_server;
  std::vector<std::pair<RestTag, HttpRequest>> rest;
  std::vector<Event> events;
  ModelSink books{exchange.universe()};
};

TEST_F(BitfinexConversation, keepsTheBookAsTheExchangeHasIt) {
  connect();
  for (int i = 0; i < 40; ++i) {
    exchange.set_level(exchange.btc(), Side::Buy, 2999000 + 10 * i, 1000 + i);
    exchange.set_level(exchange.btc(), Side::Buy, 2999900, i % 2 == 0 ? 0 : 5);
    run();
  }
  EXPECT_EQ(books.wrong, 0u);
  EXPECT_GE(books.right, 40u);
  EXPECT_TRUE(books.faults.empty());
  const BookImage image = exchange.book(exchange.btc(), 25);
  EXPECT_EQ(ModelBook::all(books.books[exchange.btc()].bids), image.bids);
  client->resubscribe(exchange.btc(), now(), *this);
  run();
  EXPECT_EQ(books.snapshots, 3u);  // two instruments, one of them twice
  EXPECT_TRUE(books.faults.empty());
  exchange.set_level(exchange.btc(), Side::Buy, 2999900, 77);
  run();
  EXPECT_EQ(ModelBook::all(books.books[exchange.btc()].bids),
            exchange.book(exchange.btc(), 25).bids);
}

TEST_F(BitfinexConversation, hearsThatAFrameIsMissing) {
  connect();
  exchange.set_level(exchange.btc(), Side::Buy, 2999900, 5);
  flush();
  out.take(session(Channel::MarketData));  // lost
  exchange.set_level(exchange.btc(), Side::Buy, 2999900, 6);
  run();
  ASSERT_EQ(books.faults.size(), 1u);
  EXPECT_EQ(books.faults[0].reason, BookFaultReason::SequenceGap);
}

TEST_F(BitfinexConversation, tradesAnOrderToItsEndAndAsksForItAfterwards) {
  connect();
  ASSERT_EQ(client->query_balances(now(), *this), SendOutcome::Sent);
  run();
  EXPECT_EQ(all<BalancesComplete>().size(), 1u);
  events.clear();
  ASSERT_EQ(client->place(order(1, Side::Buy, 3000100, 150000000), now(), *this),
            SendOutcome::Sent);
  run();
  EXPECT_EQ(all<OrderAcked>().size(), 1u);
  const auto fills = all<OrderFilled>();
  ASSERT_EQ(fills.size(), 2u);
  EXPECT_EQ(fills[0].fill.quantity, Quantity{100000000});
  EXPECT_EQ(fills[0].fill.fee, Decimal::of("0.002"));
  EXPECT_EQ(fills[1].fill.price, Price{3000100});
  ASSERT_EQ(all<OrderEnded>().size(), 1u);
  EXPECT_EQ(all<OrderEnded>()[0].state, OrderState::Filled);
  EXPECT_EQ(all<OrderEnded>()[0].filled, Quantity{150000000});
  const auto balances = all<BalanceReported>();
  ASSERT_FALSE(balances.empty());
  EXPECT_EQ(balances.back().total, Decimal::of("100000") - Decimal::of("45000.5"));

  for (const char* known : {"", "100000000001"}) {
    events.clear();
    ASSERT_EQ(client->query_order({make_order_id(1, 1), exchange.btc(), known}, now(), *this),
              SendOutcome::Sent);
    run();
    auto again = all<OrderFilled>();
    ASSERT_EQ(again.size(), 2u);
    std::sort(again.begin(), again.end(),
              [](const OrderFilled& a, const OrderFilled& b) { return a.fill.id < b.fill.id; });
    EXPECT_EQ(again[0].fill, fills[0].fill);  // the same ids, prices, fees, times
    EXPECT_EQ(again[1].fill, fills[1].fill);
    ASSERT_EQ(all<OrderFound>().size(), 1u);
    EXPECT_EQ(all<OrderFound>()[0].state, OrderState::Filled);
    EXPECT_EQ(all<OrderFound>()[0].filled, Quantity{150000000});
  }
}

TEST_F(BitfinexConversation, cancelsARestingOrderAndFindsNothingOfOneNeverSent) {
  connect();
  client->place(order(1, Side::Sell, 3100000, 1000000, TimeInForce::Gtc), now(), *this);
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

TEST_F(BitfinexConversation, hearsWhyAnOrderIsRefused) {
  connect();
  client->place(order(1, Side::Buy, 3000000, 10'000'000'000), now(), *this);
  run();
  ASSERT_EQ(all<OrderRejected>().size(), 1u);
  EXPECT_EQ(all<OrderRejected>()[0].reason, RejectReason::InsufficientFunds);
  for (int again = 0; again < 2; ++again) {
    client->place(order(2, Side::Sell, 3100000, 1000000, TimeInForce::Gtc), now(), *this);
    run();
  }
  ASSERT_EQ(all<OrderRejected>().size(), 2u);
  EXPECT_EQ(all<OrderRejected>()[1].reason, RejectReason::DuplicateId);
}

TEST_F(BitfinexConversation, losesItsOrdersWithTheConnectionAndFindsOut) {
  connect();
  client->place(order(1, Side::Sell, 3100000, 1000000, TimeInForce::Gtc), now(), *this);
  run();
  client->on_close(Channel::Trading, now(), *this);
  server.on_close(session(Channel::Trading));  // the dead-man switch
  events.clear();
  exchange.order_news.clear();  // nobody was there to hear it
  exchange.time = exchange.time + seconds(5);
  server.on_open(session(Channel::Trading), "/ws/2", out);
  client->on_open(Channel::Trading, now(), *this, *this);
  run();
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);
  client->query_order({make_order_id(1, 1), exchange.btc(), {}}, now(), *this);
  run();
  ASSERT_EQ(all<OrderFound>().size(), 1u);
  EXPECT_EQ(all<OrderFound>()[0].state, OrderState::Cancelled);
  EXPECT_EQ(client->place(order(2, Side::Sell, 3100000, 1000000), now(), *this), SendOutcome::Sent);
  run();
  EXPECT_EQ(all<OrderEnded>().size(), 1u);
}

TEST_F(BitfinexConversation, subscribesAnewAfterMaintenance) {
  connect();
  server.set_fault(ServerFault::Maintenance, true);
  server.on_tick(out);
  run();
  EXPECT_EQ(books.changes.size(), 2u);
  server.set_fault(ServerFault::Maintenance, false);
  server.on_tick(out);
  run();
  ASSERT_EQ(books.faults.size(), 1u);
  EXPECT_EQ(books.faults[0].reason, BookFaultReason::SubscriptionLost);
  client->resubscribe(exchange.btc(), now(), *this);
  run();
  EXPECT_EQ(books.snapshots, 3u);
  EXPECT_EQ(books.changes.back().status, InstrumentStatus::Trading);
}

}  // namespace
}  // namespace ats::venues::bitfinex
