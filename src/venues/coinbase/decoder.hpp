// Market data of Coinbase to events: Advanced Trade's WebSocket, the frames of the older Exchange feed (as
// recordings have them), and REST books. The scan first, the general reader for whatever the scan declines.
//
// Advanced Trade numbers every message of a connection, whatever its channel, and proves nothing else: a hole
// in that count is a BookFault SequenceGap for every book of the venue. A frame that repeats a number, or
// comes a little late, is ignored: what it says is older than the book. The Exchange feed has no such count.
//
// BTC-USD and BTC-USDC are one book, told under the former's name (metadata.hpp): events go to both
// instruments where both are in the universe.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "venues/client.hpp"
#include "venues/coinbase/frame.hpp"
#include "venues/coinbase/reader.hpp"
#include "venues/symbols.hpp"

namespace ats::venues::coinbase {

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
  // A new connection counts from anew.
  void on_open() { counting_ = false; }

  // The sequence_num that the next message must have.
  std::uint64_t next_sequence() const { return next_; }
  // Frames the scan declined so far.
  std::uint64_t declined() const { return declined_; }

 private:
  // False: the frame comes late, and must not change anything.
  bool follows(std::uint64_t sequence, EventSink& sink);
  void emit(Instant recv, EventSink& sink);
  void emit_trades(Instant recv, EventSink& sink);
  FrameOutcome refuse(const Reading& reading, EventSink& sink);

  VenueId venue_;
  const Universe* universe_;
  Route route_;
  Symbols books_;
  std::vector<InstrumentId>
      twins_;  // by instrument: another one that shares its book; invalid: none
  Reader reader_;
  Frame frame_;
  bool counting_ = false;
  std::uint64_t next_ = 0;
  std::uint64_t declined_ = 0;
};

std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe);

}  // namespace ats::venues::coinbase
