#include "sim/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/rng.hpp"
#include "sim/testing_world.hpp"

namespace ats::sim {
namespace {

using venues::CancelFault;
using venues::NewOrder;
using venues::OrderKind;
using venues::OrderUpdate;
using venues::PlaceFault;
using venues::VenueOrderState;

struct Recorder final : ExchangeListener {
  std::vector<venues::BookChange> changes;
  std::vector<venues::PublicTrade> trades;
  std::vector<OrderUpdate> updates;
  std::map<std::pair<std::uint16_t, std::uint16_t>, venues::VenueBalance> balances;

  void on_book(const venues::BookChange& change) override { changes.push_back(change); }
  void on_trade(const venues::PublicTrade& trade) override { trades.push_back(trade); }
  void on_order(const OrderUpdate& update) override { updates.push_back(update); }
  void on_balance(AccountId account, const venues::VenueBalance& balance) override {
    balances[{account.value, balance.asset.value}] = balance;
  }
};

class ExchangeTest : public ::testing::Test {
 protected:
  Universe universe_ = testing::two_venues();
  AssetId btc_ = universe_.find_asset("BTC");
  AssetId usdt_ = universe_.find_asset("USDT");
  Recorder told_;
  Exchange binance_{universe_, universe_.find_venue("binance"), told_};
  Exchange kraken_{universe_, universe_.find_venue("kraken"), told_};
  InstrumentId btc_binance_ = universe_.find_instrument(universe_.find_venue("binance"), "BTCUSDT");
  InstrumentId btc_kraken_ = universe_.find_instrument(universe_.find_venue("kraken"), "BTC/USDT");
  AccountId me_ = funded(binance_);
  AccountId me_kraken_ = funded(kraken_);

  AccountId funded(Exchange& exchange) {
    exchange.set_time({1}, {1'700'000'000'000'000'000});
    const AccountId account = exchange.open_account("key", "secret");
    exchange.deposit(account, usdt_, Decimal::from_int(100'000));
    exchange.deposit(account, btc_, Decimal::from_int(2));
    return account;
  }

  NewOrder limit(Side side, std::int64_t price, std::int64_t quantity,
                 TimeInForce tif = TimeInForce::Gtc, const char* name = "") {
    NewOrder order;
    order.account = me_;
    order.instrument = btc_binance_;
    order.side = side;
    order.time_in_force = tif;
    order.price = {price};
    order.quantity = {quantity};
    order.client_order_id = *name != 0 ? name : "o" + std::to_string(++names_);
    return order;
  }

  Decimal free(AssetId asset) const {
    const auto balance = binance_.balance(me_, asset);
    return balance.total - balance.held;
  }
  int names_ = 0;
};

TEST_F(ExchangeTest, a_taker_pays_the_resting_price_and_its_fee_in_what_it_receives) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {50'000});
  binance_.house_level(btc_binance_, Side::Sell, {6'000'100}, {50'000});
  binance_.publish(btc_binance_);
  const auto order = binance_.place(limit(Side::Buy, 6'000'200, 75'000, TimeInForce::Ioc));
  ASSERT_TRUE(order.ok());
  EXPECT_EQ(order->state, VenueOrderState::Filled);
  EXPECT_EQ(order->executed, Quantity{75'000});
  // 0.5 x 60000.00 + 0.25 x 60001.00
  EXPECT_EQ(order->quote_executed, Decimal::of("45000.25"));
  EXPECT_EQ(order->fee_total, Decimal::of("0.00075"));
  EXPECT_EQ(binance_.balance(me_, usdt_).total, Decimal::of("54999.75"));
  EXPECT_EQ(binance_.balance(me_, btc_).total, Decimal::of("2.74925"));
  EXPECT_TRUE(binance_.balance(me_, usdt_).held.is_zero());
  EXPECT_TRUE(binance_.conserved());
  EXPECT_EQ(told_.trades.size(), 2u);
}

TEST_F(ExchangeTest, kraken_takes_its_fee_in_the_quote_asset_and_holds_it_too) {
  kraken_.house_level(btc_kraken_, Side::Sell, {600'000}, {10'000'000});
  NewOrder order = limit(Side::Buy, 599'999, 10'000'000);
  order.account = me_kraken_;
  order.instrument = btc_kraken_;
  ASSERT_TRUE(kraken_.place(order).ok());
  EXPECT_EQ(kraken_.balance(me_kraken_, usdt_).held, Decimal::of("6005.9899900"));
  order.price = {600'000};
  order.client_order_id = "second";
  const auto filled = kraken_.place(order);
  ASSERT_TRUE(filled.ok());
  EXPECT_EQ(filled->fee_total, Decimal::of("6"));
  EXPECT_EQ(kraken_.balance(me_kraken_, usdt_).total, Decimal::of("93994"));
  EXPECT_EQ(kraken_.balance(me_kraken_, btc_).total, Decimal::of("2.1"));
  EXPECT_TRUE(kraken_.conserved());
}

TEST_F(ExchangeTest, funds_are_held_while_an_order_rests_and_come_back_when_it_is_cancelled) {
  ASSERT_TRUE(binance_.place(limit(Side::Buy, 5'000'000, 100'000, TimeInForce::Gtc, "mine")).ok());
  EXPECT_EQ(free(usdt_), Decimal::from_int(50'000));
  ASSERT_TRUE(binance_.cancel(me_, {0, "mine"}).ok());
  EXPECT_EQ(free(usdt_), Decimal::from_int(100'000));
  const auto again = binance_.cancel(me_, {0, "mine"});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error(), CancelFault::AlreadyOver);
  EXPECT_EQ(binance_.cancel(me_, {0, "nobody"}).error(), CancelFault::UnknownOrder);
}

TEST_F(ExchangeTest, what_an_immediate_order_cannot_get_expires) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {10'000});
  const auto order = binance_.place(limit(Side::Buy, 6'000'000, 25'000, TimeInForce::Ioc));
  ASSERT_TRUE(order.ok());
  EXPECT_EQ(order->state, VenueOrderState::Expired);
  EXPECT_EQ(order->executed, Quantity{10'000});
  EXPECT_TRUE(binance_.balance(me_, usdt_).held.is_zero());
  ASSERT_EQ(told_.updates.size(), 3u);
  EXPECT_EQ(told_.updates[0].kind, OrderUpdate::Kind::New);
  EXPECT_EQ(told_.updates[1].kind, OrderUpdate::Kind::Fill);
  EXPECT_EQ(told_.updates[2].kind, OrderUpdate::Kind::Expired);
  EXPECT_EQ(told_.updates[2].order.executed, Quantity{10'000});
}

TEST_F(ExchangeTest, all_or_nothing_gets_nothing_when_not_all_is_there) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {10'000});
  const auto none = binance_.place(limit(Side::Buy, 6'000'000, 10'001, TimeInForce::Fok));
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->state, VenueOrderState::Expired);
  EXPECT_TRUE(none->executed.is_zero());
  const auto all = binance_.place(limit(Side::Buy, 6'000'000, 10'000, TimeInForce::Fok));
  EXPECT_EQ(all->state, VenueOrderState::Filled);
}

TEST_F(ExchangeTest, the_rest_of_a_good_till_cancelled_order_waits_at_the_back_of_its_queue) {
  binance_.house_level(btc_binance_, Side::Buy, {5'900'000}, {30'000});
  ASSERT_TRUE(binance_.place(limit(Side::Buy, 5'900'000, 20'000, TimeInForce::Gtc, "mine")).ok());
  EXPECT_EQ(binance_.house_take(btc_binance_, Side::Sell, {5'900'000}, {40'000}), Quantity{40'000});
  const auto* mine = binance_.find_order(me_, {0, "mine"});
  ASSERT_NE(mine, nullptr);
  EXPECT_EQ(mine->state, VenueOrderState::PartlyFilled);
  EXPECT_EQ(mine->executed, Quantity{10'000});
  const auto fills = binance_.fills(me_, mine->id, 10);
  ASSERT_EQ(fills.size(), 1u);
  EXPECT_EQ(fills[0].liquidity, Liquidity::Maker);
  EXPECT_EQ(binance_.open_orders(me_).size(), 1u);
  EXPECT_TRUE(binance_.conserved());
}

TEST_F(ExchangeTest, orders_that_break_a_rule_are_refused_by_its_name_and_change_nothing) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {10'000});
  const auto refused = [&](NewOrder order) {
    const auto answer = binance_.place(order);
    EXPECT_FALSE(answer.ok());
    return answer.ok() ? PlaceFault::Injected : answer.error();
  };
  EXPECT_EQ(refused(limit(Side::Buy, -5, 1000)), PlaceFault::PriceFilter);
  EXPECT_EQ(refused(limit(Side::Buy, 6'000'000, -1)), PlaceFault::LotFilter);
  EXPECT_EQ(refused(limit(Side::Buy, 6'000'000, 950'000'000)), PlaceFault::MaxQuantity);
  EXPECT_EQ(refused(limit(Side::Buy, 6'000'000, 1)), PlaceFault::MinNotional);
  EXPECT_EQ(refused(limit(Side::Buy, 6'000'000, 1'000'000)), PlaceFault::InsufficientFunds);
  EXPECT_EQ(refused(limit(Side::Sell, 6'000'000, 200'001)), PlaceFault::InsufficientFunds);
  EXPECT_EQ(refused(limit(Side::Buy, 9'000'000'000'000'000'000, 900'000'000)),
            PlaceFault::MaxQuantity);
  NewOrder elsewhere = limit(Side::Buy, 6'000'000, 1000);
  elsewhere.instrument = btc_kraken_;
  EXPECT_EQ(refused(elsewhere), PlaceFault::UnknownInstrument);
  NewOrder maker = limit(Side::Buy, 6'000'000, 1000);
  maker.kind = OrderKind::LimitMaker;
  EXPECT_EQ(refused(maker), PlaceFault::WouldTake);
  universe_.instrument(btc_binance_).status = InstrumentStatus::Halted;
  EXPECT_EQ(refused(limit(Side::Buy, 6'000'000, 1000)), PlaceFault::InstrumentClosed);
  EXPECT_TRUE(told_.updates.empty());
  EXPECT_EQ(free(usdt_), Decimal::from_int(100'000));
}

TEST_F(ExchangeTest, a_client_order_id_is_taken_while_its_order_is_open_and_free_afterwards) {
  ASSERT_TRUE(binance_.place(limit(Side::Buy, 5'000'000, 1000, TimeInForce::Gtc, "same")).ok());
  const auto second = binance_.place(limit(Side::Buy, 5'000'000, 1000, TimeInForce::Gtc, "same"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error(), PlaceFault::DuplicateClientOrderId);
  ASSERT_TRUE(binance_.cancel(me_, {0, "same"}).ok());
  const auto third = binance_.place(limit(Side::Buy, 5'000'000, 1000, TimeInForce::Gtc, "same"));
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(binance_.find_order(me_, {0, "same"})->id, third->id);
  EXPECT_EQ(binance_.closed_orders(me_, 10).size(), 1u);
}

TEST_F(ExchangeTest, a_price_outside_the_band_around_what_was_traded_is_refused) {
  universe_.instrument(btc_binance_).band = {
      {900'000'000}, {1'100'000'000}, {900'000'000}, {1'100'000'000}, seconds(300)};
  const auto refused = [&](std::int64_t price) {
    const auto placed = binance_.place(limit(Side::Buy, price, 1'000, TimeInForce::Ioc));
    return placed ? std::optional<PlaceFault>() : placed.error();
  };
  EXPECT_FALSE(refused(1'000'000)) << "nothing was traded so far";
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {1'000});
  ASSERT_TRUE(binance_.place(limit(Side::Buy, 6'000'000, 1'000, TimeInForce::Ioc)).ok());
  EXPECT_EQ(refused(6'600'100), PlaceFault::PriceBand);
  EXPECT_EQ(refused(5'399'900), PlaceFault::PriceBand);
  EXPECT_FALSE(refused(5'400'000));
}

TEST_F(ExchangeTest, an_account_does_not_trade_with_itself) {
  ASSERT_TRUE(binance_.place(limit(Side::Sell, 6'000'000, 1000, TimeInForce::Gtc, "old")).ok());
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {500});
  const auto taker = binance_.place(limit(Side::Buy, 6'000'000, 800, TimeInForce::Ioc));
  ASSERT_TRUE(taker.ok());
  EXPECT_EQ(taker->executed, Quantity{500});
  EXPECT_EQ(binance_.find_order(me_, {0, "old"})->state, VenueOrderState::Expired);
  EXPECT_EQ(free(btc_), Decimal::of("2.004995"));
}

TEST_F(ExchangeTest, a_market_buy_by_amount_spends_no_more_than_the_amount) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {10'000});
  binance_.house_level(btc_binance_, Side::Sell, {6'000'300}, {10'000});
  NewOrder order = limit(Side::Buy, 0, 0);
  order.kind = OrderKind::Market;
  order.quote_amount = Decimal::of("7000");
  const auto filled = binance_.place(order);
  ASSERT_TRUE(filled.ok());
  EXPECT_EQ(filled->state, VenueOrderState::Filled);
  EXPECT_EQ(filled->executed, Quantity{11'666});
  EXPECT_LE(filled->quote_executed, Decimal::of("7000"));
  order.quote_amount = Decimal::of("200000");
  order.client_order_id = "more than there is";
  const auto rest = binance_.place(order);
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(rest->executed, Quantity{8'334});
}

TEST_F(ExchangeTest, book_changes_are_numbered_without_a_hole_and_rebuild_the_book) {
  Rng rng(7);
  std::map<std::int64_t, std::int64_t> sides[2];
  for (int step = 0; step < 3000; ++step) {
    const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
    const std::int64_t price =
        side == Side::Buy ? 5'999'900 - rng.between(0, 30) : 6'000'000 + rng.between(0, 30);
    binance_.house_level(btc_binance_, side, {price}, {rng.between(0, 900)});
    if (rng.one_in(5)) {
      binance_.house_take(btc_binance_, opposite(side), {price}, {rng.between(1, 500)});
    }
    if (rng.one_in(4)) binance_.publish(btc_binance_);
  }
  binance_.publish(btc_binance_);
  Sequence last = 0;
  for (const auto& change : told_.changes) {
    ASSERT_EQ(change.first, last + 1);
    ASSERT_GE(change.last, change.first);
    last = change.last;
    for (const auto& level : change.bids) sides[0][level.price.units] = level.quantity.units;
    for (const auto& level : change.asks) sides[1][level.price.units] = level.quantity.units;
  }
  const auto image = binance_.book(btc_binance_, 1000);
  EXPECT_EQ(image.last, last);
  for (auto& side : sides) std::erase_if(side, [](const auto& level) { return level.second == 0; });
  ASSERT_EQ(image.bids.size(), sides[0].size());
  ASSERT_EQ(image.asks.size(), sides[1].size());
  for (const auto& level : image.bids) EXPECT_EQ(sides[0][level.price.units], level.quantity.units);
  for (const auto& level : image.asks) EXPECT_EQ(sides[1][level.price.units], level.quantity.units);
}

TEST_F(ExchangeTest, money_is_conserved_and_never_overdrawn_whatever_several_accounts_do) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Rng rng(seed);
    Recorder told;
    Exchange exchange(universe_, universe_.find_venue(seed % 2 == 0 ? "kraken" : "binance"), told);
    const InstrumentId btc = exchange.instruments()[0];
    const std::int64_t unit = seed % 2 == 0 ? 100'000 : 100;
    const std::int64_t mid = seed % 2 == 0 ? 600'000 : 6'000'000;
    exchange.set_time({1}, {1});
    for (int n = 0; n < 3; ++n) {
      const AccountId account = exchange.open_account(std::to_string(n), "");
      exchange.deposit(account, usdt_, Decimal::of("12345.678901"));
      exchange.deposit(account, btc_, Decimal::of("0.23456789"));
    }
    std::uint64_t placed = 0;
    for (int step = 0; step < 4000; ++step) {
      exchange.set_time({step + 2}, {step + 2});
      const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
      const std::int64_t price = mid + rng.between(-40, 40);
      if (rng.one_in(500)) {
        exchange.faults().inject({FaultKind::PartialFill, {}, 1, {}}, exchange.now());
        exchange.faults().inject({FaultKind::LateCancel, {}, 1, {}}, exchange.now());
      }
      if (rng.one_in(3)) {
        exchange.house_take(btc, side, {price}, {1'000'000'000'000'000});
        exchange.house_level(btc, side, {price}, {rng.between(0, 200) * unit});
        exchange.publish(btc);
        continue;
      }
      NewOrder order;
      order.account = AccountId{static_cast<std::uint16_t>(rng.below(3))};
      order.instrument = btc;
      order.side = side;
      order.kind = rng.one_in(8) ? OrderKind::Market : OrderKind::Limit;
      order.time_in_force = static_cast<TimeInForce>(rng.below(3));
      order.price = {price};
      order.quantity = {rng.between(1, 400) * unit + rng.between(0, 99)};
      order.client_order_id = std::to_string(step);
      placed += exchange.place(order).ok() ? 1 : 0;
      const auto open = exchange.open_orders(order.account);
      if (!open.empty() && rng.one_in(3)) {
        static_cast<void>(exchange.cancel(order.account, {open[rng.below(open.size())].id, ""}));
      }
      ASSERT_TRUE(exchange.conserved()) << "seed " << seed << " step " << step;
    }
    EXPECT_GT(placed, 500u);
    EXPECT_GT(exchange.fills_made(), 200u);
    exchange.faults().clear();
    for (std::uint16_t n = 0; n < 3; ++n) {
      const AccountId account{n};
      for (const auto& order : exchange.open_orders(account)) {
        ASSERT_TRUE(exchange.cancel(account, {order.id, ""}).ok());
      }
      for (const auto& balance : exchange.balances(account)) {
        EXPECT_TRUE(balance.held.is_zero());
        const auto& heard = told.balances[{n, balance.asset.value}];
        EXPECT_TRUE(!heard.asset.valid() || heard.total == balance.total);
      }
    }
  }
}

TEST_F(ExchangeTest, faults_of_the_exchange_show_on_the_occasions_they_were_ordered_for) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {100'000});
  const auto inject = [&](FaultKind kind) {
    binance_.faults().inject({kind, {}, 1, {}}, binance_.now());
  };
  inject(FaultKind::Reject);
  EXPECT_EQ(binance_.place(limit(Side::Buy, 6'000'000, 1000)).error(), PlaceFault::Injected);

  inject(FaultKind::PartialFill);
  const auto half = binance_.place(limit(Side::Buy, 6'000'000, 1000));
  EXPECT_EQ(half->executed, Quantity{500});
  EXPECT_EQ(half->state, VenueOrderState::Expired);

  told_.updates.clear();
  inject(FaultKind::DropFill);
  ASSERT_TRUE(binance_.place(limit(Side::Buy, 6'000'000, 1000)).ok());
  EXPECT_EQ(told_.updates.size(), 1u);
  inject(FaultKind::DuplicateFill);
  ASSERT_TRUE(binance_.place(limit(Side::Buy, 6'000'000, 1000)).ok());
  EXPECT_EQ(told_.updates.size(), 4u);

  ASSERT_TRUE(binance_.place(limit(Side::Buy, 5'000'000, 1000, TimeInForce::Gtc, "rests")).ok());
  inject(FaultKind::LateCancel);
  EXPECT_EQ(binance_.cancel(me_, {0, "rests"}).error(), CancelFault::AlreadyOver);
  EXPECT_EQ(binance_.find_order(me_, {0, "rests"})->state, VenueOrderState::Filled);
  EXPECT_TRUE(binance_.conserved());

  const WallTime right = binance_.wall();
  binance_.faults().inject({FaultKind::ClockSkew, seconds(1), 0, seconds(-3)}, binance_.now());
  EXPECT_EQ(binance_.wall() - right, seconds(-3));
}

TEST_F(ExchangeTest,
       the_rest_of_an_immediate_order_that_is_cancelled_late_can_be_filled_meanwhile) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {1000});
  const FaultOrder late{FaultKind::LateCancel, {}, 1, seconds(2)};
  binance_.faults().inject(late, binance_.now());
  const auto order = binance_.place(limit(Side::Buy, 6'000'000, 3000, TimeInForce::Ioc, "late"));
  EXPECT_EQ(order->state, VenueOrderState::PartlyFilled);
  binance_.house_take(btc_binance_, Side::Sell, {6'000'000}, {500});
  const auto pass = [&](Duration d) {
    binance_.set_time(binance_.now() + d, binance_.wall() + d);
    return binance_.find_order(me_, {0, "late"});
  };
  EXPECT_TRUE(pass(milliseconds(1900))->live());
  const auto* over = pass(milliseconds(200));
  EXPECT_EQ(over->state, VenueOrderState::Expired);
  EXPECT_EQ(over->executed, Quantity{1500});
  EXPECT_EQ(told_.updates.back().kind, OrderUpdate::Kind::Expired);
  EXPECT_TRUE(binance_.balance(me_, usdt_).held.is_zero());
  EXPECT_TRUE(binance_.conserved());
}

TEST_F(ExchangeTest, a_crossed_book_shows_for_its_time_and_then_is_whole_again) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {1000});
  binance_.house_level(btc_binance_, Side::Buy, {5'999'900}, {1000});
  binance_.faults().inject({FaultKind::CrossedBook, milliseconds(500), 0, {}}, binance_.now());
  binance_.publish(btc_binance_);
  EXPECT_TRUE(binance_.crossed(btc_binance_));
  auto image = binance_.book(btc_binance_, 10);
  EXPECT_GT(image.bids[0].price, image.asks[0].price);
  binance_.set_time(binance_.now() + seconds(1), binance_.wall() + seconds(1));
  image = binance_.book(btc_binance_, 10);
  EXPECT_FALSE(binance_.crossed(btc_binance_));
  EXPECT_LT(image.bids[0].price, image.asks[0].price);
  EXPECT_EQ(told_.changes.back().first, told_.changes[told_.changes.size() - 2].last + 1);
}

TEST_F(ExchangeTest, an_account_is_found_by_its_key_only) {
  std::string secret;
  EXPECT_EQ(binance_.find_key("key", secret), me_);
  EXPECT_EQ(secret, "secret");
  EXPECT_FALSE(binance_.find_key("another", secret).valid());
}

TEST(Faults, a_kind_is_spelled_as_on_the_control_port_and_back) {
  for (std::size_t n = 0; n < fault_kind_count; ++n) {
    const auto kind = static_cast<FaultKind>(n);
    EXPECT_EQ(parse_fault_kind(name(kind)), kind);
  }
  EXPECT_FALSE(parse_fault_kind("earthquake").has_value());
}

TEST(Faults, a_fault_is_in_force_for_its_time_or_its_occasions) {
  Faults faults;
  const Instant now{1000};
  faults.inject({FaultKind::Slow, nanoseconds(500), 0, milliseconds(7)}, now);
  EXPECT_EQ(faults.by(FaultKind::Slow, now), milliseconds(7));
  EXPECT_TRUE(faults.strike(FaultKind::Slow, Instant{1499}));
  EXPECT_FALSE(faults.strike(FaultKind::Slow, Instant{1500}));
  EXPECT_EQ(faults.by(FaultKind::Slow, Instant{1500}), Duration{});
  faults.inject({FaultKind::Gap, {}, 2, {}}, now);
  EXPECT_TRUE(faults.strike(FaultKind::Gap, now));
  EXPECT_TRUE(faults.active(FaultKind::Gap, now));
  EXPECT_TRUE(faults.strike(FaultKind::Gap, now));
  EXPECT_FALSE(faults.strike(FaultKind::Gap, now));
  EXPECT_EQ(faults.struck(FaultKind::Gap), 2u);
  EXPECT_EQ(faults.injected(FaultKind::Gap), 1u);
}

class ExchangeHistory : public ExchangeTest {
 protected:
  void pass(Duration d) {
    now_ = now_ + d;
    binance_.set_time(now_, {1'700'000'000'000'000'000 + now_.ns});
  }
  std::uint64_t trade(const char* name = "") {
    const auto placed = binance_.place(limit(Side::Buy, 6'000'000, 20, TimeInForce::Ioc, name));
    EXPECT_TRUE(placed.ok());
    return placed->id;
  }
  void sell(std::int64_t quantity) {
    binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {quantity});
    binance_.publish(btc_binance_);
  }
  Instant now_{1};
};

TEST_F(ExchangeHistory, an_order_that_ended_long_ago_is_unknown_with_its_fills) {
  sell(1'000'000'000'000);
  const std::uint64_t first = trade("first");
  ASSERT_EQ(binance_.fills(me_, first, 10).size(), 1u);
  for (std::size_t n = 0; n < Exchange::history_least; ++n) trade();
  EXPECT_NE(binance_.find_order(me_, {first, ""}), nullptr)
      << "the thousand after it do not suffice";
  pass(Exchange::history);
  ASSERT_NE(binance_.fill(0), nullptr);
  trade("newest");
  EXPECT_EQ(binance_.find_order(me_, {first, ""}), nullptr);
  EXPECT_EQ(binance_.find_order(me_, {0, "first"}), nullptr);
  EXPECT_TRUE(binance_.fills(me_, first, 10).empty());
  EXPECT_EQ(binance_.cancel(me_, {first, ""}).error(), CancelFault::UnknownOrder);
  EXPECT_EQ(binance_.fill(0), nullptr);
  EXPECT_EQ(binance_.fills_made(), Exchange::history_least + 2);
  EXPECT_EQ(binance_.fill(binance_.fills_made() - 1)->client_order_id, "newest");
  EXPECT_EQ(binance_.orders_kept(), Exchange::history_least);
  EXPECT_EQ(binance_.closed_orders(me_, 5000).size(), Exchange::history_least);
  EXPECT_EQ(binance_.fills(me_, 0, 5000).size(), Exchange::history_least);
  EXPECT_EQ(binance_.fills(me_, 0, 5000).back().client_order_id, "newest");
  EXPECT_TRUE(binance_.conserved());
}

TEST_F(ExchangeHistory, few_orders_are_kept_however_old_and_live_ones_always) {
  sell(1'000'000'000'000);
  const auto resting = binance_.place(limit(Side::Buy, 5'000'000, 20, TimeInForce::Gtc, "rests"));
  ASSERT_TRUE(resting.ok());
  const std::uint64_t first = trade();
  pass(Exchange::history * 10);
  trade();
  EXPECT_NE(binance_.find_order(me_, {first, ""}), nullptr);
  for (std::size_t n = 0; n < 2 * Exchange::history_least; ++n) trade();
  pass(Exchange::history);
  trade();
  EXPECT_EQ(binance_.find_order(me_, {first, ""}), nullptr);
  EXPECT_NE(binance_.find_order(me_, {0, "rests"}), nullptr);
  EXPECT_EQ(binance_.open_orders(me_).size(), 1u);
  EXPECT_EQ(binance_.orders_kept(), Exchange::history_least + 1);
  ASSERT_TRUE(binance_.cancel(me_, {resting->id, ""}).ok());
  EXPECT_EQ(binance_.closed_orders(me_, 5000).back().client_order_id, "rests")
      << "by its beginning";
}

TEST_F(ExchangeHistory, a_name_used_again_outlives_the_order_that_had_it_first) {
  sell(1'000'000'000'000);
  trade("name");
  const std::uint64_t again = trade("name");
  pass(Exchange::history);
  for (std::size_t n = 0; n < Exchange::history_least - 1; ++n) trade();
  EXPECT_EQ(binance_.orders_kept(), Exchange::history_least);
  const venues::VenueOrder* found = binance_.find_order(me_, {0, "name"});
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->id, again);
}

TEST_F(ExchangeTest, less_at_the_same_price_keeps_the_place_and_anything_else_goes_to_the_end) {
  const auto mine = binance_.place(limit(Side::Buy, 6'000'000, 50'000));
  binance_.house_level(btc_binance_, Side::Buy, {6'000'000}, {30'000});
  binance_.publish(btc_binance_);
  ASSERT_TRUE(binance_.amend(me_, {mine->id, ""}, {{6'000'000}, {40'000}}).ok());
  binance_.house_take(btc_binance_, Side::Sell, {6'000'000}, {10'000});
  EXPECT_EQ(binance_.find_order(me_, {mine->id, ""})->executed, Quantity{10'000});
  ASSERT_TRUE(binance_.amend(me_, {mine->id, ""}, {{6'000'000}, {60'000}}).ok());
  binance_.house_take(btc_binance_, Side::Sell, {6'000'000}, {30'000});
  EXPECT_EQ(binance_.find_order(me_, {mine->id, ""})->executed, Quantity{10'000})
      << "more of it waits behind who was there";
  binance_.house_take(btc_binance_, Side::Sell, {6'000'000}, {50'000});
  EXPECT_EQ(binance_.find_order(me_, {mine->id, ""})->state, VenueOrderState::Filled);
  EXPECT_EQ(binance_.find_order(me_, {mine->id, ""})->executed, Quantity{60'000});
  EXPECT_TRUE(binance_.conserved());
}

TEST_F(ExchangeTest, an_amended_order_holds_what_its_new_terms_may_cost_and_is_told_once) {
  const auto mine = binance_.place(limit(Side::Buy, 6'000'000, 50'000));
  told_.updates.clear();
  ASSERT_TRUE(binance_.amend(me_, {mine->id, ""}, {{6'100'000}, {60'000}}).ok());
  EXPECT_EQ(binance_.balance(me_, usdt_).held, Decimal::from_int(36'600));
  ASSERT_EQ(told_.updates.size(), 1u);
  EXPECT_EQ(told_.updates[0].kind, OrderUpdate::Kind::Amended);
  EXPECT_EQ(told_.updates[0].order.price, Price{6'100'000});
  EXPECT_EQ(told_.updates[0].order.quantity, Quantity{60'000});
  EXPECT_EQ(told_.updates[0].order.client_order_id, mine->client_order_id);

  const auto dear = binance_.amend(me_, {mine->id, ""}, {{6'100'000}, {200'000}});
  ASSERT_FALSE(dear.ok());
  EXPECT_FALSE(dear.error().gone);
  EXPECT_EQ(dear.error().refused, PlaceFault::InsufficientFunds);
  EXPECT_EQ(binance_.amend(me_, {mine->id, ""}, {{6'100'000}, {0}}).error().refused,
            PlaceFault::LotFilter);
  EXPECT_EQ(binance_.balance(me_, usdt_).held, Decimal::from_int(36'600)) << "it stands as it did";
  ASSERT_TRUE(binance_.cancel(me_, {mine->id, ""}).ok());
  EXPECT_EQ(binance_.amend(me_, {mine->id, ""}, {{6'100'000}, {60'000}}).error().gone,
            CancelFault::AlreadyOver);
  EXPECT_EQ(binance_.amend(me_, {77, ""}, {{6'100'000}, {60'000}}).error().gone,
            CancelFault::UnknownOrder);
}

TEST_F(ExchangeTest, an_amended_order_that_would_take_takes_or_is_refused_by_its_kind) {
  binance_.house_level(btc_binance_, Side::Sell, {6'000'000}, {20'000});
  binance_.publish(btc_binance_);
  NewOrder only_makes = limit(Side::Buy, 5'900'000, 30'000);
  only_makes.kind = OrderKind::LimitMaker;
  const auto maker = binance_.place(only_makes);
  const auto refused = binance_.amend(me_, {maker->id, ""}, {{6'000'000}, {30'000}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().refused, PlaceFault::WouldTake);
  const auto plain = binance_.place(limit(Side::Buy, 5'900'000, 30'000));
  const auto taken = binance_.amend(me_, {plain->id, ""}, {{6'000'000}, {30'000}});
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(taken->executed, Quantity{20'000});
  EXPECT_EQ(taken->state, VenueOrderState::PartlyFilled);
  EXPECT_EQ(binance_.book(btc_binance_, 1).bids.front().price, Price{6'000'000});
  const auto over = binance_.amend(me_, {plain->id, ""}, {{6'000'000}, {20'000}});
  ASSERT_TRUE(over.ok());
  EXPECT_EQ(over->state, VenueOrderState::Cancelled) << "a total that is reached already";
  EXPECT_TRUE(binance_.conserved());
}

}  // namespace
}  // namespace ats::sim
