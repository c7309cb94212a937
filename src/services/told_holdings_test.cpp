#include "services/told_holdings.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ats::services {
namespace {

LeasePosition position(std::string_view venue, std::string_view asset, const char* held,
                       const char* traded, const char* mark = nullptr, bool fresh = true) {
  LeasePosition out;
  out.venue = Text<15>(venue);
  out.asset = Text<15>(asset);
  out.held = Decimal::of(held);
  out.traded = Decimal::of(traded);
  if (mark == nullptr) return out;
  out.marked = true;
  out.fresh = fresh;
  out.mark = Decimal::of(mark);
  out.worth = *out.held.multiply_floor(out.mark);
  return out;
}

// A role with its office, as a process drives them.
class ToldHoldingsTest : public ::testing::Test {
 protected:
  ToldHoldingsTest() {
    config.lease_for = seconds(3);
    config.reporting_asset = Text<15>("USDT");
    universe.add_venue("kraken", {});
    handle(Started{1, wall, &universe, &config});
    pass(seconds(1));
  }
  void handle(const Event& event) {
    actions.clear();
    office.on(event, now, actions);
    holdings.on(event, now);
  }
  void pass(Duration time) {
    now = now + time;
    wall = wall + time;
    handle(Timer{wall});
  }
  void tell(std::string_view engine, const std::vector<LeasePosition>& positions) {
    LeaseAsked asked;
    asked.engine = EngineName(engine);
    asked.asked = now;
    asked.holdings = true;
    asked.positions = positions;
    handle(asked);
  }
  core::RiskReport report() const {
    core::OfficeStatus status;
    office.status(status);
    return holdings.report(status, now);
  }
  AssetId asset(std::string_view name) const { return holdings.universe().find_asset(name); }
  VenueId venue(std::string_view name) const { return holdings.universe().find_venue(name); }

  CoreConfig config;
  Universe universe;
  core::RiskOffice office;
  ToldHoldings holdings;
  Actions actions;
  Instant now{seconds(1000).ns};
  WallTime wall{1'800'000'000'000'000'000};
};

TEST_F(ToldHoldingsTest, PositionsOfAllEnginesAreOnePositionByVenueAndAsset) {
  tell("east", {position("kraken", "BTC", "2", "0.5", "60000"),
                position("upbit", "USDT", "1000", "-30000", "1")});
  tell("west",
       {position("kraken", "BTC", "-0.5", "-0.25", "60000"), position("kraken", "DUST", "7", "7")});
  const core::RiskReport all = report();
  ASSERT_EQ(all.positions.size(), 3U);
  EXPECT_EQ(all.reporting, asset("USDT"));
  EXPECT_EQ(all.as_of, wall);
  for (const core::Position& p : all.positions) {
    if (p.asset == asset("BTC")) {
      EXPECT_EQ(p.venue, venue("kraken"));
      EXPECT_EQ(p.held, Decimal::of("1.5"));
      EXPECT_EQ(p.worth, Decimal::of("90000"));
    } else if (p.asset == asset("USDT")) {
      EXPECT_EQ(p.venue, venue("upbit")) << "a venue that the role's configuration does not name";
    } else {
      EXPECT_EQ(p.asset, asset("DUST"));
      EXPECT_FALSE(p.worth.has_value());
    }
  }
  EXPECT_EQ(all.equity, Decimal::of("91000"));
  EXPECT_EQ(all.gross, Decimal::of("15000")) << "the reporting asset aside";
  EXPECT_EQ(all.unmarked, 1U);
  ASSERT_EQ(all.exposures.size(), 3U);
}

TEST_F(ToldHoldingsTest, AMarkGrowsOldWhenItIsFreshNoMore) {
  tell("east", {position("kraken", "BTC", "2", "0", "60000")});
  const auto mark = [&] {
    for (const auto& e : report().exposures) {
      if (e.asset == asset("BTC")) return e.mark;
    }
    return core::MarkedAt{};
  };
  EXPECT_TRUE(mark().fresh);
  pass(seconds(30));
  tell("east", {position("kraken", "BTC", "2", "0", "59000", false)});
  EXPECT_FALSE(mark().fresh);
  EXPECT_EQ(mark().price, Decimal::of("60000")) << "the last that was fresh";
  EXPECT_EQ(mark().age, seconds(30));
}

TEST_F(ToldHoldingsTest, ThePastOfMarksGrowsMinuteByMinuteAndOutlivesARestart) {
  for (int minute = 0; minute < 40; ++minute) {
    tell("east", {position("kraken", "BTC", "2", "0", minute % 2 == 0 ? "60000" : "60600")});
    pass(seconds(60));
  }
  EXPECT_GE(holdings.prices().bars(0).returns_of(asset("BTC")), 38U);
  EXPECT_EQ(holdings.prices().bars(0).returns_of(asset("USDT")), 0U);
  now = Instant{seconds(5).ns};  // another boot
  handle(Started{2, wall, &universe, &config});
  EXPECT_GE(holdings.prices().bars(0).returns_of(asset("BTC")), 38U);
  config.reporting_asset = Text<15>("EUR");
  handle(Started{3, wall, &universe, &config});
  EXPECT_EQ(holdings.prices().bars(0).returns_of(asset("BTC")), 0U) << "worth is in another asset";
}

}  // namespace
}  // namespace ats::services
