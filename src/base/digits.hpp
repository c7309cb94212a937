// Eight digits at once: the arithmetic under every text-to-number conversion (numbers, times).
//
// A word holds eight characters as loaded from memory on a little-endian machine: the first
// character is the lowest byte. After to_digits() a digit character is its value 0..9 and a zero
// byte stands for the digit 0, so shifting in zero bytes pads with zeros on either side.
#pragma once

#include <smmintrin.h>  // SSE4.1: part of x86-64-v2, which every build is for

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ats::digits {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t every_byte(std::uint8_t b) { return 0x0101010101010101ull * b; }

// What to_digits() makes of a '.'.
constexpr std::uint8_t point = '.' ^ '0';

inline std::uint64_t load8(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

inline std::uint32_t load4(const char* p) {
  std::uint32_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// The first `size` (1..7) characters at `p`, the bytes above them zero. Reads nothing beyond them.
inline std::uint64_t load_short(const char* p, std::size_t size) {
  if (size >= 4) {
    return load4(p) | (std::uint64_t{load4(p + size - 4)} << (8 * (size - 4)));
  }
  const auto byte = [p](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
  };
  return byte(0) | byte(size >> 1) | byte(size - 1);
}

constexpr std::uint64_t to_digits(std::uint64_t characters) { return characters ^ every_byte('0'); }

// Whether each byte is 0..9.
constexpr bool all_digits(std::uint64_t word) {
  return (((word + every_byte(0x80 - 10)) | word) & every_byte(0x80)) == 0;
}

// The number that eight digit bytes spell, first character most significant. Needs all_digits(word).
constexpr std::uint64_t value_of(std::uint64_t word) {
  word = word * 10 + (word >> 8);  // pairs, in bytes 0, 2, 4, 6
  constexpr std::uint64_t mask = 0x000000FF000000FFull;
  constexpr std::uint64_t high = 100 + (1'000'000ull << 32);
  constexpr std::uint64_t low = 1 + (10'000ull << 32);
  return (((word & mask) * high) + (((word >> 16) & mask) * low)) >> 32;
}

// Two words side by side in one register: both checked, both converted, at the price of one.
inline __m128i both(std::uint64_t a, std::uint64_t b) {
  return _mm_set_epi64x(static_cast<long long>(b), static_cast<long long>(a));
}

inline bool all_digits(__m128i words) {
  const __m128i nine = _mm_set1_epi8(9);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(words, nine), nine)) == 0xFFFF;
}

struct Values {
  std::uint32_t a;
  std::uint32_t b;
};

// value_of each. Neighbours are joined three times: to pairs, to fours, to eights.
inline Values values_of(__m128i words) {
  const __m128i pairs =
      _mm_maddubs_epi16(words, _mm_set1_epi16(1 * 256 + 10));  // 10, 1, 10, 1, ...
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 * 65536 + 100));
  const __m128i packed = _mm_packus_epi32(fours, fours);
  const __m128i eights = _mm_madd_epi16(packed, _mm_set1_epi32(1 * 65536 + 10'000));
  const auto values = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  return {static_cast<std::uint32_t>(values), static_cast<std::uint32_t>(values >> 32)};
}

// How many bytes come before the first one equal to `value`; 8 when there is none.
constexpr unsigned find_byte(std::uint64_t word, std::uint8_t value) {
  const std::uint64_t differs = word ^ every_byte(value);
  const std::uint64_t found = (differs - every_byte(1)) & ~differs & every_byte(0x80);
  return static_cast<unsigned>(std::countr_zero(found)) >> 3;
}

constexpr std::uint64_t eight = 100'000'000;
constexpr std::uint64_t sixteen = eight * eight;  // the first number of seventeen digits

// The sixteen decimal digits of n < 10^16, zeros in front, one a byte, most significant first. Splits all
// parts at once: two of eight digits, four of four, eight of two.
[[gnu::always_inline]] inline __m128i spell16(std::uint64_t n) {
  const auto high = static_cast<std::int64_t>(n / eight);
  const auto low = static_cast<std::int64_t>(n % eight);
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

}  // namespace ats::digits
