#include "core/books/trade_averages.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "base/rng.hpp"

namespace ats::core {
namespace {

Universe universe_with(Duration over, bool band = true) {
  Universe u;
  Instrument i;
  i.venue = u.add_venue("binance", {});
  i.base = u.add_asset("BTC");
  i.quote = u.add_asset("USDT");
  i.symbol = "BTCUSDT";
  if (band) i.band = {{200'000'000}, {5'000'000'000}, {200'000'000}, {5'000'000'000}, over};
  u.add_instrument(i);
  return u;
}

Trade trade(std::int64_t price, std::int64_t quantity) {
  return {{0}, {}, Side::Buy, {price}, {quantity}, "1"};
}

TEST(TradeAverages, AnInstrumentWithoutABandOrTradesHasNone) {
  TradeAverages averages;
  averages.restart(universe_with(seconds(300), false));
  averages.on(trade(100, 1), Instant{1});
  EXPECT_FALSE(averages.average({0}, Instant{2}));
  averages.restart(universe_with(seconds(300)));
  EXPECT_FALSE(averages.average({0}, Instant{2}));
  EXPECT_FALSE(averages.average({7}, Instant{2}));
}

TEST(TradeAverages, IsWeightedByQuantityAndFallsBackToTheLastTrade) {
  TradeAverages averages;
  averages.restart(universe_with(seconds(300)));
  const Instant start{seconds(1'000).ns};
  averages.on(trade(100, 1), start);
  averages.on(trade(200, 3), start + seconds(1));
  EXPECT_EQ(averages.average({0}, start + seconds(2)), Price{175});
  EXPECT_EQ(averages.average({0}, start + seconds(900)), Price{200}) << "all of them are old";
}

TEST(TradeAverages, WithoutATimeTheLastTradeCounts) {
  TradeAverages averages;
  averages.restart(universe_with({}));
  averages.on(trade(100, 50), Instant{1});
  averages.on(trade(300, 1), Instant{2});
  EXPECT_EQ(averages.average({0}, Instant{3}), Price{300});
}

// Against all trades kept: those surely within the time are in it, those surely older are not.
TEST(TradeAverages, LiesBetweenThePricesOfTheTime) {
  TradeAverages averages;
  averages.restart(universe_with(seconds(300)));
  Rng rng(11);
  struct Seen {
    Instant at;
    std::int64_t price;
  };
  std::deque<Seen> seen;
  Instant now{seconds(5'000).ns};
  for (int n = 0; n < 50'000; ++n) {
    now = now + milliseconds(static_cast<std::int64_t>(rng.below(20'000)));
    const auto price = 1 + static_cast<std::int64_t>(rng.below(1'000'000));
    averages.on(trade(price, 1 + static_cast<std::int64_t>(rng.below(1'000))), now);
    seen.push_back({now, price});
    while (now - seen.front().at > seconds(300)) seen.pop_front();
    std::int64_t lowest = price;
    std::int64_t highest = price;
    for (const Seen& each : seen) {
      lowest = std::min(lowest, each.price);
      highest = std::max(highest, each.price);
    }
    const auto average = averages.average({0}, now);
    ASSERT_TRUE(average);
    ASSERT_GE(average->units, lowest);
    ASSERT_LE(average->units, highest);
  }
}

}  // namespace
}  // namespace ats::core
