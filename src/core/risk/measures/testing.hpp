// Tests only: seeded draws whose distributions are exact, where Rng::normal() is a sum
// of uniforms with tails too thin for the far end of a distribution.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "base/rng.hpp"
#include "domain/number.hpp"
#include "domain/testing_approved.hpp"

namespace ats::core::testing {

inline constexpr Rate c95{950'000'000};
inline constexpr Rate c99{990'000'000};

// Box and Muller.
inline double normal_draw(Rng& rng) {
  const double radius = std::sqrt(-2 * std::log(1 - rng.unit()));
  return radius * std::cos(2 * M_PI * rng.unit());
}
// A normal over the root of a chi-square by its degrees; variance degrees / (degrees − 2).
inline double student_draw(Rng& rng, int degrees) {
  double chi = 0;
  for (int n = 0; n < degrees; ++n) chi += std::pow(normal_draw(rng), 2);
  return normal_draw(rng) / std::sqrt(chi / degrees);
}

using ats::approved;

}  // namespace ats::core::testing
