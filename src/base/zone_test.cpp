#include "base/zone.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace ats {
namespace {

WallTime at(std::string_view text) {
  WallTime out;
  EXPECT_TRUE(parse_rfc3339(text.data(), text.size(), out)) << text;
  return out;
}

Zone berlin() {
  return {"Europe/Berlin",
          {{at("2025-10-26T01:00:00Z"), hours(1)},
           {at("2026-03-29T01:00:00Z"), hours(2)},
           {at("2026-10-25T01:00:00Z"), hours(1)},
           {at("2027-03-28T01:00:00Z"), hours(2)}}};
}

TEST(Zone, WithoutATableItIsUtc) {
  const Zone utc;
  EXPECT_EQ(utc.time_of_day(at("2026-11-28T09:30:00Z")), hours(9) + seconds(1800));
  EXPECT_EQ(utc.next(at("2026-11-28T09:30:00Z"), hours(9)), at("2026-11-29T09:00:00Z"));
  EXPECT_EQ(utc.next(at("2026-11-28T09:00:00Z"), hours(9)), at("2026-11-29T09:00:00Z"))
      << "later than what it is asked for";
  EXPECT_EQ(utc.text(at("2026-11-28T09:30:00Z")), "2026-11-28 09:30 UTC");
}

TEST(Zone, SummerAndWinterHaveTheSameTimeOfDayAtDifferentHours) {
  const Zone zone = berlin();
  EXPECT_EQ(zone.next(at("2026-07-01T12:00:00Z"), hours(7)), at("2026-07-02T05:00:00Z"));
  EXPECT_EQ(zone.next(at("2026-12-01T12:00:00Z"), hours(7)), at("2026-12-02T06:00:00Z"));
  EXPECT_EQ(zone.text(at("2026-07-01T12:00:00Z")), "2026-07-01 14:00 Europe/Berlin");
}

TEST(Zone, ATimeThatIsSkippedIsTheMomentTheClockIsSetForward) {
  EXPECT_EQ(berlin().next(at("2026-03-28T20:00:00Z"), hours(2) + seconds(1800)),
            at("2026-03-29T01:00:00Z"));
}

TEST(Zone, ATimeThatIsShownTwiceIsTheFirstAndOnceADay) {
  const Zone zone = berlin();
  const Duration half_past_two = hours(2) + seconds(1800);
  const WallTime first = zone.next(at("2026-10-24T20:00:00Z"), half_past_two);
  EXPECT_EQ(first, at("2026-10-25T00:30:00Z"));
  EXPECT_EQ(zone.next(first, half_past_two), at("2026-10-26T01:30:00Z"));
}

TEST(Zone, WhateverTheTimeTheNextIsLaterWithinADayAndAnHourAndShowsIt) {
  Rng rng(7);
  const Zone zone = berlin();
  const WallTime from = at("2026-01-01T00:00:00Z"), to = at("2027-06-01T00:00:00Z");
  for (int n = 0; n < 20'000; ++n) {
    const WallTime t{rng.between(from.ns_utc, to.ns_utc)};
    const Duration time = seconds(rng.between(0, 86'399));
    const WallTime next = zone.next(t, time);
    ASSERT_GT(next, t);
    ASSERT_LE(next - t, hours(26));
    const bool skipped = next == at("2026-03-29T01:00:00Z") || next == at("2027-03-28T01:00:00Z");
    ASSERT_TRUE(skipped || zone.time_of_day(next) == time) << format_rfc3339(t);
  }
}

}  // namespace
}  // namespace ats
