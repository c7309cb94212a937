// Trades whose two legs are in different money: what is sent, what is left open and shown, where it stops,
// and how a leg that fell short comes home over the currency that is cheapest.

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;

// Kraken lists BTC/USD and USDT/USD as well. Fees: Binance 0.1 % of what is received, Kraken 0.2 % in quote.
class CurrenciesTest : public ::testing::Test, protected testing::World {
 protected:
  CurrenciesTest() {
    usd = universe.add_asset("USD");
    btc_usd = add(btc, usd, "BTC/USD", 2);
    usdt_usd = add(usdt, usd, "USDT/USD", 4);
    owned[{kraken, usd}] = d("50000");
    config.triangular = config.cycles = StrategyMode::Off;
  }

  InstrumentId add(AssetId base, AssetId quote, const char* symbol, std::uint8_t price_scale) {
    Instrument i = instrument(at_kraken);
    i.base = base;
    i.quote = quote;
    i.symbol = i.rest_symbol = symbol;
    i.price_scale = price_scale;
    return universe.add_instrument(i);
  }
  // Everything quiet, a tether worth a dollar less half a basis point.
  void up_with_dollars() {
    start();
    connect();
    no_edge();
    book(btc_usd, "59995", "60005");
    book(usdt_usd, "0.9999", "1.0000", "100000");
    wait(milliseconds(500));
    clear();
  }
  // Somebody pays 60,600 dollars on Kraken, for 0.1.
  void dollar_edge() { book(btc_usd, "60600", "60605", "0.1"); }
  const ExposureStatus* exposure(const CoreStatus& s, AssetId asset) const {
    for (const ExposureStatus& e : s.exposures) {
      if (e.asset == asset) return &e;
    }
    return nullptr;
  }
  void ends_well() {
    EXPECT_TRUE(ledger_is_what_the_venues_own());
    EXPECT_EQ(actions_of_replay(), actions_done());
  }

  AssetId usd;
  InstrumentId btc_usd, usdt_usd;
};

TEST_F(CurrenciesTest, two_legs_leave_and_the_conversion_stays_open) {
  up_with_dollars();
  book(at_binance, "59995", "60000", "0.1");
  dollar_edge();
  ASSERT_EQ(opportunities.size(), 1u);
  const OpportunityFound& seen = opportunities[0];
  EXPECT_EQ(seen.strategy, Strategy::CrossCurrency);
  EXPECT_EQ(seen.refused, RefuseReason::None);
  EXPECT_EQ(seen.profit_asset, usdt);
  ASSERT_EQ(seen.leg_count, 3);
  EXPECT_EQ(seen.legs[0].instrument, at_binance);
  EXPECT_EQ(seen.legs[1].instrument, btc_usd);
  EXPECT_EQ(seen.legs[2].instrument, usdt_usd);
  EXPECT_EQ(seen.legs[2].side, Side::Buy);
  EXPECT_FALSE(seen.legs[2].sent);
  // 0.1 BTC for 6000 USDT brings 0.0999, sold for 6053.94 USD less 12.10788; of 6041.83212 USD
  // 6029.77257 USDT can be bought at 1 and 0.2 %.
  EXPECT_EQ(seen.profit, d("29.77257"));

  ASSERT_EQ(placed.size(), 2u);
  EXPECT_EQ(placed[0].instrument, at_binance);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.1"));
  EXPECT_EQ(placed[1].instrument, btc_usd);
  EXPECT_EQ(placed[1].quantity, quantity(btc_usd, "0.0999"));
  const std::vector<OrderRequest> legs = placed;
  const CoreStatus open = status();
  ASSERT_NE(exposure(open, usd), nullptr);
  EXPECT_TRUE(exposure(open, usd)->change.is_zero());
  EXPECT_GT(exposure(open, usd)->highest, d("6000"));

  ack(legs[0]);
  fill(legs[0], "0.1", "60000");
  ended(legs[0], OrderState::Filled, "0.1");
  ack(legs[1]);
  fill(legs[1], "0.0999", "60600");
  ended(legs[1], OrderState::Filled, "0.0999");
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Completed);
  EXPECT_TRUE(resolved[0].residual.is_zero());
  const CoreStatus s = status();
  EXPECT_EQ(exposure(s, usd)->change, d("6041.83212"));
  EXPECT_EQ(exposure(s, usdt)->change, d("-6000"));
  // A dollar is worth 1 / 0.99995 tether at the mid.
  EXPECT_GT(exposure(s, usd)->worth, d("6042.13"));
  EXPECT_LT(exposure(s, usd)->worth, d("6042.14"));
  EXPECT_EQ(resolved[0].realised.floor_to(1), d("42.1"));
  ends_well();
}

TEST_F(CurrenciesTest, conversions_left_open_have_a_limit_and_the_way_back_is_free) {
  config.max_currency_exposure = d("10000");
  up_with_dollars();
  book(at_binance, "59995", "60000", "0.1");
  dollar_edge();
  ASSERT_EQ(placed.size(), 2u);
  const std::vector<OrderRequest> legs = placed;
  for (const OrderRequest& leg : legs) fill_all(leg);
  ASSERT_EQ(resolved.size(), 1u);
  wait(seconds(1));
  clear();
  // Once more: 12,000 dollars would be open.
  book(btc_usd, "60600", "60605", "0.11");
  ASSERT_EQ(opportunities.size(), 1u);
  EXPECT_EQ(opportunities[0].refused, RefuseReason::CurrencyExposure);
  EXPECT_TRUE(placed.empty());
  // Dollars can be spent: bitcoin is cheap in dollars now.
  clear();
  book(btc_usd, "59395", "59400", "0.11");
  ASSERT_EQ(placed.size(), 2u);
  EXPECT_EQ(placed[0].instrument, btc_usd);
  EXPECT_EQ(placed[0].side, Side::Buy);
  EXPECT_EQ(opportunities[0].profit_asset, usd);
  const std::vector<OrderRequest> back = placed;
  for (const OrderRequest& leg : back) fill_all(leg);
  const CoreStatus s = status();
  EXPECT_LT(exposure(s, usd)->change.abs(), d("600"));
  ends_well();
}

TEST_F(CurrenciesTest, a_short_leg_is_unwound_where_it_is_best_in_any_currency) {
  up_with_dollars();
  book(at_binance, "59995", "60000", "0.1");
  dollar_edge();
  ASSERT_EQ(placed.size(), 2u);
  const std::vector<OrderRequest> legs = placed;
  fill_all(legs[0]);
  ack(legs[1]);
  fill(legs[1], "0.05");
  clear();
  ended(legs[1], OrderState::Cancelled, "0.05");
  // 0.0499 are left; the dollars of Kraken are still the best price for them.
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].instrument, btc_usd);
  EXPECT_EQ(placed[0].quantity, quantity(btc_usd, "0.0499"));
  EXPECT_TRUE(placed[0].unwind);
  const OrderRequest unwind = placed[0];
  fill_all(unwind);
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Unwound);
  ends_well();
}

TEST_F(CurrenciesTest, a_refused_leg_comes_home_in_the_other_currency) {
  up_with_dollars();
  book(at_binance, "59995", "60000", "0.1");
  dollar_edge();
  ASSERT_EQ(placed.size(), 2u);
  const std::vector<OrderRequest> legs = placed;
  fill_all(legs[0]);
  book(btc_usd, "59000", "59010", "0.1");
  clear();
  reject(legs[1]);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].instrument, at_binance);  // 59,995 less 0.1 %
  EXPECT_EQ(placed[0].side, Side::Sell);
  const OrderRequest unwind = placed[0];
  fill_all(unwind);
  EXPECT_TRUE(status().open_executions.empty());
  ends_well();
}

TEST_F(CurrenciesTest, a_base_is_traded_by_one_execution_at_a_time_whatever_the_currency) {
  up_with_dollars();
  book(at_binance, "59995", "60000", "0.1");
  dollar_edge();
  ASSERT_EQ(placed.size(), 2u);
  clear();
  book(at_kraken, "60600", "60605", "0.1");
  EXPECT_TRUE(placed.empty());
  ASSERT_FALSE(opportunities.empty());
  for (const OpportunityFound& seen : opportunities) {
    EXPECT_EQ(seen.refused, RefuseReason::PairBusy);
  }
}

TEST_F(CurrenciesTest, what_is_handed_over_halts_all_pairs_of_the_asset_until_the_last_is_resumed) {
  up_with_dollars();
  book(at_binance, "59995", "60000", "0.1");
  dollar_edge();
  ASSERT_EQ(placed.size(), 2u);
  const std::vector<OrderRequest> legs = placed;
  for (const VenueId v : {binance, kraken}) send(ConnectionDown{v, Channel::MarketData});
  fill_all(legs[0]);
  reject(legs[1]);
  wait(seconds(600));
  ASSERT_FALSE(resolved.empty());
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::HandedOver);
  const PairId dollars = instrument(btc_usd).pair;
  EXPECT_TRUE(halted({{}, pair}));
  EXPECT_TRUE(halted({{}, dollars}));

  for (const VenueId v : {binance, kraken}) send(ConnectionUp{v, Channel::MarketData});
  no_edge();
  book(btc_usd, "59995", "60005");
  clear();
  command(resume({{}, pair}));
  book(at_binance, "59995", "60000", "0.1");
  book(at_kraken, "60600", "60605", "0.1");  // an edge in the pair that was resumed
  EXPECT_TRUE(placed.empty()) << "what is open is still in a person's hands";
  ASSERT_FALSE(opportunities.empty());
  EXPECT_EQ(opportunities.back().refused, RefuseReason::PairBusy);
  command(resume({{}, dollars}));
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_TRUE(placed[0].unwind);
  EXPECT_EQ(placed[0].quantity, quantity(at_binance, "0.0999"));
}

TEST_F(CurrenciesTest, three_legs_are_seen_and_not_sent) {
  config.cross_currency = StrategyMode::Off;
  config.triangular = StrategyMode::Observe;
  up_with_dollars();
  dollar_edge();  // against Kraken's own tether price
  ASSERT_EQ(opportunities.size(), 1u);
  EXPECT_EQ(opportunities[0].strategy, Strategy::Triangular);
  EXPECT_EQ(opportunities[0].refused, RefuseReason::ObserveOnly);
  EXPECT_EQ(opportunities[0].leg_count, 3);
  EXPECT_GT(opportunities[0].profit, d("0"));
  EXPECT_TRUE(placed.empty());
  const CoreStatus s = status();
  ASSERT_EQ(s.cycles.size(), 1u);
  EXPECT_EQ(s.cycles[0].refused, RefuseReason::ObserveOnly);
  ends_well();
}

// Without a book between the two the configured rate counts, until it is too old.
TEST_F(CurrenciesTest, a_configured_rate_converts_while_it_is_young) {
  ASSERT_TRUE(config.rates.add({"USDT", "USD", d("1"), "desk", wall}));
  config.rate_max_age = seconds(30);
  start();
  connect();
  no_edge();
  book(btc_usd, "59995", "60005");
  wait(milliseconds(500));
  clear();
  book(at_binance, "59995", "60000", "0.1");
  dollar_edge();
  ASSERT_EQ(opportunities.size(), 1u);
  EXPECT_FALSE(opportunities[0].legs[2].instrument.valid());
  EXPECT_EQ(opportunities[0].profit, d("41.83212"));
  ASSERT_EQ(placed.size(), 2u);
  const std::vector<OrderRequest> legs = placed;
  for (const OrderRequest& leg : legs) fill_all(leg);
  book(btc_usd, "59995", "60005");
  wait(seconds(31));
  clear();
  dollar_edge();
  EXPECT_TRUE(opportunities.empty());
  EXPECT_TRUE(placed.empty());
  ends_well();
}

// A venue's numbers in another currency are capped by what they are worth, not by their size.
TEST_F(CurrenciesTest, the_largest_order_is_counted_in_the_reporting_asset) {
  config.max_order_notional = d("3000");
  up_with_dollars();
  book(at_binance, "59995", "60000", "0.1");
  dollar_edge();
  ASSERT_EQ(placed.size(), 2u);
  for (const OrderRequest& leg : placed) {
    const Instrument& on = instrument(leg.instrument);
    EXPECT_LE(on.notional(leg.price, leg.quantity), d("3001"));
    EXPECT_GE(on.notional(leg.price, leg.quantity), d("2900"));
  }
}

}  // namespace
}  // namespace ats::core
