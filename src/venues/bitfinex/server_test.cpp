#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "venues/bitfinex/metadata.hpp"
#include "venues/bitfinex/server_text.hpp"
#include "venues/bitfinex/testing_server.hpp"

namespace ats::venues::bitfinex {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST_F(BitfinexServerTest, cutsPricesToFiveDigitsAndEightDecimals) {
  const auto cut = [](const char* text, int digits, bool up = false) {
    return cut_price(Decimal::of(text), digits, up).to_string();
  };
  EXPECT_EQ(cut("68922.75", 5), "68922");
  EXPECT_EQ(cut("123456.7", 5), "123450");
  EXPECT_EQ(cut("123456.7", 5, true), "123460");
  EXPECT_EQ(cut("1234.567", 5), "1234.5");
  EXPECT_EQ(cut("0.123456789", 5), "0.12345");
  EXPECT_EQ(cut("0.000123456789", 5), "0.00012345");
  EXPECT_EQ(cut("0.000000123456", 5), "0.00000012");
  EXPECT_EQ(cut("29999", 3), "29900");
  EXPECT_EQ(cut("29999", 1, true), "30000");
}

TEST_F(BitfinexServerTest, answersPublicCallsWithTheVenuesRows) {
  EXPECT_EQ(get("/v2/platform/status"), "[1]");
  EXPECT_EQ(get("/v2/conf/pub:list:pair:exchange"), R"([["BTCUST","DOGE:USD"]])");
  EXPECT_THAT(
      get("/v2/conf/pub:info:pair"),
      StartsWith(
          R"([[["BTCUST",[null,null,null,"0.00004","2000",null,null,null,null,null,null,null]],)"));
  // One element for each key, the unknown ones empty.
  EXPECT_EQ(get("/v2/conf/pub:list:currency,pub:map:currency:sym,pub:map:tx:method"),
            R"([["BTC","DOGE","USD","UST"],[["UST","USDT"]],[]])");
  EXPECT_EQ(get("/v2/book/tBTCUST/P0?len=1"), "[[29999,1,1],[30000,1,-1]]");
  EXPECT_EQ(get("/v2/book/tBTCUST/P0?len=25"),
            "[[29999,1,1],[29998,1,2],[30000,1,-1],[30001,1,-2]]");
  EXPECT_EQ(get("/v2/book/tBTCUST/P2"), "[[29900,1,3],[30000,1,-1],[30100,1,-2]]");
  EXPECT_EQ(get("/v2/book/tBTCUST/R0?len=1"), "[[1000005999800,29999,1],[1000006000001,30000,-1]]");
  EXPECT_EQ(get("/v2/ticker/tBTCUST"), "[29999,3,30000,3,0,0,29999,0,29999,29999]");
  EXPECT_THAT(get("/v2/tickers?symbols=tBTCUST,tDOGE%3AUSD"),
              StartsWith(R"([["tBTCUST",29999,3,30000,3,)"));
  EXPECT_THAT(get("/v2/tickers?symbols=ALL"), HasSubstr("tDOGE:USD"));
  EXPECT_EQ(get("/v2/trades/tBTCUST/hist"), "[]");
  const HttpResponse unknown = get_response("/v2/ticker/tNOPE");
  EXPECT_EQ(unknown.status, 500);
  EXPECT_EQ(unknown.body, R"(["error",10020,"symbol: invalid"])");
  EXPECT_EQ(get_response("/elsewhere").status, 404);
  EXPECT_THAT(get_response("/elsewhere").body, HasSubstr("<html>"));
}

TEST_F(BitfinexServerTest, givesMetadataThatTheClientReads) {
  Universe universe;
  const VenueId venue = universe.add_venue("bitfinex", {});
  const std::vector<WantedPair> pairs{{"BTC", "USDT"}};
  std::vector<HttpResponse> answers;
  for (const HttpRequest& request : metadata_requests(pairs))
    answers.push_back(server.on_http(request));
  ASSERT_TRUE(read_metadata(answers, pairs, venue, universe).ok());
  EXPECT_EQ(universe.instruments()[0], exchange.universe().instruments()[0]);
}

TEST_F(BitfinexServerTest, checksKeySignatureAndNonceInTheVenuesOrder) {
  EXPECT_EQ(post("r/wallets"),
            R"([["exchange","BTC",2,0,2,null,null],["exchange","UST",100000,0,100000,null,null]])");
  HttpRequest request = auth.post("/v2/auth/r/wallets", "{}", exchange.time);
  HttpRequest changed = request;
  changed.headers[1].value = "other";
  EXPECT_EQ(server.on_http(changed).status, 500);
  EXPECT_EQ(server.on_http(changed).body, R"(["error",10100,"apikey: invalid"])");
  changed = request;
  changed.body = "{ }";
  EXPECT_EQ(server.on_http(changed).body, R"(["error",10100,"apikey: digest invalid"])");
  changed = request;
  changed.target = "/v2/auth/r/orders";
  EXPECT_EQ(server.on_http(changed).body, R"(["error",10100,"apikey: digest invalid"])");
  EXPECT_EQ(server.on_http(request).status, 200);
  EXPECT_EQ(server.on_http(request).body, R"(["error",10114,"nonce: small"])");
  request.headers.clear();
  EXPECT_EQ(server.on_http(request).body, R"(["error",10100,"apikey: invalid"])");
}

TEST_F(BitfinexServerTest, shutsOutForAMinuteWhoCallsTooOften) {
  int answered = 0;
  while (post_response("r/wallets").status == 200) ++answered;
  EXPECT_EQ(answered, 90);
  EXPECT_EQ(post_response("r/wallets").status, 429);
  EXPECT_EQ(post_response("r/orders").status, 200);  // an endpoint of its own
  exchange.time = exchange.time + seconds(59);
  EXPECT_EQ(post_response("r/wallets").status, 429);
  exchange.time = exchange.time + seconds(2);
  EXPECT_EQ(post_response("r/wallets").status, 200);
}

TEST_F(BitfinexServerTest, takesOrdersOverRestAndTellsWhereTheyStand) {
  const std::string placed = post("w/order/submit", submit_body);
  EXPECT_EQ(
      placed,
      R"([1700000000000,"on-req",null,null,[[100000000001,3,7,"tBTCUST",1700000000000,1700000000000,0.5,0.5,"EXCHANGE LIMIT",null,null,null,0,"ACTIVE",null,null,29000,0,0,0,null,null,null,0,0,null,null,null,"API>BFX",null,null,null]],null,"SUCCESS","Submitting 1 orders."])");
  const std::string row = placed.substr(placed.find("[[") + 1);
  const std::string order = row.substr(0, row.find("]]") + 1);
  EXPECT_EQ(post("r/orders"), "[" + order + "]");
  EXPECT_EQ(post("r/orders/tBTCUST"), "[" + order + "]");
  EXPECT_EQ(post("r/orders/tDOGE:USD"), "[]");
  EXPECT_EQ(post("r/orders", R"({"id":[100000000001]})"), "[" + order + "]");
  EXPECT_EQ(post("r/orders", R"({"id":[100000000002]})"), "[]");
  EXPECT_EQ(post("r/orders/hist"), "[]");
  EXPECT_THAT(post("r/wallets"), HasSubstr(R"(["exchange","UST",100000,0,85500,null,null])"));
  const std::string cancelled = post("w/order/cancel", R"({"id":100000000001})");
  EXPECT_THAT(cancelled, StartsWith(R"([1700000000000,"oc-req",null,null,[100000000001,3,7,)"));
  EXPECT_THAT(cancelled, HasSubstr(R"("SUCCESS","Submitted for cancellation;)"));
  const HttpResponse again = post_response("w/order/cancel", R"({"id":100000000001})");
  EXPECT_EQ(again.status, 500);
  EXPECT_EQ(again.body, R"(["error",10001,"Order not found."])");
  EXPECT_EQ(post("r/orders"), "[]");
  EXPECT_THAT(post("r/orders/tBTCUST/hist", R"({"id":[100000000001]})"),
              HasSubstr(R"("CANCELED")"));
}

TEST_F(BitfinexServerTest, cancelsByClientIdOnlyWithItsDay) {
  post("w/order/submit", submit_body);
  EXPECT_THAT(post("w/order/cancel", R"({"cid":7,"cid_date":"2023-11-13"})"),
              HasSubstr("not found"));
  EXPECT_THAT(post("w/order/cancel", R"({"cid":7,"cid_date":"2023-11-14"})"), HasSubstr("SUCCESS"));
  post("w/order/submit", submit_body);
  post("w/order/submit",
       R"({"type":"EXCHANGE LIMIT","symbol":"tBTCUST","amount":"0.1","price":"1"})");
  EXPECT_THAT(post("w/order/cancel/multi", R"({"all":1})"), HasSubstr("oc_multi-req"));
  EXPECT_EQ(post("r/orders"), "[]");
}

TEST_F(BitfinexServerTest, cutsWhatIsTooFineAndNamesTheRuleThatAnOrderBreaks) {
  EXPECT_THAT(
      submit("EXCHANGE LIMIT", "0.123456789", "28999.99"),
      HasSubstr(
          R"(0.12345678,0.12345678,"EXCHANGE LIMIT",null,null,null,0,"ACTIVE",null,null,28999,)"));
  EXPECT_EQ(submit("EXCHANGE LIMIT", "0.00001", "29000"),
            R"(["error",10001,"Invalid order: minimum size for BTCUST is 0.00004"])");
  EXPECT_EQ(submit("EXCHANGE LIMIT", "2000.5", "1"),
            R"(["error",10001,"Invalid order: maximum size for BTCUST is 2000"])");
  EXPECT_EQ(
      submit("EXCHANGE LIMIT", "100", "29000"),
      R"(["error",10001,"Invalid order: not enough exchange balance for 100 BTCUST at 29000"])");
  EXPECT_EQ(submit("LIMIT", "1", "29000"), R"(["error",10020,"type: invalid"])");
  EXPECT_EQ(submit("EXCHANGE LIMIT", "0", "29000"), R"(["error",10020,"amount: invalid"])");
  EXPECT_EQ(submit("EXCHANGE LIMIT", "x", "29000"), R"(["error",10020,"amount: invalid"])");
  EXPECT_EQ(submit("EXCHANGE LIMIT", "1", "-1"), R"(["error",10020,"price: invalid"])");
  EXPECT_EQ(submit("EXCHANGE LIMIT", "1", "1", R"(,"cid":35184372088832)"),
            R"(["error",10020,"cid: invalid"])");
  EXPECT_EQ(post("w/order/submit", "not JSON"), R"(["error",10020,"body: invalid"])");
  EXPECT_EQ(post("r/nonsense"), R"(["error",10020,"path: invalid"])");
}

TEST_F(BitfinexServerTest, fillsAtOnceAndShowsItInHistoryAndTrades) {
  EXPECT_THAT(submit("EXCHANGE IOC", "1.5", "30000"), HasSubstr("SUCCESS"));
  const std::string history = post("r/orders/hist");
  EXPECT_THAT(history, HasSubstr("\"IOC CANCELED was: PARTIALLY FILLED @ 30000(1)\""));
  EXPECT_THAT(history, HasSubstr(",0.5,1.5,\"EXCHANGE IOC\""));
  const std::string fills = post("r/order/tBTCUST:100000000001/trades");
  EXPECT_EQ(
      fills,
      R"([[1000004096,"tBTCUST",1700000000000,100000000001,1,30000,"EXCHANGE IOC",30000,-1,-0.002,"BTC",null]])");
  EXPECT_EQ(post("r/trades/hist"), fills);
  EXPECT_EQ(post("r/trades/tBTCUST/hist"), fills);
  EXPECT_EQ(post("r/trades/tDOGE:USD/hist"), "[]");
  EXPECT_THAT(submit("EXCHANGE MARKET", "-1", ""), HasSubstr("EXECUTED @ 29999(-1)"));
  EXPECT_EQ(get("/v2/trades/tBTCUST/hist?limit=10&sort=1"),
            "[[1000004096,1700000000000,1,30000],[1000008192,1700000000000,-1,29999]]");
}

TEST_F(BitfinexServerTest, takesAPostOnlyOrderThatCrossesAndCancelsItAtOnce) {
  open(1);
  sign_in(1);
  out.take(1);
  say(1,
      R"([0,"on",null,{"type":"EXCHANGE LIMIT","symbol":"tBTCUST","amount":"1","price":"30000","cid":5,"flags":4096}])");
  const auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_THAT(frames[0], HasSubstr(R"("SUCCESS")"));
  EXPECT_THAT(frames[1], StartsWith(R"([0,"oc",[900000000)"));
  EXPECT_THAT(frames[1], HasSubstr(R"("POSTONLY CANCELED")"));
  EXPECT_THAT(post("r/orders/hist"), HasSubstr("POSTONLY CANCELED"));
  EXPECT_THAT(submit("EXCHANGE LIMIT", "1", "29990", R"(,"flags":4096)"),
              HasSubstr(R"({"$F7":1})"));
  EXPECT_THAT(post("r/orders"), HasSubstr("ACTIVE"));
}

// --- the account's channel ---

TEST_F(BitfinexServerTest, letsInWhoSignsAndShowsWalletsAndOrders) {
  post("w/order/submit", submit_body);
  open(1, "65536");
  std::string wrong = auth.authentication(exchange.time, true);
  wrong.replace(wrong.find("AUTH"), 4, "AUTJ");
  say(1, wrong);
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"("status":"FAILED","chanId":0,"code":10111)")));
  Auth thief({TestExchange::key, "guess"});
  say(1, thief.authentication(exchange.time, true));
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"("code":10100)")));
  sign_in(1);
  const auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(4));
  EXPECT_THAT(frames[0], HasSubstr(R"("event":"auth","status":"OK","chanId":0,"userId":1)"));
  EXPECT_EQ(frames[1], R"([0,"ps",[],1,1])");
  EXPECT_EQ(
      frames[2],
      R"([0,"ws",[["exchange","BTC",2,0,2,null,null],["exchange","UST",100000,0,85500,null,null]],2,2])");
  EXPECT_THAT(frames[3], StartsWith(R"([0,"os",[[100000000001,3,7,)"));
  say(1,
      R"({"event":"auth","apiKey":"sim-key","authNonce":1,"authPayload":"AUTH1","authSig":"x"})");
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr("auth: dup")));
  open(2);
  say(2,
      R"({"event":"auth","apiKey":"sim-key","authNonce":1,"authPayload":"AUTH1","authSig":"x"})");
  EXPECT_THAT(out.take(2), ElementsAre(HasSubstr("digest invalid")));
}

TEST_F(BitfinexServerTest, tellsAFillTwiceAndItsFeeOnlyAfterTheOrdersEnd) {
  open(1, "65536");
  sign_in(1);
  flush();
  out.take(1);
  say(1,
      R"([0,"on",null,{"gid":4,"cid":555,"type":"EXCHANGE IOC","symbol":"tBTCUST","amount":"1","price":"30000"}])");
  flush();
  const auto frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(6));
  EXPECT_THAT(frames[0],
              StartsWith(R"([0,"n",[1700000000000,"on-req",null,null,[100000000001,4,555,)"));
  EXPECT_THAT(frames[0], HasSubstr(R"("SUCCESS")"));
  EXPECT_THAT(frames[0], HasSubstr(R"(1,1,"EXCHANGE IOC",null,null,null,0,"ACTIVE")"));
  EXPECT_THAT(
      frames[1],
      StartsWith(
          R"([0,"te",[1000004096,"tBTCUST",1700000000000,100000000001,1,30000,"EXCHANGE IOC",30000,-1,null,null,555])"));
  EXPECT_THAT(frames[2], HasSubstr("\"EXECUTED @ 30000(1)\""));
  EXPECT_THAT(frames[2], StartsWith(R"([0,"oc")"));
  EXPECT_THAT(frames[3], HasSubstr(R"([0,"tu")"));
  EXPECT_THAT(frames[3], HasSubstr(R"(-0.002,"BTC",555])"));
  EXPECT_THAT(frames[4], StartsWith(R"([0,"wu",["exchange","BTC",2.998,0,2.998)"));
  EXPECT_THAT(frames[5], StartsWith(R"([0,"wu",["exchange","UST",70000,0,70000)"));
  EXPECT_THAT(frames[5], testing::EndsWith("]"));
}

TEST_F(BitfinexServerTest, followsARestingOrderThroughItsStates) {
  open(1);
  sign_in(1);
  flush();
  out.take(1);
  say(1,
      R"([0,"on",null,{"cid":555,"type":"EXCHANGE LIMIT","symbol":"tBTCUST","amount":"1.5","price":"30000"}])");
  flush();
  auto frames = out.take(1);
  ASSERT_THAT(frames.size(), testing::Ge(5u));
  EXPECT_THAT(frames[1], StartsWith(R"([0,"on")"));
  EXPECT_THAT(frames[2], StartsWith(R"([0,"te")"));
  EXPECT_THAT(frames[3], StartsWith(R"([0,"ou")"));
  EXPECT_THAT(frames[3], HasSubstr("\"PARTIALLY FILLED @ 30000(1)\""));
  EXPECT_THAT(frames[4], StartsWith(R"([0,"tu")"));
  say(1, R"([0,"oc",null,{"cid":555,"cid_date":"2023-11-14"}])");
  flush();
  frames = out.take(1);
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_THAT(frames[0], HasSubstr(R"("oc-req",null,null,[null,null,555,null],null,"SUCCESS")"));
  EXPECT_THAT(frames[1], HasSubstr("\"CANCELED was: PARTIALLY FILLED @ 30000(1)\""));
  say(1, R"([0,"oc",null,{"id":100000000001}])");
  EXPECT_THAT(out.take(1), ElementsAre(HasSubstr(R"(null,"ERROR","Order not found.")")));
}

TEST_F(BitfinexServerTest, cancelsEverythingWhenADeadMansConnectionDrops) {
  open(1);
  sign_in(1, false);
  open(2);
  sign_in(2, true);
  post("w/order/submit", submit_body);
  server.on_close(1);
  EXPECT_THAT(post("r/orders"), HasSubstr("ACTIVE"));
  server.on_close(2);
  EXPECT_EQ(post("r/orders"), "[]");
  server.on_close(2);  // nobody is there any more
}

TEST_F(BitfinexServerTest, refusesInTheVenuesOwnWords) {
  EXPECT_EQ(server.refuse(Refusal::RateLimit).status, 429);
  EXPECT_EQ(server.refuse(Refusal::RateLimit).body, R"(["error",11010,"ratelimit: error"])");
  EXPECT_EQ(server.refuse(Refusal::Ban).body, R"({"error":"ERR_RATE_LIMIT"})");
  EXPECT_EQ(server.refuse(Refusal::ServerError).status, 503);
  const auto told = server.refuse_order(Refusal::RateLimit, R"([0,"on",null,{"cid":5,"gid":4}])");
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(
      *told,
      R"([0,"n",[1700000000000,"on-req",null,null,[null,4,5,null],11010,"ERROR","ratelimit: error"]])");
  EXPECT_THAT(*server.refuse_order(Refusal::ServerError, R"([0,"oc",null,{"id":5}])"),
              HasSubstr(R"([5,null,null,null],10000,"FAILURE","ERR_UNK")"));
  EXPECT_FALSE(server.refuse_order(Refusal::Ban, R"({"event":"ping"})").has_value());
  EXPECT_FALSE(server.refuse_order(Refusal::Ban, R"([0,"calc",null,[]])").has_value());
}

}  // namespace
}  // namespace ats::venues::bitfinex
