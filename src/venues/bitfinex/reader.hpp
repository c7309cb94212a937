// Reads a market-data frame of any JSON shape (spaces, exponents, fields appended) with simdjson, events
// included, and says what is wrong with a frame that is refused. The scan's safety net, and its oracle in
// the fuzzer.
#pragma once

#include <string_view>

#include "venues/bitfinex/frame.hpp"
#include "venues/bitfinex/row.hpp"
#include "venues/symbols.hpp"

namespace ats::venues::bitfinex {

struct Reading {
  FrameOutcome outcome = FrameOutcome::Decoded;
  // Refused frames: whether book data may have been in it, and of which instrument (invalid: any).
  bool perhaps_book = false;
  InstrumentId instrument;
};

class Reader {
 public:
  // Decoded and Ignored fill `frame`. Of data frames the numbers that flags append are taken whatever the
  // outcome, so that the count goes on.
  Reading read(std::string_view text, const Universe& universe, const Symbols& symbols,
               Channels& channels, Frame& frame);
  // The body of /v2/book/<symbol>/P0..P4 or R0, as a snapshot.
  FrameOutcome read_depth(std::string_view body, const Instrument& instrument, Frame& frame);

 private:
  Reading read_array(std::string_view text, const Universe& universe, Channels& channels,
                     Frame& frame);
  Reading read_book(std::string_view data, const Instrument& instrument, Frame& frame);
  Reading read_raw_book(std::string_view data, const Instrument& instrument, Frame& frame);
  Reading read_trade(std::string_view data, const Instrument& instrument, Frame& frame);
  Reading read_event(json::object& root, const Symbols& symbols, Frame& frame);

  Json json_;
  Row row_, levels_, level_;
};

}  // namespace ats::venues::bitfinex
