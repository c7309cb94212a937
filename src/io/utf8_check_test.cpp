#include "io/utf8_check.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.hpp"

namespace ats::io {
namespace {

using namespace std::string_literals;

// The definition, character by character (Unicode, table 3-7): the simple model to hold against.
bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
    };
    const auto follows = [&](std::size_t k, unsigned low = 0x80, unsigned high = 0xBF) {
      return at(k) >= low && at(k) <= high;
    };
    const unsigned lead = at(0);
    if (lead < 0x80) {
      i += 1;
    } else if (lead >= 0xC2 && lead <= 0xDF && follows(1)) {
      i += 2;
    } else if (lead >= 0xE0 && lead <= 0xEF &&
               follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && follows(2)) {
      i += 3;
    } else if (lead >= 0xF0 && lead <= 0xF4 &&
               follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && follows(2) &&
               follows(3)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

// Whether some text begins with these bytes: at most three more complete it.
bool can_become_utf8(const std::string& text) {
  static const std::string more[] = {
      "",         "\x80",     "\x90",         "\xa0",         "\x80\x80",
      "\x90\x80", "\xa0\x80", "\x80\x80\x80", "\x90\x80\x80", "\xa0\x80\x80"};
  for (const std::string& m : more) {
    if (is_utf8(text + m)) return true;
  }
  return false;
}

TEST(Utf8Check, agrees_with_the_definition_at_every_byte_of_random_text) {
  Rng rng(7);
  const std::string pool =
      "ab\x80\xbf\xc1\xc2\xc3\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xff\x8f\x90\x9f\xa0"s;
  std::size_t complete = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 200'000; ++round) {
    Utf8Check check;
    std::string text;
    for (int step = 0; step < 6; ++step) {
      std::string piece;
      for (std::int64_t n = rng.between(0, 3); n > 0; --n) {
        piece += pool[static_cast<std::size_t>(
            rng.between(0, static_cast<std::int64_t>(pool.size()) - 1))];
      }
      text += piece;
      const bool ok = check.feed(piece);
      ASSERT_EQ(ok, can_become_utf8(text)) << testing::PrintToString(text);
      if (!ok) {
        ++refused;
        break;
      }
      ASSERT_EQ(check.complete(), is_utf8(text)) << testing::PrintToString(text);
      complete += check.complete() ? 1 : 0;
    }
  }
  EXPECT_GT(complete, 10'000u);
  EXPECT_GT(refused, 10'000u);
}

TEST(Utf8Check, takes_a_text_in_any_pieces) {
  const std::string text =
      "gr\xc3\xbc\xc3\x9f"
      "e \xed\x95\x9c\xea\xb5\xad \xf0\x9f\x92\xb0 end of the text";
  for (std::size_t a = 0; a <= text.size(); ++a) {
    for (std::size_t b = a; b <= text.size(); ++b) {
      Utf8Check check;
      ASSERT_TRUE(check.feed(text.substr(0, a)) && check.feed(text.substr(a, b - a)) &&
                  check.feed(text.substr(b)));
      ASSERT_TRUE(check.complete());
    }
  }
}

TEST(Utf8Check, begins_anew_when_told) {
  Utf8Check check;
  EXPECT_TRUE(check.feed("\xc3"));
  EXPECT_FALSE(check.complete());
  check.begin();
  EXPECT_TRUE(check.complete());
  EXPECT_TRUE(check.feed("a"));
}

}  // namespace
}  // namespace ats::io
