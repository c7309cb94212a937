#include "venues/kraken/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "venues/kraken/metadata.hpp"

namespace ats::venues::kraken {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Log final : EventSink {
  void on(const Event& event) override { events.push_back(event); }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const Event& event : events) {
      if (const T* e = std::get_if<T>(&event)) found.push_back(*e);
    }
    return found;
  }
  template <class T>
  T only() const {
    const auto found = all<T>();
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? T{} : found.front();
  }
  std::vector<Event> events;
};

struct Sent final : Outbox {
  void send_text(Channel channel, std::string_view frame) override {
    (channel == Channel::MarketData ? market : trading).emplace_back(frame);
  }
  void send_rest(RestTag tag, const HttpRequest& request, Duration) override {
    rest.push_back({tag, request});
  }
  void reconnect(Channel channel, std::string_view) override { reconnected.push_back(channel); }

  struct Rest {
    RestTag tag;
    HttpRequest request;
  };
  std::vector<std::string> market, trading;
  std::deque<Rest> rest;
  std::vector<Channel> reconnected;
};

class KrakenClientTest : public testing::Test {
 protected:
  KrakenClientTest() {
    BookRules rules;
    rules.depth = 10;
    venue = universe.add_venue("kraken", rules);
    PairRow row;
    row.base = "BTC";
    row.quote = "USDT";
    row.rest_id = "XBTUSDT";
    row.price_decimals = 1;
    row.qty_decimals = 8;
    btc = *add_instrument(row, venue, universe);
    reset();
  }

  void reset() {
    ClientSetup setup;
    setup.venue = venue;
    setup.universe = &universe;
    setup.instruments = {btc};
    setup.credentials = {"key", "c2VjcmV0"};
    setup.cancel_on_death = cancel_on_death;
    client = make_client(setup);
    log.events.clear();
    sent.trading.clear();
  }

  Now now() const { return {Instant{} + elapsed, WallTime{1'700'000'000'000'000'000} + elapsed}; }
  void text(Channel channel, const std::string& frame) {
    outcome = client->on_text(channel, frame, now(), log, sent);
  }
  // Answers the oldest REST request that is still open.
  HttpRequest answer(const std::string& body, int status = 200) {
    EXPECT_FALSE(sent.rest.empty());
    if (sent.rest.empty()) return {};
    const Sent::Rest rest = sent.rest.front();
    sent.rest.pop_front();
    HttpResponse response;
    response.status = status;
    response.body = body;
    client->on_response(rest.tag, response, now(), log, sent);
    return rest.request;
  }
  // Token fetched, subscriptions standing.
  void make_ready() {
    client->on_open(Channel::Trading, now(), log, sent);
    EXPECT_EQ(answer(R"({"error":[],"result":{"token":"TOKEN","expires":900}})").target,
              "/0/private/GetWebSocketsToken");
    ASSERT_EQ(sent.trading.size(), 2u);
    text(
        Channel::Trading,
        R"({"method":"subscribe","result":{"channel":"executions","maxratecount":125,"snapshot":true},"success":true,"time_in":"2023-09-25T09:21:10.428340Z","time_out":"2023-09-25T09:21:10.428375Z","req_id":1})");
    text(
        Channel::Trading,
        R"({"method":"subscribe","result":{"channel":"balances","snapshot":true},"success":true,"req_id":2})");
    text(Channel::Trading, R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})");
    sent.trading.clear();
    log.events.clear();
  }
  OrderRequest order(std::uint32_t n, Side side = Side::Buy) const {
    OrderRequest request;
    request.id = make_order_id(1, n);
    request.instrument = btc;
    request.side = side;
    request.price = {300000};
    request.quantity = {1000000};
    return request;
  }
  std::string client_id(std::uint32_t n) const {
    return std::string(client_order_id(make_order_id(1, n)).view());
  }
  std::string execution(const std::string& fields, int sequence) const {
    return R"({"channel":"executions","type":"update","data":[{"order_id":"OK4GJX-KSTLS-7DZZO5","timestamp":"2023-09-22T10:33:05.709993Z",)" +
           fields + R"(}],"sequence":)" + std::to_string(sequence) + "}";
  }
  void place(std::uint32_t n) {
    ASSERT_EQ(client->place(order(n), now(), sent), SendOutcome::Sent);
  }
  void acknowledge(int req_id) {
    text(Channel::Trading,
         R"({"method":"add_order","req_id":)" + std::to_string(req_id) +
             R"(,"result":{"order_id":"OK4GJX-KSTLS-7DZZO5","cl_ord_id":"x"},"success":true})");
  }

  Universe universe;
  VenueId venue;
  InstrumentId btc;
  std::unique_ptr<Client> client;
  Duration elapsed;
  Log log;
  Sent sent;
  FrameOutcome outcome = FrameOutcome::Decoded;
  bool cancel_on_death = true;
};

TEST_F(KrakenClientTest, subscribesToBooksAndPrintsWhenTheMarketOpens) {
  client->on_open(Channel::MarketData, now(), log, sent);
  EXPECT_THAT(
      sent.market,
      ElementsAre(
          R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USDT"],"depth":10,"snapshot":true},"req_id":1})",
          R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USDT"],"snapshot":false},"req_id":2})"));
}

TEST_F(KrakenClientTest, resubscribesOneBookByUnsubscribingAtItsDepth) {
  client->resubscribe(btc, now(), sent);
  EXPECT_THAT(sent.market, IsEmpty());  // opening will
  client->on_open(Channel::MarketData, now(), log, sent);
  sent.market.clear();
  EXPECT_EQ(client->resubscribe(btc, now(), sent), SendOutcome::Sent);
  EXPECT_THAT(
      sent.market,
      ElementsAre(
          R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USDT"],"depth":10},"req_id":3})",
          R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USDT"],"depth":10,"snapshot":true},"req_id":4})"));
  text(
      Channel::MarketData,
      R"({"method":"unsubscribe","result":{"channel":"book","depth":10,"symbol":"BTC/USDT"},"success":true,"req_id":3})");
  EXPECT_THAT(log.all<BookFault>(), IsEmpty());  // we asked for it
}

TEST_F(KrakenClientTest, tellsWhenABookSubscriptionIsRefused) {
  client->on_open(Channel::MarketData, now(), log, sent);
  text(
      Channel::MarketData,
      R"({"error":"Subscription depth not supported","method":"subscribe","success":false,"req_id":2})");
  EXPECT_THAT(log.all<BookFault>(), IsEmpty());  // of the prints
  text(
      Channel::MarketData,
      R"({"error":"Currency pair not supported BTC/USDT","method":"subscribe","req_id":1,"success":false,"symbol":"BTC/USDT"})");
  EXPECT_EQ(log.only<BookFault>().instrument, btc);
  EXPECT_EQ(log.only<BookFault>().reason, BookFaultReason::SubscriptionLost);
}

TEST_F(KrakenClientTest, placesNothingBeforeItHearsItsExecutions) {
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::NotConnected);
  client->on_open(Channel::Trading, now(), log, sent);
  EXPECT_FALSE(client->ready(Channel::Trading));
  answer(R"({"error":[],"result":{"token":"TOKEN","expires":900}})");
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::NotConnected);
  EXPECT_THAT(
      sent.trading,
      ElementsAre(
          R"({"method":"subscribe","params":{"channel":"executions","snap_orders":true,"snap_trades":false,"order_status":true,"token":"TOKEN"},"req_id":1})",
          R"({"method":"subscribe","params":{"channel":"balances","token":"TOKEN"},"req_id":2})"));
  text(Channel::Trading,
       R"({"method":"subscribe","result":{"channel":"executions"},"success":true,"req_id":1})");
  EXPECT_TRUE(client->ready(Channel::Trading));
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::Sent);
}

TEST_F(KrakenClientTest, writesOrdersAndCancelsAsTheProtocolHasThem) {
  make_ready();
  place(1);
  EXPECT_EQ(client->cancel({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  EXPECT_EQ(client->cancel({make_order_id(1, 1), btc, "OABC"}, now(), sent), SendOutcome::Sent);
  EXPECT_THAT(
      sent.trading,
      ElementsAre(
          R"({"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.01000000,"symbol":"BTC/USDT","limit_price":30000.0,"time_in_force":"ioc","cl_ord_id":")" +
              client_id(1) + R"(","fee_preference":"quote","token":"TOKEN"},"req_id":3})",
          R"({"method":"cancel_order","params":{"cl_ord_id":[")" + client_id(1) +
              R"("],"token":"TOKEN"},"req_id":4})",
          R"({"method":"cancel_order","params":{"order_id":["OABC"],"token":"TOKEN"},"req_id":5})"));
  OrderRequest off_lot = order(2);
  off_lot.quantity = {0};
  EXPECT_EQ(client->place(off_lot, now(), sent), SendOutcome::Invalid);
}

TEST_F(KrakenClientTest, followsAnOrderFromAnswerToEndWhateverComesFirst) {
  for (const bool events_first : {false, true}) {
    reset();
    const std::uint32_t n = events_first ? 2 : 1;
    make_ready();
    place(n);
    const std::string venue_order = "OK4GJX-KSTLS-7DZZO5";
    const auto acknowledged = [&] { acknowledge(3); };
    if (!events_first) acknowledged();
    text(Channel::Trading,
         execution(R"("exec_type":"pending_new","order_status":"pending_new","cl_ord_id":")" +
                       client_id(n) + R"(","symbol":"BTC/USDT","side":"buy","order_qty":0.01)",
                   2));
    text(Channel::Trading, execution(R"("exec_type":"new","order_status":"new")", 3));
    text(
        Channel::Trading,
        execution(
            R"("exec_type":"trade","exec_id":"T1","last_qty":0.004,"last_price":29999.9,"liquidity_ind":"t","fees":[{"asset":"USDT","qty":0.31199896}],"cum_qty":0.004,"order_status":"partially_filled")",
            4));
    if (events_first) acknowledged();
    text(Channel::Trading,
         execution(
             R"("exec_type":"canceled","order_status":"canceled","cum_qty":4e-3,"reason":"IOC")",
             5));
    EXPECT_EQ(outcome, FrameOutcome::Decoded);
    EXPECT_EQ(log.only<OrderAcked>().venue_order_id.view(), venue_order);
    const Fill fill = log.only<OrderFilled>().fill;
    EXPECT_EQ(fill.order, make_order_id(1, n));
    EXPECT_EQ(fill.id.view(), "T1");
    EXPECT_EQ(fill.price, Price{299999});
    EXPECT_EQ(fill.quantity, Quantity{400000});
    EXPECT_EQ(fill.fee, Decimal::of("0.31199896"));
    EXPECT_EQ(universe.asset(fill.fee_asset).name.view(), "USDT");
    EXPECT_EQ(fill.liquidity, Liquidity::Taker);
    const OrderEnded ended = log.only<OrderEnded>();
    EXPECT_EQ(ended.state, OrderState::Cancelled);
    EXPECT_EQ(ended.filled, Quantity{400000});
    EXPECT_THAT(log.all<OrderUnknown>(), IsEmpty());
  }
}

TEST_F(KrakenClientTest, tellsRefusalsByTheirReason) {
  make_ready();
  place(1);
  place(2);
  text(
      Channel::Trading,
      R"({"error":"EOrder:Insufficient funds","method":"add_order","req_id":3,"success":false,"time_in":"x","time_out":"y"})");
  EXPECT_EQ(log.only<OrderRejected>().order, make_order_id(1, 1));
  EXPECT_EQ(log.only<OrderRejected>().reason, RejectReason::InsufficientFunds);
  EXPECT_EQ(log.only<OrderRejected>().message.view(), "EOrder:Insufficient funds");
  text(Channel::Trading,
       R"({"error":"EService:Unavailable","method":"add_order","req_id":4,"success":false})");
  EXPECT_EQ(log.only<OrderUnknown>().order, make_order_id(1, 2));
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::VenueSaysUnknown);
}

TEST_F(KrakenClientTest, takesARefusedCancelForWhatItIs) {
  make_ready();
  place(1);
  client->cancel({make_order_id(1, 1), btc, {}}, now(), sent);
  text(Channel::Trading,
       R"({"error":"EOrder:Unknown order","method":"cancel_order","req_id":4,"success":false})");
  EXPECT_EQ(log.only<CancelRejected>().order, make_order_id(1, 1));
}

TEST_F(KrakenClientTest, holdsAnUnansweredOrderForUnknownAfterFiveSeconds) {
  make_ready();
  place(1);
  elapsed = seconds(4);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(log.all<OrderUnknown>(), IsEmpty());
  elapsed = seconds(5);
  client->on_timer(now(), log, sent);
  client->on_timer(now(), log, sent);
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::TimedOut);
  acknowledge(3);  // late, but understood
  EXPECT_EQ(log.only<OrderAcked>().order, make_order_id(1, 1));
}

TEST_F(KrakenClientTest, holdsOrdersInFlightForUnknownWhenTheConnectionIsLost) {
  make_ready();
  place(1);
  place(2);
  acknowledge(3);
  client->on_close(Channel::Trading, now(), log);
  EXPECT_EQ(log.only<OrderUnknown>().order, make_order_id(1, 2));
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::ConnectionLost);
  EXPECT_EQ(client->place(order(3), now(), sent), SendOutcome::NotConnected);
}

TEST_F(KrakenClientTest, subscribesAnewWhenTheSequenceHasAGap) {
  make_ready();
  place(1);
  acknowledge(3);
  sent.trading.clear();
  text(Channel::Trading, execution(R"("exec_type":"new","order_status":"new")", 2));
  EXPECT_THAT(sent.trading, IsEmpty());
  text(Channel::Trading, execution(R"("exec_type":"status","order_status":"new")", 4));
  EXPECT_EQ(log.only<OrderUnknown>().order, make_order_id(1, 1));
  ASSERT_EQ(sent.trading.size(), 4u);
  EXPECT_THAT(sent.trading[0],
              HasSubstr(R"("method":"unsubscribe","params":{"channel":"executions")"));
  EXPECT_THAT(sent.trading[2],
              HasSubstr(R"("method":"subscribe","params":{"channel":"executions")"));
}

TEST_F(KrakenClientTest, takesADamagedAccountFrameForALoss) {
  make_ready();
  place(1);
  acknowledge(3);
  text(Channel::Trading, R"({"channel":"executions","type":"update","data":[{"order_id")");
  EXPECT_EQ(outcome, FrameOutcome::Malformed);
  EXPECT_EQ(log.all<OrderUnknown>().size(), 1u);
  text(Channel::Trading,
       execution(
           R"("exec_type":"trade","exec_id":"T1","last_qty":0.0000000001,"last_price":1,"fees":[])",
           9));
  EXPECT_EQ(outcome, FrameOutcome::NumberFault);
  EXPECT_EQ(log.all<OrderUnknown>().size(), 2u);
  EXPECT_THAT(log.all<OrderFilled>(), IsEmpty());
}

TEST_F(KrakenClientTest, tellsOfOrdersThatAreNotOurs) {
  make_ready();
  text(
      Channel::Trading,
      execution(
          R"("exec_type":"new","order_status":"new","symbol":"BTC/USDT","side":"buy","cl_ord_id":"theirs")",
          2));
  EXPECT_EQ(log.only<ForeignOrder>().venue_order_id.view(), "OK4GJX-KSTLS-7DZZO5");
}

TEST_F(KrakenClientTest, learnsOfItsOwnOrdersFromBeforeInTheSnapshot) {
  make_ready();
  text(
      Channel::Trading,
      R"({"channel":"executions","type":"snapshot","data":[{"order_id":"OOLD","cl_ord_id":")" +
          client_id(7) +
          R"(","symbol":"BTC/USDT","side":"sell","order_qty":0.5,"limit_price":40000.0,"cum_qty":0,"exec_type":"new","order_status":"new","timestamp":"2023-09-22T10:33:05.709993Z"}],"sequence":1})");
  EXPECT_EQ(log.only<OrderAcked>().order, make_order_id(1, 7));
  text(
      Channel::Trading,
      R"({"channel":"executions","type":"update","data":[{"order_id":"OOLD","exec_type":"trade","exec_id":"T9","last_qty":0.5,"last_price":40000.0,"fees":[{"asset":"USDT","qty":80}],"liquidity_ind":"m","order_status":"filled","cum_qty":0.5,"timestamp":"2023-09-22T10:33:05.709993Z"}],"sequence":2})");
  EXPECT_EQ(log.only<OrderFilled>().fill.side, Side::Sell);
  EXPECT_EQ(log.only<OrderFilled>().fill.liquidity, Liquidity::Maker);
  EXPECT_EQ(log.only<OrderEnded>().state, OrderState::Filled);
}

TEST_F(KrakenClientTest, reportsBalancesOfTheStreamWithWhatItsOrdersHold) {
  make_ready();
  place(1);
  acknowledge(3);
  text(
      Channel::Trading,
      R"({"channel":"balances","type":"snapshot","data":[{"asset":"USDT","asset_class":"currency","balance":2000.5,"wallets":[{"type":"spot","id":"main","balance":1000.5},{"type":"earn","id":"flex","balance":1000}]},{"asset":"SOL","balance":1}],"sequence":1})");
  const BalanceReported told = log.only<BalanceReported>();
  EXPECT_EQ(universe.asset(told.asset).name.view(), "USDT");
  EXPECT_EQ(told.total, Decimal::of("1000.5"));
  EXPECT_EQ(told.held, Decimal::of("300"));
  log.events.clear();
  text(
      Channel::Trading,
      R"({"channel":"balances","type":"update","data":[{"ledger_id":"D","ref_id":"L","timestamp":"2023-09-22T10:33:05.709982Z","type":"trade","asset":"BTC","asset_class":"currency","category":"trade","wallet_type":"spot","wallet_id":"main","amount":-0.005,"fee":0.0,"balance":1.195}],"sequence":2})");
  EXPECT_EQ(log.only<BalanceReported>().total, Decimal::of("1.195"));
}

TEST_F(KrakenClientTest, answersAQueryWithFillsFirst) {
  make_ready();
  EXPECT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  EXPECT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent),
            SendOutcome::RateLimited);  // one question at a time
  HttpRequest asked = answer(R"({"error":[],"result":{"open":{}}})");
  EXPECT_EQ(asked.target, "/0/private/OpenOrders");
  EXPECT_THAT(asked.body, HasSubstr("&trades=true&cl_ord_id=" + client_id(1)));
  const auto row = [this](const std::string& us, const std::string& trades) {
    return R"({"refid":null,"userref":0,"cl_ord_id":")" + us +
           R"(","status":"canceled","opentm":1688583840.8648,"descr":{"pair":"XBTUSDT","type":"buy","ordertype":"limit","price":"30000.0","price2":"0","leverage":"none","order":"","close":""},"vol":"0.01000000","vol_exec":"0.00400000","cost":"120.0","fee":"0.3","price":"30000.0","misc":"","oflags":"fciq","trades":[)" +
           trades + "]}";
  };
  asked = answer(R"({"error":[],"result":{"closed":{"OOTHER":)" + row("theirs", "") +
                 R"(,"OOURS":)" + row(client_id(1), R"("T1","T2")") + R"(},"count":2}})");
  EXPECT_EQ(asked.target, "/0/private/ClosedOrders");
  const auto trade = [](const std::string& volume) {
    return R"({"ordertxid":"OOURS","pair":"XBTUSDT","time":1688667796.8802,"type":"buy","ordertype":"limit","price":"30000.00000","cost":"x","fee":"0.15000","vol":")" +
           volume + R"(","margin":"0","misc":"","trade_id":1,"maker":false})";
  };
  EXPECT_THAT(log.events, IsEmpty());
  asked = answer(R"({"error":[],"result":{"T1":)" + trade("0.00300000") + R"(,"T2":)" +
                 trade("0.00100000") + "}}");
  EXPECT_EQ(asked.target, "/0/private/QueryTrades");
  EXPECT_THAT(asked.body, HasSubstr("&txid=T1%2CT2"));
  ASSERT_EQ(log.events.size(), 3u);
  const auto fills = log.all<OrderFilled>();
  ASSERT_EQ(fills.size(), 2u);
  EXPECT_EQ(fills[0].fill.id.view(), "T1");
  EXPECT_EQ(fills[0].fill.quantity, Quantity{300000});
  EXPECT_EQ(fills[0].fill.fee, Decimal::of("0.15"));
  EXPECT_EQ(fills[0].fill.venue_time.ns_utc, 1'688'667'796'880'200'000);
  const OrderFound found = std::get<OrderFound>(log.events[2]);
  EXPECT_EQ(found.state, OrderState::Cancelled);
  EXPECT_EQ(found.filled, Quantity{400000});
  EXPECT_EQ(found.venue_order_id.view(), "OOURS");
}

TEST_F(KrakenClientTest, saysNotFoundOnlyWhenBothBooksHaveNothing) {
  make_ready();
  client->query_order({make_order_id(1, 1), btc, {}}, now(), sent);
  answer(R"({"error":[],"result":{"open":{}}})");
  EXPECT_THAT(log.events, IsEmpty());
  answer(R"({"error":[],"result":{"closed":{},"count":0}})");
  EXPECT_EQ(log.only<OrderNotFound>().order, make_order_id(1, 1));
}

TEST_F(KrakenClientTest, aFailedQueryIsNoEmptyAnswer) {
  make_ready();
  const auto query = [this] {
    log.events.clear();
    EXPECT_EQ(client->query_order({make_order_id(1, 1), btc, "OABC"}, now(), sent),
              SendOutcome::Sent);
    EXPECT_EQ(sent.rest.front().request.target, "/0/private/QueryOrders");
  };
  query();
  answer("<html>520</html>", 520);
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
  query();
  answer(R"({"error":["EService:Unavailable"]})");
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
  query();
  answer(R"({"error":[],"result":{"OABC":{"status":"open"}}})");
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
  query();
  client->on_rest_failed(sent.rest.front().tag, TransportError::TimedOut, now(), log, sent);
  sent.rest.clear();
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
  query();
  answer(R"({"error":["EOrder:Unknown order"]})");
  EXPECT_EQ(log.only<OrderNotFound>().order, make_order_id(1, 1));
}

TEST_F(KrakenClientTest, raisesTheNonceOnceWhenItIsTooLow) {
  make_ready();
  client->query_order({make_order_id(1, 1), btc, "OABC"}, now(), sent);
  const HttpRequest first = answer(R"({"error":["EAPI:Invalid nonce"]})");
  ASSERT_EQ(sent.rest.size(), 1u);
  EXPECT_GT(sent.rest.front().request.body, first.body);
  EXPECT_THAT(log.events, IsEmpty());
  answer(R"({"error":["EAPI:Invalid nonce"]})");
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
}

TEST_F(KrakenClientTest, keepsQuietWhileTheVenueSaysItIsTooMuch) {
  make_ready();
  client->query_order({make_order_id(1, 1), btc, "OABC"}, now(), sent);
  answer(R"({"error":["EAPI:Rate limit exceeded"]})");
  client->query_order({make_order_id(1, 1), btc, "OABC"}, now(), sent);
  client->on_timer(now(), log, sent);
  EXPECT_TRUE(sent.rest.empty());  // it waits
  elapsed = seconds(11);
  client->on_timer(now(), log, sent);
  EXPECT_EQ(sent.rest.size(), 1u);
}

TEST_F(KrakenClientTest, asksForManyOrdersAtTheCostOfOne) {
  make_ready();
  for (std::uint32_t n = 1; n <= 4; ++n)
    client->query_order({make_order_id(1, n), btc, {}}, now(), sent);
  ASSERT_EQ(sent.rest.size(), 1u);  // the first goes at once, the others together
  answer(R"({"error":[],"result":{"open":{}}})");
  answer(R"({"error":[],"result":{"closed":{},"count":0}})");
  EXPECT_EQ(log.all<OrderNotFound>().size(), 1u);
  const auto row = [this](std::uint32_t n, const std::string& status) {
    return R"({"cl_ord_id":")" + client_id(n) + R"(","status":")" + status +
           R"(","descr":{"pair":"XBTUSDT","type":"sell"},"vol":"0.1","vol_exec":"0.0"})";
  };
  HttpRequest asked = answer(R"({"error":[],"result":{"open":{"O2":)" + row(2, "open") + "}}}");
  EXPECT_EQ(asked.body.find("cl_ord_id"), std::string::npos);
  asked =
      answer(R"({"error":[],"result":{"closed":{"O3":)" + row(3, "canceled") + R"(},"count":1}})");
  EXPECT_EQ(asked.body.find("cl_ord_id"), std::string::npos);
  EXPECT_EQ(log.all<OrderFound>().size(), 2u);
  // That list is cut off, so the fourth is asked for by name before it is called missing.
  EXPECT_EQ(log.all<OrderNotFound>().size(), 1u);
  asked = answer(R"({"error":[],"result":{"closed":{},"count":0}})");
  EXPECT_EQ(asked.target, "/0/private/ClosedOrders");
  EXPECT_THAT(asked.body, HasSubstr("cl_ord_id=" + client_id(4)));
  EXPECT_EQ(log.all<OrderNotFound>().size(), 2u);
  EXPECT_TRUE(sent.rest.empty());
}

TEST_F(KrakenClientTest, looksForEachByOurIdWhenTheVenueKnowsNotAllOfItsOwn) {
  make_ready();
  client->query_order({make_order_id(1, 1), btc, {}}, now(), sent);
  client->query_order({make_order_id(1, 2), btc, "O2"}, now(), sent);
  client->query_order({make_order_id(1, 3), btc, "O3"}, now(), sent);
  answer(R"({"error":[],"result":{"open":{}}})");
  answer(R"({"error":[],"result":{"closed":{},"count":0}})");
  HttpRequest asked = answer(R"({"error":["EOrder:Unknown order"]})");
  EXPECT_THAT(asked.body, HasSubstr("txid=O2%2CO3"));
  EXPECT_EQ(log.all<OrderNotFound>().size(), 1u);
  ASSERT_EQ(sent.rest.size(), 1u);
  EXPECT_EQ(sent.rest.front().request.target, "/0/private/OpenOrders");
}

TEST_F(KrakenClientTest, balancesLeaveRoomForQuestionsAboutOrders) {
  make_ready();
  while (client->query_balances(now(), sent) == SendOutcome::Sent) sent.rest.clear();
  EXPECT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  EXPECT_EQ(sent.rest.size(), 1u);
}

TEST_F(KrakenClientTest, answersAQuestionForOpenOrdersWithOursAndOthers) {
  make_ready();
  EXPECT_EQ(client->query_open_orders(now(), sent), SendOutcome::Sent);
  answer(
      R"({"error":[],"result":{"open":{"OOURS":{"cl_ord_id":")" + client_id(4) +
      R"(","status":"open","descr":{"pair":"XBTUSDT","type":"sell"},"vol":"0.1","vol_exec":"0.0"},"OTHEIRS":{"cl_ord_id":null,"status":"open","descr":{"pair":"XBTUSDT","type":"sell"},"vol":"0.1","vol_exec":"0.0"}}}})");
  EXPECT_EQ(log.only<ForeignOrder>().venue_order_id.view(), "OTHEIRS");
  EXPECT_EQ(log.only<OrderFound>().order, make_order_id(1, 4));
  EXPECT_EQ(log.only<OrderFound>().state, OrderState::Acked);
  EXPECT_EQ(log.only<OrderFound>().instrument, btc);
  EXPECT_EQ(log.only<OpenOrdersComplete>().ours, 1u);
}

TEST_F(KrakenClientTest, asksForOpenOrdersAgainWhenTheAnswerFailed) {
  make_ready();
  client->query_open_orders(now(), sent);
  answer("", 502);
  elapsed = seconds(3);
  client->on_timer(now(), log, sent);
  ASSERT_EQ(sent.rest.size(), 1u);
  EXPECT_EQ(sent.rest.front().request.target, "/0/private/OpenOrders");
}

TEST_F(KrakenClientTest, answersAQuestionForBalances) {
  make_ready();
  client->query_balances(now(), sent);
  answer(
      R"({"error":[],"result":{"USDT":{"balance":"1000.50000000","hold_trade":"300.0"},"XXBT":{"balance":"0.5","hold_trade":"0"},"DOT28.S":{"balance":"1","hold_trade":"0"}}})");
  const auto told = log.all<BalanceReported>();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].total, Decimal::of("1000.5"));
  EXPECT_EQ(told[0].held, Decimal::of("300"));
  EXPECT_EQ(universe.asset(told[1].asset).name.view(), "BTC");
  EXPECT_EQ(log.all<BalancesComplete>().size(), 1u);
  log.events.clear();
  client->query_balances(now(), sent);
  answer(R"({"error":[],"result":{"USDT":{"balance":"1000.50000000"}}})");
  EXPECT_THAT(log.events, IsEmpty());  // half an answer is none
}

TEST_F(KrakenClientTest, asksForAnotherTokenWhenASubscriptionIsRefused) {
  client->on_open(Channel::Trading, now(), log, sent);
  answer(R"({"error":[],"result":{"token":"TOKEN","expires":900}})");
  text(Channel::Trading,
       R"({"error":"ESession:Invalid session","method":"subscribe","req_id":1,"success":false})");
  elapsed = seconds(1);
  client->on_timer(now(), log, sent);
  EXPECT_TRUE(sent.rest.empty());
  elapsed = seconds(2);
  client->on_timer(now(), log, sent);
  ASSERT_EQ(sent.rest.size(), 1u);
  EXPECT_EQ(sent.rest.front().request.target, "/0/private/GetWebSocketsToken");
}

TEST_F(KrakenClientTest, fetchesANewTokenWhenTheOldOneIsRefused) {
  make_ready();
  place(1);
  text(Channel::Trading,
       R"({"error":"ESession:Invalid session","method":"add_order","req_id":3,"success":false})");
  EXPECT_EQ(log.only<OrderRejected>().reason, RejectReason::VenueBusy);
  EXPECT_THAT(sent.reconnected, ElementsAre(Channel::Trading));
}

TEST_F(KrakenClientTest, keepsNewOrdersBelowTheVenuesCounter) {
  make_ready();
  std::uint32_t placed = 0;
  while (client->place(order(placed + 1), now(), sent) == SendOutcome::Sent) ++placed;
  EXPECT_EQ(placed, 109u);
  EXPECT_EQ(client->cancel({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  EXPECT_GT(client->counters().rate_limited, 0u);
}

TEST_F(KrakenClientTest, armsTheVenuesDeadMansSwitchAndKeepsItFromGoingOff) {
  make_ready();
  client->on_timer(now(), log, sent);
  ASSERT_EQ(sent.trading.size(), 1u);
  EXPECT_THAT(
      sent.trading[0],
      HasSubstr(
          R"({"method":"cancel_all_orders_after","params":{"timeout":60,"token":"TOKEN"},"req_id":)"));
  elapsed = milliseconds(14'900);
  client->on_timer(now(), log, sent);
  EXPECT_EQ(sent.trading.size(), 1u);
  elapsed = seconds(15);
  client->on_timer(now(), log, sent);
  EXPECT_EQ(sent.trading.size(), 2u);
  text(
      Channel::Trading,
      R"({"method":"cancel_all_orders_after","result":{"currentTime":"a","triggerTime":"b"},"success":true,"req_id":3})");
  EXPECT_EQ(outcome, FrameOutcome::Decoded);
  text(
      Channel::Trading,
      R"({"method":"cancel_all_orders_after","error":"EGeneral:Permission denied","success":false,"req_id":4})");
  EXPECT_EQ(client->counters().rest_errors, 1u);
  elapsed = seconds(18);
  client->on_timer(now(), log, sent);
  EXPECT_EQ(sent.trading.size(), 3u) << "tried again soon";
  client->on_settled(now(), sent);
  ASSERT_EQ(sent.trading.size(), 4u);
  EXPECT_THAT(sent.trading[3], HasSubstr(R"("params":{"timeout":0,)"));

  cancel_on_death = false;
  reset();
  make_ready();
  client->on_timer(now(), log, sent);
  client->on_settled(now(), sent);
  EXPECT_TRUE(sent.trading.empty());
}

TEST_F(KrakenClientTest, saysPingWhereNothingIsSaid) {
  make_ready();
  client->on_open(Channel::MarketData, now(), log, sent);
  sent.market.clear();
  elapsed = seconds(20);
  client->on_timer(now(), log, sent);
  ASSERT_EQ(sent.market.size(), 1u);
  EXPECT_THAT(sent.market[0], HasSubstr(R"({"method":"ping","req_id":)"));
  text(Channel::Trading, R"({"method":"pong","req_id":7,"time_in":"x","time_out":"y"})");
  EXPECT_EQ(outcome, FrameOutcome::Decoded);
}

}  // namespace
}  // namespace ats::venues::kraken
