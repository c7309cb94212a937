#include "report/history.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "report/statement.hpp"
#include "report/testing.hpp"

namespace ats::report {
namespace {

using testing::d;
using testing::Listed;

// Tells a history what an engine would have journalled.
struct Story : Listed {
  History history;
  CoreConfig config;
  Instant now{1'000};
  WallTime wall = wall_from_ms(1'700'000'000'000);
  std::uint64_t orders = 0;

  explicit Story(History::Keep keep = History::Keep::All,
                 std::function<void(const Execution&)> each = {})
      : history(keep, std::move(each)) {}

  void start(std::uint32_t incarnation = 1) {
    history.on(Started{incarnation, wall, &universe, &config}, now);
  }
  void wait(Duration d) { now = now + d; }
  void event(const Event& e) { history.on(e, now); }
  void action(const Action& a) { history.on(a); }

  OrderRequest place(std::uint64_t execution, InstrumentId on, Side side, std::string_view price_,
                     std::string_view quantity_, bool unwind = false) {
    OrderRequest o;
    o.id = {++orders};
    o.execution = {execution};
    o.instrument = on;
    o.side = side;
    o.price = price(on, price_);
    o.quantity = quantity(on, quantity_);
    o.unwind = unwind;
    action(approved(o));
    return o;
  }
  Fill make(const OrderRequest& o, std::string_view id, std::string_view quantity_,
            std::string_view fee = "0", AssetId fee_asset = {}) {
    Fill f;
    f.order = o.id;
    f.instrument = o.instrument;
    f.id = id;
    f.side = o.side;
    f.price = o.price;
    f.quantity = quantity(o.instrument, quantity_);
    f.fee = d(fee);
    f.fee_asset = fee_asset;
    return f;
  }
  Booked entry(const Fill& f) {
    const Instrument& on = instrument(f.instrument);
    const Decimal base = on.quantity_decimal(f.quantity);
    const Decimal quote = on.notional(f.price, f.quantity);
    const bool buys = f.side == Side::Buy;
    Booked b;
    b.order = f.order;
    b.fill = f.id;
    const auto post = [&](AssetId asset, Decimal amount, Account other) {
      b.postings[b.count++] = {Account::Venue, on.venue, asset, amount};
      b.postings[b.count++] = {other, {}, asset, -amount};
    };
    post(on.base, buys ? base : -base, Account::Trading);
    post(on.quote, buys ? -quote : quote, Account::Trading);
    if (!f.fee.is_zero()) post(f.fee_asset, -f.fee, Account::Fees);
    return b;
  }
  void fill(const OrderRequest& o, std::string_view id, std::string_view quantity_,
            std::string_view fee = "0", AssetId fee_asset = {}) {
    const Fill f = make(o, id, quantity_, fee, fee_asset);
    event(OrderFilled{f, {}});
    action(entry(f));
  }
  void opened(std::uint64_t execution) {
    ExecutionOpened o;
    o.execution = {execution};
    o.buy.instrument = at_binance;
    o.buy.quantity = quantity(at_binance, "0.1");
    o.buy.notional = d("6000");
    o.buy.age = microseconds(70);
    o.buy.level_count = 1;
    o.buy.levels[0] = {price(at_binance, "60000"), quantity(at_binance, "1")};
    o.sell = o.buy;
    o.sell.instrument = at_kraken;
    o.sell.notional = d("6060");
    o.sell.levels[0].price = price(at_kraken, "60600");
    action(o);
  }
  void resolve(std::uint64_t execution, ExecutionOutcome outcome = ExecutionOutcome::Completed) {
    ExecutionResolved r;
    r.execution = {execution};
    r.pair = instrument(at_binance).pair;
    r.outcome = outcome;
    r.reporting = usdt;
    r.marks[r.mark_count++] = {btc, d("60000")};
    action(r);
  }
  void balance(VenueId venue, AssetId asset, std::string_view total, bool booked = true) {
    event(BalanceReported{venue, asset, d(total), {}, {}});
    if (!booked) return;
    Booked b;
    b.kind = EntryKind::Opening;
    b.count = 2;
    b.postings[0] = {Account::Venue, venue, asset, d(total)};
    b.postings[1] = {Account::External, {}, asset, -d(total)};
    action(b);
  }
  const Execution& of(std::uint64_t id) const { return *history.find({id}); }
  bool sound() const { return history.check().breaks().empty(); }
};

TEST(History, ATradeIsItsOrdersItsFillsAndWhatItSawWithTimesFromTheDecision) {
  Story s;
  s.start();
  s.event(Timer{s.wall});
  s.wait(milliseconds(5));
  s.event(Timer{s.wall + milliseconds(5)});
  const OrderRequest buy = s.place(7, s.at_binance, Side::Buy, "60030", "0.1");
  const OrderRequest sell = s.place(7, s.at_kraken, Side::Sell, "60570", "0.1");
  s.opened(7);
  s.wait(microseconds(800));
  s.event(OrderAcked{buy.id, "b1", {}});
  s.wait(microseconds(100));
  s.fill(buy, "f1", "0.1", "0.0001", s.btc);
  s.event(OrderUnknown{sell.id, UnknownReason::TimedOut, {}});
  s.action(QueryOrder{sell.id, s.at_kraken, {}});
  s.wait(microseconds(100));
  s.event(OrderFound{sell.id, "k1", OrderState::Cancelled, s.quantity(s.at_kraken, "0.04"), {}});
  s.fill(sell, "f1", "0.04", "4.8", s.usdt);
  s.resolve(7, ExecutionOutcome::Residual);

  const Execution& x = s.of(7);
  EXPECT_EQ(x.opened.wall, s.wall + milliseconds(5));
  EXPECT_TRUE(x.quoted);
  EXPECT_EQ(x.buy.age, microseconds(70));
  EXPECT_EQ(x.buy.levels[0].price, d("60000"));
  EXPECT_EQ(x.outcome, ExecutionOutcome::Residual);
  EXPECT_EQ(between(x.opened, x.ended), milliseconds(1));
  ASSERT_EQ(x.legs.size(), 2u);
  EXPECT_EQ(x.legs[0].venue_order_id.view(), "b1");
  EXPECT_EQ(between(x.opened, x.legs[0].acked), microseconds(800));
  EXPECT_EQ(between(x.opened, x.legs[0].first_fill), microseconds(900));
  EXPECT_EQ(x.legs[0].state, OrderState::Filled);
  EXPECT_EQ(x.legs[1].state, OrderState::Cancelled);
  EXPECT_EQ(x.legs[1].filled, d("0.04"));
  EXPECT_FALSE(x.legs[1].acked.told());
  std::vector<StepKind> kinds;
  for (const Step& step : x.steps) kinds.push_back(step.kind);
  EXPECT_EQ(kinds, (std::vector{StepKind::Placed, StepKind::Placed, StepKind::Acked,
                                StepKind::Filled, StepKind::Unknown, StepKind::Asked,
                                StepKind::Found, StepKind::Filled, StepKind::Resolved}));
  EXPECT_TRUE(s.sound());
  EXPECT_EQ(s.history.check().lines()[s.btc.index()].executions, d("0.0599"));
}

TEST(History, AFillToldTwiceIsBookedOnceAndCountsOnce) {
  Story s;
  s.start();
  const OrderRequest buy = s.place(7, s.at_binance, Side::Buy, "60000", "0.1");
  s.fill(buy, "f1", "0.1");
  s.event(OrderFilled{s.make(buy, "f1", "0.1"), {}});  // and no entry follows
  s.event(Timer{s.wall});
  EXPECT_EQ(s.of(7).legs[0].fills.size(), 1u);
  EXPECT_EQ(s.history.fills(), 1u);
  EXPECT_TRUE(s.sound());
}

TEST(History, WhatTheLastRunDidNotLiveToRecordIsTakenUpByTheNext) {
  Story s;
  s.start();
  s.balance(s.kraken, s.usdt, "100", false);
  s.start(2);
  const OrderRequest buy = s.place(7, s.at_binance, Side::Buy, "60000", "0.1");
  const Fill lost = s.make(buy, "f1", "0.1", "0.0001", s.btc);
  s.event(OrderFilled{lost, {}});
  EXPECT_EQ(s.history.fills(), 0u) << "nobody has booked it so far";
  s.wait(seconds(1));
  s.start(3);
  EXPECT_EQ(s.history.fills(), 1u);
  EXPECT_EQ(s.history.check().balance(s.binance, s.btc), d("0.0999"));
  EXPECT_EQ(s.history.check().balance(s.kraken, s.usdt), d("100"));
  EXPECT_EQ(s.of(7).steps.back().kind, StepKind::Restarted);
  s.event(OrderFilled{lost, {}});  // told again to the new life
  s.start(4);
  EXPECT_EQ(s.history.fills(), 1u);
  s.balance(s.kraken, s.usdt, "90", false);  // the account has been opened
  s.start(5);
  EXPECT_EQ(s.history.check().balance(s.kraken, s.usdt), d("100"));
  EXPECT_TRUE(s.sound());
}

TEST(History, ALateFillOpensATradeAgainUntilItIsResolvedAnew) {
  Story s;
  s.start();
  const OrderRequest buy = s.place(7, s.at_binance, Side::Buy, "60000", "0.1");
  s.resolve(7, ExecutionOutcome::Missed);
  EXPECT_TRUE(s.of(7).resolved);
  s.fill(buy, "late", "0.1");
  EXPECT_FALSE(s.of(7).resolved);
  EXPECT_EQ(state(s.history, {}).open, 1u);
  s.resolve(7, ExecutionOutcome::Residual);
  EXPECT_EQ(s.of(7).resolutions, 2u);
  EXPECT_TRUE(attribute(s.of(7)).terms.realised.is_zero()) << "bought at the mark";
  EXPECT_TRUE(s.sound());
}

TEST(History, ALedgerThatBookedAnythingElseIsABreakThatNamesBothSides) {
  Story s;
  s.start();
  const OrderRequest buy = s.place(7, s.at_binance, Side::Buy, "60000", "0.1");
  Fill told = s.make(buy, "f1", "0.1", "3", s.usdt);
  s.event(OrderFilled{told, {}});
  told.fee = d("-3");  // income?
  s.action(s.entry(told));
  const auto breaks = s.history.check().breaks();
  ASSERT_EQ(breaks.size(), 1u);
  EXPECT_EQ(breaks[0].asset, s.usdt);
  EXPECT_EQ(breaks[0].ledger, d("-5997"));
  EXPECT_EQ(breaks[0].accounted, d("-6003"));
}

TEST(History, WhatSomebodyElseTradedIsInTheAccountsAndInNoTrade) {
  Story s;
  s.start();
  s.balance(s.kraken, s.usdt, "10000");
  s.balance(s.kraken, s.btc, "1");
  OrderRequest hand;
  hand.instrument = s.at_kraken;
  hand.price = s.price(s.at_kraken, "60000");
  const Fill fill = s.make(hand, "h1", "0.1", "3", s.usdt);
  Booked entry;
  entry.kind = EntryKind::ForeignFill;
  entry.fill = fill.id;
  for (const auto& [asset, amount] : {std::pair{s.btc, d("0.1")}, std::pair{s.usdt, d("-6003")}}) {
    entry.postings[entry.count++] = {Account::Venue, s.kraken, asset, amount};
    entry.postings[entry.count++] = {Account::External, {}, asset, -amount};
  }
  s.event(ForeignFill{"OABC", fill, {}});
  s.action(entry);
  EXPECT_TRUE(s.sound());
  EXPECT_EQ(s.history.strangers(), 0u);
  EXPECT_EQ(s.history.check().lines()[s.usdt.index()].foreign, d("-6003"));
  EXPECT_TRUE(s.history.check().lines()[s.usdt.index()].executions.is_zero());
  // The process died between this and the record of what it led to; the one before was told again as it died.
  for (const char* name : {"h1", "h2"}) {
    s.event(ForeignFill{"OABC", s.make(hand, name, "0.1", "3", s.usdt), {}});
    s.start();
  }
  EXPECT_EQ(s.history.check().lines()[s.usdt.index()].foreign, d("-12006"));
  EXPECT_EQ(s.history.check().balance(s.kraken, s.btc), d("1.2"));
  EXPECT_TRUE(s.sound());
}

TEST(History, AnEntryWithOneSideAndAFillOfNobodyAreBreaks) {
  Story s;
  s.start();
  Booked half;
  half.kind = EntryKind::Correction;
  half.count = 1;
  half.postings[0] = {Account::Venue, s.kraken, s.usd, d("5")};
  s.action(half);
  ASSERT_EQ(s.history.check().breaks().size(), 1u);
  EXPECT_EQ(s.history.check().breaks()[0].kind, BalanceBreak::Kind::EntriesUneven);

  OrderRequest nobody;
  nobody.id = {99};
  nobody.instrument = s.at_kraken;
  nobody.price = s.price(s.at_kraken, "60000");
  const Fill stray = s.make(nobody, "f9", "0.1");
  s.event(OrderFilled{stray, {}});
  s.action(s.entry(stray));
  EXPECT_EQ(s.history.strangers(), 1u);
  EXPECT_EQ(s.history.check().breaks().size(), 3u) << "of BTC and USDT";
}

TEST(History, SumsAreKeptWhenExecutionsAreNot) {
  std::vector<Decimal> realised;
  Story s(History::Keep::Sums,
          [&](const Execution& x) { realised.push_back(attribute(x).terms.realised); });
  s.start();
  const OrderRequest buy = s.place(7, s.at_binance, Side::Buy, "59000", "0.1");
  s.fill(buy, "f1", "0.04");
  s.resolve(7, ExecutionOutcome::Residual);
  EXPECT_TRUE(s.history.executions().empty());
  s.fill(buy, "late", "0.01");
  EXPECT_TRUE(s.sound());
  EXPECT_EQ(s.history.check().lines()[s.btc.index()].executions, d("0.05"));
  EXPECT_EQ(realised, std::vector{d("40")});
}

TEST(Statement, DaysPairsAndVenuesAreSumsOfTheSameTrades) {
  Story s;
  s.wall = wall_from_ms(1'700'006'399'000);  // a second before midnight UTC
  s.start();
  for (std::uint64_t id = 1; id <= 4; ++id) {
    const OrderRequest buy = s.place(id, s.at_binance, Side::Buy, "60000", "0.1");
    const OrderRequest sell = s.place(id, s.at_kraken, Side::Sell, "60600", "0.1");
    s.opened(id);
    const std::string name = "f" + std::to_string(id);
    s.fill(buy, name, "0.1", "6", s.usdt);
    s.fill(sell, name, id == 2 ? "0.05" : "0.1", "0.001", s.btc);
    if (id != 4) s.resolve(id);
    s.wait(milliseconds(600));
  }
  const Statement all = state(s.history, {});
  EXPECT_EQ(all.total.executions, 3u);
  EXPECT_EQ(all.open, 1u);
  ASSERT_EQ(all.days.size(), 2u);
  EXPECT_EQ(all.days[0].executions, 2u);
  EXPECT_EQ(all.days[1].day, all.days[0].day + 1);
  ASSERT_EQ(all.pairs.size(), 1u);
  ASSERT_EQ(all.venues.size(), 2u);
  EXPECT_EQ(all.venues[1].fills, 3u);
  EXPECT_EQ(all.venues[0].fees + all.venues[1].fees, all.total.terms.fees);
  EXPECT_EQ(all.total.terms.sum(), all.total.terms.realised);

  Selection none;
  none.outcome = ExecutionOutcome::Missed;
  EXPECT_EQ(state(s.history, none).total.executions, 0u);
  Selection late;
  late.since = s.of(3).opened.wall;
  EXPECT_EQ(state(s.history, late).total.executions, 1u);
}

TEST(History, AnAmendedOrderIsToldWithItsTermsAndWhatBecameOfThem) {
  Story story;
  story.start();
  OrderRequest quote = story.place(1, story.at_kraken, Side::Buy, "60000", "0.1");
  OrderRequest higher = quote;
  higher.price = story.price(story.at_kraken, "60010");
  higher.quantity = story.quantity(story.at_kraken, "0.12");
  story.action(approved_amend(higher, terms_of(quote)));
  const Leg* leg = &story.history.find({1})->legs[0];
  EXPECT_EQ(leg->limit, d("60000")) << "asked for is not carried out";
  story.event(OrderAmended{quote.id, terms_of(higher), "v", {}});
  EXPECT_EQ(leg->limit, d("60010"));
  EXPECT_EQ(leg->quantity, d("0.12"));

  OrderRequest highest = higher;
  highest.price = story.price(story.at_kraken, "60020");
  story.action(approved_amend(highest, terms_of(higher)));
  story.event(AmendRejected{quote.id, RejectReason::InvalidOrder, "it would take", {}});
  story.event(
      OrderFound{quote.id, "v", OrderState::Acked, {}, {}, story.at_kraken, terms_of(quote), {}});
  EXPECT_EQ(leg->limit, d("60010")) << "an answer to a question of before";
  story.action(approved_amend(highest, terms_of(higher)));
  story.event(OrderUnknown{quote.id, UnknownReason::TimedOut, {}});
  story.event(
      OrderFound{quote.id, "v", OrderState::Acked, {}, {}, story.at_kraken, terms_of(highest), {}});
  EXPECT_EQ(leg->limit, d("60020"));

  std::vector<StepKind> kinds;
  for (const Step& step : story.history.find({1})->steps) kinds.push_back(step.kind);
  EXPECT_EQ(kinds,
            (std::vector<StepKind>{StepKind::Placed, StepKind::AmendAsked, StepKind::Amended,
                                   StepKind::AmendAsked, StepKind::AmendRejected, StepKind::Found,
                                   StepKind::AmendAsked, StepKind::Unknown, StepKind::Found}));
  const Step& asked = story.history.find({1})->steps[1];
  EXPECT_EQ(asked.price, d("60010"));
  EXPECT_EQ(asked.quantity, d("0.12"));
}

}  // namespace
}  // namespace ats::report
