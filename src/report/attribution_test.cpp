#include "report/attribution.hpp"

#include <gtest/gtest.h>

#include "report/testing.hpp"

namespace ats::report {
namespace {

using testing::d;
using testing::Written;

// Cash and what is left of the base at its mark, by the marks alone: what the terms have to come to.
Decimal by_marks(const Execution& x) {
  Decimal sum;
  for (const Amounts::Amount& changed : x.changed()) {
    for (const AssetMark& mark : x.marks) {
      if (mark.asset == changed.asset) sum += mark.price.multiply(changed.amount).value();
    }
  }
  return sum;
}

// docs/decisions/0017-attribution.md tells this one number by number.
Written worked_example() {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.04"}, {"60010", "0.1"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.1"}}));
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1"), "0.1", "60010", "0.0001", w.btc);
  Written::fill(w.order(w.at_kraken, Side::Sell, "0.0999"), "0.06", "60600", "7.272", w.usdt);
  Written::fill(w.order(w.at_binance, Side::Sell, "0.0399", true), "0.0399", "59990", "2.393601",
                w.usdt);
  return w;
}

TEST(Attribution, TheWorkedExampleComesOutAsItIsWritten) {
  const Written w = worked_example();
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.promised, d("59.4"));
  EXPECT_EQ(a.made, d("0.06"));
  EXPECT_EQ(a.terms.quoted_edge, d("59.341"));
  EXPECT_EQ(a.terms.fees, d("15.666601"));
  EXPECT_EQ(a.terms.slippage, d("0.4"));
  EXPECT_EQ(a.terms.leg_cost, d("24.339"));
  EXPECT_TRUE(a.terms.conversion.is_zero());
  EXPECT_TRUE(a.terms.revaluation.is_zero());
  EXPECT_EQ(a.terms.realised, d("18.935399"));
  EXPECT_EQ(a.changed.of(w.usdt), d("18.935399"));
  EXPECT_TRUE(a.changed.of(w.btc).is_zero());
  EXPECT_EQ(quoted_rate(w.x).ppb, 9'899'010) << "6060 / 6000.6, rounded down";
}

TEST(Attribution, ATradeThatWentAsQuotedEarnsItsEdgeLessFees) {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.2"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.2"}}));
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1"), "0.1", "60000", "6", w.usdt);
  Written::fill(w.order(w.at_kraken, Side::Sell, "0.1"), "0.1", "60600", "12.12", w.usdt);
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.terms.quoted_edge, d("60"));
  EXPECT_EQ(a.terms.fees, d("18.12"));
  EXPECT_TRUE(a.terms.slippage.is_zero());
  EXPECT_TRUE(a.terms.leg_cost.is_zero());
  EXPECT_EQ(a.terms.realised, d("41.88"));
}

// Its quote filled as the level it was; the hedge sold lower than the book showed when the quote was priced.
TEST(Attribution, TheHedgeOfAQuoteIsItsOtherLeg) {
  Written w;
  w.quote(w.side(w.at_kraken, "0.1", {{"59780", "0.1"}}),
          w.side(w.at_binance, "0.1", {{"60000", "0.2"}}));
  w.x.strategy = Strategy::Maker;
  Written::fill(w.order(w.at_kraken, Side::Buy, "0.1"), "0.1", "59780", "9.5648", w.usdt);
  Written::fill(w.order(w.at_binance, Side::Sell, "0.1", true), "0.1", "59990", "5.999", w.usdt);
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.terms.quoted_edge, d("22"));
  EXPECT_EQ(a.terms.fees, d("15.5638"));
  EXPECT_EQ(a.terms.slippage, d("1"));
  EXPECT_TRUE(a.terms.leg_cost.is_zero());
  EXPECT_EQ(a.terms.realised, d("5.4362"));
}

TEST(Attribution, ABetterPriceThanQuotedIsNegativeSlippage) {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.2"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.2"}}));
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1"), "0.1", "59990");
  Written::fill(w.order(w.at_kraken, Side::Sell, "0.1"), "0.1", "60601");
  EXPECT_EQ(attribute(w.x).terms.slippage, d("-1.1"));
}

TEST(Attribution, WhatNeitherLegMadeIsNeitherEarnedNorLost) {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.2"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.2"}}));
  w.order(w.at_binance, Side::Buy, "0.1");
  w.order(w.at_kraken, Side::Sell, "0.1");
  const Attribution missed = attribute(w.x);
  EXPECT_EQ(missed.promised, d("60"));
  EXPECT_TRUE(missed.terms.quoted_edge.is_zero());
  EXPECT_TRUE(missed.terms.realised.is_zero());
  EXPECT_TRUE(missed.venues.empty());

  Written::fill(w.x.legs[0], "0.03", "60000");
  Written::fill(w.x.legs[1], "0.03", "60600");
  const Attribution part = attribute(w.x);
  EXPECT_EQ(part.terms.quoted_edge, d("18"));
  EXPECT_TRUE(part.terms.leg_cost.is_zero());
}

TEST(Attribution, FinishingAShortLegLateCostsWhatItsPriceGaveWay) {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.2"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.2"}}));
  Written::fill(w.order(w.at_kraken, Side::Sell, "0.1"), "0.1", "60600");
  w.order(w.at_binance, Side::Buy, "0.1");
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1", true), "0.1", "60020");
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.terms.quoted_edge, d("60"));
  EXPECT_EQ(a.terms.leg_cost, d("2"));
  EXPECT_EQ(a.terms.realised, d("58"));
}

TEST(Attribution, AResidualIsValuedAtItsMarkAndTheMarkIsRevaluation) {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.2"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.2"}}));
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1"), "0.1", "60000");
  Written::fill(w.order(w.at_kraken, Side::Sell, "0.1"), "0.0999", "60600");
  w.x.marks[0].price = d("60300");
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.changed.of(w.btc), d("0.0001"));
  EXPECT_EQ(a.terms.quoted_edge, d("60"));
  EXPECT_TRUE(a.terms.leg_cost.is_zero()) << "kept, at the price it was to be sold at";
  EXPECT_EQ(a.terms.revaluation, d("-0.03")) << "0.0001 × (60300 − 60600)";
  EXPECT_EQ(a.terms.realised, by_marks(w.x));
}

TEST(Attribution, InventoryTakenOverIsBoughtAtTheMark) {
  // Short 0.01 from before: the broken buy fills it up, and less has to be unwound.
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.2"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.2"}}));
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1"), "0.1", "60000");
  w.order(w.at_kraken, Side::Sell, "0.1");
  Written::fill(w.order(w.at_binance, Side::Sell, "0.09", true), "0.09", "59990");
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.terms.leg_cost, d("54.9")) << "0.09 × (60600 − 59990)";
  EXPECT_EQ(a.terms.revaluation, d("-6")) << "0.01 × (60000 − 60600)";
  EXPECT_EQ(a.terms.realised, by_marks(w.x));
}

TEST(Attribution, InventoryTradedAwayAloneCostsWhatItFallsShortOfTheMark) {
  Written w;
  Written::fill(w.order(w.at_kraken, Side::Sell, "0.5", true), "0.5", "59900", "59.9", w.usdt);
  const Attribution a = attribute(w.x);
  EXPECT_TRUE(a.terms.quoted_edge.is_zero());
  EXPECT_EQ(a.terms.leg_cost, d("50"));
  EXPECT_EQ(a.terms.fees, d("59.9"));
  EXPECT_EQ(a.terms.realised, d("-109.9"));
  EXPECT_EQ(a.terms.realised, by_marks(w.x));
}

TEST(Attribution, AFeeInAThirdAssetCountsAtItsMarkAndAsNothingWithoutOne) {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.2"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.2"}}));
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1"), "0.1", "60000", "0.0075", w.bnb);
  Written::fill(w.order(w.at_kraken, Side::Sell, "0.1"), "0.1", "60600");
  const Attribution without = attribute(w.x);
  EXPECT_TRUE(without.unmarked);
  EXPECT_EQ(without.terms.realised, d("60"));
  EXPECT_EQ(without.changed.of(w.bnb), d("-0.0075")) << "whatever it is worth";
  w.x.marks.push_back({w.bnb, d("600")});
  const Attribution with = attribute(w.x);
  EXPECT_FALSE(with.unmarked);
  EXPECT_EQ(with.terms.fees, d("4.5"));
  EXPECT_EQ(with.terms.realised, d("55.5"));
}

TEST(Attribution, AConversionLeftOpenIsItsMarkAgainstWhatWasCountedOn) {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.2"}}),
          w.side(w.in_usd, "0.1", {{"60600", "0.2"}}));
  w.x.converted = d("6060");
  w.x.converted_into = d("6053.94");  // 0.999
  w.x.marks.push_back({w.usd, d("0.9995")});
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1"), "0.1", "60000");
  Written::fill(w.order(w.in_usd, Side::Sell, "0.1"), "0.1", "60600");
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.terms.quoted_edge, d("53.94"));
  EXPECT_EQ(a.terms.conversion, d("3.03")) << "6060 × (0.9995 − 0.999)";
  EXPECT_EQ(a.terms.realised, d("56.97"));
  EXPECT_EQ(a.terms.realised, by_marks(w.x));
  EXPECT_EQ(a.changed.of(w.usd), d("6060"));
  EXPECT_EQ(quoted_rate(w.x).ppb, 8'990'000);
}

TEST(Attribution, BooksDeeperThanTheLevelsKeptCountAtTheAverageOfTheRest) {
  Written w;
  QuotedSide buy = w.side(w.at_binance, "0.1", {{"60000", "0.04"}});
  buy.notional = d("6003");  // the rest, 0.06, at 60050
  w.quote(buy, w.side(w.at_kraken, "0.1", {{"60600", "0.1"}}));
  Written::fill(w.order(w.at_binance, Side::Buy, "0.1"), "0.07", "60050");
  Written::fill(w.order(w.at_kraken, Side::Sell, "0.1"), "0.07", "60600");
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.terms.quoted_edge, d("40.5")) << "4242 − 2400 − 0.03 × 60050";
  EXPECT_EQ(a.terms.slippage, d("2")) << "0.04 × 50";
}

TEST(Attribution, RebatesLateOrdersAndOverfillsStillAddUp) {
  Written w;
  w.quote(w.side(w.at_binance, "0.1", {{"60000", "0.04"}, {"60010", "0.02"}}),
          w.side(w.at_kraken, "0.1", {{"60600", "0.1"}}));
  Leg& buy = w.order(w.at_binance, Side::Buy, "0.1");
  Written::fill(buy, "0.15", "60011.37", "-0.00001", w.btc);
  Leg& sell = w.order(w.at_kraken, Side::Sell, "0.1");
  Written::fill(sell, "0.02", "60599.99", "0.00002", w.btc);
  Written::fill(sell, "0.05", "60598.01", "-0.01", w.usdt);
  const Attribution a = attribute(w.x);
  EXPECT_EQ(a.terms.sum(), a.terms.realised);
  EXPECT_EQ(a.terms.realised, by_marks(w.x));
}

TEST(Attribution, VenuesAddUpToTheWhole) {
  const Written w = worked_example();
  const Attribution a = attribute(w.x);
  ASSERT_EQ(a.venues.size(), 2u);
  EXPECT_EQ(a.venues[0].fills, 2u);
  EXPECT_EQ(a.venues[0].fees, d("8.394601"));
  EXPECT_EQ(a.venues[1].fees, d("7.272"));
  EXPECT_EQ(a.venues[0].slippage, d("0.4"));
  EXPECT_EQ(a.venues[1].slippage, d("0"));
  EXPECT_EQ(a.venues[1].realised, d("28.728")) << "3636 − 7.272 − 0.06 × 60000";
  EXPECT_EQ(a.venues[0].realised + a.venues[1].realised, a.terms.realised);
}

}  // namespace
}  // namespace ats::report
