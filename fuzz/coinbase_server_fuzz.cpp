// Any bytes as what a client says to the simulated exchange: REST query, body and token, signed and not, and
// stream requests with a good token. Nothing may break, and nothing that is not signed may trade.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "venues/coinbase/auth.hpp"
#include "venues/coinbase/server.hpp"
#include "venues/coinbase/testing_exchange.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using namespace ats::venues::coinbase;

struct Ears final : ServerOutbox {
  void send_text(SessionId, std::string_view frame) override { last = frame; }
  void send_binary(SessionId, std::string_view) override {}
  void close(SessionId, int, std::string_view) override {}
  std::string last;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  TestExchange exchange;
  CoinbaseServer server(exchange);
  Ears ears;
  const std::string brokerage = "/api/v3/brokerage";
  for (const char* path :
       {"/market/products", "/market/product_book", "/market/products/BTC-USD/ticker", "/orders"})
    server.on_http({"GET", brokerage + path + "?" + bytes, {}, {}});
  for (const std::string& token : {std::string("Bearer ") + bytes, bytes})
    server.on_http({"POST", brokerage + "/orders", {{"Authorization", token}}, bytes});
  ATS_ASSERT(exchange.order_news.empty());

  Auth auth(exchange.account);
  const auto call = [&](const char* method, const std::string& target, const std::string& body) {
    exchange.time = exchange.time + seconds(1);
    server.on_http({method,
                    target,
                    {{"Authorization", "Bearer " + auth.rest_token(method, target, exchange.time)}},
                    body});
  };
  call("POST", brokerage + "/orders", bytes);
  call("POST", brokerage + "/orders/batch_cancel", bytes);
  for (const char* path : {"/accounts", "/orders/historical/batch", "/orders/historical/fills",
                           "/best_bid_ask", "/products", "/product_book"})
    call("GET", brokerage + path + "?" + bytes, "");
  call("GET", brokerage + "/orders/historical/" + bytes, "");

  server.on_open(1, "/", ears);
  server.on_text(1, bytes, ears);
  // The same with the token in place of a word that means it.
  std::string with_token = bytes;
  if (const std::size_t word = with_token.find("TOKEN"); word != std::string::npos)
    with_token.replace(word, 5, auth.stream_token(exchange.time));
  server.on_text(1, with_token, ears);
  while (!exchange.changes.empty()) {
    server.on_book(exchange.changes.front(), ears);
    exchange.changes.pop_front();
  }
  while (!exchange.prints.empty()) {
    server.on_trade(exchange.prints.front(), ears);
    exchange.prints.pop_front();
  }
  while (!exchange.order_news.empty()) {
    server.on_order(exchange.order_news.front(), ears);
    exchange.order_news.pop_front();
  }
  exchange.time = exchange.time + seconds(2);
  server.on_tick(ears);
  server.on_close(1);
  return 0;
}
