// Eight digits at once: the arithmetic under every text-to-number conversion (numbers, times).
//
// A word holds eight characters as loaded from memory on a little-endian machine: the first
// character is the lowest byte. After to_digits() a digit character is its value 0..9 and a zero
// byte stands for the digit 0, so shifting in zero bytes pads with zeros on either side.
#pragma once

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

// The number that eight digit bytes spell, first character most significant. Needs
// all_digits(word).
constexpr std::uint64_t value_of(std::uint64_t word) {
  word = word * 10 + (word >> 8);  // pairs, in bytes 0, 2, 4, 6
  constexpr std::uint64_t mask = 0x000000FF000000FFull;
  constexpr std::uint64_t high = 100 + (1'000'000ull << 32);
  constexpr std::uint64_t low = 1 + (10'000ull << 32);
  return (((word & mask) * high) + (((word >> 16) & mask) * low)) >> 32;
}

// How many bytes come before the first one equal to `value`; 8 when there is none.
constexpr unsigned find_byte(std::uint64_t word, std::uint8_t value) {
  const std::uint64_t differs = word ^ every_byte(value);
  const std::uint64_t found = (differs - every_byte(1)) & ~differs & every_byte(0x80);
  return static_cast<unsigned>(std::countr_zero(found)) >> 3;
}

}  // namespace ats::digits
