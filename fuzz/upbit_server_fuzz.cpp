// Any bytes as what a client says to the simulated exchange: REST query and body, signed and not, and stream
// requests. Nothing may break, and nothing that is not signed may trade.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "venues/upbit/auth.hpp"
#include "venues/upbit/server.hpp"
#include "venues/upbit/testing_exchange.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using namespace ats::venues::upbit;

struct Ears final : ServerOutbox {
  void send_text(SessionId, std::string_view) override {}
  void send_binary(SessionId, std::string_view) override {}
  void close(SessionId, int, std::string_view) override {}
};

// What the bytes say, hashed as the server will read them: "name=value&…" without percent signs.
std::string plain(std::string text) {
  for (char& c : text) {
    if (c == '%' || c == '+' || c == '?' || c == '#') c = '_';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  TestExchange exchange;
  UpbitServer server(exchange);
  Ears ears;
  const auto later = [&exchange] { exchange.time = exchange.time + seconds(2); };
  for (const char* path : {"/v1/orderbook", "/v1/orderbook/instruments", "/v1/ticker",
                           "/v1/ticker/all", "/v1/trades/ticks", "/v1/orders", "/v1/order"}) {
    later();
    server.on_http({"GET", path + std::string("?") + bytes, {}, {}});
    server.on_http({"POST", path, {{"Authorization", "Bearer " + bytes}}, bytes});
    server.on_http({"DELETE", path + std::string("?") + bytes, {{"Authorization", bytes}}, {}});
  }
  ATS_ASSERT(exchange.order_news.empty());

  Auth auth({TestExchange::key, TestExchange::secret_text});
  const std::string query = plain(bytes);
  for (const char* method : {"GET", "DELETE"}) {
    for (const char* path : {"/v1/order", "/v1/orders/open", "/v1/orders/closed",
                             "/v1/orders/uuids", "/v1/orders/chance", "/v1/accounts"}) {
      later();
      HttpRequest request = auth.request(method, path, {}, exchange.time);
      request.target += "?" + query;
      request.headers = {{"Authorization", auth.bearer(query, exchange.time)}};
      server.on_http(request);
    }
  }
  // Orders of every kind with the bytes for their numbers.
  std::size_t at = 0;
  const auto piece = [&] {
    const std::size_t end = std::min(bytes.find(',', at), bytes.size());
    const std::string part = bytes.substr(at, end - at);
    at = std::min(end + 1, bytes.size());
    return part;
  };
  const std::string price = piece();
  const std::string volume = piece();
  const std::string identifier = piece();
  for (const char* side : {"bid", "ask"}) {
    for (const char* kind : {"limit", "price", "market", "best"}) {
      later();
      Parameters order;
      order.add("market", "KRW-BTC").add("side", side).add("ord_type", kind);
      if (!price.empty()) order.add("price", price);
      if (!volume.empty()) order.add("volume", volume);
      if (!identifier.empty()) order.add("identifier", identifier + side + kind);
      if (std::string_view(kind) == "best") order.add("time_in_force", "ioc");
      server.on_http(auth.request("POST", "/v1/orders", order, exchange.time));
    }
  }
  later();
  server.on_http(auth.request("GET", "/v1/orders/open", {}, exchange.time));

  HttpRequest upgrade{"GET", "/websocket/v1/private", {{"Authorization", bytes}}, {}};
  ATS_ASSERT(server.refuse_upgrade(upgrade).has_value());
  upgrade.headers = {{"Authorization", auth.bearer("", exchange.time)}};
  ATS_ASSERT(!server.refuse_upgrade(upgrade).has_value());
  server.on_open(1, upgrade.target, ears);
  upgrade.target = "/websocket/v1";
  server.refuse_upgrade(upgrade);
  server.on_open(2, upgrade.target, ears);
  server.on_text(1, R"([{"ticket":"t"},{"type":"myOrder"},{"type":"myAsset"}])", ears);
  server.on_text(
      2,
      R"([{"ticket":"t"},{"type":"orderbook","codes":["KRW-BTC"]},{"type":"ticker","codes":["KRW-BTC"]}])",
      ears);
  for (const SessionId session : {SessionId{1}, SessionId{2}}) server.on_text(session, bytes, ears);
  server.on_book({exchange.btc(), 0, 0, exchange.time, {}, {}}, ears);
  while (!exchange.order_news.empty()) {
    server.on_order(exchange.order_news.front(), ears);
    exchange.order_news.pop_front();
  }
  while (!exchange.prints.empty()) {
    server.on_trade(exchange.prints.front(), ears);
    exchange.prints.pop_front();
  }
  server.on_tick(ears);
  server.on_close(1);
  return 0;
}
