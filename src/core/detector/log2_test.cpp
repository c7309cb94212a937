#include "core/detector/log2.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>

#include "base/rng.hpp"
#include "core/detector/exact_product.hpp"

namespace ats::core {
namespace {

using boost::multiprecision::cpp_int;

// floor(log2(n) × 2^10) by n^1024: integers all the way.
std::int64_t slow_log2(std::uint64_t n) {
  cpp_int power = 1;
  cpp_int factor = n;
  for (int bit = 0; bit < 10; ++bit) factor *= factor;
  power = factor;
  return static_cast<std::int64_t>(msb(power));
}

TEST(Log2, powers_of_two_are_exact) {
  for (int n = 0; n < 64; ++n) {
    EXPECT_EQ(log2_of(std::uint64_t{1} << n), Log2{n} << log2_fraction_bits) << n;
  }
  EXPECT_EQ(log2_of(UInt128{1} << 100), Log2{100} << log2_fraction_bits);
}

TEST(Log2, agrees_with_exact_powers) {
  Rng rng(7);
  for (int n = 0; n < 300; ++n) {
    const std::uint64_t x = (rng.next() >> rng.below(60)) | 1;
    EXPECT_EQ((log2_of(x) + log2_error) >> 30, slow_log2(x)) << x;
  }
}

// log2(a) + log2(b) is log2(a × b): all three within their error.
TEST(Log2, adds_up_within_its_error) {
  Rng rng(8);
  for (int n = 0; n < 200'000; ++n) {
    const std::uint64_t a = (rng.next() >> (1 + rng.below(62))) | 1;
    const std::uint64_t b = (rng.next() >> (1 + rng.below(62))) | 1;
    const Log2 sum = log2_of(a) + log2_of(b);
    const Log2 whole = log2_of(UInt128{a} * b);
    ASSERT_LE(sum - whole, 3 * log2_error) << a << " " << b;
    ASSERT_LE(whole - sum, 3 * log2_error) << a << " " << b;
  }
}

TEST(Log2, never_falls_as_the_number_grows) {
  Rng rng(9);
  for (int n = 0; n < 200'000; ++n) {
    const std::uint64_t a = (rng.next() >> (1 + rng.below(50))) | 1;
    ASSERT_LE(log2_of(a), log2_of(a + a / 1'000'000'000 + 1) + 1) << a;
  }
}

TEST(ExactProduct, compares_as_the_numbers_do) {
  Rng rng(10);
  for (int n = 0; n < 20'000; ++n) {
    cpp_int slow[2] = {1, 1};
    ExactProduct fast[2];
    const std::uint64_t factors = 1 + rng.below(7);
    for (std::uint64_t f = 0; f < factors; ++f) {
      // Mostly the same factors, so that the order is decided late.
      const std::uint64_t factor = rng.next() >> rng.below(63);
      for (int side = 0; side < 2; ++side) {
        const std::uint64_t own = rng.one_in(8) ? factor + 1 : factor;
        if (own == 0) continue;
        slow[side] *= own;
        fast[side] *= own;
      }
    }
    ASSERT_EQ(fast[0] < fast[1], slow[0] < slow[1]);
    ASSERT_EQ(fast[0] == fast[1], slow[0] == slow[1]);
  }
}

}  // namespace
}  // namespace ats::core
