// Random lengths and sizes for models of markets and latency. Made of additions, multiplications and
// square roots only, so that a seed gives the same world with every maths library.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/rng.hpp"
#include "base/time.hpp"

namespace ats::sim {

// log2 of m in [1, 2), to 1e-5.
constexpr double log2_of(double m) {
  constexpr double two_over_ln2 = 2.8853900817779268;
  const double z = (m - 1) / (m + 1);
  const double zz = z * z;
  return two_over_ln2 * z * (1 + zz * (1.0 / 3 + zz * (1.0 / 5 + zz * (1.0 / 7 + zz / 9))));
}

// 2^x to 1e-4 of itself, for |x| < 1000.
inline double exp2_of(double x) {
  const double whole = std::floor(x);
  const double f = x - whole;
  const double part =
      1 + f * (0.6931472 + f * (0.2402265 + f * (0.0555033 + f * (0.0096181 + f * 0.0013333))));
  return std::ldexp(part, static_cast<int>(whole));
}

// Exponential with mean 1.
inline double draw_exponential(Rng& rng) {
  constexpr double ln2 = 0.6931471805599453;
  const std::uint64_t bits = rng.next() | 1;
  const int zeros = std::countl_zero(bits);
  const double mantissa = static_cast<double>((bits << zeros) >> 11) * 0x1.0p-52;  // in [1, 2)
  return ln2 * (1 + zeros - log2_of(mantissa));
}

inline Duration draw_wait(Rng& rng, Duration mean) {
  return {static_cast<std::int64_t>(draw_exponential(rng) * static_cast<double>(mean.ns)) + 1};
}

// Lognormal with median 1; `sigma` is the standard deviation of its natural logarithm.
inline double draw_lognormal(Rng& rng, double sigma) {
  constexpr double log2_e = 1.4426950408889634;
  return exp2_of(rng.normal() * sigma * log2_e);
}

}  // namespace ats::sim
