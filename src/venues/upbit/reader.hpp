// Reads a market-data frame of any JSON shape (any key order, spaces, either spelling of the keys, a list or
// not) with simdjson and says what is wrong with a frame that is refused. The scan's safety net, and its
// oracle in tests and fuzzer.
#pragma once

#include <memory>
#include <string_view>

#include "venues/upbit/frame.hpp"

namespace ats::venues::upbit {

struct Reading {
  FrameOutcome outcome = FrameOutcome::Decoded;
  // Refused frames: whether book data may have been in it, and of which instrument (invalid: any).
  bool perhaps_book = false;
  InstrumentId instrument;
};

class Reader {
 public:
  Reader();
  ~Reader();
  // Decoded and Ignored fill `frame`; any other outcome leaves nothing of meaning in it.
  Reading read(std::string_view text, const Universe& universe, const Symbols& symbols,
               Frame& frame);
  // The body of /v1/orderbook, of which one book must be this instrument's.
  FrameOutcome read_depth(std::string_view body, const Instrument& instrument, Frame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ats::venues::upbit
