#include "base/decimal.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace ats {
namespace {

constexpr Int128 int128_max = static_cast<Int128>(~UInt128{0} >> 1);
constexpr auto unit = static_cast<std::uint64_t>(Decimal::one);

// Absolute value; well defined for the lowest number too.
constexpr UInt128 magnitude_of(Int128 x) {
  return x < 0 ? UInt128{0} - static_cast<UInt128>(x) : static_cast<UInt128>(x);
}

constexpr std::uint64_t upow10(int n) { return static_cast<std::uint64_t>(pow10(n)); }

Result<Int128, NumberError> signed_from(bool negative, UInt128 magnitude) {
  if (magnitude > static_cast<UInt128>(int128_max) + negative) return fail(NumberError::Overflow);
  return static_cast<Int128>(negative ? UInt128{0} - magnitude : magnitude);
}

Result<std::int64_t, NumberError> signed64_from(bool negative, UInt128 magnitude) {
  constexpr UInt128 most = std::numeric_limits<std::int64_t>::max();
  if (magnitude > most + negative) return fail(NumberError::Overflow);
  const auto low = static_cast<std::uint64_t>(magnitude);
  return static_cast<std::int64_t>(negative ? 0 - low : low);
}

// a number of 256 bits: high * 2^128 + low
struct Wide {
  UInt128 high;
  UInt128 low;
};

constexpr std::uint64_t low64(UInt128 x) { return static_cast<std::uint64_t>(x); }
constexpr std::uint64_t high64(UInt128 x) { return static_cast<std::uint64_t>(x >> 64); }

// Schoolbook with 64-bit halves: exact.
Wide product(UInt128 a, UInt128 b) {
  const UInt128 low = UInt128{low64(a)} * low64(b);
  const UInt128 cross1 = UInt128{high64(a)} * low64(b) + high64(low);
  const UInt128 cross2 = UInt128{low64(a)} * high64(b) + low64(cross1);
  const UInt128 high = UInt128{high64(a)} * high64(b) + high64(cross1) + high64(cross2);
  return {high, (cross2 << 64) | low64(low)};
}

// One digit of long division in base 2^64: (high * 2^64 + low) / divisor. Needs high < divisor, so that the
// quotient is one digit; the processor has an instruction for it that no operator of the language stands for.
std::uint64_t divide_digit(std::uint64_t high, std::uint64_t low, std::uint64_t divisor,
                           std::uint64_t& remainder) {
#if defined(__x86_64__)
  std::uint64_t quotient;
  __asm__("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(low), "d"(high), "r"(divisor) : "cc");
  return quotient;
#else
  const UInt128 dividend = (UInt128{high} << 64) | low;
  remainder = low64(dividend % divisor);
  return low64(dividend / divisor);
#endif
}

template <class Quotient, class Remainder>
struct Divided {
  Quotient quotient;
  Remainder remainder;
};

Divided<UInt128, std::uint64_t> divide(UInt128 dividend, std::uint64_t divisor) {
  std::uint64_t remainder = 0;
  const std::uint64_t high =
      high64(dividend) == 0 ? 0 : divide_digit(0, high64(dividend), divisor, remainder);
  const std::uint64_t low = divide_digit(remainder, low64(dividend), divisor, remainder);
  return {(UInt128{high} << 64) | low, remainder};
}

Divided<Wide, std::uint64_t> divide(Wide dividend, std::uint64_t divisor) {
  const auto high =
      dividend.high == 0 ? Divided<UInt128, std::uint64_t>{0, 0} : divide(dividend.high, divisor);
  std::uint64_t remainder = high.remainder;
  const std::uint64_t second = divide_digit(remainder, high64(dividend.low), divisor, remainder);
  const std::uint64_t first = divide_digit(remainder, low64(dividend.low), divisor, remainder);
  return {{high.quotient, (UInt128{second} << 64) | first}, remainder};
}

// The next digit of a quotient, of a divisor of two digits whose highest bit is set: Knuth, The Art of
// Computer Programming, volume 2, 4.3.1, algorithm D, steps D3 to D6. Needs remainder < divisor; leaves the
// new remainder there.
std::uint64_t divide_digit(UInt128& remainder, std::uint64_t next, UInt128 divisor) {
  const std::uint64_t top = high64(divisor);
  std::uint64_t digit = ~std::uint64_t{0};
  UInt128 left = 0;  // of the two leading digits, after the trial digit
  if (high64(remainder) < top) {
    std::uint64_t rest = 0;
    digit = divide_digit(high64(remainder), low64(remainder), top, rest);
    left = rest;
  } else {
    left = remainder - UInt128{digit} * top;
  }
  // At most two too large.
  while (high64(left) == 0 &&
         UInt128{digit} * low64(divisor) > ((UInt128{low64(left)} << 64) | next)) {
    --digit;
    left += top;
  }
  // Modulo 2^128: what is left is below the divisor.
  remainder =
      ((remainder << 64) | next) - UInt128{digit} * low64(divisor) - ((UInt128{digit} * top) << 64);
  return digit;
}

// Needs dividend.high < divisor: the quotient fits.
Divided<UInt128, UInt128> divide(Wide dividend, UInt128 divisor) {
  if (high64(divisor) == 0) {
    std::uint64_t remainder = low64(dividend.high);
    const std::uint64_t high =
        divide_digit(remainder, high64(dividend.low), low64(divisor), remainder);
    const std::uint64_t low =
        divide_digit(remainder, low64(dividend.low), low64(divisor), remainder);
    return {(UInt128{high} << 64) | low, remainder};
  }
  const int shift = std::countl_zero(high64(divisor));
  if (shift != 0) {
    divisor <<= shift;
    dividend.high = (dividend.high << shift) | (dividend.low >> (128 - shift));
    dividend.low <<= shift;
  }
  UInt128 remainder = dividend.high;
  const std::uint64_t high = divide_digit(remainder, high64(dividend.low), divisor);
  const std::uint64_t low = divide_digit(remainder, low64(dividend.low), divisor);
  return {(UInt128{high} << 64) | low, remainder >> shift};
}

// magnitude * 10^-decimals, as a Decimal of the given sign.
Result<Decimal, NumberError> from_units(bool negative, UInt128 magnitude, int decimals) {
  const Wide raw = product(magnitude, upow10(Decimal::scale - decimals));
  if (raw.high != 0) return fail(NumberError::Overflow);
  const auto number = signed_from(negative, raw.low);
  if (!number) return fail(number.error());
  return Decimal::from_raw(*number);
}

enum class Towards { MinusInfinity, PlusInfinity };

Result<Decimal, NumberError> multiply_rounded(Int128 a, Int128 b, int decimals, Towards towards) {
  ATS_ASSERT(decimals >= 0 && decimals <= Decimal::scale);
  const bool negative = (a < 0) != (b < 0);
  const auto exact = divide(product(magnitude_of(a), magnitude_of(b)), unit);
  if (exact.quotient.high != 0) return fail(NumberError::Overflow);
  auto [units, below] = divide(exact.quotient.low, upow10(Decimal::scale - decimals));
  const bool inexact = exact.remainder != 0 || below != 0;
  const bool away = inexact && negative == (towards == Towards::MinusInfinity);
  if (__builtin_add_overflow(units, UInt128{away}, &units)) return fail(NumberError::Overflow);
  return from_units(negative, units, decimals);
}

Decimal rounded(Int128 raw, int decimals, Towards towards) {
  ATS_ASSERT(decimals >= 0 && decimals <= Decimal::scale);
  const bool negative = raw < 0;
  auto [units, below] = divide(magnitude_of(raw), upow10(Decimal::scale - decimals));
  if (below != 0 && negative == (towards == Towards::MinusInfinity)) ++units;
  return from_units(negative, units, decimals).value();
}

// What the text of a number says: (-1)^negative * mantissa * 10^exponent, the mantissa without
// trailing zeros, so that an exponent below -scale means digits off the grid.
struct Spelled {
  bool negative = false;
  bool mantissa_fits = true;  // when not: it is at least 2^128
  UInt128 mantissa = 0;
  std::int64_t exponent = 0;
};

std::string_view take_digits(std::string_view& text) {
  const auto end =
      std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; });
  const auto size = static_cast<std::size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

std::size_t trim_zeros_right(std::string_view& digits) {
  const auto last = digits.find_last_not_of('0');
  const std::size_t kept = last == std::string_view::npos ? 0 : last + 1;
  const std::size_t trimmed = digits.size() - kept;
  digits = digits.substr(0, kept);
  return trimmed;
}

// -?digits(.digits)?([eE][+-]?digits)? of any length; false when the text is anything else.
bool spell(std::string_view text, Spelled& out) {
  const auto take = [&text](char c) {
    const bool is_there = !text.empty() && text.front() == c;
    if (is_there) text.remove_prefix(1);
    return is_there;
  };
  out.negative = take('-');
  std::string_view whole = take_digits(text);
  if (whole.empty()) return false;
  std::string_view fraction;
  if (take('.')) {
    fraction = take_digits(text);
    if (fraction.empty()) return false;
  }
  if (take('e') || take('E')) {
    const bool below_one = take('-');
    if (!below_one) take('+');
    const std::string_view digits = take_digits(text);
    if (digits.empty()) return false;
    // Held at a figure that no number of zeros in memory can bring back into range.
    constexpr std::int64_t far = 1'000'000'000'000'000;
    for (const char c : digits) out.exponent = std::min(far, out.exponent * 10 + (c - '0'));
    if (below_one) out.exponent = -out.exponent;
  }
  if (!text.empty()) return false;

  trim_zeros_right(fraction);
  if (fraction.empty()) out.exponent += static_cast<std::int64_t>(trim_zeros_right(whole));
  out.exponent -= static_cast<std::int64_t>(fraction.size());
  for (const std::string_view part : {whole, fraction}) {
    for (const char c : part) {
      if (__builtin_mul_overflow(out.mantissa, UInt128{10}, &out.mantissa) ||
          __builtin_add_overflow(out.mantissa, static_cast<UInt128>(c - '0'), &out.mantissa)) {
        out.mantissa_fits = false;
        return true;
      }
    }
  }
  return true;
}

// The magnitude of a number in units of 10^-scale.
Result<UInt128, NumberError> units_of(const Spelled& number, int scale) {
  if (number.mantissa_fits && number.mantissa == 0) return UInt128{0};
  if (number.exponent < -scale) return fail(NumberError::TooPrecise);
  if (!number.mantissa_fits) return fail(NumberError::Overflow);
  UInt128 units = number.mantissa;
  for (std::int64_t n = number.exponent + scale; n > 0; --n) {
    if (__builtin_mul_overflow(units, UInt128{10}, &units)) return fail(NumberError::Overflow);
  }
  return units;
}

char* write_units(bool negative, UInt128 magnitude, int scale, int decimals, char* out) {
  // Digits from the right, at least one before the point.
  char digits[40];
  char* const end = digits + sizeof digits;
  char* first = end;
  while (magnitude != 0) {
    *--first = static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
  }
  while (end - first < scale + 1) *--first = '0';
  if (negative) *out++ = '-';
  out = std::copy(first, end - scale, out);
  if (decimals > 0) {
    *out++ = '.';
    out = std::copy(end - scale, end - scale + decimals, out);
  }
  return out;
}

template <class Unsigned>
int decimals_in_use(Unsigned magnitude, int scale) {
  while (scale > 0 && magnitude % 10 == 0) {
    magnitude /= 10;
    --scale;
  }
  return scale;
}

constexpr std::uint64_t magnitude64(std::int64_t x) {
  return x < 0 ? 0 - static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
}

}  // namespace

const char* name(NumberError error) {
  switch (error) {
    case NumberError::Malformed:
      return "Malformed";
    case NumberError::Overflow:
      return "Overflow";
    case NumberError::TooPrecise:
      return "TooPrecise";
    case NumberError::DivideByZero:
      return "DivideByZero";
  }
  return "?";
}

Decimal Decimal::from_scaled(std::int64_t units, int unit_scale) {
  return from_raw(Int128{units} * pow10(scale - unit_scale));
}

Result<Decimal, NumberError> Decimal::parse(std::string_view text) {
  Spelled number;
  if (!spell(text, number)) return fail(NumberError::Malformed);
  const auto magnitude = units_of(number, scale);
  if (!magnitude) return fail(magnitude.error());
  const auto raw = signed_from(number.negative, *magnitude);
  if (!raw) return fail(raw.error());
  return from_raw(*raw);
}

Decimal Decimal::of(std::string_view literal) { return parse(literal).value(); }

Decimal Decimal::operator+(Decimal o) const { return checked_add(o).value(); }

Decimal Decimal::operator-(Decimal o) const {
  Int128 difference;
  ATS_ASSERT(!__builtin_sub_overflow(raw_, o.raw_, &difference));
  return from_raw(difference);
}

Decimal Decimal::operator-() const { return Decimal() - *this; }

Result<Decimal, NumberError> Decimal::checked_add(Decimal o) const {
  Int128 sum;
  if (__builtin_add_overflow(raw_, o.raw_, &sum)) return fail(NumberError::Overflow);
  return from_raw(sum);
}

Result<Decimal, NumberError> Decimal::multiply(Decimal o) const {
  const auto exact = divide(product(magnitude_of(raw_), magnitude_of(o.raw_)), unit);
  if (exact.remainder != 0) return fail(NumberError::TooPrecise);
  if (exact.quotient.high != 0) return fail(NumberError::Overflow);
  const auto raw = signed_from((raw_ < 0) != (o.raw_ < 0), exact.quotient.low);
  if (!raw) return fail(raw.error());
  return from_raw(*raw);
}

Result<Decimal, NumberError> Decimal::multiply_floor(Decimal o, int decimals) const {
  return multiply_rounded(raw_, o.raw_, decimals, Towards::MinusInfinity);
}

Result<Decimal, NumberError> Decimal::multiply_ceil(Decimal o, int decimals) const {
  return multiply_rounded(raw_, o.raw_, decimals, Towards::PlusInfinity);
}

Result<Decimal, NumberError> Decimal::divide_floor(Decimal o, int decimals) const {
  ATS_ASSERT(decimals >= 0 && decimals <= scale);
  if (o.raw_ == 0) return fail(NumberError::DivideByZero);
  const bool negative = (raw_ < 0) != (o.raw_ < 0);
  const Wide dividend = product(magnitude_of(raw_), upow10(decimals));
  const UInt128 divisor = magnitude_of(o.raw_);
  if (dividend.high >= divisor) return fail(NumberError::Overflow);
  auto [units, remainder] = divide(dividend, divisor);
  if (negative && remainder != 0)
    ++units;  // 2^128 wraps to 0 only where from_units overflows below
  return from_units(negative, units, decimals);
}

Decimal Decimal::floor_to(int decimals) const {
  return rounded(raw_, decimals, Towards::MinusInfinity);
}

Decimal Decimal::ceil_to(int decimals) const {
  return rounded(raw_, decimals, Towards::PlusInfinity);
}

Result<std::int64_t, NumberError> Decimal::to_scaled(int unit_scale) const {
  const auto [units, below] = divide(magnitude_of(raw_), upow10(scale - unit_scale));
  if (below != 0) return fail(NumberError::TooPrecise);
  return signed64_from(raw_ < 0, units);
}

Result<std::int64_t, NumberError> Decimal::to_scaled_floor(int unit_scale) const {
  const auto [units, below] = divide(magnitude_of(raw_), upow10(scale - unit_scale));
  return signed64_from(raw_ < 0, units + (raw_ < 0 && below != 0));
}

std::string Decimal::to_string() const {
  return to_fixed(decimals_in_use(magnitude_of(raw_), scale));
}

std::string Decimal::to_fixed(int decimals) const {
  ATS_ASSERT(decimals >= 0 && decimals <= scale);
  const UInt128 magnitude = magnitude_of(raw_);
  ATS_ASSERT(magnitude % upow10(scale - decimals) == 0);
  char text[48];
  return {text, write_units(raw_ < 0, magnitude, scale, decimals, text)};
}

double Decimal::to_double() const { return static_cast<double>(raw_) / 1e18; }

Result<std::int64_t, NumberError> detail::parse_scaled_any(std::string_view text, int scale) {
  ATS_ASSERT(scale >= 0 && scale <= Decimal::scale);
  Spelled number;
  if (!spell(text, number)) return fail(NumberError::Malformed);
  const auto magnitude = units_of(number, scale);
  if (!magnitude) return fail(magnitude.error());
  return signed64_from(number.negative, *magnitude);
}

char* format_scaled(std::int64_t units, int scale, char* out) {
  ATS_ASSERT(scale >= 0 && scale <= Decimal::scale);
  if (units < 0) *out++ = '-';
  const std::uint64_t magnitude = magnitude64(units);
  char digits[20];
  const char* const first = digits;
  const char* const end = std::to_chars(digits, digits + sizeof digits, magnitude).ptr;
  const auto size = static_cast<int>(end - first);
  if (scale == 0) return std::copy(first, end, out);
  if (size > scale) {
    out = std::copy(first, end - scale, out);
    *out++ = '.';
    return std::copy(end - scale, end, out);
  }
  *out++ = '0';
  *out++ = '.';
  out = std::fill_n(out, scale - size, '0');
  return std::copy(first, end, out);
}

std::string format_scaled(std::int64_t units, int scale) {
  char text[24];
  return {text, format_scaled(units, scale, text)};
}

std::string format_scaled_short(std::int64_t units, int scale) {
  ATS_ASSERT(scale >= 0 && scale <= Decimal::scale);
  const int decimals = decimals_in_use(magnitude64(units), scale);
  return format_scaled(units / pow10(scale - decimals), decimals);
}

}  // namespace ats
