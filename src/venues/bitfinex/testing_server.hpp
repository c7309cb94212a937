// For tests only: the server of this folder over an exchange of one account, with ears for what it says.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "venues/bitfinex/auth.hpp"
#include "venues/bitfinex/server.hpp"
#include "venues/bitfinex/testing_exchange.hpp"

namespace ats::venues::bitfinex {

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

inline constexpr std::string_view submit_body =
    R"({"type":"EXCHANGE LIMIT","symbol":"tBTCUST","amount":"0.5","price":"29000","cid":7,"gid":3})";

class BitfinexServerTest : public testing::Test {
 protected:
  HttpResponse get_response(const std::string& target) {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    return server.on_http(request);
  }
  std::string get(const std::string& target) { return get_response(target).body; }
  HttpResponse post_response(const std::string& call, std::string_view body = "{}") {
    return server.on_http(auth.post("/v2/auth/" + call, body, exchange.time));
  }
  std::string post(const std::string& call, std::string_view body = "{}") {
    return post_response(call, body).body;
  }
  std::string submit(const std::string& type, const std::string& amount, const std::string& price,
                     const std::string& more = "") {
    return post("w/order/submit", R"({"type":")" + type + R"(","symbol":"tBTCUST","amount":")" +
                                      amount + R"(","price":")" + price + "\"" + more + "}");
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
  void open(SessionId id, const std::string& conf = "") {
    server.on_open(id, "/ws/2", out);
    if (!conf.empty()) server.on_text(id, R"({"event":"conf","flags":)" + conf + "}", out);
    out.take(id);
  }
  void say(SessionId id, const std::string& frame) { server.on_text(id, frame, out); }
  void sign_in(SessionId id, bool dead_man = true) {
    say(id, auth.authentication(exchange.time, dead_man));
  }
  // Without the sequence's and the time's numbers.
  static constexpr const char* subscribe_book =
      R"({"event":"subscribe","channel":"book","symbol":"tBTCUST","prec":"P0","freq":"F0","len":"25","subId":9})";

  TestExchange exchange;
  BitfinexServer server{exchange};
  Auth auth{{TestExchange::key, TestExchange::secret_text}};
  Frames out;
};

}  // namespace ats::venues::bitfinex
