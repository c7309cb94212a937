// Any bytes as what the venue says to its client: a frame on either stream while an order and its amendment are in
// flight, over the stream or by REST, and the answer to every REST call. Nothing may break; a trading frame that cannot be read is not passed over in
// silence.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "domain/testing_approved.hpp"
#include "venues/bitfinex/client.hpp"
#include "venues/bitfinex/testing_exchange.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using namespace ats::venues::bitfinex;

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

void answer(Client& client, Ends& ends, const Now& now, std::string_view body) {
  // Answers lead to further questions; there is an end to them.
  for (int round = 0; round < 64 && !ends.asked.empty(); ++round) {
    const RestTag tag = ends.asked.back();
    ends.asked.pop_back();
    HttpResponse response;
    response.body = body;
    client.on_response(tag, response, now, ends, ends);
  }
}

void hear(std::string_view bytes, OrderRoute route) {
  static const TestExchange exchange;
  ClientSetup setup;
  setup.venue = exchange.venue();
  setup.universe = &exchange.universe();
  setup.instruments = {exchange.btc()};
  setup.credentials = {TestExchange::key, TestExchange::secret_text};
  setup.order_route = route;
  const auto client = bitfinex::make_client(setup);
  Ends ends;
  Now now{Instant{}, exchange.time};
  client->on_open(Channel::MarketData, now, ends, ends);
  client->on_open(Channel::Trading, now, ends, ends);
  client->on_text(Channel::Trading, R"({"event":"auth","status":"OK","chanId":0})", now, ends,
                  ends);
  ATS_ASSERT(client->ready(Channel::Trading));
  OrderRequest order;
  order.id = make_order_id(1, 1);
  order.instrument = exchange.btc();
  order.price = {3'000'000};
  order.quantity = {1'000'000};
  ATS_ASSERT(client->place(order, now, ends) == SendOutcome::Sent);
  OrderRequest moved = order;
  moved.price.units += 1'000;
  ATS_ASSERT(client->amend(approved_amend(moved, terms_of(order), "1234567"), now, ends) ==
             SendOutcome::Sent);

  client->on_text(Channel::MarketData, bytes, now, ends, ends);
  const std::size_t told = ends.reconnects;
  if (client->on_text(Channel::Trading, bytes, now, ends, ends) == FrameOutcome::Malformed)
    ATS_ASSERT(ends.reconnects > told);
  client->query_order({order.id, order.instrument, {}}, now, ends);
  client->query_order({make_order_id(1, 2), order.instrument, "1234567"}, now, ends);
  client->query_open_orders(now, ends);
  client->query_balances(now, ends);
  answer(*client, ends, now, bytes);
  now.instant = now.instant + hours(24);
  now.wall = now.wall + hours(24);
  client->on_timer(now, ends, ends);
  answer(*client, ends, now, bytes);
  client->on_close(Channel::Trading, now, ends);
  client->on_close(Channel::MarketData, now, ends);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const OrderRoute route : {OrderRoute::Stream, OrderRoute::Rest}) hear(bytes, route);
  return 0;
}
