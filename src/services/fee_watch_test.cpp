#include "services/fee_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ats::services {
namespace {

using ::testing::HasSubstr;

class FeeWatchTest : public ::testing::Test {
 protected:
  FeeWatchTest() {
    Instrument i;
    i.venue = universe.add_venue("kraken", {});
    i.base = btc = universe.add_asset("BTC");
    i.quote = usdt = universe.add_asset("USDT");
    bnb = universe.add_asset("BNB");
    i.symbol = "BTC/USDT";
    i.price_scale = 2;
    i.qty_scale = 4;
    i.fees = {Rate::bps(16), Rate::bps(26), FeeAsset::Quote, 5};
    id = universe.add_instrument(i);
  }
  // Of 0.5 BTC at 60,000.
  std::optional<std::string> look(std::string_view fee, AssetId in,
                                  Liquidity as = Liquidity::Taker) {
    Fill fill;
    fill.instrument = id;
    fill.id = FillId("T1");
    fill.price = {6'000'000};
    fill.quantity = {5'000};
    fill.fee = Decimal::of(fee);
    fill.fee_asset = in;
    fill.liquidity = as;
    return watch.look(fill, universe);
  }

  Universe universe;
  AssetId btc, usdt, bnb;
  InstrumentId id;
  FeeWatch watch;
};

TEST_F(FeeWatchTest, WhatIsReckonedWithIsNothingToTell) {
  EXPECT_FALSE(look("78", usdt));
  EXPECT_FALSE(look("48", usdt, Liquidity::Maker));
  EXPECT_FALSE(look("0.0013", btc)) << "the same rate of what was received";
  EXPECT_FALSE(look("78.5", usdt)) << "less than a fiftieth";
}

TEST_F(FeeWatchTest, AnotherTierIsToldOnceWithWhatToSet) {
  const auto told = look("30", usdt);
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, HasSubstr("kraken charged 10 bps for a taker's fill"));
  EXPECT_THAT(*told, HasSubstr("reckons with 26"));
  EXPECT_THAT(*told, HasSubstr("venue.kraken.taker_fee_bps = \"10\""));
  EXPECT_FALSE(look("30", usdt)) << "again";
  EXPECT_TRUE(look("60", usdt, Liquidity::Maker)) << "the other kind";
  EXPECT_TRUE(look("36", usdt)) << "it has changed";
}

TEST_F(FeeWatchTest, ARebateIsToldAsWell) {
  const auto told = look("-3", usdt, Liquidity::Maker);
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, HasSubstr("-1 bps"));
}

TEST_F(FeeWatchTest, AFeeInAThirdAssetSaysNothing) { EXPECT_FALSE(look("0.1", bnb)); }

}  // namespace
}  // namespace ats::services
