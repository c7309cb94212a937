#include "venues/upbit/used_up.hpp"

#include <gtest/gtest.h>

namespace ats::venues::upbit {
namespace {

TEST(UpbitUsedUp, letsANameBeUsedOnceUntilAsManyOthersCameAfterItAsAreRemembered) {
  UsedUp used(3);
  EXPECT_TRUE(used.use("a"));
  EXPECT_FALSE(used.use("a"));
  EXPECT_TRUE(used.use("b"));
  EXPECT_TRUE(used.use("c"));
  EXPECT_FALSE(used.use("a"));
  EXPECT_TRUE(used.use("d"));
  EXPECT_TRUE(used.use("a")) << "three came after it";
  EXPECT_FALSE(used.use("d"));
}

}  // namespace
}  // namespace ats::venues::upbit
