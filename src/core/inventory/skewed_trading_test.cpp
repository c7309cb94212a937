// The engine with a skew: which trades it takes, and that detector and risk never disagree about them.
#include <gtest/gtest.h>

#include "core/executor/testing.hpp"
#include "core/inventory/plan.hpp"

namespace ats::core {
namespace {

using testing::d;

// Bought on binance for 60000, sold on kraken for 60210: 35 basis points, of which 30 are fees.
struct World : testing::World {
  World() { config.inventory_skew = Rate::bps(4); }
  void thin_edge() {
    book(at_binance, "59995", "60000", "0.1");
    book(at_kraken, "60210", "60215", "0.1");
  }
  void coins_on(VenueId venue) {
    const VenueId other = venue == binance ? kraken : binance;
    owned[{venue, btc}] = d("2");
    owned[{venue, usdt}] = d("1000");
    owned[{other, btc}] = d("0.1");
    owned[{other, usdt}] = d("99000");
  }
};

TEST(SkewedTrading, AnEdgeBelowTheConfiguredOneIsTakenWhereItBringsTheHoldingsBack) {
  World w;
  w.coins_on(w.kraken);
  w.up();
  w.thin_edge();
  ASSERT_EQ(w.placed.size(), 2u);
  EXPECT_EQ(w.placed[0].instrument, w.at_binance);
  EXPECT_EQ(w.placed[0].side, Side::Buy);
}

TEST(SkewedTrading, WithoutASkewItIsNot) {
  World w;
  w.config.inventory_skew = {};
  w.coins_on(w.kraken);
  w.up();
  w.thin_edge();
  EXPECT_TRUE(w.placed.empty());
}

TEST(SkewedTrading, AnEdgeAboveTheConfiguredOneIsLeftWhereItTakesTheHoldingsFurtherAway) {
  World w;
  w.coins_on(w.binance);
  w.owned[{w.binance, w.usdt}] = d("20000");  // it is not for want of funds
  w.owned[{w.kraken, w.btc}] = d("0.3");
  w.config.min_edge = Rate::bps(3);
  w.up();
  w.thin_edge();
  EXPECT_TRUE(w.placed.empty());
  w.config.inventory_skew = {};
  w.start();
  w.connect();
  w.no_edge();
  w.wait(milliseconds(500));
  w.clear();
  w.thin_edge();
  EXPECT_EQ(w.placed.size(), 2u);
}

TEST(SkewedTrading, TheSmallestEdgeFollowsEveryFillAndTheJournalReplaysToTheSameBytes) {
  World w;
  w.coins_on(w.kraken);
  w.up();
  const auto asked = [&] { return w.engine.inventory({}).directions.at(0).min_edge; };
  Rate before = asked();
  EXPECT_LT(before, w.config.min_edge);
  std::size_t trades = 0;
  for (int n = 0; n < 40; ++n) {
    w.thin_edge();
    if (w.placed.size() == 2) {
      ++trades;
      const auto legs = w.placed;
      for (const OrderRequest& leg : legs) w.fill_all(leg);
      EXPECT_GT(asked(), before);
      before = asked();
    }
    w.no_edge();
    w.wait(seconds(2));
    w.clear();
  }
  // Until the holdings are so near their targets that the edge does not do any more.
  EXPECT_GT(trades, 2u);
  EXPECT_LT(trades, 40u);
  EXPECT_GT(before, Rate::bps(4));
  EXPECT_TRUE(w.ledger_is_what_the_venues_own());
  EXPECT_EQ(w.actions_of_replay(), w.actions_done());
}

}  // namespace
}  // namespace ats::core
