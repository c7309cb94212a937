// Exact decimals. Money, prices and quantities never pass through binary floating point.
//
// Two forms:
//  - Decimal: 128-bit integer of 1e-18. Holds every amount of every asset (|x| < 1.7e20) and the
//  exact
//    product of a price and a quantity whose decimals add up to at most 18. Used by ledger, limits,
//    config.
//  - scaled int64 (see domain/number.hpp: Price, Quantity): units of 10^-scale, the scale being the
//    instrument's. Used on the hot path; parse_scaled/format_scaled convert text without a detour.
// Invariant: arithmetic either gives the exact result or a NumberError; nothing wraps, nothing
// rounds unless the function's name says which way.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "base/digits.hpp"
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
  // Plain or exponent notation ("0.1", "-12", "1.5e-7"); at most 18 significant decimals. The same
  // grammar as parse_scaled below.
  static Result<Decimal, NumberError> parse(std::string_view text);
  // For literals in code and tests; a bad literal is a broken invariant.
  static Decimal of(std::string_view literal);

  constexpr Int128 raw() const { return raw_; }
  constexpr bool is_zero() const { return raw_ == 0; }
  constexpr bool negative() const { return raw_ < 0; }
  constexpr auto operator<=>(const Decimal&) const = default;

  // Exact; overflow is a broken invariant (1.7e20 whole units of any asset is no amount that
  // exists). Values from outside go through checked_add instead.
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
  // To `decimals` places (0..18); leaving the range by rounding is a broken invariant.
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

namespace detail {

inline constexpr auto powers_of_ten = [] {
  std::array<std::int64_t, 19> powers{1};
  for (std::size_t n = 1; n < powers.size(); ++n) powers[n] = powers[n - 1] * 10;
  return powers;
}();

// Any shape of number, one digit at a time: what parse_scaled does with text its fast route
// declines.
Result<std::int64_t, NumberError> parse_scaled_any(std::string_view text, int scale);

}  // namespace detail

// 10^n, 0 <= n <= 18.
constexpr std::int64_t pow10(int n) {
  ATS_ASSERT(n >= 0 && n <= 18);
  return detail::powers_of_ten[static_cast<std::size_t>(n)];
}

// Text of a decimal number to units of 10^-scale (0..18): "61710.01000000" at scale 2 is 6171001.
// Trailing zeros beyond the scale are fine, any other digit there is TooPrecise (told before
// Overflow when both hold). A number is what JSON calls one, leading zeros allowed:
// -?digits(.digits)?([eE][+-]?digits)?
//
// Hot path: plain notation with up to 8 digits before the point and up to 16 behind it, at a scale
// of at most 8, is converted without a loop or a division; everything else goes to
// detail::parse_scaled_any. Both give the same answers.
[[gnu::always_inline]] inline Result<std::int64_t, NumberError> parse_scaled(std::string_view text,
                                                                             int scale) {
  using namespace digits;
  const char* p = text.data();
  std::size_t size = text.size();
  const bool negative = size != 0 && *p == '-';
  p += negative;
  size -= negative;
  if (size == 0 || scale < 0 || scale > 8) [[unlikely]]
    return detail::parse_scaled_any(text, scale);

  // The digits before the point, right-aligned, and the first eight behind it, left-aligned: the
  // latter then spell the fraction in units of 10^-8 whatever their number.
  std::uint64_t whole;
  std::uint64_t fraction;
  std::uint64_t beyond = 0;  // fraction digits past the eighth, which no scale here keeps
  if (size >= 8) {
    const std::uint64_t head = to_digits(load8(p));
    const unsigned point_at = find_byte(head, point);
    const std::size_t places = size - point_at - 1;  // wraps when there is no point and size is 8
    if (point_at - 1 > 7 || (point_at == 8 && (size < 10 || p[8] != '.'))) [[unlikely]]
      return detail::parse_scaled_any(text, scale);
    whole = head << (8 * (8 - point_at));
    const std::uint64_t tail = to_digits(load8(p + size - 8));
    if (places - 1 < 8) [[likely]] {
      fraction = tail >> (8 * (8 - places));
    } else if (places - 9 < 8) {
      fraction = to_digits(load8(p + point_at + 1));
      beyond = tail >> (8 * (16 - places));
    } else {
      return detail::parse_scaled_any(text, scale);
    }
  } else {
    const std::uint64_t characters = load_short(p, size);
    const std::uint64_t padding = ~std::uint64_t{0} << (8 * size);
    const std::uint64_t word = to_digits(characters) & ~padding;
    const unsigned point_at = find_byte(word, point);
    if (point_at == 8) {
      whole = word << (8 * (8 - size));
      fraction = 0;
    } else {
      if (point_at == 0 || point_at + 1 == size) [[unlikely]]
        return fail(NumberError::Malformed);
      whole = word << (8 * (8 - point_at));
      fraction = word >> (8 * (point_at + 1));
    }
  }
  if (!all_digits(both(whole, fraction)) || !all_digits(beyond)) [[unlikely]]
    return detail::parse_scaled_any(text, scale);

  // Shifts by 8 * scale, in two halves because half a word is the most one shift takes.
  const unsigned kept = 4 * static_cast<unsigned>(scale);
  if (((fraction >> kept >> kept) | beyond) != 0) [[unlikely]]
    return fail(NumberError::TooPrecise);
  const Values values = values_of(both(whole, fraction << (32 - kept) << (32 - kept)));
  const std::int64_t units = values.a * pow10(scale) + values.b;
  return negative ? -units : units;
}

// Writes units*10^-scale with exactly `scale` decimals ("61710.01"; no point when scale is 0).
// `out` must hold at least 24 bytes; returns one past the last byte written. No terminator.
char* format_scaled(std::int64_t units, int scale, char* out);
std::string format_scaled(std::int64_t units, int scale);
// As above without trailing zeros ("61710", "0.5").
std::string format_scaled_short(std::int64_t units, int scale);

}  // namespace ats
