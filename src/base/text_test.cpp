#include "base/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unordered_map>

namespace ats {
namespace {

TEST(Text, HoldsWhatItIsGivenInPlace) {
  const Text<8> id("order-1");
  EXPECT_EQ(id.view(), "order-1");
  EXPECT_EQ(id.size(), 7u);
  EXPECT_FALSE(id.empty());
  EXPECT_TRUE(Text<8>().empty());
  EXPECT_EQ(Text<8>("12345678").view(), "12345678");
  static_assert(sizeof(Text<8>) == 9);
  static_assert(std::is_trivially_copyable_v<Text<8>>);
  static_assert(Text<4>("abcd").view() == "abcd");
}

TEST(Text, SaysWhatFitsAndBreaksOnMore) {
  EXPECT_TRUE(Text<3>::fits("abc"));
  EXPECT_FALSE(Text<3>::fits("abcd"));
  EXPECT_TRUE(Text<3>::fits(""));
  EXPECT_EQ(Text<3>::cut("abcd").view(), "abc");
  EXPECT_EQ(Text<3>::cut("ab").view(), "ab");
  EXPECT_DEATH(Text<3>("abcd"), "invariant broken");
  EXPECT_EQ(Text<255>(std::string(255, 'x')).size(), 255u);
  EXPECT_DEATH(Text<255>(std::string(256, 'x')), "invariant broken");
}

TEST(Text, ComparesByContentEvenWithZeroBytes) {
  using namespace std::string_view_literals;
  EXPECT_EQ(Text<8>("ab"), Text<8>("ab"));
  EXPECT_NE(Text<8>("ab"), Text<8>("ab\0"sv));
  EXPECT_LT(Text<8>("ab"), Text<8>("b"));
  EXPECT_LT(Text<8>("a"), Text<8>("ab"));
  EXPECT_GT(Text<8>("\xff"), Text<8>("a"));
}

TEST(Text, IsAKeyOfAHashMap) {
  std::unordered_map<Text<16>, int> orders;
  orders["first"] = 1;
  orders["second"] = 2;
  orders["first"] = 3;
  EXPECT_EQ(orders.size(), 2u);
  EXPECT_EQ(orders.at("first"), 3);
  EXPECT_EQ(std::hash<Text<16>>{}("x"), std::hash<Text<16>>{}(Text<16>(std::string("x"))));
}

}  // namespace
}  // namespace ats
