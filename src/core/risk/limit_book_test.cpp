// Each limit has a story: it warns, it is reached, and it is well again.
#include "core/risk/limit_book.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "core/executor/testing.hpp"
#include "core/risk/measures/profit_book.hpp"
#include "core/risk/measures/testing.hpp"
#include "core/risk/testing_gate.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::StillDesk;
using testing::TwoVenues;

class LimitBookTest : public ::testing::Test {
 protected:
  LimitBookTest() {
    config.limits = {};
    config.confirm_for = seconds(1);
    config.cool_down = seconds(60);
    order.id = {1};
    order.instrument = w.at_binance;
    order.price = w.price(w.at_binance, "60000");
    order.quantity = w.quantity(w.at_binance, "0.1");
    facts = testing::good_facts(w.instrument(w.at_binance));
    facts.now = now;
  }
  // With these limits and those that the configuration always has, set wide.
  void with(std::initializer_list<const char*> limits) {
    const Decimal wide = Decimal::from_int(1'000'000'000);
    config.max_order_notional = config.max_exposure = config.max_currency_exposure = wide;
    config.max_daily_loss = wide;
    config.max_open_executions = 1'000'000;
    for (const char* text : limits) ASSERT_TRUE(config.limits.add(*parse_limit(text))) << text;
    marks.bind(w.universe.assets().size(), w.universe.find_asset(config.reporting_asset.view()));
    marks.refresh(w.universe, std::vector<std::optional<Decimal>>(w.universe.instruments().size()));
    earned.restart(w.universe, marks.reporting());
    book.restart(w.universe, config, now);
    book.watch(desk);
    book.watch(earned);
    tick();
    told.clear();
  }
  // A reading of everything, a quarter of a second later.
  void tick(int times = 1) {
    for (; times > 0; --times) {
      now = now + milliseconds(250);
      wall = wall + milliseconds(250);
      std::vector<LimitNews> news;
      book_money(profit - money, {});
      earned.on_time(marks, wall);
      book.on_timer(now, news);
      for (const LimitNews& item : news) told.push_back(line(item));
    }
    facts.now = now;
  }
  void book_money(Decimal amount, OrderId by) {
    if (amount.is_zero()) return;
    Booked entry;
    entry.kind = EntryKind::Fill;
    entry.order = by;
    entry.count = 1;
    entry.postings[0] = {Account::Venue, w.binance, marks.reporting(), amount};
    money += amount;
    earned.on(std::array<Action, 1>{entry}, w.universe);
  }
  // A trade in BTC/USDT is resolved.
  void resolve(Strategy strategy, Decimal made) {
    OrderRequest leg = order;
    leg.id = {++trades + 1'000'000};
    leg.execution = {trades};
    OpportunityFound found;
    found.execution = leg.execution;
    found.strategy = strategy;
    earned.on(std::array<Action, 2>{testing::approved(leg), found}, w.universe);
    book_money(made.is_zero() ? d("1") : made, leg.id);
    if (made.is_zero()) book_money(d("-1"), leg.id);
    ExecutionResolved end;
    end.execution = leg.execution;
    end.pair = w.pair;
    end.reporting = marks.reporting();
    earned.on(std::array<Action, 1>{end}, w.universe);
    book.profit_changed();
    profit += made;
  }
  std::string line(const LimitNews& item) const {
    const char* what[] = {"nothing", "warned", "cleared", "reached", "released"};
    return std::string(what[static_cast<int>(item.what)]) + " " + name(book.at(item.limit).kind) +
           " " + to_text(book.at(item.limit).scope);
  }
  // The limit that refuses the order, or nothing.
  std::string refused() {
    book.orders_changed();
    book.holdings_changed();
    const auto breach = book.ask(order, facts);
    if (!breach) return "";
    return std::string(name(breach->kind)) + " " + breach->value.to_string() + " of " +
           breach->bound.to_string();
  }
  // A value below the warning, past it, and past the hard level: what is refused is said, and the order is let
  // pass again when the value is well.
  template <class Set>
  void order_story(Set set, Decimal well, Decimal warned, Decimal hard, std::string_view answer) {
    set(well);
    EXPECT_EQ(refused(), "");
    tick();
    EXPECT_TRUE(told.empty()) << told.front();
    set(warned);
    EXPECT_EQ(refused(), "") << "it is a warning";
    tick();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_TRUE(told[0].starts_with("warned")) << told[0];
    set(hard);
    EXPECT_EQ(refused(), answer);
    set(well);
    EXPECT_EQ(refused(), "");
    tick();
    ASSERT_EQ(told.size(), 2u);
    EXPECT_TRUE(told[1].starts_with("cleared")) << told[1];
  }
  template <class Set>
  void order_story(Set set, std::int64_t well, std::int64_t warned, std::int64_t hard,
                   std::string_view answer) {
    order_story(set, Decimal::from_int(well), Decimal::from_int(warned), Decimal::from_int(hard),
                answer);
  }

  Decimal lost_today() const {
    std::vector<LimitStatus> all;
    book.status(all);
    for (const LimitStatus& limit : all) {
      if (limit.setting.kind == LimitKind::DailyLoss && limit.known) return limit.value;
    }
    return Decimal::from_int(-1);
  }

  void sell() { order.side = Side::Sell; }

  TwoVenues w;
  CoreConfig config;
  StillDesk desk;
  Marks marks;
  ProfitBook earned;
  std::uint64_t trades = 0;
  Decimal money;  // booked
  LimitBook book;
  OrderRequest order;
  OrderFacts facts;
  Instant now{seconds(1000).ns};
  WallTime wall = wall_from_ms(1'700'000'000'000);  // Tuesday, 14 November 2023, 22:13 UTC
  Decimal profit;
  std::vector<std::string> told;
};

// --- of an order ---

TEST_F(LimitBookTest, AnOrderMayNotTradeForMoreThanItsNotional) {
  with({"order_notional kraken 1", "order_notional binance 7000 warn 6700"});
  order_story([&](Decimal v) { facts.notional = v; }, 6000, 6800, 7001,
              "order_notional 7001 of 7000");
  facts.notional.reset();
  EXPECT_EQ(refused(), "order_notional 0 of 1000000000") << "what is not known is refused";
}

TEST_F(LimitBookTest, AnOrderMayNotBeLargerThanItsQuantity) {
  with({"order_quantity BTC 0.2 warn 0.15"});
  order_story([&](Decimal v) { order.quantity = w.quantity(w.at_binance, v.to_string()); },
              d("0.1"), d("0.16"), d("0.21"), "order_quantity 0.21 of 0.2");
}

TEST_F(LimitBookTest, APriceFarFromAllVenuesIsAFatFingerAlsoOfAnUnwind) {
  with({"price_distance 500 warn 250"});
  const auto set = [&](Decimal v) { facts.price_distance = v; };
  order_story(set, 10, 300, 501, "price_distance 501 of 500");
  order.unwind = true;
  set(Decimal::from_int(501));
  EXPECT_EQ(refused(), "price_distance 501 of 500");
  facts.price_distance.reset();
  EXPECT_EQ(refused(), "") << "with no book to compare it with, it may still end what is open";
  order.unwind = false;
  EXPECT_EQ(refused(), "price_distance 0 of 500");
}

TEST_F(LimitBookTest, APriceFarBeyondTheBestLevelIsOutsideTheCollar) {
  with({"price_collar BTC/USDT 50 warn 20"});
  order_story([&](Decimal v) { facts.price_beyond = v; }, 5, 30, 51, "price_collar 51 of 50");
}

TEST_F(LimitBookTest, ATradeHasToEarnItsSmallestEdge) {
  with({"min_edge strategy cross_venue 8 warn 9", "min_edge strategy maker 100"});
  order_story([&](Decimal v) { facts.edge = Rate::bps(v.to_scaled(0).value()); }, 12, 8, 7,
              "min_edge 7 of 8");
}

TEST_F(LimitBookTest, AnEdgeThatIsTooGoodIsABadQuote) {
  with({"max_edge 150 warn 100"});
  order_story([&](Decimal v) { facts.edge = Rate::bps(v.to_scaled(0).value()); }, 10, 120, 151,
              "max_edge 151 of 150");
}

TEST_F(LimitBookTest, ABookThatIsTooOldIsNotTradedOn) {
  with({"book_age binance 3 warn 2"});
  order_story([&](Decimal v) { facts.book_age = seconds(v.to_scaled(0).value()); }, 1, 3, 4,
              "book_age 4 of 3");
}

// --- how many ---

TEST_F(LimitBookTest, OrdersAreCountedWithinASecond) {
  with({"order_rate 5 warn 3"});
  const Instrument& on = w.instrument(w.at_binance);
  facts.new_legs = 2;
  for (int n = 0; n < 4; ++n) book.on_placed(on, Strategy::CrossVenue, now);
  EXPECT_EQ(refused(), "order_rate 6 of 5") << "both legs count before the first leaves";
  tick();
  EXPECT_EQ(told, std::vector<std::string>{"warned order_rate everywhere"});
  tick(4);
  EXPECT_EQ(refused(), "");
  EXPECT_EQ(told.back(), "cleared order_rate everywhere");
}

TEST_F(LimitBookTest, AnOrderRateOfAVenueCountsItsOwn) {
  with({"order_rate kraken 1"});
  for (int n = 0; n < 4; ++n) book.on_placed(w.instrument(w.at_binance), Strategy::CrossVenue, now);
  EXPECT_EQ(refused(), "");
  book.on_placed(w.instrument(w.at_kraken), Strategy::CrossVenue, now);
  order.instrument = w.at_kraken;
  facts.instrument = &w.instrument(w.at_kraken);
  EXPECT_EQ(refused(), "order_rate 2 of 1");
}

TEST_F(LimitBookTest, TooManyCancelsStopQuotesAndThenReduceTheVenue) {
  with({"cancel_rate binance 3 warn 2"});
  order.post_only = true;
  for (int n = 0; n < 8; ++n) {
    for (int each = 0; each < 2; ++each)
      book.on_cancelled(w.instrument(w.at_binance), Strategy::Maker, now);
    tick();
  }
  EXPECT_EQ(refused(), "cancel_rate 4 of 3");
  EXPECT_EQ(told, (std::vector<std::string>{"warned cancel_rate binance",
                                            "reached cancel_rate binance"}));
  order.post_only = false;
  EXPECT_EQ(refused(), "") << "a taker's order cancels nothing";
  order.post_only = true;
  tick(4 * 60 + 4);
  EXPECT_EQ(refused(), "");
  EXPECT_EQ(told.back(), "released cancel_rate binance");
}

TEST_F(LimitBookTest, OpenLegsAreCountedWithTheNewOnes) {
  with({"open_legs 6 warn 3"});
  facts.new_legs = 2;
  order_story([&](Decimal v) { desk.legs = static_cast<std::uint32_t>(v.to_scaled(0).value()); }, 0,
              4, 5, "open_legs 7 of 6");
}

TEST_F(LimitBookTest, OpenTradesAreCountedWithTheNewOne) {
  with({"open_trades BTC 4 warn 2"});
  order_story([&](Decimal v) { desk.trades = static_cast<std::uint32_t>(v.to_scaled(0).value()); },
              0, 3, 4, "open_trades 5 of 4");
}

// --- what is held and what is open ---

TEST_F(LimitBookTest, APositionIsNotAddedToBeyondItsBound) {
  desk.price[w.btc] = d("60000");
  with({"position BTC 100000 warn 80000"});
  const auto set = [&](Decimal btc) { desk.balances[{w.kraken, w.btc}] = btc; };
  order_story(set, d("1"), d("1.5"), d("1.6"), "position 102000 of 100000");
  set(d("2"));
  sell();
  EXPECT_EQ(refused(), "") << "it makes it smaller";
}

TEST_F(LimitBookTest, APositionSetEverywhereIsEachAssetsUnlessItHasOneOfItsOwn) {
  desk.balances[{w.binance, w.usdt}] = d("50000");
  desk.balances[{w.binance, w.bnb}] = d("10");
  with({"position 20000", "position USDT 70000"});
  EXPECT_EQ(refused(), "") << "6,000 of BTC";
  sell();
  EXPECT_EQ(refused(), "") << "it brings in USDT, of which 70,000 may be held";
  desk.balances[{w.binance, w.usdt}] = d("64001");
  EXPECT_EQ(refused(), "position 70001 of 70000");
}

TEST_F(LimitBookTest, TheOpenNetOfAnAssetIsBounded) {
  with({"net_delta BTC 20000 warn 15000"});
  const auto set = [&](Decimal v) {
    facts.exposure_after = v;
    desk.worst[w.btc] = v;
  };
  order_story(set, 6000, 16000, 20001, "net_delta 20001 of 20000");
  facts.exposure_after.reset();
  EXPECT_EQ(refused(), "net_delta 0 of 20000");
}

TEST_F(LimitBookTest, OpenNetsAddUpToTheGrossExposure) {
  with({"gross_exposure 30000 warn 20000"});
  desk.worst[w.bnb] = d("5000");
  order_story([&](Decimal v) { desk.worst[w.btc] = v; }, 1000, 18000, 19001,
              "gross_exposure 30001 of 30000");
}

TEST_F(LimitBookTest, LongAgainstShortIsTheNetExposure) {
  with({"net_exposure 20000 warn 13000"});
  desk.nets[w.bnb] = d("-10000");
  order_story([&](Decimal v) { desk.nets[w.btc] = v; }, 15000, 23500, 24001,
              "net_exposure 20001 of 20000");
}

TEST_F(LimitBookTest, ACurrencyMayBeGainedOrSpentSoFarAndBeyondThatOnlyTheWayBackIsOpen) {
  config.reporting_asset = "BNB";
  with({"currency_exposure USDT 20000 warn 15000"});
  const auto set = [&](Decimal v) {
    facts.currency_after = v;
    desk.changes[w.usdt] = -v;
  };
  order_story(set, 0, 16000, 20001, "currency_exposure 20001 of 20000");
  set(Decimal::from_int(25000));
  facts.currency_before = Decimal::from_int(26000);
  EXPECT_EQ(refused(), "");
  facts.currency_after.reset();
  EXPECT_EQ(refused(), "currency_exposure 0 of 20000");
}

TEST_F(LimitBookTest, WhatIsHeldOnAVenueStaysWithinItsBounds) {
  desk.balances[{w.binance, w.btc}] = d("1");
  with({"inventory_least binance BTC 0.5 warn 0.7", "inventory_most binance BTC 2 warn 1.5"});
  const auto set = [&](Decimal v) { desk.balances[{w.binance, w.btc}] = v; };
  sell();
  order_story(set, d("1"), d("0.65"), d("0.59"), "inventory_least 0.49 of 0.5");
  order.side = Side::Buy;
  told.clear();
  order_story(set, d("1"), d("1.6"), d("1.95"), "inventory_most 2.05 of 2");
  set(d("0.4"));
  EXPECT_EQ(refused(), "") << "buying brings it back";
}

TEST_F(LimitBookTest, AnAssetMayBeOnlySoMuchOfEverything) {
  desk.balances[{w.kraken, w.usdt}] = d("40000");
  with({"asset_concentration BTC 70 warn 55"});
  order_story(
      [&](Decimal v) {
        desk.balances[{w.binance, w.btc}] = v;
      },
      30000, 53000, 75000, "asset_concentration 70.434782608695652172 of 70");
}

TEST_F(LimitBookTest, MoreOnAVenueThanMayBeLostWithItReducesTheVenue) {
  with({"venue_value 100000 warn 80000"});
  desk.balances[{w.kraken, w.usdt}] = d("90000");
  tick();
  EXPECT_EQ(told, std::vector<std::string>{"warned venue_value kraken"});
  desk.balances[{w.kraken, w.usdt}] = d("100001");
  tick(8);
  EXPECT_EQ(told.back(), "reached venue_value kraken");
  order.instrument = w.at_kraken;
  facts.instrument = &w.instrument(w.at_kraken);
  EXPECT_EQ(refused(), "venue_value 100001 of 100000");
  order.instrument = w.at_binance;
  facts.instrument = &w.instrument(w.at_binance);
  EXPECT_EQ(refused(), "");
  desk.balances[{w.kraken, w.usdt}] = d("10");
  tick(4 * 60 + 1);
  EXPECT_EQ(told.back(), "released venue_value kraken");
}

TEST_F(LimitBookTest, AVenueMayHoldOnlySoMuchOfEverything) {
  desk.balances[{w.binance, w.usdt}] = d("50000");
  with({"venue_concentration kraken 60 warn 55"});
  desk.balances[{w.kraken, w.usdt}] = d("100000");
  tick(8);
  EXPECT_EQ(told, (std::vector<std::string>{"warned venue_concentration kraken",
                                            "reached venue_concentration kraken"}));
  desk.balances[{w.kraken, w.usdt}] = d("20000");
  tick(4 * 60 + 1);
  EXPECT_EQ(told.back(), "released venue_concentration kraken");
}

// --- what was lost ---

TEST_F(LimitBookTest,
       WhatMayBeLostOfEverythingReducesWhenItWasMeasuredTwiceAndRefusesWhileUnknown) {
  with({"value_at_risk 1000 warn 800"});
  std::uint64_t number = 0;
  const auto measured = [&](const char* value) { book.value_at_risk(d(value), ++number); };
  EXPECT_EQ(refused(), "value_at_risk 0 of 1000");
  measured("700");
  EXPECT_EQ(refused(), "");
  tick();
  EXPECT_TRUE(told.empty());
  measured("900");
  EXPECT_EQ(refused(), "") << "it is a warning";
  tick();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0], "warned value_at_risk everywhere");
  measured("1001");
  EXPECT_EQ(refused(), "value_at_risk 1001 of 1000");
  tick(40);
  EXPECT_EQ(told.size(), 1u) << "read forty times, and measured once";
  measured("1002");
  tick();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1], "reached value_at_risk everywhere");
  measured("500");
  tick();
  EXPECT_EQ(told.back(), "cleared value_at_risk everywhere");
  tick(4 * 61);
  EXPECT_EQ(told.back(), "released value_at_risk everywhere");
  book.value_at_risk({}, ++number);
  EXPECT_EQ(refused(), "value_at_risk 0 of 1000");
  order.unwind = true;
  EXPECT_EQ(refused(), "") << "what makes an open net smaller passes";
}

TEST_F(LimitBookTest, TheLossesOfADayAWeekAndAMonthBeginAtMidnightUtc) {
  with({"daily_loss 1000 warn 500", "weekly_loss 1500 warn 1200", "monthly_loss 5000 warn 4000"});
  profit = d("-600");
  tick();
  EXPECT_EQ(told, std::vector<std::string>{"warned daily_loss everywhere"});
  profit = d("-1001");
  tick();
  EXPECT_EQ(refused(), "daily_loss 1001 of 1000") << "refused at once";
  EXPECT_EQ(told.size(), 1u) << "and believed when it has lasted";
  tick(5);
  EXPECT_EQ(told.back(), "reached daily_loss everywhere");
  EXPECT_EQ(lost_today(), d("1001"));
  told.clear();
  wall = wall + hours(24);  // Wednesday
  tick();
  EXPECT_EQ(lost_today(), d("0"));
  EXPECT_EQ(refused(), "") << "a day is over, the week is not";
  profit = d("-1501");
  tick(6);
  EXPECT_EQ(refused(), "weekly_loss 1501 of 1500");
  wall = wall + hours(24 * 5);  // Monday
  tick();
  EXPECT_EQ(refused(), "");
  profit = d("-5001");
  tick(6);
  EXPECT_EQ(refused(), "daily_loss 3500 of 1000");
  EXPECT_NE(std::ranges::find(told, "reached monthly_loss everywhere"), told.end());
  wall = wall + hours(24 * 11);  // 1 December
  tick();
  EXPECT_EQ(refused(), "");
}

TEST_F(LimitBookTest, OneBadTickDoesNotLatch) {
  with({"daily_loss 1000"});
  profit = d("-5000");
  tick();
  profit = d("-10");
  tick(20);
  profit = d("-5000");
  tick(4);
  profit = d("-10");
  tick(20);
  EXPECT_TRUE(told.empty()) << told.front();
}

TEST_F(LimitBookTest, RealisedLossesAreCountedByStrategyPairAndAsset) {
  with({"daily_realised_loss strategy maker 100 warn 50", "weekly_realised_loss BTC/USDT 300",
        "monthly_realised_loss BTC 900"});
  const auto lose = [&](Strategy strategy, std::int64_t amount) {
    resolve(strategy, Decimal::from_int(-amount));
    tick(6);
  };
  lose(Strategy::Maker, 60);
  EXPECT_EQ(told, std::vector<std::string>{"warned daily_realised_loss strategy maker"});
  lose(Strategy::CrossVenue, 200);
  EXPECT_EQ(refused(), "");
  lose(Strategy::Maker, 50);
  EXPECT_EQ(refused(), "weekly_realised_loss 310 of 300");
  EXPECT_NE(std::ranges::find(told, "reached daily_realised_loss strategy maker"), told.end());
  wall = wall + hours(24 * 6);  // the next week
  tick();
  EXPECT_EQ(refused(), "");
  lose(Strategy::CrossVenue, 600);
  EXPECT_EQ(refused(), "weekly_realised_loss 600 of 300");
  EXPECT_NE(std::ranges::find(told, "reached monthly_realised_loss BTC"), told.end());
}

TEST_F(LimitBookTest, ADrawdownIsMeasuredFromTheHighestProfit) {
  with({"drawdown 500 warn 300"});
  profit = d("2000");
  tick();
  profit = d("1650");
  tick();
  EXPECT_EQ(told, std::vector<std::string>{"warned drawdown everywhere"});
  profit = d("1499");
  tick(6);
  EXPECT_EQ(refused(), "drawdown 501 of 500");
  EXPECT_EQ(told.back(), "reached drawdown everywhere");
  profit = d("1900");
  tick();
  EXPECT_EQ(refused(), "");
  EXPECT_EQ(told.back(), "cleared drawdown everywhere");
}

TEST_F(LimitBookTest, TradesInARowThatLostReduceUntilOneEarnsOrAPersonSaysSo) {
  with({"loss_streak BTC 3 warn 2"});
  const auto end = [&](const char* made) {
    resolve(Strategy::CrossVenue, d(made));
    tick(6);
  };
  for (int n = 0; n < 3; ++n) end("-1");
  EXPECT_EQ(told, std::vector<std::string>{"warned loss_streak BTC"});
  end("0");
  EXPECT_EQ(refused(), "") << "a trade of nothing is none";
  end("-1");
  EXPECT_EQ(refused(), "loss_streak 4 of 3");
  EXPECT_EQ(told.back(), "reached loss_streak BTC");
  book.forgive({{}, w.pair});
  EXPECT_EQ(refused(), "");
  for (int n = 0; n < 2; ++n) end("-1");
  end("5");
  EXPECT_EQ(refused(), "");
}

// --- how well it goes ---

TEST_F(LimitBookTest, LegsThatFallShortTooOftenReduceTheirVenue) {
  with({"leg_failures kraken 20 warn 10"});
  for (int n = 0; n < 19; ++n) book.on_leg(w.kraken, true);
  tick(6);
  EXPECT_EQ(refused(), "") << "a few legs prove nothing";
  for (int n = 0; n < 50; ++n) book.on_leg(w.kraken, n % 8 == 0);
  tick(6);
  EXPECT_EQ(told, std::vector<std::string>{"warned leg_failures kraken"});
  for (int n = 0; n < 50; ++n) book.on_leg(w.kraken, n % 4 == 0);
  for (int n = 0; n < 50; ++n) book.on_leg(w.binance, true);
  tick(6);
  EXPECT_EQ(told.back(), "reached leg_failures kraken");
  order.instrument = w.at_kraken;
  facts.instrument = &w.instrument(w.at_kraken);
  EXPECT_EQ(refused(), "leg_failures 26 of 20");
  for (int n = 0; n < 50; ++n) book.on_leg(w.kraken, false);
  tick(4 * 60 + 1);
  EXPECT_EQ(refused(), "");
  EXPECT_EQ(told.back(), "released leg_failures kraken");
}

TEST_F(LimitBookTest, AVenueThatFailsTooOftenIsReducedUntilTheWindowHasPassed) {
  with({"venue_faults 3 warn 2"});
  for (int n = 0; n < 4; ++n) book.on_venue_fault(w.kraken, now);
  tick(6);
  EXPECT_EQ(told, (std::vector<std::string>{"warned venue_faults kraken",
                                            "reached venue_faults kraken"}));
  EXPECT_EQ(refused(), "") << "binance is well";
  tick(4 * 600);
  tick(4 * 60);
  EXPECT_EQ(told.back(), "released venue_faults kraken");
}

TEST_F(LimitBookTest, BooksThatCeaseToBeValidTooOftenReduceTheirVenue) {
  with({"data_faults binance 3 warn 2"});
  for (int n = 0; n < 4; ++n) book.on_data_fault(w.binance, now);
  tick(6);
  EXPECT_EQ(told, (std::vector<std::string>{"warned data_faults binance",
                                            "reached data_faults binance"}));
  EXPECT_EQ(refused(), "data_faults 4 of 3");
  tick(4 * 600);
  tick(4 * 60);
  EXPECT_EQ(told.back(), "released data_faults binance");
}

// --- set while running ---

TEST_F(LimitBookTest, WhatAPersonSetsHoldsAtOnceAndOutlivesARestart) {
  with({"order_notional 7000"});
  EXPECT_EQ(refused(), "");
  const auto before = book.set(*parse_limit("order_notional 5000 warn 4000"));
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(**before, *parse_limit("order_notional 7000"));
  EXPECT_EQ(refused(), "order_notional 6000 of 5000");
  book.restart(w.universe, config, now);
  EXPECT_EQ(refused(), "order_notional 6000 of 5000");
  EXPECT_EQ(book.bound(LimitKind::OrderNotional), d("5000"));
  EXPECT_TRUE(book.take_back(*parse_limit("order_notional 1"))) << "by kind and place";
  EXPECT_EQ(refused(), "");
  EXPECT_FALSE(book.take_back(*parse_limit("order_notional 1")));
}

TEST_F(LimitBookTest, WhatTheFileSaysHoldsAtOnceUnderWhatAPersonSetAndUntilTheNextStart) {
  with({"order_rate 5", "order_rate kraken 3"});
  const auto rate = [&](const char* limit) { return book.in_force(*parse_limit(limit)); };
  ASSERT_EQ(*book.file_says(*parse_limit("order_rate 7"), false), parse_limit("order_rate 5"));
  EXPECT_EQ(rate("order_rate 1"), parse_limit("order_rate 7"));
  EXPECT_FALSE(book.changed(*parse_limit("order_rate 1")));
  ASSERT_TRUE(book.set(*parse_limit("order_rate 2")).ok());
  ASSERT_EQ(*book.file_says(*parse_limit("order_rate 9"), false), parse_limit("order_rate 7"));
  EXPECT_EQ(rate("order_rate 1"), parse_limit("order_rate 2")) << "a person set it";
  EXPECT_TRUE(book.take_back(*parse_limit("order_rate 1")));
  EXPECT_EQ(rate("order_rate 1"), parse_limit("order_rate 9"));

  ASSERT_EQ(*book.file_says(*parse_limit("order_rate kraken 3"), true),
            parse_limit("order_rate kraken 3"));
  EXPECT_EQ(rate("order_rate kraken 1"), std::nullopt);
  ASSERT_EQ(*book.file_says(*parse_limit("position 50"), false), std::nullopt) << "it is new";
  ASSERT_TRUE(book.file_says(*parse_limit("position BTC 20"), false).ok());
  EXPECT_EQ(rate("position BTC 1")->hard, d("20")) << "narrower, whichever came first";
  ASSERT_TRUE(book.file_says(*parse_limit("position 60"), false).ok());
  EXPECT_EQ(rate("position BTC 1")->hard, d("20"));
  EXPECT_EQ(rate("position USDT 1")->hard, d("60"));

  book.restart(w.universe, config, now);
  EXPECT_EQ(rate("order_rate 1"), parse_limit("order_rate 5")) << "a start reads the file anew";
}

TEST_F(LimitBookTest, ALimitOfWhatIsNotThereIsRefusedWithItsReason) {
  with({});
  const auto nowhere = book.set(*parse_limit("order_notional upbit 5000"));
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error(), "there is no upbit here");
}

TEST_F(LimitBookTest, ACountGoesOnOverARestart) {
  with({"loss_streak 3"});
  for (int n = 0; n < 4; ++n) resolve(Strategy::CrossVenue, d("-1"));
  tick();
  book.restart(w.universe, config, now);
  EXPECT_EQ(refused(), "loss_streak 4 of 3");
}

TEST_F(LimitBookTest, WhatCannotBeMeasuredIsRefused) {
  with({"venue_value 100"});
  desk.balances[{w.binance, w.btc}] = d("1");
  desk.marked = false;
  EXPECT_EQ(refused(), "venue_value 0 of 100");
}

}  // namespace
}  // namespace ats::core
