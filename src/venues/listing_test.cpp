// What every simulated venue lists must be sound: the rules of Instrument, for prices of every size.
#include <gtest/gtest.h>

#include "venues/client.hpp"

namespace ats::venues {
namespace {

TEST(SimulatedListing, DigitsInFrontOfThePointAreCounted) {
  EXPECT_EQ(integer_digits(Decimal::of("61700")), 5);
  EXPECT_EQ(integer_digits(Decimal::of("10")), 2);
  EXPECT_EQ(integer_digits(Decimal::of("9.99")), 1);
  EXPECT_EQ(integer_digits(Decimal::of("0.61")), 0);
  EXPECT_EQ(integer_digits(Decimal::of("0.1")), 0);
  EXPECT_EQ(integer_digits(Decimal::of("0.00107")), -2);
  EXPECT_EQ(integer_digits(Decimal{}), -18);
}

TEST(SimulatedListing, EveryVenueListsSoundInstrumentsAtPricesOfEverySize) {
  for (const Protocol* protocol : protocols()) {
    if (protocol->make_server == nullptr) continue;
    ASSERT_NE(protocol->simulated_listing, nullptr) << protocol->name;
    int listed = 0;
    for (const char* quote : {"USD", "USDT", "USDC", "BTC", "KRW"}) {
      for (const char* text : {"0.00000012", "0.0000079", "0.107", "0.61", "10.4", "163", "2680",
                               "61700", "85100000"}) {
        const Decimal price = Decimal::of(text);
        const auto i = protocol->simulated_listing("ETH", quote, price);
        if (!i) continue;
        ++listed;
        SCOPED_TRACE(std::string(protocol->name) + " ETH/" + quote + " at " + text);
        EXPECT_FALSE(i->symbol.view().empty());
        EXPECT_GT(i->tick, 0);
        EXPECT_GT(i->lot, 0);
        EXPECT_LE(i->price_scale, 12);
        EXPECT_LE(i->qty_scale, 12);
        ASSERT_LE(i->price_scale + i->qty_scale, Decimal::scale);
        for (const TickStep& step : i->ladder.steps()) EXPECT_EQ(step.tick % i->tick, 0);
        // The market can move at least a hundredth of a percent without a step, or by few steps.
        const auto units = price.to_scaled_floor(i->price_scale);
        ASSERT_TRUE(units.ok());
        EXPECT_GE(*units / i->tick_at({*units}), 100) << "a tick of over one percent";
      }
    }
    EXPECT_GT(listed, 0) << protocol->name;
  }
}

TEST(SimulatedListing, EveryVenueGivesKeysThatDependOnTheSeedAlone) {
  const std::string one(64, 'a');
  const std::string two(64, 'b');
  for (const Protocol* protocol : protocols()) {
    if (protocol->make_server == nullptr) continue;
    ASSERT_NE(protocol->simulated_credentials, nullptr) << protocol->name;
    const Credentials first = protocol->simulated_credentials(one);
    EXPECT_EQ(first.key, protocol->simulated_credentials(one).key);
    EXPECT_EQ(first.secret, protocol->simulated_credentials(one).secret);
    EXPECT_NE(first.secret, protocol->simulated_credentials(two).secret);
    EXPECT_TRUE(first.present());
  }
}

}  // namespace
}  // namespace ats::venues
