#include "venues/binance/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "venues/binance/testing_exchange.hpp"

namespace ats::venues::binance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Trading : Conversation {
  Trading() {
    open(Channel::Trading);
    log.take();
  }
};

// --- market data ---

TEST(BinanceClient, SubscribesToDiffsAndTradesAndHearsThem) {
  Conversation talk;
  talk.open(Channel::MarketData);
  ASSERT_EQ(talk.sent.size(), 1u);
  EXPECT_EQ(talk.sent[0],
            R"({"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@trade",)"
            R"("ethusdt@depth@100ms","ethusdt@trade"],"id":1})");
  EXPECT_THAT(talk.log.take(), ElementsAre("heartbeat"));

  const Level bid{{6'000'000}, {5'000'000'000}};
  const Level ask{{6'000'001}, {1'000}};
  talk.server.on_book({InstrumentId{0}, 11, 12, talk.exchange.clock, {bid}, {}}, talk);
  talk.server.on_book({InstrumentId{0}, 13, 13, talk.exchange.clock, {}, {ask}}, talk);
  talk.server.on_trade({InstrumentId{1}, 7, Side::Sell, {250'000}, {1'000}, talk.exchange.clock},
                       talk);
  talk.tick();
  talk.tick();
  EXPECT_THAT(talk.log.take(), ElementsAre("trade 1 sell 250000:1000 #7",
                                           "delta 0 11..13 6000000:5000000000 | 6000001:1000"));
}

TEST(BinanceClient, AChangeThatTheExchangeLostShowsAsAGapInTheUpdateIds) {
  Conversation talk;
  talk.open(Channel::MarketData);
  talk.log.take();
  const auto change = [&](Sequence id) {
    talk.server.on_book({InstrumentId{0}, id, id, talk.exchange.clock, {{{100}, {1'000}}}, {}},
                        talk);
  };
  change(1);
  change(3);
  talk.tick();
  EXPECT_THAT(talk.log.take(), ElementsAre("delta 0 1..1 100:1000 |", "delta 0 3..3 100:1000 |"));
}

TEST(BinanceClient, ASnapshotIsAskedByRestAndAFailureIsTold) {
  Conversation talk;
  talk.exchange.image = {42, {{{6'000'000}, {1'000}}}, {{{6'000'100}, {2'000}}}};
  EXPECT_EQ(talk.client->request_snapshot(InstrumentId{0}, talk.now(), talk), SendOutcome::Sent);
  ASSERT_EQ(talk.rest.size(), 1u);
  EXPECT_EQ(talk.rest[0].second.target, "/api/v3/depth?symbol=BTCUSDT&limit=1000");
  talk.pump();
  EXPECT_THAT(talk.log.take(), ElementsAre("snapshot 0 42 6000000:1000 | 6000100:2000"));

  const auto ask = [&] { talk.client->request_snapshot(InstrumentId{1}, talk.now(), talk); };
  ask();
  talk.answer(500, "oops");
  ask();
  talk.answer(200, "{}");
  ask();
  talk.client->on_rest_failed(talk.rest[0].first, TransportError::TimedOut, talk.now(), talk.log,
                              talk);
  EXPECT_THAT(talk.log.take(), ElementsAre("fault 1 snapshot_failed", "fault 1 snapshot_failed",
                                           "fault 1 snapshot_failed"));
}

TEST(BinanceClient, ManySubscriptionsArePacedAndOneUnansweredMeansReconnect) {
  Universe universe = test_universe();
  std::vector<InstrumentId> all;
  for (int i = 0; i < 120; ++i) {
    Instrument more = universe.instrument(InstrumentId{0});
    more.symbol = Text<31>("C" + std::to_string(i) + "USDT");
    all.push_back(universe.add_instrument(more));
  }
  Conversation wires;
  SpotClient client({VenueId{0}, &universe, all, {}, "/stream"});
  Instant at{0};
  client.on_open(Channel::MarketData, {at, {}}, wires.log, wires);
  EXPECT_EQ(wires.to_server.size(), 1u);
  for (int i = 0; i < 10; ++i) {
    at = at + milliseconds(100);
    client.on_timer({at, {}}, wires.log, wires);
  }
  EXPECT_EQ(wires.to_server.size(), 3u) << "fifty instruments a message, 350 ms apart";
  client.on_text(Channel::MarketData, R"({"result":null,"id":1})", {at, {}}, wires.log, wires);
  client.on_timer({at + seconds(9), {}}, wires.log, wires);
  EXPECT_THAT(wires.reconnects, IsEmpty());
  client.on_timer({at + seconds(11), {}}, wires.log, wires);
  EXPECT_THAT(wires.reconnects, ElementsAre("market_data: subscription not answered"));
}

TEST(BinanceClient, ARefusedSubscriptionOrAnAnnouncedShutdownMeansReconnect) {
  Conversation talk;
  talk.open(Channel::MarketData);
  talk.log.take();
  talk.client->on_text(Channel::MarketData, R"({"error":{"code":2,"msg":"no"},"id":1})", talk.now(),
                       talk.log, talk);
  EXPECT_THAT(talk.log.take(), ElementsAre("fault all subscription_lost"));
  talk.server.set_fault(ServerFault::Maintenance, true);
  talk.tick();
  EXPECT_THAT(talk.reconnects, ElementsAre("market_data: subscription refused",
                                           "market_data: the venue announced its shutdown"));
  EXPECT_THAT(talk.closed, ElementsAre(std::pair(Conversation::market, 1001)));
}

// --- orders ---

TEST(BinanceClient, NoOrderLeavesBeforeTheAccountStreamStands) {
  Conversation talk;
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::NotConnected);
  talk.server.on_open(Conversation::trading, "/ws-api/v3", talk);
  talk.client->on_open(Channel::Trading, talk.now(), talk.log, talk);
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::NotConnected);
  talk.pump();
  EXPECT_THAT(talk.asked, ElementsAre("GET /api/v3/time"));
  ASSERT_EQ(talk.sent.size(), 1u);
  EXPECT_THAT(talk.sent[0], HasSubstr("userDataStream.subscribe.signature"));
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::Sent);
  EXPECT_TRUE(talk.log.lines.empty());
}

TEST(BinanceClient, AFilledOrderIsToldByStreamAndAnswerUnderTheSameFillId) {
  Trading talk;
  talk.exchange.fill_now = {10'000'000};
  talk.exchange.held = {{AssetId{1}, Decimal::of("1.5"), Decimal::of("0.5")}};
  EXPECT_EQ(talk.place(Conversation::order(77)), SendOutcome::Sent);
  talk.pump();
  EXPECT_THAT(
      talk.log.take(),
      ElementsAre("acked 77 as 1", "filled 77 #1 buy taker 6000000:10000000 fee 0.0001 of 1",
                  "ended 77 filled 10000000",  // the stream
                  "balance 1 1.5 held 0.5", "acked 77 as 1",
                  "filled 77 #1 buy taker 6000000:10000000 fee 0.0001 of 1",
                  "ended 77 filled 10000000"));  // the answer
  ASSERT_EQ(talk.exchange.placed.size(), 1u);
  const NewOrder& seen = talk.exchange.placed[0];
  EXPECT_EQ(seen.client_order_id, client_order_id({77}).view());
  EXPECT_EQ(seen.price.units, 6'000'000);
  EXPECT_EQ(seen.quantity.units, 10'000'000);
  EXPECT_EQ(seen.time_in_force, TimeInForce::Ioc);
  EXPECT_EQ(talk.client->counters().orders_sent, 1u);
}

TEST(BinanceClient, TheAnswerAloneTellsEverythingWhenTheStreamIsLost) {
  Trading talk;
  talk.deaf = true;
  talk.exchange.fill_now = {4'000'000};
  talk.place(Conversation::order(5, Side::Sell));
  talk.pump();
  EXPECT_THAT(talk.log.take(),
              ElementsAre("acked 5 as 1", "filled 5 #1 sell taker 6000000:4000000 fee 2.4 of 2",
                          "ended 5 cancelled 4000000"));
}

TEST(BinanceClient, ARestingOrderIsFilledAndCancelledLater) {
  Trading talk;
  talk.place(Conversation::order(9, Side::Buy, TimeInForce::Gtc));
  talk.pump();
  EXPECT_THAT(talk.log.take(), ElementsAre("acked 9 as 1", "acked 9 as 1"));
  talk.exchange.fill(1, {3'000'000});
  talk.pump();
  EXPECT_THAT(talk.log.take(),
              ElementsAre("filled 9 #1 buy maker 6000000:3000000 fee 0.00003 of 1"));
  EXPECT_EQ(talk.client->cancel({{9}, InstrumentId{0}, "1"}, talk.now(), talk), SendOutcome::Sent);
  talk.pump();
  EXPECT_THAT(talk.log.take(),
              ElementsAre("ended 9 cancelled 3000000", "ended 9 cancelled 3000000"));
  talk.client->cancel({{9}, InstrumentId{0}, "1"}, talk.now(), talk);
  talk.pump();
  EXPECT_THAT(talk.log.take(), ElementsAre("cancel rejected 9 other"));
}

TEST(BinanceClient, ARefusalSaysWhatCanBeDoneAboutIt) {
  Trading talk;
  const std::pair<PlaceFault, std::string> cases[] = {
      {PlaceFault::InsufficientFunds,
       "insufficient_funds: Account has insufficient balance for requested action."},
      {PlaceFault::InstrumentClosed, "instrument_closed: Market is closed."},
      {PlaceFault::UnknownInstrument, "instrument_closed: Invalid symbol."},
      {PlaceFault::LotFilter, "invalid_order: Filter failure: LOT_SIZE"},
      {PlaceFault::PriceBand, "invalid_order: Filter failure: PERCENT_PRICE_BY_SIDE"},
      {PlaceFault::MinNotional, "invalid_order: Filter failure: NOTIONAL"},
      {PlaceFault::DuplicateClientOrderId, "duplicate_id: Duplicate order sent."},
      {PlaceFault::WouldTake, "invalid_order: Order would immediately match and take."},
  };
  std::uint64_t id = 0;
  for (const auto& [fault, expected] : cases) {
    talk.exchange.refuse = fault;
    talk.place(Conversation::order(++id));
    talk.pump();
    EXPECT_THAT(talk.log.take(), ElementsAre("rejected " + std::to_string(id) + " " + expected));
  }
}

TEST(BinanceClient, AnswersThatDoNotSayWhatHappenedLeaveTheOrderUnknown) {
  Trading talk;
  const auto answered = [&](std::string_view rest_of_answer) {
    talk.place(Conversation::order(3));
    const std::string& frame = talk.to_server.back().second;
    const std::string id = frame.substr(6, frame.find(',') - 6);
    talk.to_server.clear();
    talk.hear(R"({"id":)" + id + "," + std::string(rest_of_answer) + "}");
    return talk.log.take();
  };
  const auto unknown = ElementsAre("unknown 3 venue_says_unknown");
  for (const int code : {-1000, -1001, -1006, -1007, -1008}) {
    EXPECT_THAT(
        answered(R"("status":400,"error":{"code":)" + std::to_string(code) + R"(,"msg":"?"})"),
        unknown);
  }
  // Each time the stream is left alone for a while; these orders are not to go by REST.
  EXPECT_THAT(answered(R"("status":500)"), unknown);
  talk.pass(seconds(5));
  EXPECT_THAT(answered(R"("status":503,"error":{"code":0,"msg":""})"), unknown);
  talk.pass(seconds(10));
  EXPECT_THAT(answered(R"("status":418)"), ElementsAre("rejected 3 rate_limited: "));
  talk.pass(seconds(60));
  EXPECT_THAT(answered(R"("status":200)"), unknown) << "a result without content";
  EXPECT_THAT(answered(R"("status":200,"result":{"orderId":7})"),
              ElementsAre("acked 3 as 7", "unknown 3 venue_says_unknown"));
  EXPECT_THAT(answered(R"("status":409,"error":{"code":-9999,"msg":"new"})"),
              ElementsAre("rejected 3 other: new"));
  EXPECT_THAT(answered(R"("status":400,"error":{"code":-1022,"msg":"Signature"})"),
              ElementsAre("rejected 3 auth_failed: Signature"));
  EXPECT_THAT(answered(R"("status":400,"error":{"code":-1100,"msg":"x"})"),
              ElementsAre("rejected 3 invalid_order: x"));
}

TEST(BinanceClient, AnUnansweredOrderIsUnknownAfterFiveSecondsAndALateAnswerCounts) {
  Trading talk;
  talk.exchange.fill_now = {10'000'000};
  talk.place(Conversation::order(4));
  talk.pass(milliseconds(4'999));
  talk.client->on_timer(talk.now(), talk.log, talk);
  EXPECT_THAT(talk.log.take(), IsEmpty());
  talk.pass(milliseconds(1));
  talk.client->on_timer(talk.now(), talk.log, talk);
  talk.client->on_timer(talk.now(), talk.log, talk);
  EXPECT_THAT(talk.log.take(), ElementsAre("unknown 4 timed_out")) << "told once";
  talk.deaf = true;
  talk.exchange.clock = talk.exchange.clock + seconds(-5);  // as if it had been on its way
  talk.pump();
  EXPECT_THAT(talk.log.take(),
              ElementsAre("acked 4 as 1", "filled 4 #1 buy taker 6000000:10000000 fee 0.0001 of 1",
                          "ended 4 filled 10000000"));
}

TEST(BinanceClient, WhatWasInFlightWhenTheConnectionBrokeIsUnknown) {
  Trading talk;
  talk.place(Conversation::order(6));
  talk.client->cancel({{8}, InstrumentId{0}, {}}, talk.now(), talk);
  talk.client->on_close(Channel::Trading, talk.now(), talk.log);
  EXPECT_THAT(talk.log.take(),
              ElementsAre("unknown 6 connection_lost", "unknown 8 connection_lost"));
  EXPECT_EQ(talk.place(Conversation::order(7)), SendOutcome::NotConnected);
  EXPECT_EQ(talk.client->cancel({{8}, InstrumentId{0}, {}}, talk.now(), talk), SendOutcome::Sent)
      << "by REST";
  talk.to_server.clear();
  talk.server.on_close(Conversation::trading);
  talk.open(Channel::Trading);
  EXPECT_EQ(talk.place(Conversation::order(7)), SendOutcome::Sent);
}

TEST(BinanceClient, OrdersThatCannotBeExpressedAreInvalid) {
  Trading talk;
  OrderRequest request = Conversation::order(1);
  request.instrument = InstrumentId{99};
  EXPECT_EQ(talk.place(request), SendOutcome::Invalid);
  request = Conversation::order(1);
  request.quantity = {};
  EXPECT_EQ(talk.place(request), SendOutcome::Invalid);
  request = Conversation::order(0);
  EXPECT_EQ(talk.place(request), SendOutcome::Invalid);
  EXPECT_THAT(talk.to_server, IsEmpty());
}

// --- queries ---

struct Query : Trading {
  std::vector<std::string> ask(std::uint64_t id) {
    EXPECT_EQ(client->query_order({{id}, InstrumentId{0}, {}}, now(), *this), SendOutcome::Sent);
    pump();
    return log.take();
  }
};

TEST(BinanceClient, AQueryTellsAllFillsBeforeWhereTheOrderStands) {
  Query talk;
  talk.place(Conversation::order(2, Side::Buy, TimeInForce::Gtc));
  talk.pump();
  talk.deaf = true;
  talk.exchange.fill(1, {1'000'000});
  talk.exchange.fill(1, {2'000'000});
  talk.log.take();
  EXPECT_THAT(talk.ask(2), ElementsAre("filled 2 #1 buy maker 6000000:1000000 fee 0.00001 of 1",
                                       "filled 2 #2 buy maker 6000000:2000000 fee 0.00002 of 1",
                                       "found 2 as 1 partly_filled 3000000"));
  EXPECT_THAT(talk.asked,
              ElementsAre("GET /api/v3/time", "GET /api/v3/order", "GET /api/v3/myTrades"));
}

TEST(BinanceClient, AnOrderThatTheVenueDoesNotKnowIsNotFound) {
  Query talk;
  EXPECT_THAT(talk.ask(123), ElementsAre("not found 123"));
}

TEST(BinanceClient, AnUnfilledOrderNeedsNoFills) {
  Query talk;
  talk.place(Conversation::order(2, Side::Buy, TimeInForce::Gtc));
  talk.place(Conversation::order(3));
  talk.pump();
  talk.log.take();
  EXPECT_THAT(talk.ask(2), ElementsAre("found 2 as 1 acked 0"));
  EXPECT_THAT(talk.ask(3), ElementsAre("found 3 as 2 cancelled 0"));
}

TEST(BinanceClient, AQueryThatCannotBeTrustedHasFailed) {
  Query talk;
  talk.exchange.fill_now = {10'000'000};
  talk.place(Conversation::order(2));
  talk.pump();
  talk.log.take();
  talk.exchange.hide_fills = true;
  EXPECT_THAT(talk.ask(2), ElementsAre("query failed 2")) << "the trades lag behind the order";
  const auto start = [&] {
    talk.client->query_order({{2}, InstrumentId{0}, {}}, talk.now(), talk);
  };
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
           {200, ""},
           {200, "[]"},
           {200, R"({"orderId":1,"status":"HALF_BAKED","executedQty":"0"})"},
           {200, R"({"orderId":1,"status":"NEW","executedQty":"0.000000001"})"},
           {500, "{}"},
           {403, "<html>"},
           {400, R"({"code":-2015,"msg":"Invalid API-key"})"}}) {
    start();
    talk.answer(status, body);
    EXPECT_THAT(talk.log.take(), ElementsAre("query failed 2")) << body;
  }
  start();
  talk.client->on_rest_failed(talk.rest.front().first, TransportError::ConnectionLost, talk.now(),
                              talk.log, talk);
  EXPECT_THAT(talk.log.take(), ElementsAre("query failed 2"));
}

TEST(BinanceClient, OpenOrdersThatAreNotOursAreForeign) {
  Trading talk;
  talk.place(Conversation::order(2, Side::Buy, TimeInForce::Gtc));
  talk.pump();
  NewOrder other;
  other.account = AccountId{1};
  other.instrument = InstrumentId{0};
  other.client_order_id = "web_1";
  other.price = {100};
  other.quantity = {1'000};
  EXPECT_TRUE(talk.exchange.place(other).ok());
  talk.log.take();
  talk.pump();
  EXPECT_THAT(talk.log.take(), ElementsAre("foreign 2")) << "from the stream";
  EXPECT_EQ(talk.client->query_open_orders(talk.now(), talk), SendOutcome::Sent);
  talk.pump();
  EXPECT_THAT(talk.log.take(), ElementsAre("found 2 as 1 acked 0", "foreign 2", "1 of ours open"));
  EXPECT_TRUE(talk.exchange.cancel(AccountId{1}, {2, ""}).ok());
  talk.pump();
  EXPECT_THAT(talk.log.take(), ElementsAre("foreign 2 is over"));
}

TEST(BinanceClient, BalancesAreToldWithTheirEndAndTheAccountsOwnFeesOnce) {
  Trading talk;
  talk.exchange.held = {{AssetId{1}, Decimal::of("2"), Decimal::of("0.5")},
                        {AssetId{2}, Decimal(), Decimal()}};
  EXPECT_EQ(talk.client->query_balances(talk.now(), talk), SendOutcome::Sent);
  talk.pump();
  EXPECT_THAT(talk.log.take(), ElementsAre("balance 1 2 held 0.5", "balances complete"));

  const auto rates = [&](std::string_view taker) {
    talk.client->query_balances(talk.now(), talk);
    talk.answer(200, R"({"commissionRates":{"maker":"0.001","taker":")" + std::string(taker) +
                         R"("},"balances":[]})");
    return talk.log.take();
  };
  EXPECT_THAT(rates("0.00075"), ElementsAre("balances complete", "instrument 0 taker 750000",
                                            "instrument 1 taker 750000"));
  EXPECT_THAT(rates("0.00075"), ElementsAre("balances complete"));

  talk.client->query_balances(talk.now(), talk);
  talk.answer(
      200, R"({"balances":[{"asset":"BTC","free":"1","locked":"0"},{"asset":"ETH","free":"x"}]})");
  EXPECT_THAT(talk.log.take(), ElementsAre("query failed 0")) << "none of it is told";
}

// --- clock, keys, limits ---

TEST(BinanceClient, TheVenuesClockIsLearntBeforeAnythingIsSigned) {
  Conversation talk;
  talk.skew_ms = 3'600'000;  // our clock is an hour behind
  talk.open(Channel::Trading);
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::Sent);
  talk.pump();
  EXPECT_THAT(talk.log.take(), testing::Contains("acked 1 as 1"));
}

TEST(BinanceClient, AClockThatCannotBeAskedIsAskedAgainAfterAWhileAndTradingBegins) {
  Conversation talk;
  talk.server.on_open(Conversation::trading, "/ws-api/v3", talk);
  talk.client->on_open(Channel::Trading, talk.now(), talk.log, talk);
  talk.client->on_rest_failed(talk.rest.front().first, TransportError::TimedOut, talk.now(),
                              talk.log, talk);
  talk.rest.clear();
  talk.pump();
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::Sent);
  talk.pump();
  for (int i = 0; i < 100; ++i) {
    talk.pass(milliseconds(100));
    talk.client->on_timer(talk.now(), talk.log, talk);
    EXPECT_THAT(talk.rest, IsEmpty());
  }
  talk.pass(milliseconds(100));
  talk.client->on_timer(talk.now(), talk.log, talk);
  EXPECT_EQ(talk.rest.size(), 1u);
}

TEST(BinanceClient, AClockThatDriftedRefusesOneOrderAndIsAskedForAgain) {
  Trading talk;
  talk.skew_ms = 10'000;
  talk.place(Conversation::order(1));
  talk.pump();
  EXPECT_THAT(talk.log.take(),
              ElementsAre("rejected 1 venue_busy: Timestamp for this request is outside of the "
                          "recvWindow."));
  talk.place(Conversation::order(2));
  talk.pump();
  EXPECT_THAT(talk.log.take(), testing::Contains("ended 2 cancelled 0"));
}

TEST(BinanceClient, WithAWrongSecretNothingIsSentAndTheConnectionIsTriedAnew) {
  Conversation talk({test_key, "wrong"});
  talk.open(Channel::Trading);
  EXPECT_THAT(talk.reconnects, ElementsAre("trading: account stream refused"));
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::NotConnected);
}

TEST(BinanceClient, AKeyThatCannotBeWrittenPlainlyIsNotUsed) {
  Conversation talk({"k\"ey", test_secret});
  talk.open(Channel::Trading);
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::NotConnected);
  EXPECT_EQ(talk.client->query_balances(talk.now(), talk), SendOutcome::NotConnected);
}

TEST(BinanceClient, OrdersStopAtTheVenuesCountAndCancelsGoOn) {
  Trading talk;
  int sent = 0;
  for (std::uint64_t id = 1; id <= 150; ++id) {
    if (talk.place(Conversation::order(id)) == SendOutcome::Sent) ++sent;
    talk.pump();
  }
  EXPECT_EQ(sent, 100);
  EXPECT_EQ(talk.client->cancel({{1}, InstrumentId{0}, {}}, talk.now(), talk), SendOutcome::Sent);
  EXPECT_EQ(talk.client->counters().rate_limited, 50u);
  EXPECT_EQ(talk.client->counters().rate_used, 100u);
  talk.pass(seconds(10));
  EXPECT_EQ(talk.place(Conversation::order(151)), SendOutcome::Sent);
}

TEST(BinanceClient, AfterARefusalForTooMuchNothingLeavesUntilTheTimeNamed) {
  Trading talk;
  talk.client->query_balances(talk.now(), talk);
  talk.answer(429, R"({"code":-1003,"msg":"Too much"})", {{"retry-after", "7"}});
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::RateLimited);
  EXPECT_EQ(talk.client->query_balances(talk.now(), talk), SendOutcome::RateLimited);
  talk.pass(seconds(7));
  EXPECT_EQ(talk.place(Conversation::order(1)), SendOutcome::Sent);
  const std::string frame = talk.to_server.back().second;
  const std::string id = frame.substr(6, frame.find(',') - 6);
  talk.to_server.clear();
  talk.log.take();
  const std::int64_t until = talk.exchange.clock.ns_utc / 1'000'000 + 60'000;
  talk.hear(R"({"id":)" + id +
            R"(,"status":418,"error":{"code":-1003,"msg":"banned","data":{"retryAfter":)" +
            std::to_string(until) + "}}}");
  EXPECT_THAT(talk.log.take(), ElementsAre("rejected 1 rate_limited: banned"));
  talk.pass(seconds(59));
  EXPECT_EQ(talk.client->cancel({{1}, InstrumentId{0}, {}}, talk.now(), talk),
            SendOutcome::RateLimited);
  talk.pass(seconds(1));
  EXPECT_EQ(talk.client->cancel({{1}, InstrumentId{0}, {}}, talk.now(), talk), SendOutcome::Sent);
}

// --- the account stream ---

TEST(BinanceClient, AnEndedStreamOrARevokedKeyMeansReconnect) {
  Trading talk;
  EXPECT_EQ(talk.hear(R"({"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}})"),
            FrameOutcome::Decoded);
  EXPECT_EQ(talk.hear(R"({"id":null,"status":401,"error":{"code":-2015,"msg":"revoked"}})"),
            FrameOutcome::Decoded);
  EXPECT_EQ(talk.hear(R"({"subscriptionId":0,"event":{"e":"balanceUpdate","E":1}})"),
            FrameOutcome::Ignored);
  EXPECT_EQ(talk.hear(R"({"subscriptionId":0,"event":{"e":"brandNew","E":1}})"),
            FrameOutcome::UnknownKind);
  EXPECT_THAT(talk.reconnects, ElementsAre("trading: eventStreamTerminated",
                                           "trading: the venue refused the connection's requests"));
}

TEST(BinanceClient, AFillWhoseNumbersCannotBeReadMakesTheOrderUnknown) {
  Trading talk;
  const std::string id(client_order_id({12}).view());
  EXPECT_EQ(
      talk.hear(
          R"({"event":{"e":"executionReport","E":1,"s":"BTCUSDT","c":")" + id +
          R"(","S":"BUY","x":"TRADE","X":"PARTIALLY_FILLED","i":5,"l":"0.1","z":"0.1","L":"60000.001","n":"0","N":null,"T":1,"t":7,"m":false}})"),
      FrameOutcome::Malformed);
  EXPECT_THAT(talk.log.take(), ElementsAre("unknown 12 venue_says_unknown"));
  EXPECT_THAT(talk.reconnects, ElementsAre("trading: unreadable event"));
}

TEST(BinanceClient, AFeeTakenInBnbIsBookedInBnb) {
  Trading talk;
  const std::string id(client_order_id({12}).view());
  talk.hear(
      R"({"event":{"e":"executionReport","E":1,"s":"BTCUSDT","c":")" + id +
      R"(","S":"SELL","x":"TRADE","X":"FILLED","i":5,"l":"0.1","z":"0.1","L":"60000","n":"0.00710000","N":"BNB","T":1,"t":7,"m":true}})");
  EXPECT_THAT(talk.log.take(),
              ElementsAre("filled 12 #7 sell maker 6000000:10000000 fee 0.0071 of 0",
                          "ended 12 filled 10000000"));
}

TEST(BinanceClient, FlippedBytesNeverCrashAndUnreadableOnesAreNotIgnored) {
  Trading talk;
  talk.exchange.fill_now = {10'000'000};
  talk.exchange.held = {{AssetId{1}, Decimal::of("1.5"), Decimal::of("0.5")}};
  talk.place(Conversation::order(77));
  talk.pump();
  const std::vector<std::string> frames = talk.heard;
  ASSERT_GE(frames.size(), 4u);
  Rng rng(11);
  for (const std::string& frame : frames) {
    for (int i = 0; i < 3'000; ++i) {
      std::string spoilt = frame;
      spoilt[rng.below(spoilt.size())] = static_cast<char>(rng.next());
      talk.reconnects.clear();
      if (talk.hear(spoilt) == FrameOutcome::Malformed) {
        const bool told = !talk.reconnects.empty() || !talk.log.lines.empty();
        EXPECT_TRUE(told) << spoilt;
      }
      talk.log.take();
    }
    for (std::size_t size = 0; size < frame.size(); ++size) {
      EXPECT_EQ(talk.hear(std::string_view(frame).substr(0, size)), FrameOutcome::Malformed);
    }
  }
}

// --- signed bytes ---

TEST(BinanceRequests, OrdersAreSignedOverTheirSortedParameters) {
  const Universe universe = test_universe();
  Requests requests({test_key, test_secret});
  const std::string_view frame = requests.place(
      17, Conversation::order(1), universe.instrument(InstrumentId{0}), 1'645'423'376'532);
  const std::string payload =
      std::string("apiKey=") + test_key +
      "&newClientOrderId=ats-0000000000001&newOrderRespType=FULL&price=60000&quantity=0.1"
      "&recvWindow=2000&side=BUY&symbol=BTCUSDT&timeInForce=IOC&timestamp=1645423376532&type=LIMIT";
  EXPECT_EQ(requests.payload(), payload);
  security::HmacSigner signer(security::HashKind::Sha256, test_secret);
  std::uint8_t digest[32];
  signer.sign(payload, digest);
  char hex[64];
  security::to_hex(digest, hex);
  EXPECT_EQ(frame, R"({"id":17,"method":"order.place","params":{"apiKey":")" +
                       std::string(test_key) +
                       R"(","newClientOrderId":"ats-0000000000001","newOrderRespType":"FULL",)"
                       R"("price":"60000","quantity":"0.1","recvWindow":2000,"side":"BUY",)"
                       R"("symbol":"BTCUSDT","timeInForce":"IOC","timestamp":1645423376532,)"
                       R"("type":"LIMIT","signature":")" +
                       std::string(hex, 64) + R"("}})");
}

}  // namespace
}  // namespace ats::venues::binance
