// Any bytes as what a client says to the simulated exchange: REST query and body, stream requests, WebSocket API
// requests. Nothing may break, and nothing that is not signed may trade.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "venues/binance/testing_exchange.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ats;
  using namespace ats::venues;
  using namespace ats::venues::binance;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  Conversation talk;
  talk.server.on_open(1, "/ws/" + bytes, talk);
  talk.server.on_open(2, "/stream?streams=" + bytes, talk);
  talk.server.on_open(3, "/ws-api/v3", talk);
  for (SessionId session = 1; session <= 3; ++session) talk.server.on_text(session, bytes, talk);
  for (const char* method : {"GET", "POST", "DELETE"}) {
    for (const char* path :
         {"/api/v3/order?", "/api/v3/depth?", "/api/v3/exchangeInfo?", "/api/v3/trades?"}) {
      talk.server.on_http({method, path + bytes, {{"X-MBX-APIKEY", test_key}}, bytes});
    }
  }
  talk.server.on_book({InstrumentId{0}, 1, 1, talk.exchange.clock, {{{1}, {1}}}, {}}, talk);
  talk.server.on_tick(talk);
  ATS_ASSERT(talk.exchange.placed.empty());
  return 0;
}
