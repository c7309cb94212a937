// The targets and the smallest edges they make, against what the formula in the header says.
#include "core/inventory/skew.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::TwoVenues;

constexpr std::int64_t percent = Rate::one / 100;

void hold(Ledger& ledger, VenueId venue, AssetId asset, std::string_view amount) {
  ASSERT_TRUE(ledger.open(venue, asset, d(amount)).ok());
}

struct Skewed : TwoVenues {
  CoreConfig config;
  Ledger ledger;
  InventorySkew skew;

  Skewed() {
    config.min_edge = Rate::bps(5);
    config.inventory_skew = Rate::bps(4);
    ledger.bind(universe.venues().size(), universe.assets().size());
  }
  void hold_all(std::string_view binance_btc, std::string_view binance_usdt,
                std::string_view kraken_btc, std::string_view kraken_usdt) {
    hold(ledger, binance, btc, binance_btc);
    hold(ledger, binance, usdt, binance_usdt);
    hold(ledger, kraken, btc, kraken_btc);
    hold(ledger, kraken, usdt, kraken_usdt);
    skew.restart(universe, config);
    skew.refresh(universe, ledger);
  }
  Rate to_kraken() const { return skew.min_edge(at_binance, at_kraken); }  // bought on binance
  Rate to_binance() const { return skew.min_edge(at_kraken, at_binance); }
};

TEST(InventoryTargets, VenuesThatTradeAnAssetShareItEquallyAndOthersHaveNoneOfIt) {
  TwoVenues w;
  const InventoryTargets targets(w.universe, CoreConfig{});
  EXPECT_EQ(targets.share(w.binance, w.btc).ppb, Rate::one / 2);
  EXPECT_EQ(targets.share(w.kraken, w.usdt).ppb, Rate::one / 2);
  EXPECT_FALSE(targets.trades(w.kraken, w.bnb));
  EXPECT_EQ(targets.share(w.kraken, w.bnb).ppb, 0);
}

TEST(InventoryTargets, AShareThatIsConfiguredStandsAndTheOthersFillUp) {
  TwoVenues w;
  CoreConfig config;
  config.inventory_targets.add({"kraken", "BTC", {70 * percent}});
  config.inventory_targets.add({"nowhere", "BTC", {20 * percent}});
  const InventoryTargets targets(w.universe, config);
  EXPECT_EQ(targets.share(w.kraken, w.btc).ppb, 70 * percent);
  EXPECT_EQ(targets.share(w.binance, w.btc).ppb, 30 * percent);
  EXPECT_EQ(targets.share(w.binance, w.usdt).ppb, 50 * percent);
}

TEST(InventoryTargets, SharesThatNameEveryVenueAndMakeNoWholeCountInProportion) {
  TwoVenues w;
  CoreConfig config;
  config.inventory_targets.add({"kraken", "BTC", {30 * percent}});
  config.inventory_targets.add({"binance", "BTC", {10 * percent}});
  const InventoryTargets targets(w.universe, config);
  EXPECT_EQ(targets.share(w.kraken, w.btc).ppb, 75 * percent);
  EXPECT_EQ(targets.share(w.binance, w.btc).ppb, 25 * percent);
}

TEST(InventoryTargets, WhateverIsConfiguredTheSharesOfAnAssetAddUpToOne) {
  Rng rng(21);
  for (int round = 0; round < 2000; ++round) {
    Universe universe;
    const AssetId btc = universe.add_asset("BTC");
    const AssetId usdt = universe.add_asset("USDT");
    CoreConfig config;
    const std::uint64_t venues = 1 + rng.below(7);
    for (std::uint64_t v = 0; v < venues; ++v) {
      const std::string name = "v" + std::to_string(v);
      Instrument i;
      i.venue = universe.add_venue(name, {});
      i.base = btc;
      i.quote = usdt;
      i.symbol = Text<31>(name);
      universe.add_instrument(i);
      if (rng.below(2) == 0) continue;
      const auto share = static_cast<std::int64_t>(rng.below(Rate::one + 1));
      config.inventory_targets.add({Text<15>(name), "BTC", {share}});
    }
    const InventoryTargets targets(universe, config);
    std::int64_t sum = 0;
    for (std::uint64_t v = 0; v < venues; ++v) {
      const Rate share = targets.share({static_cast<VenueId::rep>(v)}, btc);
      EXPECT_GE(share.ppb, 0);
      sum += share.ppb;
    }
    EXPECT_EQ(sum, Rate::one);
  }
}

TEST(InventorySkew, OnTargetEveryDirectionIsAskedForTheSame) {
  Skewed w;
  w.hold_all("1", "50000", "1", "50000");
  EXPECT_EQ(w.to_kraken(), Rate::bps(5));
  EXPECT_EQ(w.to_binance(), Rate::bps(5));
}

// All coins are on kraken and all money is on binance: to buy there and sell here is what is wanted.
TEST(InventorySkew, TheDirectionThatBringsEverythingBackIsAskedForLeast) {
  Skewed w;
  w.hold_all("0", "100000", "2", "0");
  EXPECT_EQ(w.skew.fullness(w.kraken, w.btc).ppb, Rate::one);
  EXPECT_EQ(w.skew.fullness(w.kraken, w.usdt).ppb, -Rate::one);
  EXPECT_EQ(w.to_kraken(), Rate::bps(1));
  EXPECT_EQ(w.to_binance(), Rate::bps(9));
}

TEST(InventorySkew, BaseAndQuoteWeighTheSame) {
  Skewed w;
  w.hold_all("0", "50000", "2", "50000");  // the money is where it should be
  EXPECT_EQ(w.to_kraken(), Rate::bps(3));
  EXPECT_EQ(w.to_binance(), Rate::bps(7));
}

TEST(InventorySkew, ATargetOfItsOwnIsWhatFullnessIsMeasuredFrom) {
  Skewed w;
  w.config.inventory_targets.add({"kraken", "BTC", {80 * percent}});
  w.hold_all("0.4", "50000", "1.6", "50000");
  EXPECT_EQ(w.skew.fullness(w.kraken, w.btc).ppb, 0);
  EXPECT_EQ(w.to_kraken(), Rate::bps(5));
  ASSERT_TRUE(w.ledger.correct(w.kraken, w.btc, d("0.4")).ok());
  w.skew.refresh(w.universe, w.ledger);
  // Half of all: 30 of the 80 percent are missing there, and 30 of the 80 that could are over here.
  EXPECT_EQ(w.skew.fullness(w.kraken, w.btc).ppb, -375'000'000);
  EXPECT_EQ(w.skew.fullness(w.binance, w.btc).ppb, 375'000'000);
  EXPECT_EQ(w.to_kraken().ppb, 500'000 + 400'000 * 1875 / 10000);
}

TEST(InventorySkew, NoSmallestEdgeFallsBelowTheFloorAndTheFloorRaisesNone) {
  Skewed w;
  w.config.inventory_skew = Rate::bps(20);
  w.config.inventory_floor = Rate::bps(2);
  w.hold_all("0", "100000", "2", "0");
  EXPECT_EQ(w.to_kraken(), Rate::bps(2));
  EXPECT_EQ(w.to_binance(), Rate::bps(25));
  EXPECT_EQ(w.skew.lowest(), Rate::bps(2));
  w.config.min_edge = Rate::bps(1);
  w.skew.restart(w.universe, w.config);
  w.skew.refresh(w.universe, w.ledger);
  EXPECT_EQ(w.to_kraken(), Rate::bps(1));
}

TEST(InventorySkew, WithoutASkewNothingMovesWhateverIsHeld) {
  Skewed w;
  w.config.inventory_skew = {};
  w.hold_all("0", "100000", "2", "0");
  EXPECT_EQ(w.to_kraken(), Rate::bps(5));
  EXPECT_EQ(w.to_binance(), Rate::bps(5));
  EXPECT_FALSE(w.skew.refresh(w.universe, w.ledger));
}

TEST(InventorySkew, AnAssetThatAVenueHasNotToldOfCountsAsOnTarget) {
  Skewed w;
  hold(w.ledger, w.binance, w.btc, "1");
  hold(w.ledger, w.binance, w.usdt, "1000");
  w.skew.restart(w.universe, w.config);
  EXPECT_FALSE(w.skew.refresh(w.universe, w.ledger));
  EXPECT_EQ(w.to_kraken(), Rate::bps(5));
  hold(w.ledger, w.kraken, w.btc, "0");
  EXPECT_TRUE(w.skew.refresh(w.universe, w.ledger));
  EXPECT_GT(w.to_kraken(), Rate::bps(5));
}

// A trade that is asked for less one way is asked for as much more the other, and its own effect never makes
// it cheaper still.
TEST(InventorySkew, TheTwoWaysMirrorEachOtherAndTradingAWayMakesItDearer) {
  Rng rng(3);
  for (int round = 0; round < 500; ++round) {
    Skewed w;
    const auto amount = [&](std::uint64_t most) {
      return Decimal::from_scaled(static_cast<std::int64_t>(1 + rng.below(most)), 4).to_string();
    };
    w.hold_all(amount(90'000), amount(900'000'000), amount(90'000), amount(900'000'000));
    const Rate there = w.to_kraken();
    EXPECT_EQ(there.ppb + w.to_binance().ppb, 2 * w.config.min_edge.ppb);
    EXPECT_GE(there, w.skew.lowest());
    // Bought on binance, sold on kraken, a tenth of what is there.
    const Decimal coins = *w.ledger.balance(w.kraken, w.btc).divide_floor(d("10"), 8);
    const Decimal money = *w.ledger.balance(w.binance, w.usdt).divide_floor(d("10"), 8);
    const auto change = [&](VenueId venue, AssetId asset, Decimal by) {
      ASSERT_TRUE(w.ledger.correct(venue, asset, w.ledger.balance(venue, asset) + by).ok());
    };
    change(w.binance, w.btc, coins);
    change(w.kraken, w.btc, -coins);
    change(w.binance, w.usdt, -money);
    change(w.kraken, w.usdt, money);
    w.skew.refresh(w.universe, w.ledger);
    EXPECT_GE(w.to_kraken(), there);
  }
}

}  // namespace
}  // namespace ats::core
