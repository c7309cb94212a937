#include "io/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace ats::io {
namespace {

using State = CircuitBreaker::State;

struct CircuitBreakerTest : testing::Test {
  CircuitBreaker breaker;
  Instant now{1'000'000'000'000};
  void fail_often() {
    for (int i = 0; i < CircuitBreaker::failures_to_open; ++i) {
      ASSERT_TRUE(breaker.allow(now));
      breaker.failed(now);
    }
  }
};

TEST_F(CircuitBreakerTest, lets_everything_through_while_failures_are_rare) {
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i + 1 < CircuitBreaker::failures_to_open; ++i) {
      ASSERT_TRUE(breaker.allow(now));
      breaker.failed(now);
    }
    ASSERT_TRUE(breaker.allow(now));
    breaker.succeeded();
  }
  EXPECT_EQ(breaker.state(now), State::Closed);
  EXPECT_EQ(breaker.openings(), 0u);
}

TEST_F(CircuitBreakerTest, opens_after_failures_in_a_row_and_lets_one_probe_out) {
  fail_often();
  EXPECT_EQ(breaker.state(now), State::Open);
  EXPECT_FALSE(breaker.allow(now));
  EXPECT_EQ(breaker.remaining(now), seconds(1));
  now = now + seconds(1);
  EXPECT_EQ(breaker.state(now), State::HalfOpen);
  EXPECT_TRUE(breaker.allow(now));
  EXPECT_FALSE(breaker.allow(now)) << "one probe at a time";
  breaker.succeeded();
  EXPECT_EQ(breaker.state(now), State::Closed);
  EXPECT_TRUE(breaker.allow(now));
}

TEST_F(CircuitBreakerTest, waits_twice_as_long_after_each_failed_probe_up_to_a_minute) {
  fail_often();
  Duration expected = seconds(1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(breaker.remaining(now), expected);
    now = now + expected;
    ASSERT_TRUE(breaker.allow(now));
    breaker.failed(now);
    expected = std::min(expected * 2, CircuitBreaker::wait_max);
  }
  EXPECT_EQ(expected, seconds(60));
  EXPECT_EQ(breaker.openings(), 1u);
}

TEST_F(CircuitBreakerTest, a_probe_that_never_left_frees_the_place_for_another) {
  fail_often();
  now = now + seconds(1);
  ASSERT_TRUE(breaker.allow(now));
  breaker.withdrawn();
  EXPECT_TRUE(breaker.allow(now));
}

TEST_F(CircuitBreakerTest, stays_away_for_as_long_as_told_whatever_succeeds_meanwhile) {
  ASSERT_TRUE(breaker.allow(now));
  ASSERT_TRUE(breaker.allow(now));
  breaker.told_to_wait(now, seconds(120));
  breaker.succeeded();
  EXPECT_EQ(breaker.state(now), State::Open);
  EXPECT_FALSE(breaker.allow(now + seconds(119)));
  breaker.told_to_wait(now, seconds(5));
  EXPECT_EQ(breaker.remaining(now), seconds(120)) << "the longer wait holds";
  EXPECT_TRUE(breaker.allow(now + seconds(120)));
  EXPECT_EQ(breaker.times_told(), 2u);
}

}  // namespace
}  // namespace ats::io
