// The schema scan: reads book, trade and heartbeat frames of exactly the shape the venue sends (key order,
// no spaces), of Advanced Trade and of the older Exchange feed. It checks every byte of the frame; a frame
// of any other shape, or with anything wrong in it, is declined and left to reader.hpp, which then says what
// is wrong. Never reads past the frame's end.
#pragma once

#include <string_view>

#include "venues/coinbase/frame.hpp"
#include "venues/symbols.hpp"

namespace ats::venues::coinbase {

// False: declined; `frame` then holds nothing of meaning.
bool scan(std::string_view text, const Universe& universe, const Symbols& books, Frame& frame);

}  // namespace ats::venues::coinbase
