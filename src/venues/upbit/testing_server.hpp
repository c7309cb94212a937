// For tests only: the exchange's side over a plain exchange, and what it says, kept.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "venues/upbit/auth.hpp"
#include "venues/upbit/errors.hpp"
#include "venues/upbit/server.hpp"
#include "venues/upbit/testing_exchange.hpp"

namespace ats::venues::upbit {

struct Frames final : ServerOutbox {
  void send_text(SessionId session, std::string_view frame) override {
    ADD_FAILURE() << "a text frame, to session " << session << ": " << frame;
  }
  void send_binary(SessionId session, std::string_view frame) override {
    sent[session].emplace_back(frame);
  }
  void close(SessionId session, int, std::string_view) override { closed.push_back(session); }
  std::vector<std::string> take(SessionId session) { return std::exchange(sent[session], {}); }
  std::map<SessionId, std::vector<std::string>> sent;
  std::vector<SessionId> closed;
};

class UpbitServerTest : public testing::Test {
 protected:
  HttpResponse ask(const std::string& method, const std::string& path,
                   const Parameters& parameters = {}) {
    exchange.time = exchange.time + milliseconds(100);  // below every limit
    return server.on_http(auth.request(method, path, parameters, exchange.time));
  }
  std::string get(const std::string& target) {
    exchange.time = exchange.time + milliseconds(100);
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    return server.on_http(request).body;
  }
  static Parameters limit(const char* side, const char* volume, const char* price) {
    Parameters parameters;
    parameters.add("market", "KRW-BTC").add("side", side).add("volume", volume);
    return parameters.add("price", price).add("ord_type", "limit");
  }
  // The name of the error that a new order gives, or "" and 201.
  std::string placed(const Parameters& parameters) {
    const HttpResponse response = ask("POST", "/v1/orders", parameters);
    const std::string name = error_name(json_, response.body);
    EXPECT_EQ(name.empty(), response.status == 201) << response.body;
    return name;
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
  void open_private(SessionId session) {
    HttpRequest request;
    request.method = "GET";
    request.target = "/websocket/v1/private";
    request.headers = {{"authorization", auth.bearer("", exchange.time)}};
    EXPECT_FALSE(server.refuse_upgrade(request).has_value());
    server.on_open(session, request.target, out);
  }

  TestExchange exchange;
  UpbitServer server{exchange};
  Auth auth{{TestExchange::key, TestExchange::secret_text}};
  Frames out;
  Json json_;
};

}  // namespace ats::venues::upbit
