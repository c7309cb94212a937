#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ats {
namespace {

enum class Reason { TooOld, TooNew };

Result<int, Reason> age(int years) {
  if (years > 100) return fail(Reason::TooOld);
  if (years < 0) return fail(Reason::TooNew);
  return years;
}

TEST(Result, IsEitherTheValueOrTheReason) {
  EXPECT_TRUE(age(5).ok());
  EXPECT_TRUE(static_cast<bool>(age(5)));
  EXPECT_EQ(*age(5), 5);
  EXPECT_EQ(age(5).value(), 5);
  EXPECT_FALSE(age(101).ok());
  EXPECT_EQ(age(101).error(), Reason::TooOld);
  EXPECT_EQ(age(-1).error(), Reason::TooNew);
  EXPECT_EQ(age(101).value_or(7), 7);
  EXPECT_EQ(age(5).value_or(7), 5);
}

TEST(Result, AskingForWhatItDoesNotHoldBreaks) {
  EXPECT_DEATH((void)age(101).value(), "invariant broken");
  EXPECT_DEATH((void)*age(101), "invariant broken");
  EXPECT_DEATH((void)age(5).error(), "invariant broken");
}

TEST(Result, TellsValueFromReasonWhenBothHaveOneType) {
  const Result<std::string, std::string> good = std::string("x");
  const Result<std::string, std::string> bad = fail(std::string("x"));
  EXPECT_TRUE(good.ok());
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(good->size(), 1u);
  EXPECT_EQ(bad.error(), "x");
}

TEST(Result, HandsOverWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>, Reason> made = std::make_unique<int>(3);
  *made.value() = 4;
  const std::unique_ptr<int> mine = std::move(made).value();
  EXPECT_EQ(*mine, 4);
}

TEST(Result, StatusIsDoneOrAReason) {
  const auto step = [](bool works) -> Status<Reason> {
    if (!works) return fail(Reason::TooOld);
    return Done{};
  };
  EXPECT_TRUE(step(true).ok());
  EXPECT_EQ(step(false).error(), Reason::TooOld);
}

}  // namespace
}  // namespace ats
