#include "base/rng.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <set>

namespace ats {
namespace {

// Worked out apart from this code, from the published definitions of splitmix64 and xoshiro256**.
TEST(Rng, GivesThePublishedGeneratorsNumbers) {
  Rng zero(0);
  EXPECT_EQ(zero.next(), 0x99EC5F36CB75F2B4ull);
  EXPECT_EQ(zero.next(), 0xBF6E1F784956452Aull);
  EXPECT_EQ(zero.next(), 0x1A5F849D4933E6E0ull);
}

TEST(Rng, SameSeedSameNumbersOtherSeedOthers) {
  Rng a(42);
  Rng b(42);
  Rng c(43);
  int differing = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto x = a.next();
    EXPECT_EQ(x, b.next());
    differing += x != c.next();
  }
  EXPECT_EQ(differing, 1000);
}

TEST(Rng, BelowStaysBelowAndReachesEveryValueEvenly) {
  Rng rng(1);
  std::array<int, 10> seen{};
  for (int i = 0; i < 100'000; ++i) ++seen.at(rng.below(10));
  for (const int n : seen) EXPECT_NEAR(n, 10'000, 500);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rng.below(1), 0u);
}

TEST(Rng, BetweenIncludesBothEndsAndTheWholeRange) {
  Rng rng(2);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(rng.between(-2, 2));
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(rng.between(7, 7), 7);
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  int negative = 0;
  for (int i = 0; i < 1000; ++i) negative += rng.between(low, high) < 0;
  EXPECT_NEAR(negative, 500, 100);
  for (int i = 0; i < 1000; ++i) EXPECT_GE(rng.between(low, 0), low);
}

TEST(Rng, UnitAndNormalHaveTheirMoments) {
  Rng rng(3);
  constexpr int n = 200'000;
  double unit_sum = 0;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < n; ++i) {
    const double u = rng.unit();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    unit_sum += u;
    const double x = rng.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(unit_sum / n, 0.5, 0.005);
  EXPECT_NEAR(sum / n, 0.0, 0.02);
  EXPECT_NEAR(squares / n, 1.0, 0.02);
}

TEST(Rng, OneInNIsTrueThatOften) {
  Rng rng(4);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += rng.one_in(20);
  EXPECT_NEAR(hits, 5'000, 400);
}

TEST(Rng, ForksDependOnTheSaltAndNotOnWhatTheyDraw) {
  Rng world(5);
  Rng same_world(5);
  Rng market = world.fork(1);
  Rng other = same_world.fork(2);
  EXPECT_NE(market.next(), other.next());
  for (int i = 0; i < 100; ++i) market.next();
  EXPECT_EQ(world.next(), same_world.next());
}

}  // namespace
}  // namespace ats
