// The schema scan: reads book, trade and heartbeat frames of exactly the shape Kraken sends (key order,
// no spaces, no exponents), about twice as fast as a general parser. It checks every byte of the frame; a
// frame of any other shape, or with anything wrong in it, is declined and left to reader.hpp, which
// then says what is wrong. Never reads past the frame's end.
#pragma once

#include <string_view>

#include "venues/kraken/frame.hpp"
#include "venues/stamp.hpp"
#include "venues/symbols.hpp"

namespace ats::venues::kraken {

// False: declined; `frame` then holds nothing of meaning.
bool scan(std::string_view text, const Universe& universe, const Symbols& symbols,
          StampReader& stamps, Frame& frame);

}  // namespace ats::venues::kraken
