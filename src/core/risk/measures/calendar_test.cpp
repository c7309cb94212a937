// The turns of years that ISO weeks are known for, and that every second has its period.
#include "core/risk/measures/calendar.hpp"

#include <gtest/gtest.h>

namespace ats::core {
namespace {

WallTime at(const std::string& text) {
  WallTime time;
  EXPECT_TRUE(parse_rfc3339(text.data(), text.size(), time));
  return time;
}
std::string period(Period kind, const std::string& when) {
  return text_of(kind, number_of(kind, at(when)));
}

TEST(Calendar, names_days_weeks_and_months) {
  EXPECT_EQ(period(Period::Day, "2026-11-27T23:59:59.999999Z"), "2026-11-27");
  EXPECT_EQ(period(Period::Day, "2026-11-28T00:00:00Z"), "2026-11-28");
  EXPECT_EQ(period(Period::Week, "2026-11-27T12:00:00Z"), "2026-W48");
  EXPECT_EQ(period(Period::Week, "2026-11-29T23:59:59Z"), "2026-W48");
  EXPECT_EQ(period(Period::Week, "2026-11-30T00:00:00Z"), "2026-W49");
  EXPECT_EQ(period(Period::Month, "2026-11-30T23:59:59Z"), "2026-11");
  EXPECT_EQ(period(Period::Month, "2026-12-01T00:00:00Z"), "2026-12");
  EXPECT_EQ(period(Period::Month, "2024-02-29T12:00:00Z"), "2024-02");
}

TEST(Calendar, counts_a_week_to_the_year_of_its_thursday) {
  EXPECT_EQ(period(Period::Week, "2021-01-03T12:00:00Z"), "2020-W53");
  EXPECT_EQ(period(Period::Week, "2021-01-04T00:00:00Z"), "2021-W01");
  EXPECT_EQ(period(Period::Week, "2024-12-30T00:00:00Z"), "2025-W01");
  EXPECT_EQ(period(Period::Week, "2027-01-01T00:00:00Z"), "2026-W53");
  EXPECT_EQ(period(Period::Week, "1970-01-01T00:00:00Z"), "1970-W01");
}

TEST(Calendar, has_periods_that_follow_one_another_without_a_gap) {
  WallTime time = at("2023-12-25T00:00:00Z");
  for (int day = 0; day < 1'000; ++day, time = time + hours(24)) {
    EXPECT_EQ(number_of(Period::Day, time + hours(24)), number_of(Period::Day, time) + 1);
    for (const Period kind : {Period::Week, Period::Month}) {
      const std::int64_t step = number_of(kind, time + hours(24)) - number_of(kind, time);
      EXPECT_TRUE(step == 0 || step == 1);
      EXPECT_EQ(step == 1, text_of(kind, number_of(kind, time)) !=
                               text_of(kind, number_of(kind, time + hours(24))));
    }
    EXPECT_EQ(number_of(Period::Week, time + hours(24 * 7)), number_of(Period::Week, time) + 1);
  }
}

}  // namespace
}  // namespace ats::core
