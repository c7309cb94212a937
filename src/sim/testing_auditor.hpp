// Tests only: two venues with a book each, an engine that is played by the test, and the auditor.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "domain/testing_approved.hpp"
#include "sim/auditor.hpp"
#include "sim/testing_world.hpp"

namespace ats::sim::testing {

struct Silent final : ExchangeListener {
  void on_book(const venues::BookChange&) override {}
  void on_trade(const venues::PublicTrade&) override {}
  void on_order(const venues::OrderUpdate&) override {}
  void on_balance(AccountId, const venues::VenueBalance&) override {}
};

class AuditorTest : public ::testing::Test {
 protected:
  AuditorTest() {
    for (Exchange* exchange : {&binance_, &kraken_}) {
      exchange->set_time(now_, wall());
      const AccountId account = exchange->open_account("k", "s");
      exchange->deposit(account, usdt_, Decimal::from_int(100'000));
      exchange->deposit(account, btc_, Decimal::from_int(2));
      const InstrumentId btc = exchange->instruments()[0];
      const std::int64_t unit = exchange == &binance_ ? 100 : 10;
      exchange->house_level(btc, Side::Sell, {60'100 * unit}, {1'000'000'000});
      exchange->house_level(btc, Side::Buy, {60'000 * unit}, {1'000'000'000});
      exchange->publish(btc);
      auditor_.watch(*exchange, account);
    }
    // A gap of two hundred dollars between the venues: buy on binance, sell on kraken.
    kraken_.house_level(kr_, Side::Sell, {601'000}, {});
    kraken_.house_level(kr_, Side::Sell, {604'000}, {1'000'000'000});
    kraken_.house_level(kr_, Side::Buy, {603'000}, {1'000'000'000});
    kraken_.publish(kr_);
    config_.max_daily_loss = Decimal::from_int(1000);
  }

  WallTime wall() const { return {1'700'000'000'000'000'000 + now_.ns}; }
  void pass(Duration d) {
    now_ = now_ + d;
    binance_.set_time(now_, wall());
    kraken_.set_time(now_, wall());
  }
  void tell(const Event& event) { auditor_.before(event, now_); }
  void act(std::vector<Action> actions) { auditor_.after(actions, now_); }

  void tell_book(InstrumentId id, Exchange& exchange) {
    const auto image = exchange.book(id, 10);
    BookSnapshot snapshot;
    snapshot.instrument = id;
    snapshot.last = image.last;
    snapshot.bids = image.bids;
    snapshot.asks = image.asks;
    if (exchange.venue() == kraken_.venue()) {
      snapshot.checksum = digits_checksum({image.bids, image.asks});
    }
    tell(snapshot);
  }
  void start(std::uint32_t incarnation = 1) {
    tell(Started{incarnation, wall(), &universe_, &config_});
    for (Exchange* exchange : {&binance_, &kraken_}) {
      tell(ConnectionUp{exchange->venue(), Channel::MarketData});
      tell(ConnectionUp{exchange->venue(), Channel::Trading});
      tell(BalancesComplete{exchange->venue(), {}, {}});
    }
    tell_book(bn_, binance_);
    tell_book(kr_, kraken_);
    if (incarnation == 1) {
      for (const Exchange* exchange : {&binance_, &kraken_}) {
        for (const AssetId asset : {usdt_, btc_}) {
          const Decimal total = exchange->balance(AccountId{0}, asset).total;
          act({booking(EntryKind::Opening, {},
                       {{Account::Venue, exchange->venue(), asset, total},
                        {Account::External, exchange->venue(), asset, -total}})});
        }
      }
    }
  }

  static Booked booking(EntryKind kind, OrderId order, std::vector<Posting> postings,
                        std::string_view fill = "") {
    Booked entry;
    entry.kind = kind;
    entry.order = order;
    entry.fill = FillId(fill);
    entry.count = static_cast<std::uint8_t>(postings.size());
    std::copy(postings.begin(), postings.end(), entry.postings);
    return entry;
  }

  OrderRequest leg(Side side, std::uint32_t counter, std::uint64_t execution = 1) const {
    OrderRequest o;
    o.id = make_order_id(incarnation_, counter);
    o.execution = {execution};
    o.side = side;
    o.instrument = side == Side::Buy ? bn_ : kr_;
    o.price = side == Side::Buy ? Price{6'010'000} : Price{603'000};
    o.quantity = side == Side::Buy ? Quantity{10'000} : Quantity{9'990'000};
    return o;
  }
  Action place(const OrderRequest& o) { return approved(o, ++serial_); }

  std::vector<Action> both_legs(std::uint64_t execution = 1) {
    buy_ = leg(Side::Buy, ++counter_, execution);
    sell_ = leg(Side::Sell, ++counter_, execution);
    return {place(buy_), place(sell_)};
  }
  // The venue carries the order out and tells it is over.
  venues::VenueFill carry_out(const OrderRequest& o) {
    Exchange& exchange = o.instrument == bn_ ? binance_ : kraken_;
    venues::NewOrder order;
    order.account = AccountId{0};
    order.instrument = o.instrument;
    order.side = o.side;
    order.time_in_force = TimeInForce::Ioc;
    order.price = o.price;
    order.quantity = o.quantity;
    order.client_order_id = client_order_id(o.id).view();
    EXPECT_TRUE(exchange.place(order).ok());
    tell(OrderEnded{o.id, OrderState::Filled, o.quantity, {}});
    return *exchange.fill(exchange.fills_made() - 1);
  }
  Booked right_booking(const OrderRequest& o, const venues::VenueFill& fill) const {
    const Instrument& i = universe_.instrument(o.instrument);
    const Decimal base = i.quantity_decimal(fill.quantity);
    const Decimal quote = i.notional(fill.price, fill.quantity);
    const bool buys = o.side == Side::Buy;
    return booking(EntryKind::Fill, o.id,
                   {{Account::Venue, i.venue, btc_, buys ? base : -base},
                    {Account::Trading, i.venue, btc_, buys ? -base : base},
                    {Account::Venue, i.venue, usdt_, buys ? -quote : quote},
                    {Account::Trading, i.venue, usdt_, buys ? quote : -quote},
                    {Account::Venue, i.venue, fill.fee_asset, -fill.fee},
                    {Account::Fees, i.venue, fill.fee_asset, fill.fee}},
                   std::to_string(fill.trade_id));
  }
  void resolve(ExecutionOutcome outcome = ExecutionOutcome::Completed, std::uint64_t id = 1) {
    ExecutionResolved end;
    end.execution = {id};
    end.pair = universe_.instrument(bn_).pair;
    end.outcome = outcome;
    act({end});
  }
  // The fill of the leg that bought.
  auto trade_well() {
    act(both_legs());
    const auto bought = carry_out(buy_);
    const auto sold = carry_out(sell_);
    act({right_booking(buy_, bought)});
    act({right_booking(sell_, sold)});
    resolve();
    return bought;
  }
  void check(bool calm = true) {
    CoreStatus status;
    status.halts = halts_;
    for (const Scope& scope : halts_) status.holds.push_back({scope, RiskState::Halted, false, {}});
    const Instant never{std::numeric_limits<std::int64_t>::max()};
    const std::vector<Instant> since(2, calm ? Instant{1} : never);
    auditor_.check(status, since, now_);
  }
  void settle() {
    check();
    pass(Auditor::settle + seconds(1));
    check();
  }
  // Nothing was found, or only this.
  void expect(std::optional<Invariant> broken) const {
    if (!broken) {
      EXPECT_THAT(auditor_.violations(), ::testing::IsEmpty())
          << auditor_.violations().front().detail;
      return;
    }
    ASSERT_THAT(auditor_.violations(), ::testing::Not(::testing::IsEmpty()));
    const Violation& first = auditor_.violations().front();
    EXPECT_STREQ(name(first.invariant), name(*broken)) << first.detail;
    EXPECT_EQ(first.seed, 77u);
  }

  // Bitcoin may be quoted on kraken, which amends, and hedged on binance.
  static CoreConfig quoting() {
    CoreConfig config;
    config.maker_pairs.add({"BTC", "USDT", "kraken", "binance"});
    return config;
  }
  static Universe amending() {
    Universe universe = two_venues();
    universe.venue(universe.find_venue("kraken")).amends = AmendRule::PriceAndQuantity;
    return universe;
  }

  Universe universe_ = amending();
  CoreConfig config_ = quoting();
  Instant now_{1'000'000};
  Silent silent_;
  AssetId btc_ = universe_.find_asset("BTC");
  AssetId usdt_ = universe_.find_asset("USDT");
  Exchange binance_{universe_, universe_.find_venue("binance"), silent_};
  Exchange kraken_{universe_, universe_.find_venue("kraken"), silent_};
  InstrumentId bn_ = binance_.instruments()[0];
  InstrumentId kr_ = kraken_.instruments()[0];
  Auditor auditor_{universe_, config_, 77};
  std::vector<Scope> halts_;
  OrderRequest buy_, sell_;
  std::uint64_t serial_ = 0;
  std::uint32_t counter_ = 0;
  std::uint32_t incarnation_ = 1;
};

}  // namespace ats::sim::testing
