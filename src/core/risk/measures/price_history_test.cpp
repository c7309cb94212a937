// Bars by hand, gaps and rings beside a map that forgets nothing.
#include "core/risk/measures/price_history.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/rng.hpp"

namespace ats::core {
namespace {

constexpr AssetId btc{0}, eth{1}, xrp{2};
WallTime at(std::int64_t second) {
  return WallTime{1'700'000'040'000'000'000 + seconds(second).ns};
}
// 1'700'000'040 s is a whole minute.

TEST(PriceBars, close_at_the_last_fresh_mark_of_the_bar_and_leave_out_the_bar_that_has_not_ended) {
  PriceBars bars(seconds(60), 100);
  bars.mark(btc, at(0), 100);
  bars.mark(btc, at(59), 110);
  bars.mark(btc, at(60), 111);
  bars.mark(btc, at(119), 121);
  bars.mark(btc, at(120), 500);
  const auto closes = bars.closes(btc);
  ASSERT_EQ(closes.size(), 2u);
  EXPECT_EQ(closes[0].end, at(60));
  EXPECT_EQ(closes[0].close, 110);
  EXPECT_EQ(closes[1].close, 121);
  const AssetId assets[] = {btc};
  const ReturnTable table = bars.returns(assets);
  ASSERT_EQ(table.bars, 1u);
  EXPECT_NEAR(table.of(0)[0], 0.1, 1e-12);
  EXPECT_EQ(table.last_end, at(120));
  EXPECT_EQ(bars.returns_of(btc), 1u);
}

TEST(PriceBars, without_a_fresh_mark_have_no_return_there_nor_in_the_next) {
  PriceBars bars(seconds(60), 100);
  for (int minute = 0; minute < 5; ++minute) {
    if (minute != 2) bars.mark(btc, at(minute * 60), 100 + minute);
    bars.mark(eth, at(minute * 60), 10);
  }
  bars.pass(at(5 * 60));
  const AssetId assets[] = {btc, eth, xrp};
  const ReturnTable table = bars.returns(assets);
  ASSERT_EQ(table.bars, 4u);
  EXPECT_DOUBLE_EQ(table.of(0)[0], 101.0 / 100 - 1);
  EXPECT_TRUE(std::isnan(table.of(0)[1]));
  EXPECT_TRUE(std::isnan(table.of(0)[2]));
  EXPECT_DOUBLE_EQ(table.of(0)[3], 104.0 / 103 - 1);
  for (const double r : table.of(1)) EXPECT_EQ(r, 0);
  for (const double r : table.of(2)) EXPECT_TRUE(std::isnan(r));  // never marked
  EXPECT_EQ(bars.returns_of(btc), 2u);
  EXPECT_EQ(bars.returns_of(xrp), 0u);
}

TEST(PriceBars, take_no_mark_that_is_none_nor_one_of_a_bar_left_behind) {
  PriceBars bars(seconds(60), 100);
  bars.mark(btc, at(60), 100);
  bars.mark(btc, at(0), 7);  // the clock was set back
  bars.mark(btc, at(61), 0);
  bars.mark(btc, at(62), std::nan(""));
  bars.mark(btc, at(63), -1);
  bars.pass(at(0));
  bars.pass(at(120));
  ASSERT_EQ(bars.closes(btc).size(), 1u);
  EXPECT_EQ(bars.closes(btc)[0].close, 100);
}

TEST(PriceBars, without_two_closes_have_no_returns) {
  PriceBars bars(seconds(60), 100);
  const AssetId assets[] = {btc};
  EXPECT_EQ(bars.returns(assets).bars, 0u);
  EXPECT_FALSE(bars.returns(assets).last_end.told());
  bars.mark(btc, at(0), 100);
  bars.pass(at(60));
  EXPECT_EQ(bars.returns(assets).bars, 0u);
  EXPECT_TRUE(bars.closes(eth).empty());
}

TEST(PriceBars, are_those_of_a_map_that_forgets_nothing_as_far_as_the_ring_goes) {
  Rng rng(20);
  for (int round = 0; round < 50; ++round) {
    constexpr std::size_t kept = 17;
    PriceBars bars(seconds(60), kept);
    std::map<std::int64_t, std::map<AssetId, double>> model;
    std::int64_t second = 0;
    std::int64_t bar = 0;
    for (int step = 0; step < 400; ++step) {
      second += rng.one_in(40) ? rng.between(0, 60 * 40) : rng.between(0, 40);
      bar = second / 60;
      if (rng.one_in(3)) {
        bars.pass(at(second));
        continue;
      }
      const AssetId asset{static_cast<AssetId::rep>(rng.below(3))};
      const double close = 1 + rng.unit();
      bars.mark(asset, at(second), close);
      model[bar][asset] = close;
    }
    for (const AssetId asset : {btc, eth, xrp}) {
      std::vector<PriceBars::Close> expected;
      for (const auto& [n, closes] : model) {
        if (n >= bar || n < bar - static_cast<std::int64_t>(kept)) continue;
        if (const auto found = closes.find(asset); found != closes.end()) {
          expected.push_back({at((n + 1) * 60), found->second});
        }
      }
      const auto seen = bars.closes(asset);
      ASSERT_EQ(seen.size(), expected.size());
      for (std::size_t n = 0; n < seen.size(); ++n) {
        EXPECT_EQ(seen[n].end, expected[n].end);
        EXPECT_EQ(seen[n].close, expected[n].close);
      }
    }
  }
}

TEST(PriceHistory, chooses_the_longest_bars_that_have_enough_returns) {
  PriceHistory history;
  const AssetId assets[] = {btc};
  EXPECT_EQ(history.choose(assets, hours(24), 100).bar(), seconds(60));
  // Five days of a mark every half an hour: 239 minutes with a close are never neighbours, 119 hours are.
  for (int n = 0; n < 240; ++n) history.mark(btc, at(n * 1800), 100 + n);
  EXPECT_EQ(history.choose(assets, hours(24), 100).bar(), hours(1));
  EXPECT_EQ(history.choose(assets, hours(24), 3).bar(), hours(24));
  EXPECT_EQ(history.choose(assets, hours(4), 3).bar(), hours(1));
  // Nothing has a thousand: the one that has most.
  EXPECT_EQ(history.choose(assets, hours(24), 1000).bar(), hours(1));
  // An asset that has too few everywhere does not count; one that has enough in shorter bars does.
  const AssetId both[] = {btc, eth};
  EXPECT_EQ(history.choose(both, hours(24), 3).bar(), hours(24));
  for (int n = 0; n < 8; ++n) history.mark(eth, at(240 * 1800 + n * 3600), 10);
  EXPECT_EQ(history.choose(both, hours(24), 3).bar(), hours(1));
  history.clear();
  EXPECT_TRUE(history.bars(1).closes(btc).empty());
}

}  // namespace
}  // namespace ats::core
