// Market data of Kraken's WebSocket v2 (and REST depth bodies; of recordings also v1) to events: the scan
// first, the general reader for whatever the scan declines.
#pragma once

#include <memory>
#include <string_view>

#include "venues/client.hpp"
#include "venues/kraken/frame.hpp"
#include "venues/kraken/reader.hpp"
#include "venues/stamp.hpp"
#include "venues/symbols.hpp"
#include "venues/system_status.hpp"

namespace ats::venues::kraken {

enum class Route : std::uint8_t {
  ScanFirst,        // what runs
  ReaderOnly,       // simdjson and a check of the whole frame: the oracle of tests
  ReaderUnchecked,  // simdjson alone: the baseline of benchmarks
};

class Decoder final : public MarketDecoder {
 public:
  Decoder(VenueId venue, const Universe& universe, Route route = Route::ScanFirst);

  FrameOutcome on_frame(std::string_view frame, Instant recv, EventSink& sink) override;
  FrameOutcome on_depth_body(InstrumentId instrument, std::string_view body, Instant recv,
                             EventSink& sink) override;

  // Frames the scan declined so far.
  std::uint64_t declined() const { return declined_; }

 private:
  void emit(Instant recv, EventSink& sink);
  FrameOutcome refuse(const Reading& reading, EventSink& sink);

  VenueId venue_;
  const Universe* universe_;
  Route route_;
  Symbols symbols_;
  StampReader stamps_;
  Reader reader_;
  Frame frame_;
  SystemStatus system_;
  std::uint64_t declined_ = 0;
};

std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe);

}  // namespace ats::venues::kraken
