// Any bytes as what the venue says to its client: a frame on either stream while an order is in flight, and
// the answer to every REST call. Nothing may break, and an order whose answer says nothing is Unknown.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "venues/coinbase/client.hpp"
#include "venues/coinbase/testing_exchange.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using namespace ats::venues::coinbase;

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

void answer(Client& client, Ends& ends, const Now& now, std::string_view body, int status = 200) {
  // Answers lead to further questions; there is an end to them.
  for (int round = 0; round < 64 && !ends.asked.empty(); ++round) {
    const RestTag tag = ends.asked.back();
    ends.asked.pop_back();
    HttpResponse response;
    response.status = status;
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
  setup.instruments = {exchange.btc(), exchange.eth()};
  setup.credentials = exchange.account;
  const auto client = coinbase::make_client(setup);
  Ends ends;
  Now now{Instant{}, exchange.time};
  client->on_open(Channel::MarketData, now, ends, ends);
  client->on_open(Channel::Trading, now, ends, ends);
  answer(*client, ends, now, R"({"epochMillis":"1700000000000"})");
  client->on_text(
      Channel::Trading,
      R"({"channel":"user","sequence_num":0,"events":[{"type":"snapshot","orders":[]}]})", now,
      ends, ends);
  ATS_ASSERT(client->ready(Channel::Trading));
  OrderRequest order;
  order.id = make_order_id(1, 1);
  order.instrument = exchange.btc();
  order.price = {3'000'000};
  order.quantity = {1'000'000};
  ATS_ASSERT(client->place(order, now, ends) == SendOutcome::Sent);
  const std::size_t told = ends.events;
  answer(*client, ends, now, bytes, size % 3 == 0 ? 400 : 200);
  ATS_ASSERT(ends.events > told);  // acknowledged, rejected or Unknown; never nothing

  client->on_text(Channel::MarketData, bytes, now, ends, ends);
  if (client->on_text(Channel::Trading, bytes, now, ends, ends) == FrameOutcome::Malformed)
    ATS_ASSERT(ends.reconnects > 0);
  for (const char* venue_id : {"", "11111111-0000-4000-8000-000000000001"}) {
    client->query_order({order.id, order.instrument, venue_id}, now, ends);
    client->query_order({make_order_id(1, 2), order.instrument, venue_id}, now, ends);
    client->cancel({make_order_id(1, 3), order.instrument, venue_id}, now, ends);
    client->query_open_orders(now, ends);
    client->query_balances(now, ends);
    answer(*client, ends, now, bytes);
    now.instant = now.instant + seconds(5);
  }
  now.instant = now.instant + hours(24);
  now.wall = now.wall + hours(24);
  client->on_timer(now, ends, ends);
  answer(*client, ends, now, bytes);
  client->on_close(Channel::Trading, now, ends);
  client->on_close(Channel::MarketData, now, ends);
  return 0;
}
