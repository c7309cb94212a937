// Market data of Bitfinex's WebSocket v2 (and REST book bodies) to events: the scan first, the general
// reader for whatever the scan declines. One decoder hears one connection: it learns the channel ids, and
// when the frames are numbered (flag SEQ_ALL) a hole in the numbers is a fault of every book.
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "venues/bitfinex/frame.hpp"
#include "venues/bitfinex/raw_book.hpp"
#include "venues/bitfinex/reader.hpp"
#include "venues/client.hpp"
#include "venues/symbols.hpp"
#include "venues/system_status.hpp"

namespace ats::venues::bitfinex {

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

  // A new connection: nothing is subscribed to, counting starts over.
  void reset();
  // The client unsubscribes: what still comes over the channels of this instrument's book is of no use.
  // Gives the ids of those channels.
  std::vector<std::uint64_t> leave_book(InstrumentId instrument);

  // Whether a channel is known to bring this instrument's book.
  bool hears_book(InstrumentId instrument);

  // Frames the scan declined so far.
  std::uint64_t declined() const { return declined_; }

 private:
  void count(EventSink& sink);
  FrameOutcome emit(Instant recv, EventSink& sink);
  FrameOutcome emit_book(Instant recv, EventSink& sink);
  FrameOutcome emit_raw_book(Instant recv, EventSink& sink);
  FrameOutcome emit_raw_snapshot(RawBook& book, InstrumentId instrument, Instant recv,
                                 EventSink& sink);
  void subscribe(FeedChannel channel);
  void unsubscribe(std::uint64_t id, EventSink& sink);
  void lose_books(EventSink& sink);
  FrameOutcome refuse(const Reading& reading, EventSink& sink);

  VenueId venue_;
  const Universe* universe_;
  Route route_;
  Symbols symbols_;
  Channels channels_;
  Reader reader_;
  Frame frame_;
  std::map<InstrumentId, RawBook> raw_books_;
  std::uint64_t sequence_ = 0;  // of the last numbered frame; 0: none yet
  SystemStatus system_;
  std::uint64_t declined_ = 0;
};

std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe);

}  // namespace ats::venues::bitfinex
