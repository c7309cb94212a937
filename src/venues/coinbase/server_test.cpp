#include "venues/coinbase/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "venues/coinbase/auth.hpp"
#include "venues/coinbase/client.hpp"
#include "venues/coinbase/server_text.hpp"
#include "venues/coinbase/testing_exchange.hpp"
#include "venues/coinbase/testing_model_book.hpp"

namespace ats::venues::coinbase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

struct Frames final : ServerOutbox {
  void send_text(SessionId session, std::string_view frame) override {
    sent[session].emplace_back(frame);
  }
  void send_binary(SessionId session, std::string_view) override {
    ADD_FAILURE() << "a binary frame, to session " << session;
  }
  void close(SessionId session, int, std::string_view) override { closed.push_back(session); }
  std::vector<std::string> take(SessionId session) { return std::exchange(sent[session], {}); }
  std::map<SessionId, std::vector<std::string>> sent;
  std::vector<SessionId> closed;
};

class CoinbaseServerTest : public testing::Test {
 protected:
  HttpResponse call(const std::string& method, const std::string& path,
                    const std::string& body = "") {
    HttpRequest request;
    request.method = method;
    request.target = "/api/v3/brokerage" + path;
    request.body = body;
    request.headers = {
        {"Authorization", "Bearer " + auth.rest_token(method, request.target, exchange.time)}};
    return server.on_http(request);
  }
  std::string get(const std::string& path) { return call("GET", path).body; }
  HttpResponse open_get(const std::string& target) {
    return server.on_http({"GET", target, {}, {}});
  }
  static std::string limit_order(const std::string& id, const std::string& side,
                                 const std::string& kind, const std::string& price,
                                 const std::string& size, const std::string& more = "") {
    return R"({"client_order_id":")" + id + R"(","product_id":"BTC-USD","side":")" + side +
           R"(","order_configuration":{")" + kind + R"(":{"base_size":")" + size +
           R"(","limit_price":")" + price + "\"" + more + "}}}";
  }
  // Tells what happened since, in order.
  void flush() {
    while (!exchange.order_news.empty()) {
      server.on_order(exchange.order_news.front(), out);
      exchange.order_news.pop_front();
    }
    while (!exchange.prints.empty()) {
      server.on_trade(exchange.prints.front(), out);
      exchange.prints.pop_front();
    }
    exchange.balance_news.clear();
    while (!exchange.changes.empty()) {
      server.on_book(exchange.changes.front(), out);
      exchange.changes.pop_front();
    }
    server.on_tick(out);
  }
  void pass(Duration time) {
    exchange.time = exchange.time + time;
    server.on_tick(out);
  }
  void say(SessionId session, const std::string& frame) { server.on_text(session, frame, out); }

  TestExchange exchange;
  CoinbaseServer server{exchange};
  Auth auth{exchange.account};
  Frames out;
};

TEST_F(CoinbaseServerTest, spellsIdsAsUuidsAndReadsThemBack) {
  EXPECT_EQ(order_text(1), "00000000-0000-4000-8000-000000000001");
  EXPECT_NE(trade_text(InstrumentId{1}, 1), trade_text(InstrumentId{0}, 1));
  for (const std::uint64_t id : {std::uint64_t{1}, std::uint64_t{77'777}, ~std::uint64_t{0}})
    EXPECT_EQ(parse_order_text(order_text(id)), id);
  for (const char* bad :
       {"", "00000000-0000-4000-8000-00000000000", "no", "00000000-0000-4000-b000-000000000001",
        "0000000g-0000-4000-8000-000000000001"})
    EXPECT_FALSE(parse_order_text(bad).has_value()) << bad;
}

TEST_F(CoinbaseServerTest, answersPublicCallsWithoutAToken) {
  EXPECT_EQ(
      open_get("/api/v3/brokerage/time").body,
      R"({"iso":"2023-11-14T22:13:20.000000Z","epochSeconds":"1700000000","epochMillis":"1700000000000"})");
  const std::string products = open_get("/api/v3/brokerage/market/products").body;
  EXPECT_THAT(products, HasSubstr(R"("product_id":"BTC-USD")"));
  EXPECT_THAT(products, HasSubstr(R"("price_increment":"0.01")"));
  EXPECT_THAT(products, HasSubstr(R"("num_products":2)"));
  EXPECT_THAT(products, HasSubstr(R"("alias":"ETH-USD")"));
  EXPECT_EQ(open_get("/api/v3/brokerage/market/products?product_type=FUTURE").body,
            R"({"products":[],"num_products":0})");
  EXPECT_EQ(
      open_get("/api/v3/brokerage/market/product_book?product_id=BTC-USD&limit=1").body,
      R"({"pricebook":{"product_id":"BTC-USD","bids":[{"price":"29999","size":"1"}],"asks":[{"price":"30000","size":"1"}],"time":"2023-11-14T22:13:20.000000Z"}})");
  EXPECT_THAT(open_get("/api/v3/brokerage/market/products/BTC-USD/ticker?limit=1").body,
              HasSubstr(R"("best_bid":"29999","best_ask":"30000")"));
  EXPECT_THAT(open_get("/v2/currencies").body, HasSubstr(R"("id":"USD")"));
  EXPECT_THAT(open_get("/v2/currencies/crypto").body, HasSubstr(R"("code":"BTC")"));
  EXPECT_EQ(open_get("/api/v3/brokerage/market/products/NO-SUCH").status, 404);
  EXPECT_EQ(open_get("/api/v3/brokerage/market/nonsense").status, 404);
  EXPECT_EQ(open_get("/elsewhere").status, 404);
}

TEST_F(CoinbaseServerTest, givesMetadataThatTheClientReads) {
  Universe universe;
  const VenueId venue = universe.add_venue("coinbase", {});
  const std::vector<WantedPair> pairs{{"BTC", "USD"}, {"ETH", "USDC"}};
  std::vector<HttpResponse> answers;
  for (const HttpRequest& request : metadata_requests(pairs))
    answers.push_back(server.on_http(request));
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  for (Instrument theirs : exchange.universe().instruments()) {
    const Instrument& ours =
        universe.instrument(universe.find_instrument(venue, theirs.symbol.view()));
    theirs.max_quantity = ours.max_quantity;  // a maximum beyond all sizes is spelled out
    EXPECT_EQ(ours, theirs);
  }
}

TEST_F(CoinbaseServerTest, checksWhoAsksForWhat) {
  const std::string path = "/api/v3/brokerage/accounts";
  const auto status = [&](const std::string& token, const std::string& target) {
    return server.on_http({"GET", target, {{"Authorization", "Bearer " + token}}, {}}).status;
  };
  const std::string good = auth.rest_token("GET", path, exchange.time);
  EXPECT_EQ(status(good, path), 200);
  EXPECT_EQ(status(good, path + "?limit=3"), 200);  // a query does not count
  EXPECT_EQ(status(good, "/api/v3/brokerage/transaction_summary"), 401);
  EXPECT_EQ(status(auth.rest_token("POST", path, exchange.time), path), 401);
  EXPECT_EQ(status(auth.rest_token("GET", path, exchange.time + seconds(-121)), path), 401);
  EXPECT_EQ(status(auth.rest_token("GET", path, exchange.time + seconds(-119)), path), 200);
  EXPECT_EQ(status(auth.rest_token("GET", path, exchange.time + seconds(60)), path), 401);
  EXPECT_EQ(status(auth.stream_token(exchange.time), path), 401);
  std::string broken = good;
  broken[broken.size() - 3] = broken[broken.size() - 3] == 'A' ? 'B' : 'A';
  EXPECT_EQ(status(broken, path), 401);
  Auth stranger(simulated_credentials(std::string(64, 'b')));
  EXPECT_EQ(status(stranger.rest_token("GET", path, exchange.time), path), 401);
  Credentials wrong = exchange.account;
  wrong.secret = simulated_credentials(std::string(64, 'b')).secret;
  Auth forger(wrong);
  EXPECT_EQ(status(forger.rest_token("GET", path, exchange.time), path), 401);
  const HttpResponse refused = server.on_http({"GET", path, {}, {}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.body, "Unauthorized");
  // Other clients' tokens: a list of calls, with the scheme in front of the host.
  const std::string claims =
      R"({"aud":["cdp_service"],"iss":"cdp","nbf":1700000000,"exp":1700000120,"sub":")" +
      exchange.account.key +
      R"(","iat":1700000000,"uris":["GET http://127.0.0.1:9103/api/v3/brokerage/accounts"]})";
  auto signer =
      *security::KeySigner::make(*security::read_private_key(exchange.account.secret.reveal()));
  const std::string input = security::jwt_signing_input(
      token_header(security::KeyCurve::P256, exchange.account.key, "x"), claims);
  EXPECT_EQ(status(security::jwt_token(input, signer.sign(input)), path), 200);
  const std::string lie = security::jwt_signing_input(
      token_header(security::KeyCurve::Ed25519, exchange.account.key, "x"), claims);
  EXPECT_EQ(status(security::jwt_token(lie, signer.sign(lie)), path), 401);
}

TEST_F(CoinbaseServerTest, takesTokensOfEdwardsKeysToo) {
  exchange.account.secret =
      "k0BUni0p0vZG1BdpVjS6ogBJ7kxm630AJ2dN+tuputDOKsRAwgyrpEQLeBtS1znTmzPX6Xr2eOWpzx6nW8knkA==";
  auth = Auth(exchange.account);
  EXPECT_EQ(call("GET", "/accounts").status, 200);
}

TEST_F(CoinbaseServerTest, placesOrdersAndRefusesThemWithStatus200) {
  const auto place = [&](const std::string& body) { return call("POST", "/orders", body); };
  const HttpResponse placed =
      place(limit_order("a", "SELL", "limit_limit_gtc", "31000", "0.01", R"(,"post_only":false)"));
  EXPECT_EQ(placed.status, 200);
  EXPECT_THAT(placed.body, StartsWith(R"({"success":true,)"));
  EXPECT_THAT(
      placed.body,
      HasSubstr(
          R"("success_response":{"order_id":"00000000-0000-4000-8000-000000000001","product_id":"BTC-USD","side":"SELL","client_order_id":"a"})"));
  // A repeated id names the order there is.
  EXPECT_EQ(place(limit_order("a", "BUY", "sor_limit_ioc", "1", "1")).body, placed.body);
  EXPECT_EQ(exchange.open_orders(AccountId{0}).size(), 1u);
  const auto reason = [&](const std::string& body) {
    const HttpResponse response = place(body);
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.body, StartsWith(R"({"success":false,)"));
    const std::size_t at = response.body.find(R"("error":")") + 9;
    return response.body.substr(at, response.body.find('"', at) - at);
  };
  EXPECT_EQ(reason(limit_order("b", "BUY", "sor_limit_ioc", "30000", "100")), "INSUFFICIENT_FUND");
  EXPECT_EQ(reason(limit_order("c", "BUY", "sor_limit_ioc", "30000.001", "1")),
            "INVALID_PRICE_PRECISION");
  EXPECT_EQ(reason(limit_order("d", "BUY", "sor_limit_ioc", "-1", "1")), "INVALID_LIMIT_PRICE");
  EXPECT_EQ(reason(limit_order("e", "BUY", "sor_limit_ioc", "30000", "0.000000001")),
            "INVALID_SIZE_PRECISION");
  EXPECT_EQ(reason(limit_order("f", "BUY", "limit_limit_gtd", "30000", "1")),
            "UNSUPPORTED_ORDER_CONFIGURATION");
  EXPECT_EQ(reason(limit_order("g", "HOLD", "sor_limit_ioc", "30000", "1")), "INVALID_SIDE");
  EXPECT_EQ(
      reason(limit_order("h", "BUY", "limit_limit_gtc", "30000", "1", R"(,"post_only":true)")),
      "INVALID_LIMIT_PRICE_POST_ONLY");
  std::string elsewhere = limit_order("i", "BUY", "sor_limit_ioc", "30000", "1");
  elsewhere.replace(elsewhere.find("BTC-USD"), 7, "NO-SUCH");
  EXPECT_EQ(reason(elsewhere), "INVALID_PRODUCT_ID");
  server.set_fault(ServerFault::Maintenance, true);
  EXPECT_EQ(reason(limit_order("j", "BUY", "sor_limit_ioc", "30000", "1")), "ORDER_ENTRY_DISABLED");
  EXPECT_THAT(get("/products"), HasSubstr(R"("trading_disabled":true)"));
  server.set_fault(ServerFault::Maintenance, false);
  for (const char* bad : {"", "{}", R"({"client_order_id":""})",
                          R"({"client_order_id":"k","product_id":"BTC-USD","side":"BUY"})"})
    EXPECT_EQ(place(bad).status, 400) << bad;
  EXPECT_EQ(call("POST", "/orders/edit", "{}").status, 404);
}

TEST_F(CoinbaseServerTest, listsOrdersFillsAndWallets) {
  call("POST", "/orders", limit_order("a", "BUY", "sor_limit_ioc", "30001", "1.5"));
  call("POST", "/orders", limit_order("b", "SELL", "limit_limit_gtc", "31000", "0.01"));
  const std::string one = get("/orders/historical/" + order_text(1));
  EXPECT_THAT(one, HasSubstr(R"("status":"FILLED")"));
  EXPECT_THAT(one, HasSubstr(R"("filled_size":"1.5")"));
  EXPECT_THAT(one, HasSubstr(R"("sor_limit_ioc":{"base_size":"1.5","limit_price":"30001"})"));
  EXPECT_EQ(call("GET", "/orders/historical/" + order_text(9)).status, 404);
  const std::string open = get("/orders/historical/batch?order_status=OPEN");
  EXPECT_THAT(open, HasSubstr(order_text(2)));
  EXPECT_THAT(open, Not(HasSubstr(order_text(1))));
  const std::string page = get("/orders/historical/batch?limit=1");
  EXPECT_THAT(page, HasSubstr(order_text(2)));  // newest first
  EXPECT_THAT(page, HasSubstr(R"("has_next":true,"cursor":"1")"));
  EXPECT_THAT(get("/orders/historical/batch?limit=1&cursor=1"), HasSubstr(order_text(1)));
  EXPECT_THAT(get("/orders/historical/batch?start_date=2030-01-01T00%3A00%3A00Z"),
              HasSubstr(R"("orders":[])"));
  EXPECT_EQ(get("/orders/historical/fills?order_ids=" + order_text(1)),
            R"({"fills":[],"cursor":""})");  // a moment later
  exchange.time = exchange.time + milliseconds(100);
  const std::string fills = get("/orders/historical/fills?order_ids=" + order_text(1));
  EXPECT_THAT(fills, HasSubstr(R"("price":"30001","size":"0.5")"));
  EXPECT_THAT(fills, HasSubstr(R"("liquidity_indicator":"TAKER")"));
  EXPECT_EQ(get("/orders/historical/fills?order_ids=" + order_text(2)),
            R"({"fills":[],"cursor":""})");
  const std::string wallets = get("/accounts?limit=250");
  EXPECT_THAT(
      wallets,
      HasSubstr(R"("currency":"BTC","available_balance":{"value":"3.49","currency":"BTC"})"));
  EXPECT_THAT(wallets, HasSubstr(R"("hold":{"value":"0.01","currency":"BTC"})"));
  EXPECT_THAT(get("/accounts?limit=1"), HasSubstr(R"("has_next":true,"cursor":"1","size":1)"));
  EXPECT_THAT(get("/transaction_summary"), HasSubstr(R"("taker_fee_rate":"0.012")"));
  EXPECT_THAT(get("/key_permissions"), HasSubstr(R"("can_trade":true)"));
  EXPECT_THAT(get("/best_bid_ask?product_ids=BTC-USD"), HasSubstr(R"("pricebooks":[{)"));
}

TEST_F(CoinbaseServerTest, takesOrdersBackByTheirIds) {
  call("POST", "/orders", limit_order("a", "SELL", "limit_limit_gtc", "31000", "0.01"));
  const auto cancel = [&](const std::string& ids) {
    return call("POST", "/orders/batch_cancel", R"({"order_ids":[)" + ids + "]}");
  };
  const std::string quoted = "\"" + order_text(1) + "\"";
  EXPECT_THAT(cancel(quoted).body, StartsWith(R"({"results":[{"success":true,)"));
  EXPECT_THAT(cancel(quoted).body, HasSubstr("INVALID_CANCEL_REQUEST"));
  EXPECT_THAT(cancel(R"("nonsense")").body, HasSubstr("UNKNOWN_CANCEL_ORDER"));
  EXPECT_EQ(cancel("").status, 400);
  EXPECT_EQ(cancel("1").status, 400);
  EXPECT_THAT(get("/orders/historical/" + order_text(1)), HasSubstr(R"("status":"CANCELLED")"));
}

TEST_F(CoinbaseServerTest, countsRequestsAndSaysHowManyAreLeft) {
  const HttpResponse first = call("GET", "/accounts");
  ASSERT_NE(first.header("x-ratelimit-remaining"), nullptr);
  EXPECT_EQ(*first.header("x-ratelimit-limit"), "30");
  EXPECT_EQ(*first.header("x-ratelimit-remaining"), "29");
  HttpResponse last = first;
  for (int i = 0; i < 40 && last.status == 200; ++i) last = call("GET", "/accounts");
  EXPECT_EQ(last.status, 429);
  EXPECT_THAT(last.body, HasSubstr("rate_limit_exceeded"));
  exchange.time = exchange.time + seconds(1);
  EXPECT_EQ(call("GET", "/accounts").status, 200);
  EXPECT_EQ(server.refuse(Refusal::RateLimit).status, 429);
  EXPECT_EQ(*server.refuse(Refusal::Ban).header("x-ratelimit-reset"), "30");
  EXPECT_EQ(server.refuse(Refusal::ServerError).status, 500);
  EXPECT_TRUE(server.is_order({"POST", "/api/v3/brokerage/orders", {}, {}}));
  EXPECT_FALSE(server.is_order({"GET", "/api/v3/brokerage/accounts", {}, {}}));
}

// --- streams ---

TEST_F(CoinbaseServerTest, closesConnectionsThatAskForNothingOrHaveNothingToSay) {
  server.on_open(1, "/", out);
  server.on_open(2, "/", out);
  say(2, R"({"type":"subscribe","channel":"level2","product_ids":["BTC-USD"]})");
  server.on_open(3, "/", out);
  say(3, R"({"type":"subscribe","channel":"heartbeats"})");
  pass(seconds(5));
  EXPECT_THAT(out.closed, ElementsAre(1u));
  for (int i = 0; i < 80; ++i) pass(seconds(1));
  EXPECT_THAT(out.closed, ElementsAre(1u, 2u));  // the third hears heartbeats
  EXPECT_GT(out.sent[3].size(), 70u);
}

TEST_F(CoinbaseServerTest, numbersEveryMessageOfAConnection) {
  server.on_open(1, "/", out);
  say(1, R"({"type":"subscribe","channel":"heartbeats"})");
  say(1, R"({"type":"subscribe","channel":"level2","product_ids":["BTC-USD"]})");
  pass(seconds(1));
  const auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(4));
  for (std::size_t n = 0; n < frames.size(); ++n)
    EXPECT_THAT(frames[n], HasSubstr(R"("sequence_num":)" + std::to_string(n)));
  EXPECT_THAT(frames[1],
              HasSubstr(R"({"subscriptions":{"level2":["BTC-USD"],"heartbeats":["heartbeats"]}})"));
  EXPECT_THAT(frames[2], HasSubstr(R"("type":"snapshot","product_id":"BTC-USD")"));
  exchange.set_level(exchange.btc(), Side::Buy, 2990000, 7);
  flush();
  const auto update = out.take(1);
  ASSERT_THAT(update, SizeIs(1));
  EXPECT_TRUE(server.is_book_delta(update[0]));
  for (const std::string& frame : frames) EXPECT_FALSE(server.is_book_delta(frame)) << frame;
  EXPECT_THAT(frames[3], HasSubstr(R"("heartbeat_counter":1)"));
  say(1, R"({"type":"unsubscribe","channel":"level2"})");
  say(1, R"({"type":"unsubscribe","channel":"heartbeats"})");
  EXPECT_THAT(out.take(1).back(), HasSubstr(R"({"subscriptions":{}})"));
}

TEST_F(CoinbaseServerTest, refusesWhatItDoesNotUnderstand) {
  server.on_open(1, "/", out);
  const auto error = [&](const std::string& frame) {
    say(1, frame);
    const auto frames = out.take(1);
    EXPECT_EQ(frames.size(), 1u);
    EXPECT_THAT(frames.at(0), StartsWith(R"({"type":"error","message":")"));
    return frames.at(0);
  };
  EXPECT_THAT(error("nonsense"), HasSubstr("subscribe or unsubscribe required"));
  EXPECT_THAT(error(R"({"type":"hello"})"), HasSubstr("subscribe or unsubscribe required"));
  EXPECT_THAT(error(R"({"type":"subscribe","channel":"nonsense"})"),
              HasSubstr("authentication failure"));
  EXPECT_THAT(error(R"({"type":"subscribe","channel":"user"})"),
              HasSubstr("authentication failure"));
  EXPECT_THAT(error(R"({"type":"subscribe","channel":"user","jwt":"a.b.c"})"),
              HasSubstr("authentication failure"));
  error(R"({"type":"subscribe","channel":"level2"})");
  error(R"({"type":"subscribe","channel":"level2","product_ids":["NO-SUCH"]})");
  error(R"({"type":"subscribe"})");
}

TEST_F(CoinbaseServerTest, tellsTradesInBatchesAndTickersBesideThem) {
  server.on_open(1, "/", out);
  say(1, R"({"type":"subscribe","channel":"market_trades","product_ids":["BTC-USD"]})");
  say(1, R"({"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]})");
  out.take(1);
  call("POST", "/orders", limit_order("a", "BUY", "sor_limit_ioc", "30001", "1.5"));
  flush();
  const auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(2));
  // Newest first, the maker's side.
  EXPECT_LT(frames[0].find(R"("price":"30001","size":"0.5")"),
            frames[0].find(R"("price":"30000","size":"1")"));
  EXPECT_THAT(frames[0], HasSubstr(R"("side":"SELL")"));
  EXPECT_THAT(frames[1],
              HasSubstr(R"("best_ask":"30001","best_bid_quantity":"1","best_ask_quantity":"1.5")"));
}

// The client of this folder against the server of this folder, without a socket between them.
class CoinbaseConversation : public CoinbaseServerTest, protected Outbox, protected EventSink {
 protected:
  CoinbaseConversation() {
    ClientSetup setup;
    setup.venue = exchange.venue();
    setup.universe = &exchange.universe();
    setup.instruments.assign(exchange.instruments().begin(), exchange.instruments().end());
    setup.credentials = exchange.account;
    client = make_client(setup);
  }

  static SessionId session(Channel channel) { return channel == Channel::MarketData ? 1 : 2; }
  Now now() const { return {Instant{exchange.time.ns_utc}, exchange.time}; }
  void open() {
    for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
      server.on_open(session(channel), "/", out);
      client->on_open(channel, now(), *this, *this);
    }
    run();
    ASSERT_TRUE(client->ready(Channel::Trading));
  }
  // A second of time, a tenth at a time.
  void run() {
    for (int tick = 0; tick < 10; ++tick) {
      exchange.time = exchange.time + milliseconds(100);
      talk();
      client->on_timer(now(), *this, *this);
      talk();
    }
  }
  // Until nobody has anything left to say.
  void talk() {
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
        if (lose_answers && request.method == "POST")
          client->on_rest_failed(tag, TransportError::TimedOut, now(), *this, *this);
        else
          client->on_response(tag, response, now(), *this, *this);
      }
      flush();
      for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
        for (const std::string& frame : out.take(session(channel))) {
          said = true;
          if (lose_market && channel == Channel::MarketData) continue;
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
  ModelSink books;
  bool lose_answers = false;
  bool lose_market = false;
};

TEST_F(CoinbaseConversation, keepsTheBookAsTheExchangeHasIt) {
  open();
  exchange.set_level(exchange.eth(), Side::Buy, 190000, 5);
  for (int i = 0; i < 40; ++i) {
    exchange.set_level(exchange.btc(), Side::Buy, 2990000 + i, 1000 + i);
    exchange.set_level(exchange.btc(), Side::Buy, 2999900, i % 2 == 0 ? 0 : 5);
    talk();
  }
  const BookImage image = exchange.book(exchange.btc(), 100);
  EXPECT_EQ(ModelBook::top(books.books[exchange.btc()].bids, 100), image.bids);
  EXPECT_EQ(ModelBook::top(books.books[exchange.btc()].asks, 100), image.asks);
  EXPECT_EQ(books.books[exchange.eth()].bids.at(190000), 5);  // told as ETH-USD
  client->resubscribe(exchange.btc(), now(), *this);
  run();
  EXPECT_EQ(books.snapshots, 3u);  // two instruments, one of them twice
  EXPECT_TRUE(books.faults.empty());
  EXPECT_FALSE(books.heartbeats.empty());
}

TEST_F(CoinbaseConversation, hearsOfAMessageThatWasLost) {
  open();
  lose_market = true;
  exchange.set_level(exchange.btc(), Side::Buy, 2990000, 7);
  talk();
  lose_market = false;
  exchange.set_level(exchange.btc(), Side::Buy, 2990001, 8);
  talk();
  ASSERT_EQ(books.faults.size(), 1u);
  EXPECT_EQ(books.faults[0].reason, BookFaultReason::SequenceGap);
  server.set_fault(ServerFault::BadChecksum, true);  // there is none to be wrong, but the number
  exchange.set_level(exchange.btc(), Side::Buy, 2990002, 9);
  talk();
  EXPECT_EQ(books.faults.size(), 2u);
  exchange.set_level(exchange.btc(), Side::Buy, 2990003, 9);
  talk();
  EXPECT_EQ(books.faults.size(), 2u);
}

TEST_F(CoinbaseConversation, tradesAnOrderToItsEndAndAsksForItAfterwards) {
  open();
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
  EXPECT_EQ(fills[1].fill.price, Price{3000100});
  ASSERT_EQ(all<OrderEnded>().size(), 1u);
  EXPECT_EQ(all<OrderEnded>()[0].state, OrderState::Filled);
  EXPECT_EQ(all<OrderEnded>()[0].filled, Quantity{150000000});

  for (const char* known : {"", "00000000-0000-4000-8000-000000000001"}) {
    events.clear();
    ASSERT_EQ(client->query_order({make_order_id(1, 1), exchange.btc(), known}, now(), *this),
              SendOutcome::Sent);
    run();
    const auto again = all<OrderFilled>();
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[0].fill, fills[0].fill);  // the same ids, prices, fees, times
    EXPECT_EQ(again[1].fill, fills[1].fill);
    ASSERT_EQ(all<OrderFound>().size(), 1u);
    EXPECT_EQ(all<OrderFound>()[0].state, OrderState::Filled);
    EXPECT_EQ(all<OrderFound>()[0].filled, Quantity{150000000});
  }
}

TEST_F(CoinbaseConversation, cancelsARestingOrderAndFindsNothingOfOneNeverSent) {
  open();
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

TEST_F(CoinbaseConversation, findsOutWhatBecameOfAnOrderWhoseAnswerWasLost) {
  open();
  lose_answers = true;
  client->place(order(1, Side::Buy, 3000000, 50000000), now(), *this);
  talk();
  lose_answers = false;
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);
  client->query_order({make_order_id(1, 1), exchange.btc(), {}}, now(), *this);
  run();
  // The list of fills lags: the first answer may be that it could not be told yet.
  if (all<OrderFound>().empty()) {
    EXPECT_EQ(all<QueryFailed>().size(), 1u);
    client->query_order({make_order_id(1, 1), exchange.btc(), {}}, now(), *this);
    run();
  }
  ASSERT_EQ(all<OrderFound>().size(), 1u);
  EXPECT_EQ(all<OrderFound>()[0].state, OrderState::Filled);
  EXPECT_FALSE(all<OrderFilled>().empty());
  EXPECT_EQ(exchange.fills(AccountId{0}, 0, 10).size(), 1u);  // once
}

TEST_F(CoinbaseConversation, hearsWhyAnOrderIsRefused) {
  open();
  client->place(order(1, Side::Buy, 3000000, 10'000'000'000), now(), *this);
  run();
  ASSERT_EQ(all<OrderRejected>().size(), 1u);
  EXPECT_EQ(all<OrderRejected>()[0].reason, RejectReason::InsufficientFunds);
}

TEST_F(CoinbaseConversation, survivesALostConnectionWithItsOrdersKnown) {
  open();
  client->place(order(1, Side::Sell, 3100000, 1000000, TimeInForce::Gtc), now(), *this);
  run();
  client->on_close(Channel::Trading, now(), *this);
  server.on_close(session(Channel::Trading));
  events.clear();
  exchange.time = exchange.time + seconds(5);
  server.on_open(session(Channel::Trading), "/", out);
  client->on_open(Channel::Trading, now(), *this, *this);
  run();
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);  // what happened meanwhile was not heard
  EXPECT_EQ(client->place(order(2, Side::Sell, 3100000, 1000000), now(), *this), SendOutcome::Sent);
  run();
  EXPECT_EQ(all<OrderEnded>().size(), 1u);
}

}  // namespace
}  // namespace ats::venues::coinbase
