// Any bytes as what a client says to the simulated exchange: REST query and body, signed and not, events and
// requests on the account's channel. Nothing may break, and nothing that is not signed may trade.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "venues/bitfinex/auth.hpp"
#include "venues/bitfinex/server.hpp"
#include "venues/bitfinex/testing_exchange.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using namespace ats::venues::bitfinex;

// An order that stands, for what amends, cancels and asks.
OrderTerms stands(TestExchange& exchange) {
  NewOrder order;
  order.account = AccountId{0};
  order.instrument = exchange.btc();
  order.client_order_id = "7";
  order.price = {2'000'000};
  order.quantity = {1'000'000};
  const auto placed = exchange.place(order);
  ATS_ASSERT(placed.ok());
  exchange.order_news.clear();
  return {placed->price, placed->quantity};
}

struct Ears final : ServerOutbox {
  void send_text(SessionId, std::string_view frame) override { last = frame; }
  void send_binary(SessionId, std::string_view) override { ATS_ASSERT(!"a binary frame"); }
  void close(SessionId, int, std::string_view) override {}
  std::string last;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  TestExchange exchange;
  const OrderTerms terms = stands(exchange);
  BitfinexServer server(exchange);
  Ears ears;
  server.on_http({"GET", "/v2/" + bytes, {}, {}});
  for (const char* path : {"/v2/book/tBTCUST/P0", "/v2/trades/tBTCUST/hist", "/v2/tickers"})
    server.on_http({"GET", path + std::string("?") + bytes, {}, {}});
  for (const char* path : {"/v2/auth/w/order/submit", "/v2/auth/w/order/update"})
    server.on_http(
        {"POST",
         path,
         {{"bfx-apikey", TestExchange::key}, {"bfx-nonce", "1"}, {"bfx-signature", bytes}},
         bytes});
  server.on_open(1, "/ws/2", ears);
  server.on_text(1, bytes, ears);
  ATS_ASSERT(exchange.order_news.empty());
  const VenueOrder* const standing = exchange.find_order(AccountId{0}, {1, ""});
  ATS_ASSERT(standing != nullptr && standing->live());
  ATS_ASSERT((OrderTerms{standing->price, standing->quantity}) == terms);

  Auth auth({TestExchange::key, TestExchange::secret_text});
  for (const char* path :
       {"w/order/submit", "w/order/update", "w/order/cancel", "w/order/cancel/multi", "r/orders",
        "r/orders/hist", "r/trades/hist", "r/order/tBTCUST:100000000001/trades", "r/wallets"}) {
    server.on_http(auth.post("/v2/auth/" + std::string(path), bytes, exchange.time));
  }
  server.on_http(auth.post("/v2/auth/" + bytes, "{}", exchange.time));

  server.on_text(1, R"({"event":"conf","flags":229376})", ears);
  server.on_text(1, R"({"event":"subscribe","channel":"book","symbol":"tBTCUST"})", ears);
  server.on_text(1, auth.authentication(exchange.time, true), ears);
  server.on_text(1, bytes, ears);
  server.on_text(1, R"([0,"on",null,)" + bytes + "]", ears);
  server.on_text(1, R"([0,"oc",null,)" + bytes + "]", ears);
  server.on_text(1, R"([0,"ou",null,)" + bytes + "]", ears);
  static_cast<void>(server.refuse_order(Refusal::RateLimit, bytes));
  while (!exchange.changes.empty()) {
    server.on_book(exchange.changes.front(), ears);
    exchange.changes.pop_front();
  }
  while (!exchange.order_news.empty()) {
    server.on_order(exchange.order_news.front(), ears);
    exchange.order_news.pop_front();
  }
  exchange.time = exchange.time + seconds(20);
  server.on_tick(ears);
  server.on_close(1);
  return 0;
}
