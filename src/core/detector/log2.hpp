// Binary logarithms in fixed point, for telling in a few additions which of many chained prices cannot
// pay. They only screen: whatever passes is compared exactly. Integers alone, the same on every machine.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/decimal.hpp"

namespace ats::core {

// In units of 2^-40.
using Log2 = std::int64_t;
constexpr int log2_fraction_bits = 40;
// How far log2_of may be from the truth, either way.
constexpr Log2 log2_error = 2;

namespace detail {

constexpr std::size_t log2_steps = 256;

struct Log2Step {
  std::uint64_t log = 0;      // log2(1 + n / 256), in 2^-64
  std::uint64_t inverse = 0;  // 2^63 / (1 + n / 256), rounded down
};

// Bit by bit: squaring doubles the logarithm.
constexpr std::array<Log2Step, log2_steps> log2_table = [] {
  std::array<Log2Step, log2_steps> table{};
  for (std::size_t n = 0; n < log2_steps; ++n) {
    const std::uint64_t mantissa = (log2_steps + n) << 55;  // in [2^63, 2^64)
    std::uint64_t x = mantissa;
    for (int bit = 63; bit >= 0; --bit) {
      const UInt128 square = UInt128{x} * x;  // in [2^126, 2^128)
      const bool two = (square >> 127) != 0;
      if (two) table[n].log |= std::uint64_t{1} << bit;
      x = static_cast<std::uint64_t>(square >> (two ? 64 : 63));
    }
    const UInt128 inverse = (UInt128{1} << 127) / mantissa;
    table[n].inverse = inverse >> 64 == 0 ? static_cast<std::uint64_t>(inverse) : UINT64_MAX;
  }
  return table;
}();

constexpr std::uint64_t high(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>((UInt128{a} * b) >> 64);
}

}  // namespace detail

// Of a positive number.
constexpr Log2 log2_of(std::uint64_t n) {
  const int zeros = std::countl_zero(n);
  const std::uint64_t mantissa = n << zeros;
  const std::size_t step = (mantissa >> 55) & (detail::log2_steps - 1);
  const detail::Log2Step& at = detail::log2_table[step];
  // mantissa = step × (1 + r), r < 2^-8, in 2^-64; log2(1 + r) by its series.
  const std::uint64_t beyond = mantissa & ((std::uint64_t{1} << 55) - 1);
  const auto r = static_cast<std::uint64_t>((UInt128{beyond} * at.inverse) >> 63);
  const std::uint64_t r2 = detail::high(r, r);
  const std::uint64_t r3 = detail::high(r2, r);
  const std::uint64_t r4 = detail::high(r2, r2);
  const std::uint64_t natural = r - r2 / 2 + r3 / 3 - r4 / 4;
  constexpr std::uint64_t log2_e_less_one = 8'166'282'121'979'093'367ull;  // log2(e) − 1, in 2^-64
  const std::uint64_t fraction = natural + detail::high(natural, log2_e_less_one);
  const UInt128 sum = UInt128{at.log} + fraction;
  return (Log2{63 - zeros} << log2_fraction_bits) +
         static_cast<Log2>(sum >> (64 - log2_fraction_bits));
}

constexpr Log2 log2_of(UInt128 n) {
  const auto top = static_cast<std::uint64_t>(n >> 64);
  if (top == 0) return log2_of(static_cast<std::uint64_t>(n));
  const int shift = 64 - std::countl_zero(top);
  return log2_of(static_cast<std::uint64_t>(n >> shift)) + (Log2{shift} << log2_fraction_bits);
}

}  // namespace ats::core
