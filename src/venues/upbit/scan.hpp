// The schema scan: reads whole books and prints of exactly the shapes Upbit sends (formats DEFAULT and
// SIMPLE, alone or in a list; key order, no spaces; numbers with or without exponent), faster than a
// general parser. It checks every byte of the frame; a frame of any other shape, or with anything wrong
// in it, is declined and left to reader.hpp, which then says what is wrong. Never reads past the end.
#pragma once

#include <string_view>

#include "venues/upbit/frame.hpp"

namespace ats::venues::upbit {

// False: declined; `frame` then holds nothing of meaning.
bool scan(std::string_view text, const Universe& universe, const Symbols& symbols, Frame& frame);

}  // namespace ats::venues::upbit
