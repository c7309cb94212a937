// Market data of Upbit's WebSocket (and REST order-book bodies) to events: the scan first, the general
// reader for whatever the scan declines. Every book message is a whole book; its time in milliseconds is
// the only number it has, and goes into BookSnapshot::last.
#pragma once

#include <memory>
#include <string_view>

#include "venues/client.hpp"
#include "venues/upbit/frame.hpp"
#include "venues/upbit/reader.hpp"

namespace ats::venues::upbit {

enum class Route : std::uint8_t {
  ScanFirst,   // what runs
  ReaderOnly,  // simdjson and a check of the whole frame: the oracle of tests
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
  void emit_book(const BookEntry& entry, Instant recv, EventSink& sink);
  FrameOutcome refuse(const Reading& reading, EventSink& sink);

  VenueId venue_;
  const Universe* universe_;
  Route route_;
  Symbols symbols_;
  Reader reader_;
  Frame frame_;
  std::uint64_t declined_ = 0;
};

std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe);

}  // namespace ats::venues::upbit
