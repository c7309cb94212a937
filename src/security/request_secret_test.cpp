#include "security/request_secret.hpp"

#include <gtest/gtest.h>

namespace ats::security {
namespace {

TEST(RequestSecret, ACookieIsFoundByItsWholeName) {
  EXPECT_EQ(cookie_of("a=1; ats=xyz-_9; b=2", "ats"), "xyz-_9");
  EXPECT_EQ(cookie_of("ats=first; ats=second", "ats"), "first");
  EXPECT_EQ(cookie_of("xats=1; ats2=2; AtS=3", "ats"), std::nullopt);
  EXPECT_EQ(cookie_of("ats", "ats"), std::nullopt);
  EXPECT_EQ(cookie_of("ats=", "ats"), std::nullopt);
  EXPECT_EQ(cookie_of("ats=a b", "ats"), std::nullopt);
  EXPECT_EQ(cookie_of("ats=\"quoted\"", "ats"), std::nullopt);
  EXPECT_EQ(cookie_of(";;;=;", "ats"), std::nullopt);
  EXPECT_EQ(cookie_of("", "ats"), std::nullopt);
}

TEST(RequestSecret, ABearerTokenIsTheWholeOfWhatFollowsTheScheme) {
  EXPECT_EQ(bearer_of("Bearer ats_abc"), "ats_abc");
  EXPECT_EQ(bearer_of("  bEARER   ats_abc "), "ats_abc");
  EXPECT_EQ(bearer_of("Bearer"), std::nullopt);
  EXPECT_EQ(bearer_of("Bearer "), std::nullopt);
  EXPECT_EQ(bearer_of("Bearer a b"), std::nullopt);
  EXPECT_EQ(bearer_of("Bearer a,b"), std::nullopt);
  EXPECT_EQ(bearer_of("Basic YWxpY2U6eA=="), std::nullopt);
  EXPECT_EQ(bearer_of("Bearerats_abc"), std::nullopt);
}

}  // namespace
}  // namespace ats::security
