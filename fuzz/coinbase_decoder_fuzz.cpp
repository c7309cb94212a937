// Market-data frames of Coinbase: whatever the bytes, the scan and the general parser agree.
#include <cstdint>
#include <memory>

#include "base/assert.hpp"
#include "domain/codec.hpp"
#include "venues/coinbase/decoder.hpp"
#include "venues/coinbase/metadata.hpp"

namespace {

using namespace ats;
using namespace ats::venues;

struct ByteSink final : EventSink {
  void on(const Event& event) override { encode_event(event, Instant{}, bytes); }
  std::vector<std::byte> bytes;
};

struct World {
  Universe universe;
  VenueId venue = universe.add_venue("coinbase", {});

  World() {
    add("BTC-USD", "BTC", "USD", "", 2, 8);
    add("BTC-USDC", "BTC", "USDC", "BTC-USD", 2, 8);
    add("ETH-USD", "ETH", "USD", "", 2, 8);
    add("SHIB-USDT", "SHIB", "USDT", "", 12, 0);
    add("A-B", "A", "B", "", 0, 12);
  }
  void add(const char* id, const char* base, const char* quote, const char* alias,
           int price_decimals, int qty_decimals) {
    coinbase::ProductRow row;
    row.id = id;
    row.alias = alias;
    row.base = base;
    row.quote = quote;
    row.price_decimals = price_decimals;
    row.qty_decimals = qty_decimals;
    ATS_ASSERT(coinbase::add_instrument(row, venue, universe).ok());
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  // A copy of its own size: reading past its end is seen by the sanitizer.
  const std::unique_ptr<char[]> copy(new char[size]);
  std::copy(data, data + size, copy.get());
  const std::string_view frame(copy.get(), size);
  static coinbase::Decoder scan(world.venue, world.universe);
  static coinbase::Decoder oracle(world.venue, world.universe, coinbase::Route::ReaderOnly);
  ByteSink one;
  ByteSink two;
  const FrameOutcome outcome = scan.on_frame(frame, Instant{}, one);
  ATS_ASSERT(outcome == oracle.on_frame(frame, Instant{}, two));
  ATS_ASSERT(one.bytes == two.bytes);
  ATS_ASSERT(scan.next_sequence() == oracle.next_sequence());
  scan.on_depth_body(InstrumentId{0}, frame, Instant{}, one);
  const auto discovery = coinbase::make_discovery();
  discovery->on_frame(frame);
  discovery->on_depth_body("ETH-USD", frame);
  discovery->on_metadata_body(frame);
  Universe universe;
  const VenueId venue = universe.add_venue("coinbase", {});
  discovery->finish(venue, universe);
  return 0;
}
