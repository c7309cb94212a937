// UTF-8 checked while it arrives: each piece is looked at once, and a character that is cut by a piece's
// end is carried over. What can no longer become UTF-8 is refused with the piece that shows it, not at the
// end of the text (RFC 6455 section 8.1).
#pragma once

#include <cstddef>
#include <string_view>

namespace ats::io {

bool valid_utf8(std::string_view text);

class Utf8Check {
 public:
  // False: wrong from here on; begin() before the next text.
  bool feed(std::string_view piece);
  // Whether the text may end here.
  bool complete() const { return carried_ == 0; }
  void begin() { carried_ = 0; }

 private:
  char carry_[4] = {};       // the beginning of a character
  std::size_t carried_ = 0;  // bytes of it, at most three between calls
};

}  // namespace ats::io
