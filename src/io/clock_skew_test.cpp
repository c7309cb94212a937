#include "io/clock_skew.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace ats::io {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t sec = 1'000 * ms;
const WallTime start{1'700'000'000 * sec};

WallTime later(std::int64_t ns) { return {start.ns_utc + ns}; }

TEST(ClockSkew, is_unknown_until_it_is_bounded_from_both_sides) {
  ClockSkew skew;
  EXPECT_FALSE(skew.estimate(start));
  skew.on_event(later(-20 * ms), start);
  EXPECT_FALSE(skew.estimate(start));
  skew.on_answer(later(0), later(50 * ms), later(0));
  const auto estimate = skew.estimate(later(50 * ms));
  ASSERT_TRUE(estimate);
  EXPECT_EQ(estimate->low, -20 * ms) << "the event bounds it closer than the answer";
  EXPECT_EQ(estimate->high, sec);
  EXPECT_EQ(estimate->certain(), 0);
}

// A venue whose clock is off by any amount, heard over a line of any latency: the interval holds the truth.
TEST(ClockSkew, always_holds_the_truth_and_comes_close_to_it) {
  Rng rng(5);
  for (int round = 0; round < 300; ++round) {
    ClockSkew skew;
    const std::int64_t truth = rng.between(-5000, 5000) * ms + rng.between(0, 999'999);
    std::int64_t now = rng.between(0, 999) * ms;
    for (int i = 0; i < 200; ++i) {
      now += rng.between(1, 3000) * ms + rng.between(0, 999'999);
      const std::int64_t out = rng.between(1, 80) * ms;
      const std::int64_t back = rng.between(1, 80) * ms;
      if (rng.one_in(5)) {
        const std::int64_t stamped = start.ns_utc + now + out + truth;
        skew.on_answer(later(now), later(now + out + back), {stamped / sec * sec});
        now += out + back;
      } else {
        skew.on_event({start.ns_utc + now + truth}, later(now + back));
        now += back;
      }
      if (const auto estimate = skew.estimate(later(now))) {
        ASSERT_LE(estimate->low, truth);
        ASSERT_GE(estimate->high, truth);
      }
    }
    const auto estimate = skew.estimate(later(now));
    ASSERT_TRUE(estimate);
    EXPECT_LT(estimate->high - estimate->low, 400 * ms);
  }
}

TEST(ClockSkew, knows_what_is_certain) {
  ClockSkew ahead;
  ahead.on_answer(later(0), later(10 * ms), later(5 * sec));
  EXPECT_EQ(ahead.estimate(later(10 * ms))->certain(), 5 * sec - 10 * ms);
  ClockSkew behind;
  behind.on_answer(later(0), later(10 * ms), later(-5 * sec));
  EXPECT_EQ(behind.estimate(later(10 * ms))->certain(), -4 * sec);
}

TEST(ClockSkew, follows_a_clock_that_was_set) {
  ClockSkew skew;
  skew.on_answer(later(0), later(10 * ms), later(0));
  skew.on_answer(later(sec), later(sec + 10 * ms), later(60 * sec));
  skew.on_answer(later(2 * sec), later(2 * sec + 10 * ms), later(61 * sec));
  const auto estimate = skew.estimate(later(2 * sec + 10 * ms));
  ASSERT_TRUE(estimate);
  EXPECT_GT(estimate->low, 58 * sec);
}

TEST(ClockSkew, widens_as_it_ages) {
  ClockSkew skew;
  skew.on_answer(later(0), later(10 * ms), later(0));
  const auto fresh = skew.estimate(later(10 * ms));
  const auto aged = skew.estimate(later(100 * sec));
  EXPECT_EQ(aged->high - fresh->high, 99 * ClockSkew::drift_per_second_ns);
}

TEST(HttpDate, is_read_in_the_one_form_that_is_sent) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT")->ns_utc, 784'111'777 * sec);
  EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT")->ns_utc, 0);
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT")->ns_utc, 1'709'251'199 * sec);
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nox 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 0x Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 9999 08:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(RetryAfter, is_seconds_or_a_date) {
  EXPECT_EQ(parse_retry_after("120", start), seconds(120));
  EXPECT_EQ(parse_retry_after("0", start), seconds(0));
  EXPECT_EQ(parse_retry_after("99999999999", start), seconds(7 * 24 * 3600));
  const WallTime now{784'111'777 * sec};
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:51:37 GMT", now), seconds(120));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0));
  EXPECT_FALSE(parse_retry_after("soon", now));
  EXPECT_FALSE(parse_retry_after("-5", now));
}

}  // namespace
}  // namespace ats::io
