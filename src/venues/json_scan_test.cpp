#include "venues/json_scan.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/rng.hpp"

namespace ats::venues {
namespace {

// The text alone in an allocation of its own size, so that the address sanitizer sees a read past its end.
class Exact {
 public:
  explicit Exact(std::string_view text) : size_(text.size()), bytes_(new char[size_]) {
    std::copy(text.begin(), text.end(), bytes_.get());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

// With `lead` characters before it, so that every distance from the end is met.
std::optional<std::int64_t> quoted(std::string_view number, unsigned scale,
                                   std::string_view after = "") {
  const Exact text('"' + std::string(number) + '"' + std::string(after));
  ScanTail tail;
  JsonScan scan(text.view(), tail);
  std::int64_t units = -1;
  if (!scan.quoted_scaled(scan_detail::max_scale < scale ? 0 : scale, units)) return std::nullopt;
  EXPECT_EQ(scan.at_end(), after.empty());
  return units;
}

std::optional<std::int64_t> bare(std::string_view number, unsigned scale,
                                 std::string_view after = ",") {
  const Exact text(std::string(number) + std::string(after));
  ScanTail tail;
  JsonScan scan(text.view(), tail);
  std::int64_t units = -1;
  std::string_view digits;
  if (!scan.bare_scaled(scale, units, digits)) return std::nullopt;
  EXPECT_EQ(digits, number);
  EXPECT_EQ(digits.data(), text.view().data());
  return units;
}

std::optional<std::uint64_t> integer(std::string_view text, std::string_view after = ",") {
  const Exact exact(std::string(text) + std::string(after));
  ScanTail tail;
  JsonScan scan(exact.view(), tail);
  std::uint64_t value = 0;
  if (!scan.unsigned_integer(value)) return std::nullopt;
  return value;
}

TEST(JsonScan, TakesAFrameApartInTheShapeItExpects) {
  const Exact frame(R"({"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","q":0.010,"last":"x"})");
  ScanTail tail;
  JsonScan scan(frame.view(), tail);
  std::uint64_t u = 0;
  std::int64_t price = 0;
  std::int64_t quantity = 0;
  std::string_view symbol;
  std::string_view digits;
  std::string_view last;
  ASSERT_TRUE(scan.literal(R"({"u":)") && scan.unsigned_integer(u) && scan.literal(R"(,"s":)") &&
              scan.quoted_text(symbol) && scan.literal(R"(,"b":)") &&
              scan.quoted_scaled(2, price) && scan.literal(R"(,"q":)") &&
              scan.bare_scaled(8, quantity, digits) && scan.literal(R"(,"last":)") &&
              scan.quoted_text(last) && scan.literal("}"));
  EXPECT_TRUE(scan.at_end());
  EXPECT_EQ(u, 50093239212u);
  EXPECT_EQ(symbol, "BTCUSDT");
  EXPECT_EQ(price, 6183763);
  EXPECT_EQ(quantity, 1000000);
  EXPECT_EQ(digits, "0.010");
  EXPECT_EQ(last, "x");
  EXPECT_EQ(last.data(), frame.view().data() + frame.view().size() - 3);
}

TEST(JsonScan, SaysNoToAnotherKeyAndToAnEndTooEarly) {
  const std::string whole = R"({"a_key_that_is_long_enough_to_cross_the_window":1,"b":22})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Exact frame(whole.substr(0, size));
    ScanTail tail;
    JsonScan scan(frame.view(), tail);
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    const bool all = scan.literal(R"({"a_key_that_is_long_enough_to_cross_the_window":)") &&
                     scan.unsigned_integer(a) && scan.literal(R"(,"b":)") &&
                     scan.unsigned_integer(b) && scan.literal("}") && scan.at_end();
    EXPECT_FALSE(all) << size;
  }
  ScanTail tail;
  JsonScan scan("{\"b\"", tail);
  EXPECT_FALSE(scan.literal("{\"a\""));
  EXPECT_TRUE(scan.literal("{\"b\"")) << "a refusal consumes nothing";
}

TEST(JsonScan, IntegersAreJsonIntegers) {
  EXPECT_EQ(integer("0"), 0u);
  EXPECT_EQ(integer("7", "}"), 7u);
  EXPECT_EQ(integer("999999999999999"), 999'999'999'999'999u);
  EXPECT_EQ(integer("1723161255208", std::string(100, ' ')), 1'723'161'255'208u);
  for (const std::string_view bad :
       {"", "01", "00", "-1", "x", "1234567890123456", "12345678901234567"}) {
    EXPECT_FALSE(integer(bad)) << bad;
  }
}

TEST(JsonScan, QuotedNumbersAreWhatParseScaledSaysOrNothing) {
  EXPECT_EQ(quoted("61837.63000000", 2), 6183763);
  EXPECT_EQ(quoted("0.00000000", 8), 0);
  EXPECT_EQ(quoted("0.00009381", 8), 9381);
  EXPECT_EQ(quoted("1001", 3), 1001000);
  EXPECT_EQ(quoted("107821.20000000", 1), 1078212);
  EXPECT_EQ(quoted("1234567.00000000", 0), 1234567);
  EXPECT_EQ(quoted("1000000000000.00000000", 2), 100'000'000'000'000);
  EXPECT_EQ(quoted("0.000000000001", 12), 1);
  for (const std::string_view bad :
       {"", ".", "1.", ".5", "1.2.3", "-1", "+1", " 1", "1 ", "0x10", "1,5",
        "123456789012345678901234567890.0", "-123456789.00000000"}) {
    EXPECT_FALSE(quoted(bad, 8)) << bad;
  }
  EXPECT_FALSE(quoted("61837.635", 2)) << "off the grid";
  EXPECT_FALSE(quoted("61837.63000001", 2)) << "off the grid";

  Rng rng(7);
  constexpr std::string_view alphabet = "0123456789012345678901234567890000000..-eE+\\ \x80";
  for (int i = 0; i < 200'000; ++i) {
    std::string text(rng.below(22), '0');
    const std::uint64_t kinds = rng.one_in(4) ? alphabet.size() : 39;  // mostly digits
    for (char& c : text) c = alphabet[rng.below(kinds)];
    if (rng.one_in(2) && !text.empty()) text[rng.below(text.size())] = '.';
    const auto scale = static_cast<unsigned>(rng.below(13));
    const auto ours = quoted(text, scale, std::string(rng.below(70), '"'));
    if (!ours) continue;
    const auto theirs = parse_scaled(text, static_cast<int>(scale));
    ASSERT_TRUE(theirs) << text << " at " << scale;
    ASSERT_EQ(*ours, *theirs) << text << " at " << scale;
  }
}

TEST(JsonScan, BareNumbersAreJsonNumbers) {
  EXPECT_EQ(bare("61710.01", 2), 6171001);
  EXPECT_EQ(bare("0.01000000", 8, "}"), 1000000);
  EXPECT_EQ(bare("5", 1, "]"), 50);
  EXPECT_EQ(bare("123456789012.12345", 5), 12'345'678'901'212'345);
  for (const std::string_view bad :
       {"", "01", "007.5", "00.1", ".5", "5.", "-5", "1.2.3", "0123456789012345678.5"}) {
    EXPECT_FALSE(bare(bad, 8)) << bad;
  }
  EXPECT_EQ(bare("1", 0, "e5"), 1) << "what follows is the shape's to refuse";
}

// The whole of `text` as a number with a comma behind it.
std::optional<std::int64_t> number(std::string_view text, unsigned scale) {
  const Exact frame(std::string(text) + ",");
  ScanTail tail;
  JsonScan scan(frame.view(), tail);
  std::int64_t units = 0;
  if (!scan.bare_number(scale, units) || !scan.literal(",") || !scan.at_end()) return std::nullopt;
  return units;
}

TEST(JsonScan, NumbersMayHaveAnExponent) {
  EXPECT_EQ(number("7.9276E-4", 8), 79276);
  EXPECT_EQ(number("8.428e-05", 8), 8428);
  EXPECT_EQ(number("1.1E-7", 8), 11);
  EXPECT_EQ(number("6E-8", 8), 6);
  EXPECT_EQ(number("1.23E+8", 2), 12'300'000'000);
  EXPECT_EQ(number("5E3", 0), 5000);
  EXPECT_EQ(number("0E-8", 8), 0);
  EXPECT_EQ(number("123456789.1234", 8), 12'345'678'912'340'000);
  EXPECT_EQ(number("148520000", 8), 14'852'000'000'000'000);
  for (const std::string_view bad : {"1E", "1E-", "1E+", "E5", "1.E5", "1E5E5", "1E-5.0", "1EE5",
                                     "6E-9", "1.5E-8", "1E99", "1E000000000000000001", "-1E5"}) {
    EXPECT_FALSE(number(bad, 8)) << bad;
  }
}

TEST(JsonScan, DigitsOfAnIdStayAsTheyStand) {
  const auto digits = [](std::string_view text, std::string_view after) {
    const Exact frame(std::string(text) + std::string(after));
    ScanTail tail;
    JsonScan scan(frame.view(), tail);
    std::string_view found;
    return scan.integer_digits(found) ? std::string(found) : "no";
  };
  for (std::size_t size = 1; size < 32; ++size) {
    const std::string id = '1' + std::string(size - 1, '7');
    for (const std::size_t behind : {1, 20, 80}) {
      EXPECT_EQ(digits(id, std::string(behind, ',')), id);
      EXPECT_EQ(digits(id, std::string(behind, '}')), id);
    }
  }
  EXPECT_EQ(digits("0", ","), "0");
  EXPECT_EQ(digits("1618678262000003", ""), "1618678262000003") << "the end of the frame";
  for (const std::string_view bad : {"", "01", "-1", "x", "12345678901234567890123456789012"})
    EXPECT_EQ(digits(bad, ","), "no") << bad;
}

TEST(JsonScan, PassesOverWhatJsonCallsANumber) {
  const auto passed = [](std::string_view text) {
    const Exact frame(std::string(text) + ",");
    ScanTail tail;
    JsonScan scan(frame.view(), tail);
    return scan.past_number() && scan.literal(",") && scan.at_end();
  };
  for (const std::string_view good :
       {"0", "7", "0.5", "127.0", "123.00000000", "25752275.55420627", "1234567890123456.12345678",
        "9.9E-7", "8.428e-05", "1E5", "1e+10", "0E0", "10.0"})
    EXPECT_TRUE(passed(good)) << good;
  for (const std::string_view bad : {"", ".", ".5", "5.", "01", "00.1", "1.2.3", "-1", "+1", "1E",
                                     "1E-", "1.E5", "1E5.0", "E5", "0x1", "1E1234567890123456"})
    EXPECT_FALSE(passed(bad)) << bad;
}

TEST(JsonScan, AGuessOfAFieldsLengthChangesNothingButTheTime) {
  Rng rng(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string numbers;
    std::vector<std::string> told;
    for (int n = 0; n < 8; ++n) {
      std::string text = std::to_string(rng.below(rng.one_in(2) ? 10'000 : 100));
      if (rng.one_in(2)) text += "." + std::to_string(rng.below(100));
      numbers += told.emplace_back(text) + ",\"" + text + "\",\"" + text + "\",";
    }
    const Exact frame(numbers);
    ScanTail tail;
    JsonScan scan(frame.view(), tail);
    LengthGuess bare_length{static_cast<unsigned>(rng.below(6))};
    LengthGuess quoted_length;
    LengthGuess text_length;
    for (const std::string& text : told) {
      std::int64_t units = 0;
      std::int64_t quoted_units = 0;
      std::string_view found;
      ASSERT_TRUE(scan.bare_number(2, units, &bare_length) && scan.literal(",") &&
                  scan.quoted_scaled(2, quoted_units, &quoted_length) && scan.literal(",") &&
                  scan.quoted_text(found, &text_length) && scan.literal(","))
          << numbers;
      ASSERT_EQ(units, *parse_scaled(text, 2)) << numbers;
      ASSERT_EQ(quoted_units, units) << numbers;
      ASSERT_EQ(found, text) << numbers;
    }
    EXPECT_TRUE(scan.at_end());
  }
}

TEST(JsonScan, TextIsPlainAsciiWithoutEscapes) {
  for (std::size_t n = 0; n < 100; ++n) {
    const Exact text('"' + std::string(n, 'x') + '"');
    ScanTail tail;
    JsonScan scan(text.view(), tail);
    std::string_view found;
    ASSERT_TRUE(scan.quoted_text(found)) << n;
    EXPECT_EQ(found.data(), text.view().data() + 1);
    EXPECT_EQ(found.size(), n);
    EXPECT_TRUE(scan.at_end());
    for (const char bad : {'\\', '\n', '\0', '\x1f', '\x80', '\xff'}) {
      for (std::size_t at = 0; at < n; at += 7) {
        std::string spoilt(text.view());
        spoilt[at + 1] = bad;
        const Exact exact(spoilt);
        JsonScan other(exact.view(), tail);
        EXPECT_FALSE(other.quoted_text(found)) << n << ' ' << at;
      }
    }
    const Exact open('"' + std::string(n, 'x'));
    JsonScan unended(open.view(), tail);
    EXPECT_FALSE(unended.quoted_text(found));
  }
}

}  // namespace
}  // namespace ats::venues
