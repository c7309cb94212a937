// Shifts, the price of a round trip, and whole plans: by hand, and as properties of random holdings.
#include "core/inventory/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::TwoVenues;

constexpr Rate tenth{100'000'000};

std::vector<Holding> holdings(const std::vector<std::pair<Decimal, std::int64_t>>& held_and_ppb) {
  std::vector<Holding> out;
  for (const auto& [held, ppb] : held_and_ppb) {
    Holding h;
    h.venue = {static_cast<VenueId::rep>(out.size())};
    h.asset = {0};
    h.held = h.free = held;
    h.target = {ppb};
    out.push_back(h);
  }
  return out;
}

TEST(Holdings, WhatIsWantedAddsUpToWhatIsHeld) {
  auto h = holdings({{d("1"), 333'333'334}, {d("0"), 333'333'333}, {d("0.0000001"), 333'333'333}});
  judge_holdings(h, tenth);
  EXPECT_EQ(h[0].wanted + h[1].wanted + h[2].wanted, d("1.0000001"));
  EXPECT_TRUE(h[0].off);
  EXPECT_TRUE(h[1].off);
  EXPECT_EQ(h[1].share.ppb, 0);
}

TEST(Holdings, NothingIsShiftedWhileEveryVenueIsWithinTheBand) {
  auto h = holdings({{d("59"), Rate::one / 2}, {d("41"), Rate::one / 2}});
  judge_holdings(h, tenth);
  EXPECT_FALSE(h[0].off);
  EXPECT_TRUE(shifts_needed(h, tenth).empty());
  h = holdings({{d("61"), Rate::one / 2}, {d("39"), Rate::one / 2}});
  judge_holdings(h, tenth);
  EXPECT_TRUE(h[0].off);
  const auto shifts = shifts_needed(h, tenth);
  ASSERT_EQ(shifts.size(), 1u);
  EXPECT_EQ(shifts[0].from.index(), 0u);
  EXPECT_EQ(shifts[0].to.index(), 1u);
  EXPECT_EQ(shifts[0].amount, d("11"));
}

TEST(Holdings, WhatAnOpenOrderHoldsStaysWhereItIs) {
  auto h = holdings({{d("100"), Rate::one / 2}, {d("0"), Rate::one / 2}});
  h[0].free = d("20");
  judge_holdings(h, tenth);
  const auto shifts = shifts_needed(h, tenth);
  ASSERT_EQ(shifts.size(), 1u);
  EXPECT_EQ(shifts[0].amount, d("20"));
}

// The simple truth: after the shifts every venue is within the band, none has sent more than it had free,
// what is held in all has not changed, and there were fewer shifts than venues.
TEST(Holdings, TheShiftsBringEveryVenueWithinTheBandAndNeverTakeMoreThanIsThere) {
  Rng rng(5);
  std::size_t shifted = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t venues = 2 + rng.below(6);
    std::vector<std::pair<Decimal, std::int64_t>> of;
    std::int64_t left = Rate::one;
    for (std::size_t n = 0; n < venues; ++n) {
      const bool empty = rng.below(4) == 0;
      const auto units = static_cast<std::int64_t>(rng.below(1'000'000'000'000));
      const std::int64_t share =
          n + 1 == venues
              ? left
              : static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(left) + 1));
      left -= share;
      of.emplace_back(empty ? Decimal() : Decimal::from_scaled(units, 6), share);
    }
    auto all = holdings(of);
    const Rate band{static_cast<std::int64_t>(10'000'000 + rng.below(400'000'000))};
    judge_holdings(all, band);
    Decimal sum;
    std::vector<Decimal> now;
    std::vector<Decimal> sent(venues);
    for (const Holding& h : all) {
      sum += h.held;
      now.push_back(h.held);
    }
    const auto shifts = shifts_needed(all, band);
    EXPECT_LT(shifts.size(), venues);
    for (const Shift& s : shifts) {
      ++shifted;
      EXPECT_GT(s.amount, Decimal());
      now[s.from.index()] -= s.amount;
      now[s.to.index()] += s.amount;
      sent[s.from.index()] += s.amount;
    }
    const Decimal most = *sum.multiply_floor(band.decimal()) + d("0.0000001");
    Decimal after;
    for (std::size_t n = 0; n < venues; ++n) {
      EXPECT_LE(sent[n], all[n].free);
      EXPECT_GE(now[n], Decimal());
      EXPECT_LE((now[n] - all[n].wanted).abs(), most) << round;
      after += now[n];
    }
    EXPECT_EQ(after, sum);
  }
  EXPECT_GT(shifted, 10'000u);
}

TEST(RoundTrip, CostsWhatTheLevelsAndBothFeesCome) {
  TwoVenues w;
  const Level asks[] = {w.level(w.at_kraken, "60000", "0.3"), w.level(w.at_kraken, "60100", "9")};
  const Level bids[] = {w.level(w.at_binance, "59990", "5")};
  const auto trip = price_round_trip(w.instrument(w.at_kraken), Levels(asks),
                                     w.instrument(w.at_binance), Levels(bids), d("0.500009"));
  ASSERT_TRUE(trip.ok());
  EXPECT_EQ(trip->base, d("0.5"));  // on the lot
  EXPECT_TRUE(trip->whole);
  // 0.3 × 60000 + 0.2 × 60100 = 30020, and 0.2 % of it; 29995 less 0.1 % of it.
  EXPECT_EQ(trip->paid, d("30080.04"));
  EXPECT_EQ(trip->received, d("29965.005"));
  EXPECT_EQ(trip->loss(), d("115.035"));
  EXPECT_EQ(trip->cost.ppb, 3'824'297);  // rounded up
  EXPECT_EQ(trip->buy_deepest, w.price(w.at_kraken, "60100"));
}

TEST(RoundTrip, ABookThatHoldsLessGivesLessAndSaysSo) {
  TwoVenues w;
  const Level asks[] = {w.level(w.at_kraken, "60000", "0.3")};
  const Level bids[] = {w.level(w.at_binance, "59990", "0.2")};
  const auto trip = price_round_trip(w.instrument(w.at_kraken), Levels(asks),
                                     w.instrument(w.at_binance), Levels(bids), d("1"));
  ASSERT_TRUE(trip.ok());
  EXPECT_EQ(trip->base, d("0.2"));
  EXPECT_FALSE(trip->whole);
  const auto none = price_round_trip(w.instrument(w.at_kraken), Levels(std::span<const Level>()),
                                     w.instrument(w.at_binance), Levels(bids), d("1"));
  EXPECT_EQ(none.error(), NoTrip::NoDepth);
  const auto small = price_round_trip(w.instrument(w.at_kraken), Levels(asks),
                                      w.instrument(w.at_binance), Levels(bids), d("0.00009"));
  EXPECT_EQ(small.error(), NoTrip::TooSmall);
  const auto cheap = price_round_trip(
      w.instrument(w.at_kraken),
      Levels(std::span<const Level>(std::vector{w.level(w.at_kraken, "10", "1")})),
      w.instrument(w.at_binance),
      Levels(std::span<const Level>(std::vector{w.level(w.at_binance, "10", "1")})), d("0.4"));
  EXPECT_EQ(cheap.error(), NoTrip::TooSmall) << "4 USDT are below the least of 5";
}

// --- whole plans, of an engine that runs ---

struct Planned : testing::World {
  PlanRules rules;
  InventoryReport report() const { return engine.inventory(rules); }
};

TEST(InventoryPlan, OnTargetNothingIsProposedAndEveryDirectionIsOpen) {
  Planned w;
  w.up();
  const InventoryReport report = w.report();
  EXPECT_TRUE(report.moves.empty());
  ASSERT_EQ(report.directions.size(), 2u);
  EXPECT_FALSE(report.directions[0].shut || report.directions[0].narrow);
  EXPECT_EQ(report.holdings.size(), 4u);
}

// Kraken has no coins: selling there is shut until some come.
void empty_kraken(Planned& w) {
  w.owned[{w.binance, w.btc}] = d("2");
  w.owned[{w.kraken, w.btc}] = d("0");
  w.up();
}

TEST(InventoryPlan, WhatIsShutForWantOfFundsIsSaidAndTheWayBackIsPriced) {
  Planned w;
  empty_kraken(w);
  const InventoryReport report = w.report();
  ASSERT_EQ(report.moves.size(), 1u);
  const Move& move = report.moves[0];
  EXPECT_EQ(move.asset, w.btc);
  EXPECT_EQ(move.shift.from, w.binance);
  EXPECT_EQ(move.shift.to, w.kraken);
  EXPECT_EQ(move.shift.amount, d("1"));
  EXPECT_EQ(move.transfer.state, TransferWay::State::NotKnown);
  ASSERT_EQ(move.forgone.size(), 1u);
  const Direction& shut = report.directions[move.forgone[0]];
  EXPECT_TRUE(shut.shut);
  EXPECT_EQ(shut.sell, w.at_kraken);
  EXPECT_EQ(shut.lacks, w.btc);
  EXPECT_EQ(shut.lacking, w.kraken);
  // Sold on binance for 59995, bought on kraken for 60005, 50000 USDT there: not all of it.
  EXPECT_EQ(move.reverse.sell, w.at_binance);
  EXPECT_EQ(move.reverse.buy, w.at_kraken);
  EXPECT_EQ(move.reverse.moves_back, w.usdt);
  EXPECT_EQ(move.reverse.state, ReverseWay::State::Unbalances);
  EXPECT_EQ(move.recommended, Way::Wait);
  EXPECT_EQ(move.because, Because::NothingKnown);
}

TEST(InventoryPlan, TheCheaperOfTransferAndWayBackIsRecommended) {
  Planned w;
  w.owned[{w.kraken, w.usdt}] = d("130000");
  w.owned[{w.binance, w.usdt}] = d("50000");
  empty_kraken(w);
  w.rules.transfers = {{"binance", "BTC", "bitcoin", d("0.0002"), 40, d("0.001")},
                       {"kraken", "BTC", "bitcoin", d("0.0001"), 40, d("0.0005")},
                       {"binance", "BTC", "lightning", d("0.00001"), 1, d("0")}};
  Move move = w.report().moves.at(0);
  EXPECT_EQ(move.transfer.state, TransferWay::State::Possible);
  EXPECT_EQ(move.transfer.network.view(), "bitcoin");  // lightning leads nowhere
  EXPECT_EQ(move.transfer.fee, d("0.0002"));
  ASSERT_TRUE(move.transfer.cost);
  EXPECT_EQ(move.transfer.cost->floor_to(2), d("11.99"));
  EXPECT_EQ(move.reverse.state, ReverseWay::State::Possible);
  // 1 BTC: 60005 and 0.2 % of it paid, 59995 less 0.1 % got.
  EXPECT_EQ(move.reverse.trip.loss(), d("190.005"));
  EXPECT_EQ(move.recommended, Way::Transfer);
  EXPECT_EQ(move.because, Because::Cheapest);

  w.rules.transfers[0].fee = d("0.01");
  move = w.report().moves.at(0);
  EXPECT_EQ(move.recommended, Way::Reverse);
  w.rules.transfers[0].least = d("1.5");
  move = w.report().moves.at(0);
  EXPECT_EQ(move.transfer.state, TransferWay::State::BelowLeast);
  EXPECT_EQ(move.recommended, Way::Reverse);
  EXPECT_EQ(move.because, Because::OnlyWay);
}

TEST(InventoryPlan, NothingIsPricedFromABookThatIsNotValid) {
  Planned w;
  w.owned[{w.kraken, w.usdt}] = d("130000");
  empty_kraken(w);
  w.send(ConnectionDown{w.kraken, Channel::MarketData});
  const Move move = w.report().moves.at(0);
  EXPECT_EQ(move.reverse.state, ReverseWay::State::NoBook);
  EXPECT_EQ(move.recommended, Way::Wait);
}

TEST(InventoryPlan, AWayBackThatEarnsIsRecommendedEvenWhereNothingIsShut) {
  Planned w;
  w.config.min_edge = Rate::bps(150);  // so that the engine leaves it alone
  w.owned[{w.binance, w.btc}] = d("5");
  w.owned[{w.kraken, w.btc}] = d("2");
  w.owned[{w.kraken, w.usdt}] = d("400000");
  w.owned[{w.binance, w.usdt}] = d("300000");
  w.up();
  w.book(w.at_binance, "60600", "60605", "3");
  w.book(w.at_kraken, "59995", "60000", "3");
  w.wait(milliseconds(200));
  const Move move = w.report().moves.at(0);
  EXPECT_TRUE(move.forgone.empty());
  EXPECT_EQ(move.recommended, Way::Reverse);
  EXPECT_EQ(move.because, Because::Pays);
  EXPECT_LT(move.reverse.trip.cost, Rate{});
}

TEST(InventoryPlan, WaitingIsRecommendedWhileNothingIsShut) {
  Planned w;
  w.owned[{w.binance, w.btc}] = d("5");
  w.owned[{w.kraken, w.btc}] = d("2");
  w.up();
  const Move move = w.report().moves.at(0);
  EXPECT_EQ(move.shift.amount, d("1.5"));
  EXPECT_EQ(move.recommended, Way::Wait);
  EXPECT_EQ(move.because, Because::NothingShut);
}

}  // namespace
}  // namespace ats::core
