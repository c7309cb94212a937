#include "base/time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/rng.hpp"

namespace ats {
namespace {

// From an allocation of its own size, so that AddressSanitizer sees one byte read too many.
std::optional<std::int64_t> parsed(std::string_view text) {
  const auto exact = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), exact.get());
  WallTime time{-1};
  if (parse_rfc3339(exact.get(), text.size(), time)) return time.ns_utc;
  EXPECT_EQ(time.ns_utc, -1) << "a refused text must leave the time alone: " << text;
  return std::nullopt;
}

TEST(Rfc3339, ReadsWhatVenuesWrite) {
  EXPECT_EQ(parsed("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parsed("2023-02-09T20:32:50.714964855Z"), 1'675'974'770'714'964'855);
  EXPECT_EQ(parsed("2023-09-25T07:49:37.708706Z"), 1'695'628'177'708'706'000);
  EXPECT_EQ(parsed("2025-10-11T15:11:48.695Z"), 1'760'195'508'695'000'000);
  EXPECT_EQ(parsed("2016-12-08T20:02:28.53864Z"), 1'481'227'348'538'640'000);
  EXPECT_EQ(parsed("2021-05-31T09:59:59Z"), 1'622'455'199'000'000'000);
  EXPECT_EQ(parsed("2025-04-01T15:30:47+09:00"), parsed("2025-04-01T06:30:47Z"));
  EXPECT_EQ(parsed("2025-08-09T16:44:00.597751+09:00"), parsed("2025-08-09T07:44:00.597751Z"));
  EXPECT_EQ(parsed("2025-01-01T00:00:00-05:30"), parsed("2025-01-01T05:30:00Z"));
  EXPECT_EQ(parsed("2025-01-01T00:00:00+00:00"), parsed("2025-01-01T00:00:00Z"));
}

TEST(Rfc3339, KnowsTheCalendar) {
  EXPECT_TRUE(parsed("2024-02-29T00:00:00Z"));
  EXPECT_TRUE(parsed("2000-02-29T00:00:00Z"));
  EXPECT_FALSE(parsed("2023-02-29T00:00:00Z"));
  EXPECT_FALSE(parsed("2100-02-29T00:00:00Z"));
  EXPECT_FALSE(parsed("2024-04-31T00:00:00Z"));
  EXPECT_TRUE(parsed("2024-12-31T23:59:59Z"));
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const char* text : {"",
                           "Z",
                           "2025-01-01",
                           "2025-01-01T00:00:00",
                           "2025-01-01T00:00:00z",
                           "2025-01-01t00:00:00Z",
                           "2025-01-01 00:00:00Z",
                           "2025-01-01T00:00:00.Z",
                           "2025-01-01T00:00:00.1234567890Z",
                           "2025-01-01T00:00:00.12a4Z",
                           "2025-01-01T00:00:00ZZ",
                           "2025-01-01T00:00:00Z ",
                           " 2025-01-01T00:00:00Z",
                           "2025-00-01T00:00:00Z",
                           "2025-13-01T00:00:00Z",
                           "2025-01-00T00:00:00Z",
                           "2025-01-32T00:00:00Z",
                           "2025-01-01T24:00:00Z",
                           "2025-01-01T00:60:00Z",
                           "2025-01-01T00:00:60Z",
                           "2025-01-01T00:00:0:Z",
                           "2025/01/01T00:00:00Z",
                           "+025-01-01T00:00:00Z",
                           "20a5-01-01T00:00:00Z",
                           "2025-01-01T00:00:00+0900",
                           "2025-01-01T00:00:00+09",
                           "2025-01-01T00:00:00+24:00",
                           "2025-01-01T00:00:00+09:60",
                           "2025-01-01T00:00:00+0a:00",
                           "2025-01-01T00:00:00.5",
                           "0001-01-01T00:00:00Z",
                           "1677-12-31T00:00:00Z",
                           "2262-01-01T00:00:00Z",
                           "9999-12-31T23:59:59Z"}) {
    EXPECT_FALSE(parsed(text)) << text;
  }
}

TEST(Rfc3339, WritesMicrosecondsInUtc) {
  EXPECT_EQ(format_rfc3339(WallTime{0}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_rfc3339(WallTime{1'675'974'770'714'964'855}), "2023-02-09T20:32:50.714964Z");
  EXPECT_EQ(format_rfc3339(WallTime{-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(WallTime{std::numeric_limits<std::int64_t>::min()}),
            "1677-09-21T00:12:43.145224Z");
  EXPECT_EQ(format_rfc3339(WallTime{std::numeric_limits<std::int64_t>::max()}),
            "2262-04-11T23:47:16.854775Z");
}

TEST(Rfc3339, AgreesWithTheSystemsCalendarAndReadsBack) {
  const std::uint64_t seed = 20268;
  Rng rng(seed);
  for (int i = 0; i < 50'000; ++i) {
    // 1678-01-01 .. 2261-12-31
    const std::int64_t microseconds = rng.between(-9'214'560'000'000'000, 9'214'646'399'999'999);
    const WallTime time{microseconds * 1000};
    const std::string text = format_rfc3339(time);
    ASSERT_EQ(parsed(text), time.ns_utc) << text << " seed " << seed;
    const std::time_t second = microseconds / 1'000'000 - (microseconds % 1'000'000 < 0);
    std::tm calendar{};
    gmtime_r(&second, &calendar);
    char expected[24];
    ASSERT_EQ(std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.", &calendar), 20u);
    ASSERT_EQ(text.substr(0, 20), expected) << " seed " << seed;
  }
}

TEST(Rfc3339, DamagedTextIsEitherRefusedOrAnotherTime) {
  const std::uint64_t seed = 20269;
  Rng rng(seed);
  const std::string whole = "2023-02-09T20:32:50.714964855Z";
  int refused = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text = whole.substr(0, rng.below(whole.size() + 1));
    if (!text.empty()) text[rng.below(text.size())] = static_cast<char>(rng.below(256));
    if (rng.one_in(3)) text += "Z";
    const auto time = parsed(text);
    refused += !time;
    if (time && text.size() > 20 && text.substr(0, 19) == whole.substr(0, 19) &&
        text.back() == 'Z') {
      ASSERT_GE(*time, *parsed("2023-02-09T20:32:50Z")) << text;
      ASSERT_LT(*time, *parsed("2023-02-09T20:32:51Z")) << text;
    }
  }
  EXPECT_GT(refused, 50'000);
}

TEST(Time, CountsInNanosecondsAndKeepsItsKindsApart) {
  static_assert(milliseconds(1) == microseconds(1000));
  static_assert(hours(1) == seconds(3600));
  static_assert(nanoseconds(5) * 3 - nanoseconds(5) == nanoseconds(10));
  static_assert(seconds(1) / 4 == milliseconds(250));
  static_assert(Instant{100} - Instant{40} == nanoseconds(60));
  static_assert(Instant{100} + nanoseconds(5) > Instant{100});
  static_assert(!std::is_constructible_v<Instant, WallTime>);
  static_assert(!std::is_constructible_v<WallTime, Instant>);
  EXPECT_EQ(wall_from_ms(1'700'000'000'123).ns_utc, 1'700'000'000'123'000'000);
  EXPECT_FALSE(WallTime{}.told());
  EXPECT_TRUE(wall_from_ms(1).told());
  EXPECT_EQ(WallTime{86'399'999'999'999}.day_utc(), 0);
  EXPECT_EQ(WallTime{86'400'000'000'000}.day_utc(), 1);
  EXPECT_EQ(WallTime{-1}.day_utc(), -1);
  EXPECT_EQ(WallTime{-86'400'000'000'000}.day_utc(), -1);
}

}  // namespace
}  // namespace ats
