#include "io/zoneinfo.hpp"

#include <gtest/gtest.h>

namespace ats::io {
namespace {

WallTime at(std::string_view text) {
  WallTime out;
  EXPECT_TRUE(parse_rfc3339(text.data(), text.size(), out)) << text;
  return out;
}
const WallTime now = at("2026-11-28T09:00:00Z");

TEST(Zoneinfo, AZoneOfTheMachineHasItsSummerAndItsWinter) {
  const auto berlin = load_zone("Europe/Berlin", now);
  ASSERT_TRUE(berlin) << berlin.error();
  EXPECT_EQ(berlin->offset(at("2026-12-01T00:00:00Z")), hours(1));
  EXPECT_EQ(berlin->offset(at("2027-03-28T00:59:59Z")), hours(1));
  EXPECT_EQ(berlin->offset(at("2027-03-28T01:00:00Z")), hours(2)) << "to the second";
  EXPECT_EQ(berlin->next(now, hours(7)), at("2026-11-29T06:00:00Z"));
  const auto seoul = load_zone("Asia/Seoul", now);
  ASSERT_TRUE(seoul);
  EXPECT_EQ(seoul->offset(now), hours(9));
  const auto howe = load_zone("Australia/Lord_Howe", now);
  ASSERT_TRUE(howe);
  EXPECT_EQ(howe->offset(now), hours(11));
  EXPECT_EQ(howe->offset(at("2027-06-01T00:00:00Z")), hours(10) + seconds(1800));
}

TEST(Zoneinfo, UtcIsAlwaysThere) {
  const auto utc = load_zone("UTC", now);
  ASSERT_TRUE(utc);
  EXPECT_EQ(utc->offset(now), Duration{});
}

TEST(Zoneinfo, WhatIsNoZoneIsSaidSo) {
  for (const char* name : {"", "Europe/Atlantis", "/etc/passwd", "../../etc/passwd"})
    EXPECT_FALSE(load_zone(name, now)) << name;
}

}  // namespace
}  // namespace ats::io
