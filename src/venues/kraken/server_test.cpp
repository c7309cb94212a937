#include "venues/kraken/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "venues/kraken/auth.hpp"
#include "venues/kraken/client.hpp"
#include "venues/kraken/server_text.hpp"
#include "venues/kraken/testing_exchange.hpp"
#include "venues/kraken/testing_model_book.hpp"

namespace ats::venues::kraken {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
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

class KrakenServerTest : public testing::Test {
 protected:
  std::string get(const std::string& target) {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    return server.on_http(request).body;
  }
  std::string post(const std::string& path, const std::string& fields) {
    return server.on_http(auth.post(path, fields, exchange.time)).body;
  }
  std::string token() {
    const std::string body = post("/0/private/GetWebSocketsToken", "");
    const std::size_t at = body.find(R"("token":")") + 9;
    return body.substr(at, body.find('"', at) - at);
  }
  void flush() {
    while (!exchange.order_news.empty()) {
      server.on_order(exchange.order_news.front(), out);
      exchange.order_news.pop_front();
    }
    while (!exchange.prints.empty()) {
      server.on_trade(exchange.prints.front(), out);
      exchange.prints.pop_front();
    }
    while (!exchange.balance_news.empty()) {
      server.on_balance(AccountId{0}, exchange.balance_news.front(), out);
      exchange.balance_news.pop_front();
    }
    while (!exchange.changes.empty()) {
      server.on_book(exchange.changes.front(), out);
      exchange.changes.pop_front();
    }
  }

  TestExchange exchange;
  KrakenServer server{exchange};
  Auth auth{{TestExchange::key, TestExchange::secret_text}};
  Frames out;
};

TEST_F(KrakenServerTest, spellsIdsInTheVenuesPatternAndReadsThemBack) {
  EXPECT_EQ(order_text(1), "OAAAAA-AAAAA-AAAAAB");
  EXPECT_EQ(trade_text(InstrumentId{0}, 1), "TAAAAA-AAAAA-AAAAAB");
  EXPECT_NE(trade_text(InstrumentId{1}, 1), trade_text(InstrumentId{0}, 1));
  for (const std::uint64_t id : {std::uint64_t{1}, std::uint64_t{77'777}, ~std::uint64_t{0}}) {
    EXPECT_EQ(parse_order_text(order_text(id)), id);
  }
  for (const char* bad : {"", "OAAAAA-AAAAA-AAAAA", "TAAAAA-AAAAA-AAAAAB", "OAAAAA-AAAAA-AAAAA1",
                          "OAAAAAAAAAAAAAAAAAB", "OZZZZZ-ZZZZZ-ZZZZZZ"}) {
    EXPECT_FALSE(parse_order_text(bad).has_value()) << bad;
  }
}

TEST_F(KrakenServerTest, answersPublicCallsWithTheVenuesRows) {
  EXPECT_THAT(get("/0/public/Time"), StartsWith(R"({"error":[],"result":{"unixtime":1700000000,)"));
  EXPECT_THAT(get("/0/public/SystemStatus"), HasSubstr(R"("status":"online")"));
  EXPECT_THAT(get("/0/public/Assets"), HasSubstr(R"("XXBT":{"aclass":"currency","altname":"XBT")"));
  const std::string pairs = get("/0/public/AssetPairs?pair=XBTUSDT,ETH%2FUSDT");
  EXPECT_THAT(pairs, HasSubstr(R"("XBTUSDT":{"altname":"XBTUSDT","wsname":"XBT/USDT")"));
  EXPECT_THAT(pairs, HasSubstr(R"("fees":[[0,0.4]],"fees_maker":[[0,0.25]])"));
  EXPECT_THAT(pairs, HasSubstr(R"("ordermin":"0.00005","costmin":"0.5","tick_size":"0.1")"));
  EXPECT_EQ(get("/0/public/AssetPairs?pair=NOPE"), R"({"error":["EQuery:Unknown asset pair"]})");
  EXPECT_EQ(
      get("/0/public/Depth?pair=XBTUSDT&count=1"),
      R"({"error":[],"result":{"XBTUSDT":{"asks":[["30000.0","1.00000000",1700000000]],"bids":[["29999.0","1.00000000",1700000000]]}}})");
  EXPECT_THAT(get("/0/public/Ticker?pair=XBTUSDT"),
              HasSubstr(R"("a":["30000.0","1","1.00000000"])"));
  EXPECT_EQ(get("/0/public/Nonsense"), R"({"error":["EGeneral:Unknown method"]})");
  EXPECT_EQ(get("/elsewhere"), R"({"error":["EGeneral:Unknown method"]})");
}

TEST_F(KrakenServerTest, givesMetadataThatTheClientReads) {
  Universe universe;
  const VenueId venue = universe.add_venue("kraken", {});
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}, {"ETH", "USDT"}};
  std::vector<HttpResponse> answers;
  for (const HttpRequest& request : metadata_requests(pairs))
    answers.push_back(server.on_http(request));
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  for (std::size_t i = 0; i < 2; ++i) {
    Instrument theirs = exchange.universe().instruments()[i];
    Instrument ours = universe.instrument(universe.find_instrument(venue, theirs.symbol.view()));
    EXPECT_EQ(ours, theirs);
  }
}

TEST_F(KrakenServerTest, checksKeySignatureAndNonceInTheVenuesOrder) {
  EXPECT_THAT(post("/0/private/Balance", ""), HasSubstr(R"("XXBT":"2")"));
  HttpRequest request = auth.post("/0/private/Balance", "", exchange.time);
  HttpRequest changed = request;
  changed.headers[0].value = "other";
  EXPECT_EQ(server.on_http(changed).body, R"({"error":["EAPI:Invalid key"]})");
  changed = request;
  changed.body += "&x=1";
  EXPECT_EQ(server.on_http(changed).body, R"({"error":["EAPI:Invalid signature"]})");
  changed = request;
  changed.target = "/0/private/BalanceEx";
  EXPECT_EQ(server.on_http(changed).body, R"({"error":["EAPI:Invalid signature"]})");
  EXPECT_THAT(server.on_http(request).body, HasSubstr("result"));
  EXPECT_EQ(server.on_http(request).body, R"({"error":["EAPI:Invalid nonce"]})");
  request.method = "GET";
  EXPECT_EQ(server.on_http(request).body, R"({"error":["EGeneral:Unknown method"]})");
}

TEST_F(KrakenServerTest, countsPrivateCallsAndLetsTimeLowerTheCount) {
  std::string last;
  int answered = 0;
  for (; answered < 100; ++answered) {
    last = post("/0/private/Balance", "");
    if (last.find("error\":[]") == std::string::npos) break;
  }
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(last, R"({"error":["EAPI:Rate limit exceeded"]})");
  EXPECT_THAT(
      post("/0/private/AddOrder", "pair=XBTUSDT&type=buy&ordertype=limit&price=1.0&volume=1"),
      HasSubstr("txid"));  // orders have a counter of their own
  exchange.time = exchange.time + seconds(4);
  EXPECT_THAT(post("/0/private/Balance", ""), HasSubstr("result"));
}

TEST_F(KrakenServerTest, takesOrdersOverRestAndTellsWhereTheyStand) {
  const std::string placed =
      post("/0/private/AddOrder",
           "pair=XBTUSDT&type=buy&ordertype=limit&price=29000.0&volume=0.5&cl_ord_id=mine-1");
  EXPECT_EQ(
      placed,
      R"({"error":[],"result":{"descr":{"order":"buy 0.50000000 XBTUSDT @ limit 29000.0"},"txid":["OAAAAA-AAAAA-AAAAAB"]}})");
  EXPECT_THAT(
      post("/0/private/OpenOrders", "cl_ord_id=mine-1"),
      HasSubstr(
          R"("OAAAAA-AAAAA-AAAAAB":{"refid":null,"userref":0,"cl_ord_id":"mine-1","status":"open")"));
  EXPECT_EQ(post("/0/private/OpenOrders", "cl_ord_id=other"),
            R"({"error":[],"result":{"open":{}}})");
  EXPECT_EQ(
      post("/0/private/BalanceEx", ""),
      R"({"error":[],"result":{"XXBT":{"balance":"2","hold_trade":"0"},"USDT":{"balance":"100000","hold_trade":"14500"}}})");
  EXPECT_EQ(post("/0/private/CancelOrder", "txid=OAAAAA-AAAAA-AAAAAB"),
            R"({"error":[],"result":{"count":1}})");
  EXPECT_EQ(post("/0/private/CancelOrder", "txid=OAAAAA-AAAAA-AAAAAB"),
            R"({"error":["EOrder:Unknown order"]})");
  EXPECT_THAT(post("/0/private/QueryOrders", "txid=OAAAAA-AAAAA-AAAAAB&trades=true"),
              HasSubstr(R"("status":"canceled")"));
  EXPECT_THAT(post("/0/private/ClosedOrders", "cl_ord_id=mine-1"), HasSubstr(R"("count":1)"));
}

TEST_F(KrakenServerTest, namesTheRuleThatAnOrderBreaks) {
  const auto refused = [this](const std::string& fields) {
    const std::string body = post("/0/private/AddOrder", fields);
    const std::size_t at = body.find("[\"");
    return at == std::string::npos ? body : body.substr(at + 2, body.find("\"]") - at - 2);
  };
  const std::string good = "pair=XBTUSDT&type=buy&ordertype=limit&volume=0.5&price=";
  EXPECT_EQ(refused(good + "1.05"), "EOrder:Tick size check failed");
  EXPECT_EQ(refused(good + "x"), "EOrder:Invalid price");
  EXPECT_EQ(refused(good + "29000.0&timeinforce=GTD"), "EGeneral:Invalid arguments:timeinforce");
  EXPECT_EQ(refused(good + "29000.0&cl_ord_id=this-one-is-far-too-long"),
            "EGeneral:Invalid arguments:cl_ord_id");
  EXPECT_EQ(refused("pair=NOPE&type=buy&ordertype=limit&volume=0.5&price=1"),
            "EQuery:Unknown asset pair");
  EXPECT_EQ(refused("pair=XBTUSDT&type=hold&ordertype=limit&volume=0.5&price=1"),
            "EGeneral:Invalid arguments:type");
  EXPECT_EQ(refused("pair=XBTUSDT&type=buy&ordertype=stop-loss&volume=0.5&price=1"),
            "EGeneral:Invalid arguments:ordertype");
  EXPECT_EQ(refused("pair=XBTUSDT&type=buy&ordertype=limit&volume=0.00000001&price=30000"),
            "EOrder:Order minimum not met");
  EXPECT_EQ(refused("pair=XBTUSDT&type=buy&ordertype=limit&volume=100&price=30000"),
            "EOrder:Insufficient funds");
  EXPECT_EQ(refused(good + "29000.0&cl_ord_id=a"), "OAAAAA-AAAAA-AAAAAB");
  EXPECT_EQ(refused(good + "29000.0&cl_ord_id=a"), "EOrder:Duplicate cl_ord_id");
}

TEST_F(KrakenServerTest, tellsItsStatusThenAcknowledgesEachSymbolThenSendsTheBook) {
  server.on_open(1, "/v2", out);
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"("channel":"status")")));
  server.on_text(
      1,
      R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USDT","XBT/USDT"],"depth":10},"req_id":9})",
      out);
  const auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(3));
  EXPECT_THAT(
      frames[0],
      StartsWith(
          R"({"method":"subscribe","result":{"channel":"book","depth":10,"snapshot":true,"symbol":"BTC/USDT"},"success":true,)"));
  EXPECT_THAT(
      frames[1],
      StartsWith(
          R"({"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USDT","bids":[{"price":29999.0,"qty":1.00000000},)"));
  EXPECT_THAT(
      frames[2],
      StartsWith(
          R"({"error":"Currency pair not supported XBT/USDT","method":"subscribe","req_id":9,"success":false,"symbol":"XBT/USDT",)"));
  server.on_text(
      1, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USDT"],"depth":27}})",
      out);
  EXPECT_THAT(out.take(1),
              ElementsAre(StartsWith(R"({"error":"Subscription depth not supported")")));
  server.on_text(1, R"({"method":"ping","req_id":42})", out);
  EXPECT_THAT(out.take(1), ElementsAre(StartsWith(R"({"method":"pong","req_id":42,"time_in":)")));
  server.on_text(1, "{damaged", out);
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"("success":false)")));
}

TEST_F(KrakenServerTest, cancelsEverythingWhenTheDeadMansSwitchIsNotHeldAnyMore) {
  const std::string t = token();
  const auto arm = [&](const char* timeout) {
    server.on_text(1,
                   std::string(R"({"method":"cancel_all_orders_after","params":{"timeout":)") +
                       timeout + R"(,"token":")" + t + R"("},"req_id":1})",
                   out);
    return out.take(1).back();
  };
  const auto open = [&] { return exchange.open_orders(AccountId{0}).size(); };
  const auto later = [&](Duration by) {
    exchange.time = exchange.time + by;
    server.on_tick(out);
    out.sent.clear();
  };
  server.on_open(1, "/v2", out);
  server.on_text(1, R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USDT"]}})",
                 out);
  server.on_text(
      1,
      R"({"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":1,"symbol":"BTC/USDT","limit_price":20000.0,"token":")" +
          t + R"("}})",
      out);
  ASSERT_EQ(open(), 1u);
  EXPECT_THAT(arm("60"), HasSubstr(R"("triggerTime":"2023-11-14T22:14:20)"));
  later(seconds(59));
  EXPECT_THAT(arm("60"), HasSubstr(R"("success":true)"));
  later(seconds(59));
  EXPECT_EQ(open(), 1u) << "it was held";
  arm("0");
  later(seconds(600));
  EXPECT_EQ(open(), 1u) << "it was disarmed";
  EXPECT_THAT(arm("-1"), HasSubstr(R"("success":false)"));
  EXPECT_THAT(arm("60"), HasSubstr(R"("success":true)"));
  later(seconds(60));
  EXPECT_EQ(open(), 0u);
}

TEST_F(KrakenServerTest, beatsWhereNothingElseIsSaidAndClosesWhereNobodyListens) {
  server.on_open(1, "/v2", out);
  server.on_open(2, "/v2", out);
  server.on_text(1, R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USDT"]}})",
                 out);
  out.sent.clear();
  server.on_tick(out);
  EXPECT_THAT(out.take(1), IsEmpty());
  exchange.time = exchange.time + seconds(1);
  server.on_tick(out);
  EXPECT_THAT(out.take(1), ElementsAre(R"({"channel":"heartbeat"})"));
  EXPECT_THAT(out.take(2), IsEmpty());
  exchange.time = exchange.time + seconds(60);
  server.on_tick(out);
  EXPECT_THAT(out.closed, ElementsAre(2u));
}

TEST_F(KrakenServerTest, updatesRebuildTheBookAtEveryDepthWithTheRightChecksum) {
  Rng rng(11);
  const auto price = [&rng](Side side) {
    const std::int64_t away = rng.between(1, 60);
    return side == Side::Buy ? 299995 - away : 299995 + away;
  };
  struct Reader {
    Reader(const TestExchange& e, std::size_t depth)
        : decoder(e.venue(), e.universe()), sink(depth) {}
    Decoder decoder;
    ModelSink sink;
  };
  std::map<SessionId, std::unique_ptr<Reader>> readers;
  SessionId next = 1;
  for (const int depth : {10, 25, 10}) {
    readers[next] = std::make_unique<Reader>(exchange, static_cast<std::size_t>(depth));
    server.on_open(next, "/v2", out);
    server.on_text(
        next,
        R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USDT"],"depth":)" +
            std::to_string(depth) + "}}",
        out);
    for (int i = 0; i < 300; ++i) {
      const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
      exchange.set_level(exchange.btc(), side, price(side),
                         rng.one_in(3) ? 0 : rng.between(1, 1'000'000'000));
      if (rng.one_in(2)) flush();
    }
    flush();
    ++next;
  }
  for (auto& [id, reader] : readers) {
    std::size_t deltas = 0;
    for (const std::string& frame : out.take(id)) {
      if (server.is_book_delta(frame)) ++deltas;
      ASSERT_EQ(reader->decoder.on_frame(frame, Instant{}, reader->sink), FrameOutcome::Decoded)
          << frame;
    }
    EXPECT_EQ(reader->sink.wrong, 0u);
    EXPECT_EQ(reader->sink.snapshots, 1u);
    EXPECT_GT(reader->sink.deltas, 30u);
    EXPECT_EQ(reader->sink.deltas, deltas);
    const BookImage image = exchange.book(exchange.btc(), reader->sink.depth);
    const ModelBook& book = reader->sink.books[exchange.btc()];
    EXPECT_EQ(ModelBook::top(book.bids, reader->sink.depth), image.bids);
    EXPECT_EQ(ModelBook::top(book.asks, reader->sink.depth), image.asks);
    EXPECT_LE(reader->decoder.declined(), 2u);  // status and acknowledgement
  }
}

TEST_F(KrakenServerTest, corruptsOneChecksumWhenToldTo) {
  server.on_open(1, "/v2", out);
  server.on_text(1, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USDT"]}})",
                 out);
  server.set_fault(ServerFault::BadChecksum, true);
  for (const std::int64_t quantity : {5, 6, 7}) {
    exchange.set_level(exchange.btc(), Side::Buy, 299990, quantity);
    flush();
  }
  Decoder decoder(exchange.venue(), exchange.universe());
  ModelSink sink(10);
  for (const std::string& frame : out.take(1)) decoder.on_frame(frame, Instant{}, sink);
  EXPECT_EQ(sink.wrong, 1u);
  EXPECT_EQ(sink.right, 3u);
}

TEST_F(KrakenServerTest, maintenanceIsToldAndStopsOrdersAndCancels) {
  server.on_open(1, "/v2", out);
  out.sent.clear();
  server.set_fault(ServerFault::Maintenance, true);
  server.set_fault(ServerFault::Maintenance, true);
  server.on_tick(out);
  server.on_tick(out);
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"("system":"maintenance")")));
  EXPECT_EQ(post("/0/private/AddOrder", "pair=XBTUSDT&type=buy&ordertype=limit&price=1.0&volume=1"),
            R"({"error":["EService:Unavailable"]})");
  server.set_fault(ServerFault::Maintenance, false);
  server.on_tick(out);
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"("system":"online")")));
}

TEST_F(KrakenServerTest, tellsAnAccountItsExecutionsAndBalancesInNumberedMessages) {
  const std::string t = token();
  server.on_open(1, "/v2", out);
  server.on_text(
      1, R"({"method":"subscribe","params":{"channel":"executions","token":"wrong"},"req_id":1})",
      out);
  EXPECT_THAT(out.take(1).back(), StartsWith(R"({"error":"ESession:Invalid session")"));
  server.on_text(1,
                 R"({"method":"subscribe","params":{"channel":"executions","token":")" + t +
                     R"("},"req_id":1})",
                 out);
  server.on_text(
      1,
      R"({"method":"subscribe","params":{"channel":"balances","token":")" + t + R"("},"req_id":2})",
      out);
  auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(4));
  EXPECT_THAT(frames[0],
              HasSubstr(R"("result":{"channel":"executions","maxratecount":125,"snapshot":true})"));
  EXPECT_EQ(frames[1], R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})");
  EXPECT_THAT(
      frames[3],
      HasSubstr(
          R"({"asset":"BTC","asset_class":"currency","balance":2,"wallets":[{"type":"spot","id":"main","balance":2}]})"));

  server.on_text(
      1,
      R"({"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":1.5,"symbol":"BTC/USDT","limit_price":30000.0,"time_in_force":"ioc","cl_ord_id":"arb-1","token":")" +
          t + R"("},"req_id":3})",
      out);
  EXPECT_THAT(
      out.take(1),
      ElementsAre(StartsWith(
          R"({"method":"add_order","result":{"order_id":"OAAAAA-AAAAA-AAAAAB","cl_ord_id":"arb-1"},"success":true,)")));
  flush();
  frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(6));
  EXPECT_THAT(frames[0], HasSubstr(R"("exec_type":"pending_new")"));
  EXPECT_THAT(frames[1], HasSubstr(R"("exec_type":"new")"));
  EXPECT_THAT(frames[2], HasSubstr(R"("exec_type":"trade")"));
  EXPECT_THAT(frames[2],
              HasSubstr(R"("last_qty":1.00000000,"last_price":30000.0,"liquidity_ind":"t")"));
  EXPECT_THAT(frames[3], HasSubstr(R"("exec_type":"canceled")"));
  EXPECT_THAT(frames[3], testing::EndsWith(R"("sequence":5})"));
  EXPECT_THAT(frames[4], HasSubstr(R"("asset":"BTC")"));
  EXPECT_THAT(frames[5], HasSubstr(R"("amount":-30120,"fee":0,"balance":69880)"));

  server.on_text(
      1,
      R"({"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":1,"symbol":"BTC/USDT","price":1,"token":")" +
          t + R"("},"req_id":4})",
      out);
  EXPECT_THAT(out.take(1),
              ElementsAre(StartsWith(
                  R"({"error":"Unsupported field: 'price' for the given msg type: add order")")));
  exchange.time = exchange.time + seconds(1000);  // the session stands, so does its token
  server.on_text(1,
                 R"({"method":"cancel_order","params":{"cl_ord_id":["arb-1"],"token":")" + t +
                     R"("},"req_id":5})",
                 out);
  EXPECT_THAT(out.take(1),
              ElementsAre(StartsWith(
                  R"({"error":"EOrder:Unknown order","method":"cancel_order","req_id":5)")));
  server.on_open(2, "/v2", out);
  out.take(2);
  server.on_text(
      2, R"({"method":"subscribe","params":{"channel":"balances","token":")" + t + R"("}})", out);
  EXPECT_THAT(out.take(2), ElementsAre(StartsWith(R"({"error":"ESession:Invalid session")")));
}

// The client of this folder against the server of this folder, without a socket between them.
class KrakenConversation : public KrakenServerTest, protected Outbox, protected EventSink {
 protected:
  KrakenConversation() {
    ClientSetup setup;
    setup.venue = exchange.venue();
    setup.universe = &exchange.universe();
    setup.instruments.assign(exchange.instruments().begin(), exchange.instruments().end());
    setup.credentials = {TestExchange::key, TestExchange::secret_text};
    client = make_client(setup);
  }

  static SessionId session(Channel channel) { return channel == Channel::MarketData ? 1 : 2; }
  Now now() const { return {Instant{exchange.time.ns_utc}, exchange.time}; }
  void open() {
    for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
      server.on_open(session(channel), "/v2", out);
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
  ModelSink books{10};
};

TEST_F(KrakenConversation, keepsTheBookAsTheExchangeHasIt) {
  open();
  for (int i = 0; i < 40; ++i) {
    exchange.set_level(exchange.btc(), Side::Buy, 299900 + i, 1000 + i);
    exchange.set_level(exchange.btc(), Side::Buy, 299990, i % 2 == 0 ? 0 : 5);
    run();
  }
  EXPECT_EQ(books.wrong, 0u);
  EXPECT_GT(books.right, 40u);
  const BookImage image = exchange.book(exchange.btc(), 10);
  EXPECT_EQ(ModelBook::top(books.books[exchange.btc()].bids), image.bids);
  client->resubscribe(exchange.btc(), now(), *this);
  run();
  EXPECT_EQ(books.snapshots, 3u);  // two instruments, one of them twice
  EXPECT_TRUE(books.faults.empty());
}

TEST_F(KrakenConversation, tradesAnOrderToItsEndAndAsksForItAfterwards) {
  open();
  ASSERT_EQ(client->query_balances(now(), *this), SendOutcome::Sent);
  run();
  EXPECT_EQ(all<BalancesComplete>().size(), 1u);
  events.clear();
  ASSERT_EQ(client->place(order(1, Side::Buy, 300010, 150000000), now(), *this), SendOutcome::Sent);
  run();
  EXPECT_EQ(all<OrderAcked>().size(), 1u);
  const auto fills = all<OrderFilled>();
  ASSERT_EQ(fills.size(), 2u);
  EXPECT_EQ(fills[0].fill.quantity, Quantity{100000000});
  EXPECT_EQ(fills[1].fill.price, Price{300010});
  ASSERT_EQ(all<OrderEnded>().size(), 1u);
  EXPECT_EQ(all<OrderEnded>()[0].state, OrderState::Filled);
  const auto balances = all<BalanceReported>();
  ASSERT_FALSE(balances.empty());
  EXPECT_EQ(balances.back().total,
            Decimal::of("100000") - Decimal::of("45000.5") - fills[0].fill.fee - fills[1].fill.fee);

  for (const char* known : {"", "OAAAAA-AAAAA-AAAAAB"}) {
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

TEST_F(KrakenConversation, cancelsARestingOrderAndFindsNothingOfOneNeverSent) {
  open();
  client->place(order(1, Side::Sell, 310000, 1000000, TimeInForce::Gtc), now(), *this);
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

TEST_F(KrakenConversation, hearsWhyAnOrderIsRefused) {
  open();
  client->place(order(1, Side::Buy, 300000, 10'000'000'000), now(), *this);
  run();
  ASSERT_EQ(all<OrderRejected>().size(), 1u);
  EXPECT_EQ(all<OrderRejected>()[0].reason, RejectReason::InsufficientFunds);
  client->place(order(2, Side::Sell, 310000, 1000000, TimeInForce::Gtc), now(), *this);
  client->place(order(2, Side::Sell, 310000, 1000000, TimeInForce::Gtc), now(), *this);
  run();
  ASSERT_EQ(all<OrderRejected>().size(), 2u);
  EXPECT_EQ(all<OrderRejected>()[1].reason, RejectReason::DuplicateId);
}

TEST_F(KrakenConversation, survivesALostConnectionWithItsOrdersKnown) {
  open();
  client->place(order(1, Side::Sell, 310000, 1000000, TimeInForce::Gtc), now(), *this);
  run();
  client->on_close(Channel::Trading, now(), *this);
  server.on_close(session(Channel::Trading));
  events.clear();
  exchange.time = exchange.time + seconds(5);
  server.on_open(session(Channel::Trading), "/v2", out);
  client->on_open(Channel::Trading, now(), *this, *this);
  run();
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);  // what happened meanwhile was not heard
  EXPECT_EQ(client->place(order(2, Side::Sell, 310000, 1000000), now(), *this), SendOutcome::Sent);
  run();
  EXPECT_EQ(all<OrderEnded>().size(), 1u);
}

}  // namespace
}  // namespace ats::venues::kraken
