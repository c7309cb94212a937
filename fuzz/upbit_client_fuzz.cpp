// Any bytes as what the venue says to its client: a message on either stream while an order is in flight, and
// the answer to every REST call. Nothing may break; a message of the private stream that cannot be read is not
// passed over in silence.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "venues/upbit/client.hpp"
#include "venues/upbit/testing_exchange.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using namespace ats::venues::upbit;

struct Ends final : EventSink, Outbox {
  void on(const Event&) override { ++events; }
  void send_text(Channel, std::string_view) override { ++frames; }
  void send_rest(RestTag tag, const HttpRequest&, Duration) override { asked.push_back(tag); }
  void reconnect(Channel, std::string_view) override { ++reconnects; }
  std::size_t events = 0;
  std::size_t frames = 0;
  std::size_t reconnects = 0;
  std::vector<RestTag> asked;
};

void answer(Client& client, Ends& ends, const Now& now, std::string_view body, int status) {
  // Answers lead to further questions; there is an end to them.
  for (int round = 0; round < 64 && !ends.asked.empty(); ++round) {
    const RestTag tag = ends.asked.back();
    ends.asked.pop_back();
    HttpResponse response;
    response.status = status;
    response.headers = {{"Remaining-Req", std::string(body.substr(0, 64))}};
    response.body = body;
    client.on_response(tag, response, now, ends, ends);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TestExchange exchange;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ClientSetup setup;
  setup.venue = exchange.venue();
  setup.universe = &exchange.universe();
  setup.instruments = {exchange.btc()};
  setup.credentials = {TestExchange::key, TestExchange::secret_text};
  const auto client = upbit::make_client(setup);
  Ends ends;
  Now now{Instant{}, exchange.time};
  client->on_open(Channel::MarketData, now, ends, ends);
  client->on_open(Channel::Trading, now, ends, ends);
  client->on_text(Channel::Trading, R"({"status":"UP"})", now, ends, ends);
  ATS_ASSERT(client->ready(Channel::Trading));
  OrderRequest order;
  order.id = make_order_id(1, 1);
  order.instrument = exchange.btc();
  order.price = {30'000'000};
  order.quantity = {1'000'000};
  ATS_ASSERT(client->place(order, now, ends) == SendOutcome::Sent);
  answer(*client, ends, now,
         R"({"market":"KRW-BTC","uuid":"u-1","side":"bid","state":"wait","executed_volume":"0"})",
         201);

  client->on_text(Channel::MarketData, bytes, now, ends, ends);
  const std::size_t told = ends.events;
  const FrameOutcome outcome = client->on_text(Channel::Trading, bytes, now, ends, ends);
  if (outcome == FrameOutcome::Malformed) ATS_ASSERT(ends.events > told);
  for (const int status : {200, 400, 500, 429, 418}) {
    now.instant = now.instant + hours(1);
    now.wall = now.wall + hours(1);
    order.id = {order.id.value + 1};
    client->place(order, now, ends);
    client->cancel({order.id, order.instrument, "u-1"}, now, ends);
    client->query_order({order.id, order.instrument, {}}, now, ends);
    client->query_open_orders(now, ends);
    client->query_balances(now, ends);
    client->request_snapshot(exchange.btc(), now, ends);
    answer(*client, ends, now, bytes, status);
    client->on_timer(now, ends, ends);
    answer(*client, ends, now, bytes, status);
  }
  client->on_close(Channel::Trading, now, ends);
  client->on_close(Channel::MarketData, now, ends);
  return 0;
}
