#include "venues/bitfinex/number.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/digits.hpp"

namespace ats::venues::bitfinex {

namespace {

// Copies sixteen, and the rest of the longest numbers: `from` and `out` have room for what is copied too many.
void copy(const char* from, int count, char* out) {
  std::memcpy(out, from, 16);
  if (count > 16) [[unlikely]]
    std::memcpy(out + 16, from + 16, 16);
}

}  // namespace

char* write_number(std::int64_t units, int scale, char* out) {
  auto magnitude = static_cast<std::uint64_t>(units);
  if (units < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  if (magnitude == 0) {
    *out++ = '0';
    return out;
  }
  // All digits, zeros in front: sixteen and, of the longest numbers, the four before them.
  char spelt[32 + 2 * 16];
  const auto spell = [](std::uint64_t n, char* at) {
    const __m128i text = _mm_or_si128(digits::spell16(n), _mm_set1_epi8('0'));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), text);
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('0'))));
  };
  unsigned zeros = 0xFFFF;  // a bit for each zero, the first digit's lowest
  if (magnitude < digits::sixteen) {
    std::memset(spelt, '0', 16);
    zeros |= spell(magnitude, spelt + 16) << 16;
  } else {
    zeros = spell(magnitude / digits::sixteen, spelt) |
            spell(magnitude % digits::sixteen, spelt + 16) << 16;
  }
  const int first = std::countr_one(zeros);
  const char* text = spelt + first;
  const int size = 32 - first;
  int kept = size - std::countl_one(zeros);  // without the zeros at the end
  int point = size - scale;                  // the number is 0.digits * 10^point
  constexpr int least_plain = -6;
  if (point > least_plain) {
    // Without a branch on where the point falls, which in a book is anybody's guess: below one, the zeros in
    // front are already there; of a whole number, the zeros behind are, and what is written after is not kept.
    const int before = std::max(0, 1 - point);
    text -= before;
    point += before;
    kept += before;
    copy(text, point, out);
    out[point] = '.';
    copy(text + point, kept - point, out + point + 1);
    return out + (kept > point ? kept + 1 : point);
  }
  *out++ = *text;
  if (kept > 1) {
    *out++ = '.';
    copy(text + 1, kept - 1, out);
    out += kept - 1;
  }
  *out++ = 'e';
  constexpr std::ptrdiff_t longest = 4;
  return std::to_chars(out, out + longest, point - 1).ptr;
}

std::string spelled(std::int64_t units, int scale) {
  char text[longest_number];
  return {text, write_number(units, scale, text)};
}

}  // namespace ats::venues::bitfinex
