#include "venues/kraken/checksum.hpp"

#include <smmintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/assert.hpp"
#include "base/crc32.hpp"

namespace ats::venues::kraken {
namespace {

constexpr std::uint64_t eight_digits = 100'000'000;
constexpr std::uint64_t sixteen_digits = eight_digits * eight_digits;

// The sixteen decimal digits of n < 10^16, zeros in front, one a byte, most significant first. Splits all
// parts at once: two of eight digits, four of four, eight of two.
[[gnu::always_inline]] inline __m128i digits_of(std::uint64_t n) {
  const auto high = static_cast<std::int64_t>(n / eight_digits);
  const auto low = static_cast<std::int64_t>(n % eight_digits);
  const __m128i eights = _mm_set_epi64x(low, high);
  // x / 10^4 is x * 3'518'437'209 >> 45 for all x < 10^8.
  const __m128i ten_thousandth = _mm_set1_epi64x(3'518'437'209);
  const __m128i upper_fours = _mm_srli_epi64(_mm_mul_epu32(eights, ten_thousandth), 45);
  const __m128i lower_fours =
      _mm_sub_epi64(eights, _mm_mul_epu32(upper_fours, _mm_set1_epi64x(10'000)));
  const __m128i fours = _mm_or_si128(upper_fours, _mm_slli_epi64(lower_fours, 32));
  // x / 100 is x * 5'243 >> 19 for all x < 10^4; x / 10 is x * 6'554 >> 16 for all x < 100.
  const __m128i upper_pairs = _mm_srli_epi16(_mm_mulhi_epu16(fours, _mm_set1_epi32(5'243)), 3);
  const __m128i lower_pairs =
      _mm_sub_epi16(fours, _mm_mullo_epi16(upper_pairs, _mm_set1_epi32(100)));
  const __m128i pairs = _mm_or_si128(upper_pairs, _mm_slli_epi32(lower_pairs, 16));
  const __m128i tens = _mm_mulhi_epu16(pairs, _mm_set1_epi16(6'554));
  const __m128i ones = _mm_sub_epi16(pairs, _mm_mullo_epi16(tens, _mm_set1_epi16(10)));
  return _mm_or_si128(tens, _mm_slli_epi16(ones, 8));
}

// From [n]: the order of bytes that drops the first n of sixteen.
alignas(16) constexpr auto dropping = [] {
  std::array<std::uint8_t, 32> order{};
  for (unsigned i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint8_t>(i < 16 ? i : 0);
  return order;
}();

[[gnu::always_inline]] inline char* store(__m128i digits, int zeros, char* out) {
  const __m128i text = _mm_or_si128(digits, _mm_set1_epi8('0'));
  const auto* order = reinterpret_cast<const __m128i*>(dropping.data() + zeros);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(text, _mm_loadu_si128(order)));
  return out + 16 - zeros;
}

char* write_long(std::uint64_t n, char* out);

// The decimal number without leading zeros; zero writes nothing. Writes up to 16 bytes too many.
[[gnu::always_inline]] inline char* write(std::uint64_t n, char* out) {
  if (n >= sixteen_digits) [[unlikely]]
    return write_long(n, out);
  const __m128i digits = digits_of(n);
  const auto zero =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(digits, _mm_setzero_si128())));
  return store(digits, std::countr_one(zero), out);
}

[[gnu::noinline]] char* write_long(std::uint64_t n, char* out) {
  return store(digits_of(n % sixteen_digits), 0, write(n / sixteen_digits, out));
}

char* write(std::span<const Level> levels, char* out) {
  for (const Level& level : levels) {
    ATS_ASSERT(level.price.units >= 0 && level.quantity.units >= 0);
    out = write(static_cast<std::uint64_t>(level.price.units), out);
    out = write(static_cast<std::uint64_t>(level.quantity.units), out);
  }
  return out;
}

}  // namespace

std::uint32_t book_checksum(const TopLevels& top) {
  constexpr std::size_t side = 10;
  constexpr std::size_t longest = 19;  // digits of an int64
  char text[2 * side * 2 * longest + 16];
  char* end = write(top.asks.first(std::min(side, top.asks.size())), text);
  end = write(top.bids.first(std::min(side, top.bids.size())), end);
  return crc32(std::string_view(text, static_cast<std::size_t>(end - text)));
}

}  // namespace ats::venues::kraken
