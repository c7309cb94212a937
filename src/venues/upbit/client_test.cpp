#include "venues/upbit/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "venues/upbit/testing_exchange.hpp"

namespace ats::venues::upbit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

constexpr const char* uuid = "cdd92199-2897-4e14-9448-f923320408ad";
constexpr const char* accepted =
    R"({"market":"KRW-BTC","uuid":"cdd92199-2897-4e14-9448-f923320408ad","side":"bid","ord_type":"limit","price":"30000000","state":"wait","created_at":"2025-04-01T15:30:47+09:00","volume":"0.01","remaining_volume":"0.01","reserved_fee":"150","remaining_fee":"150","paid_fee":"0","locked":"300150","executed_volume":"0","prevented_volume":"0","prevented_locked":"0","trades_count":0})";

class UpbitClientTest : public testing::Test {
 protected:
  UpbitClientTest() {
    ClientSetup setup;
    setup.venue = exchange.venue();
    setup.universe = &exchange.universe();
    setup.instruments.assign(exchange.instruments().begin(), exchange.instruments().end());
    setup.credentials = {TestExchange::key, TestExchange::secret_text};
    client = make_client(setup);
  }

  Now now() const { return {Instant{} + elapsed, WallTime{1'700'000'000'000'000'000} + elapsed}; }
  void text(Channel channel, const std::string& frame) {
    outcome = client->on_text(channel, frame, now(), log, sent);
  }
  // Answers the oldest REST request that is still open.
  HttpRequest answer(const std::string& body, int status = 200, const char* remaining = nullptr) {
    EXPECT_FALSE(sent.rest.empty());
    if (sent.rest.empty()) return {};
    const Sent::Rest rest = sent.rest.front();
    sent.rest.pop_front();
    HttpResponse response;
    response.status = status;
    response.body = body;
    if (remaining != nullptr) response.headers = {{"remaining-req", remaining}};
    client->on_response(rest.tag, response, now(), log, sent);
    return rest.request;
  }
  HttpRequest fail_rest(TransportError error) {
    const Sent::Rest rest = sent.rest.front();
    sent.rest.pop_front();
    client->on_rest_failed(rest.tag, error, now(), log, sent);
    return rest.request;
  }
  void make_ready() {
    client->on_open(Channel::Trading, now(), log, sent);
    text(Channel::Trading, R"({"status":"UP"})");
    ASSERT_TRUE(client->ready(Channel::Trading));
    sent.trading.clear();
    log.events.clear();
  }
  OrderRequest order(std::uint32_t n, Side side = Side::Buy) const {
    OrderRequest request;
    request.id = make_order_id(1, n);
    request.instrument = exchange.btc();
    request.side = side;
    request.price = {30'000'000};
    request.quantity = {1'000'000};
    return request;
  }
  std::string client_id(std::uint32_t n) const {
    return std::string(client_order_id(make_order_id(1, n)).view());
  }
  void place(std::uint32_t n) {
    ASSERT_EQ(client->place(order(n), now(), sent), SendOutcome::Sent);
  }
  static std::string error(const char* name) {
    return std::string(R"({"error":{"name":")") + name + R"(","message":"오류"}})";
  }
  // A myOrder message; `fields` stand for what it says.
  static std::string my_order(const std::string& fields) {
    return R"({"type":"myOrder","code":"KRW-BTC","uuid":"cdd92199-2897-4e14-9448-f923320408ad","ask_bid":"BID","order_type":"limit","timestamp":1710751597500,"order_timestamp":1710751590000,"stream_type":"REALTIME",)" +
           fields + "}";
  }

  TestExchange exchange;
  std::unique_ptr<Client> client;
  Duration elapsed;
  Log log;
  Sent sent;
  FrameOutcome outcome = FrameOutcome::Decoded;
};

TEST_F(UpbitClientTest, asksForBooksAndPrintsWhenTheMarketOpens) {
  client->on_open(Channel::MarketData, now(), log, sent);
  EXPECT_THAT(
      sent.market,
      ElementsAre(
          R"([{"ticket":"ats-1"},{"type":"orderbook","codes":["KRW-BTC.15","BTC-ETH.15","USDT-XRP.15"]},{"type":"trade","codes":["KRW-BTC","BTC-ETH","USDT-XRP"],"is_only_realtime":true},{"format":"SIMPLE"}])",
          "PING"));
  EXPECT_TRUE(client->ready(Channel::MarketData));
  sent.market.clear();
  for (int second = 1; second <= 9; ++second) {
    elapsed = seconds(second);
    client->on_timer(now(), log, sent);
  }
  EXPECT_THAT(sent.market, ElementsAre("PING", "PING"));
  EXPECT_THAT(sent.reconnected, IsEmpty());
  elapsed = seconds(10);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(sent.reconnected, ElementsAre(Channel::MarketData)) << "nothing was ever answered";
}

TEST_F(UpbitClientTest, asksForAllAgainToHealOneBookButNotAllTheTime) {
  EXPECT_EQ(client->resubscribe(exchange.btc(), now(), sent), SendOutcome::Sent);
  EXPECT_THAT(sent.market, IsEmpty());  // opening will
  client->on_open(Channel::MarketData, now(), log, sent);
  sent.market.clear();
  client->resubscribe(exchange.btc(), now(), sent);
  client->resubscribe(exchange.btc(), now(), sent);
  EXPECT_THAT(sent.market, IsEmpty());
  elapsed = seconds(1);
  client->on_timer(now(), log, sent);
  client->on_timer(now(), log, sent);
  ASSERT_THAT(sent.market, SizeIs(1));
  EXPECT_THAT(sent.market[0], HasSubstr("KRW-BTC.15"));
}

TEST_F(UpbitClientTest, showsWhoItIsInTheHandshakeOfThePrivateStream) {
  EXPECT_THAT(client->handshake_headers(Channel::MarketData, now()), IsEmpty());
  const auto one = client->handshake_headers(Channel::Trading, now());
  const auto two = client->handshake_headers(Channel::Trading, now());
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_EQ(one[0].name, "Authorization");
  EXPECT_NE(one[0].value, two[0].value) << "a nonce is used once";
  const auto token = security::read_jwt(one[0].value.substr(7));
  ASSERT_TRUE(token.has_value());
  EXPECT_TRUE(security::signed_with(*token, security::JwtHash::HS512, TestExchange::secret_text));
  EXPECT_EQ(token->payload.find("query_hash"), std::string::npos);
}

TEST_F(UpbitClientTest, placesNothingBeforeItsStreamHasAnswered) {
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::NotConnected);
  client->on_open(Channel::Trading, now(), log, sent);
  EXPECT_THAT(
      sent.trading,
      ElementsAre(
          R"([{"ticket":"ats-1"},{"type":"myOrder"},{"type":"myAsset"},{"format":"DEFAULT"}])",
          "PING"));
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::NotConnected);
  text(Channel::Trading, R"({"error":{"name":"WRONG_FORMAT","message":"x"}})");
  EXPECT_THAT(sent.reconnected, ElementsAre(Channel::Trading));
  EXPECT_FALSE(client->ready(Channel::Trading));
  text(Channel::Trading, R"({"status":"UP"})");
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::Sent);
}

TEST_F(UpbitClientTest, writesOrdersCancelsAndQuestionsAsTheProtocolHasThem) {
  make_ready();
  OrderRequest fok = order(2, Side::Sell);
  fok.time_in_force = TimeInForce::Fok;
  place(1);
  EXPECT_EQ(client->place(fok, now(), sent), SendOutcome::Sent);
  client->cancel({make_order_id(1, 1), exchange.btc(), {}}, now(), sent);
  client->cancel({make_order_id(1, 1), exchange.btc(), uuid}, now(), sent);
  client->query_order({make_order_id(1, 1), exchange.btc(), uuid}, now(), sent);
  client->query_open_orders(now(), sent);
  client->query_balances(now(), sent);
  ASSERT_THAT(sent.rest, SizeIs(7));
  const HttpRequest& placed = sent.rest[0].request;
  EXPECT_EQ(placed.method, "POST");
  EXPECT_EQ(placed.target, "/v1/orders");
  EXPECT_EQ(
      placed.body,
      R"({"market":"KRW-BTC","side":"bid","volume":"0.01","price":"30000000","ord_type":"limit","time_in_force":"ioc","identifier":")" +
          client_id(1) + R"("})");
  const auto token = security::read_jwt(placed.header("Authorization")->substr(7));
  ASSERT_TRUE(token.has_value());
  EXPECT_THAT(token->payload,
              HasSubstr(security::sha512_hex("market=KRW-BTC&side=bid&volume=0.01&price=30000000&"
                                             "ord_type=limit&time_in_force=ioc&identifier=" +
                                             client_id(1))));
  EXPECT_THAT(sent.rest[1].request.body, HasSubstr(R"("side":"ask")"));
  EXPECT_THAT(sent.rest[1].request.body, HasSubstr(R"("time_in_force":"fok")"));
  EXPECT_EQ(sent.rest[2].request.method, "DELETE");
  EXPECT_EQ(sent.rest[2].request.target, "/v1/order?identifier=" + client_id(1));
  EXPECT_TRUE(sent.rest[2].request.body.empty());
  EXPECT_EQ(sent.rest[3].request.target, std::string("/v1/order?uuid=") + uuid);
  EXPECT_EQ(sent.rest[4].request.method, "GET");
  EXPECT_EQ(sent.rest[5].request.target,
            "/v1/orders/open?states[]=wait&states[]=watch&page=1&limit=100");
  EXPECT_EQ(sent.rest[6].request.target, "/v1/accounts");
}

TEST_F(UpbitClientTest, sendsNoPriceBetweenTheStepsOfTheLadder) {
  make_ready();
  OrderRequest between = order(1);
  between.price = {30'000'500};
  EXPECT_EQ(client->place(between, now(), sent), SendOutcome::Invalid);
  between.price = {600'500};  // there the step is 500
  EXPECT_EQ(client->place(between, now(), sent), SendOutcome::Sent);
  between.quantity = {0};
  EXPECT_EQ(client->place(between, now(), sent), SendOutcome::Invalid);
}

TEST_F(UpbitClientTest, followsAnOrderFromAnswerToEndWhateverComesFirst) {
  for (const bool stream_first : {false, true}) {
    log.events.clear();
    const std::uint32_t n = stream_first ? 2 : 1;
    make_ready();
    place(n);
    if (!stream_first) answer(accepted, 201);
    const std::string id = R"("identifier":")" + client_id(n) + R"(",)";
    const std::string venue_id(uuid);
    const auto told = [&](std::string fields) {
      std::string frame = my_order(id + fields);
      if (stream_first) frame.replace(frame.find(venue_id), 2, "ee");
      text(Channel::Trading, frame);
      EXPECT_EQ(outcome, FrameOutcome::Decoded);
    };
    told(
        R"("state":"wait","trade_uuid":null,"price":30000000,"volume":0.01,"remaining_volume":0.01,"executed_volume":0,"trade_fee":null,"is_maker":null)");
    told(
        R"("state":"trade","trade_uuid":"68315169-fba4-4175-ade3-aff14a616657","price":2.9999E+7,"volume":0.004,"remaining_volume":0.006,"executed_volume":4E-3,"trade_fee":59.998,"is_maker":false,"trade_timestamp":1710751590421)");
    if (stream_first) answer(accepted, 201);
    told(
        R"("state":"cancel","trade_uuid":null,"price":30000000,"volume":0.01,"remaining_volume":0.006,"executed_volume":0.004,"trade_fee":null,"is_maker":null)");
    EXPECT_EQ(log.only<OrderAcked>().order, make_order_id(1, n));
    const Fill fill = log.only<OrderFilled>().fill;
    EXPECT_EQ(fill.order, make_order_id(1, n));
    EXPECT_EQ(fill.id.view(), "68315169-fba4-4175-ade3-aff14a616657");
    EXPECT_EQ(fill.price, Price{29'999'000});
    EXPECT_EQ(fill.quantity, Quantity{400'000});
    EXPECT_EQ(fill.fee, Decimal::of("59.998"));
    EXPECT_EQ(exchange.universe().asset(fill.fee_asset).name.view(), "KRW");
    EXPECT_EQ(fill.liquidity, Liquidity::Taker);
    EXPECT_EQ(fill.venue_time, wall_from_ms(1710751590421));
    const OrderEnded ended = log.only<OrderEnded>();
    EXPECT_EQ(ended.state, OrderState::Cancelled);
    EXPECT_EQ(ended.filled, Quantity{400'000});
    EXPECT_THAT(log.all<OrderUnknown>(), IsEmpty());
  }
}

TEST_F(UpbitClientTest, takesTheLastFillForTheEndAndTheWordOfItForNothingMore) {
  make_ready();
  place(1);
  answer(accepted, 201);
  text(
      Channel::Trading,
      my_order(
          R"("identifier":null,"state":"trade","trade_uuid":"t-1","price":30000000,"volume":0.01,"remaining_volume":0,"executed_volume":0.01,"trade_fee":null,"is_maker":true,"trade_timestamp":1710751590421)"));
  EXPECT_EQ(log.only<OrderFilled>().fill.fee, Decimal::of("150")) << "by the rate, as none is told";
  EXPECT_EQ(log.only<OrderFilled>().fill.liquidity, Liquidity::Maker);
  EXPECT_EQ(log.only<OrderEnded>().state, OrderState::Filled);
  text(Channel::Trading, my_order(R"("state":"done","remaining_volume":0,"executed_volume":0.01)"));
  EXPECT_EQ(log.only<OrderEnded>().filled, Quantity{1'000'000});
}

TEST_F(UpbitClientTest, tellsRefusalsByTheirReason) {
  const struct {
    int status;
    const char* name;
    RejectReason reason;
  } rows[] = {
      {400, "insufficient_funds_bid", RejectReason::InsufficientFunds},
      {400, "under_min_total_ask", RejectReason::InvalidOrder},
      {400, "invalid_price_bid", RejectReason::InvalidOrder},
      {400, "duplicated_identifier", RejectReason::DuplicateId},
      {400, "notfoundmarket", RejectReason::InstrumentClosed},
      {403, "market_offline", RejectReason::InstrumentClosed},
      {401, "jwt_verification", RejectReason::AuthFailed},
      {403, "out_of_scope", RejectReason::AuthFailed},
      {401, "nonce_used", RejectReason::VenueBusy},
      {400, "something_new", RejectReason::Other},
  };
  make_ready();
  std::uint32_t n = 0;
  for (const auto& row : rows) {
    log.events.clear();
    place(++n);
    answer(error(row.name), row.status);
    EXPECT_EQ(log.only<OrderRejected>().reason, row.reason) << row.name;
    EXPECT_EQ(log.only<OrderRejected>().message.view(), row.name);
    elapsed = elapsed + seconds(1);
  }
}

TEST_F(UpbitClientTest, neverGuessesWhatBecameOfAnOrder) {
  make_ready();
  place(1);
  answer("<html>502</html>", 502);
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::VenueSaysUnknown);
  log.events.clear();
  place(2);
  answer("not JSON at all", 201);
  EXPECT_EQ(log.only<OrderUnknown>().order, make_order_id(1, 2));
  log.events.clear();
  place(3);
  fail_rest(TransportError::TimedOut);
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::TimedOut);
  log.events.clear();
  place(4);
  fail_rest(TransportError::ConnectionLost);
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::ConnectionLost);
  log.events.clear();
  place(5);
  fail_rest(TransportError::NotSent);
  EXPECT_EQ(log.only<OrderNotSent>().order, make_order_id(1, 5));
  EXPECT_THAT(log.all<OrderUnknown>(), IsEmpty());
}

TEST_F(UpbitClientTest, countsItsOrdersByTheSecondAndKeepsCancelsFree) {
  make_ready();
  std::uint32_t n = 0;
  while (client->place(order(n + 1), now(), sent) == SendOutcome::Sent) ++n;
  EXPECT_EQ(n, order_limit);
  EXPECT_EQ(client->place(order(99), now(), sent), SendOutcome::RateLimited);
  std::size_t asked = 0;
  while (client->query_order(
             {make_order_id(1, 200 + static_cast<std::uint32_t>(asked)), exchange.btc(), {}}, now(),
             sent) == SendOutcome::Sent)
    ++asked;
  EXPECT_EQ(asked, default_limit - cancel_reserve);
  for (std::size_t i = 0; i < cancel_reserve; ++i)
    EXPECT_EQ(client->cancel({make_order_id(1, 1), exchange.btc(), {}}, now(), sent),
              SendOutcome::Sent);
  EXPECT_EQ(client->cancel({make_order_id(1, 1), exchange.btc(), {}}, now(), sent),
            SendOutcome::RateLimited);
  elapsed = milliseconds(999);
  EXPECT_EQ(client->place(order(99), now(), sent), SendOutcome::RateLimited);
  elapsed = milliseconds(1000);
  EXPECT_EQ(client->place(order(99), now(), sent), SendOutcome::Sent);
}

TEST_F(UpbitClientTest, believesTheVenueAboutWhatIsLeft) {
  make_ready();
  place(1);
  answer(accepted, 201, "group=order; min=1800; sec=0");
  EXPECT_EQ(client->place(order(2), now(), sent), SendOutcome::RateLimited);
  EXPECT_EQ(client->query_balances(now(), sent), SendOutcome::Sent) << "another group";
  sent.rest.clear();
  elapsed = seconds(1);
  place(3);
  answer("Too many API requests.", 429);
  EXPECT_EQ(log.only<OrderRejected>().reason, RejectReason::RateLimited);
  EXPECT_EQ(client->place(order(4), now(), sent), SendOutcome::RateLimited);
  EXPECT_EQ(client->query_balances(now(), sent), SendOutcome::RateLimited);
  elapsed = seconds(2);
  place(5);
  answer("", 418);  // a ban: nothing at all, and longer when it is renewed
  elapsed = seconds(31);
  EXPECT_EQ(client->place(order(6), now(), sent), SendOutcome::RateLimited);
  EXPECT_EQ(client->cancel({make_order_id(1, 1), exchange.btc(), {}}, now(), sent),
            SendOutcome::RateLimited);
  elapsed = seconds(32);
  place(7);
  answer("", 418);
  elapsed = seconds(91);
  EXPECT_EQ(client->place(order(8), now(), sent), SendOutcome::RateLimited);
  elapsed = seconds(92);
  place(9);
  answer(accepted, 201);
}

TEST_F(UpbitClientTest, saysWhereAnOrderStandsAfterItsFills) {
  make_ready();
  place(1);
  answer(accepted, 201);
  log.events.clear();
  client->query_order({make_order_id(1, 1), exchange.btc(), uuid}, now(), sent);
  EXPECT_EQ(client->query_order({make_order_id(1, 1), exchange.btc(), uuid}, now(), sent),
            SendOutcome::RateLimited)
      << "the answer under way is as good";
  answer(
      R"({"market":"KRW-BTC","uuid":"cdd92199-2897-4e14-9448-f923320408ad","side":"bid","ord_type":"limit","state":"cancel","volume":"0.01","executed_volume":"0.004","paid_fee":"59.9995","trades_count":2,"trades":[{"market":"KRW-BTC","uuid":"t-1","price":"30000000","volume":"0.003","funds":"90000","created_at":"2025-08-09T16:44:00.597751+09:00","side":"bid"},{"market":"KRW-BTC","uuid":"t-2","price":"29999000","volume":"0.001","funds":"29999","created_at":"2025-08-09T16:44:01+09:00","side":"bid"}]})");
  const auto fills = log.all<OrderFilled>();
  ASSERT_THAT(fills, SizeIs(2));
  EXPECT_EQ(fills[0].fill.fee, Decimal::of("45"));
  EXPECT_EQ(fills[1].fill.fee, Decimal::of("14.9995"));
  EXPECT_EQ(fills[1].fill.price, Price{29'999'000});
  EXPECT_EQ(format_rfc3339(fills[0].fill.venue_time), "2025-08-09T07:44:00.597751Z");
  EXPECT_EQ(log.only<OrderFound>().state, OrderState::Cancelled);
  EXPECT_EQ(log.only<OrderFound>().filled, Quantity{400'000});
  ASSERT_TRUE(std::holds_alternative<OrderFound>(log.events.back()));
}

TEST_F(UpbitClientTest, sharesAFeeOfAnotherRateOverTheFillsToTheLastDecimal) {
  make_ready();
  client->query_order({make_order_id(1, 7), exchange.btc(), {}}, now(), sent);
  answer(
      R"({"market":"KRW-BTC","uuid":"u","side":"ask","ord_type":"limit","state":"done","volume":"0.003","executed_volume":"0.003","paid_fee":"10","trades_count":2,"trades":[{"uuid":"t-1","price":"30000000","volume":"0.001","funds":"30000","created_at":"2025-08-09T16:44:00+09:00"},{"uuid":"t-2","price":"30000000","volume":"0.002","funds":"60000","created_at":"2025-08-09T16:44:00+09:00"}]})");
  const auto fills = log.all<OrderFilled>();
  ASSERT_THAT(fills, SizeIs(2));
  EXPECT_EQ(fills[0].fill.fee, Decimal::of("3.333333333333333333"));
  EXPECT_EQ(fills[0].fill.fee + fills[1].fill.fee, Decimal::of("10"));
  EXPECT_EQ(fills[0].fill.side, Side::Sell);
  EXPECT_EQ(log.only<OrderFound>().state, OrderState::Filled);
}

TEST_F(UpbitClientTest, takesNoAnswerForNoOrder) {
  make_ready();
  const auto ask = [&] {
    log.events.clear();
    client->query_order({make_order_id(1, 1), exchange.btc(), {}}, now(), sent);
  };
  ask();
  answer(error("order_not_found"), 404);
  EXPECT_EQ(log.only<OrderNotFound>().order, make_order_id(1, 1));
  ask();
  answer("", 404);
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
  ask();
  answer("[]");
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
  ask();
  fail_rest(TransportError::TimedOut);
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
}

TEST_F(UpbitClientTest, saysOfACancelOnlyWhatIsCertain) {
  make_ready();
  place(1);
  answer(accepted, 201);
  log.events.clear();
  const auto cancel = [&] {
    client->cancel({make_order_id(1, 1), exchange.btc(), uuid}, now(), sent);
  };
  cancel();
  answer(accepted);
  EXPECT_THAT(log.events, IsEmpty()) << "taken is not done";
  cancel();
  answer(error("order_not_found"), 404);
  EXPECT_EQ(log.only<CancelRejected>().reason, RejectReason::Other);
  log.events.clear();
  cancel();
  answer("", 500);
  EXPECT_EQ(log.only<CancelRejected>().reason, RejectReason::VenueBusy);
}

TEST_F(UpbitClientTest, listsItsOpenOrdersPageByPage) {
  make_ready();
  const auto row = [&](const std::string& id, const std::string& executed) {
    return R"({"market":"KRW-BTC","uuid":")" + id +
           R"(","side":"ask","ord_type":"limit","state":"wait","volume":"1","executed_volume":")" +
           executed + R"(","identifier":")" + (id == "foreign" ? "someone" : client_id(5)) +
           R"(","trades_count":)" + (executed == "0" ? "0" : "1") + "}";
  };
  client->query_open_orders(now(), sent);
  std::string page = "[" + row("mine", "0.5");
  for (int i = 1; i < 100; ++i) page += "," + row("foreign", "0");
  answer(page + "]");
  EXPECT_THAT(log.all<ForeignOrder>(), SizeIs(99));
  EXPECT_THAT(log.all<OrderFound>(), IsEmpty()) << "its fills are not there yet";
  EXPECT_EQ(answer("[" + row("mine-2", "0") + "]").target,
            "/v1/orders/open?states[]=wait&states[]=watch&page=2&limit=100");
  EXPECT_EQ(log.only<OrderFound>().state, OrderState::Acked);
  client->on_timer(now(), log, sent);
  ASSERT_THAT(sent.rest, SizeIs(1));
  EXPECT_EQ(sent.rest[0].request.target, "/v1/order?identifier=" + client_id(5));
  log.events.clear();
  answer(
      R"({"market":"KRW-BTC","uuid":"mine","side":"ask","ord_type":"limit","state":"wait","volume":"1","executed_volume":"0.5","paid_fee":"7500","trades_count":1,"trades":[{"uuid":"t","price":"30000000","volume":"0.5","funds":"15000000","created_at":"2025-08-09T16:44:00+09:00"}]})");
  EXPECT_THAT(log.all<OrderFilled>(), SizeIs(1));
  EXPECT_EQ(log.only<OrderFound>().state, OrderState::PartlyFilled);
  client->query_open_orders(now(), sent);
  answer("{}");
  elapsed = seconds(2);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(sent.rest, SizeIs(1)) << "asked again";
}

TEST_F(UpbitClientTest, tellsBalancesWithWhatIsLocked) {
  make_ready();
  client->query_balances(now(), sent);
  answer(
      R"([{"currency":"KRW","balance":"1000000.0","locked":"8004","avg_buy_price":"0"},{"currency":"NIX","balance":"1","locked":"0"},{"currency":"BTC","balance":"0.5","locked":"0"}])");
  ASSERT_THAT(log.all<BalanceReported>(), SizeIs(2));
  EXPECT_EQ(log.all<BalanceReported>()[0].total, Decimal::of("1008004"));
  EXPECT_EQ(log.all<BalanceReported>()[0].held, Decimal::of("8004"));
  EXPECT_THAT(log.all<BalancesComplete>(), SizeIs(1));
  log.events.clear();
  text(
      Channel::Trading,
      R"({"type":"myAsset","asset_uuid":"e635f223-1609-4969-8fb6-4376937baad6","assets":[{"currency":"KRW","balance":1386929.37,"locked":10329.67}],"asset_timestamp":1710146517259,"timestamp":1710146517267,"stream_type":"REALTIME"})");
  EXPECT_EQ(log.only<BalanceReported>().total, Decimal::of("1397259.04"));
  EXPECT_THAT(log.all<BalancesComplete>(), IsEmpty());
}

TEST_F(UpbitClientTest, holdsLiveOrdersForUnknownWhenSomethingWasMissed) {
  make_ready();
  place(1);
  answer(accepted, 201);
  place(2);  // its answer is still to come
  log.events.clear();
  text(Channel::Trading, R"({"type":"myOrder","code":"KRW-BTC"})");
  EXPECT_EQ(outcome, FrameOutcome::Malformed);
  EXPECT_EQ(log.only<OrderUnknown>().order, make_order_id(1, 1));
  log.events.clear();
  text(Channel::Trading, "damaged");
  EXPECT_EQ(log.only<OrderUnknown>().order, make_order_id(1, 1));
  log.events.clear();
  client->on_close(Channel::Trading, now(), log);
  EXPECT_FALSE(client->ready(Channel::Trading));
  client->on_open(Channel::Trading, now(), log, sent);
  EXPECT_THAT(log.all<OrderUnknown>(), IsEmpty());
  text(Channel::Trading, R"({"status":"UP"})");
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::ConnectionLost);
  answer(accepted, 201);
  EXPECT_EQ(log.only<OrderAcked>().order, make_order_id(1, 2));
}

TEST_F(UpbitClientTest, asksForABookOverRest) {
  EXPECT_EQ(client->request_snapshot(exchange.btc(), now(), sent), SendOutcome::Sent);
  EXPECT_EQ(
      answer(
          R"([{"market":"KRW-BTC","timestamp":5,"orderbook_units":[{"ask_price":30001000,"bid_price":30000000,"ask_size":1,"bid_size":2}],"level":0}])")
          .target,
      "/v1/orderbook?markets=KRW-BTC");
  EXPECT_EQ(log.only<BookSnapshot>().last, 5u);
  client->request_snapshot(exchange.btc(), now(), sent);
  answer(R"({"error":{"name":404,"message":"Code not found"}})", 404);
  EXPECT_EQ(log.only<BookFault>().reason, BookFaultReason::SnapshotFailed);
}

}  // namespace
}  // namespace ats::venues::upbit
