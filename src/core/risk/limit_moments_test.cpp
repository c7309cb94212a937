#include "core/risk/limit_moments.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.hpp"

namespace ats::core {
namespace {

TEST(MomentsTest, CountsTheNewestWithinTheWindowAsAListWould) {
  Rng rng(7);
  for (const std::size_t most : {1u, 2u, 7u, 100u}) {
    Moments moments;
    moments.reserve(most);
    std::vector<Instant> all;
    Instant now{seconds(1).ns};
    for (int n = 0; n < 2'000; ++n) {
      now = now + milliseconds(rng.between(0, 30));
      if (rng.one_in(200)) {
        moments.clear();
        all.clear();
      }
      if (rng.one_in(2)) {
        moments.add(now);
        all.push_back(now);
        if (all.size() > most) all.erase(all.begin());
      }
      const Instant from = now - milliseconds(rng.between(0, 1'500));
      const auto count = static_cast<std::size_t>(
          std::count_if(all.begin(), all.end(), [&](Instant at) { return at > from; }));
      ASSERT_EQ(moments.since(from), count);
      const std::size_t many = rng.below(most + 3);
      ASSERT_EQ(moments.fewer_since(from, many), count < many);
    }
  }
}

TEST(MomentsTest, WithoutRoomCountsNothing) {
  Moments moments;
  moments.add({5});
  EXPECT_EQ(moments.since({}), 0u);
  EXPECT_TRUE(moments.fewer_since({}, 1));
}

TEST(MomentsTest, ThoseOfAnEarlierProcessAreAsLateAsCanBe) {
  Moments moments;
  moments.reserve(10);
  for (std::int64_t n = 1; n <= 3; ++n) moments.add({n});
  moments.all_at(Instant{seconds(100).ns});
  EXPECT_EQ(moments.since(Instant{seconds(99).ns}), 3u);
}

}  // namespace
}  // namespace ats::core
