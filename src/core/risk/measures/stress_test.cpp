// Scenarios by a hand-made table, and losses that add up whatever the positions.
#include "core/risk/measures/stress.hpp"

#include <gtest/gtest.h>

#include <ostream>

#include "base/rng.hpp"

namespace ats {
inline void PrintTo(const Decimal& value, std::ostream* out) { *out << value.to_string(); }
}  // namespace ats

namespace ats::core {
namespace {

Decimal d(std::string_view text) { return Decimal::of(text); }

class Stress : public ::testing::Test {
 protected:
  Stress() {
    binance = universe.add_venue("binance", {});
    kraken = universe.add_venue("kraken", {});
    for (const char* name : {"USDT", "USD", "BTC", "ETH", "USDC"}) universe.add_asset(name);
  }
  AssetId asset(const char* name) const { return universe.find_asset(name); }
  void hold(VenueId venue, const char* name, const char* held, const char* worth) {
    positions.push_back({venue, asset(name), d(held), d(worth)});
  }
  StressResult of(const char* name) {
    for (const Scenario& s : scenarios_for(positions, universe, rules)) {
      if (s.name == name) return stress(s, positions, universe, rules);
    }
    ADD_FAILURE() << "no scenario " << name;
    return {};
  }
  Universe universe;
  VenueId binance, kraken;
  StressRules rules;
  std::vector<Position> positions;
};

TEST_F(Stress, is_what_a_hand_made_table_says) {
  hold(binance, "USDT", "50000", "50000");
  hold(binance, "BTC", "0.5", "30000");
  hold(kraken, "USD", "20000", "19980");
  hold(kraken, "BTC", "1", "60000");
  hold(kraken, "ETH", "-2", "-5000");

  EXPECT_EQ(of("freeze-binance").loss, d("80000"));
  EXPECT_EQ(of("freeze-kraken").loss, d("79980"));  // two ETH are still owed
  EXPECT_EQ(of("slip-usdt").loss, d("2500"));
  EXPECT_EQ(of("fall-20").loss, d("17000"));  // 90,000 less 5,000 owed
  EXPECT_EQ(of("rise-20").loss, d("-17000"));

  const StressResult fall = of("fall-20");
  ASSERT_EQ(fall.assets.size(), 2u);
  EXPECT_EQ(fall.assets[0].asset, asset("BTC"));
  EXPECT_EQ(fall.assets[0].loss, d("18000"));
  EXPECT_EQ(fall.assets[1].loss, d("-1000"));
  ASSERT_EQ(fall.venues.size(), 2u);
  EXPECT_EQ(fall.venues[0].venue, kraken);
  EXPECT_EQ(fall.venues[0].loss, d("11000"));
  EXPECT_EQ(fall.venues[1].loss, d("6000"));
  EXPECT_EQ(fall.what, "all coins -20 %");
  EXPECT_EQ(of("freeze-binance").what, "all that is ours on binance is frozen");
}

TEST_F(Stress, tells_the_worst_first_and_knows_only_what_is_held) {
  hold(binance, "USDT", "1000", "1000");
  hold(kraken, "BTC", "1", "60000");
  const auto scenarios = scenarios_for(positions, universe, rules);
  const auto results = stress_all(scenarios, positions, universe, rules);
  ASSERT_EQ(results.size(), 5u);  // no slip of USDC: none is held
  EXPECT_EQ(results[0].name, "freeze-kraken");
  EXPECT_EQ(results[1].name, "fall-20");
  EXPECT_EQ(results[2].name, "freeze-binance");
  EXPECT_EQ(results[3].name, "slip-usdt");
  EXPECT_EQ(results[4].name, "rise-20");
}

TEST_F(Stress, multiplies_the_shocks_of_a_configured_scenario) {
  hold(binance, "BTC", "1", "60000");
  hold(kraken, "BTC", "1", "60000");
  hold(kraken, "USDC", "100", "100");
  rules.scenarios.push_back({"worse",
                             {{Shock::On::Asset, "BTC", Rate{-500'000'000}},
                              {Shock::On::Venue, "kraken", Rate{-900'000'000}},
                              {Shock::On::Stable, {}, Rate{-100'000'000}}}});
  const StressResult worse = of("worse");
  // binance 30,000; kraken 60,000 · (1 − 0.5 · 0.1) = 57,000; USDC 100 · (1 − 0.1 · 0.9) = 91.
  EXPECT_EQ(worse.loss, d("87091"));
  EXPECT_EQ(worse.what, "BTC -50 %, what is ours on kraken -90 %, all stable-coins -10 %");
  // A configured one stands in for one that always is, by its name.
  rules.scenarios.push_back({"fall-20", {{Shock::On::Coins, {}, Rate{-400'000'000}}}});
  EXPECT_EQ(of("fall-20").loss, d("48000"));
}

TEST_F(Stress, names_positions_without_a_mark_and_counts_them_as_nothing) {
  hold(binance, "BTC", "1", "60000");
  positions.push_back({binance, asset("ETH"), d("3"), std::nullopt});
  EXPECT_EQ(of("fall-20").loss, d("12000"));
  EXPECT_EQ(of("fall-20").not_counted, 1u);
  positions.push_back({kraken, asset("ETH"), d("0"), std::nullopt});
  EXPECT_EQ(of("fall-20").not_counted, 1u);
}

TEST_F(Stress, has_losses_by_asset_and_by_venue_that_add_up_to_the_last_unit) {
  Rng rng(9);
  for (int round = 0; round < 300; ++round) {
    positions.clear();
    for (int n = 0; n < 8; ++n) {
      const Decimal worth = Decimal::from_raw(static_cast<Int128>(rng.next() >> 1) * 1'000 -
                                              static_cast<Int128>(rng.next() >> 1) * 500);
      positions.push_back({{static_cast<VenueId::rep>(rng.below(2))},
                           {static_cast<AssetId::rep>(rng.below(5))},
                           worth,
                           worth});
    }
    Scenario odd{"odd", {}};
    for (int n = 0; n < 3; ++n) {
      odd.shocks.push_back({Shock::On::Coins, {}, Rate{rng.between(-Rate::one, Rate::one)}});
    }
    odd.shocks.push_back({Shock::On::Venue, "kraken", Rate{rng.between(-Rate::one, 0)}});
    rules.scenarios = {odd};
    for (const Scenario& s : scenarios_for(positions, universe, rules)) {
      const StressResult result = stress(s, positions, universe, rules);
      Decimal by_asset, by_venue;
      for (const StressLoss& l : result.assets) by_asset += l.loss;
      for (const StressLoss& l : result.venues) by_venue += l.loss;
      EXPECT_EQ(by_asset, result.loss);
      EXPECT_EQ(by_venue, result.loss);
    }
  }
}

}  // namespace
}  // namespace ats::core
