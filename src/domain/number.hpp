// Price and Quantity on the hot path: int64 units of 10^-scale, the scale being the instrument's. Two
// prices of different instruments are not comparable as units; Decimal is what crosses instruments.
//
//   Price  - Price  -> int64 units        Quantity ± Quantity -> Quantity
//   notional(Price, Quantity) -> Decimal  Rate × Decimal      -> Decimal, rounding named
#pragma once

#include <compare>
#include <cstdint>

#include "base/decimal.hpp"

namespace ats {

struct Price {
  std::int64_t units = 0;
  constexpr auto operator<=>(const Price&) const = default;
};

struct Quantity {
  std::int64_t units = 0;
  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr bool is_zero() const { return units == 0; }
  constexpr Quantity operator+(Quantity o) const { return {units + o.units}; }
  constexpr Quantity operator-(Quantity o) const { return {units - o.units}; }
  constexpr Quantity& operator+=(Quantity o) { return units += o.units, *this; }
  constexpr Quantity& operator-=(Quantity o) { return units -= o.units, *this; }
};

// A share of something in parts per billion: 0.1 % = 1'000'000. 1 bps = 100'000.
struct Rate {
  std::int64_t ppb = 0;
  static constexpr std::int64_t one = 1'000'000'000;
  constexpr auto operator<=>(const Rate&) const = default;
  static constexpr Rate bps(std::int64_t n) { return {n * 100'000}; }
  // As a decimal share: 0.001 for 0.1 %. Exact.
  Decimal decimal() const { return Decimal::from_scaled(ppb, 9); }
};

enum class Side : std::uint8_t { Buy, Sell };
constexpr Side opposite(Side side) { return side == Side::Buy ? Side::Sell : Side::Buy; }
const char* name(Side side);

// One price level of a book: quantity is absolute, zero in a delta removes the level.
struct Level {
  Price price;
  Quantity quantity;
  constexpr bool operator==(const Level&) const = default;
};

}  // namespace ats
