#include "venues/binance/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "venues/binance/metadata.hpp"
#include "venues/binance/testing_exchange.hpp"
#include "venues/percent.hpp"

namespace ats::venues::binance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string hmac(std::string_view payload, std::string_view secret = test_secret) {
  security::HmacSigner signer(security::HashKind::Sha256, secret);
  std::uint8_t digest[32];
  signer.sign(payload, digest);
  std::string hex(64, '\0');
  security::to_hex(digest, hex.data());
  return hex;
}

struct Desk : ServerOutbox {
  Desk() : universe(test_universe()), exchange(universe), server(exchange) {
    exchange.on_update = [this](const OrderUpdate& u) { server.on_order(u, *this); };
  }
  virtual ~Desk() = default;
  void send_text(SessionId session, std::string_view frame) override {
    frames.emplace_back(session, frame);
  }
  void send_binary(SessionId session, std::string_view) override {
    ADD_FAILURE() << "a binary frame, to session " << session;
  }
  void close(SessionId session, int code, std::string_view) override {
    closed.emplace_back(session, code);
  }
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (auto& [session, frame] : frames) texts.push_back(frame);
    frames.clear();
    return texts;
  }

  HttpResponse get(std::string_view target) {
    return server.on_http({"GET", std::string(target), {}, {}});
  }
  std::string stamp() const { return std::to_string(exchange.clock.ns_utc / 1'000'000); }
  // A signed call; parameters in the query, or in a form body for POST.
  HttpResponse ask(std::string_view method, std::string_view path, std::string parameters) {
    if (!parameters.empty()) parameters += '&';
    parameters += "timestamp=" + stamp();
    parameters += "&signature=" + hmac(parameters);
    HttpRequest request{std::string(method), std::string(path), {{"x-mbx-apikey", test_key}}, {}};
    if (method == "POST") {
      request.body = parameters;
    } else {
      request.target += "?" + parameters;
    }
    return server.on_http(request);
  }
  // Over the WebSocket API: `sorted` are the parameters but key and time, name=value, sorted.
  std::string api(std::string_view method,
                  std::vector<std::pair<std::string, std::string>> values) {
    values.emplace_back("apiKey", test_key);
    values.emplace_back("timestamp", stamp());
    std::ranges::sort(values);
    std::string payload;
    std::string json;
    for (const auto& [name, value] : values) {
      payload += (payload.empty() ? "" : "&") + name + "=" + value;
      json += (json.empty() ? "\"" : ",\"") + name +
              "\":" + (name == "timestamp" ? value : "\"" + value + "\"");
    }
    server.on_text(9,
                   R"({"id":"x1","method":")" + std::string(method) + R"(","params":{)" + json +
                       R"(,"signature":")" + hmac(payload) + R"("}})",
                   *this);
    return frames.empty() ? "" : frames.back().second;
  }

  Universe universe;
  TestExchange exchange;
  SpotServer server;
  std::vector<std::pair<SessionId, std::string>> frames;
  std::vector<std::pair<SessionId, int>> closed;
};

constexpr std::string_view limit_order =
    "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=60000";

TEST(BinanceServer, AnswersPublicQuestions) {
  Desk desk;
  EXPECT_EQ(desk.get("/api/v3/ping").body, "{}");
  EXPECT_EQ(desk.get("/api/v3/time").body, R"({"serverTime":1790000000000})");
  desk.exchange.image = {42, {{{6'000'000}, {150'000'000}}}, {{{6'000'100}, {1'000}}}};
  EXPECT_EQ(desk.get("/api/v3/depth?symbol=BTCUSDT&limit=5").body,
            R"({"lastUpdateId":42,"bids":[["60000.00000000","1.50000000"]],)"
            R"("asks":[["60001.00000000","0.00001000"]]})");
  EXPECT_EQ(desk.get("/api/v3/ticker/bookTicker?symbol=ETHUSDT").body,
            R"({"symbol":"ETHUSDT","bidPrice":"60000.00000000","bidQty":"1.50000000",)"
            R"("askPrice":"60001.00000000","askQty":"0.00001000"})");
  desk.exchange.prints = {
      {InstrumentId{0}, 5, Side::Sell, {5'900'000}, {100'000'000}, desk.exchange.clock},
      {InstrumentId{0}, 6, Side::Buy, {6'000'000}, {100'000'000}, desk.exchange.clock}};
  EXPECT_THAT(
      desk.get("/api/v3/trades?symbol=BTCUSDT").body,
      HasSubstr(
          R"({"id":5,"price":"59000.00000000","qty":"1.00000000","quoteQty":"59000.00000000","time":1790000000000,"isBuyerMaker":true,"isBestMatch":true})"));
  EXPECT_THAT(desk.get("/api/v3/aggTrades?symbol=BTCUSDT").body,
              HasSubstr(R"({"a":6,"p":"60000.00000000","q":"1.00000000","f":6,"l":6)"));
  EXPECT_THAT(desk.get("/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22%5D").body,
              HasSubstr(R"("priceChange":"1000.00000000","priceChangePercent":"1.694")"));
  EXPECT_EQ(desk.get("/api/v3/ticker/price").body,
            R"([{"symbol":"BTCUSDT","price":"60000.00000000"},)"
            R"({"symbol":"ETHUSDT","price":"60000.00000000"}])");
  EXPECT_EQ(desk.get("/api/v3/depth").status, 400);
  EXPECT_THAT(desk.get("/api/v3/depth").body, HasSubstr("-1102"));
  EXPECT_EQ(desk.get("/api/v3/depth?symbol=NOPE").body,
            R"({"code":-1121,"msg":"Invalid symbol."})");
  EXPECT_EQ(desk.get("/api/v3/depth?symbol=%zz").status, 400);
  EXPECT_EQ(desk.get("/api/v3/nothing").status, 404);
  EXPECT_EQ(desk.server.on_http({"POST", "/api/v3/depth", {}, {}}).status, 405);
}

TEST(BinanceServer, WhatItSaysOfItsInstrumentsIsWhatTheClientReads) {
  Desk desk;
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}, {"ETH", "USDT"}};
  const auto requests = metadata_requests(pairs);
  const HttpResponse answer = desk.server.on_http(requests.at(0));
  ASSERT_EQ(answer.status, 200) << answer.body;
  Universe universe;
  const VenueId venue = universe.add_venue("binance", {});
  ASSERT_TRUE(read_metadata({&answer, 1}, pairs, venue, universe));
  const Instrument& ours = universe.instrument(universe.find_instrument(venue, "BTCUSDT"));
  const Instrument& theirs = desk.universe.instrument(InstrumentId{0});
  EXPECT_EQ(ours.price_decimal({ours.tick}), theirs.price_decimal({theirs.tick}));
  EXPECT_EQ(ours.quantity_decimal({ours.lot}), theirs.quantity_decimal({theirs.lot}));
  EXPECT_EQ(ours.min_notional, theirs.min_notional);
  EXPECT_EQ(desk.get("/api/v3/exchangeInfo?symbol=NOPE").status, 400);
}

TEST(BinanceServer, WhatClientsAskOfOtherProductsIsEmpty) {
  Desk desk;
  EXPECT_EQ(desk.get("/sapi/v1/margin/allPairs").body, "[]");
  EXPECT_EQ(desk.get("/sapi/v1/capital/config/getall?timestamp=1").body, "[]");
  EXPECT_EQ(desk.get("/fapi/v1/exchangeInfo").body, R"({"symbols":[]})");
  EXPECT_EQ(desk.get("/dapi/v1/exchangeInfo").body, R"({"symbols":[]})");
}

TEST(BinanceServer, ChecksKeyThenParametersThenSignatureThenTimeThenSymbol) {
  Desk desk;
  const auto refused = [&](const HttpRequest& request) {
    const HttpResponse response = desk.server.on_http(request);
    EXPECT_NE(response.status, 200);
    const std::size_t at = response.body.find("-");
    return response.body.substr(at, 5);
  };
  const std::string path = "/api/v3/order?";
  const std::vector<HttpHeader> key{{"X-MBX-APIKEY", test_key}};
  EXPECT_EQ(refused({"GET", path, {}, {}}), "-2014");
  EXPECT_EQ(refused({"GET", path, {{"X-MBX-APIKEY", "unknown"}}, {}}), "-2015");
  EXPECT_EQ(refused({"GET", path + "signature=1", key, {}}), "-1102");
  EXPECT_EQ(refused({"GET", path + "timestamp=1", key, {}}), "-1102");
  EXPECT_EQ(refused({"GET", path + "timestamp=1&signature=00", key, {}}), "-1022");
  const auto with_signature = [&](const std::string& query) {
    return HttpRequest{"GET", path + query + "&signature=" + hmac(query), key, {}};
  };
  EXPECT_EQ(refused(with_signature("timestamp=1")), "-1021");
  EXPECT_EQ(refused(with_signature("timestamp=1790000001000")), "-1021") << "a second ahead";
  EXPECT_EQ(refused(with_signature("recvWindow=60001&timestamp=1790000000000")), "-1131");
  EXPECT_EQ(refused(with_signature("recvWindow=100&timestamp=1789999999899")), "-1021");
  EXPECT_EQ(refused(with_signature("symbol=NOPE&recvWindow=100.5&timestamp=1789999999900")),
            "-1121");
  EXPECT_EQ(refused(with_signature("symbol=BTCUSDT&timestamp=1790000000000999")), "-1102")
      << "microseconds are fine; no order is named";
}

TEST(BinanceServer, QueryAndBodyAreSignedTogetherAndUpperCaseHexIsFine) {
  Desk desk;
  const std::string query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
  const std::string body = "quantity=0.1&price=60000&timestamp=1790000000000";
  std::string signature = hmac(query + body);
  for (char& c : signature) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  const HttpResponse response = desk.server.on_http({"POST",
                                                     "/api/v3/order?" + query,
                                                     {{"X-MBX-APIKEY", test_key}},
                                                     body + "&signature=" + signature});
  EXPECT_EQ(response.status, 200) << response.body;
  ASSERT_NE(response.header("X-MBX-ORDER-COUNT-10S"), nullptr);
  EXPECT_EQ(*response.header("X-MBX-ORDER-COUNT-10S"), "1");
}

TEST(BinanceServer, AnOrderIsPlacedFoundListedAndCancelled) {
  Desk desk;
  HttpResponse response =
      desk.ask("POST", "/api/v3/order", std::string(limit_order) + "&newClientOrderId=mine-1");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body,
            R"({"symbol":"BTCUSDT","orderId":1,"orderListId":-1,"clientOrderId":"mine-1",)"
            R"("transactTime":1790000000000,"price":"60000.00000000","origQty":"0.10000000",)"
            R"("executedQty":"0.00000000","origQuoteOrderQty":"0.00000000",)"
            R"("cummulativeQuoteQty":"0.00000000","status":"NEW","timeInForce":"GTC",)"
            R"("type":"LIMIT","side":"BUY","workingTime":1790000000000,"fills":[],)"
            R"("selfTradePreventionMode":"EXPIRE_MAKER"})");
  response = desk.ask("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine-1");
  EXPECT_THAT(response.body, HasSubstr(R"("status":"NEW")"));
  EXPECT_THAT(response.body, HasSubstr(R"("clientOrderId":"mine-1")"));
  EXPECT_THAT(desk.ask("GET", "/api/v3/openOrders", "").body, HasSubstr("mine-1"));
  EXPECT_EQ(desk.ask("GET", "/api/v3/openOrders", "symbol=ETHUSDT").body, "[]");
  EXPECT_THAT(desk.ask("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=1&origClientOrderId=x").body,
              HasSubstr("-2039"));
  EXPECT_THAT(desk.ask("GET", "/api/v3/order", "symbol=ETHUSDT&orderId=1").body,
              HasSubstr("-2013"));
  response =
      desk.ask("DELETE", "/api/v3/order", "symbol=BTCUSDT&orderId=1&newClientOrderId=cancel-1");
  EXPECT_THAT(response.body, HasSubstr(R"("status":"CANCELED")"));
  EXPECT_THAT(response.body,
              HasSubstr(R"("origClientOrderId":"mine-1","clientOrderId":"cancel-1")"));
  EXPECT_EQ(desk.ask("DELETE", "/api/v3/order", "symbol=BTCUSDT&orderId=1").body,
            R"({"code":-2011,"msg":"Unknown order sent."})");
  EXPECT_THAT(desk.ask("GET", "/api/v3/allOrders", "symbol=BTCUSDT").body,
              HasSubstr(R"("status":"CANCELED")"));
  EXPECT_THAT(desk.ask("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT").body, HasSubstr("-2011"));
  desk.ask("POST", "/api/v3/order", std::string(limit_order));
  EXPECT_THAT(desk.ask("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT").body,
              HasSubstr(R"("origClientOrderId":"made-by-venue-)"));
}

TEST(BinanceServer, AnIocThatFilledInPartExpiredWithItsFills) {
  Desk desk;
  desk.exchange.fill_now = {4'000'000};
  std::string order(limit_order);
  order.replace(order.find("GTC"), 3, "IOC");
  const HttpResponse response = desk.ask("POST", "/api/v3/order", order);
  EXPECT_THAT(response.body, HasSubstr(R"("executedQty":"0.04000000")"));
  EXPECT_THAT(response.body,
              HasSubstr(R"("cummulativeQuoteQty":"2400.00000000","status":"EXPIRED")"));
  EXPECT_THAT(
      response.body,
      HasSubstr(
          R"("fills":[{"price":"60000.00000000","qty":"0.04000000","commission":"0.00004000","commissionAsset":"BTC","tradeId":1}])"));
  EXPECT_THAT(response.body, HasSubstr(R"("expiryReason":"UNFILLED_IOC_QUANTITY_EXPIRED")"));
  EXPECT_THAT(desk.ask("GET", "/api/v3/myTrades", "symbol=BTCUSDT&orderId=1").body,
              HasSubstr(R"("isBuyer":true,"isMaker":false)"));
}

TEST(BinanceServer, RefusesOrdersByTheirNamesAndNumbers) {
  Desk desk;
  const auto refused = [&](std::string_view change_from, std::string_view change_to) {
    std::string order(limit_order);
    order.replace(order.find(change_from), change_from.size(), change_to);
    const HttpResponse response = desk.ask("POST", "/api/v3/order", order);
    EXPECT_EQ(response.status, 400) << response.body;
    return response.body;
  };
  EXPECT_THAT(refused("BTCUSDT", "BTCUSD"), HasSubstr("-1121"));
  EXPECT_THAT(refused("side=BUY&", ""), HasSubstr("-1102"));
  EXPECT_THAT(refused("BUY", "HOLD"), HasSubstr("-1117"));
  EXPECT_THAT(refused("LIMIT", "STOP"), HasSubstr("-1116"));
  EXPECT_THAT(refused("GTC", "GTX"), HasSubstr("-1115"));
  EXPECT_THAT(refused("&timeInForce=GTC", ""), HasSubstr("'timeInForce'"));
  EXPECT_THAT(refused("price=60000", "price=60000.001"), HasSubstr("PRICE_FILTER"));
  EXPECT_THAT(refused("price=60000", "price=60000.000000001"), HasSubstr("-1111"));
  EXPECT_THAT(refused("price=60000", "price=6e4x"), HasSubstr("-1100"));
  EXPECT_THAT(refused("price=60000", "price="), HasSubstr("'price'"));
  EXPECT_THAT(refused("quantity=0.1", "quantity=0.100001"), HasSubstr("LOT_SIZE"));
  EXPECT_THAT(refused("quantity=0.1", "quantity=-1"), HasSubstr("LOT_SIZE"));
  EXPECT_THAT(refused("price=60000", "price=60000&newClientOrderId=no%20good"), HasSubstr("-1100"));
  EXPECT_THAT(desk.exchange.placed, IsEmpty());
  EXPECT_EQ(desk.ask("POST", "/api/v3/order/test", std::string(limit_order)).body, "{}");
  EXPECT_THAT(desk.exchange.placed, IsEmpty());
  desk.exchange.refuse = PlaceFault::InsufficientFunds;
  EXPECT_THAT(desk.ask("POST", "/api/v3/order", std::string(limit_order)).body,
              HasSubstr("Account has insufficient balance for requested action."));
}

TEST(BinanceServer, MarketOrdersTakeAQuantityOrAnAmount) {
  Desk desk;
  desk.ask("POST", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100.5");
  desk.ask("POST", "/api/v3/order", "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.5");
  ASSERT_EQ(desk.exchange.placed.size(), 2u);
  EXPECT_EQ(desk.exchange.placed[0].quote_amount, Decimal::of("100.5"));
  EXPECT_EQ(desk.exchange.placed[1].quantity.units, 50'000'000);
  EXPECT_EQ(desk.exchange.placed[1].kind, OrderKind::Market);
}

TEST(BinanceServer, TellsBalancesAndFees) {
  Desk desk;
  desk.exchange.held = {{AssetId{1}, Decimal::of("2"), Decimal::of("0.5")}, {AssetId{2}, {}, {}}};
  const std::string all = desk.ask("GET", "/api/v3/account", "").body;
  EXPECT_THAT(all, HasSubstr(R"("makerCommission":10,"takerCommission":10)"));
  EXPECT_THAT(all, HasSubstr(R"({"asset":"BTC","free":"1.50000000","locked":"0.50000000"})"));
  EXPECT_THAT(all, HasSubstr(R"("asset":"USDT")"));
  EXPECT_THAT(desk.ask("GET", "/api/v3/account", "omitZeroBalances=true").body,
              testing::Not(HasSubstr("USDT")));
  EXPECT_THAT(desk.ask("GET", "/api/v3/account/commission", "symbol=BTCUSDT").body,
              HasSubstr(R"("standardCommission":{"maker":"0.00100000","taker":"0.00100000")"));
  EXPECT_THAT(desk.ask("GET", "/api/v3/rateLimit/order", "").body, HasSubstr(R"("ORDERS")"));
}

TEST(BinanceServer, WeightIsCountedToldAndEnforcedAndIgnoringThatIsABan) {
  Desk desk;
  HttpResponse response = desk.get("/api/v3/depth?symbol=BTCUSDT&limit=5000");
  EXPECT_EQ(*response.header("X-MBX-USED-WEIGHT-1M"), "250");
  for (int i = 1; i < 24; ++i) response = desk.get("/api/v3/depth?symbol=BTCUSDT&limit=5000");
  EXPECT_EQ(response.status, 200);
  response = desk.get("/api/v3/ping");
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.body, HasSubstr("-1003"));
  ASSERT_NE(response.header("retry-after"), nullptr);
  desk.exchange.clock = desk.exchange.clock + seconds(std::stoi(*response.header("retry-after")));
  EXPECT_EQ(desk.get("/api/v3/ping").status, 200) << "the next minute";
  for (int i = 0; i < 24; ++i) desk.get("/api/v3/depth?symbol=BTCUSDT&limit=5000");
  for (int i = 0; i < 40; ++i) response = desk.get("/api/v3/depth?symbol=BTCUSDT&limit=5000");
  EXPECT_EQ(response.status, 418);
  EXPECT_EQ(*response.header("Retry-After"), "120");
}

TEST(BinanceServer, TooManyOrdersInTenSecondsAreRefused) {
  Desk desk;
  HttpResponse response;
  for (int i = 0; i < 101; ++i)
    response = desk.ask("POST", "/api/v3/order", std::string(limit_order));
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.body, HasSubstr("-1015"));
  desk.exchange.clock = desk.exchange.clock + seconds(10);
  EXPECT_EQ(desk.ask("POST", "/api/v3/order", std::string(limit_order)).status, 200);
}

// --- streams ---

TEST(BinanceServer, ServesStreamsNamedInThePathOrSubscribedTo) {
  Desk desk;
  EXPECT_TRUE(desk.server.accepts("/ws"));
  EXPECT_TRUE(desk.server.accepts("/ws/btcusdt@trade"));
  EXPECT_TRUE(desk.server.accepts("/stream"));
  EXPECT_TRUE(desk.server.accepts("/ws-api/v3"));
  EXPECT_FALSE(desk.server.accepts("/api/v3/depth"));
  desk.server.on_open(1, "/ws/btcusdt@trade/btcusdt@depth@100ms", desk);
  desk.server.on_open(2, "/stream?streams=btcusdt@trade/ethusdt@trade", desk);
  desk.server.on_open(3, "/ws/0", desk);
  desk.server.on_text(3, R"({"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":"a"})", desk);
  EXPECT_THAT(desk.take(), ElementsAre(R"({"result":null,"id":"a"})"));
  desk.server.on_trade({InstrumentId{0}, 7, Side::Buy, {6'000'000}, {1'000}, desk.exchange.clock},
                       desk);
  const std::string trade =
      R"({"e":"trade","E":1790000000000,"s":"BTCUSDT","t":7,"p":"60000.00000000",)"
      R"("q":"0.00001000","T":1790000000000,"m":false,"M":true})";
  EXPECT_THAT(
      desk.take(),
      ElementsAre(
          trade, R"({"stream":"btcusdt@trade","data":)" + trade + "}",
          R"({"e":"aggTrade","E":1790000000000,"s":"BTCUSDT","a":7,"p":"60000.00000000","q":"0.00001000","f":7,"l":7,"T":1790000000000,"m":false,"M":true})"));
  desk.server.on_close(1);
  desk.server.on_close(2);
  desk.server.on_text(3, R"({"method":"UNSUBSCRIBE","params":["btcusdt@aggTrade"],"id":2})", desk);
  desk.take();
  desk.server.on_trade({InstrumentId{0}, 8, Side::Buy, {6'000'000}, {1'000}, desk.exchange.clock},
                       desk);
  EXPECT_THAT(desk.take(), IsEmpty());
}

TEST(BinanceServer, DiffsComeTenTimesOrOnceASecondWithContiguousIds) {
  Desk desk;
  desk.server.on_open(1, "/ws/btcusdt@depth@100ms", desk);
  desk.server.on_open(2, "/ws/btcusdt@depth", desk);
  std::vector<std::string> fast;
  std::vector<std::string> slow;
  for (Sequence id = 1; id <= 20; ++id) {
    desk.server.on_book({InstrumentId{0},
                         id,
                         id,
                         desk.exchange.clock,
                         {{{100}, {static_cast<std::int64_t>(id)}}},
                         {}},
                        desk);
    desk.server.on_tick(desk);
    for (const auto& [session, frame] : desk.frames) {
      (session == 1 ? fast : slow).push_back(frame.substr(frame.find("\"U\"")));
    }
    desk.frames.clear();
  }
  EXPECT_EQ(fast.size(), 20u);
  EXPECT_EQ(fast[4], R"("U":5,"u":5,"b":[["1.00000000","0.00000005"]],"a":[]})");
  EXPECT_THAT(slow, ElementsAre(R"("U":1,"u":10,"b":[["1.00000000","0.00000010"]],"a":[]})",
                                R"("U":11,"u":20,"b":[["1.00000000","0.00000020"]],"a":[]})"));
  desk.server.on_tick(desk);
  EXPECT_THAT(desk.take(), IsEmpty()) << "no news, no event";
}

TEST(BinanceServer, TheBestPricesAreToldWhenTheyChange) {
  Desk desk;
  desk.server.on_open(1, "/ws/btcusdt@bookTicker", desk);
  desk.exchange.image = {42, {{{6'000'000}, {150'000'000}}}, {}};
  desk.server.on_tick(desk);
  desk.server.on_tick(desk);
  EXPECT_THAT(desk.take(), ElementsAre(R"({"u":42,"s":"BTCUSDT","b":"60000.00000000",)"
                                       R"("B":"1.50000000","a":"0.00000000","A":"0.00000000"})"));
}

TEST(BinanceServer, OnlyDiffsAreChangesOfABook) {
  for (const char* path : {"/stream?streams=btcusdt@depth@100ms/btcusdt@trade/btcusdt@bookTicker",
                           "/ws/btcusdt@depth@100ms"}) {
    Desk desk;
    desk.server.on_open(1, path, desk);
    desk.exchange.image = {42, {{{6'000'000}, {150'000'000}}}, {}};
    desk.server.on_trade({InstrumentId{0}, 1, Side::Buy, {1}, {1}, desk.exchange.clock}, desk);
    const std::vector<Level> bids{{{6'000'000}, {150'000'000}}};
    desk.server.on_book({InstrumentId{0}, 1, 1, desk.exchange.clock, bids, {}}, desk);
    desk.server.on_tick(desk);
    std::size_t deltas = 0;
    for (const std::string& frame : desk.take()) {
      const bool delta = desk.server.is_book_delta(frame);
      EXPECT_EQ(delta, frame.find("\"U\":") != std::string::npos) << frame;
      if (delta) ++deltas;
    }
    EXPECT_EQ(deltas, 1u);
  }
}

TEST(BinanceServer, UnderstandsTheOtherStreamRequestsAndSaysWhatIsWrong) {
  Desk desk;
  desk.server.on_open(1, "/stream", desk);
  const auto ask = [&](std::string_view request) {
    desk.exchange.clock = desk.exchange.clock + seconds(1);
    desk.server.on_text(1, request, desk);
    const auto answers = desk.take();
    return answers.empty() ? std::string() : answers.back();
  };
  ask(R"({"method":"SUBSCRIBE","params":["b@trade","a@trade"],"id":1})");
  EXPECT_EQ(ask(R"({"method":"LIST_SUBSCRIPTIONS","id":3})"),
            R"({"result":["a@trade","b@trade"],"id":3})");
  EXPECT_EQ(ask(R"({"method":"GET_PROPERTY","params":["combined"],"id":4})"),
            R"({"result":true,"id":4})");
  EXPECT_EQ(ask(R"({"method":"SET_PROPERTY","params":["combined",false],"id":5})"),
            R"({"result":null,"id":5})");
  EXPECT_EQ(ask(R"({"method":"GET_PROPERTY","params":["combined"],"id":null})"),
            R"({"result":false,"id":null})");
  EXPECT_THAT(ask("{"), HasSubstr(R"("code":3)"));
  EXPECT_THAT(ask(R"({"id":1})"), HasSubstr("missing field `method`"));
  EXPECT_THAT(ask(R"({"method":"SUBSCRIBE","id":1})"), HasSubstr("missing field `params`"));
  EXPECT_THAT(ask(R"({"method":"SUBSCRIBE","params":[1],"id":1})"), HasSubstr(R"("code":2)"));
  EXPECT_THAT(ask(R"({"method":"DANCE","params":[],"id":1})"), HasSubstr("unknown variant"));
  EXPECT_THAT(ask(R"({"method":"SET_PROPERTY","params":["x",1],"id":1})"),
              HasSubstr(R"("code":0)"));
  EXPECT_THAT(ask(R"({"method":"SET_PROPERTY","params":["combined",1],"id":1})"),
              HasSubstr(R"("code":1)"));
  std::string many = R"({"method":"SUBSCRIBE","params":[)";
  for (int i = 0; i < 1'025; ++i) many += (i == 0 ? "\"s" : ",\"s") + std::to_string(i) + "\"";
  EXPECT_THAT(ask(many + R"(],"id":1})"), HasSubstr("too many streams"));
}

TEST(BinanceServer, ASessionThatSendsTooMuchIsClosed) {
  Desk desk;
  desk.server.on_open(1, "/ws", desk);
  for (int i = 0; i < 5; ++i)
    desk.server.on_text(1, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", desk);
  EXPECT_THAT(desk.closed, IsEmpty());
  desk.server.on_text(1, R"({"method":"LIST_SUBSCRIPTIONS","id":1})", desk);
  EXPECT_THAT(desk.closed, ElementsAre(std::pair(SessionId{1}, 1008)));
}

// --- WebSocket API ---

TEST(BinanceServer, OrdersOverTheWebSocketApiAnswerByTheirIdAndTellTheAccount) {
  Desk desk;
  desk.server.on_open(9, "/ws-api/v3", desk);
  EXPECT_THAT(desk.api("userDataStream.subscribe.signature", {}),
              HasSubstr(R"({"id":"x1","status":200,"result":{"subscriptionId":0},"rateLimits":[)"));
  EXPECT_THAT(desk.api("userDataStream.subscribe.signature", {}), HasSubstr("-2035"));
  desk.take();
  const std::vector<std::pair<std::string, std::string>> order{
      {"symbol", "BTCUSDT"}, {"side", "BUY"},     {"type", "LIMIT"},         {"timeInForce", "GTC"},
      {"price", "60000"},    {"quantity", "0.1"}, {"newClientOrderId", "me"}};
  desk.exchange.fill_now = {1'000'000};
  desk.api("order.place", order);
  const auto frames = desk.take();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(
      frames[0],
      R"({"subscriptionId":0,"event":{"e":"executionReport","E":1790000000000,"s":"BTCUSDT","c":"me","S":"BUY","o":"LIMIT","f":"GTC","q":"0.10000000","p":"60000.00000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"NEW","X":"NEW","r":"NONE","i":1,"l":"0.00000000","z":"0.00000000","L":"0.00000000","n":"0","N":null,"T":1790000000000,"t":-1,"I":1,"w":true,"m":false,"M":false,"O":1790000000000,"Z":"0.00000000","Y":"0.00000000","Q":"0.00000000","W":1790000000000,"V":"EXPIRE_MAKER"}})");
  EXPECT_THAT(frames[1], HasSubstr(R"("x":"TRADE","X":"PARTIALLY_FILLED")"));
  EXPECT_THAT(
      frames[1],
      HasSubstr(
          R"("l":"0.01000000","z":"0.01000000","L":"60000.00000000","n":"0.00001000","N":"BTC")"));
  EXPECT_THAT(frames[2],
              HasSubstr(R"({"id":"x1","status":200,"result":{"symbol":"BTCUSDT","orderId":1)"));
  EXPECT_THAT(
      frames[2],
      HasSubstr(
          R"("rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100,"count":1)"));
  EXPECT_THAT(desk.api("order.status", {{"symbol", "BTCUSDT"}, {"orderId", "1"}}),
              HasSubstr("PARTIALLY_FILLED"));
  EXPECT_THAT(desk.api("openOrders.status", {}), HasSubstr(R"("result":[{"orderId":1)"));
  EXPECT_THAT(desk.api("account.status", {}), HasSubstr(R"("accountType":"SPOT")"));
  EXPECT_THAT(desk.api("order.cancel", {{"symbol", "BTCUSDT"}, {"origClientOrderId", "me"}}),
              HasSubstr("CANCELED"));
  EXPECT_THAT(desk.api("order.cancel", {{"symbol", "BTCUSDT"}, {"origClientOrderId", "me"}}),
              HasSubstr(R"("status":400,"error":{"code":-2011)"));
  desk.take();
  desk.server.on_balance(AccountId{1}, {AssetId{1}, Decimal::of("2"), Decimal::of("0.5")}, desk);
  desk.server.on_balance(AccountId{2}, {AssetId{1}, Decimal::of("3"), Decimal()}, desk);
  EXPECT_THAT(desk.take(),
              ElementsAre(R"({"subscriptionId":0,"event":{"e":"outboundAccountPosition",)"
                          R"("E":1790000000000,"u":1790000000000,)"
                          R"("B":[{"a":"BTC","f":"1.50000000","l":"0.50000000"}]}})"));
  desk.api("userDataStream.unsubscribe", {});
  desk.take();
  desk.server.on_balance(AccountId{1}, {AssetId{1}, Decimal::of("2"), Decimal()}, desk);
  EXPECT_THAT(desk.take(), IsEmpty());
}

TEST(BinanceServer, TheWebSocketApiRefusesLikeRestDoes) {
  Desk desk;
  desk.server.on_open(9, "/ws-api/v3", desk);
  const auto ask = [&](std::string_view request) {
    desk.server.on_text(9, request, desk);
    return desk.take().back();
  };
  EXPECT_THAT(ask(R"({"id":1,"method":"ping"})"), HasSubstr(R"({"id":1,"status":200,"result":{})"));
  EXPECT_EQ(ask(R"({"id":1,"method":"time","params":{"returnRateLimits":false}})"),
            R"({"id":1,"status":200,"result":{"serverTime":1790000000000}})");
  EXPECT_THAT(ask(R"({"id":2,"method":"order.place","params":{}})"), HasSubstr("-2014"));
  EXPECT_THAT(ask(R"({"id":2,"method":"order.place","params":{"apiKey":"no"}})"),
              HasSubstr("-2015"));
  EXPECT_THAT(ask(R"({"id":2,"method":"order.place","params":{"apiKey":")" + std::string(test_key) +
                  R"(","timestamp":1,"signature":"00"}})"),
              HasSubstr("-1022"));
  EXPECT_THAT(ask(R"({"id":3,"method":"fly"})"), HasSubstr("Unknown method"));
  EXPECT_THAT(ask("[]"), HasSubstr(R"({"id":null,"status":400)"));
  for (int i = 0; i < 23; ++i) desk.get("/api/v3/depth?symbol=BTCUSDT&limit=5000");
  for (int i = 0; i < 20; ++i) ask(R"({"id":4,"method":"exchangeInfo"})");
  EXPECT_THAT(ask(R"({"id":4,"method":"exchangeInfo"})"),
              HasSubstr(R"("status":429,"error":{"code":-1003)"));
}

TEST(BinanceServer, InMaintenanceItRefusesAndSendsEveryoneAway) {
  Desk desk;
  desk.server.on_open(1, "/ws", desk);
  desk.server.on_open(9, "/ws-api/v3", desk);
  desk.server.set_fault(ServerFault::Maintenance, true);
  desk.server.on_tick(desk);
  EXPECT_THAT(desk.take(), ElementsAre(R"({"e":"serverShutdown","E":1790000000000})",
                                       R"({"event":{"e":"serverShutdown","E":1790000000000}})"));
  EXPECT_EQ(desk.closed.size(), 2u);
  EXPECT_EQ(desk.get("/api/v3/ping").status, 503);
  desk.server.on_open(2, "/ws", desk);
  EXPECT_EQ(desk.closed.size(), 3u);
  desk.server.set_fault(ServerFault::Maintenance, false);
  EXPECT_EQ(desk.get("/api/v3/ping").status, 200);
}

TEST(BinanceServer, AConnectionLivesTwentyFourHours) {
  Desk desk;
  desk.server.on_open(1, "/ws/btcusdt@trade", desk);
  desk.exchange.clock = desk.exchange.clock + hours(1);
  desk.server.on_open(9, "/ws-api/v3", desk);
  desk.exchange.clock = desk.exchange.clock + (hours(23) - milliseconds(1));
  desk.server.on_tick(desk);
  EXPECT_TRUE(desk.closed.empty());
  desk.exchange.clock = desk.exchange.clock + milliseconds(1);
  desk.server.on_tick(desk);
  EXPECT_THAT(desk.closed, ElementsAre(std::pair(SessionId{1}, 1001)));
  desk.server.on_trade({InstrumentId{0}, 1, Side::Buy, {1}, {1}, desk.exchange.clock}, desk);
  EXPECT_TRUE(desk.take().empty()) << "nothing is sent to it any more";
  desk.exchange.clock = desk.exchange.clock + hours(1);
  desk.server.on_tick(desk);
  EXPECT_EQ(desk.closed.size(), 2u);
}

TEST(BinanceServer, AnyBytesAreAnsweredOrRefusedAndNeverBreakIt) {
  Desk desk;
  Rng rng(5);
  const std::string request =
      R"({"id":"x1","method":"order.place","params":{"symbol":"BTCUSDT","side":"BUY"}})";
  for (int i = 0; i < 20'000; ++i) {
    std::string spoilt = request;
    for (int n = 0; n < 3; ++n) spoilt[rng.below(spoilt.size())] = static_cast<char>(rng.next());
    desk.server.on_open(9, "/ws-api/v3", desk);
    desk.server.on_text(9, spoilt, desk);
    desk.server.on_open(1, "/ws?" + spoilt, desk);
    desk.server.on_text(1, spoilt, desk);
    desk.server.on_http({"GET", "/api/v3/depth?" + spoilt, {}, spoilt});
    desk.frames.clear();
  }
  EXPECT_THAT(desk.exchange.placed, IsEmpty());
}

TEST(BinancePercent, EncodesAndDecodesEveryByte) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decoded(percent_encoded(all), true), all);
  EXPECT_EQ(percent_encoded("１"), "%EF%BC%91");
  EXPECT_EQ(percent_decoded("a+b", true), "a b");
  EXPECT_EQ(percent_decoded("a+b", false), "a+b");
  for (const std::string_view bad : {"%", "%1", "%g1", "%1g"})
    EXPECT_FALSE(percent_decoded(bad, false));
}

}  // namespace
}  // namespace ats::venues::binance
