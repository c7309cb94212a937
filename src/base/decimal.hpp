// Exact decimals. Money, prices and quantities never pass through binary floating point.
//
// Two forms:
//  - Decimal: 128-bit integer of 1e-18. Holds every amount of every asset (|x| < 1.7e20) and the exact
//    product of a price and a quantity whose decimals add up to at most 18. Used by ledger, limits, config.
//  - scaled int64 (see domain/number.hpp: Price, Quantity): units of 10^-scale, the scale being the
//    instrument's. Used on the hot path; parse_scaled/format_scaled convert text without a detour.
// Invariant: arithmetic either gives the exact result or a NumberError; nothing wraps, nothing rounds
// unless the function's name says which way.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ats {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

enum class NumberError : std::uint8_t {
  Malformed,   // not a decimal number
  Overflow,    // does not fit the type
  TooPrecise,  // has more decimals than the scale keeps: off the grid
  DivideByZero,
};
const char* name(NumberError error);

class Decimal {
 public:
  static constexpr int scale = 18;
  static constexpr Int128 one = Int128{1'000'000'000'000'000'000};

  constexpr Decimal() = default;
  static constexpr Decimal from_raw(Int128 raw) {
    Decimal d;
    d.raw_ = raw;
    return d;
  }
  static constexpr Decimal from_int(std::int64_t n) { return from_raw(Int128{n} * one); }
  // units * 10^-unit_scale, 0 <= unit_scale <= 18. Always fits.
  static Decimal from_scaled(std::int64_t units, int unit_scale);
  // Plain or exponent notation ("0.1", "-12", "1.5e-7"); at most 18 significant decimals.
  static Result<Decimal, NumberError> parse(std::string_view text);
  // For literals in code and tests; a bad literal is a broken invariant.
  static Decimal of(std::string_view literal);

  constexpr Int128 raw() const { return raw_; }
  constexpr bool is_zero() const { return raw_ == 0; }
  constexpr bool negative() const { return raw_ < 0; }
  constexpr auto operator<=>(const Decimal&) const = default;

  // Exact; overflow is a broken invariant (1.7e20 whole units of any asset is no amount that exists).
  // Values from outside go through checked_add instead.
  Decimal operator+(Decimal o) const;
  Decimal operator-(Decimal o) const;
  Decimal operator-() const;
  Decimal& operator+=(Decimal o) { return *this = *this + o; }
  Decimal& operator-=(Decimal o) { return *this = *this - o; }
  Decimal abs() const { return raw_ < 0 ? -*this : *this; }

  Result<Decimal, NumberError> checked_add(Decimal o) const;
  // Exact product, or TooPrecise when it needs more than 18 decimals, or Overflow.
  Result<Decimal, NumberError> multiply(Decimal o) const;
  // Rounded towards -infinity / +infinity to `decimals` places; Overflow possible.
  Result<Decimal, NumberError> multiply_floor(Decimal o, int decimals = scale) const;
  Result<Decimal, NumberError> multiply_ceil(Decimal o, int decimals = scale) const;
  Result<Decimal, NumberError> divide_floor(Decimal o, int decimals = scale) const;
  Decimal floor_to(int decimals) const;
  Decimal ceil_to(int decimals) const;
  // Exact units at the given scale, or TooPrecise / Overflow.
  Result<std::int64_t, NumberError> to_scaled(int unit_scale) const;
  // Largest multiple of 10^-unit_scale not above the value, as units (floor).
  Result<std::int64_t, NumberError> to_scaled_floor(int unit_scale) const;

  // Shortest exact text: "0.1", "-3", "12.000001".
  std::string to_string() const;
  // Exactly `decimals` fraction digits; the value must fit them (asserted).
  std::string to_fixed(int decimals) const;
  // For statistics and display only.
  double to_double() const;

 private:
  Int128 raw_ = 0;
};

// 10^n, 0 <= n <= 18.
constexpr std::int64_t pow10(int n) {
  std::int64_t p = 1;
  while (n-- > 0) p *= 10;
  return p;
}

// Text of a plain decimal number to units of 10^-scale (0..18): "61710.01000000" at scale 2 is 6171001.
// Trailing zeros beyond the scale are fine, any other digit there is TooPrecise. Hot path: plain
// notation takes a branch-light SWAR route, exponents the slow one.
Result<std::int64_t, NumberError> parse_scaled(std::string_view text, int scale);

// Writes units*10^-scale with exactly `scale` decimals ("61710.01"; no point when scale is 0).
// `out` must hold at least 24 bytes; returns one past the last byte written. No terminator.
char* format_scaled(std::int64_t units, int scale, char* out);
std::string format_scaled(std::int64_t units, int scale);
// As above without trailing zeros ("61710", "0.5").
std::string format_scaled_short(std::int64_t units, int scale);

}  // namespace ats
