#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.hpp"

namespace ats {
namespace {

TEST(Histogram, WithoutRecordsIsAllZero) {
  const Histogram h;
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.max(), 0);
  EXPECT_EQ(h.sum(), 0);
  EXPECT_EQ(h.percentile(0.5), 0);
}

TEST(Histogram, KeepsSmallValuesExactly) {
  Histogram h;
  for (int ns = 0; ns < 128; ++ns) h.record(ns);
  EXPECT_EQ(h.percentile(0.0), 0);
  EXPECT_EQ(h.percentile(0.5), 63);
  EXPECT_EQ(h.percentile(1.0), 127);
  EXPECT_EQ(h.sum(), 127 * 64);
}

TEST(Histogram, HoldsTheEndsOfTheRange) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  Histogram h;
  h.record(most);
  EXPECT_EQ(h.percentile(0.5), most);
  h.record(most);
  EXPECT_EQ(h.sum(), most);
  h.record(-5);
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.max(), most);
  EXPECT_EQ(h.percentile(0.0), 0);
  for (int bit = 0; bit < 63; ++bit) {
    const std::int64_t power = std::int64_t{1} << bit;
    for (const std::int64_t ns : {power - 1, power, power + 1}) {
      Histogram one;
      one.record(ns);
      EXPECT_EQ(one.percentile(0.5), ns) << "the only value is the largest one, which is exact";
    }
  }
}

TEST(Histogram, CountsWhatIsAtMostABoundAndNeverMore) {
  Rng rng(20273);
  Histogram h;
  std::vector<std::int64_t> all;
  for (int n = 0; n < 3'000; ++n) {
    all.push_back(static_cast<std::int64_t>(rng.below(std::uint64_t{1} << rng.below(40))));
    h.record(all.back());
  }
  for (std::int64_t bound = 1; bound < std::int64_t{1} << 40; bound *= 3) {
    const auto true_count = [&](std::int64_t most) {
      return static_cast<std::uint64_t>(
          std::ranges::count_if(all, [&](std::int64_t value) { return value <= most; }));
    };
    EXPECT_LE(h.at_most(bound), true_count(bound));
    EXPECT_GE(h.at_most(bound), true_count(bound - bound / 64 - 1))
        << "short by one bucket at most";
  }
  EXPECT_EQ(h.at_most(std::numeric_limits<std::int64_t>::max()), all.size());
  EXPECT_EQ(h.at_most(-1), 0u);
}

TEST(Histogram, PercentilesAreNeverBelowTheTrueOnesAndAtMostASixtyFourthAbove) {
  const std::uint64_t seed = 20272;
  Rng rng(seed);
  for (int round = 0; round < 50; ++round) {
    Histogram h;
    std::vector<std::int64_t> all;
    const std::size_t count = 1 + rng.below(3000);
    for (std::size_t i = 0; i < count; ++i) {
      const auto ns = static_cast<std::int64_t>(rng.next() >> (1 + rng.below(63)));
      h.record(ns);
      all.push_back(ns);
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(h.count(), count);
    ASSERT_EQ(h.min(), all.front());
    ASSERT_EQ(h.max(), all.back());
    for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto rank = std::max<std::size_t>(
          1, static_cast<std::size_t>(std::ceil(q * static_cast<double>(count))));
      const std::int64_t exact = all[rank - 1];
      ASSERT_GE(h.percentile(q), exact) << q << " seed " << seed;
      ASSERT_LE(h.percentile(q) - exact, exact / 64) << q << " seed " << seed;
    }
  }
}

TEST(Histogram, MergedIsAsIfOneHadRecordedAll) {
  Rng rng(20273);
  Histogram left;
  Histogram right;
  Histogram both;
  for (int i = 0; i < 2000; ++i) {
    const auto ns = static_cast<std::int64_t>(rng.below(1'000'000));
    (i % 3 == 0 ? left : right).record(ns);
    both.record(ns);
  }
  left.merge(right);
  left.merge(Histogram());
  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.min(), both.min());
  EXPECT_EQ(left.max(), both.max());
  EXPECT_EQ(left.sum(), both.sum());
  for (const double q : {0.0, 0.5, 0.99, 1.0}) EXPECT_EQ(left.percentile(q), both.percentile(q));
  Histogram empty;
  empty.merge(both);
  EXPECT_EQ(empty.min(), both.min());
}

TEST(Histogram, ASharePastOneBreaks) {
  EXPECT_DEATH((void)Histogram().percentile(1.5), "invariant broken");
}

}  // namespace
}  // namespace ats
