#include "venues/coinbase/client.hpp"

#include "venues/coinbase/testing_client.hpp"

namespace ats::venues::coinbase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// --- market data ---

TEST_F(CoinbaseClientTest, subscribesToHeartbeatsBooksAndPrintsByTheBooksNames) {
  client->on_open(Channel::MarketData, now(), log, sent);
  EXPECT_THAT(
      sent.market,
      ElementsAre(R"({"type":"subscribe","channel":"heartbeats"})",
                  R"({"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"})",
                  R"({"type":"subscribe","product_ids":["BTC-USD"],"channel":"market_trades"})"));
  EXPECT_TRUE(client->ready(Channel::MarketData));
}

TEST_F(CoinbaseClientTest, resubscribesTogetherAndNoFasterThanTheVenueAllows) {
  EXPECT_EQ(client->resubscribe(btc, now(), sent), SendOutcome::Sent);
  EXPECT_THAT(sent.market, IsEmpty());  // opening will
  client->on_open(Channel::MarketData, now(), log, sent);
  sent.market.clear();
  EXPECT_EQ(client->resubscribe(btc, now(), sent), SendOutcome::Sent);
  EXPECT_THAT(sent.market,
              ElementsAre(R"({"type":"unsubscribe","product_ids":["BTC-USD"],"channel":"level2"})",
                          R"({"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"})"));
  sent.market.clear();
  client->resubscribe(usdc, now(), sent);
  client->resubscribe(btc, now(), sent);
  EXPECT_THAT(sent.market, IsEmpty());  // one message is left of six
  pass(seconds(1));
  EXPECT_THAT(sent.market, SizeIs(2));  // both, once
  pass(seconds(1));
  EXPECT_THAT(sent.market, SizeIs(2));
}

TEST_F(CoinbaseClientTest, tellsWhichBooksARefusedSubscriptionLost) {
  client->on_open(Channel::MarketData, now(), log, sent);
  text(Channel::MarketData, R"({"type":"error","message":"BTC-USD is not a valid product"})");
  ASSERT_EQ(log.all<BookFault>().size(), 2u);
  EXPECT_EQ(log.all<BookFault>()[0].reason, BookFaultReason::SubscriptionLost);
  log.events.clear();
  client->resubscribe(btc, now(), sent);
  text(
      Channel::MarketData,
      R"({"channel":"subscriptions","timestamp":"2026-08-09T21:05:48Z","sequence_num":0,"events":[{"subscriptions":{"level2":["BTC-USD"]}}]})");
  text(Channel::MarketData, R"({"type":"error","message":"something else"})");
  EXPECT_THAT(log.all<BookFault>(), IsEmpty());
}

TEST_F(CoinbaseClientTest, countsTheMessagesOfEachConnectionAnew) {
  const auto heartbeat = [](int n) {
    return R"({"channel":"heartbeats","timestamp":"2026-08-09T21:05:48Z","sequence_num":)" +
           std::to_string(n) + R"(,"events":[{"current_time":"x","heartbeat_counter":1}]})";
  };
  client->on_open(Channel::MarketData, now(), log, sent);
  text(Channel::MarketData, heartbeat(0));
  text(Channel::MarketData, heartbeat(2));
  EXPECT_EQ(log.only<BookFault>().reason, BookFaultReason::SequenceGap);
  client->on_close(Channel::MarketData, now(), log);
  log.events.clear();
  client->on_open(Channel::MarketData, now(), log, sent);
  text(Channel::MarketData, heartbeat(0));
  EXPECT_THAT(log.all<BookFault>(), IsEmpty());
  EXPECT_EQ(client->counters().frames[0], 3u);
}

// --- the trading channel ---

TEST_F(CoinbaseClientTest, placesNothingBeforeTheUserChannelStands) {
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::NotConnected);
  client->on_open(Channel::Trading, now(), log, sent);
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::NotConnected);
  EXPECT_EQ(answer(R"({"epochMillis":"1700000003000"})").header("Authorization"), nullptr);
  ASSERT_THAT(sent.trading, SizeIs(2));
  EXPECT_THAT(sent.trading[0], StartsWith(R"({"type":"subscribe","channel":"user","jwt":"ey)"));
  EXPECT_THAT(sent.trading[1],
              StartsWith(R"({"type":"subscribe","channel":"heartbeats","jwt":"ey)"));
  // The venue's clock is three seconds ahead.
  const std::size_t begin = sent.trading[0].find("ey");
  const auto token =
      security::read_jwt(sent.trading[0].substr(begin, sent.trading[0].rfind('"') - begin));
  ASSERT_TRUE(token.has_value());
  EXPECT_THAT(token->payload, HasSubstr(R"("nbf":1700000003)"));
  EXPECT_FALSE(client->ready(Channel::Trading));
  text(
      Channel::Trading,
      R"({"channel":"subscriptions","timestamp":"2026-04-07T14:30:00Z","sequence_num":0,"events":[{"subscriptions":{"user":["someone"]}}]})");
  EXPECT_TRUE(client->ready(Channel::Trading));
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::Sent);
}

TEST_F(CoinbaseClientTest, opensAnewWhenTheUserChannelIsNotAcknowledged) {
  client->on_open(Channel::Trading, now(), log, sent);
  fail_rest(TransportError::TimedOut);  // the clock we have will do
  ASSERT_THAT(sent.trading, SizeIs(2));
  text(Channel::Trading, R"({"type":"error","message":"authentication failure"})");
  EXPECT_THAT(sent.reconnected, IsEmpty());
  pass(seconds(10));
  EXPECT_THAT(sent.reconnected, ElementsAre(Channel::Trading));
}

TEST_F(CoinbaseClientTest, learnsTheAccountsFees) {
  make_ready();
  pass(seconds(3600));
  EXPECT_EQ(answer(R"({"fee_tier":{"taker_fee_rate":"0.0016","maker_fee_rate":"0.0008"}})").target,
            "/api/v3/brokerage/transaction_summary");
  const auto changed = log.all<InstrumentChanged>();
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed[0].instrument.fees.taker, Rate::bps(16));
  EXPECT_EQ(changed[0].instrument.fees.maker, Rate::bps(8));
}

TEST_F(CoinbaseClientTest, sendsEachKindOfOrderAsTheVenueNamesIt) {
  make_ready();
  place(1);
  const HttpRequest ioc = answer(accepted);
  EXPECT_EQ(ioc.method, "POST");
  EXPECT_EQ(ioc.target, "/api/v3/brokerage/orders");
  EXPECT_EQ(
      ioc.body,
      R"({"client_order_id":")" + client_id(1) +
          R"(","product_id":"BTC-USD","side":"BUY","order_configuration":{"sor_limit_ioc":{"base_size":"0.01","limit_price":"68950.5"}}})");
  ASSERT_NE(ioc.header("Authorization"), nullptr);
  const auto token = security::read_jwt(ioc.header("Authorization")->substr(7));
  ASSERT_TRUE(token.has_value());
  EXPECT_THAT(token->payload,
              HasSubstr(R"("uri":"POST api.coinbase.com/api/v3/brokerage/orders")"));
  client->place(order(2, TimeInForce::Gtc), now(), sent);
  EXPECT_THAT(
      answer(accepted).body,
      HasSubstr(
          R"({"limit_limit_gtc":{"base_size":"0.01","limit_price":"68950.5","post_only":false}})"));
  OrderRequest sale = order(3, TimeInForce::Fok);
  sale.side = Side::Sell;
  sale.instrument = usdc;
  client->place(sale, now(), sent);
  EXPECT_THAT(
      answer(accepted).body,
      HasSubstr(
          R"("product_id":"BTC-USDC","side":"SELL","order_configuration":{"limit_limit_fok":{)"));
  OrderRequest off = order(4);
  off.quantity = {};
  EXPECT_EQ(client->place(off, now(), sent), SendOutcome::Invalid);
  EXPECT_EQ(client->counters().orders_sent, 3u);
}

TEST_F(CoinbaseClientTest, tellsAnOrdersLifeFromAnswerUserChannelAndFills) {
  make_ready();
  place_and_ack(1);
  order_news(1, "PENDING", "0");
  order_news(1, "OPEN", "0");
  EXPECT_THAT(log.all<OrderAcked>(), IsEmpty());  // told once
  order_news(1, "OPEN", "0.004");
  ASSERT_THAT(sent.rest, SizeIs(1));
  EXPECT_EQ(sent.rest[0].request.target,
            std::string("/api/v3/brokerage/orders/historical/fills?order_ids=") + venue_id +
                "&limit=250");
  order_news(1, "FILLED", "0.01");
  EXPECT_THAT(sent.rest, SizeIs(1));  // one question at a time
  EXPECT_EQ(log.only<OrderEnded>().state, OrderState::Filled);
  EXPECT_EQ(log.only<OrderEnded>().filled, Quantity{1000000});
  answer(R"({"fills":[)" + fill(1, "68950", "0.004") + R"(],"cursor":""})");
  const Fill first = log.only<OrderFilled>().fill;
  EXPECT_EQ(first.id.view(), "trade-1");
  EXPECT_EQ(first.price, Price{6895000});
  EXPECT_EQ(first.quantity, Quantity{400000});
  EXPECT_EQ(first.fee, Decimal::of("1.14"));
  EXPECT_EQ(universe.asset(first.fee_asset).name.view(), "USD");
  EXPECT_EQ(first.liquidity, Liquidity::Taker);
  pass(seconds(1));  // the rest was counted but not listed yet
  ASSERT_THAT(sent.rest, SizeIs(1));
  answer(R"({"fills":[)" + fill(2, "68950.5", "0.006") + "," + fill(1, "68950", "0.004") +
         R"(],"cursor":""})");
  ASSERT_EQ(log.all<OrderFilled>().size(), 2u);
  EXPECT_EQ(log.all<OrderFilled>()[1].fill.id.view(), "trade-2");
  pass(seconds(60));
  EXPECT_THAT(sent.rest, IsEmpty());
  // A replay after a reconnection says nothing new.
  order_news(1, "FILLED", "0.01");
  EXPECT_EQ(log.all<OrderEnded>().size(), 1u);
  EXPECT_THAT(sent.rest, IsEmpty());
}

TEST_F(CoinbaseClientTest, readsFillsPageByPage) {
  make_ready();
  place_and_ack(1);
  order_news(1, "FILLED", "0.01");
  answer(R"({"fills":[)" + fill(2, "68950", "0.006") + R"(],"cursor":"next page"})");
  EXPECT_THAT(log.all<OrderFilled>(), IsEmpty());
  ASSERT_THAT(sent.rest, SizeIs(1));
  EXPECT_THAT(sent.rest[0].request.target, HasSubstr("&cursor=next%20page"));
  answer(R"({"fills":[)" + fill(1, "68950", "0.004") + R"(],"cursor":""})");
  ASSERT_EQ(log.all<OrderFilled>().size(), 2u);
  EXPECT_EQ(log.all<OrderFilled>()[0].fill.id.view(), "trade-1");  // oldest first
}

TEST_F(CoinbaseClientTest, hearsOfAnOrderBeforeItsAnswer) {
  make_ready();
  place(1);
  order_news(1, "CANCELLED", "0");
  EXPECT_EQ(log.only<OrderAcked>().venue_order_id.view(), venue_id);
  EXPECT_EQ(log.only<OrderEnded>().state, OrderState::Cancelled);
  answer(accepted);
  EXPECT_EQ(log.all<OrderAcked>().size(), 1u);
}

TEST_F(CoinbaseClientTest, mapsRefusalsToWhatCanBeDoneAboutThem) {
  make_ready();
  std::uint32_t n = 0;
  const auto refusal = [&](const std::string& error, const std::string& more = "") {
    log.events.clear();
    place(++n);
    answer(
        R"({"success":false,"failure_reason":"UNKNOWN_FAILURE_REASON","order_id":"","error_response":{"error":")" +
        error + R"(","message":"words")" + more + "}}");
    pass(seconds(1));
    return log.only<OrderRejected>().reason;
  };
  EXPECT_EQ(refusal("INSUFFICIENT_FUND"), RejectReason::InsufficientFunds);
  EXPECT_EQ(log.only<OrderRejected>().message.view(), "words");
  EXPECT_EQ(refusal("INVALID_SIZE_PRECISION"), RejectReason::InvalidOrder);
  EXPECT_EQ(refusal("INVALID_LIMIT_PRICE_POST_ONLY"), RejectReason::InvalidOrder);
  EXPECT_EQ(refusal("INVALID_NO_LIQUIDITY"), RejectReason::Other);
  EXPECT_EQ(refusal("ORDER_ENTRY_DISABLED"), RejectReason::InstrumentClosed);
  EXPECT_EQ(refusal("A_NEW_WORD"), RejectReason::Other);
  EXPECT_EQ(
      refusal("UNKNOWN_FAILURE_REASON", R"(,"preview_failure_reason":"PREVIEW_INSUFFICIENT_FUND")"),
      RejectReason::InsufficientFunds);
  EXPECT_EQ(
      refusal("UNKNOWN_FAILURE_REASON", R"(,"new_order_failure_reason":"UNTRADABLE_PRODUCT")"),
      RejectReason::InstrumentClosed);
}

TEST_F(CoinbaseClientTest, mapsHttpErrorsToWhatTheyProve) {
  make_ready();
  std::uint32_t n = 0;
  const auto refusal = [&](int status, const std::string& body) {
    log.events.clear();
    sent.rest.clear();
    place(++n);
    answer(body, status);
    pass(seconds(61));
    return log.only<OrderRejected>().reason;
  };
  EXPECT_EQ(refusal(401, "Unauthorized"), RejectReason::AuthFailed);
  EXPECT_EQ(
      refusal(403, R"({"error":"PERMISSION_DENIED","error_details":"Missing required scopes"})"),
      RejectReason::AuthFailed);
  EXPECT_EQ(refusal(400, R"({"error":"INVALID_ARGUMENT","code":3,"message":"bad","details":[]})"),
            RejectReason::InvalidOrder);
  EXPECT_EQ(refusal(400, R"({"error":"unknown","message":"account is not available"})"),
            RejectReason::InsufficientFunds);
  EXPECT_EQ(refusal(429, R"({"errors":[{"id":"rate_limit_exceeded","message":"Too many"}]})"),
            RejectReason::RateLimited);
  for (const int status : {500, 503, 200}) {
    log.events.clear();
    sent.rest.clear();
    place(++n);
    answer(R"({"errors":[{"id":"internal_server_error","message":"Internal"}]})", status);
    EXPECT_THAT(log.all<OrderRejected>(), IsEmpty());
    EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::VenueSaysUnknown);
  }
}

TEST_F(CoinbaseClientTest, neverGuessesWhenNoAnswerComes) {
  make_ready();
  place(1);
  fail_rest(TransportError::TimedOut);
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::TimedOut);
  log.events.clear();
  place(2);
  fail_rest(TransportError::ConnectionLost);
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::ConnectionLost);
  log.events.clear();
  place(3);
  fail_rest(TransportError::NotSent);
  EXPECT_EQ(log.only<OrderNotSent>().order, make_order_id(1, 3));
  log.events.clear();
  for (const char* body :
       {"", "{}", R"({"success":true})", R"({"success":false})",
        R"({"success":false,"error_response":{"error":"COMMANDER_REJECTED_NEW_ORDER"}})"}) {
    log.events.clear();
    pass(seconds(1));
    place(4);
    answer(body);
    EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::VenueSaysUnknown) << body;
  }
}

// --- what the trading stream may do to us ---

TEST_F(CoinbaseClientTest, makesLiveOrdersUnknownWhenMessagesAreMissing) {
  make_ready();
  place_and_ack(1);
  place_and_ack(2);
  order_news(2, "CANCELLED", "0");
  log.events.clear();
  ++sequence;
  order_news(9, "OPEN", "0");
  EXPECT_EQ(log.only<OrderAcked>().order, make_order_id(1, 9));  // what came is true
  const auto unknown = log.all<OrderUnknown>();
  ASSERT_EQ(unknown.size(), 2u);
  EXPECT_EQ(unknown[0].order, make_order_id(1, 1));
  EXPECT_THAT(sent.reconnected, ElementsAre(Channel::Trading));
  sequence = 3;
  order_news(1, "FILLED", "0");  // late: older than what is known
  EXPECT_EQ(outcome, FrameOutcome::Ignored);
}

TEST_F(CoinbaseClientTest, asksAboutLiveOrdersWhenANewConnectionStands) {
  make_ready();
  place_and_ack(1);
  place(2);  // its answer is still on its way
  client->on_close(Channel::Trading, now(), log);
  EXPECT_EQ(client->place(order(3), now(), sent), SendOutcome::NotConnected);
  answer(accepted);
  log.events.clear();
  client->on_open(Channel::Trading, now(), log, sent);
  answer(R"({"epochMillis":"1700000000000"})");
  sequence = 0;
  user(R"("type":"snapshot","orders":[])");
  EXPECT_EQ(log.all<OrderUnknown>().size(), 2u);
}

TEST_F(CoinbaseClientTest, survivesFramesThatCannotBeRead) {
  make_ready();
  place_and_ack(1);
  const std::string good =
      R"({"channel":"user","timestamp":"2026-04-07T14:30:06Z","sequence_num":7,"events":[{"type":"update","orders":[)" +
      user_order(client_id(1), "OPEN", "0") + "]}]}";
  for (std::size_t size = 0; size < good.size(); ++size) {
    log.events.clear();
    text(Channel::Trading, good.substr(0, size));
    EXPECT_EQ(outcome, FrameOutcome::Malformed);
    EXPECT_EQ(log.all<OrderUnknown>().size(), 1u);
  }
  text(Channel::Trading, R"({"type":"something"})");
  EXPECT_EQ(outcome, FrameOutcome::UnknownKind);
  text(Channel::Trading, R"({"channel":"user","sequence_num":1,"events":[{"type":"update"}]})");
  EXPECT_EQ(outcome, FrameOutcome::Malformed);
  sequence = 2;
  order_news(1, "SOMETHING_NEW", "0");
  EXPECT_EQ(log.all<OrderUnknown>().back().reason, UnknownReason::VenueSaysUnknown);
}

TEST_F(CoinbaseClientTest, tellsOfOrdersThatAreNotOurs) {
  make_ready();
  user(R"("type":"update","orders":[)" + user_order("by hand", "OPEN", "0") + "]");
  EXPECT_EQ(log.only<ForeignOrder>().venue_order_id.view(), venue_id);
  log.events.clear();
  user(R"("type":"update","orders":[)" + user_order("by hand", "CANCELLED", "0") + "]");
  EXPECT_FALSE(log.only<ForeignOrder>().open);
  log.events.clear();
  order_news(1, "FAILED", "0");
  EXPECT_EQ(log.only<OrderRejected>().order, make_order_id(1, 1));
}

}  // namespace
}  // namespace ats::venues::coinbase
