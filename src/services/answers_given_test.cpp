#include "services/answers_given.hpp"

#include <gtest/gtest.h>

namespace ats::services {
namespace {

using Found = AnswersGiven::Found;

TEST(AnswersGiven, TheSameRequestAgainHasTheSameAnswer) {
  AnswersGiven answers;
  EXPECT_EQ(answers.look("a", "halt", {0}), Found::None);
  answers.keep("a", "halt", "halted", {0});
  EXPECT_EQ(answers.look("a", "halt", {1}), Found::Same);
  EXPECT_EQ(answers.answer("a"), "halted");
  EXPECT_EQ(answers.look("b", "halt", {1}), Found::None);
}

TEST(AnswersGiven, AnIdThatWasUsedForSomethingElseIsRefused) {
  AnswersGiven answers;
  answers.keep("a", "halt", "halted", {0});
  EXPECT_EQ(answers.look("a", "resume", {1}), Found::Another);
}

TEST(AnswersGiven, AnAnswerIsKeptForAWhileAndNoLonger) {
  AnswersGiven answers;
  answers.keep("a", "halt", "halted", {0});
  const Instant over{AnswersGiven::kept_for.ns};
  EXPECT_EQ(answers.look("a", "halt", over - nanoseconds(1)), Found::Same);
  EXPECT_EQ(answers.look("a", "halt", over), Found::None);
}

TEST(AnswersGiven, NoneIsForgottenBeforeItsTimeHoweverManyThereAre) {
  AnswersGiven answers;
  for (std::size_t n = 0; n < AnswersGiven::kept_most; ++n) {
    const std::string id = std::to_string(n);
    ASSERT_EQ(answers.look(id, "halt", {5}), Found::None);
    answers.keep(id, "halt", id, {5});
  }
  EXPECT_EQ(answers.look("one more", "halt", {6}), Found::Full);
  EXPECT_EQ(answers.look("0", "halt", {6}), Found::Same);
  EXPECT_EQ(answers.look("one more", "halt", Instant{5} + AnswersGiven::kept_for), Found::None);
}

}  // namespace
}  // namespace ats::services
