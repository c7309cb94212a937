#include "sim/catalogue.hpp"

#include <gtest/gtest.h>

namespace ats::sim {
namespace {

TEST(Catalogue, every_pair_is_listed_on_every_venue_with_the_venues_own_steps_and_spelling) {
  const auto universe =
      simulated_universe({"binance", "kraken"}, {"BTC/USDT", "ETH/USDT", "SOL/USDT"});
  ASSERT_TRUE(universe.ok()) << universe.error();
  EXPECT_EQ(universe->instruments().size(), 6u);
  const VenueId kraken = universe->find_venue("kraken");
  const InstrumentId id = universe->find_instrument(kraken, "BTC/USDT");
  ASSERT_TRUE(id.valid());
  const Instrument& btc = universe->instrument(id);
  EXPECT_EQ(btc.rest_symbol.view(), "XBTUSDT");
  EXPECT_EQ(btc.price_scale, 1);
  EXPECT_EQ(btc.qty_scale, 8);
  EXPECT_NE(universe->venue(kraken).book.checksum, nullptr);
  EXPECT_EQ(universe->venue(universe->find_venue("binance")).book.sequence, SequenceRule::Spanning);
}

TEST(Catalogue, an_asset_nobody_wrote_down_gets_steps_that_fit_its_worth) {
  Universe universe;
  const auto id = list_instrument(universe, "binance", "NEW/USDT");
  ASSERT_TRUE(id.ok());
  const Instrument& i = universe.instrument(*id);
  EXPECT_LE(i.price_decimal({i.tick}), Decimal::of("0.001"));
  EXPECT_LE(i.quantity_decimal({i.lot}), Decimal::of("0.1"));
}

TEST(Catalogue, what_is_not_known_is_named) {
  EXPECT_EQ(simulated_universe({"mtgox"}, {"BTC/USDT"}).error(), "no venue is called 'mtgox'");
  EXPECT_EQ(simulated_universe({"kraken"}, {"BTCUSDT"}).error(),
            "'BTCUSDT' is not a pair like BTC/USDT");
}

}  // namespace
}  // namespace ats::sim
