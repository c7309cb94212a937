// For tests only: the client between a log of what it tells and a list of what it sends; the test is the
// venue and owns the clock.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "venues/coinbase/client.hpp"
#include "venues/coinbase/metadata.hpp"

namespace ats::venues::coinbase {

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

inline constexpr const char* venue_id = "11111111-0000-4000-8000-000000000001";
inline const std::string accepted =
    R"({"success":true,"failure_reason":"UNKNOWN_FAILURE_REASON","order_id":"11111111-0000-4000-8000-000000000001","success_response":{"order_id":"11111111-0000-4000-8000-000000000001","product_id":"BTC-USD","side":"BUY","client_order_id":"x"},"order_configuration":null})";

class CoinbaseClientTest : public testing::Test {
 protected:
  CoinbaseClientTest() {
    venue = universe.add_venue("coinbase", {});
    btc = add("BTC-USD", "BTC", "USD", "");
    usdc = add("BTC-USDC", "BTC", "USDC", "BTC-USD");
    reset();
  }
  InstrumentId add(const char* id, const char* base, const char* quote, const char* alias) {
    ProductRow row;
    row.id = id;
    row.alias = alias;
    row.base = base;
    row.quote = quote;
    row.price_decimals = 2;
    row.qty_decimals = 8;
    return *add_instrument(row, venue, universe);
  }
  void reset() {
    ClientSetup setup;
    setup.venue = venue;
    setup.universe = &universe;
    setup.instruments = {btc, usdc};
    setup.credentials = simulated_credentials(std::string(64, 'a'));
    client = make_client(setup);
    log.events.clear();
    sent = {};
  }

  Now now() const { return {Instant{} + elapsed, WallTime{1'700'000'000'000'000'000} + elapsed}; }
  void pass(Duration time) {
    elapsed = elapsed + time;
    client->on_timer(now(), log, sent);
  }
  void text(Channel channel, const std::string& frame) {
    outcome = client->on_text(channel, frame, now(), log, sent);
  }
  // Answers the oldest REST request that is still open.
  HttpRequest answer(const std::string& body, int status = 200,
                     std::vector<HttpHeader> headers = {}) {
    EXPECT_FALSE(sent.rest.empty());
    if (sent.rest.empty()) return {};
    const Sent::Rest rest = sent.rest.front();
    sent.rest.pop_front();
    client->on_response(rest.tag, {status, std::move(headers), body}, now(), log, sent);
    return rest.request;
  }
  void fail_rest(TransportError error) {
    ASSERT_FALSE(sent.rest.empty());
    const Sent::Rest rest = sent.rest.front();
    sent.rest.pop_front();
    client->on_rest_failed(rest.tag, error, now(), log, sent);
  }
  // The clock asked, the user channel standing, the fees told.
  void make_ready() {
    client->on_open(Channel::Trading, now(), log, sent);
    EXPECT_EQ(
        answer(
            R"({"iso":"2023-11-14T22:13:20Z","epochSeconds":"1700000000","epochMillis":"1700000000000"})")
            .target,
        "/api/v3/brokerage/time");
    ASSERT_THAT(sent.trading, testing::SizeIs(2));
    sequence = 0;
    user(R"("type":"snapshot","orders":[])");
    ASSERT_TRUE(client->ready(Channel::Trading));
    pass({});
    answer(
        R"({"fee_tier":{"pricing_tier":"Advanced 1","taker_fee_rate":"0.012","maker_fee_rate":"0.006"}})");
    sent.trading.clear();
    log.events.clear();
  }
  void user(const std::string& event) {
    text(Channel::Trading,
         R"({"channel":"user","client_id":"","timestamp":"2026-04-07T14:30:06Z","sequence_num":)" +
             std::to_string(sequence++) + R"(,"events":[{)" + event + "}]}");
  }
  void order_news(std::uint32_t n, const std::string& status, const std::string& filled) {
    user(R"("type":"update","orders":[)" + user_order(client_id(n), status, filled) + "]");
  }
  static std::string user_order(const std::string& id, const std::string& status,
                                const std::string& filled) {
    return R"({"order_id":"11111111-0000-4000-8000-000000000001","client_order_id":")" + id +
           R"(","cumulative_quantity":")" + filled +
           R"(","leaves_quantity":"0","avg_price":"68899.5","total_fees":"0.16","status":")" +
           status + R"(","product_id":"BTC-USD","order_side":"BUY","reject_reason":""})";
  }
  static std::string rest_order(const std::string& id, const std::string& status,
                                const std::string& filled) {
    return R"({"order_id":"11111111-0000-4000-8000-000000000001","client_order_id":")" + id +
           R"(","product_id":"BTC-USD","side":"BUY","status":")" + status + R"(","filled_size":")" +
           filled + R"(","reject_reason":"REJECT_REASON_UNSPECIFIED"})";
  }
  static std::string fill(int n, const std::string& price, const std::string& size) {
    return R"({"entry_id":"e","trade_id":"trade-)" + std::to_string(n) +
           R"(","order_id":"11111111-0000-4000-8000-000000000001","trade_time":"2024-01-15T10:30:00Z","trade_type":"FILL","price":")" +
           price + R"(","size":")" + size +
           R"(","commission":"1.14","product_id":"BTC-USD","liquidity_indicator":"TAKER","size_in_quote":false,"side":"BUY"})";
  }
  OrderRequest order(std::uint32_t n, TimeInForce tif = TimeInForce::Ioc) const {
    OrderRequest request;
    request.id = make_order_id(1, n);
    request.instrument = btc;
    request.time_in_force = tif;
    request.price = {6895050};
    request.quantity = {1000000};
    return request;
  }
  static std::string client_id(std::uint32_t n) {
    return std::string(client_order_id(make_order_id(1, n)).view());
  }
  void place(std::uint32_t n) {
    ASSERT_EQ(client->place(order(n), now(), sent), SendOutcome::Sent);
  }
  void place_and_ack(std::uint32_t n) {
    place(n);
    answer(accepted);
    EXPECT_EQ(log.only<OrderAcked>().venue_order_id.view(), venue_id);
    log.events.clear();
  }

  Universe universe;
  VenueId venue;
  InstrumentId btc, usdc;
  std::unique_ptr<Client> client;
  Duration elapsed;
  Log log;
  Sent sent;
  FrameOutcome outcome = FrameOutcome::Decoded;
  std::uint64_t sequence = 0;
};

}  // namespace ats::venues::coinbase
