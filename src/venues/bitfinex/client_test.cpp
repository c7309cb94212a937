#include "venues/bitfinex/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "venues/bitfinex/metadata.hpp"
#include "venues/bitfinex/order_id.hpp"

namespace ats::venues::bitfinex {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

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

constexpr std::string_view order_tail =
    R"(null,null,15000,0,0,0,null,null,null,0,0,null,null,null,"API>BFX",null,null,null])";

class BitfinexClientTest : public testing::Test {
 protected:
  BitfinexClientTest() {
    venue = universe.add_venue("bitfinex", {});
    btc = add("BTC", "USD", "20000");
    doge = add("DOGE", "USDT", "0.12");
    reset();
  }
  InstrumentId add(const char* base, const char* quote, const char* price) {
    PairRow row;
    row.base = base;
    row.quote = quote;
    row.price_decimals = price_decimals(Decimal::of(price));
    return *add_instrument(row, venue, universe);
  }
  void reset() {
    ClientSetup setup;
    setup.venue = venue;
    setup.universe = &universe;
    setup.instruments = {btc, doge};
    setup.credentials = {"key", "dummysecret"};
    client = make_client(setup);
    log.events.clear();
    sent.trading.clear();
  }

  Now now() const { return {Instant{} + elapsed, WallTime{1'700'000'000'000'000'000} + elapsed}; }
  void text(Channel channel, const std::string& frame) {
    outcome = client->on_text(channel, frame, now(), log, sent);
  }
  void trading(const std::string& frame) { text(Channel::Trading, frame); }
  // Answers the oldest REST request that is still open.
  HttpRequest answer(const std::string& body, int status = 200) {
    EXPECT_FALSE(sent.rest.empty());
    if (sent.rest.empty()) return {};
    const Sent::Rest rest = sent.rest.front();
    sent.rest.pop_front();
    HttpResponse response;
    response.status = status;
    response.body = body;
    client->on_response(rest.tag, response, now(), log, sent);
    return rest.request;
  }
  void make_ready() {
    client->on_open(Channel::Trading, now(), log, sent);
    trading(R"({"event":"auth","status":"OK","chanId":0,"userId":1})");
    trading(R"([0,"ws",[["exchange","USD",5000,0,4000,null,null]],1,1])");
    trading(R"([0,"os",[],2,2])");
    sent.trading.clear();
    log.events.clear();
  }
  OrderRequest order(std::uint32_t n, Side side = Side::Buy) const {
    OrderRequest request;
    request.id = make_order_id(1, n);
    request.instrument = btc;
    request.side = side;
    request.price = {1'500'000};
    request.quantity = {1'000'000};
    return request;
  }
  static std::uint64_t cid(std::uint32_t n) { return *client_id(make_order_id(1, n)); }
  void place(std::uint32_t n) {
    ASSERT_EQ(client->place(order(n), now(), sent), SendOutcome::Sent);
  }
  // An order array: ours, of number n.
  static std::string row(std::uint32_t n, const char* rest, const char* status,
                         const char* amount = "0.01") {
    return "[1234567," + std::to_string(our_group) + "," + std::to_string(cid(n)) +
           R"(,"tBTCUSD",1700000000000,1700000000500,)" + rest + "," + amount +
           R"(,"EXCHANGE LIMIT",null,null,null,0,")" + status + "\"," + std::string(order_tail);
  }
  static std::string notification(const char* type, std::uint32_t n, const char* id,
                                  const char* code, const char* status, const char* text) {
    return std::string(R"([0,"n",[1700000000100,")") + type + R"(",null,null,[)" + id + "," +
           std::to_string(our_group) + "," + std::to_string(cid(n)) +
           R"(,"tBTCUSD",null,null,1,1,"EXCHANGE LIMIT"],)" + code + ",\"" + status + "\",\"" +
           text + "\"]]";
  }
  static std::string fill(const char* amount, const char* fee, const char* id = "701") {
    return std::string("[") + id + R"(,"tBTCUSD",1700000000600,1234567,)" + amount +
           R"(,15000,"EXCHANGE LIMIT",15000,-1,)" + fee + "]";
  }

  Universe universe;
  VenueId venue;
  InstrumentId btc, doge;
  std::unique_ptr<Client> client;
  Log log;
  Sent sent;
  Duration elapsed;
  FrameOutcome outcome = FrameOutcome::Ignored;
};

TEST(BitfinexOrderId, spellsOurIdsInFortyFiveBitsAndReadsThemBack) {
  for (const std::uint32_t incarnation : {1u, 2u, 77u, (1u << 20) - 1}) {
    for (const std::uint32_t count : {1u, 2u, 65'536u, (1u << 25) - 1}) {
      const OrderId id = make_order_id(incarnation, count);
      const auto text = client_id(id);
      ASSERT_TRUE(text.has_value());
      EXPECT_LT(*text, std::uint64_t{1} << 45);
      EXPECT_EQ(order_id(our_group, *text), id);
      EXPECT_FALSE(order_id(0, *text).has_value());  // somebody else's number
    }
  }
  EXPECT_FALSE(client_id(make_order_id(1u << 20, 1)).has_value());
  EXPECT_FALSE(client_id(make_order_id(1, 1u << 25)).has_value());
  EXPECT_FALSE(client_id(OrderId{}).has_value());
  EXPECT_FALSE(order_id(our_group, 0).has_value());
  EXPECT_FALSE(order_id(our_group, std::uint64_t{1} << 45).has_value());
  EXPECT_EQ(day_text(WallTime{1'700'000'000'000'000'000}), "2023-11-14");
}

TEST_F(BitfinexClientTest, asksForNumbersTimesAndChecksumsThenForBooksAndPrints) {
  client->on_open(Channel::MarketData, now(), log, sent);
  ASSERT_THAT(sent.market, SizeIs(5));
  EXPECT_EQ(sent.market[0], R"({"event":"conf","flags":229376})");
  EXPECT_EQ(
      sent.market[1],
      R"({"event":"subscribe","channel":"book","symbol":"tBTCUSD","prec":"P0","freq":"F0","len":"25","subId":0})");
  EXPECT_THAT(sent.market[2], HasSubstr(R"("symbol":"tDOGE:UST")"));
  EXPECT_EQ(sent.market[3], R"({"event":"subscribe","channel":"trades","symbol":"tBTCUSD"})");
  EXPECT_TRUE(client->ready(Channel::MarketData));
  EXPECT_FALSE(client->ready(Channel::Trading));
}

TEST_F(BitfinexClientTest, subscribesToNoMoreChannelsThanAConnectionHas) {
  ClientSetup setup;
  setup.venue = venue;
  setup.universe = &universe;
  setup.instruments.assign(20, btc);
  client = make_client(setup);
  client->on_open(Channel::MarketData, now(), log, sent);
  EXPECT_THAT(sent.market, SizeIs(1 + 25));
  EXPECT_THAT(sent.market[20], HasSubstr("book"));
  EXPECT_THAT(sent.market[21], HasSubstr("trades"));
}

TEST_F(BitfinexClientTest, resubscribesOneBookByLeavingItsChannel) {
  client->on_open(Channel::MarketData, now(), log, sent);
  text(Channel::MarketData,
       R"({"event":"subscribed","channel":"book","chanId":77,"symbol":"tBTCUSD","prec":"P0"})");
  text(Channel::MarketData, "[77,[[15000,1,1],[15001,1,-1]],1]");
  EXPECT_THAT(log.all<BookSnapshot>(), SizeIs(1));
  sent.market.clear();
  EXPECT_EQ(client->resubscribe(btc, now(), sent), SendOutcome::Sent);
  EXPECT_THAT(sent.market, ElementsAre(R"({"event":"unsubscribe","chanId":77})",
                                       HasSubstr(R"("channel":"book","symbol":"tBTCUSD")")));
  log.events.clear();
  text(Channel::MarketData, "[77,[15000,2,2],2]");  // still on its way
  EXPECT_EQ(outcome, FrameOutcome::Ignored);
  text(Channel::MarketData, R"({"event":"unsubscribed","status":"OK","chanId":77})");
  EXPECT_THAT(log.all<BookFault>(), IsEmpty());  // it was ours
  text(Channel::MarketData,
       R"({"event":"subscribed","channel":"book","chanId":77,"symbol":"tBTCUSD","prec":"P0"})");
  text(Channel::MarketData, "[77,[[15000,1,1],[15001,1,-1]],3]");
  EXPECT_THAT(log.all<BookSnapshot>(), SizeIs(1));
  EXPECT_THAT(log.all<BookFault>(), IsEmpty());
}

TEST_F(BitfinexClientTest, connectsAnewWhenTheVenueRestarts) {
  client->on_open(Channel::MarketData, now(), log, sent);
  text(Channel::MarketData, R"({"event":"info","code":20051,"msg":"Stopping."})");
  EXPECT_THAT(sent.reconnected, ElementsAre(Channel::MarketData));
}

TEST_F(BitfinexClientTest, connectsAnewWhenABookComesOverAChannelItWasNotToldOf) {
  client->on_open(Channel::MarketData, now(), log, sent);
  const char* again =
      R"({"event":"error","msg":"subscribe: dup","code":10301,"channel":"book","symbol":"tBTCUSD"})";
  text(Channel::MarketData,
       R"({"event":"subscribed","channel":"book","chanId":77,"symbol":"tBTCUSD","prec":"P0"})");
  text(Channel::MarketData, again);
  EXPECT_THAT(sent.reconnected, IsEmpty());
  EXPECT_EQ(client->resubscribe(btc, now(), sent),
            SendOutcome::Sent);  // and that is never answered
  text(Channel::MarketData, again);
  EXPECT_THAT(sent.reconnected, ElementsAre(Channel::MarketData));
}

TEST_F(BitfinexClientTest, subscribesToPrintsAgainWhenMaintenanceHasEnded) {
  client->on_open(Channel::MarketData, now(), log, sent);
  sent.market.clear();
  text(Channel::MarketData, R"({"event":"info","code":20061,"msg":"Maintenance ended"})");
  EXPECT_THAT(log.all<BookFault>(), SizeIs(1));  // books are asked for one by one
  EXPECT_THAT(sent.market, ElementsAre(HasSubstr("trades"), HasSubstr("trades")));
}

TEST_F(BitfinexClientTest, signsInWithTheDeadManSwitch) {
  client->on_open(Channel::Trading, now(), log, sent);
  ASSERT_THAT(sent.trading, SizeIs(2));
  EXPECT_EQ(sent.trading[0], R"({"event":"conf","flags":65536})");
  EXPECT_THAT(sent.trading[1], HasSubstr(R"("authPayload":"AUTH1700000000000000")"));
  EXPECT_THAT(sent.trading[1], HasSubstr("30cf43cef36fd564d82b6a11774fbeda"));
  EXPECT_THAT(sent.trading[1], HasSubstr(R"("dms":4)"));
  EXPECT_FALSE(client->ready(Channel::Trading));
  EXPECT_EQ(client->place(order(1), now(), sent), SendOutcome::NotConnected);
  trading(R"({"event":"auth","status":"OK","chanId":0,"userId":1})");
  EXPECT_TRUE(client->ready(Channel::Trading));
}

TEST_F(BitfinexClientTest, triesAgainWhenItIsNotLetIn) {
  client->on_open(Channel::Trading, now(), log, sent);
  trading(R"({"event":"auth","status":"FAILED","chanId":0,"code":10114,"msg":"nonce: small"})");
  EXPECT_FALSE(client->ready(Channel::Trading));
  elapsed = seconds(1);
  client->on_timer(now(), log, sent);
  ASSERT_THAT(sent.trading, SizeIs(3));
  EXPECT_THAT(sent.trading[2], HasSubstr(R"("authNonce":"1700000061000000")"));  // a minute ahead
  trading(R"({"event":"auth","status":"FAILED","chanId":0,"code":10100,"msg":"apikey: invalid"})");
  elapsed = seconds(20);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(sent.trading, SizeIs(4));  // a ping
  elapsed = seconds(31);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(sent.trading, testing::Contains(HasSubstr("AUTH")).Times(3));
  elapsed = seconds(42);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(sent.reconnected, ElementsAre(Channel::Trading));  // no answer at all
}

TEST_F(BitfinexClientTest, writesOrdersAndCancelsAsTheProtocolHasThem) {
  make_ready();
  place(1);
  EXPECT_EQ(
      sent.trading.back(),
      R"([0,"on",null,{"gid":4281427,"cid":33554433,"type":"EXCHANGE IOC","symbol":"tBTCUSD",)"
      R"("amount":"0.01000000","price":"15000.00"}])");
  OrderRequest sell = order(2, Side::Sell);
  sell.time_in_force = TimeInForce::Gtc;
  ASSERT_EQ(client->place(sell, now(), sent), SendOutcome::Sent);
  EXPECT_THAT(sent.trading.back(), HasSubstr(R"("EXCHANGE LIMIT")"));
  EXPECT_THAT(sent.trading.back(), HasSubstr(R"("amount":"-0.01000000")"));
  sell = order(3);
  sell.time_in_force = TimeInForce::Fok;
  ASSERT_EQ(client->place(sell, now(), sent), SendOutcome::Sent);
  EXPECT_THAT(sent.trading.back(), HasSubstr(R"("EXCHANGE FOK")"));
  // Not told by the venue yet: by our number, which is unique in a day.
  ASSERT_EQ(client->cancel({make_order_id(1, 2), btc, {}}, now(), sent), SendOutcome::Sent);
  EXPECT_EQ(sent.trading.back(), R"([0,"oc",null,{"cid":33554434,"cid_date":"2023-11-14"}])");
  ASSERT_EQ(client->cancel({make_order_id(1, 2), btc, VenueOrderId("77")}, now(), sent),
            SendOutcome::Sent);
  EXPECT_EQ(sent.trading.back(), R"([0,"oc",null,{"id":77}])");
  OrderRequest off = order(4);
  off.price = {1'500'050};  // half a dollar at 15000: six digits
  EXPECT_EQ(client->place(off, now(), sent), SendOutcome::Invalid);
  off = order(4);
  off.id = make_order_id(1u << 20, 4);
  EXPECT_EQ(client->place(off, now(), sent), SendOutcome::Invalid);
}

TEST_F(BitfinexClientTest, followsAnOrderFromAnswerToEnd) {
  make_ready();
  place(1);
  trading(notification("on-req", 1, "1234567", "null", "SUCCESS", "Submitting."));
  EXPECT_EQ(outcome, FrameOutcome::Decoded);
  EXPECT_EQ(log.only<OrderAcked>().venue_order_id.view(), "1234567");
  trading(R"([0,"te",)" + fill("0.004", "null,null") + ",3,3]");
  EXPECT_THAT(log.all<OrderFilled>(), IsEmpty());  // the fee is not told yet
  trading(R"([0,"oc",)" + row(1, "0.006", "IOC CANCELED was: PARTIALLY FILLED @ 15000.0(0.004)") +
          ",4,4]");
  const auto ended = log.only<OrderEnded>();
  EXPECT_EQ(ended.order, make_order_id(1, 1));
  EXPECT_EQ(ended.state, OrderState::Cancelled);
  EXPECT_EQ(ended.filled, Quantity{400'000});
  EXPECT_EQ(ended.times.venue_time, wall_from_ms(1700000000500));
  trading(R"([0,"tu",)" + fill("0.004", R"(-0.000008,"BTC")") + ",5,5]");
  const Fill filled = log.only<OrderFilled>().fill;
  EXPECT_EQ(filled.order, make_order_id(1, 1));
  EXPECT_EQ(filled.id.view(), "701");
  EXPECT_EQ(filled.price, Price{1'500'000});
  EXPECT_EQ(filled.quantity, Quantity{400'000});
  EXPECT_EQ(filled.fee, Decimal::of("0.000008"));  // paid: positive with us
  EXPECT_EQ(filled.fee_asset, universe.find_asset("BTC"));
  EXPECT_EQ(filled.liquidity, Liquidity::Taker);
  EXPECT_EQ(filled.side, Side::Buy);
  EXPECT_THAT(sent.reconnected, IsEmpty());
}

TEST_F(BitfinexClientTest, takesNewsOfAnOrderForItsAnswer) {
  make_ready();
  place(1);
  trading(R"([0,"oc",)" + row(1, "0", "EXECUTED @ 15000.0(0.01)") + ",3,3]");
  EXPECT_THAT(log.all<OrderAcked>(), SizeIs(1));
  EXPECT_EQ(log.only<OrderEnded>().state, OrderState::Filled);
  EXPECT_EQ(log.only<OrderEnded>().filled, Quantity{1'000'000});
  trading(notification("on-req", 1, "1234567", "null", "SUCCESS", "Submitting."));
  elapsed = seconds(6);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(log.all<OrderAcked>(), SizeIs(1));
  EXPECT_THAT(log.all<OrderUnknown>(), IsEmpty());
}

TEST_F(BitfinexClientTest, tellsRefusalsByTheirReason) {
  make_ready();
  const auto refused = [this](std::uint32_t n, const char* code, const char* words) {
    log.events.clear();
    place(n);
    trading(notification("on-req", n, "null", code, "ERROR", words));
    return log.only<OrderRejected>().reason;
  };
  EXPECT_EQ(refused(1, "null", "Invalid order: not enough exchange balance for 1 BTCUSD at 15000"),
            RejectReason::InsufficientFunds);
  EXPECT_EQ(refused(2, "10001", "Invalid order: minimum size for BTC/USD is 0.002"),
            RejectReason::InvalidOrder);
  EXPECT_EQ(refused(3, "null", "Invalid price."), RejectReason::InvalidOrder);
  EXPECT_EQ(refused(4, "10020", "amount: invalid"), RejectReason::InvalidOrder);
  EXPECT_EQ(refused(5, "10100", "apikey: invalid"), RejectReason::AuthFailed);
  EXPECT_EQ(refused(6, "20060", "maintenance"), RejectReason::InstrumentClosed);
  EXPECT_EQ(refused(7, "null", "Invalid order: duplicate cid"), RejectReason::DuplicateId);
  EXPECT_EQ(refused(8, "null", "something new"), RejectReason::Other);
  EXPECT_EQ(refused(9, "11010", "ratelimit: error"), RejectReason::RateLimited);
  EXPECT_EQ(client->place(order(10), now(), sent), SendOutcome::RateLimited);
}

TEST_F(BitfinexClientTest, doesNotGuessWhatAnUnknownErrorMeans) {
  make_ready();
  place(1);
  trading(notification("on-req", 1, "null", "10000", "FAILURE", "ERR_UNK"));
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::VenueSaysUnknown);
  EXPECT_THAT(log.all<OrderRejected>(), IsEmpty());
}

TEST_F(BitfinexClientTest, takesARefusedCancelForWhatItIs) {
  make_ready();
  ASSERT_EQ(client->cancel({make_order_id(1, 1), btc, VenueOrderId("1234567")}, now(), sent),
            SendOutcome::Sent);
  trading(notification("oc-req", 1, "1234567", "null", "ERROR", "Order not found."));
  EXPECT_EQ(log.only<CancelRejected>().order, make_order_id(1, 1));
  ASSERT_EQ(client->cancel({make_order_id(1, 2), btc, {}}, now(), sent), SendOutcome::Sent);
  trading(notification("oc-req", 2, "null", "null", "SUCCESS", "Submitted for cancellation."));
  EXPECT_THAT(log.all<CancelRejected>(), SizeIs(1));
}

TEST_F(BitfinexClientTest, holdsAnUnansweredOrderForUnknownAfterFiveSeconds) {
  make_ready();
  place(1);
  elapsed = seconds(4);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(log.all<OrderUnknown>(), IsEmpty());
  elapsed = seconds(5);
  client->on_timer(now(), log, sent);
  client->on_timer(now(), log, sent);
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::TimedOut);
  trading(notification("on-req", 1, "1234567", "null", "SUCCESS", "Submitting."));
  EXPECT_EQ(log.only<OrderAcked>().order, make_order_id(1, 1));  // late, and true
}

TEST_F(BitfinexClientTest, holdsOrdersInFlightForUnknownWhenTheConnectionIsLost) {
  make_ready();
  place(1);
  client->on_close(Channel::Trading, now(), log);
  EXPECT_EQ(log.only<OrderUnknown>().reason, UnknownReason::ConnectionLost);
  EXPECT_FALSE(client->ready(Channel::Trading));
}

TEST_F(BitfinexClientTest, asksWhatBecameOfLiveOrdersAfterAnotherConnection) {
  make_ready();
  place(1);
  trading(notification("on-req", 1, "1234567", "null", "SUCCESS", "Submitting."));
  client->on_close(Channel::Trading, now(), log);
  EXPECT_THAT(log.all<OrderUnknown>(), IsEmpty());
  client->on_open(Channel::Trading, now(), log, sent);
  trading(R"({"event":"auth","status":"OK","chanId":0,"userId":1})");
  EXPECT_EQ(log.only<OrderUnknown>().order, make_order_id(1, 1));
}

TEST_F(BitfinexClientTest, connectsAnewWhenEitherCountHasAHole) {
  for (const char* frame : {R"([0,"hb",4])", R"([0,"wu",["exchange","USD",1,0,1,null,null],4,3])",
                            R"([0,"wu",["exchange","USD",1,0,1,null,null],3,4])"}) {
    reset();
    sent.reconnected.clear();
    make_ready();
    place(1);
    trading(frame);
    EXPECT_THAT(sent.reconnected, ElementsAre(Channel::Trading)) << frame;
    EXPECT_THAT(log.all<OrderUnknown>(), SizeIs(1)) << frame;
  }
  sent.reconnected.clear();
  reset();
  make_ready();
  trading(R"([0,"hb",3])");
  trading(R"([0,"wu",["exchange","USD",1,0,1,null,null],4,3])");
  trading(notification("oc-req", 2, "null", "null", "ERROR", "Order not found."));  // not numbered
  trading(R"([0,"hb",5])");
  EXPECT_THAT(sent.reconnected, IsEmpty());
}

TEST_F(BitfinexClientTest, takesADamagedAccountFrameForALoss) {
  for (const std::string& frame :
       {std::string("{"), std::string("[0,"), std::string(R"([0,"oc",[1],3,3])"),
        std::string(R"([0,"tu",[701,"tBTCUSD",1700000000600,1234567,1,1,"X",1,-1,null,null],3,3])"),
        std::string(R"([0,"on",5,3,3])"), R"([0,"oc",)" + row(1, "0.02", "CANCELED") + ",3,3]"}) {
    reset();
    sent.reconnected.clear();
    make_ready();
    place(1);
    trading(frame);
    EXPECT_THAT(sent.reconnected, ElementsAre(Channel::Trading)) << frame;
    EXPECT_THAT(log.all<OrderUnknown>(), SizeIs(1)) << frame;
  }
}

TEST_F(BitfinexClientTest, tellsOfOrdersThatAreNotOurs) {
  make_ready();
  std::string foreign = row(1, "0.01", "ACTIVE");
  foreign.replace(foreign.find("4281427"), 7, "null");
  trading(R"([0,"on",)" + foreign + ",3,3]");
  EXPECT_EQ(log.only<ForeignOrder>().venue_order_id.view(), "1234567");
  EXPECT_TRUE(log.only<ForeignOrder>().open);
  log.events.clear();
  trading(R"([0,"oc",)" + foreign + ",4,4]");
  EXPECT_FALSE(log.only<ForeignOrder>().open);
  trading(R"([0,"tu",)" + fill("0.004", R"(-0.000008,"BTC")") + ",5,5]");
  EXPECT_EQ(log.only<ForeignFill>().venue_order_id.view(), "1234567");
  EXPECT_EQ(log.only<ForeignFill>().fill.fee, Decimal::of("0.000008"));
  EXPECT_EQ(log.events.size(), 2u);
}

TEST_F(BitfinexClientTest, aFillOfAnOrderThatIsSimplyNotKnownIsNobodyElses) {
  make_ready();
  trading(R"([0,"tu",)" + fill("0.004", R"(-0.000008,"BTC")") + ",3,3]");
  EXPECT_TRUE(log.events.empty()) << "it may be ours, of an earlier life";
}

TEST_F(BitfinexClientTest, learnsOfItsOwnOrdersFromBeforeInTheSnapshot) {
  client->on_open(Channel::Trading, now(), log, sent);
  trading(R"({"event":"auth","status":"OK","chanId":0,"userId":1})");
  trading(R"([0,"os",[)" + row(5, "0.01", "ACTIVE") + "],1,1]");
  EXPECT_EQ(log.only<OrderAcked>().order, make_order_id(1, 5));
  trading(R"([0,"wu",["exchange","USD",5000,0,null,null,null],2,2])");
  EXPECT_EQ(log.only<BalanceReported>().held, Decimal::of("150"));  // what the order holds
  trading(R"([0,"oc",)" + row(5, "0.01", "CANCELED") + ",3,3]");
  EXPECT_EQ(log.only<OrderEnded>().filled, Quantity{});
}

TEST_F(BitfinexClientTest, reportsTheWalletOfSpotTrading) {
  make_ready();
  trading(R"([0,"wu",["exchange","UST",1000.5,0,900.25,null,null],3,3])");
  const auto balance = log.only<BalanceReported>();
  EXPECT_EQ(balance.asset, universe.find_asset("USDT"));
  EXPECT_EQ(balance.total, Decimal::of("1000.5"));
  EXPECT_EQ(balance.held, Decimal::of("100.25"));
  trading(R"([0,"wu",["margin","USD",1,0,1,null,null],4,4])");
  trading(R"([0,"wu",["exchange","XYZ",1,0,1,null,null],5,5])");
  EXPECT_THAT(log.all<BalanceReported>(), SizeIs(1));
}

// --- questions ---

TEST_F(BitfinexClientTest, answersAQueryWithFillsFirst) {
  make_ready();
  place(1);
  ASSERT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  EXPECT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent),
            SendOutcome::RateLimited);  // one question at a time
  const HttpRequest open = answer("[]");
  EXPECT_EQ(open.method, "POST");
  EXPECT_EQ(open.target, "/v2/auth/r/orders");
  EXPECT_EQ(open.body, "{}");
  EXPECT_EQ(
      answer("[" + row(1, "0.004", "CANCELED was: PARTIALLY FILLED @ 15000.0(0.006)") + "]").target,
      "/v2/auth/r/orders/hist");
  EXPECT_THAT(log.all<OrderFound>(), IsEmpty());
  EXPECT_EQ(answer("[" + fill("0.002", R"(-0.03,"USD")", "701") + "," +
                   fill("0.004", R"(-0.06,"USD")", "702") + "]")
                .target,
            "/v2/auth/r/order/tBTCUSD:1234567/trades");
  const auto fills = log.all<OrderFilled>();
  ASSERT_THAT(fills, SizeIs(2));
  EXPECT_EQ(fills[1].fill.id.view(), "702");
  EXPECT_EQ(fills[1].fill.fee, Decimal::of("0.06"));
  const auto found = log.only<OrderFound>();
  EXPECT_EQ(found.state, OrderState::Cancelled);
  EXPECT_EQ(found.filled, Quantity{600'000});
  EXPECT_EQ(found.venue_order_id.view(), "1234567");
  EXPECT_TRUE(std::holds_alternative<OrderFound>(log.events.back()));
}

TEST_F(BitfinexClientTest, saysWhereALiveOrderStands) {
  make_ready();
  ASSERT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  answer("[" + row(2, "0.01", "ACTIVE") + "," + row(1, "0.01", "ACTIVE") + "]");
  EXPECT_EQ(log.only<OrderFound>().state, OrderState::Acked);
  EXPECT_THAT(sent.rest, IsEmpty());
}

TEST_F(BitfinexClientTest, saysNotFoundOnlyWhenBothListsHaveNothing) {
  make_ready();
  ASSERT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  answer("[" + row(2, "0.01", "ACTIVE") + "]");
  EXPECT_THAT(log.all<OrderNotFound>(), IsEmpty());
  EXPECT_EQ(answer("[]").body, R"({"limit":250})");
  EXPECT_EQ(log.only<OrderNotFound>().order, make_order_id(1, 1));
}

TEST_F(BitfinexClientTest, looksFurtherBackWhereAHistoryIsCutAndThenDoesNotGuess) {
  make_ready();
  ASSERT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  const auto rows = [](std::size_t count) {
    std::string all = "[";
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) all += ',';
      all += row(static_cast<std::uint32_t>(2 + i), "0.01", "CANCELED");
    }
    return all + "]";
  };
  answer("[]");
  answer(rows(250));
  EXPECT_THAT(log.all<OrderNotFound>(), IsEmpty());
  EXPECT_EQ(answer(rows(2500)).body, R"({"limit":2500})");
  EXPECT_THAT(log.all<OrderNotFound>(), IsEmpty());
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
}

TEST_F(BitfinexClientTest, aFailedQueryIsNoEmptyAnswer) {
  make_ready();
  const auto asked = [this](std::uint32_t n) {
    log.events.clear();
    ASSERT_EQ(client->query_order({make_order_id(1, n), btc, {}}, now(), sent), SendOutcome::Sent);
  };
  asked(1);
  answer("not JSON");
  EXPECT_EQ(log.only<QueryFailed>().order, make_order_id(1, 1));
  asked(2);
  answer(R"({"code":503,"error":"temporarily_unavailable"})", 503);
  EXPECT_THAT(log.all<QueryFailed>(), SizeIs(1));
  asked(3);
  answer("[]", 502);
  EXPECT_THAT(log.all<QueryFailed>(), SizeIs(1));
  asked(4);
  answer("[[1,2,3]]");
  EXPECT_THAT(log.all<QueryFailed>(), SizeIs(1));
  asked(5);
  client->on_rest_failed(sent.rest.front().tag, TransportError::TimedOut, now(), log, sent);
  sent.rest.pop_front();
  EXPECT_THAT(log.all<QueryFailed>(), SizeIs(1));
  EXPECT_THAT(log.all<OrderNotFound>(), IsEmpty());
}

TEST_F(BitfinexClientTest, raisesTheNonceOnceWhenItIsTooSmall) {
  make_ready();
  ASSERT_EQ(client->query_balances(now(), sent), SendOutcome::Sent);
  answer(R"(["error",10114,"nonce: small"])", 500);
  ASSERT_THAT(sent.rest, SizeIs(1));
  EXPECT_THAT(*sent.rest.front().request.header("bfx-nonce"), StartsWith("170000006"));
  answer(R"(["error",10114,"nonce: small"])", 500);
  EXPECT_THAT(sent.rest, IsEmpty());
}

TEST_F(BitfinexClientTest, leavesAnEndpointAloneForAMinuteWhenItWasTooMuch) {
  make_ready();
  ASSERT_EQ(client->query_balances(now(), sent), SendOutcome::Sent);
  answer(R"({"error":"ERR_RATE_LIMIT"})", 429);
  elapsed = seconds(59);
  EXPECT_EQ(client->query_balances(now(), sent), SendOutcome::RateLimited);
  EXPECT_EQ(client->query_open_orders(now(), sent), SendOutcome::Sent);  // another endpoint
  elapsed = seconds(61);
  EXPECT_EQ(client->query_balances(now(), sent), SendOutcome::Sent);
}

TEST_F(BitfinexClientTest, staysBelowNinetyCallsInAnyMinute) {
  make_ready();
  std::vector<Instant> asked;
  for (; elapsed < seconds(180); elapsed = elapsed + milliseconds(100)) {
    if (client->query_balances(now(), sent) != SendOutcome::Sent) continue;
    asked.push_back(now().instant);
    answer("[]");
  }
  EXPECT_GT(asked.size(), 150u);
  for (std::size_t i = 90; i < asked.size(); ++i) EXPECT_GE(asked[i] - asked[i - 90], seconds(60));
}

TEST_F(BitfinexClientTest, keepsRoomForCancelsBelowTheVenuesLimit) {
  make_ready();
  std::uint32_t placed = 0;
  while (client->place(order(placed + 1), now(), sent) == SendOutcome::Sent) {
    ++placed;
    trading(notification("on-req", placed, "null", "null", "ERROR", "Invalid price."));
  }
  EXPECT_EQ(placed, 400u);
  EXPECT_EQ(client->cancel({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
}

TEST_F(BitfinexClientTest, answersAQuestionForOpenOrdersWithOursAndOthers) {
  make_ready();
  ASSERT_EQ(client->query_open_orders(now(), sent), SendOutcome::Sent);
  std::string foreign = row(9, "0.01", "ACTIVE");
  foreign.replace(foreign.find("4281427"), 7, "null");
  foreign.replace(foreign.find("1234567"), 7, "7654321");
  answer("[" + row(1, "0.01", "ACTIVE") + "," + foreign + "]");
  EXPECT_EQ(log.only<OrderFound>().order, make_order_id(1, 1));
  EXPECT_EQ(log.only<ForeignOrder>().venue_order_id.view(), "7654321");
}

TEST_F(BitfinexClientTest, asksForOpenOrdersAgainWhenTheAnswerFailed) {
  make_ready();
  ASSERT_EQ(client->query_open_orders(now(), sent), SendOutcome::Sent);
  answer("", 502);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(sent.rest, IsEmpty());
  elapsed = seconds(2);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(sent.rest, SizeIs(1));
}

TEST_F(BitfinexClientTest, answersAQuestionForBalances) {
  make_ready();
  ASSERT_EQ(client->query_balances(now(), sent), SendOutcome::Sent);
  EXPECT_EQ(
      answer(
          R"([["exchange","BTC",1.5,0,1.2,null,null],["margin","USD",9,0,9,null,null],["exchange","UST",10,0,10,null,null]])")
          .target,
      "/v2/auth/r/wallets");
  const auto balances = log.all<BalanceReported>();
  ASSERT_THAT(balances, SizeIs(2));
  EXPECT_EQ(balances[0].total, Decimal::of("1.5"));
  EXPECT_EQ(balances[0].held, Decimal::of("0.3"));
  EXPECT_EQ(balances[1].asset, universe.find_asset("USDT"));
  EXPECT_TRUE(std::holds_alternative<BalancesComplete>(log.events.back()));
}

TEST_F(BitfinexClientTest, saysPingWhereNothingIsSaid) {
  client->on_open(Channel::MarketData, now(), log, sent);
  make_ready();
  sent.market.clear();
  elapsed = seconds(5);
  client->on_timer(now(), log, sent);
  EXPECT_THAT(sent.market, ElementsAre(R"({"event":"ping","cid":1})"));
  EXPECT_THAT(sent.trading, ElementsAre(R"({"event":"ping","cid":2})"));
  text(Channel::MarketData, R"({"event":"pong","ts":1511545528111,"cid":1})");
  EXPECT_THAT(log.all<Heartbeat>(), SizeIs(1));
}

}  // namespace
}  // namespace ats::venues::bitfinex
