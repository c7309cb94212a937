// Whatever is open, held, lost, halted and asked for: what the gate lets pass breaks no limit, and no hold, by
// the simplest idea of them. `ats_bench --filter gate_storm --orders 100000000` does it at length.
#include <gtest/gtest.h>

#include "core/risk/testing_storm.hpp"

namespace ats::core {
namespace {

TEST(GateStorm, WhatPassesBreaksNoLimitAndNoHoldAndNothingElseIsRefused) {
  testing::GateStorm storm(20'261'127);
  for (int n = 0; n < 400'000; ++n) ASSERT_EQ(storm.next(), "");
  EXPECT_GT(storm.passed(), 10'000u);
  EXPECT_EQ(storm.escapes(), 0u);
  EXPECT_EQ(storm.refused().size(), 51u) << "every limit, every rule and both kinds of hold";
  for (const auto& [against, times] : storm.refused()) EXPECT_GT(times, 10u) << against;
}

}  // namespace
}  // namespace ats::core
