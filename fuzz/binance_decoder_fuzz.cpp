// Any bytes as a market-data frame and as a depth body of each product: the scan must give what the parser gives.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "domain/codec.hpp"
#include "venues/binance/decoder.hpp"

namespace {

using namespace ats;
using namespace ats::venues;
using binance::Decoder;
using binance::Product;
using binance::Reader;

struct Encoded final : EventSink {
  void on(const Event& event) override { encode_event(event, Instant{1}, bytes); }
  std::vector<std::byte> bytes;
};

struct World {
  World() {
    for (const std::string_view symbol : {"BTCUSDT", "BTCUSD_PERP"}) {
      Instrument i;
      i.venue = venue;
      i.base = universe.add_asset("BTC");
      i.quote = universe.add_asset("USDT");
      i.symbol = Text<31>(symbol);
      i.price_scale = 2;
      i.qty_scale = 8;
      universe.add_instrument(i);
    }
  }
  Universe universe;
  VenueId venue = universe.add_venue("binance", {});
};

struct Readers {
  Readers(Product product, const World& world)
      : scan(product, world.venue, world.universe, Reader::ScanThenParse),
        parse(product, world.venue, world.universe, Reader::ParseOnly) {}
  void compare(std::string_view bytes) {
    Encoded by_scan;
    Encoded by_parse;
    const auto frame = scan.on_frame(bytes, Instant{1}, by_scan);
    ATS_ASSERT(frame == parse.on_frame(bytes, Instant{1}, by_parse));
    ATS_ASSERT(by_scan.bytes == by_parse.bytes);
    const auto body = scan.on_depth_body(InstrumentId{0}, bytes, Instant{1}, by_scan);
    ATS_ASSERT(body == parse.on_depth_body(InstrumentId{0}, bytes, Instant{1}, by_parse));
    ATS_ASSERT(by_scan.bytes == by_parse.bytes);
  }
  Decoder scan;
  Decoder parse;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  static Readers readers[] = {
      {Product::Spot, world}, {Product::Usdm, world}, {Product::Coinm, world}};
  // A copy of its own size: the sanitizer sees a read past the end.
  const std::unique_ptr<char[]> exact(new char[size]);
  std::copy(data, data + size, exact.get());
  for (Readers& each : readers) each.compare({exact.get(), size});
  return 0;
}
