// Market-data frames of Kraken: whatever the bytes, the scan and the general parser agree.
#include <cstdint>
#include <memory>

#include "base/assert.hpp"
#include "domain/codec.hpp"
#include "venues/kraken/decoder.hpp"
#include "venues/kraken/metadata.hpp"

namespace {

using namespace ats;
using namespace ats::venues;

struct ByteSink final : EventSink {
  void on(const Event& event) override { encode_event(event, Instant{}, bytes); }
  std::vector<std::byte> bytes;
};

struct World {
  Universe universe;
  VenueId venue = universe.add_venue("kraken", {});
  std::unique_ptr<kraken::Decoder> scan;
  std::unique_ptr<kraken::Decoder> oracle;

  World() {
    add("BTC", "USD", 1, 8);
    add("ETH", "USD", 2, 8);
    add("SHIB", "USDT", 12, 0);
    add("A", "B", 0, 12);
    add("XMR", "USD", 8, 8);  // as version 1 writes it
    scan = std::make_unique<kraken::Decoder>(venue, universe);
    oracle = std::make_unique<kraken::Decoder>(venue, universe, kraken::Route::ReaderOnly);
  }
  void add(const char* base, const char* quote, int price_decimals, int qty_decimals) {
    kraken::PairRow row;
    row.base = base;
    row.quote = quote;
    row.price_decimals = price_decimals;
    row.qty_decimals = qty_decimals;
    ATS_ASSERT(kraken::add_instrument(row, venue, universe).ok());
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  // A copy of its own size: reading past its end is seen by the sanitizer.
  const std::unique_ptr<char[]> copy(new char[size]);
  std::copy(data, data + size, copy.get());
  const std::string_view frame(copy.get(), size);
  ByteSink one;
  ByteSink two;
  const FrameOutcome outcome = world.scan->on_frame(frame, Instant{}, one);
  ATS_ASSERT(outcome == world.oracle->on_frame(frame, Instant{}, two));
  ATS_ASSERT(one.bytes == two.bytes);
  kraken::make_discovery()->on_frame(frame);
  return 0;
}
