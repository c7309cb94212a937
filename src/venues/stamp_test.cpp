#include "venues/stamp.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.hpp"

namespace ats::venues {
namespace {

TEST(StampReader, ReadsWhatTheGeneralParserReads) {
  StampReader reader;
  for (const std::string_view text :
       {"2026-08-09T21:05:48.856364007Z", "2026-08-09T21:05:48.21083Z", "2026-08-09T21:05:48.2Z",
        "2026-08-09T00:00:00.000000001Z", "2026-08-10T23:59:59.999999999Z",
        "1969-12-31T23:59:59.5Z", "1969-12-31T00:00:00.12345678Z"}) {
    for (int twice = 0; twice < 2; ++twice) {  // a new date, and one remembered
      WallTime quick;
      WallTime general;
      ASSERT_TRUE(reader.read(text, quick)) << text;
      ASSERT_TRUE(parse_rfc3339(text.data(), text.size(), general));
      EXPECT_EQ(quick, general) << text;
    }
  }
}

TEST(StampReader, NeverAcceptsWhatTheGeneralParserRefuses) {
  Rng rng(5);
  StampReader reader;
  constexpr std::string_view alphabet = "0123456789:.-TZ+/;";
  std::uint64_t taken = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text = "2026-08-09T21:05:48." + std::to_string(rng.below(1'000'000'000)) + "Z";
    for (std::uint64_t n = rng.below(3); n != 0; --n)
      text[rng.below(text.size())] = alphabet[rng.below(alphabet.size())];
    if (rng.one_in(8)) text.resize(rng.below(text.size()));
    WallTime quick{42};
    WallTime general;
    const bool read = reader.read(text, quick);
    const bool right = parse_rfc3339(text.data(), text.size(), general);
    if (read) {
      ++taken;
      ASSERT_TRUE(right) << text;
      ASSERT_EQ(quick, general) << text;
    } else {
      ASSERT_EQ(quick, WallTime{42}) << text;
    }
  }
  EXPECT_GT(taken, 100'000u);
}

}  // namespace
}  // namespace ats::venues
