// The measures behind the engine's door: what is told of positions, marks and profit, and that a folded
// journal tells the same.
#include "core/risk/measures/risk_measures.hpp"

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;

class RiskMeasuresTest : public ::testing::Test, protected testing::World {
 protected:
  RiskMeasuresTest() { config.order_deadline = seconds(60); }

  const Position& position(const RiskReport& report, VenueId venue, AssetId asset) {
    for (const Position& p : report.positions) {
      if (p.venue == venue && p.asset == asset) return p;
    }
    ADD_FAILURE();
    return report.positions.front();
  }
  const RiskReport::Exposure& exposure(const RiskReport& report, AssetId asset) {
    for (const auto& e : report.exposures) {
      if (e.asset == asset) return e;
    }
    ADD_FAILURE();
    return report.exposures.front();
  }
  // Both legs of the edge, whole.
  void trade() {
    edge();
    ASSERT_EQ(placed.size(), 2u);
    const auto orders = placed;
    for (const OrderRequest& order : orders) fill_all(order);
    ASSERT_EQ(resolved.size(), 1u);
    clear();
    no_edge();
  }
};

TEST_F(RiskMeasuresTest, TellsWhatIsHeldWhereAndWhatItIsWorth) {
  up();
  wait(seconds(2));
  const RiskReport report = engine.risk();
  EXPECT_EQ(report.reporting, usdt);
  EXPECT_EQ(report.positions.size(), 4u);
  EXPECT_EQ(position(report, binance, usdt).worth, d("50000"));
  // 59,997.5 on binance and 60,000 on kraken: the first listed leads.
  EXPECT_EQ(position(report, kraken, btc).worth, d("59997.5"));
  EXPECT_EQ(report.equity, d("219995"));
  EXPECT_EQ(exposure(report, btc).held, d("2"));
  EXPECT_TRUE(exposure(report, btc).mark.fresh);
  EXPECT_EQ(exposure(report, btc).mark.age, Duration{});
  EXPECT_TRUE(report.profit.ever.all.total.is_zero());
  EXPECT_TRUE(report.gross.is_zero());
}

TEST_F(RiskMeasuresTest, TellsNothingBeforeItWasStarted) {
  EXPECT_TRUE(engine.risk().positions.empty());
  EXPECT_FALSE(engine.risk().as_of.told());
}

TEST_F(RiskMeasuresTest, MarksByValidBooksAloneAndTellsTheAgeOfTheLastMark) {
  up();
  wait(seconds(2));
  for (const VenueId venue : {binance, kraken}) {
    send(ConnectionDown{venue, Channel::MarketData});
  }
  wait(seconds(30));
  const RiskReport report = engine.risk();
  const MarkedAt& mark = exposure(report, btc).mark;
  EXPECT_FALSE(mark.fresh);
  EXPECT_EQ(mark.price, d("59997.5"));
  EXPECT_GE(mark.age, seconds(29));
  EXPECT_LE(mark.age, seconds(31));
  // The bars of that half minute and the next have no close.
  wait(seconds(90));
  const PriceBars& minutes = engine.measures().prices().bars(0);
  EXPECT_EQ(minutes.bar(), seconds(60));
  EXPECT_LE(minutes.closes(btc).size(), 1u);
  EXPECT_GE(minutes.closes(usdt).size(), 2u);
}

TEST_F(RiskMeasuresTest, TellsNoAgeBelowNothingWhenTheClockIsSetBack) {
  up();
  wait(seconds(2));
  for (const VenueId venue : {binance, kraken}) {
    send(ConnectionDown{venue, Channel::MarketData});
  }
  wall = WallTime{wall.ns_utc - hours(1).ns};
  wait(seconds(20));
  const RiskReport report = engine.risk();
  EXPECT_FALSE(exposure(report, btc).mark.fresh);
  EXPECT_GE(exposure(report, btc).mark.age, Duration{});
}

TEST_F(RiskMeasuresTest, CountsATradesProfitAsTheLedgerDoesByVenueAndStrategy) {
  up();
  trade();
  wait(seconds(2));
  const RiskReport report = engine.risk();
  const CoreStatus s = status();
  EXPECT_GT(report.profit.ever.all.total, d("0"));
  EXPECT_EQ(report.profit.ever.all.total, s.pnl_reporting);
  for (const auto& total : s.totals) {
    EXPECT_EQ(engine.measures().profit().change(total.asset), total.change);
  }
  EXPECT_EQ(report.profit.ever.all.trades, 1u);
  const auto& of = report.profit.ever.strategies[static_cast<std::size_t>(Strategy::CrossVenue)];
  EXPECT_EQ(of.realised, report.profit.ever.all.realised);
  EXPECT_EQ(report.profit.current[0].profit.all.total, report.profit.ever.all.total);
  // The fee that binance kept of what was bought is what trading is short of.
  EXPECT_EQ(exposure(report, btc).change, engine.measures().profit().change(btc));
  EXPECT_EQ(report.net, *exposure(report, btc).change_worth);
  Decimal traded;
  for (const Position& p : report.traded) {
    if (p.asset == usdt) traded += p.held;
  }
  EXPECT_EQ(traded, exposure(report, usdt).change);
}

TEST_F(RiskMeasuresTest, AreWhatAFoldedJournalGives) {
  up();
  trade();
  wait(seconds(200));
  start();  // a second life
  connect();
  no_edge();
  wait(seconds(100));
  Engine other;
  fold_into(other);
  const RiskReport a = engine.risk();
  const RiskReport b = other.risk();
  EXPECT_EQ(a.as_of, b.as_of);
  EXPECT_EQ(a.equity, b.equity);
  EXPECT_EQ(a.profit.since, b.profit.since);
  EXPECT_EQ(a.profit.ever.all.total, b.profit.ever.all.total);
  EXPECT_EQ(a.profit.ever.all.realised, b.profit.ever.all.realised);
  EXPECT_EQ(a.profit.ever.all.trades, 1u);
  EXPECT_EQ(a.profit.peak, b.profit.peak);
  const auto closes = engine.measures().prices().bars(0).closes(btc);
  const auto again = other.measures().prices().bars(0).closes(btc);
  ASSERT_GE(closes.size(), 4u);
  ASSERT_EQ(closes.size(), again.size());
  for (std::size_t n = 0; n < closes.size(); ++n) {
    EXPECT_EQ(closes[n].end, again[n].end);
    EXPECT_EQ(closes[n].close, again[n].close);
  }
  EXPECT_EQ(actions_of_replay(), actions_done());
}

TEST_F(RiskMeasuresTest, BeginADayWithTheFirstReadingInIt) {
  up();
  trade();
  wait(seconds(2));
  const Decimal before = engine.risk().profit.ever.all.total;
  wall = wall + hours(2);  // past midnight
  wait(seconds(2));
  const RiskReport report = engine.risk();
  ASSERT_EQ(report.profit.days.size(), 1u);
  EXPECT_EQ(report.profit.days[0].profit.total, before);
  EXPECT_TRUE(report.profit.current[0].profit.all.total.is_zero());
  EXPECT_EQ(report.profit.ever.all.total, before);
}

}  // namespace
}  // namespace ats::core
