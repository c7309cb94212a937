// Any bytes as a market-data message. What the scan takes, the parser must read alike; a whole book is on its
// grid, best first.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "domain/codec.hpp"
#include "venues/upbit/decoder.hpp"
#include "venues/upbit/testing_exchange.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using namespace ats::venues::upbit;

struct ByteSink final : EventSink {
  void on(const Event& event) override {
    encode_event(event, Instant{}, bytes);
    const auto* book = std::get_if<BookSnapshot>(&event);
    if (book == nullptr) return;
    for (std::size_t i = 0; i < book->bids.size(); ++i) {
      ATS_ASSERT(book->bids[i].price.units > 0 && book->bids[i].quantity.units > 0);
      ATS_ASSERT(i == 0 || book->bids[i].price < book->bids[i - 1].price);
    }
    for (std::size_t i = 0; i < book->asks.size(); ++i) {
      ATS_ASSERT(book->asks[i].price.units > 0 && book->asks[i].quantity.units > 0);
      ATS_ASSERT(i == 0 || book->asks[i].price > book->asks[i - 1].price);
    }
  }
  std::vector<std::byte> bytes;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TestExchange exchange;
  static Decoder scanning(exchange.venue(), exchange.universe());
  static Decoder reading(exchange.venue(), exchange.universe(), Route::ReaderOnly);
  const std::vector<char> exact(data, data + size);  // its end is the end of the memory
  const std::string_view frame(exact.data(), exact.size());
  ByteSink one;
  ByteSink two;
  ATS_ASSERT(scanning.on_frame(frame, Instant{}, one) == reading.on_frame(frame, Instant{}, two));
  ATS_ASSERT(one.bytes == two.bytes);
  ByteSink three;
  scanning.on_depth_body(exchange.btc(), frame, Instant{}, three);
  ATS_ASSERT(!three.bytes.empty());  // a book, or that there is none
  const auto discovery = upbit::make_discovery();
  discovery->on_frame(frame);
  discovery->on_metadata_body(frame);
  discovery->on_depth_body("KRW-BTC", frame);
  Universe universe;
  const VenueId venue = universe.add_venue("upbit", {});
  discovery->finish(venue, universe);
  Decoder found(venue, universe);
  ByteSink four;
  found.on_frame(frame, Instant{}, four);
  return 0;
}
