// What an execution tells when it opens and when it ends: enough to account for every unit of it later.
#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

std::vector<ExecutionOpened> opened(const World& w) {
  std::vector<ExecutionOpened> found;
  for (const Action& action : w.all) {
    if (const auto* o = std::get_if<ExecutionOpened>(&action)) found.push_back(*o);
  }
  return found;
}

TEST(Told, AnExecutionThatOpensTellsTheLevelsItSawAndWhatTheyCameTo) {
  World w;
  w.up();
  const Level bids[] = {w.level(w.at_binance, "59995", "1")};
  const Level asks[] = {w.level(w.at_binance, "60000", "0.04"),
                        w.level(w.at_binance, "60010", "0.1"), w.level(w.at_binance, "61000", "5")};
  w.send(BookSnapshot{w.at_binance, w.times(), 1, std::nullopt, bids, asks});
  w.now = w.now + milliseconds(3);
  w.book(w.at_kraken, "60600", "60605", "0.1");

  ASSERT_EQ(w.placed.size(), 2u);
  const auto told = opened(w);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].execution, w.placed[0].execution);
  const SeenBook& buy = told[0].buy;
  EXPECT_EQ(buy.instrument, w.at_binance);
  EXPECT_EQ(static_cast<BookState>(buy.state), BookState::Valid);
  EXPECT_EQ(buy.age, milliseconds(3));
  EXPECT_EQ(buy.quantity, w.placed[0].quantity);
  EXPECT_EQ(buy.other, bids[0]);
  ASSERT_EQ(buy.level_count, 3);
  EXPECT_EQ(buy.levels[2], asks[2]) << "levels behind the deepest used are shown as well";
  EXPECT_EQ(buy.notional, d("6000.6")) << "0.04 at 60000 and 0.06 at 60010";
  EXPECT_EQ(told[0].sell.instrument, w.at_kraken);
  EXPECT_EQ(told[0].sell.age, Duration{});
  EXPECT_EQ(told[0].sell.notional, d("6060"));
  EXPECT_TRUE(told[0].converted.is_zero());
}

TEST(Told, WhatIsNotTakenTellsNothingOfBooks) {
  World w;
  w.up();
  w.send(CommandReceived{HaltCommand{{}, "me", "test"}});
  w.edge();
  EXPECT_FALSE(w.opportunities.empty());
  EXPECT_TRUE(opened(w).empty());
}

TEST(Told, AnEndStatesTheMarksOfWhatItMovedAndOfFeesInAThirdAsset) {
  World w;
  w.up();
  w.edge();
  ASSERT_EQ(w.placed.size(), 2u);
  for (const OrderRequest& order : std::vector(w.placed)) w.fill_all(order);
  ASSERT_EQ(w.resolved.size(), 1u);
  const ExecutionResolved& end = w.resolved[0];
  EXPECT_EQ(end.reporting, w.usdt);
  ASSERT_EQ(end.mark_count, 2) << "BNB was never marked, and nobody paid with it";
  EXPECT_EQ(end.marks[0].asset, w.btc);
  EXPECT_FALSE(end.marks[0].price.is_zero());
  EXPECT_EQ(end.marks[1].asset, w.usdt);
  EXPECT_EQ(end.marks[1].price, d("1"));
}

}  // namespace
}  // namespace ats::core
