#include "base/decimal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.hpp"

namespace ats {
namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr Int128 int128_max = static_cast<Int128>(~UInt128{0} >> 1);
constexpr Int128 int128_min = -int128_max - 1;

Decimal d(std::string_view text) { return Decimal::of(text); }

// "Overflow" and so on, or the number's text: one thing to compare.
std::string said(const Result<Decimal, NumberError>& result) {
  return result ? result->to_string() : name(result.error());
}
std::string said(const Result<std::int64_t, NumberError>& result) {
  return result ? std::to_string(*result) : name(result.error());
}

// A decimal of any size, dense around the sizes where arithmetic changes its course.
Decimal any_decimal(Rng& rng) {
  if (rng.one_in(20)) {
    const Int128 corners[] = {0, 1, -1, Decimal::one, int128_max, int128_min, int128_max - 1};
    return Decimal::from_raw(corners[rng.below(std::size(corners))]);
  }
  const auto bits = static_cast<unsigned>(rng.below(128));
  UInt128 raw = (UInt128{rng.next()} << 64) | rng.next();
  raw = bits == 0 ? 0 : raw >> (128 - bits);
  if (rng.one_in(3)) {
    const UInt128 step = static_cast<UInt128>(pow10(static_cast<int>(rng.below(19))));
    raw = raw / step * step;
  }
  const auto number = static_cast<Int128>(raw & static_cast<UInt128>(int128_max));
  return Decimal::from_raw(rng.one_in(2) ? -number : number);
}

TEST(Decimal, ReadsPlainAndExponentNotation) {
  EXPECT_EQ(d("0").raw(), 0);
  EXPECT_EQ(d("-0").raw(), 0);
  EXPECT_EQ(d("1").raw(), Decimal::one);
  EXPECT_EQ(d("-12").raw(), -12 * Decimal::one);
  EXPECT_EQ(d("0.1").raw(), Decimal::one / 10);
  EXPECT_EQ(d("007.50").raw(), Decimal::one * 15 / 2);
  EXPECT_EQ(d("1.5e-7").raw(), 150'000'000'000);
  EXPECT_EQ(d("7e-7"), d("0.0000007"));
  EXPECT_EQ(d("1E3"), d("1000"));
  EXPECT_EQ(d("1e+3"), d("1000"));
  EXPECT_EQ(d("120e-1"), d("12"));
  EXPECT_EQ(d("1.0E-5"), d("0.00001"));
}

TEST(Decimal, HoldsEverythingThatTheVenuesQuote) {
  for (const char* text :
       {"0.000000000001", "10000000000000", "144601000", "1000000000000.12345678",
        "0.000000000000000001", "100000000000000000000", "9999999999999.999999999999"}) {
    EXPECT_EQ(d(text).to_string(), text);
    EXPECT_EQ((-d(text)).to_string(), std::string("-") + text);
  }
}

TEST(Decimal, NamesWhatIsWrongWithAText) {
  for (const char* text : {"",    "-",  ".",     "+1",    "1.",    ".5",  "-.5",   "--1",  "1-",
                           " 1",  "1 ", "1..2",  "1.2.3", "0x10",  "nan", "inf",   "-inf", "1e",
                           "1e+", "e5", "1e5.0", "1,000", "1_000", "١",   "1e5e5", "0b1"}) {
    EXPECT_EQ(said(Decimal::parse(text)), "Malformed") << text;
  }
  EXPECT_EQ(said(Decimal::parse(std::string_view("1\0", 2))), "Malformed");
  EXPECT_EQ(said(Decimal::parse("0.0000000000000000001")), "TooPrecise");
  EXPECT_EQ(said(Decimal::parse("1e-19")), "TooPrecise");
  EXPECT_EQ(said(Decimal::parse("1e-999999999999999999999999")), "TooPrecise");
  EXPECT_EQ(said(Decimal::parse("200000000000000000000")), "Overflow");
  EXPECT_EQ(said(Decimal::parse("1e21")), "Overflow");
  EXPECT_EQ(said(Decimal::parse("1e999999999999999999999999")), "Overflow");
  EXPECT_EQ(said(Decimal::parse(std::string(5000, '9'))), "Overflow");
  EXPECT_EQ(said(Decimal::parse(std::string(50, '9') + "." + std::string(50, '9'))), "TooPrecise");
}

TEST(Decimal, ZerosThatSayNothingCostNothing) {
  const std::string zeros(10'000, '0');
  EXPECT_EQ(d("0e999999999999999999999"), Decimal());
  EXPECT_EQ(d("1." + zeros), d("1"));
  EXPECT_EQ(d(zeros + "1"), d("1"));
  EXPECT_EQ(d("1" + zeros + "e-10000"), d("1"));
  EXPECT_EQ(d("0." + zeros + "1e10001"), d("1"));
}

TEST(Decimal, ReachesBothEndsOfItsRange) {
  const char* const highest = "170141183460469231731.687303715884105727";
  const char* const lowest = "-170141183460469231731.687303715884105728";
  EXPECT_EQ(d(highest).raw(), int128_max);
  EXPECT_EQ(d(lowest).raw(), int128_min);
  EXPECT_EQ(d(highest).to_string(), highest);
  EXPECT_EQ(d(lowest).to_string(), lowest);
  EXPECT_EQ(said(Decimal::parse("170141183460469231731.687303715884105728")), "Overflow");
  EXPECT_EQ(said(Decimal::parse("-170141183460469231731.687303715884105729")), "Overflow");
  EXPECT_EQ(said(d(highest).checked_add(d("0.000000000000000001"))), "Overflow");
  EXPECT_EQ(said(d(lowest).checked_add(d("-0.000000000000000001"))), "Overflow");
  EXPECT_DEATH((void)(d(highest) + d("1")), "invariant broken");
  EXPECT_DEATH((void)(d(lowest) - d("1")), "invariant broken");
  EXPECT_DEATH((void)-d(lowest), "invariant broken");
}

TEST(Decimal, WritesTheShortestTextAndFixedPlaces) {
  EXPECT_EQ(d("0").to_string(), "0");
  EXPECT_EQ(d("-3.000").to_string(), "-3");
  EXPECT_EQ(d("12.0000010").to_string(), "12.000001");
  EXPECT_EQ(d("100").to_string(), "100");
  EXPECT_EQ(d("0").to_fixed(0), "0");
  EXPECT_EQ(d("0").to_fixed(3), "0.000");
  EXPECT_EQ(d("-0.5").to_fixed(2), "-0.50");
  EXPECT_EQ(d("61710.01").to_fixed(8), "61710.01000000");
  EXPECT_EQ(d("61710").to_fixed(0), "61710");
  EXPECT_EQ(d("1e-18").to_fixed(18), "0.000000000000000001");
  EXPECT_DEATH((void)d("0.01").to_fixed(1), "invariant broken");
}

TEST(Decimal, MultipliesExactlyOrSaysWhyNot) {
  EXPECT_EQ(said(d("61710.01").multiply(d("0.00012345"))), "7.6181007345");
  EXPECT_EQ(said(d("-3").multiply(d("0.5"))), "-1.5");
  EXPECT_EQ(said(d("-3").multiply(d("-0.5"))), "1.5");
  EXPECT_EQ(said(d("10000000000000").multiply(d("10000000"))), "100000000000000000000");
  EXPECT_EQ(said(d("0.0000000001").multiply(d("0.000000001"))), "TooPrecise");
  EXPECT_EQ(said(d("10000000000000").multiply(d("100000000"))), "Overflow");
  EXPECT_EQ(said(Decimal::from_raw(int128_min).multiply(d("1"))),
            Decimal::from_raw(int128_min).to_string());
  EXPECT_EQ(said(Decimal::from_raw(int128_min).multiply(d("-1"))), "Overflow");
  EXPECT_EQ(said(Decimal::from_raw(int128_min).multiply(Decimal::from_raw(int128_min))),
            "TooPrecise");
}

TEST(Decimal, RoundsTheWayTheNameSays) {
  EXPECT_EQ(said(d("1.01").multiply_floor(d("0.5"), 2)), "0.5");
  EXPECT_EQ(said(d("1.01").multiply_ceil(d("0.5"), 2)), "0.51");
  EXPECT_EQ(said(d("-1.01").multiply_floor(d("0.5"), 2)), "-0.51");
  EXPECT_EQ(said(d("-1.01").multiply_ceil(d("0.5"), 2)), "-0.5");
  EXPECT_EQ(said(d("1.01").multiply_ceil(d("0.5"), 3)), "0.505");
  // one unit of the 36th place still counts
  EXPECT_EQ(said(d("1e-18").multiply_ceil(d("1e-18"), 0)), "1");
  EXPECT_EQ(said(d("1e-18").multiply_floor(d("-1e-18"), 8)), "-0.00000001");
  EXPECT_EQ(said(d("1e-18").multiply_floor(d("1e-18"))), "0");
  EXPECT_EQ(said(d("1").divide_floor(d("3"), 4)), "0.3333");
  EXPECT_EQ(said(d("-1").divide_floor(d("3"), 4)), "-0.3334");
  EXPECT_EQ(said(d("-1").divide_floor(d("-3"))), "0.333333333333333333");
  EXPECT_EQ(said(d("6").divide_floor(d("-3"), 0)), "-2");
  EXPECT_EQ(said(d("1").divide_floor(d("0"))), "DivideByZero");
  EXPECT_EQ(said(d("1000").divide_floor(d("1e-18"))), "Overflow");
  EXPECT_EQ(d("2.567").floor_to(2), d("2.56"));
  EXPECT_EQ(d("-2.567").floor_to(2), d("-2.57"));
  EXPECT_EQ(d("2.567").ceil_to(2), d("2.57"));
  EXPECT_EQ(d("-2.567").ceil_to(2), d("-2.56"));
  EXPECT_EQ(d("2.5").floor_to(18), d("2.5"));
  EXPECT_EQ(d("-0.1").floor_to(0), d("-1"));
}

TEST(Decimal, RoundingAwayFromZeroAtTheEndOfTheRangeIsAnOverflow) {
  // quotient 2^128 - 1 with a remainder: one more would wrap to zero
  const Decimal a = Decimal::from_raw(int128_max);
  for (const char* factor : {"2", "1.999999999999999999", "2.000000000000000001"}) {
    EXPECT_EQ(said(a.multiply_ceil(d(factor))), "Overflow") << factor;
    EXPECT_EQ(said(a.multiply_floor(-d(factor))), "Overflow") << factor;
  }
  EXPECT_EQ(said(a.multiply_ceil(d("1"), 0)), "Overflow");
  EXPECT_EQ(said(a.multiply_floor(d("1"), 0)), "170141183460469231731");
}

TEST(Decimal, MovesToAndFromScaledUnits) {
  EXPECT_EQ(Decimal::from_scaled(6171001, 2), d("61710.01"));
  EXPECT_EQ(Decimal::from_scaled(-5, 0), d("-5"));
  EXPECT_EQ(Decimal::from_scaled(int64_max, 0).to_string(), "9223372036854775807");
  EXPECT_EQ(Decimal::from_scaled(int64_min, 18).to_string(), "-9.223372036854775808");
  EXPECT_EQ(said(d("61710.01").to_scaled(2)), "6171001");
  EXPECT_EQ(said(d("61710.01").to_scaled(1)), "TooPrecise");
  EXPECT_EQ(said(d("10").to_scaled(18)), "Overflow");
  EXPECT_EQ(said(d("-9223372036854775808").to_scaled(0)), "-9223372036854775808");
  EXPECT_EQ(said(d("9223372036854775808").to_scaled(0)), "Overflow");
  EXPECT_EQ(said(d("61710.019").to_scaled_floor(2)), "6171001");
  EXPECT_EQ(said(d("-61710.019").to_scaled_floor(2)), "-6171002");
  EXPECT_EQ(said(d("-9223372036854775807.5").to_scaled_floor(0)), "-9223372036854775808");
  EXPECT_EQ(said(d("-9223372036854775808.5").to_scaled_floor(0)), "Overflow");
}

TEST(Decimal, EveryNumberReadsBackFromItsText) {
  const std::uint64_t seed = 20261;
  Rng rng(seed);
  for (int i = 0; i < 100'000; ++i) {
    const Decimal x = any_decimal(rng);
    const std::string text = x.to_string();
    const auto back = Decimal::parse(text);
    ASSERT_TRUE(back.ok() && *back == x) << text << " seed " << seed << " step " << i;
    ASSERT_EQ(*Decimal::parse(x.to_fixed(Decimal::scale)), x) << text << " seed " << seed;
    // shortest: no point without a digit behind it, no zero at the end of a fraction
    if (text.find('.') != std::string::npos) {
      ASSERT_NE(text.back(), '0') << text;
      ASSERT_NE(text.back(), '.') << text;
    }
  }
}

// The same arithmetic on digit strings, slow and obvious: least significant digit first.
class LongNumber {
 public:
  explicit LongNumber(UInt128 n) {
    for (; n != 0; n /= 10) digits_.push_back(static_cast<int>(n % 10));
  }
  LongNumber times(const LongNumber& o) const {
    LongNumber product(0);
    product.digits_.assign(digits_.size() + o.digits_.size() + 1, 0);
    for (std::size_t i = 0; i < digits_.size(); ++i) {
      for (std::size_t j = 0; j < o.digits_.size(); ++j) {
        product.digits_[i + j] += digits_[i] * o.digits_[j];
      }
      product.carry();
    }
    product.trim();
    return product;
  }
  // Drops `n` digits on the right; says whether any of them was not zero.
  bool drop(std::size_t n) {
    n = std::min(n, digits_.size());
    const auto end = digits_.begin() + static_cast<std::ptrdiff_t>(n);
    const bool lost = std::any_of(digits_.begin(), end, [](int x) { return x != 0; });
    digits_.erase(digits_.begin(), end);
    return lost;
  }
  void add_one() {
    digits_.push_back(0);
    ++digits_[0];
    carry();
    trim();
  }
  void append_zeros(std::size_t n) {
    if (!digits_.empty()) digits_.insert(digits_.begin(), n, 0);
  }
  std::optional<Int128> signed_as(bool negative) const {
    Int128 n = 0;
    for (auto digit = digits_.rbegin(); digit != digits_.rend(); ++digit) {
      if (__builtin_mul_overflow(n, Int128{10}, &n) ||
          __builtin_sub_overflow(n, Int128{*digit}, &n)) {
        return std::nullopt;
      }
    }
    if (negative) return n;
    return n == int128_min ? std::nullopt : std::optional(-n);
  }

 private:
  void carry() {
    for (std::size_t i = 0; i + 1 < digits_.size(); ++i) {
      digits_[i + 1] += digits_[i] / 10;
      digits_[i] %= 10;
    }
  }
  void trim() {
    while (!digits_.empty() && digits_.back() == 0) digits_.pop_back();
  }
  std::vector<int> digits_;
};

UInt128 magnitude(Decimal x) {
  return x.negative() ? UInt128{0} - static_cast<UInt128>(x.raw()) : static_cast<UInt128>(x.raw());
}

TEST(Decimal, MultipliesAsOnPaper) {
  const std::uint64_t seed = 20262;
  Rng rng(seed);
  int exact = 0;
  int rounded = 0;
  int too_big = 0;
  for (int i = 0; i < 30'000; ++i) {
    const Decimal a = any_decimal(rng);
    const Decimal b = any_decimal(rng);
    const int decimals = static_cast<int>(rng.below(19));
    const bool negative = a.negative() != b.negative();
    const std::string where = a.to_string() + " * " + b.to_string() + " to " +
                              std::to_string(decimals) + " seed " + std::to_string(seed);

    LongNumber full = LongNumber(magnitude(a)).times(LongNumber(magnitude(b)));
    LongNumber kept = full;
    const bool too_precise = kept.drop(Decimal::scale);
    const auto expected = kept.signed_as(negative);
    const auto product = a.multiply(b);
    if (too_precise) {
      ASSERT_EQ(said(product), "TooPrecise") << where;
    } else if (!expected) {
      ASSERT_EQ(said(product), "Overflow") << where;
    } else {
      ASSERT_TRUE(product.ok() && product->raw() == *expected) << where;
      ++exact;
    }

    LongNumber nearer = full;
    const bool lost = nearer.drop(static_cast<std::size_t>(2 * Decimal::scale - decimals));
    LongNumber farther = nearer;
    if (lost) farther.add_one();
    nearer.append_zeros(static_cast<std::size_t>(Decimal::scale - decimals));
    farther.append_zeros(static_cast<std::size_t>(Decimal::scale - decimals));
    const auto floor = a.multiply_floor(b, decimals);
    const auto ceil = a.multiply_ceil(b, decimals);
    const auto expected_floor = (negative ? farther : nearer).signed_as(negative);
    const auto expected_ceil = (negative ? nearer : farther).signed_as(negative);
    ASSERT_EQ(said(floor), expected_floor ? Decimal::from_raw(*expected_floor).to_string()
                                          : std::string("Overflow"))
        << where;
    ASSERT_EQ(said(ceil), expected_ceil ? Decimal::from_raw(*expected_ceil).to_string()
                                        : std::string("Overflow"))
        << where;
    rounded += lost && expected_floor && expected_ceil;
    too_big += !expected_floor || !expected_ceil;
  }
  // the numbers drawn do reach every branch
  EXPECT_GT(exact, 500);
  EXPECT_GT(rounded, 5'000);
  EXPECT_GT(too_big, 2'000);
}

TEST(Decimal, DivisionIsTheLargestQuotientWhoseProductStaysBelow) {
  const std::uint64_t seed = 20263;
  Rng rng(seed);
  int divided = 0;
  int overflowed = 0;
  for (int i = 0; i < 50'000; ++i) {
    const Decimal a = any_decimal(rng);
    const Decimal b = any_decimal(rng);
    if (b.is_zero()) continue;
    const int decimals = static_cast<int>(rng.below(19));
    const std::string where = a.to_string() + " / " + b.to_string() + " to " +
                              std::to_string(decimals) + " seed " + std::to_string(seed);
    const auto quotient = a.divide_floor(b, decimals);
    if (!quotient) {
      ASSERT_EQ(quotient.error(), NumberError::Overflow) << where;
      // a real overflow: |a / b| is near or past 1.7e20
      ASSERT_GT(std::abs(a.to_double() / b.to_double()), 1.701e20) << where;
      ++overflowed;
      continue;
    }
    ASSERT_EQ(quotient->floor_to(decimals), *quotient) << where;
    // b > 0: q * b <= a < (q + step) * b; b < 0: the other way round. The products have up to 36
    // decimals; rounding them towards where the comparison stays true to them loses nothing. One that
    // leaves the range does so on the right side.
    const auto next = quotient->checked_add(Decimal::from_scaled(1, decimals));
    const bool positive = b.raw() > 0;
    const auto at = positive ? quotient->multiply_ceil(b) : quotient->multiply_floor(b);
    if (at) {
      ASSERT_TRUE(positive ? *at <= a : *at >= a) << where;
    } else {
      ASSERT_TRUE(quotient->negative()) << where;
    }
    if (next) {
      const auto past = positive ? next->multiply_ceil(b) : next->multiply_floor(b);
      if (past) {
        ASSERT_TRUE(positive ? *past > a : *past < a) << where;
      } else {
        ASSERT_FALSE(next->negative()) << where;
      }
    }
    ++divided;
  }
  EXPECT_GT(divided, 10'000);
  EXPECT_GT(overflowed, 1'000);
}

TEST(Decimal, FloorAndCeilStandOnEitherSideOneStepApart) {
  const std::uint64_t seed = 20264;
  Rng rng(seed);
  for (int i = 0; i < 50'000; ++i) {
    const Decimal x = Decimal::from_raw(any_decimal(rng).raw() / 2);
    const int decimals = static_cast<int>(rng.below(19));
    const Decimal floor = x.floor_to(decimals);
    const Decimal ceil = x.ceil_to(decimals);
    ASSERT_LE(floor, x) << seed;
    ASSERT_GE(ceil, x) << seed;
    const Decimal gap = ceil - floor;
    ASSERT_TRUE(floor == ceil ? floor == x : gap == Decimal::from_scaled(1, decimals))
        << x.to_string() << " to " << decimals << " seed " << seed;
    const auto units = x.to_scaled_floor(decimals);
    if (units) {
      ASSERT_EQ(Decimal::from_scaled(*units, decimals), floor) << x.to_string();
    }
  }
}

}  // namespace
}  // namespace ats
