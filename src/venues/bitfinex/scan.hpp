// The schema scan: reads book, checksum, trade and heartbeat frames of exactly the shape Bitfinex sends (no
// spaces) without a general parser. It checks every byte of the frame; a frame of any other
// shape, or with anything wrong in it, is declined and left to reader.hpp, which then says what is wrong.
// Never reads past the frame's end.
#pragma once

#include <string_view>

#include "venues/bitfinex/frame.hpp"

namespace ats::venues::bitfinex {

// False: declined; `frame` then holds nothing of meaning.
bool scan(std::string_view text, const Universe& universe, Channels& channels, Frame& frame);

}  // namespace ats::venues::bitfinex
