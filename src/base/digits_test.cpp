#include "base/digits.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "base/rng.hpp"

namespace ats::digits {
namespace {

TEST(Digits, EightCharactersBecomeTheirNumber) {
  const std::uint64_t seed = 20274;
  Rng rng(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto a = static_cast<std::uint32_t>(rng.below(100'000'000) >> rng.below(27));
    const auto b = static_cast<std::uint32_t>(rng.below(100'000'000));
    char text[17];
    std::snprintf(text, sizeof text, "%08u%08u", a, b);
    const std::uint64_t first = to_digits(load8(text));
    const std::uint64_t second = to_digits(load8(text + 8));
    ASSERT_TRUE(all_digits(first) && all_digits(both(first, second))) << text;
    ASSERT_EQ(value_of(first), a) << text << " seed " << seed;
    ASSERT_EQ(values_of(both(first, second)).a, a) << text << " seed " << seed;
    ASSERT_EQ(values_of(both(first, second)).b, b) << text << " seed " << seed;
  }
}

TEST(Digits, EveryOtherCharacterIsSeenInEveryPlace) {
  for (std::size_t place = 0; place < 8; ++place) {
    for (int c = 0; c < 256; ++c) {
      std::string text = "90909090";
      text[place] = static_cast<char>(c);
      const bool digit = c >= '0' && c <= '9';
      const std::uint64_t word = to_digits(load8(text.data()));
      EXPECT_EQ(all_digits(word), digit) << text;
      EXPECT_EQ(all_digits(both(word, 0)), digit) << text;
      EXPECT_EQ(all_digits(both(0, word)), digit) << text;
    }
  }
}

TEST(Digits, FindsTheFirstPointAndOnlyPoints) {
  const auto at = [](const char* text) { return find_byte(to_digits(load8(text)), point); };
  EXPECT_EQ(at(".2345678"), 0u);
  EXPECT_EQ(at("1.345.78"), 1u);
  EXPECT_EQ(at("1234567."), 7u);
  EXPECT_EQ(at("12345678"), 8u);
  EXPECT_EQ(at("////////"), 8u);  // one above '.'
  EXPECT_EQ(at("-------."), 7u);  // one below
}

TEST(Digits, ShortTextsAreLoadedWithZeroBytesAbove) {
  const std::string text = "1234567";
  for (std::size_t size = 1; size <= 7; ++size) {
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < size; ++i) {
      expected |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
    }
    EXPECT_EQ(load_short(text.data(), size), expected) << size;
  }
}

}  // namespace
}  // namespace ats::digits
