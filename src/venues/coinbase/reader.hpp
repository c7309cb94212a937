// Reads a market-data frame of any JSON shape (any key order, spaces) with simdjson and says what is wrong
// with a frame that is refused. The scan's safety net, and its oracle in the fuzzer.
#pragma once

#include <memory>
#include <string_view>

#include "venues/coinbase/frame.hpp"
#include "venues/symbols.hpp"

namespace ats::venues::coinbase {

struct Reading {
  FrameOutcome outcome = FrameOutcome::Decoded;
  // Refused frames: whether book data may have been in it, and of which instrument (invalid: any).
  bool perhaps_book = false;
  InstrumentId instrument;
};

enum class Check : std::uint8_t {
  Whole,  // every byte of the frame must be JSON
  Used,   // only what is used of it: what simdjson alone would do, for benchmarks
};

class Reader {
 public:
  explicit Reader(Check check = Check::Whole);
  ~Reader();
  // Decoded and Ignored fill `frame`; any other outcome leaves nothing of meaning in it but its sequence,
  // where that could be read.
  Reading read(std::string_view text, const Universe& universe, const Symbols& books, Frame& frame);
  // The body of …/product_book (Advanced Trade) or …/products/{id}/book (Exchange), as a snapshot.
  FrameOutcome read_depth(std::string_view body, const Instrument& instrument, Frame& frame);

 private:
  struct State;
  Check check_;
  std::unique_ptr<State> state_;
};

}  // namespace ats::venues::coinbase
