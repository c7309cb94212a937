// Amendments in the venue's own words, both ways; frames as its documents show them, ids replaced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "venues/kraken/auth.hpp"
#include "venues/kraken/client.hpp"
#include "venues/kraken/metadata.hpp"
#include "venues/kraken/server.hpp"
#include "venues/kraken/testing_exchange.hpp"
#include "venues/testing_amend.hpp"

namespace ats::venues::kraken {
namespace {

using testing::HasSubstr;

class KrakenAmendTest : public testing::Test, protected LoneClient {
 protected:
  static constexpr const char* id = "OK4GJX-KSTLS-7DZZO5";

  explicit KrakenAmendTest(std::optional<OrderRoute> route = OrderRoute::Stream) {
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
    ClientSetup setup;
    setup.venue = venue;
    setup.universe = &universe;
    setup.instruments = {btc};
    setup.credentials = {"key", "c2VjcmV0"};
    setup.cancel_on_death = false;
    setup.order_route = route;
    client = make_client(setup);
    client->on_open(Channel::Trading, now(), *this, *this);
    answer(R"({"error":[],"result":{"token":"TOKEN","expires":900}})");
    hear(R"({"method":"subscribe","result":{"channel":"executions"},"success":true,"req_id":1})");
    hear(R"({"method":"subscribe","result":{"channel":"balances"},"success":true,"req_id":2})");
    hear(R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})");
    order.id = make_order_id(1, 1);
    order.instrument = btc;
    order.time_in_force = TimeInForce::Gtc;
    order.post_only = true;
    order.price = {300000};
    order.quantity = {1000000};
    EXPECT_EQ(client->place(order, now(), *this), SendOutcome::Sent);
    if (route == OrderRoute::Stream)
      hear(
          R"({"method":"add_order","req_id":3,"result":{"order_id":"OK4GJX-KSTLS-7DZZO5"},"success":true})");
    else
      answer(R"({"error":[],"result":{"txid":["OK4GJX-KSTLS-7DZZO5"]}})");
    elapsed = seconds(20);
    events.clear();
    trading.clear();
    rest.clear();
  }
  std::string refusal(const std::string& error) const {
    return R"({"error":")" + error + R"(","method":"amend_order","req_id":4,"success":false})";
  }

  Universe universe;
  VenueId venue;
  InstrumentId btc;
  OrderRequest order;
  const OrderTerms terms{{301005}, {1200000}};
};

TEST_F(KrakenAmendTest, IsOneFrameWithTheTotalTheLimitAndPostOnly) {
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  ASSERT_EQ(trading.size(), 1u);
  EXPECT_EQ(
      trading[0],
      R"({"method":"amend_order","params":{"order_id":"OK4GJX-KSTLS-7DZZO5","order_qty":0.01200000,"limit_price":30100.5,"post_only":true,"token":"TOKEN"},"req_id":4})");
  EXPECT_TRUE(events.empty());
  ASSERT_EQ(amend(order, terms, ""), SendOutcome::Sent);
  EXPECT_THAT(trading[1], HasSubstr("\"params\":{\"cl_ord_id\":\"" +
                                    std::string(client_order_id(order.id).view()) + "\","));
}

TEST_F(KrakenAmendTest, IsToldByItsAnswerAndByTheEntryOfTheStreamInEitherOrder) {
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  hear(
      R"({"channel":"executions","type":"update","data":[{"timestamp":"2024-07-26T13:39:04.923Z","order_status":"new","exec_type":"amended","amended":true,"reason":"User requested","order_userref":0,"order_id":"OK4GJX-KSTLS-7DZZO5","cum_qty":0,"order_qty":0.012,"limit_price":30100.5}],"sequence":2})");
  EXPECT_EQ(outcome, FrameOutcome::Decoded);
  hear(
      R"({"method":"amend_order","req_id":4,"result":{"amend_id":"TTW6PD-RC36L-ZZSWNU","order_id":"OK4GJX-KSTLS-7DZZO5"},"success":true,"time_in":"2024-07-26T13:39:04.922699Z","time_out":"2024-07-26T13:39:04.924912Z"})");
  const auto told = all<OrderAmended>();
  ASSERT_EQ(told.size(), 2u);
  for (const OrderAmended& each : told) {
    EXPECT_EQ(each.order, order.id);
    EXPECT_EQ(each.terms, terms);
    EXPECT_EQ(each.venue_order_id, id);
  }
  EXPECT_EQ(events.size(), 2u);
}

TEST_F(KrakenAmendTest, ARefusalSaysWhyAndTheOrderLivesOn) {
  const std::pair<const char*, RejectReason> refusals[] = {
      {"EOrder:Post only order", RejectReason::InvalidOrder},
      {"EOrder:Insufficient funds", RejectReason::InsufficientFunds},
      {"EOrder:Rate limit exceeded", RejectReason::RateLimited},
      {"EOrder:Unknown order", RejectReason::Other},
  };
  std::uint64_t number = 3;
  for (const auto& [error, reason] : refusals) {
    events.clear();
    pass(seconds(60));
    ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
    hear(std::string(R"({"error":")") + error + R"(","method":"amend_order","req_id":)" +
         std::to_string(++number) + R"(,"success":false})");
    // A ping was sent meanwhile, under a number of its own.
    if (all<AmendRejected>().empty()) {
      hear(std::string(R"({"error":")") + error + R"(","method":"amend_order","req_id":)" +
           std::to_string(++number) + R"(,"success":false})");
    }
    ASSERT_EQ(all<AmendRejected>().size(), 1u) << error;
    EXPECT_EQ(all<AmendRejected>()[0].reason, reason);
    EXPECT_EQ(all<AmendRejected>()[0].message.view(), error);
    EXPECT_TRUE(all<OrderRejected>().empty() && all<OrderEnded>().empty());
  }
}

TEST_F(KrakenAmendTest, WhatSaysNothingIsUnknown) {
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  hear(refusal("EService:Unavailable"));
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);
  EXPECT_TRUE(all<AmendRejected>().empty());
  events.clear();
  pass(seconds(30));
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  pass(seconds(6));
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);
  EXPECT_EQ(all<OrderUnknown>()[0].reason, UnknownReason::TimedOut);
  events.clear();
  pass(seconds(30));
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  client->on_close(Channel::Trading, now(), *this);
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);
  EXPECT_EQ(all<OrderUnknown>()[0].reason, UnknownReason::ConnectionLost);
  EXPECT_EQ(amend(order, terms, id), SendOutcome::NotConnected);
}

TEST_F(KrakenAmendTest, AnEntryWithoutTermsOrOffTheGridIsNoneToTrust) {
  hear(
      R"({"channel":"executions","type":"update","data":[{"timestamp":"2024-07-26T13:39:04.923Z","exec_type":"amended","order_id":"OK4GJX-KSTLS-7DZZO5","limit_price":30100.55,"order_qty":0.012}],"sequence":2})");
  EXPECT_EQ(outcome, FrameOutcome::NumberFault);
  EXPECT_TRUE(all<OrderAmended>().empty());
  EXPECT_FALSE(all<OrderUnknown>().empty()) << "what lives may have changed";
}

// The venue's published example: add, amend after 7 s, cancel 36 s after that: 1 + (1 + 2) + 4.
TEST_F(KrakenAmendTest, CostsWhatTheVenueCountsAndMakesTheOrderYoung) {
  EXPECT_EQ(place_cost + amend_cost(seconds(7)) + cancel_cost(seconds(36)), 8'000);
  EXPECT_EQ(amend_cost(seconds(1)), 4'000);
  EXPECT_EQ(amend_cost(seconds(12)), 2'000);
  EXPECT_EQ(amend_cost(seconds(15)), 1'000);
  // Nothing decays within a moment: each of a young order costs four, and 16 are kept for cancels.
  int amended = 0;
  while (amend(order, terms, id) == SendOutcome::Sent) ++amended;
  EXPECT_EQ(amended, 1 + (125 - 16 - 1) / 4) << "the first was of an older one";
  EXPECT_EQ(client->cancel({order.id, btc, VenueOrderId(id)}, now(), *this), SendOutcome::Sent);
}

class KrakenAmendByRestTest : public KrakenAmendTest {
 protected:
  KrakenAmendByRestTest() : KrakenAmendTest(OrderRoute::Rest) {}
};

TEST_F(KrakenAmendByRestTest, IsAFormAndItsAnswerTellsTheSame) {
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].target, "/0/private/AmendOrder");
  EXPECT_THAT(rest[0].body,
              HasSubstr("txid=OK4GJX-KSTLS-7DZZO5&order_qty=0.01200000&limit_price=30100.5"
                        "&post_only=true"));
  answer(R"({"error":[],"result":{"amend_id":"TEKPKP-ZGGYV-MIOHZ4"}})");
  ASSERT_EQ(all<OrderAmended>().size(), 1u);
  EXPECT_EQ(all<OrderAmended>()[0].terms, terms);
}

TEST_F(KrakenAmendByRestTest, ARefusalIsOneAndNoAnswerIsUnknown) {
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  answer(R"({"error":["EOrder:Post only order"]})");
  ASSERT_EQ(all<AmendRejected>().size(), 1u);
  EXPECT_EQ(all<AmendRejected>()[0].reason, RejectReason::InvalidOrder);
  events.clear();
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  client->on_rest_failed(tags.back(), TransportError::TimedOut, now(), *this, *this);
  EXPECT_EQ(all<OrderUnknown>().size(), 1u);
  EXPECT_TRUE(all<AmendRejected>().empty());
  events.clear();
  ASSERT_EQ(amend(order, terms, id), SendOutcome::Sent);
  client->on_rest_failed(tags.back(), TransportError::NotSent, now(), *this, *this);
  ASSERT_EQ(all<AmendRejected>().size(), 1u);
  EXPECT_EQ(all<AmendRejected>()[0].reason, RejectReason::VenueBusy);
}

TEST_F(KrakenAmendByRestTest, AQueryTellsTheTermsThatStand) {
  ASSERT_EQ(client->query_order({order.id, btc, VenueOrderId(id)}, now(), *this),
            SendOutcome::Sent);
  answer(
      R"({"error":[],"result":{"OK4GJX-KSTLS-7DZZO5":{"cl_ord_id":")" +
      std::string(client_order_id(order.id).view()) +
      R"(","status":"open","descr":{"pair":"XBTUSDT","type":"buy","ordertype":"limit","price":"30100.5"},"vol":"0.01200000","vol_exec":"0.00000000","trades":[]}}})");
  ASSERT_EQ(all<OrderFound>().size(), 1u);
  EXPECT_EQ(all<OrderFound>()[0].terms, terms);
}

// --- the exchange's side ---

class KrakenAmendServerTest : public testing::Test {
 protected:
  struct Frames final : ServerOutbox {
    void send_text(SessionId, std::string_view frame) override { sent.emplace_back(frame); }
    void send_binary(SessionId, std::string_view) override { ADD_FAILURE(); }
    void close(SessionId, int, std::string_view) override { ADD_FAILURE(); }
    std::vector<std::string> sent;
  };
  std::string post(const std::string& call, const std::string& fields) {
    return server.on_http(auth.post("/0/private/" + call, fields, exchange.time)).body;
  }
  std::string amended(const std::string& fields) { return post("AmendOrder", fields); }
  void place(const char* flags = "") {
    EXPECT_THAT(post("AddOrder",
                     std::string("pair=XBTUSDT&type=buy&ordertype=limit&price=29000.0&volume=0.5"
                                 "&cl_ord_id=mine-1") +
                         flags),
                HasSubstr("OAAAAA-AAAAA-AAAAAB"));
    exchange.time = exchange.time + seconds(20);
  }

  TestExchange exchange;
  KrakenServer server{exchange};
  Auth auth{{TestExchange::key, TestExchange::secret_text}};
  Frames out;
};

TEST_F(KrakenAmendServerTest, ChangesWhatIsNamedAndLeavesTheRest) {
  place();
  EXPECT_EQ(amended("txid=OAAAAA-AAAAA-AAAAAB&limit_price=29010.0"),
            R"({"error":[],"result":{"amend_id":"TAAAAA-AAAAA-AAAAAB"}})");
  EXPECT_THAT(post("OpenOrders", ""), HasSubstr(R"("price":"29010.0")"));
  EXPECT_THAT(post("OpenOrders", ""), HasSubstr(R"("vol":"0.50000000")"));
  exchange.time = exchange.time + seconds(20);
  EXPECT_THAT(amended("cl_ord_id=mine-1&order_qty=0.7"), HasSubstr(R"("error":[])"));
  EXPECT_THAT(post("OpenOrders", ""), HasSubstr(R"("price":"29010.0")"));
  EXPECT_THAT(post("OpenOrders", ""), HasSubstr(R"("vol":"0.70000000")"));
}

TEST_F(KrakenAmendServerTest, NamesTheRuleThatAnAmendmentBreaks) {
  place();
  const auto refused = [this](const std::string& fields) {
    const std::string body = amended(fields);
    const std::size_t at = body.find("[\"");
    return at == std::string::npos ? body : body.substr(at + 2, body.find("\"]") - at - 2);
  };
  const std::string it = "txid=OAAAAA-AAAAA-AAAAAB";
  EXPECT_EQ(refused("limit_price=29010.0"), "EGeneral:Invalid arguments:txid");
  EXPECT_EQ(refused("txid=OAAAAA-AAAAA-AAAAAC&limit_price=29010.0"), "EOrder:Unknown order");
  EXPECT_EQ(refused("txid=nonsense&limit_price=29010.0"), "EOrder:Unknown order");
  EXPECT_EQ(refused(it), "EGeneral:Invalid arguments") << "nothing is changed";
  EXPECT_EQ(refused(it + "&limit_price=29000.0"), "EGeneral:Invalid arguments");
  EXPECT_EQ(refused(it + "&limit_price=29010.05"), "EOrder:Tick size check failed");
  EXPECT_EQ(refused(it + "&limit_price=-1"), "EOrder:Invalid price");
  EXPECT_EQ(refused(it + "&order_qty=x"), "EGeneral:Invalid arguments:volume");
  EXPECT_EQ(refused(it + "&order_qty=0.00000001"), "EOrder:Order minimum not met");
  EXPECT_EQ(refused(it + "&order_qty=100"), "EOrder:Insufficient funds");
  EXPECT_EQ(refused(it + "&limit_price=30000.0&post_only=true"), "EOrder:Post only order");
  server.set_fault(ServerFault::Maintenance, true);
  EXPECT_EQ(refused(it + "&limit_price=29010.0"), "EService:Unavailable");
  server.set_fault(ServerFault::Maintenance, false);
  EXPECT_THAT(post("CancelOrder", it), HasSubstr(R"("count":1)"));
  EXPECT_EQ(refused(it + "&limit_price=29010.0"), "EOrder:Unknown order");
}

TEST_F(KrakenAmendServerTest, CountsThemByTheAgeOfTheOrderTheyTouch) {
  place("&oflags=post");
  // The first of an order of twenty seconds, the others of a young one: 1 + 1 + 30 x 4 and no more fit into 125.
  int done = 0;
  for (int n = 1; n <= 40; ++n) {
    const std::string price = "290" + std::to_string(10 + n) + ".0";
    if (amended("cl_ord_id=mine-1&limit_price=" + price).find("Rate limit") != std::string::npos)
      break;
    ++done;
  }
  EXPECT_GE(done, 31);
  EXPECT_LE(done, 43);
  EXPECT_THAT(amended("cl_ord_id=mine-1&limit_price=29001.0"), HasSubstr("Rate limit exceeded"));
}

TEST_F(KrakenAmendServerTest, AnswersOnTheStreamWithTheNameThatWasGivenAndTellsTheAccount) {
  place();
  const std::string answer = post("GetWebSocketsToken", "");
  const std::size_t at = answer.find(R"("token":")") + 9;
  const std::string token = answer.substr(at, answer.find('"', at) - at);
  server.on_open(1, "/v2", out);
  const auto say = [&](const std::string& params) {
    out.sent.clear();
    server.on_text(1,
                   R"({"method":"amend_order","params":{)" + params + R"(,"token":")" + token +
                       R"("},"req_id":7})",
                   out);
    return out.sent.empty() ? std::string() : out.sent.back();
  };
  server.on_text(1,
                 R"({"method":"subscribe","params":{"channel":"executions","token":")" + token +
                     R"("},"req_id":1})",
                 out);
  EXPECT_THAT(say(R"("cl_ord_id":"mine-1","limit_price":29010.0,"order_qty":0.6)"),
              testing::AllOf(
                  testing::StartsWith(R"({"method":"amend_order","result":{"amend_id":"TAAAAA-)"),
                  HasSubstr(R"("cl_ord_id":"mine-1"},"success":true,"time_in":)"),
                  HasSubstr(R"("req_id":7})")));
  exchange.order_news.pop_front();  // that it was placed
  out.sent.clear();
  server.on_order(exchange.order_news.front(), out);
  ASSERT_EQ(out.sent.size(), 1u);
  EXPECT_THAT(out.sent[0], HasSubstr(R"("exec_type":"amended")"));
  EXPECT_THAT(out.sent[0], HasSubstr(R"("order_qty":0.60000000,"limit_price":29010.0)"));
  EXPECT_THAT(say(R"("order_id":"OAAAAA-AAAAA-AAAAAB","price":29010.0)"),
              HasSubstr("Unsupported field: 'price' for the given msg type: amend order"));
  EXPECT_THAT(say(R"("limit_price":29010.0)"), HasSubstr("EGeneral:Invalid arguments:order_id"));
}

}  // namespace
}  // namespace ats::venues::kraken
