// parse_scaled and format_scaled: text to and from an instrument's own units.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "base/decimal.hpp"
#include "base/rng.hpp"

namespace ats {
namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();

std::string said(const Result<std::int64_t, NumberError>& result) {
  return result ? std::to_string(*result) : name(result.error());
}

// The text stands alone in its own allocation, so that AddressSanitizer sees one byte read too many.
std::string parsed(std::string_view text, int scale) {
  const auto exact = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), exact.get());
  return said(parse_scaled({exact.get(), text.size()}, scale));
}

TEST(ParseScaled, ReadsWhatVenuesWrite) {
  EXPECT_EQ(parsed("61710.01000000", 2), "6171001");
  EXPECT_EQ(parsed("0.00012345", 8), "12345");
  EXPECT_EQ(parsed("0.5666", 4), "5666");
  EXPECT_EQ(parsed("4831.75496356", 8), "483175496356");
  EXPECT_EQ(parsed("68900.50", 2), "6890050");
  EXPECT_EQ(parsed("144601000", 0), "144601000");
  EXPECT_EQ(parsed("144601000.00000000", 0), "144601000");
  EXPECT_EQ(parsed("108500000.0", 3), "108500000000");
  EXPECT_EQ(parsed("0.0000000000000000", 8), "0");
  EXPECT_EQ(parsed("7e-7", 8), "70");
  EXPECT_EQ(parsed("1.0E-5", 8), "1000");
  EXPECT_EQ(parsed("-4847.13", 8), "-484713000000");
  EXPECT_EQ(parsed("500793.10790141", 8), "50079310790141");
  EXPECT_EQ(parsed("-0.005", 3), "-5");
  EXPECT_EQ(parsed("40.0", 0), "40");
}

TEST(ParseScaled, CoversTheWholeRangeOfPricesAndQuantities) {
  EXPECT_EQ(parsed("0.000000000001", 12), "1");
  EXPECT_EQ(parsed("10000000000000", 5), "1000000000000000000");
  EXPECT_EQ(parsed("10000000000000.12345", 5), "1000000000000012345");
  EXPECT_EQ(parsed("1000000000000", 0), "1000000000000");  // a meme coin's quantity
  EXPECT_EQ(parsed("1000000000000.123456", 6), "1000000000000123456");
  EXPECT_EQ(parsed("92233720368.54775807", 8), "9223372036854775807");
  EXPECT_EQ(parsed("92233720368.54775808", 8), "Overflow");
  EXPECT_EQ(parsed("-92233720368.54775808", 8), "-9223372036854775808");
  EXPECT_EQ(parsed("-92233720368.54775809", 8), "Overflow");
  EXPECT_EQ(parsed("9223372036854775807", 0), "9223372036854775807");
  EXPECT_EQ(parsed("9223372036854775808", 0), "Overflow");
  EXPECT_EQ(parsed("9.223372036854775807", 18), "9223372036854775807");
  EXPECT_EQ(parsed("10", 18), "Overflow");
}

TEST(ParseScaled, OffGridIsToldBeforeOverflow) {
  EXPECT_EQ(parsed("0.1", 0), "TooPrecise");
  EXPECT_EQ(parsed("61710.011", 2), "TooPrecise");
  EXPECT_EQ(parsed("61710.01000001", 2), "TooPrecise");
  EXPECT_EQ(parsed("1.0000000000000001", 8), "TooPrecise");
  EXPECT_EQ(parsed("1e-9", 8), "TooPrecise");
  EXPECT_EQ(parsed("99999999999999999999999.5", 0), "TooPrecise");
}

TEST(ParseScaled, RefusesWhatIsNotANumber) {
  for (const char* text : {"",
                           "-",
                           ".",
                           "-.",
                           "1.",
                           ".5",
                           "12345678.",
                           ".12345678",
                           "1234567.",
                           "-1234567.",
                           "123456789.",
                           "1..5",
                           "12.34.56",
                           "1234567890..12",
                           "1.2.3456789",
                           "+1",
                           "1a",
                           "a1",
                           "12345678a",
                           "1234567a.0",
                           "1234.567x",
                           "12345678.1234567/",
                           "12345678.1234567:",
                           "61710.0100000 ",
                           " 61710.01",
                           "null",
                           "NaN",
                           "\"1\"",
                           "1e",
                           "--1",
                           "1-1",
                           "0x12345678"}) {
    for (const int scale : {0, 2, 8, 18}) EXPECT_EQ(parsed(text, scale), "Malformed") << text;
  }
}

TEST(ParseScaled, ReadsNothingBeyondTheTextItIsGiven) {
  // What follows in memory would change the number if it were looked at.
  const std::string around = "9.9999999999999999999999999999";
  for (const std::string text : {"1", "12", "1.5", "12345.6", "1234567", "12345678", "12345.678",
                                 "12345678.9", "12345678.123456789012345"}) {
    for (const std::string& after : {std::string(), around, std::string("9999999999"),
                                     std::string(".9999999999"), std::string("e9")}) {
      const std::string memory = around + text + after;
      const std::string_view view(memory.data() + around.size(), text.size());
      for (const int scale : {0, 8, 18}) {
        EXPECT_EQ(said(parse_scaled(view, scale)), said(detail::parse_scaled_any(text, scale)))
            << text;
      }
    }
  }
}

// A text that is often a number, in every shape the fast route distinguishes, and often almost one.
std::string hostile_text(Rng& rng) {
  std::string text;
  if (rng.one_in(6)) {
    const std::string_view alphabet = "0012345678999...--eE+ /:";
    const std::size_t size = rng.below(28);
    for (std::size_t i = 0; i < size; ++i) text += alphabet[rng.below(alphabet.size())];
    return text;
  }
  const auto digits = [&](std::size_t n) {
    const std::uint64_t zeros = rng.below(4);  // the larger, the more of them
    for (std::size_t i = 0; i < n; ++i) {
      text += rng.below(4) < zeros ? '0' : static_cast<char>('0' + rng.below(10));
    }
  };
  if (rng.one_in(4)) text += '-';
  digits(rng.one_in(10) ? rng.below(45) : rng.below(12));
  if (!rng.one_in(6)) {
    text += '.';
    digits(rng.one_in(10) ? rng.below(45) : rng.below(19));
  }
  if (rng.one_in(8)) {
    text += rng.one_in(2) ? 'e' : 'E';
    if (rng.one_in(2)) text += rng.one_in(2) ? '-' : '+';
    text += std::to_string(rng.below(rng.one_in(2) ? 10 : 60));
  }
  if (rng.one_in(15) && !text.empty()) {
    text[rng.below(text.size())] = static_cast<char>(rng.below(256));
  }
  return text;
}

TEST(ParseScaled, TheFastRouteAnswersLikeTheSlowOne) {
  const std::uint64_t seed = 20265;
  Rng rng(seed);
  int numbers = 0;
  for (int i = 0; i < 300'000; ++i) {
    const std::string text = hostile_text(rng);
    const int scale = static_cast<int>(rng.below(19));
    const std::string fast = parsed(text, scale);
    ASSERT_EQ(fast, said(detail::parse_scaled_any(text, scale)))
        << '\'' << text << "' at " << scale << " seed " << seed << " step " << i;
    numbers += fast[0] == '-' || (fast[0] >= '0' && fast[0] <= '9');
  }
  EXPECT_GT(numbers, 50'000);
}

TEST(ParseScaled, AgreesWithDecimalParse) {
  const std::uint64_t seed = 20266;
  Rng rng(seed);
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = hostile_text(rng);
    const int scale = static_cast<int>(rng.below(19));
    const std::string direct = parsed(text, scale);
    const auto decimal = Decimal::parse(text);
    if (!decimal && decimal.error() == NumberError::Overflow) {
      // Too large for a Decimal is too large here; it may be off the grid as well, told first.
      ASSERT_TRUE(direct == "Overflow" || direct == "TooPrecise") << text << " seed " << seed;
      continue;
    }
    const std::string by_way =
        decimal ? said(decimal->to_scaled(scale)) : std::string(name(decimal.error()));
    ASSERT_EQ(direct, by_way) << '\'' << text << "' at " << scale << " seed " << seed;
  }
}

TEST(FormatScaled, WritesAllDecimalsOrOnlyThoseInUse) {
  EXPECT_EQ(format_scaled(6171001, 2), "61710.01");
  EXPECT_EQ(format_scaled(6171000, 2), "61710.00");
  EXPECT_EQ(format_scaled(0, 0), "0");
  EXPECT_EQ(format_scaled(0, 3), "0.000");
  EXPECT_EQ(format_scaled(5, 8), "0.00000005");
  EXPECT_EQ(format_scaled(-5, 1), "-0.5");
  EXPECT_EQ(format_scaled(-123, 2), "-1.23");
  EXPECT_EQ(format_scaled(144601000, 0), "144601000");
  EXPECT_EQ(format_scaled(int64_max, 0), "9223372036854775807");
  EXPECT_EQ(format_scaled(int64_min, 18), "-9.223372036854775808");
  EXPECT_EQ(format_scaled_short(6171000, 2), "61710");
  EXPECT_EQ(format_scaled_short(6171010, 2), "61710.1");
  EXPECT_EQ(format_scaled_short(50, 2), "0.5");
  EXPECT_EQ(format_scaled_short(0, 8), "0");
  EXPECT_EQ(format_scaled_short(-100, 2), "-1");
  EXPECT_EQ(format_scaled_short(int64_min, 0), "-9223372036854775808");
}

TEST(FormatScaled, ReadsBackExactlyAtEveryScale) {
  const std::uint64_t seed = 20267;
  Rng rng(seed);
  for (int i = 0; i < 100'000; ++i) {
    const auto bits = static_cast<unsigned>(rng.below(64));
    auto units = static_cast<std::int64_t>(rng.next());
    units >>= bits;
    if (rng.one_in(1000)) units = rng.one_in(2) ? int64_min : int64_max;
    const int scale = static_cast<int>(rng.below(19));
    char text[24];
    const char* const end = format_scaled(units, scale, text);
    ASSERT_LE(end, text + sizeof text);
    const std::string_view view(text, static_cast<std::size_t>(end - text));
    ASSERT_EQ(parsed(view, scale), std::to_string(units)) << view << " seed " << seed;
    ASSERT_EQ(view, Decimal::from_scaled(units, scale).to_fixed(scale)) << " seed " << seed;
    ASSERT_EQ(format_scaled_short(units, scale), Decimal::from_scaled(units, scale).to_string());
  }
}

TEST(Pow10, GoesFromOneToTenToTheEighteenth) {
  EXPECT_EQ(pow10(0), 1);
  EXPECT_EQ(pow10(18), 1'000'000'000'000'000'000);
  EXPECT_DEATH((void)pow10(19), "invariant broken");
  EXPECT_DEATH((void)pow10(-1), "invariant broken");
}

}  // namespace
}  // namespace ats
