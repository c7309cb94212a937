#include "venues/bitfinex/number.hpp"

#include <bit>
#include <charconv>
#include <cstring>

#include "base/digits.hpp"

namespace ats::venues::bitfinex {

namespace {

// Copies eight and eight: `from` and `out` have room for what is copied too many.
char* copy(const char* from, int count, char* out) {
  for (int i = 0; i < count; i += 8) std::memcpy(out + i, from + i, 8);
  return out + count;
}

char* fill_zeros(int count, char* out) {
  std::memset(out, '0', static_cast<std::size_t>(count));
  return out + count;
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
  // Sixteen digits and, of the longest numbers, the four before them; zeros in front and behind.
  char spelt[32 + 8];
  const auto spell = [](std::uint64_t n, char* at) {
    const __m128i text = _mm_or_si128(digits::spell16(n), _mm_set1_epi8('0'));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), text);
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('0'))));
  };
  // A bit for each zero, the first digit's lowest.
  unsigned zeros = spell(magnitude % digits::sixteen, spelt + 16) << 16;
  zeros |= magnitude < digits::sixteen ? 0xFFFF : spell(magnitude / digits::sixteen, spelt);
  const int first = std::countr_one(zeros);
  const char* text = spelt + first;
  const int size = 32 - first;
  const int kept = size - std::countl_one(zeros);  // without the zeros at the end
  const int point = size - scale;                  // the number is 0.digits * 10^point
  constexpr int least_plain = -6;
  if (point >= kept) return fill_zeros(point - kept, copy(text, kept, out));
  if (point > 0) {
    out = copy(text, point, out);
    *out++ = '.';
    return copy(text + point, kept - point, out);
  }
  if (point > least_plain) {
    *out++ = '0';
    *out++ = '.';
    return copy(text, kept, fill_zeros(-point, out));
  }
  *out++ = *text;
  if (kept > 1) {
    *out++ = '.';
    out = copy(text + 1, kept - 1, out);
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
