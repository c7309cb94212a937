#include "venues/upbit/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "venues/upbit/decoder.hpp"
#include "venues/upbit/server_text.hpp"
#include "venues/upbit/testing_server.hpp"
#include "venues/upbit/testing_sink.hpp"

namespace ats::venues::upbit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* first_order = "6f726465-0000-4000-8000-000000000001";

TEST_F(UpbitServerTest, spellsIdsAndNumbersAsTheVenueDoes) {
  EXPECT_EQ(order_uuid(1), first_order);
  EXPECT_EQ(trade_uuid(InstrumentId{1}, 255), "74726164-0001-4000-8000-0000000000ff");
  for (const std::uint64_t id : {std::uint64_t{1}, std::uint64_t{77'777}})
    EXPECT_EQ(parse_order_uuid(order_uuid(id)), id);
  for (const char* bad :
       {"", "6f726465-0000-4000-8000-000000000000", "6f726465-0000-4000-8000-00000000000g",
        "74726164-0001-4000-8000-0000000000ff"})
    EXPECT_FALSE(parse_order_uuid(bad).has_value()) << bad;
  EXPECT_EQ(market_number(79276, 8), "7.9276E-4");
  EXPECT_EQ(market_number(6, 8), "6E-8");
  EXPECT_EQ(market_number(100'000, 8), "0.001");
  EXPECT_EQ(market_number(50, 8), "5E-7");
  EXPECT_EQ(market_number(14'852'000'000, 2), "148520000");
  EXPECT_EQ(market_number(0, 8), "0");
  EXPECT_EQ(seoul_time(WallTime{1'700'000'000'123'456'000}, false), "2023-11-15T07:13:20+09:00");
  EXPECT_EQ(seoul_time(WallTime{1'700'000'000'123'456'000}, true),
            "2023-11-15T07:13:20.123456+09:00");
}

TEST_F(UpbitServerTest, answersQuotationCallsWithTheVenuesRows) {
  EXPECT_EQ(
      get("/v1/market/all"),
      R"([{"market":"KRW-BTC","korean_name":"BTC","english_name":"BTC"},{"market":"BTC-ETH","korean_name":"ETH","english_name":"ETH"},{"market":"USDT-XRP","korean_name":"XRP","english_name":"XRP"}])");
  EXPECT_THAT(get("/v1/market/all?is_details=true"),
              HasSubstr(R"("market_event":{"warning":false)"));
  EXPECT_EQ(
      get("/v1/orderbook/instruments?markets=KRW-BTC"),
      R"([{"market":"KRW-BTC","quote_currency":"KRW","tick_size":"1000","supported_levels":["0"]}])");
  EXPECT_THAT(
      get("/v1/orderbook?markets=KRW-BTC&count=1"),
      HasSubstr(
          R"("total_ask_size":1,"total_bid_size":1,"orderbook_units":[{"ask_price":30000000,"bid_price":29999000,"ask_size":1,"bid_size":1}],"level":0}])"));
  EXPECT_EQ(get("/v1/orderbook?markets=KRW-BTC&level=10000"), "[]");
  EXPECT_EQ(get("/v1/orderbook?markets=KRW-NIX"),
            R"({"error":{"name":404,"message":"Code not found"}})");
  EXPECT_THAT(get("/v1/orderbook"), HasSubstr(R"("name":400)"));
  EXPECT_THAT(get("/v1/ticker?markets=KRW-BTC"),
              StartsWith(R"([{"market":"KRW-BTC","trade_date")"));
  EXPECT_THAT(get("/v1/ticker/all?quote_currencies=KRW,USDT"), HasSubstr("USDT-XRP"));
  EXPECT_EQ(get("/v1/trades/ticks?market=KRW-BTC"), "[]");
  EXPECT_THAT(get("/v1/nonsense"), HasSubstr("404"));
}

TEST_F(UpbitServerTest, givesMetadataThatTheClientReads) {
  exchange.set_level(exchange.instruments()[2], Side::Buy, 20'000, 5);  // 2.0 USDT
  Universe universe;
  const VenueId venue = universe.add_venue("upbit", test_rules());
  const std::vector<WantedPair> pairs{{"BTC", "KRW"}, {"ETH", "BTC"}, {"XRP", "USDT"}};
  std::vector<HttpResponse> answers;
  for (const HttpRequest& request : metadata_requests(pairs))
    answers.push_back(server.on_http(request));
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  const Instrument& btc = universe.instrument(universe.find_instrument(venue, "KRW-BTC"));
  EXPECT_EQ(btc, exchange.universe().instruments()[0]);
  const Instrument& eth = universe.instrument(universe.find_instrument(venue, "BTC-ETH"));
  EXPECT_EQ(eth.tick, 1);
}

TEST_F(UpbitServerTest, checksTheTokenInTheVenuesOrder) {
  const auto asked = [this](const HttpRequest& request) {
    return error_name(json_, server.on_http(request).body);
  };
  Parameters parameters;
  parameters.add("market", "KRW-BTC");
  HttpRequest request = auth.request("GET", "/v1/orders/chance", parameters, exchange.time);
  HttpRequest changed = request;
  changed.headers.clear();
  EXPECT_EQ(asked(changed), "no_authorization_token");
  changed.headers = {{"Authorization", "Bearer nonsense"}};
  EXPECT_EQ(asked(changed), "jwt_verification");
  Auth stranger({"other", TestExchange::secret_text});
  EXPECT_EQ(asked(stranger.request("GET", "/v1/accounts", {}, exchange.time)),
            "invalid_access_key");
  Auth liar({TestExchange::key, "another secret"});
  EXPECT_EQ(asked(liar.request("GET", "/v1/accounts", {}, exchange.time)), "jwt_verification");
  changed = auth.request("GET", "/v1/orders/chance", parameters, exchange.time);
  changed.target = "/v1/orders/chance?market=BTC-ETH";
  EXPECT_EQ(asked(changed), "invalid_query_payload");
  EXPECT_EQ(asked(request), "");
  EXPECT_EQ(asked(request), "nonce_used");
  EXPECT_EQ(server.on_http(request).status, 401);
  // HS256 is as good, and the order of the parameters is what they are hashed in.
  security::JwtSigner hs256(security::JwtHash::HS256, TestExchange::secret_text);
  request.target = "/v1/orders/open?states%5B%5D=wait&market=KRW-BTC";
  const std::string hash = security::sha512_hex("states[]=wait&market=KRW-BTC");
  request.headers = {
      {"authorization",
       "Bearer " + hs256.sign(R"({"access_key":"sim-key","nonce":"n-1","query_hash":")" + hash +
                              R"(","query_hash_alg":"SHA512"})")}};
  EXPECT_EQ(server.on_http(request).body, "[]");
}

TEST_F(UpbitServerTest, tellsWhatIsLeftOfEachSecondAndLosesPatience) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/v1/orderbook?markets=KRW-BTC";
  EXPECT_EQ(*server.on_http(request).header("Remaining-Req"), "group=orderbook; min=1800; sec=9");
  for (int i = 0; i < 9; ++i) EXPECT_EQ(server.on_http(request).status, 200);
  EXPECT_EQ(server.on_http(request).status, 429);
  request.target = "/v1/market/all";
  EXPECT_EQ(server.on_http(request).status, 200) << "another group";
  exchange.time = exchange.time + seconds(1);
  request.target = "/v1/orderbook?markets=KRW-BTC";
  EXPECT_EQ(server.on_http(request).status, 200);
  for (int i = 0; i < 60; ++i) server.on_http(request);
  exchange.time = exchange.time + seconds(1);
  EXPECT_EQ(server.on_http(request).status, 418);
  exchange.time = exchange.time + seconds(30);
  EXPECT_EQ(server.on_http(request).status, 200);
}

TEST_F(UpbitServerTest, takesOrdersAndTellsWhereTheyStand) {
  Parameters parameters = limit("bid", "0.00027", "29000000");
  parameters.add("identifier", "arb-1");
  const HttpResponse placed_order = ask("POST", "/v1/orders", parameters);
  EXPECT_EQ(placed_order.status, 201);
  EXPECT_EQ(
      placed_order.body,
      R"({"market":"KRW-BTC","uuid":"6f726465-0000-4000-8000-000000000001","side":"bid","ord_type":"limit","price":"29000000","state":"wait","created_at":"2023-11-15T07:13:20+09:00","volume":"0.00027","remaining_volume":"0.00027","reserved_fee":"3.915","remaining_fee":"3.915","paid_fee":"0","locked":"7833.915","executed_volume":"0","prevented_volume":"0","prevented_locked":"0","identifier":"arb-1","trades_count":0})");
  Parameters by_name;
  by_name.add("identifier", "arb-1");
  EXPECT_THAT(ask("GET", "/v1/order", by_name).body, HasSubstr(R"("trades":[])"));
  EXPECT_THAT(ask("GET", "/v1/orders/open").body, HasSubstr(first_order));
  Parameters watching;
  watching.add("state", "watch");
  EXPECT_EQ(ask("GET", "/v1/orders/open", watching).body, "[]");
  EXPECT_THAT(ask("GET", "/v1/accounts").body,
              HasSubstr(R"("currency":"KRW","balance":"99992170","locked":"7830")"));
  EXPECT_THAT(ask("DELETE", "/v1/order", by_name).body, HasSubstr(R"("state":"wait")"));
  EXPECT_THAT(ask("GET", "/v1/order", by_name).body, HasSubstr(R"("state":"cancel")"));
  const HttpResponse again = ask("DELETE", "/v1/order", by_name);
  EXPECT_EQ(again.status, 404);
  EXPECT_EQ(error_name(json_, again.body), "order_not_found");
  EXPECT_THAT(ask("GET", "/v1/orders/closed").body, HasSubstr(first_order));
  Parameters ids;
  ids.add("uuids[]", first_order).add("uuids[]", "nonsense");
  EXPECT_THAT(ask("GET", "/v1/orders/uuids", ids).body, HasSubstr(first_order));
  EXPECT_THAT(ask("DELETE", "/v1/orders/uuids", ids).body,
              StartsWith(R"({"success":{"count":0,"orders":[]},"failed":{"count":2)"));
  // An identifier is used up.
  EXPECT_EQ(placed(parameters), "duplicated_identifier");
}

TEST_F(UpbitServerTest, fillsAtOnceAndAnswersAsWaitingAllTheSame) {
  const HttpResponse response = ask("POST", "/v1/orders", limit("bid", "1.5", "30001000"));
  EXPECT_THAT(response.body, HasSubstr(R"("state":"wait")"));
  EXPECT_THAT(response.body, HasSubstr(R"("executed_volume":"0")"));
  Parameters uuid;
  uuid.add("uuid", first_order);
  const std::string done = ask("GET", "/v1/order", uuid).body;
  EXPECT_THAT(done, HasSubstr(R"("state":"done")"));
  EXPECT_THAT(done, HasSubstr(R"("paid_fee":"22500.25","locked":"0","executed_volume":"1.5")"));
  EXPECT_THAT(
      done,
      HasSubstr(
          R"("trades_count":2,"trades":[{"market":"KRW-BTC","uuid":"74726164-0000-4000-8000-000000000001","price":"30000000","volume":"1","funds":"30000000","trend":"up")"));
  EXPECT_THAT(get("/v1/trades/ticks?market=KRW-BTC&count=5"),
              HasSubstr(R"("trade_price":30001000,"trade_volume":0.5)"));
  EXPECT_THAT(get("/v1/ticker?markets=KRW-BTC"),
              HasSubstr(R"("change":"RISE","change_price":1000)"));
}

TEST_F(UpbitServerTest, buysForAnAmountAndCallsWhatIsLeftACancel) {
  Parameters buy;
  buy.add("market", "KRW-BTC").add("side", "bid").add("ord_type", "price").add("price", "10000");
  const HttpResponse response = ask("POST", "/v1/orders", buy);
  EXPECT_EQ(response.status, 201);
  EXPECT_THAT(response.body, HasSubstr(R"("ord_type":"price","price":"10000","state":"wait")"));
  EXPECT_THAT(response.body, Not(HasSubstr(R"("volume":)")));
  Parameters uuid;
  uuid.add("uuid", first_order);
  const std::string over = ask("GET", "/v1/order", uuid).body;
  EXPECT_THAT(over, HasSubstr(R"("state":"cancel")")) << "0.1 KRW could buy nothing more";
  EXPECT_THAT(over, HasSubstr(R"("executed_volume":"0.00033333")"));
  Parameters exact;
  exact.add("market", "KRW-BTC").add("side", "bid").add("ord_type", "price").add("price", "30000");
  EXPECT_EQ(placed(exact), "");
  Parameters second;
  second.add("uuid", order_uuid(2));
  EXPECT_THAT(ask("GET", "/v1/order", second).body, HasSubstr(R"("state":"done")"));
  Parameters sell;
  sell.add("market", "KRW-BTC").add("side", "ask").add("ord_type", "market").add("volume", "0.5");
  const HttpResponse sold = ask("POST", "/v1/orders", sell);
  EXPECT_THAT(sold.body, Not(HasSubstr(R"("price":)")));
  EXPECT_THAT(sold.body, HasSubstr(R"("volume":"0.5")"));
  Parameters best;
  best.add("market", "KRW-BTC").add("side", "bid").add("ord_type", "best").add("price", "60000");
  EXPECT_EQ(placed(Parameters(best).add("time_in_force", "ioc")), "");
  EXPECT_EQ(placed(best), "invalid_time_in_force");
}

TEST_F(UpbitServerTest, namesTheRuleThatAnOrderBreaks) {
  const auto with = [](Parameters parameters, const char* name, const char* value) {
    return parameters.add(name, value);
  };
  EXPECT_EQ(placed(limit("bid", "0.01", "29000500")), "invalid_price_bid");
  EXPECT_EQ(placed(limit("ask", "0.01", "31000000.5")), "invalid_price_ask");
  EXPECT_EQ(placed(limit("bid", "0.0001", "29000000")), "under_min_total_bid");
  EXPECT_EQ(placed(limit("bid", "100", "29000000")), "over_krw_funds_bid");
  EXPECT_EQ(placed(limit("bid", "20", "29000000")), "insufficient_funds_bid");
  EXPECT_EQ(placed(limit("bid", "x", "29000000")), "validation_error");
  EXPECT_EQ(placed(limit("hold", "1", "29000000")), "validation_error");
  EXPECT_EQ(placed(with(limit("bid", "0.01", "29000000"), "time_in_force", "gtd")),
            "invalid_time_in_force");
  EXPECT_EQ(placed(with(with(limit("bid", "0.01", "29000000"), "time_in_force", "post_only"),
                        "smp_type", "reduce")),
            "invalid_post_only");
  EXPECT_EQ(placed(with(limit("bid", "0.01", "30000000"), "time_in_force", "post_only")),
            "create_bid_error");
  EXPECT_EQ(placed(with(limit("bid", "0.01", "29000000"), "time_in_force", "post_only")), "");
  EXPECT_EQ(placed(with(limit("bid", "0.01", "29000000"), "smp_type", "cancel_maker")), "");
  EXPECT_EQ(
      placed(with(limit("bid", "0.01", "29000000"), "identifier", std::string(65, 'x').c_str())),
      "validation_error");
  Parameters stop;
  stop.add("market", "KRW-BTC").add("side", "bid").add("ord_type", "stop");
  EXPECT_EQ(placed(stop), "validation_error");
  Parameters nowhere;
  EXPECT_EQ(placed(nowhere.add("market", "KRW-NIX")), "notfoundmarket");
  Parameters both;
  both.add("market", "KRW-BTC").add("side", "ask").add("ord_type", "market");
  EXPECT_EQ(placed(Parameters(both).add("volume", "1").add("price", "1")), "create_ask_error");
  EXPECT_EQ(placed(both), "create_ask_error");
  EXPECT_EQ(ask("POST", "/v1/orders/test", limit("bid", "0.01", "29000000")).status, 201);
  const std::size_t orders = exchange.open_orders(AccountId{0}).size();
  EXPECT_EQ(orders, 2u) << "what is tested is not placed";
}

TEST_F(UpbitServerTest, maintenanceStopsOrdersAndCancels) {
  EXPECT_EQ(placed(limit("bid", "0.01", "29000000")), "");
  server.set_fault(ServerFault::Maintenance, true);
  EXPECT_EQ(placed(limit("bid", "0.01", "29000000")), "market_offline");
  Parameters uuid;
  uuid.add("uuid", first_order);
  EXPECT_EQ(ask("DELETE", "/v1/order", uuid).status, 403);
  server.set_fault(ServerFault::Maintenance, false);
  EXPECT_EQ(ask("DELETE", "/v1/order", uuid).status, 200);
  EXPECT_EQ(server.refuse(Refusal::RateLimit).status, 429);
  EXPECT_EQ(server.refuse(Refusal::Ban).status, 418);
  EXPECT_EQ(server.refuse(Refusal::ServerError).status, 500);
  EXPECT_FALSE(server.refuse_order(Refusal::Ban, "[]").has_value());
}

TEST_F(UpbitServerTest, sendsASnapshotPerCodeThenWholeBooksInTheFormatAskedFor) {
  const struct {
    const char* format;
    const char* start;
  } rows[] = {{"DEFAULT", R"({"type":"orderbook","code":"KRW-BTC","timestamp":)"},
              {"SIMPLE", R"({"ty":"orderbook","cd":"KRW-BTC","tms":)"},
              {"JSON_LIST", R"([{"type":"orderbook","code":"KRW-BTC","timestamp":)"},
              {"SIMPLE_LIST", R"([{"ty":"orderbook","cd":"KRW-BTC","tms":)"}};
  SessionId session = 0;
  for (const auto& row : rows) {
    server.on_open(++session, "/websocket/v1", out);
    server.on_text(
        session,
        R"([{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC.1","KRW-NIX"]},{"format":")" +
            std::string(row.format) + R"("}])",
        out);
    auto frames = out.take(session);
    ASSERT_THAT(frames, SizeIs(1)) << row.format;
    EXPECT_THAT(frames[0], StartsWith(row.start));
    EXPECT_THAT(frames[0], HasSubstr("SNAPSHOT"));
    EXPECT_FALSE(server.is_book_delta(frames[0]));
    exchange.set_level(exchange.btc(), Side::Buy, 29'997'000, 12'345);
    flush();
    frames = out.take(session);
    ASSERT_THAT(frames, SizeIs(1)) << row.format;
    EXPECT_THAT(frames[0], HasSubstr("REALTIME"));
    EXPECT_TRUE(server.is_book_delta(frames[0]));
    Decoder decoder(exchange.venue(), exchange.universe());
    KeepingSink sink;
    ASSERT_EQ(decoder.on_frame(frames[0], Instant{}, sink), FrameOutcome::Decoded) << frames[0];
    EXPECT_EQ(decoder.declined(), 0u) << frames[0];
    ASSERT_THAT(sink.books, SizeIs(1));
    EXPECT_THAT(sink.books[0].bids, SizeIs(1)) << "one level was asked for";
  }
  // A new request takes the place of the one before.
  server.on_text(1, R"([{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"]}])", out);
  out.sent.clear();
  exchange.set_level(exchange.btc(), Side::Buy, 29'997'000, 12'346);
  flush();
  EXPECT_THAT(out.take(1), IsEmpty());
  EXPECT_THAT(out.take(2), SizeIs(1));
  server.on_text(2, R"([{"ticket":"u"},{"method":"LIST_SUBSCRIPTIONS"}])", out);
  EXPECT_THAT(
      out.take(2),
      ElementsAre(
          R"({"method":"LIST_SUBSCRIPTIONS","result":[{"type":"orderbook","codes":["KRW-BTC.1","KRW-NIX"],"level":0}],"ticket":"u"})"));
}

TEST_F(UpbitServerTest, saysWhatIsWrongWithARequestAndHangsUp) {
  const struct {
    const char* request;
    const char* name;
  } rows[] = {
      {"{damaged", "WRONG_FORMAT"},
      {R"({"ticket":"t"})", "WRONG_FORMAT"},
      {R"([{"type":"trade","codes":["KRW-BTC"]}])", "NO_TICKET"},
      {R"([{"ticket":"t"}])", "NO_TYPE"},
      {R"([{"ticket":"t"},{"type":"trade"}])", "NO_CODES"},
      {R"([{"ticket":"t"},{"type":"nope","codes":["KRW-BTC"]}])", "INVALID_PARAM"},
      {R"([{"ticket":"t"},{"type":"trade","codes":["KRW-BTC"]},{"format":"XML"}])", "WRONG_FORMAT"},
      {R"([{"ticket":"t"},{"type":"myOrder"}])", "INVALID_AUTH"}};
  SessionId session = 0;
  for (const auto& row : rows) {
    server.on_open(++session, "/websocket/v1", out);
    server.on_text(session, row.request, out);
    EXPECT_THAT(out.take(session),
                ElementsAre(StartsWith(std::string(R"({"error":{"name":")") + row.name)))
        << row.request;
    EXPECT_EQ(out.closed.back(), session);
  }
  server.on_open(++session, "/websocket/v1", out);
  for (int i = 0; i < 5; ++i) server.on_text(session, "PING", out);
  EXPECT_THAT(out.take(session), SizeIs(5));
  server.on_text(session, "PING", out);
  EXPECT_THAT(out.take(session), ElementsAre(HasSubstr("TOO_MANY_REQUEST")));
}

TEST_F(UpbitServerTest, keepsAliveWhoAskedAndClosesWhoIsSilent) {
  server.on_open(1, "/websocket/v1", out);
  server.on_open(2, "/websocket/v1", out);
  server.on_text(1, "PING", out);
  EXPECT_THAT(out.take(1), ElementsAre(R"({"status":"UP"})"));
  for (int i = 0; i < 12; ++i) {
    exchange.time = exchange.time + seconds(10);
    server.on_tick(out);
    EXPECT_THAT(out.take(1), ElementsAre(R"({"status":"UP"})"));
  }
  EXPECT_THAT(out.closed, ElementsAre(2u));
}

TEST_F(UpbitServerTest, tellsAnAccountItsOrdersAndBalances) {
  HttpRequest stranger;
  stranger.method = "GET";
  stranger.target = "/websocket/v1/private";
  EXPECT_EQ(server.refuse_upgrade(stranger)->status, 401);
  EXPECT_TRUE(server.accepts("/websocket/v1/private"));
  EXPECT_FALSE(server.accepts("/websocket"));
  open_private(1);
  server.on_text(1, R"([{"ticket":"t"},{"type":"myOrder"},{"type":"myAsset"}])", out);
  EXPECT_THAT(out.take(1), IsEmpty()) << "silence until something happens";
  Parameters parameters = limit("bid", "1.5", "30000000");
  ask("POST", "/v1/orders", parameters.add("time_in_force", "ioc"));
  flush();
  const auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(5));
  EXPECT_THAT(frames[0], StartsWith(R"({"type":"myOrder","code":"KRW-BTC","uuid":")"));
  EXPECT_THAT(
      frames[0],
      HasSubstr(
          R"("ask_bid":"BID","order_type":"limit","state":"wait","trade_uuid":null,"price":30000000,"avg_price":null,"volume":1.5)"));
  EXPECT_THAT(frames[0], HasSubstr(R"("identifier":null)"));
  EXPECT_THAT(
      frames[1],
      HasSubstr(
          R"("state":"trade","trade_uuid":"74726164-0000-4000-8000-000000000001","price":30000000,"avg_price":30000000,"volume":1,"remaining_volume":0.5,"executed_volume":1,"trades_count":1)"));
  EXPECT_THAT(frames[1], HasSubstr(R"("trade_fee":15000,"is_maker":false)"));
  EXPECT_THAT(frames[2], HasSubstr(R"("state":"cancel")"));
  EXPECT_THAT(frames[2], HasSubstr(R"("locked":0)"));
  EXPECT_THAT(frames[3], StartsWith(R"({"type":"myAsset","asset_uuid":")"));
  EXPECT_THAT(frames[4],
              HasSubstr(R"("assets":[{"currency":"KRW","balance":69985000,"locked":0}])"));
  open_private(2);
  server.on_text(2, R"([{"ticket":"t"},{"type":"myAsset","codes":["KRW-BTC"]}])", out);
  EXPECT_THAT(out.take(2), ElementsAre(HasSubstr("WRONG_FORMAT")));
}

}  // namespace
}  // namespace ats::venues::upbit
