// Binance market-data frames to events: spot, and the two futures products for recordings.
//
// Two readers of one protocol. The scan knows each frame's exact shape (key order, no whitespace) and takes the
// numbers straight to the instrument's units; whatever it does not recognise to the last byte goes to the parser
// (simdjson), which reads any JSON, decides what a frame is and names what is wrong with it. Invariant: where
// the scan answers, it answers what the parser would (fuzz/binance_decoder_fuzz.cpp).
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "venues/binance/frames.hpp"
#include "venues/binance/parser.hpp"
#include "venues/client.hpp"

namespace ats::venues::binance {

enum class Reader : std::uint8_t {
  ScanThenParse,  // what runs
  ParseOnly,      // the oracle: for tests, fuzzers and benchmarks
};

class Decoder final : public MarketDecoder {
 public:
  Decoder(Product product, VenueId venue, const Universe& universe,
          Reader reader = Reader::ScanThenParse);

  FrameOutcome on_frame(std::string_view frame, Instant recv, EventSink& sink) override;
  FrameOutcome on_depth_body(InstrumentId instrument, std::string_view body, Instant recv,
                             EventSink& sink) override;

  // What the last frame said about the connection, told once.
  MarketNotice take_notice() { return std::exchange(notice_, MarketNotice::None); }
  // Frames and bodies that the scan left to the parser.
  std::uint64_t parsed() const { return parsed_; }

 private:
  struct Scanner;

  FrameOutcome emit(const MarketFrame& frame, Instant recv, EventSink& sink);
  void emit(const DepthFrame& depth, Instant recv, EventSink& sink);
  void emit(const PrintFrame& print, Instant recv, EventSink& sink);
  void emit(const TopFrame& top, Instant recv, EventSink& sink);
  void emit_snapshot(const DepthFrame& depth, Instant recv, EventSink& sink);
  void make_room_for_levels(std::size_t bytes);

  const Product product_;
  const Reader reader_;
  const VenueId venue_;
  const Symbols symbols_;
  Parser parser_;
  std::vector<Level> bids_;  // the scan's scratch, long enough for the longest frame so far
  std::vector<Level> asks_;
  MarketNotice notice_ = MarketNotice::None;
  std::uint64_t parsed_ = 0;
};

}  // namespace ats::venues::binance
