// Profit and loss by hand, over periods, and over random histories beside the ledger and sums so simple that
// they need no proof.
#include "core/risk/measures/profit_book.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"
#include "core/ledger/ledger.hpp"
#include "core/risk/measures/testing.hpp"

namespace ats::core {
namespace {

using testing::approved;
using testing::d;

struct Booking : testing::TwoVenues {
  Ledger ledger;
  ProfitBook book;
  Marks marks;
  std::uint64_t orders = 0, fills = 0;
  WallTime wall = wall_from_ms(1'700'000'000'000);  // Tuesday 2023-11-14, 22:13 UTC

  Booking() {
    ledger.bind(2, 3);
    marks.bind(3, usdt);
    book.restart(universe, usdt);
    mark("60000");
  }
  void mark(std::string_view price) {
    const std::array<std::optional<Decimal>, 2> mids{d(price), std::nullopt};
    marks.refresh(universe, mids);
  }
  void act(const Action& action) { book.on({&action, 1}, universe); }
  void read(std::string_view rfc3339) {
    ASSERT_TRUE(parse_rfc3339(rfc3339.data(), rfc3339.size(), wall));
    book.on_time(marks, wall);
  }
  OrderRequest place(std::uint64_t execution, InstrumentId on, Side side) {
    OrderRequest o;
    o.id = {++orders};
    o.execution = {execution};
    o.instrument = on;
    o.side = side;
    o.price = {1};
    o.quantity = {1};
    act(approved(o));
    return o;
  }
  void fill(const OrderRequest& order, std::string_view quantity, std::string_view at,
            std::string_view fee = "0", AssetId fee_asset = {}) {
    Fill f;
    f.order = order.id;
    f.instrument = order.instrument;
    f.id = FillId(std::to_string(++fills));
    f.side = order.side;
    f.price = price(order.instrument, at);
    f.quantity = this->quantity(order.instrument, quantity);
    f.fee = d(fee);
    f.fee_asset = fee_asset.valid() ? fee_asset : usdt;
    act(Action(ledger.book(f, instrument(order.instrument)).value()));
  }
  void found(std::uint64_t execution, Strategy strategy) {
    OpportunityFound f;
    f.execution = {execution};
    f.strategy = strategy;
    act(f);
  }
  void resolve(std::uint64_t execution, std::string_view btc_price) {
    ExecutionResolved end;
    end.execution = {execution};
    end.reporting = usdt;
    end.marks[end.mark_count++] = {btc, d(btc_price)};
    act(end);
  }
  ProfitReport report() const { return book.report(marks); }
};

class ProfitBookTest : public ::testing::Test, protected Booking {};

TEST_F(ProfitBookTest, SplitsWhatATradeMadeByVenueAssetAndStrategy) {
  const OrderRequest buy = place(1, at_binance, Side::Buy);
  const OrderRequest sell = place(1, at_kraken, Side::Sell);
  found(1, Strategy::CrossVenue);
  fill(buy, "0.1", "60000", "6");
  fill(sell, "0.1", "60600", "12.12");
  // Nothing is realised before it is resolved.
  EXPECT_EQ(report().ever.all.total, d("41.88"));
  EXPECT_EQ(report().ever.all.realised, d("0"));
  EXPECT_EQ(report().ever.all.unrealised(), d("41.88"));

  resolve(1, "60300");
  const ProfitTable table = report().ever;
  EXPECT_EQ(table.all.total, d("41.88"));
  EXPECT_EQ(table.all.realised, d("41.88"));
  EXPECT_EQ(table.all.trades, 1u);
  // Bought at 60,000 what was worth 60,300, and sold at 60,600; fees taken.
  EXPECT_EQ(table.venues[binance.index()].realised, d("24"));
  EXPECT_EQ(table.venues[kraken.index()].realised, d("17.88"));
  // At the mark of now the venues' parts are others, and their sum is not.
  EXPECT_EQ(table.venues[binance.index()].total, d("-6"));
  EXPECT_EQ(table.venues[kraken.index()].total, d("47.88"));
  EXPECT_EQ(table.assets[btc.index()].realised, d("41.88"));
  EXPECT_EQ(table.assets[btc.index()].total, d("41.88"));
  const auto cross_venue = static_cast<std::size_t>(Strategy::CrossVenue);
  EXPECT_EQ(table.strategies[cross_venue].realised, d("41.88"));
  EXPECT_EQ(table.strategies[cross_venue].trades, 1u);
  EXPECT_TRUE(ProfitTable::residue(table.all, table.venues).is_zero());
}

TEST_F(ProfitBookTest, LeavesWhatATradeKeptUnrealisedAsItsWorthMoves) {
  const OrderRequest buy = place(1, at_binance, Side::Buy);
  fill(buy, "0.1", "60000");
  resolve(1, "60100");
  EXPECT_EQ(report().ever.all.realised, d("10"));
  EXPECT_EQ(report().ever.all.total, d("0"));
  EXPECT_EQ(report().ever.all.unrealised(), d("-10"));
  mark("61000");
  EXPECT_EQ(report().ever.all.total, d("100"));
  EXPECT_EQ(report().ever.all.unrealised(), d("90"));
}

TEST_F(ProfitBookTest, RealisesALateFillWhenTheTradeIsResolvedAgain) {
  const OrderRequest buy = place(1, at_binance, Side::Buy);
  const OrderRequest sell = place(1, at_kraken, Side::Sell);
  found(1, Strategy::Cycle);
  fill(buy, "0.1", "60000");
  resolve(1, "60000");
  EXPECT_EQ(report().ever.all.realised, d("0"));
  fill(sell, "0.1", "60500");
  EXPECT_EQ(report().ever.all.realised, d("0"));
  resolve(1, "60200");
  EXPECT_EQ(report().ever.all.realised, d("30"));  // sold for 6,050 what was worth 6,020
  EXPECT_EQ(report().ever.all.total, d("50"));
  EXPECT_EQ(report().ever.strategies[static_cast<std::size_t>(Strategy::Cycle)].total, d("50"));
}

TEST_F(ProfitBookTest, KnowsTheStrategyOfAQuoteThatIsToldOfAfterItsFill) {
  const OrderRequest quote = place(1, at_binance, Side::Buy);
  Fill f;
  f.order = quote.id;
  f.instrument = at_binance;
  f.id = "first";
  f.price = price(at_binance, "59990");
  f.quantity = quantity(at_binance, "0.1");
  f.fee_asset = usdt;
  OpportunityFound told;
  told.execution = {1};
  told.strategy = Strategy::Maker;
  const Action both[] = {Action(ledger.book(f, instrument(at_binance)).value()), Action(told)};
  book.on(both, universe);
  const ProfitTable table = report().ever;
  EXPECT_EQ(table.strategies[static_cast<std::size_t>(Strategy::Maker)].total, d("1"));
}

TEST_F(ProfitBookTest, KeepsFillsOfNoKnownOrderUnderNoAssetAndNoStrategy) {
  OrderRequest stranger;
  stranger.id = {99};
  stranger.instrument = at_kraken;
  stranger.side = Side::Sell;
  fill(stranger, "0.1", "60010");
  const ProfitTable table = report().ever;
  EXPECT_EQ(table.all.total, d("1"));
  EXPECT_EQ(table.assets.back().total, d("1"));
  EXPECT_EQ(table.strategies.back().total, d("1"));
  EXPECT_EQ(table.venues[kraken.index()].total, d("1"));
}

TEST_F(ProfitBookTest, CountsNoOpeningAndNoCorrectionAsProfit) {
  act(Action(ledger.open(binance, usdt, d("1000")).value()));
  act(Action(ledger.correct(binance, usdt, d("900")).value()));
  EXPECT_TRUE(report().ever.all.total.is_zero());
  EXPECT_TRUE(book.change(usdt).is_zero());
}

TEST_F(ProfitBookTest, CountsByUtcDaysIsoWeeksAndMonths) {
  read("2023-11-14T22:13:20Z");
  const auto earn = [&](std::uint64_t execution, const char* sold_at) {
    const OrderRequest buy = place(execution, at_binance, Side::Buy);
    const OrderRequest sell = place(execution, at_kraken, Side::Sell);
    fill(buy, "1", "60000");
    fill(sell, "1", sold_at);
    resolve(execution, "60000");
  };
  earn(1, "60010");
  read("2023-11-14T23:59:59Z");
  EXPECT_EQ(report().current[0].profit.all.total, d("10"));
  read("2023-11-15T00:00:00Z");  // Wednesday
  EXPECT_EQ(report().current[0].profit.all.total, d("0"));
  EXPECT_EQ(report().current[1].profit.all.total, d("10"));
  EXPECT_EQ(report().current[2].profit.all.total, d("10"));
  earn(2, "59993");
  read("2023-11-19T23:59:59.9Z");  // Sunday
  EXPECT_EQ(report().current[1].profit.all.realised, d("3"));
  EXPECT_EQ(report().losses_in_a_row, 1u);
  EXPECT_EQ(book.realised({}).losses_in_a_row, 1u);
  read("2023-11-20T00:00:01Z");  // Monday
  EXPECT_EQ(report().current[1].profit.all.realised, d("0"));
  EXPECT_EQ(report().current[2].profit.all.realised, d("3"));
  EXPECT_EQ(report().current[2].profit.all.trades, 2u);
  earn(3, "60005");
  read("2023-12-01T00:00:00Z");
  const ProfitReport now = report();
  EXPECT_EQ(now.current[2].profit.all.total, d("0"));
  EXPECT_EQ(now.ever.all.total, d("8"));
  EXPECT_EQ(now.losses_in_a_row, 0u);
  EXPECT_EQ(text_of(Period::Month, now.current[2].number), "2023-12");

  // The days that are over add up to what the current one does not have.
  Decimal total, realised;
  for (const auto& day : now.days) {
    total += day.profit.total;
    realised += day.profit.realised;
  }
  EXPECT_EQ(total + now.current[0].profit.all.total, now.ever.all.total);
  EXPECT_EQ(realised + now.current[0].profit.all.realised, now.ever.all.realised);
  ASSERT_EQ(now.days.size(), 4u);  // no reading: the 16th to the 18th are in the 15th's
  EXPECT_EQ(text_of(Period::Day, now.days[1].number), "2023-11-15");
  EXPECT_EQ(now.days[1].profit.total, d("-7"));
}

TEST_F(ProfitBookTest, DoesNotBeginAPeriodAnewWhenTheClockIsSetBack) {
  read("2023-11-14T23:59:59Z");
  read("2023-11-15T00:00:01Z");
  const OrderRequest sell = place(1, at_kraken, Side::Sell);
  fill(sell, "1", "60010");
  read("2023-11-14T23:59:58Z");
  read("2023-11-15T00:00:02Z");
  EXPECT_EQ(report().current[0].profit.all.total, d("10"));
  EXPECT_EQ(report().days.size(), 1u);
}

TEST_F(ProfitBookTest, KnowsNoTotalWhileWhatTradingChangedHasNoMark) {
  marks = {};  // nothing was ever marked
  marks.bind(3, usdt);
  const OrderRequest buy = place(1, at_binance, Side::Buy);
  fill(buy, "1", "60000");
  read("2023-11-14T10:00:00Z");
  EXPECT_FALSE(book.reading().known);
  EXPECT_EQ(book.reading().drawdown, d("0"));
  mark("60000");
  read("2023-11-14T10:00:01Z");
  EXPECT_TRUE(book.reading().known);
  EXPECT_EQ(book.reading().number, 2u);
  EXPECT_EQ(book.reading().ever.total, d("0"));
}

TEST_F(ProfitBookTest, CountsWhatWasRealisedByPairAndPeriodAndLossesInARow) {
  const LimitWhere of_pair{{}, {}, pair, {}}, of_maker{{}, {}, {}, Strategy::Maker};
  read("2023-11-14T23:00:00Z");
  const auto trade = [&](std::uint64_t execution, Strategy strategy, std::string_view sold_at) {
    const OrderRequest buy = place(execution, at_binance, Side::Buy);
    const OrderRequest sell = place(execution, at_kraken, Side::Sell);
    found(execution, strategy);
    fill(buy, "1", "60000");
    fill(sell, "1", sold_at);
    ExecutionResolved end;
    end.execution = {execution};
    end.pair = pair;
    end.reporting = usdt;
    act(end);
  };
  trade(1, Strategy::CrossVenue, "59990");
  trade(2, Strategy::Maker, "59980");
  EXPECT_EQ(book.realised(of_pair).current[0], d("-30"));
  EXPECT_EQ(book.realised(of_pair).losses_in_a_row, 2u);
  EXPECT_EQ(book.realised(of_maker).current[0], d("-20"));
  EXPECT_EQ(book.realised(of_maker).losses_in_a_row, 1u);
  EXPECT_EQ(book.realised({}).decided, 2u);
  read("2023-11-15T00:00:01Z");
  EXPECT_EQ(book.realised(of_pair).current[0], d("0"));
  EXPECT_EQ(book.realised(of_pair).current[1], d("-30")) << "the week goes on";
  trade(3, Strategy::CrossVenue, "60007");
  EXPECT_EQ(book.realised(of_pair).current[0], d("7"));
  EXPECT_EQ(book.realised(of_pair).losses_in_a_row, 0u);
  EXPECT_EQ(book.realised(of_maker).losses_in_a_row, 1u);
}

TEST_F(ProfitBookTest, TellsHowFarItIsBelowItsPeak) {
  read("2023-11-14T10:00:00Z");
  const OrderRequest buy = place(1, at_binance, Side::Buy);
  fill(buy, "1", "60000");
  mark("60500");
  read("2023-11-14T10:00:01Z");
  EXPECT_EQ(report().peak, d("500"));
  EXPECT_EQ(report().drawdown, d("0"));
  mark("60200");
  read("2023-11-14T10:00:02Z");
  EXPECT_EQ(report().drawdown, d("300"));
  // A mark that is not fresh says nothing of a peak.
  const std::array<std::optional<Decimal>, 2> none{};
  marks.refresh(universe, none);
  read("2023-11-14T10:00:03Z");
  EXPECT_EQ(report().drawdown, d("300"));
  EXPECT_FALSE(report().ever.complete);
  // Neither is the reading that limits go by.
  EXPECT_FALSE(book.reading().fresh);
  EXPECT_EQ(book.reading().drawdown, d("300"));
}

TEST_F(ProfitBookTest, ReadsForLimitsWhatTheReportTellsPeople) {
  EXPECT_FALSE(book.reading().at.told());
  read("2023-11-14T22:13:20Z");
  for (std::uint64_t n = 1; n < 40; ++n) {
    const OrderRequest order = place(n, at_binance, n % 3 == 0 ? Side::Sell : Side::Buy);
    fill(order, "0.3", "60000", "0.7");
    if (n % 4 != 0) resolve(n, "59999.5");
    mark(std::to_string(59'000 + n * 37 % 2'000));
    wall = wall + hours(9);
    book.on_time(marks, wall);
    const ProfitReading& reading = book.reading();
    const ProfitReport told = report();
    EXPECT_EQ(reading.at, wall);
    EXPECT_TRUE(reading.fresh);
    EXPECT_EQ(reading.ever.total, told.ever.all.total);
    EXPECT_EQ(reading.ever.realised, told.ever.all.realised);
    EXPECT_EQ(reading.drawdown, told.drawdown);
    for (std::size_t p = 0; p < period_count; ++p) {
      EXPECT_EQ(reading.current[p].total, told.current[p].profit.all.total);
      EXPECT_EQ(reading.current[p].realised, told.current[p].profit.all.realised);
      EXPECT_EQ(reading.current[p].trades, told.current[p].profit.all.trades);
    }
  }
}

TEST_F(ProfitBookTest, BeginsAnewInAnotherReportingAssetAndKeepsWhatChanged) {
  const OrderRequest sell = place(1, at_kraken, Side::Sell);
  fill(sell, "1", "60010");
  resolve(1, "60000");
  read("2023-11-14T10:00:00Z");
  book.restart(universe, btc);
  EXPECT_EQ(book.change(usdt), d("60010"));
  EXPECT_TRUE(report().ever.all.realised.is_zero());
  EXPECT_FALSE(report().since.told());
  const OrderRequest other = place(2, at_kraken, Side::Sell);
  fill(other, "1", "60010");
  resolve(2, "60000");  // stated in USDT
  EXPECT_EQ(report().elsewhere, 1u);
}

TEST_F(ProfitBookTest, KeepsItsLinesWhenVenuesAndAssetsAreAdded) {
  OrderRequest stranger;
  stranger.id = {99};
  stranger.instrument = at_kraken;
  stranger.side = Side::Sell;
  fill(stranger, "0.1", "60010");
  const OrderRequest sell = place(1, at_kraken, Side::Sell);
  fill(sell, "1", "60010");
  resolve(1, "60000");
  read("2023-11-14T10:00:00Z");
  read("2023-11-15T10:00:00Z");
  universe.add_venue("upbit", {});
  universe.add_asset("KRW");
  ledger.bind(3, 4);
  marks.bind(4, usdt);
  mark("60000");
  book.restart(universe, usdt);
  const ProfitTable table = report().ever;
  EXPECT_EQ(table.assets.back().total, d("1"));
  EXPECT_EQ(table.assets[btc.index()].realised, d("10"));
  EXPECT_EQ(table.venues[kraken.index()].total, d("11"));
  // Today began with all of it, under the same names.
  const ProfitTable today = report().current[0].profit;
  EXPECT_TRUE(today.assets.back().total.is_zero());
  EXPECT_TRUE(today.assets[btc.index()].total.is_zero());
}

// Fills with fees in any asset, marks that do not divide, late fills, strangers: per asset the book is the
// ledger, and what is realised is the same by venue, asset and strategy, to the last unit.
TEST_F(ProfitBookTest, IsTheLedgerToTheLastUnitOverRandomHistories) {
  Rng rng(20'261'127);
  std::map<std::uint64_t, std::map<AssetId, Decimal>> open;
  std::uint64_t execution = 0;
  WallTime time = wall;
  Decimal realised;
  for (int step = 0; step < 20'000; ++step) {
    time = time + milliseconds(rng.between(0, 30'000));
    if (rng.one_in(10)) {
      mark(format_scaled(rng.between(5'900'000, 6'100'000), 2));
    }
    if (rng.one_in(3)) book.on_time(marks, time);
    const bool late = execution > 0 && rng.one_in(10);
    const std::uint64_t of = late ? 1 + rng.below(execution) : ++execution;
    const InstrumentId on = rng.one_in(2) ? at_binance : at_kraken;
    OrderRequest order;
    if (rng.one_in(50)) {
      order.id = {1'000'000'000 + static_cast<std::uint64_t>(step)};
      order.instrument = on;
    } else {
      order = place(of, on, rng.one_in(2) ? Side::Buy : Side::Sell);
      if (!late) found(of, static_cast<Strategy>(rng.below(strategy_count)));
    }
    const bool stranger = order.id.value >= 1'000'000'000;
    const AssetId fee_asset{static_cast<AssetId::rep>(rng.below(3))};
    const std::string quantity = format_scaled(rng.between(1, 100'000'000), 8);
    const std::string at = format_scaled(rng.between(5'900'000, 6'100'000), 2);
    const std::string fee = format_scaled(rng.between(-1'000, 100'000), 8);
    const std::array<Decimal, 3> before{ledger.change({0}), ledger.change({1}), ledger.change({2})};
    fill(order, quantity, at, fee, fee_asset);
    if (!stranger) {
      for (AssetId::rep a = 0; a < 3; ++a) open[of][{a}] += ledger.change({a}) - before[a];
    }
    if (rng.one_in(4)) continue;
    const std::string price = format_scaled(rng.between(1, 61'000'000'000), 6);
    resolve(of, price);
    // BNB has no mark there, and counts as nothing.
    for (const auto& [asset, amount] : open[of]) {
      if (asset == usdt) realised += amount;
      if (asset == btc) realised += d(price).multiply_floor(amount).value();
    }
    open.erase(of);
  }
  for (AssetId::rep a = 0; a < 3; ++a) {
    const AssetId asset{a};
    EXPECT_EQ(book.change(asset), ledger.change(asset));
    EXPECT_EQ(book.change(binance, asset), ledger.balance(binance, asset));
    EXPECT_EQ(book.change(kraken, asset), ledger.balance(kraken, asset));
  }
  const ProfitReport told = report();
  EXPECT_EQ(told.ever.all.realised, realised);
  Decimal total;
  for (AssetId::rep a = 0; a < 3; ++a) {
    total += marks.worth({a}, ledger.change({a})).value_or(Decimal());
  }
  EXPECT_EQ(told.ever.all.total, total);
  for (const auto* lines : {&told.ever.venues, &told.ever.assets, &told.ever.strategies}) {
    Decimal sum;
    for (const Profit& line : *lines) sum += line.realised;
    EXPECT_EQ(sum, realised);
    // One rounding of each amount of each line at most.
    const Decimal residue = ProfitTable::residue(told.ever.all, *lines);
    EXPECT_LE(residue.abs(), Decimal::from_raw(static_cast<Int128>(lines->size() * 3)));
  }
  for (const auto& current : told.current) {
    Decimal sum;
    for (const Profit& line : current.profit.strategies) sum += line.realised;
    EXPECT_EQ(sum, current.profit.all.realised);
  }
  EXPECT_GT(told.unmarked, 0u);
  EXPECT_FALSE(told.ever.complete);  // BNB
}

}  // namespace
}  // namespace ats::core
