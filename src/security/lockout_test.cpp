#include "security/lockout.hpp"

#include <gtest/gtest.h>

namespace ats::security {
namespace {

constexpr WallTime start{1'700'000'000'000'000'000};

TEST(Lockout, TheFirstFailuresAreFreeThenItDoublesUpToABound) {
  const auto wait = [](std::uint32_t failures) {
    return wait_left({failures, start}, name_lockout, start).ns / seconds(1).ns;
  };
  EXPECT_EQ(wait(0), 0);
  EXPECT_EQ(wait(4), 0);
  EXPECT_EQ(wait(5), 10);
  EXPECT_EQ(wait(6), 20);
  EXPECT_EQ(wait(9), 160);
  EXPECT_EQ(wait(12), 900);
  EXPECT_EQ(wait(4'000'000'000), 900);
}

TEST(Lockout, AWaitEndsAndFailuresAreForgotten) {
  const Failures failures{6, start};
  EXPECT_EQ(wait_left(failures, name_lockout, start + seconds(5)), seconds(15));
  EXPECT_LE(wait_left(failures, name_lockout, start + seconds(20)).ns, 0);
  EXPECT_EQ(current(failures, name_lockout, start + hours(23)).count, 6u);
  EXPECT_EQ(current(failures, name_lockout, start + hours(25)).count, 0u);
}

TEST(Lockout, AClockThatWentBackLocksNobodyOutForLonger) {
  EXPECT_EQ(wait_left({6, start + hours(1000)}, name_lockout, start), name_lockout.most);
}

TEST(Lockout, APasswordIsGuessedAHundredTimesADayAndNotMore) {
  Failures failures;
  int guesses = 0;
  for (WallTime now = start; now < start + hours(24); now = now + seconds(1)) {
    if (wait_left(failures, name_lockout, now).ns > 0) continue;
    failures = current(failures, name_lockout, now);
    ++failures.count, failures.last = now, ++guesses;
  }
  EXPECT_GT(guesses, 90);
  EXPECT_LT(guesses, 120);
}

}  // namespace
}  // namespace ats::security
