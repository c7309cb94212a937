// Tests only: a Place without a gate; and seeded draws whose distributions are exact, where Rng::normal() is a sum
// of uniforms with tails too thin for the far end of a distribution.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "base/rng.hpp"
#include "domain/codec.hpp"
#include "domain/number.hpp"

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

// A Place as a journal holds it: only the gate makes one otherwise.
inline Place approved(const OrderRequest& o) {
  std::vector<std::byte> bytes{std::byte{0}};
  const auto put = [&](const auto& value) {
    const auto* at = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), at, at + sizeof value);
  };
  put(o.id), put(o.execution), put(o.instrument), put(o.side), put(o.time_in_force), put(o.price);
  put(o.quantity), put(o.unwind), put(o.post_only), put(std::uint64_t{1});
  return std::get<Place>(decode_action(bytes).value());
}

}  // namespace ats::core::testing
