// Orders on paper against public books: by hand, and as properties of random markets and orders.
#include "sim/paper_exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/testing_approved.hpp"

namespace ats::sim {
namespace {

Decimal d(std::string_view text) { return Decimal::of(text); }

// binance takes its fees from what is received, kraken in quote; both trade BTC/USDT.
struct Paper final : EventSink {
  Universe universe;
  VenueId binance, kraken;
  AssetId btc, usdt;
  InstrumentId at_binance, at_kraken;
  PaperExchange px{7};
  Instant now{seconds(100).ns};
  WallTime wall = wall_from_ms(1'700'000'000'000);
  std::vector<Event> told;  // since clear(); none of them are views
  std::vector<Event> journal;
  std::vector<Action> acts;
  std::uint32_t life = 1;
  std::uint32_t orders = 0;

  Paper() {
    binance = universe.add_venue("binance", {});
    kraken = universe.add_venue("kraken", {});
    btc = universe.add_asset("BTC");
    usdt = universe.add_asset("USDT");
    at_binance = add(binance, "BTCUSDT", Rate::bps(10), FeeAsset::Received);
    at_kraken = add(kraken, "BTC/USDT", Rate::bps(20), FeeAsset::Quote);
    start();
  }
  InstrumentId add(VenueId venue, std::string_view symbol, Rate taker, FeeAsset charged_in) {
    Instrument i;
    i.venue = venue;
    i.base = btc;
    i.quote = usdt;
    i.symbol = Text<31>(symbol);
    i.price_scale = 2;
    i.qty_scale = 8;
    i.lot = 1000;
    i.min_quantity = {10'000};
    i.min_notional = d("5");
    i.fees = {Rate{taker.ppb / 2}, taker, charged_in, 8};
    return universe.add_instrument(i);
  }
  void start() {
    px.begin(universe, life, now);
    for (const VenueId venue : {binance, kraken}) {
      px.endow(venue, usdt, d("10000"));
      px.endow(venue, btc, d("1"));
      px.on_market(ConnectionUp{venue, Channel::MarketData}, now);
    }
    wait(milliseconds(100));
  }
  void on(const Event& event) override {
    told.push_back(event);
    journal.push_back(event);
  }
  void wait(Duration how_long) {
    for (const Instant end = now + how_long; now < end;) {
      now = now + milliseconds(1);
      wall = wall + milliseconds(1);
      px.advance(now, wall, *this);
    }
  }
  Level level(std::string_view price, std::string_view quantity) const {
    const Instrument& i = universe.instrument(at_binance);
    return {i.parse_price(price).value(), i.parse_quantity(quantity).value()};
  }
  void book(InstrumentId id, std::vector<Level> bids, std::vector<Level> asks) {
    px.on_market(BookSnapshot{id, {}, 1, std::nullopt, bids, asks}, now);
  }
  void delta(InstrumentId id, std::vector<Level> bids, std::vector<Level> asks) {
    px.on_market(BookDelta{id, {}, 0, 0, 0, std::nullopt, bids, asks}, now);
  }
  OrderRequest order(InstrumentId id, Side side, std::string_view price, std::string_view quantity,
                     TimeInForce tif = TimeInForce::Ioc) {
    OrderRequest o;
    o.id = make_order_id(life, ++orders);
    o.execution = {orders};
    o.instrument = id;
    o.side = side;
    o.time_in_force = tif;
    const Level l = level(price, quantity);
    o.price = l.price;
    o.quantity = l.quantity;
    return o;
  }
  void act(Action action) {
    acts.push_back(action);
    px.act(acts.back(), now);
  }
  OrderId place(const OrderRequest& o) {
    act(approved(o, orders));
    return o.id;
  }
  template <class E>
  std::vector<E> all() const {
    std::vector<E> out;
    for (const Event& event : told) {
      if (const auto* e = std::get_if<E>(&event)) out.push_back(*e);
    }
    return out;
  }
  Decimal bought(const std::vector<OrderFilled>& fills) const {
    Decimal sum;
    for (const OrderFilled& f : fills) sum += Decimal::from_scaled(f.fill.quantity.units, 8);
    return sum;
  }
};

TEST(PaperExchange, TradingStandsAndBalancesAreWhatWasPutIn) {
  Paper p;
  EXPECT_EQ(p.all<ConnectionUp>().size(), 2u);
  p.told.clear();
  p.act(QueryBalances{p.kraken, {}});
  p.wait(milliseconds(100));
  const auto balances = p.all<BalanceReported>();
  ASSERT_EQ(balances.size(), 2u);
  EXPECT_EQ(balances[0].total, d("1"));
  EXPECT_EQ(balances[1].total, d("10000"));
  EXPECT_EQ(p.all<BalancesComplete>().size(), 1u);
  EXPECT_EQ(p.all<BalancesComplete>()[0].times.recv_time.ns % 1'000'000, 0);
}

TEST(PaperExchange, AnOrderMeetsTheBookAsItIsWhenItArrivesAndTheAnswerTakesAsLongAgain) {
  Paper p;
  p.px.set_latency(p.binance, {milliseconds(30), milliseconds(30)});
  p.book(p.at_binance, {p.level("59990", "1")}, {p.level("60000", "1")});
  p.place(p.order(p.at_binance, Side::Buy, "60010", "0.1"));
  p.wait(milliseconds(20));
  p.delta(p.at_binance, {},
          {p.level("60000", "0"), p.level("60005", "0.04"), p.level("60009", "1")});
  p.told.clear();
  p.wait(milliseconds(38));
  EXPECT_TRUE(p.told.empty());
  p.wait(milliseconds(5));
  const auto fills = p.all<OrderFilled>();
  ASSERT_EQ(fills.size(), 2u);
  EXPECT_EQ(fills[0].fill.price, p.level("60005", "1").price);
  EXPECT_EQ(fills[1].fill.quantity, p.level("1", "0.06").quantity);
  EXPECT_EQ(fills[0].fill.fee, d("0.00004"));  // a tenth of a percent of what was received
  EXPECT_EQ(fills[0].fill.fee_asset, p.btc);
  ASSERT_EQ(p.all<OrderEnded>().size(), 1u);
  EXPECT_EQ(p.all<OrderEnded>()[0].state, OrderState::Filled);
  EXPECT_EQ(p.px.total(p.binance, p.btc), d("1.0999"));
  EXPECT_EQ(p.px.total(p.binance, p.usdt), d("10000") - d("2400.2") - d("3600.54"));
  EXPECT_EQ(p.px.held(p.binance, p.usdt), Decimal());
}

TEST(PaperExchange, WhatWasTakenIsGoneUntilTheVenueTellsTheLevelAnew) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "0.2")}, {p.level("60000", "0.1")});
  const auto buy = [&] {
    p.told.clear();
    p.place(p.order(p.at_kraken, Side::Buy, "60000", "0.06"));
    p.wait(milliseconds(100));
    return p.bought(p.all<OrderFilled>());
  };
  EXPECT_EQ(buy(), d("0.06"));
  EXPECT_EQ(buy(), d("0.04"));
  EXPECT_EQ(buy(), d("0"));
  EXPECT_EQ(p.all<OrderEnded>().at(0).state, OrderState::Cancelled);
  p.delta(p.at_kraken, {p.level("59990", "0.3")}, {});
  EXPECT_EQ(buy(), d("0"));
  p.delta(p.at_kraken, {}, {p.level("60000", "0.05")});
  EXPECT_EQ(buy(), d("0.05"));
}

TEST(PaperExchange, ARestingOrderIsFilledAtItsOwnPriceAsAMakerWhenTheMarketComesToIt) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "1")});
  const OrderId id = p.place(p.order(p.at_kraken, Side::Buy, "59995", "0.1", TimeInForce::Gtc));
  p.wait(milliseconds(100));
  EXPECT_EQ(p.px.resting(), 1u);
  EXPECT_EQ(p.px.held(p.kraken, p.usdt), d("5999.5") + d("11.999"));
  EXPECT_TRUE(p.all<OrderFilled>().empty());
  const auto print = [&](std::string_view at, std::string_view quantity) {
    const Level l = p.level(at, quantity);
    p.px.on_market(Trade{p.at_kraken, {}, Side::Sell, l.price, l.quantity, "t"}, p.now);
    p.wait(milliseconds(100));
  };
  print("59995", "1");  // at its price: there was a queue before it
  EXPECT_TRUE(p.all<OrderFilled>().empty());
  print("59994", "0.03");
  ASSERT_EQ(p.all<OrderFilled>().size(), 1u);
  p.delta(p.at_kraken, {p.level("59990", "0")}, {p.level("59993", "0.2")});
  p.wait(milliseconds(100));
  const auto fills = p.all<OrderFilled>();
  ASSERT_EQ(fills.size(), 2u);
  EXPECT_EQ(p.bought(fills), d("0.1"));
  EXPECT_EQ(fills[1].fill.price, p.level("59995", "1").price);
  EXPECT_EQ(fills[1].fill.liquidity, Liquidity::Maker);
  EXPECT_EQ(fills[1].fill.fee, d("4.19965"));  // a tenth of a percent, as a maker
  EXPECT_EQ(p.all<OrderEnded>().at(0).order, id);
  EXPECT_EQ(p.px.resting(), 0u);
  EXPECT_EQ(p.px.held(p.kraken, p.usdt), Decimal());
}

TEST(PaperExchange, WhatTheVenueWouldRefuseIsRefusedWithTheReason) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "1")});
  p.wait(milliseconds(100));
  const auto refused = [&](const OrderRequest& o) -> std::optional<RejectReason> {
    p.told.clear();
    p.place(o);
    p.wait(milliseconds(100));
    const auto rejects = p.all<OrderRejected>();
    return rejects.size() == 1 ? std::optional(rejects[0].reason) : std::nullopt;
  };
  EXPECT_EQ(refused(p.order(p.at_kraken, Side::Buy, "60000", "0.17")),
            RejectReason::InsufficientFunds);  // 10200 USDT and the fee
  EXPECT_EQ(refused(p.order(p.at_kraken, Side::Sell, "59990", "1.1")),
            RejectReason::InsufficientFunds);
  EXPECT_EQ(refused(p.order(p.at_kraken, Side::Buy, "60000", "0.00001")),
            RejectReason::InvalidOrder);
  EXPECT_EQ(refused(p.order(p.at_kraken, Side::Buy, "60000", "0.00050001")),
            RejectReason::InvalidOrder);
  OrderRequest good = p.order(p.at_kraken, Side::Buy, "60000", "0.001");
  EXPECT_EQ(refused(good), std::nullopt);
  EXPECT_EQ(refused(good), RejectReason::DuplicateId);
  Instrument closed = p.universe.instrument(p.at_kraken);
  closed.status = InstrumentStatus::Halted;
  p.px.on_market(InstrumentChanged{closed}, p.now);
  EXPECT_EQ(refused(p.order(p.at_kraken, Side::Buy, "60000", "0.001")),
            RejectReason::InstrumentClosed);
}

TEST(PaperExchange, AnOrderThatMayOnlyMakeIsRefusedWhereItWouldTake) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "1")});
  OrderRequest o = p.order(p.at_kraken, Side::Buy, "60000", "0.1", TimeInForce::Gtc);
  o.post_only = true;
  p.place(o);
  o = p.order(p.at_kraken, Side::Buy, "59999", "0.06", TimeInForce::Gtc);
  o.post_only = true;
  p.place(o);
  p.wait(milliseconds(100));
  ASSERT_EQ(p.all<OrderRejected>().size(), 1u);
  EXPECT_EQ(p.all<OrderRejected>()[0].reason, RejectReason::InvalidOrder);
  EXPECT_EQ(p.px.resting(), 1u);
}

TEST(PaperExchange, AnOrderIsAmendedUnderItsIdAndHoldsWhatItNeedsNow) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "1")});
  OrderRequest o = p.order(p.at_kraken, Side::Buy, "59900", "0.1", TimeInForce::Gtc);
  o.post_only = true;
  p.place(o);
  p.wait(milliseconds(100));
  const auto amend = [&](std::string_view price, std::string_view quantity) {
    p.told.clear();
    OrderRequest to = o;
    const Level l = p.level(price, quantity);
    to.price = l.price;
    to.quantity = l.quantity;
    p.act(approved_amend(to, terms_of(o), "paper"));
    p.wait(milliseconds(100));
    return terms_of(to);
  };
  const OrderTerms terms = amend("59950", "0.12");
  ASSERT_EQ(p.all<OrderAmended>().size(), 1u);
  EXPECT_EQ(p.all<OrderAmended>()[0].order, o.id);
  EXPECT_EQ(p.all<OrderAmended>()[0].terms, terms);
  EXPECT_EQ(p.px.held(p.kraken, p.usdt), d("7194") + d("14.388"));
  p.act(QueryOrder{o.id, p.at_kraken, {}});
  p.wait(milliseconds(100));
  ASSERT_EQ(p.all<OrderFound>().size(), 1u);
  EXPECT_EQ(p.all<OrderFound>()[0].terms, terms);

  const auto refused = [&] {
    const auto all = p.all<AmendRejected>();
    return all.size() == 1 ? std::optional(all[0].reason) : std::nullopt;
  };
  amend("60000", "0.12");
  EXPECT_EQ(refused(), RejectReason::InvalidOrder) << "it would take";
  amend("59950", "0.17");
  EXPECT_EQ(refused(), RejectReason::InsufficientFunds);
  EXPECT_EQ(p.px.held(p.kraken, p.usdt), d("7194") + d("14.388")) << "it stands as it did";

  // It fills at its new price; what is less than that then ends it.
  const Level low = p.level("59949", "0.05");
  p.px.on_market(Trade{p.at_kraken, {}, Side::Sell, low.price, low.quantity, "t"}, p.now);
  p.wait(milliseconds(100));
  ASSERT_EQ(p.all<OrderFilled>().size(), 1u);
  EXPECT_EQ(p.all<OrderFilled>()[0].fill.price, terms.price);
  amend("59940", "0.04");
  ASSERT_EQ(p.all<OrderEnded>().size(), 1u);
  EXPECT_EQ(p.all<OrderEnded>()[0].state, OrderState::Cancelled);
  EXPECT_EQ(p.px.resting(), 0u);
  amend("59930", "0.04");
  EXPECT_EQ(refused(), RejectReason::Other) << "it is over";
}

TEST(PaperExchange, AllOrNothingTakesAllOrNothing) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "1")},
         {p.level("60000", "0.05"), p.level("60001", "0.05")});
  p.place(p.order(p.at_kraken, Side::Buy, "60000", "0.06", TimeInForce::Fok));
  p.wait(milliseconds(100));
  EXPECT_TRUE(p.all<OrderFilled>().empty());
  p.place(p.order(p.at_kraken, Side::Buy, "60001", "0.06", TimeInForce::Fok));
  p.wait(milliseconds(100));
  EXPECT_EQ(p.bought(p.all<OrderFilled>()), d("0.06"));
}

TEST(PaperExchange, NothingIsFilledOnABookThatIsNotKnownToBeRight) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "1")});
  p.px.on_market(BookFault{p.at_kraken, p.kraken, BookFaultReason::MalformedFrame}, p.now);
  p.place(p.order(p.at_kraken, Side::Buy, "60000", "0.1"));
  p.wait(milliseconds(100));
  EXPECT_TRUE(p.all<OrderFilled>().empty());
  EXPECT_EQ(p.all<OrderEnded>().at(0).state, OrderState::Cancelled);
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "1")});
  p.px.on_market(ConnectionDown{p.kraken, Channel::MarketData}, p.now);
  p.told.clear();
  p.place(p.order(p.at_kraken, Side::Buy, "60000", "0.1"));
  p.wait(milliseconds(100));
  EXPECT_TRUE(p.all<OrderFilled>().empty());
}

TEST(PaperExchange, QuestionsAreAnsweredWithFillsBeforeTheStateAndCancelsEndWhatRests) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "0.04")});
  const OrderRequest o = p.order(p.at_kraken, Side::Buy, "60000", "0.1", TimeInForce::Gtc);
  p.place(o);
  p.wait(milliseconds(100));
  p.told.clear();
  p.act(QueryOrder{o.id, o.instrument, {}});
  p.act(QueryOpenOrders{p.kraken});
  p.wait(milliseconds(100));
  ASSERT_EQ(p.told.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<OrderFilled>(p.told[0]));
  const auto found = p.all<OrderFound>();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].state, OrderState::PartlyFilled);
  EXPECT_EQ(found[0].filled, p.level("1", "0.04").quantity);
  EXPECT_EQ(p.all<OpenOrdersComplete>().at(0).ours, 1u);
  p.told.clear();
  p.act(Cancel{o.id, o.instrument, {}});
  p.act(Cancel{o.id, o.instrument, {}});
  p.act(QueryOrder{make_order_id(9, 9), o.instrument, {}});
  p.wait(milliseconds(100));
  ASSERT_EQ(p.all<OrderEnded>().size(), 1u);
  EXPECT_EQ(p.all<OrderEnded>()[0].filled, p.level("1", "0.04").quantity);
  EXPECT_EQ(p.all<CancelRejected>().size(), 1u);
  EXPECT_EQ(p.all<OrderNotFound>().size(), 1u);
  EXPECT_EQ(p.px.held(p.kraken, p.usdt), Decimal());
}

TEST(PaperExchange, AnswersOfAVenueNeverOvertakeEachOther) {
  Paper p;
  p.px.set_latency(p.kraken, {milliseconds(1), milliseconds(400)});
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "1")});
  p.told.clear();
  std::vector<OrderId> sent;
  for (int n = 0; n < 50; ++n) {
    sent.push_back(p.place(p.order(p.at_kraken, Side::Buy, "60000", "0.001")));
    p.wait(milliseconds(3));
  }
  p.wait(seconds(2));
  std::vector<OrderId> acked;
  for (const OrderAcked& a : p.all<OrderAcked>()) acked.push_back(a.order);
  EXPECT_EQ(acked, sent);
  EXPECT_TRUE(p.px.idle());
}

// A market that jumps about, orders of every kind, cancels in between. At all times: no balance below what is
// held and none below zero; no fill worse than its limit. At the end, and after a restart from the journal: balances are what was put in and
// what the fills that were told brought.
TEST(PaperExchange, MoneyAddsUpWhateverHappensAndOutlivesTheProcess) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Paper p;
    Rng rng(seed);
    p.px.set_latency(p.kraken, {milliseconds(1), milliseconds(60)});
    std::map<std::int64_t, std::int64_t> asks, bids;  // as told; what is left of them
    std::vector<OrderRequest> placed;
    std::size_t seen = p.told.size();
    const auto check = [&] {
      for (const VenueId venue : {p.binance, p.kraken}) {
        for (const AssetId asset : {p.btc, p.usdt}) {
          ASSERT_GE(p.px.held(venue, asset), Decimal());
          ASSERT_GE(p.px.total(venue, asset), p.px.held(venue, asset));
        }
      }
      for (; seen < p.told.size(); ++seen) {
        const auto* filled = std::get_if<OrderFilled>(&p.told[seen]);
        if (filled == nullptr) continue;
        const Fill& f = filled->fill;
        const auto o = std::find_if(placed.begin(), placed.end(),
                                    [&](const OrderRequest& r) { return r.id == f.order; });
        ASSERT_NE(o, placed.end());
        ASSERT_TRUE(f.side == Side::Buy ? f.price <= o->price : f.price >= o->price);
      }
    };
    const auto told_level = [&](std::int64_t price, std::int64_t quantity, bool ask) {
      (ask ? asks : bids)[price] = quantity;
    };
    p.book(p.at_kraken, {}, {});
    for (int step = 0; step < 600; ++step) {
      const std::int64_t mid = 6'000'000 + static_cast<std::int64_t>(rng.below(2000));
      std::vector<Level> b, a;
      for (int n = 0; n < 3; ++n) {
        const auto off = static_cast<std::int64_t>(1 + rng.below(800));
        const auto quantity = static_cast<std::int64_t>(rng.below(20)) * 1'000'000;
        const bool ask = rng.below(2) == 0;
        (ask ? a : b).push_back({{ask ? mid + off : mid - off}, {quantity}});
        told_level(ask ? mid + off : mid - off, quantity, ask);
      }
      // What the other side has reached is gone, as on a venue.
      for (const auto& [price, quantity] : bids) {
        if (price >= mid) b.push_back({{price}, {0}});
      }
      for (const auto& [price, quantity] : asks) {
        if (price <= mid) a.push_back({{price}, {0}});
      }
      p.delta(p.at_kraken, b, a);
      if (rng.below(2) == 0) {
        OrderRequest o = p.order(p.at_kraken, rng.below(2) == 0 ? Side::Buy : Side::Sell, "1", "1");
        o.price = {mid + static_cast<std::int64_t>(rng.below(600)) - 300};
        o.quantity = {static_cast<std::int64_t>(1 + rng.below(200)) * 100'000};
        o.time_in_force = static_cast<TimeInForce>(rng.below(3));
        placed.push_back(o);
        p.place(o);
      } else if (rng.below(2) == 0 && !placed.empty()) {
        OrderRequest& o = placed[rng.below(placed.size())];
        const OrderTerms before = terms_of(o);
        OrderRequest to = o;
        to.price = {mid + static_cast<std::int64_t>(rng.below(600)) - 300};
        to.quantity = {static_cast<std::int64_t>(1 + rng.below(200)) * 100'000};
        // What it fills at is bounded by the better of the two.
        if (o.side == Side::Buy ? to.price > o.price : to.price < o.price) o.price = to.price;
        p.act(approved_amend(to, before));
      } else if (rng.below(3) == 0 && !placed.empty()) {
        p.act(Cancel{placed[rng.below(placed.size())].id, p.at_kraken, {}});
      } else if (rng.below(4) == 0) {
        p.act(QueryBalances{p.kraken, {}});
      }
      p.wait(milliseconds(static_cast<std::int64_t>(rng.below(40))));
      check();
    }
    p.act(QueryBalances{p.kraken, {}});
    p.act(QueryBalances{p.binance, {}});
    p.wait(seconds(1));
    ASSERT_TRUE(p.px.idle());
    check();
    Decimal coins = d("1");
    Decimal money = d("10000");
    const Instrument& on = p.universe.instrument(p.at_kraken);
    std::size_t fills = 0;
    for (const OrderFilled& f : p.all<OrderFilled>()) {
      ++fills;
      const Decimal base = on.quantity_decimal(f.fill.quantity);
      const Decimal quote = on.notional(f.fill.price, f.fill.quantity);
      coins += f.fill.side == Side::Buy ? base : -base;
      money += (f.fill.side == Side::Buy ? -quote : quote) - f.fill.fee;
    }
    EXPECT_GT(fills, 20u);
    EXPECT_EQ(p.px.total(p.kraken, p.btc), coins);
    EXPECT_EQ(p.px.total(p.kraken, p.usdt), money);

    PaperExchange again(1);
    CoreConfig config;
    again.fold(Started{1, {}, &p.universe, &config});
    again.fold(std::span<const Action>(p.acts));
    for (const Event& event : p.journal) again.fold(event);
    again.begin(p.universe, 2, {});
    EXPECT_FALSE(again.endow(p.kraken, p.btc, d("77")));
    EXPECT_EQ(again.total(p.kraken, p.btc), coins);
    EXPECT_EQ(again.total(p.kraken, p.usdt), money);
    EXPECT_EQ(again.resting(), p.px.resting());
    EXPECT_EQ(again.held(p.kraken, p.usdt), p.px.held(p.kraken, p.usdt));
  }
}

TEST(PaperExchange, WhatHadNotBeenToldWhenTheProcessDiedNeverHappened) {
  Paper p;
  p.book(p.at_kraken, {p.level("59990", "1")}, {p.level("60000", "1")});
  p.act(QueryBalances{p.kraken, {}});
  p.wait(milliseconds(100));
  const OrderId gone = p.place(p.order(p.at_kraken, Side::Buy, "60000", "0.1"));
  p.wait(milliseconds(30));  // it has traded, and the answer is on its way
  EXPECT_EQ(p.px.fills_made(), 1u);
  PaperExchange again(1);
  CoreConfig config;
  again.fold(Started{1, {}, &p.universe, &config});
  again.fold(std::span<const Action>(p.acts));
  for (const Event& event : p.journal) again.fold(event);
  again.begin(p.universe, 2, p.now);
  EXPECT_EQ(again.total(p.kraken, p.btc), d("1"));
  again.act(QueryOrder{gone, p.at_kraken, {}}, p.now);
  p.told.clear();
  again.advance(p.now + seconds(1), p.wall, p);
  EXPECT_EQ(p.all<OrderNotFound>().size(), 1u);
}

}  // namespace
}  // namespace ats::sim
