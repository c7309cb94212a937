// Any bytes as what a client says to the simulated exchange: REST query and body, signed and not, and stream
// requests with a good token. Nothing may break, and nothing that is not signed may trade.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "venues/kraken/auth.hpp"
#include "venues/kraken/server.hpp"
#include "venues/kraken/testing_exchange.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using namespace ats::venues::kraken;

// An order that stands, for what amends, cancels and asks.
OrderTerms stands(TestExchange& exchange) {
  NewOrder order;
  order.account = AccountId{0};
  order.instrument = exchange.btc();
  order.client_order_id = "7";
  order.price = {200'000};
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
  KrakenServer server(exchange);
  Ears ears;
  for (const char* path :
       {"/0/public/AssetPairs", "/0/public/Depth", "/0/public/Ticker", "/0/public/Trades",
        "/0/private/AddOrder", "/0/private/AmendOrder", "/0/private/OpenOrders"}) {
    server.on_http({"GET", path + std::string("?") + bytes, {}, {}});
    server.on_http({"POST", path, {{"API-Key", TestExchange::key}, {"API-Sign", bytes}}, bytes});
  }
  ATS_ASSERT(exchange.order_news.empty());
  const VenueOrder* const standing = exchange.find_order(AccountId{0}, {1, ""});
  ATS_ASSERT(standing != nullptr && standing->live());
  ATS_ASSERT((OrderTerms{standing->price, standing->quantity}) == terms);

  Auth auth({TestExchange::key, TestExchange::secret_text});
  for (const char* path :
       {"/0/private/AddOrder", "/0/private/AmendOrder", "/0/private/CancelOrder",
        "/0/private/QueryOrders", "/0/private/QueryTrades", "/0/private/OpenOrders",
        "/0/private/ClosedOrders", "/0/private/TradesHistory", "/0/private/TradeVolume",
        "/0/private/CancelAll"}) {
    server.on_http(auth.post(path, bytes, exchange.time));
  }
  std::string token =
      server.on_http(auth.post("/0/private/GetWebSocketsToken", "", exchange.time)).body;
  const std::size_t at = token.find(R"("token":")") + 9;
  token = token.substr(at, token.find('"', at) - at);

  server.on_open(1, "/v2", ears);
  server.on_text(1, bytes, ears);
  // The same with the token in place of a word that means it.
  std::string with_token = bytes;
  if (const std::size_t word = with_token.find("TOKEN"); word != std::string::npos)
    with_token.replace(word, 5, token);
  server.on_text(1, with_token, ears);
  server.on_text(1,
                 R"({"method":"amend_order","params":{"cl_ord_id":"7","token":")" + token +
                     R"(",)" + bytes + R"(},"req_id":9})",
                 ears);
  server.on_book({exchange.btc(), 0, 0, exchange.time, {}, {}}, ears);
  while (!exchange.order_news.empty()) {
    server.on_order(exchange.order_news.front(), ears);
    exchange.order_news.pop_front();
  }
  server.on_tick(ears);
  server.on_close(1);
  return 0;
}
