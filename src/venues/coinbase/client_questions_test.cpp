// What the client asks over REST, what it makes of the answers, and what it keeps back for.
#include "venues/coinbase/testing_client.hpp"

namespace ats::venues::coinbase {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using CoinbaseQuestions = CoinbaseClientTest;

// --- questions ---

TEST_F(CoinbaseQuestions, findsAnOrderByOurIdInTheListSinceItWasPlaced) {
  make_ready();
  place(1);
  fail_rest(TransportError::TimedOut);
  log.events.clear();
  ASSERT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent), SendOutcome::Sent);
  EXPECT_EQ(client->query_order({make_order_id(1, 1), btc, {}}, now(), sent),
            SendOutcome::RateLimited);  // is being asked
  EXPECT_EQ(sent.rest[0].request.target,
            "/api/v3/brokerage/orders/historical/batch?product_ids=BTC-USD&limit=100"
            "&start_date=2023-11-14T22%3A12%3A20.000000Z");
  answer(R"({"orders":[)" + rest_order("someone-else", "OPEN", "0") +
         R"(],"has_next":true,"cursor":"2"})");
  EXPECT_THAT(sent.rest[0].request.target, HasSubstr("&cursor=2"));
  answer(R"({"orders":[)" + rest_order(client_id(1), "FILLED", "0.01") + R"(],"has_next":false})");
  EXPECT_THAT(log.events, IsEmpty());  // its fills first
  answer(R"({"fills":[)" + fill(1, "68950", "0.01") + R"(],"cursor":""})");
  EXPECT_EQ(log.only<OrderFilled>().fill.quantity, Quantity{1000000});
  EXPECT_EQ(log.only<OrderFound>().state, OrderState::Filled);
  EXPECT_EQ(log.only<OrderFound>().venue_order_id.view(), venue_id);
  // From now on by the venue's id.
  log.events.clear();
  client->query_order({make_order_id(1, 1), btc, {}}, now(), sent);
  EXPECT_EQ(sent.rest[0].request.target,
            std::string("/api/v3/brokerage/orders/historical/") + venue_id);
  answer(R"({"order":)" + rest_order(client_id(1), "FILLED", "0.01") + "}");
  answer(R"({"fills":[)" + fill(1, "68950", "0.01") + R"(],"cursor":""})");
  EXPECT_EQ(log.all<OrderFilled>().size(), 1u);  // told again when asked for
  EXPECT_EQ(log.all<OrderFound>().size(), 1u);
}

TEST_F(CoinbaseQuestions, tellsApartWhatIsNotThereAndWhatCouldNotBeAsked) {
  make_ready();
  const QueryOrder by_us{make_order_id(1, 9), btc, {}};
  const QueryOrder by_them{make_order_id(1, 8), btc, venue_id};
  client->query_order(by_us, now(), sent);
  EXPECT_THAT(sent.rest[0].request.target, testing::Not(HasSubstr("start_date")));
  answer(R"({"orders":[],"has_next":false,"cursor":""})");
  EXPECT_EQ(log.only<OrderNotFound>().order, by_us.order);
  log.events.clear();
  client->query_order(by_them, now(), sent);
  answer(R"({"error":"unknown","error_details":"order with this orderID was not found"})", 404);
  EXPECT_EQ(log.only<OrderNotFound>().order, by_them.order);
  for (const int status : {200, 500, 429}) {
    log.events.clear();
    pass(seconds(61));
    sent.rest.clear();
    client->query_order(by_them, now(), sent);
    answer("nonsense", status);
    EXPECT_EQ(log.only<QueryFailed>().order, by_them.order) << status;
  }
  // A list of fills that lags behind the order is not its truth.
  log.events.clear();
  pass(seconds(61));
  sent.rest.clear();
  client->query_order(by_them, now(), sent);
  answer(R"({"order":)" + rest_order(client_id(8), "FILLED", "0.01") + "}");
  answer(R"({"fills":[],"cursor":""})");
  EXPECT_EQ(log.only<QueryFailed>().order, by_them.order);
  EXPECT_THAT(log.all<OrderFound>(), IsEmpty());
}

TEST_F(CoinbaseQuestions, tellsOpenOrdersOursAndOthers) {
  make_ready();
  client->query_open_orders(now(), sent);
  EXPECT_EQ(sent.rest[0].request.target,
            "/api/v3/brokerage/orders/historical/batch?order_status=OPEN&limit=250");
  answer(R"({"orders":[)" + rest_order("by hand", "OPEN", "0") + "," +
         rest_order(client_id(5), "OPEN", "0") + R"(],"has_next":false,"cursor":""})");
  EXPECT_EQ(log.all<ForeignOrder>().size(), 1u);
  EXPECT_EQ(log.only<OrderFound>().order, make_order_id(1, 5));
  EXPECT_EQ(log.only<OrderFound>().state, OrderState::Acked);
  client->query_open_orders(now(), sent);
  answer("", 500);
  EXPECT_THAT(sent.rest, IsEmpty());
  pass(seconds(2));
  EXPECT_THAT(sent.rest, SizeIs(1));  // asked again
}

TEST_F(CoinbaseQuestions, addsUpWalletsOverAllPages) {
  make_ready();
  const auto wallet = [](const char* asset, const char* available, const char* hold) {
    return std::string(R"({"uuid":"u","currency":")") + asset +
           R"(","available_balance":{"value":")" + available +
           R"(","currency":"x"},"hold":{"value":")" + hold +
           R"(","currency":"x"},"type":"ACCOUNT_TYPE_CRYPTO"})";
  };
  client->query_balances(now(), sent);
  EXPECT_EQ(sent.rest[0].request.target, "/api/v3/brokerage/accounts?limit=250");
  answer(R"({"accounts":[)" + wallet("BTC", "1.2", "0.3") + "," + wallet("DOGE", "5", "0") +
         R"(],"has_next":true,"cursor":"c"})");
  EXPECT_THAT(log.events, IsEmpty());
  answer(R"({"accounts":[)" + wallet("BTC", "1", "0") + "," + wallet("USD", "7", "2") +
         R"(],"has_next":false,"cursor":""})");
  const auto told = log.all<BalanceReported>();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].total, Decimal::of("2.5"));
  EXPECT_EQ(told[0].held, Decimal::of("0.3"));
  EXPECT_EQ(told[1].total, Decimal::of("9"));
  EXPECT_EQ(log.all<BalancesComplete>().size(), 1u);
  log.events.clear();
  client->query_balances(now(), sent);
  answer(R"({"accounts":[)" + wallet("BTC", "1", "0") + R"(,{"currency":"USD"}]})");
  EXPECT_THAT(log.events, IsEmpty());  // all or nothing
}

// --- taking back ---

TEST_F(CoinbaseQuestions, takesBackByTheVenuesIdWhichItLooksUpWhereItMust) {
  make_ready();
  place_and_ack(1);
  client->cancel({make_order_id(1, 1), btc, {}}, now(), sent);
  const HttpRequest cancel = answer(
      R"({"results":[{"success":true,"failure_reason":"UNKNOWN_CANCEL_FAILURE_REASON","order_id":"x"}]})");
  EXPECT_EQ(cancel.target, "/api/v3/brokerage/orders/batch_cancel");
  EXPECT_EQ(cancel.body, std::string(R"({"order_ids":[")") + venue_id + R"("]})");
  EXPECT_THAT(log.events, IsEmpty());  // the user channel tells when it is done
  order_news(1, "CANCELLED", "0");
  EXPECT_EQ(log.only<OrderEnded>().state, OrderState::Cancelled);
  log.events.clear();
  client->cancel({make_order_id(1, 2), btc, {}}, now(), sent);
  EXPECT_THAT(sent.rest[0].request.target, HasSubstr("/orders/historical/batch?"));
  answer(R"({"orders":[)" + rest_order(client_id(2), "OPEN", "0") + R"(],"has_next":false})");
  EXPECT_EQ(answer(R"({"results":[{"success":true}]})").target,
            "/api/v3/brokerage/orders/batch_cancel");
  EXPECT_THAT(log.all<CancelRejected>(), IsEmpty());
  client->cancel({make_order_id(1, 3), btc, {}}, now(), sent);
  answer(R"({"orders":[],"has_next":false})");
  EXPECT_EQ(log.only<CancelRejected>().order, make_order_id(1, 3));
}

TEST_F(CoinbaseQuestions, tellsWhenTakingBackFails) {
  make_ready();
  const auto result = [&](const std::string& body, int status = 200) {
    log.events.clear();
    client->cancel({make_order_id(1, 1), btc, venue_id}, now(), sent);
    answer(body, status);
    return log.all<CancelRejected>();
  };
  const auto failure = [](const std::string& reason) {
    return R"({"results":[{"success":false,"failure_reason":")" + reason + R"(","order_id":"x"}]})";
  };
  EXPECT_THAT(result(failure("UNKNOWN_CANCEL_ORDER")), SizeIs(1));
  EXPECT_THAT(result(failure("DUPLICATE_CANCEL_REQUEST")), IsEmpty());  // is under way
  ASSERT_THAT(result("", 503), SizeIs(1));
  EXPECT_EQ(log.only<CancelRejected>().reason, RejectReason::VenueBusy);
  EXPECT_THAT(result("{}"), SizeIs(1));
  EXPECT_EQ(result("Unauthorized", 401).front().reason, RejectReason::AuthFailed);
}

TEST_F(CoinbaseQuestions, keepsBudgetForCancelsWhateverElseWasSent) {
  make_ready();
  std::uint32_t placed = 0;
  while (client->place(order(++placed), now(), sent) == SendOutcome::Sent) {
  }
  EXPECT_GT(placed, 5u);
  EXPECT_EQ(client->query_balances(now(), sent), SendOutcome::Sent);
  int asked = 0;
  while (client->query_balances(now(), sent) == SendOutcome::Sent) ++asked;
  int cancelled = 0;
  while (client->cancel({make_order_id(1, 1), btc, venue_id}, now(), sent) == SendOutcome::Sent)
    ++cancelled;
  EXPECT_EQ(cancelled, query_reserve);
  EXPECT_GT(client->counters().rate_limited, 2u);
  elapsed = elapsed + seconds(1);
  EXPECT_EQ(client->place(order(99), now(), sent), SendOutcome::Sent);
}

TEST_F(CoinbaseQuestions, waitsAsLongAsTheVenueSaysAfterTooManyRequests) {
  make_ready();
  place(1);
  answer(R"({"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]})", 429,
         {{"x-ratelimit-reset", "5"}});
  EXPECT_EQ(log.only<OrderRejected>().reason, RejectReason::RateLimited);
  elapsed = elapsed + seconds(4);
  EXPECT_EQ(client->place(order(2), now(), sent), SendOutcome::RateLimited);
  EXPECT_EQ(client->cancel({make_order_id(1, 1), btc, venue_id}, now(), sent), SendOutcome::Sent);
  elapsed = elapsed + seconds(2);
  EXPECT_EQ(client->place(order(2), now(), sent), SendOutcome::Sent);
}

}  // namespace
}  // namespace ats::venues::coinbase
