// Market-data frames of Bitfinex, after the subscriptions that give them meaning: whatever the bytes, the scan
// and the general parser agree.
#include <cstdint>
#include <memory>

#include "base/assert.hpp"
#include "domain/codec.hpp"
#include "venues/bitfinex/decoder.hpp"
#include "venues/bitfinex/metadata.hpp"

namespace {

using namespace ats;
using namespace ats::venues;

struct ByteSink final : EventSink {
  void on(const Event& event) override { encode_event(event, Instant{}, bytes); }
  std::vector<std::byte> bytes;
};

struct World {
  Universe universe;
  VenueId venue = universe.add_venue("bitfinex", {});

  World() {
    add("BTC", "USD", 1);
    add("XRP", "BTC", 8);
    add("DOGE", "USD", 0);
  }
  void add(const char* base, const char* quote, int price_decimals) {
    bitfinex::PairRow row;
    row.base = base;
    row.quote = quote;
    row.price_decimals = price_decimals;
    ATS_ASSERT(bitfinex::add_instrument(row, venue, universe).ok());
  }
};

// A frame by one route, in a decoder that knows four channels.
std::pair<FrameOutcome, std::vector<std::byte>> decode(const World& world, bitfinex::Route route,
                                                       std::string_view frame) {
  bitfinex::Decoder decoder(world.venue, world.universe, route);
  ByteSink sink;
  for (const char* known :
       {R"({"event":"subscribed","channel":"book","chanId":1,"symbol":"tBTCUSD","prec":"P0"})",
        R"({"event":"subscribed","channel":"book","chanId":2,"symbol":"tXRPBTC","prec":"R0"})",
        R"({"event":"subscribed","channel":"book","chanId":4,"symbol":"tDOGE:USD","prec":"P1"})",
        R"({"event":"subscribed","channel":"trades","chanId":3,"symbol":"tBTCUSD"})",
        R"([4,[[1,1,1],[2,1,-1]],1])"})
    ATS_ASSERT(decoder.on_frame(known, Instant{}, sink) == FrameOutcome::Decoded);
  sink.bytes.clear();
  const FrameOutcome outcome = decoder.on_frame(frame, Instant{}, sink);
  // What it learnt from that frame must not have upset it.
  decoder.on_frame(R"([1,[[7.5,1,1],[8,1,-1]],3])", Instant{}, sink);
  decoder.on_frame(R"([2,[12345678901,0.5,1],4])", Instant{}, sink);
  return {outcome, sink.bytes};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  // A copy of its own size: reading past its end is seen by the sanitizer.
  const std::unique_ptr<char[]> copy(new char[size]);
  std::copy(data, data + size, copy.get());
  const std::string_view frame(copy.get(), size);
  ATS_ASSERT(decode(world, bitfinex::Route::ScanFirst, frame) ==
             decode(world, bitfinex::Route::ReaderOnly, frame));
  ByteSink sink;
  bitfinex::Decoder decoder(world.venue, world.universe);
  decoder.on_depth_body(InstrumentId{0}, frame, Instant{}, sink);
  const auto discovery = bitfinex::make_discovery();
  discovery->on_frame(frame);
  discovery->on_metadata_body(frame);
  discovery->on_depth_body("tBTCUSD", frame);
  Universe universe;
  const VenueId venue = universe.add_venue("bitfinex", {});
  discovery->finish(venue, universe);
  return 0;
}
