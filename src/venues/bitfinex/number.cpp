#include "venues/bitfinex/number.hpp"

#include <charconv>
#include <cstring>

namespace ats::venues::bitfinex {

char* write_number(std::int64_t units, int scale, char* out) {
  auto magnitude = static_cast<std::uint64_t>(units);
  if (units < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  char digits[20];
  const auto size =
      static_cast<int>(std::to_chars(digits, digits + sizeof digits, magnitude).ptr - digits);
  int kept = size;  // without the zeros at the end
  while (kept > 1 && digits[kept - 1] == '0') --kept;
  const auto copy = [&out, &digits](int from, int count) {
    std::memcpy(out, digits + from, static_cast<std::size_t>(count));
    out += count;
  };
  const auto zeros = [&out](int count) {
    std::memset(out, '0', static_cast<std::size_t>(count));
    out += count;
  };
  if (magnitude == 0) {
    *out++ = '0';
    return out;
  }
  const int point = size - scale;  // the number is 0.digits * 10^point
  constexpr int least_plain = -6;
  if (point >= kept) {
    copy(0, kept);
    zeros(point - kept);
  } else if (point > 0) {
    copy(0, point);
    *out++ = '.';
    copy(point, kept - point);
  } else if (point > least_plain) {
    *out++ = '0';
    *out++ = '.';
    zeros(-point);
    copy(0, kept);
  } else {
    copy(0, 1);
    if (kept > 1) {
      *out++ = '.';
      copy(1, kept - 1);
    }
    *out++ = 'e';
    constexpr std::ptrdiff_t longest = 4;
    out = std::to_chars(out, out + longest, point - 1).ptr;
  }
  return out;
}

std::string spelled(std::int64_t units, int scale) {
  char text[longest_number];
  return {text, write_number(units, scale, text)};
}

}  // namespace ats::venues::bitfinex
