#include "services/compare.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace ats::services {
namespace {

class CompareTest : public ::testing::Test {
 protected:
  static ComparedTrade trade(std::uint64_t id, std::int64_t ms, int pair, const char* realised) {
    ComparedTrade out;
    out.trade = id;
    out.at = {ms * 1'000'000};
    out.pair = PairId{static_cast<PairId::rep>(pair)};
    out.buy = InstrumentId{static_cast<InstrumentId::rep>(2 * pair)};
    out.sell = InstrumentId{static_cast<InstrumentId::rep>(2 * pair + 1)};
    out.terms.realised = Decimal::of(realised);
    return out;
  }
  static SeenOpportunity seen(const ComparedTrade& of, std::int64_t ms, RefuseReason refused) {
    return {{ms * 1'000'000}, of.pair, of.buy, of.sell, refused, {}};
  }
  Comparison of(std::vector<ComparedTrade> live, std::vector<ComparedTrade> backtest) const {
    return compare({std::move(live), live_seen}, {std::move(backtest), backtest_seen},
                   milliseconds(250));
  }

  std::vector<SeenOpportunity> live_seen, backtest_seen;
};

TEST_F(CompareTest, NothingBesideNothingIsNothing) {
  const Comparison c = of({}, {});
  EXPECT_EQ(c.trades(), 0u);
  EXPECT_EQ(c.unexplained(), 0u);
}

TEST_F(CompareTest, TheSameWayNearEnoughIsTheSameTrade) {
  const Comparison c = of({trade(1, 1000, 0, "5"), trade(2, 5000, 0, "3")},
                          {trade(7, 1200, 0, "4"), trade(8, 5251, 0, "3")});
  ASSERT_EQ(c.matched.size(), 1u);
  EXPECT_EQ(c.matched[0].backtest.trade, 7u);
  EXPECT_EQ(c.matched_difference.realised, Decimal::of("1"));
  EXPECT_EQ(c.only_live.size(), 1u) << "251 ms are too far";
  EXPECT_EQ(c.only_backtest.size(), 1u);
  EXPECT_EQ(c.unexplained(), 2u);
}

TEST_F(CompareTest, TheClosestIsTakenAndEachOnce) {
  const Comparison c = of({trade(1, 1000, 0, "1"), trade(2, 1100, 0, "1")},
                          {trade(7, 1090, 0, "1"), trade(8, 1010, 0, "1")});
  ASSERT_EQ(c.matched.size(), 2u);
  EXPECT_EQ(c.matched[0].backtest.trade, 8u);
  EXPECT_EQ(c.matched[1].backtest.trade, 7u);
}

TEST_F(CompareTest, WhatOneSideDidNotTakeIsExplainedByTheReasonItGave) {
  const ComparedTrade alone = trade(1, 1000, 0, "2");
  backtest_seen.push_back(seen(trade(0, 0, 1, "0"), 1000, RefuseReason::Halted));
  EXPECT_EQ(of({alone}, {}).unexplained(), 1u) << "of another pair";
  backtest_seen.push_back(seen(alone, 1251, RefuseReason::Halted));
  EXPECT_EQ(of({alone}, {}).unexplained(), 1u) << "too late";
  backtest_seen.push_back(seen(alone, 900, RefuseReason::Halted));
  const Comparison c = of({alone}, {});
  EXPECT_EQ(c.unexplained(), 0u);
  EXPECT_EQ(c.only_live[0].why, name(RefuseReason::Halted));
  EXPECT_EQ(c.only_live_realised, Decimal::of("2"));
}

TEST_F(CompareTest, TheDifferenceIsTheSumOfItsParts) {
  const Comparison c = of({trade(1, 1000, 0, "5"), trade(2, 2000, 1, "-1.5")},
                          {trade(7, 1000, 0, "4"), trade(8, 9000, 2, "0.25")});
  EXPECT_EQ(c.live.realised - c.backtest.realised, Decimal::of("-0.75"));
  EXPECT_EQ(c.matched_difference.realised + c.only_live_realised - c.only_backtest_realised,
            Decimal::of("-0.75"));
}

}  // namespace
}  // namespace ats::services
