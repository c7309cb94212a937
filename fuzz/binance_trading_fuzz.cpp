// Any bytes as what a venue says to its client: frames on the trading channel while an order is in flight, and
// answers to every REST call. Nothing may break; an unreadable trading frame must not pass in silence.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "venues/binance/testing_exchange.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ats;
  using namespace ats::venues;
  using namespace ats::venues::binance;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Conversation talk;
  talk.open(Channel::Trading);
  talk.place(Conversation::order(1));
  talk.to_server.clear();
  talk.log.take();
  if (talk.hear(bytes) == FrameOutcome::Malformed) {
    ATS_ASSERT(!talk.reconnects.empty() || !talk.log.lines.empty());
  }
  // The frame may have been a ban, after which nothing is asked.
  talk.pass(hours(24 * 365));
  const Now now = talk.now();
  talk.client->query_order({{1}, InstrumentId{0}, {}}, now, talk);
  talk.client->query_balances(now, talk);
  talk.client->query_open_orders(now, talk);
  talk.client->request_snapshot(InstrumentId{0}, now, talk);
  // Orders may need their fills, which are answered as well.
  while (!talk.rest.empty()) talk.answer(200, std::string(bytes));
  if (talk.client->query_order({{1}, InstrumentId{0}, {}}, now, talk) == SendOutcome::Sent) {
    talk.answer(400, std::string(bytes));
  }
  return 0;
}
