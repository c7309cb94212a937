// Amendments in the venue's own words: frames as its documents and users show them, ids replaced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "venues/bitfinex/client.hpp"
#include "venues/bitfinex/metadata.hpp"
#include "venues/bitfinex/order_id.hpp"
#include "venues/bitfinex/testing_server.hpp"
#include "venues/testing_amend.hpp"

namespace ats::venues::bitfinex {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class BitfinexAmendTest : public testing::Test, protected LoneClient {
 protected:
  static constexpr const char* id = "1149698545";

  explicit BitfinexAmendTest(OrderRoute route = OrderRoute::Stream) {
    venue = universe.add_venue("bitfinex", {});
    PairRow row;
    row.base = "BTC";
    row.quote = "USD";
    row.price_decimals = price_decimals(Decimal::of("20000"));
    btc = *add_instrument(row, venue, universe);
    ClientSetup setup;
    setup.venue = venue;
    setup.universe = &universe;
    setup.instruments = {btc};
    setup.credentials = {"key", "dummysecret"};
    setup.order_route = route;
    client = make_client(setup);
    client->on_open(Channel::Trading, now(), *this, *this);
    hear(R"({"event":"auth","status":"OK","chanId":0,"userId":1})");
    order.id = make_order_id(1, 1);
    order.instrument = btc;
    order.side = Side::Sell;
    order.time_in_force = TimeInForce::Gtc;
    order.post_only = true;
    const Instrument& on = universe.instrument(btc);
    order.price = *on.parse_price("15000");
    order.quantity = *on.parse_quantity("0.01");
    moved = {*on.parse_price("14900"), order.quantity};
    EXPECT_EQ(client->place(order, now(), *this), SendOutcome::Sent);
    hear(news("on", "-0.01", "15000", "ACTIVE"));
    events.clear();
    trading.clear();
    rest.clear();
  }
  // [ID,GID,CID,SYMBOL,MTS_CREATE,MTS_UPDATE,AMOUNT,AMOUNT_ORIG,TYPE,…,FLAGS,STATUS,…,PRICE,…]
  std::string row(const char* left, const char* price, const char* status) const {
    return std::string("[") + id + "," + std::to_string(our_group) + "," +
           std::to_string(*client_id(order.id)) + R"(,"tBTCUSD",1536154634605,1536154634620,)" +
           left + R"(,-0.01,"EXCHANGE LIMIT",null,null,null,4096,")" + status + R"(",null,null,)" +
           price + R"(,0,null,null,null,null,null,0,0,0,null,null,"API>BFX",null,null,null])";
  }
  std::string news(const char* code, const char* left, const char* price,
                   const char* status) const {
    return std::string("[0,\"") + code + "\"," + row(left, price, status) + "]";
  }
  std::string told(const char* status, const char* text, const char* code = "null") const {
    return std::string(R"([0,"n",[1536154634740,"ou-req",null,null,[)") + id +
           R"(,null,21387265004,null,null,null,-500,null,"EXCHANGE LIMIT"],)" + code + R"(,")" +
           status + R"(",")" + text + R"("]])";
  }

  Universe universe;
  VenueId venue;
  InstrumentId btc;
  OrderRequest order;
  OrderTerms moved;
};

TEST_F(BitfinexAmendTest, IsItsPriceAndThePostOnlyFlagSaidAgain) {
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  ASSERT_EQ(trading.size(), 1u);
  EXPECT_EQ(trading[0], R"([0,"ou",null,{"id":1149698545,"price":"14900.00","flags":4096}])");
}

TEST_F(BitfinexAmendTest, AQuantityIsNotChangedAndAnOrderWithoutTheVenuesIdNotNamed) {
  OrderTerms more = moved;
  more.quantity.units *= 2;
  EXPECT_EQ(amend(order, more, id), SendOutcome::Invalid);
  OrderRequest other = order;
  other.id = make_order_id(1, 9);
  EXPECT_EQ(amend(other, moved, ""), SendOutcome::Invalid);
  EXPECT_EQ(amend(order, moved, ""), SendOutcome::Sent) << "it is known from the stream";
}

TEST_F(BitfinexAmendTest, SubmittedIsNotCarriedOutTheRowThatShowsThePriceIs) {
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  hear(told("SUCCESS", "Submitting update to exchange limit sell order for 0.01 BTC."));
  EXPECT_TRUE(events.empty());
  hear(news("ou", "-0.01", "14900", "ACTIVE"));
  ASSERT_EQ(all<OrderAmended>().size(), 1u);
  EXPECT_EQ(all<OrderAmended>()[0].terms, moved);
  EXPECT_EQ(all<OrderAmended>()[0].venue_order_id, id);
  pass(seconds(10));
  EXPECT_TRUE(all<OrderUnknown>().empty());
}

TEST_F(BitfinexAmendTest, SubmittedAndNothingMoreIsUnknown) {
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  hear(told("SUCCESS", "Submitting update."));
  pass(seconds(6));
  ASSERT_EQ(all<OrderUnknown>().size(), 1u);
  EXPECT_TRUE(all<OrderAmended>().empty());
  hear(news("ou", "-0.01", "14900", "ACTIVE"));
  EXPECT_EQ(all<OrderAmended>().size(), 1u) << "late, and true";
}

TEST_F(BitfinexAmendTest, AFillInBetweenShowsTheOldPriceAndIsNoAnswer) {
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  hear(news("ou", "-0.004", "15000", "PARTIALLY FILLED @ 15000(-0.006)"));
  EXPECT_TRUE(all<OrderAmended>().empty());
  hear(news("ou", "-0.004", "14900", "PARTIALLY FILLED @ 15000(-0.006)"));
  ASSERT_EQ(all<OrderAmended>().size(), 1u);
  EXPECT_EQ(all<OrderAmended>()[0].terms, moved) << "its total is what it was";
}

TEST_F(BitfinexAmendTest, OneThatWouldTakeEndsTheOrder) {
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  hear(told("SUCCESS", "Submitting update."));
  hear(news("oc", "-0.01", "14900", "POSTONLY CANCELED"));
  ASSERT_EQ(all<OrderEnded>().size(), 1u);
  EXPECT_EQ(all<OrderEnded>()[0].state, OrderState::Cancelled);
  EXPECT_EQ(all<OrderEnded>()[0].filled, Quantity{});
  pass(seconds(10));
  EXPECT_TRUE(all<OrderUnknown>().empty());
}

TEST_F(BitfinexAmendTest, ARefusalSaysWhyAndAnErrorOfTheirsSaysNothing) {
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  hear(told("ERROR", "Order not found.", "0"));
  ASSERT_EQ(all<AmendRejected>().size(), 1u);
  EXPECT_EQ(all<AmendRejected>()[0].reason, RejectReason::Other);
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  hear(told("ERROR", "Invalid order: not enough exchange balance for -0.01 BTCUSD at 14900",
            "10001"));
  ASSERT_EQ(all<AmendRejected>().size(), 2u);
  EXPECT_EQ(all<AmendRejected>()[1].reason, RejectReason::InsufficientFunds);
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  hear(told("FAILURE", "ERR_UNK", "10000"));
  EXPECT_EQ(all<AmendRejected>().size(), 2u);
  EXPECT_EQ(all<OrderUnknown>().size(), 1u);
}

class BitfinexAmendByRestTest : public BitfinexAmendTest {
 protected:
  BitfinexAmendByRestTest() : BitfinexAmendTest(OrderRoute::Rest) {}
};

TEST_F(BitfinexAmendByRestTest, IsTheSameObjectAndEndsOverTheStream) {
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].target, "/v2/auth/w/order/update");
  EXPECT_EQ(rest[0].body, R"({"id":1149698545,"price":"14900.00","flags":4096})");
  const std::string submitted = R"([1568711312683,"ou-req",null,null,)" +
                                row("-0.01", "14900", "ACTIVE") +
                                R"(,null,"SUCCESS","Submitting update."])";
  answer(submitted);
  EXPECT_TRUE(events.empty());
  hear(news("ou", "-0.01", "14900", "ACTIVE"));
  EXPECT_EQ(all<OrderAmended>().size(), 1u);
  pass(seconds(10));
  EXPECT_TRUE(all<OrderUnknown>().empty());

  // The stream first, the answer after.
  moved.price.units -= 10'000;
  events.clear();
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  hear(news("ou", "-0.01", "14800", "ACTIVE"));
  EXPECT_EQ(all<OrderAmended>().size(), 1u);
  answer(submitted);
  pass(seconds(10));
  EXPECT_TRUE(all<OrderUnknown>().empty());
  EXPECT_EQ(events.size(), 1u);
}

TEST_F(BitfinexAmendByRestTest, NoAnswerIsUnknownAndWhatWasNotSentIsRefused) {
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  client->on_rest_failed(tags.back(), TransportError::TimedOut, now(), *this, *this);
  EXPECT_EQ(all<OrderUnknown>().size(), 1u);
  events.clear();
  ASSERT_EQ(amend(order, moved, id), SendOutcome::Sent);
  client->on_rest_failed(tags.back(), TransportError::NotSent, now(), *this, *this);
  ASSERT_EQ(all<AmendRejected>().size(), 1u);
  EXPECT_EQ(all<AmendRejected>()[0].reason, RejectReason::VenueBusy);
}

// --- the exchange's side ---

TEST_F(BitfinexServerTest, updatesPriceAndWhatIsLeftUnderTheIdsOfTheOrder) {
  post("w/order/submit", submit_body);
  EXPECT_THAT(post("w/order/update", R"({"id":100000000001,"price":"28000"})"),
              testing::AllOf(StartsWith(R"([1700000000000,"ou-req",null,null,[100000000001,3,7,)"),
                             HasSubstr(R"(0.5,0.5,"EXCHANGE LIMIT")"), HasSubstr(",28000,"),
                             HasSubstr(R"("SUCCESS")")));
  EXPECT_THAT(post("w/order/update", R"({"id":100000000001,"amount":"0.3"})"),
              HasSubstr(R"(0.3,0.3,"EXCHANGE LIMIT")"));
  EXPECT_THAT(post("w/order/update", R"({"id":100000000001,"delta":"0.1"})"),
              HasSubstr(R"(0.4,0.4,"EXCHANGE LIMIT")"));
  EXPECT_THAT(post("r/orders"), HasSubstr(",28000,"));
}

TEST_F(BitfinexServerTest, namesWhatAnUpdateBreaks) {
  post("w/order/submit", submit_body);
  const auto refused = [this](const char* body) { return post("w/order/update", body); };
  EXPECT_EQ(refused("{}"), R"(["error",10020,"id: invalid"])");
  EXPECT_EQ(refused(R"({"id":100000000009,"price":"28000"})"),
            R"(["error",10001,"Order not found."])");
  EXPECT_EQ(refused(R"({"id":100000000001,"price":"-1"})"), R"(["error",10020,"price: invalid"])");
  EXPECT_EQ(refused(R"({"id":100000000001,"amount":"-0.5"})"),
            R"(["error",10020,"amount: invalid"])")
      << "it would be an order to sell";
  EXPECT_EQ(refused(R"({"id":100000000001,"delta":"-0.5"})"),
            R"(["error",10020,"amount: invalid"])");
  EXPECT_THAT(refused(R"({"id":100000000001,"amount":"100"})"), HasSubstr("not enough exchange"));
}

TEST_F(BitfinexServerTest, anUpdateThatWouldTakeEndsAPostOnlyOrder) {
  post(
      "w/order/submit",
      R"({"type":"EXCHANGE LIMIT","symbol":"tBTCUST","amount":"0.5","price":"29000","flags":4096})");
  EXPECT_THAT(post("w/order/update", R"({"id":100000000001,"price":"30000","flags":4096})"),
              HasSubstr("CANCELED"));
  EXPECT_EQ(post("r/orders"), "[]");
}

TEST_F(BitfinexServerTest, answersUpdatesOnTheStreamAndTellsTheAccount) {
  open(1);
  sign_in(1);
  post("w/order/submit", submit_body);
  flush();
  out.take(1);
  say(1, R"([0,"ou",null,{"id":100000000001,"price":"28000"}])");
  const auto answered = out.take(1);
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_THAT(answered[0], HasSubstr(R"("ou-req",null,null,[100000000001,3,7,)"));
  flush();
  const auto told = out.take(1);
  ASSERT_FALSE(told.empty());
  EXPECT_THAT(told[0], StartsWith(R"([0,"ou",[100000000001,3,7,)"));
  EXPECT_THAT(told[0], HasSubstr(",28000,"));
  say(1, R"([0,"ou",null,{"id":100000000077,"price":"28000"}])");
  EXPECT_THAT(out.take(1).back(),
              testing::AllOf(HasSubstr("[100000000077,"), HasSubstr("Order not found.")));
}

}  // namespace
}  // namespace ats::venues::bitfinex
