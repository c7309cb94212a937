// Each invariant is broken by hand, once, and the auditor must name it; and a day's work done right must
// pass without a word.
#include "sim/auditor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/testing_approval.hpp"
#include "sim/testing_world.hpp"

namespace ats::sim {
namespace {

struct Silent final : ExchangeListener {
  void on_book(const venues::BookChange&) override {}
  void on_trade(const venues::PublicTrade&) override {}
  void on_order(const venues::OrderUpdate&) override {}
  void on_balance(AccountId, const venues::VenueBalance&) override {}
};

// Two venues with a book each, an engine that is played by the test, and the auditor.
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
      snapshot.checksum = testing::digits_checksum({image.bids, image.asks});
    }
    tell(snapshot);
  }
  void start(std::uint32_t incarnation = 1) {
    tell(Started{incarnation, wall(), &universe_, &config_});
    for (Exchange* exchange : {&binance_, &kraken_}) {
      tell(ConnectionUp{exchange->venue(), Channel::MarketData});
      tell(ConnectionUp{exchange->venue(), Channel::Trading});
      tell(BalancesComplete{exchange->venue(), {}});
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
  Action place(const OrderRequest& o) { return Place{core::RiskGate::approve(o, ++serial_)}; }

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
    return exchange.all_fills().back();
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
  void trade_well() {
    act(both_legs());
    const auto bought = carry_out(buy_);
    const auto sold = carry_out(sell_);
    act({right_booking(buy_, bought)});
    act({right_booking(sell_, sold)});
    resolve();
  }
  void check(bool calm = true) {
    CoreStatus status;
    status.halts = halts_;
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

  Universe universe_ = testing::two_venues();
  CoreConfig config_;
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

TEST_F(AuditorTest, a_trade_done_right_passes_without_a_word) {
  start();
  trade_well();
  settle();
  expect(std::nullopt);
  EXPECT_EQ(auditor_.counts().placed, 2u);
  EXPECT_EQ(auditor_.counts().fills, 2u);
  EXPECT_EQ(auditor_.open_executions(), 0u);
}

TEST_F(AuditorTest, an_order_id_used_again_is_found) {
  start();
  trade_well();
  counter_ = 0;
  act(both_legs(2));
  expect(Invariant::OrderSentOnce);
}

TEST_F(AuditorTest, an_order_id_of_an_earlier_life_is_found) {
  start();
  trade_well();
  incarnation_ = 1;
  start(2);
  act(both_legs(2));
  expect(Invariant::OrderSentOnce);
}

TEST_F(AuditorTest, an_order_without_a_new_approval_is_found) {
  start();
  act(both_legs());
  serial_ = 0;
  incarnation_ = 1;
  act(both_legs(2));
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorTest, an_order_during_a_halt_is_found_and_an_unwind_is_not) {
  start();
  tell(CommandReceived{HaltCommand{{}, "me", "stop"}});
  act(both_legs());
  expect(Invariant::HaltsHold);
}

TEST_F(AuditorTest, a_halt_holds_over_a_restart_until_somebody_lifts_it) {
  start();
  const Scope venue{binance_.venue(), {}};
  tell(CommandReceived{HaltCommand{venue, "me", "stop"}});
  start(2);
  halts_ = {venue};
  check();
  expect(std::nullopt);
  halts_.clear();
  tell(CommandReceived{ResumeCommand{venue, "me", "go"}});
  check();
  expect(std::nullopt);
  tell(CommandReceived{HaltCommand{venue, "me", "stop"}});
  check();
  expect(Invariant::HaltsHold);
}

TEST_F(AuditorTest, who_resumes_while_stopping_lifts_nothing) {
  start();
  const Scope venue{binance_.venue(), {}};
  tell(CommandReceived{HaltCommand{venue, "me", "stop"}});
  tell(CommandReceived{StopCommand{"me"}});
  tell(CommandReceived{ResumeCommand{venue, "me", "go"}});
  check();
  expect(Invariant::HaltsHold);
}

TEST_F(AuditorTest, an_order_on_a_book_with_a_gap_is_found) {
  start();
  BookDelta delta;
  delta.instrument = bn_;
  delta.first = delta.last = 1000;
  tell(delta);
  act(both_legs());
  expect(Invariant::ValidBookOnly);
}

TEST_F(AuditorTest, an_order_on_a_book_with_a_wrong_checksum_is_found) {
  start();
  const Level level{{602'000}, {5}};
  BookDelta delta;
  delta.instrument = kr_;
  delta.checksum = 1;
  delta.bids = std::span(&level, 1);
  tell(delta);
  act(both_legs());
  expect(Invariant::ValidBookOnly);
}

TEST_F(AuditorTest, an_order_on_a_crossed_book_is_found) {
  start();
  const Level level{{6'010'100}, {5}};
  BookDelta delta;
  delta.instrument = bn_;
  delta.first = delta.last = binance_.book(bn_, 1).last + 1;
  delta.bids = std::span(&level, 1);
  tell(delta);
  act(both_legs());
  expect(Invariant::ValidBookOnly);
}

TEST_F(AuditorTest, an_order_on_a_silent_venues_book_is_found) {
  start();
  pass(seconds(11));
  tell_book(bn_, binance_);
  act(both_legs());
  expect(Invariant::ValidBookOnly);
}

TEST_F(AuditorTest, an_order_to_a_venue_that_is_not_connected_is_found) {
  start();
  tell(ConnectionDown{kraken_.venue(), Channel::Trading});
  act(both_legs());
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorTest, an_order_beyond_a_limit_is_found) {
  start();
  auto legs = both_legs();
  buy_.quantity = {20'000};
  sell_.quantity = {19'980'000};
  act({place(buy_), place(sell_)});
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorTest, a_leg_alone_is_found) {
  start();
  act({both_legs().front()});
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorTest, legs_that_do_not_pay_for_their_costs_are_found) {
  start();
  kraken_.house_level(kr_, Side::Buy, {603'000}, {});
  kraken_.house_level(kr_, Side::Buy, {601'500}, {1'000'000'000});
  kraken_.publish(kr_);
  tell_book(kr_, kraken_);
  act(both_legs());
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorTest, an_order_while_another_of_its_execution_has_an_unknown_fate_is_found) {
  start();
  act(both_legs());
  carry_out(buy_);
  tell(OrderUnknown{sell_.id, UnknownReason::TimedOut, {}});
  pass(seconds(3));
  tell_book(kr_, kraken_);
  OrderRequest again = leg(Side::Sell, ++counter_);
  again.unwind = true;
  act({place(again)});
  expect(Invariant::UnknownIsHeld);
}

TEST_F(AuditorTest, an_unwind_of_what_is_open_passes_and_a_larger_one_is_found) {
  start();
  act(both_legs());
  const auto bought = carry_out(buy_);
  act({right_booking(buy_, bought)});
  tell(OrderRejected{sell_.id, RejectReason::Other, "", {}});
  OrderRequest back = leg(Side::Sell, ++counter_);
  back.unwind = true;
  act({place(back)});
  expect(std::nullopt);
  tell(OrderRejected{back.id, RejectReason::Other, "", {}});
  back.id = make_order_id(1, ++counter_);
  back.quantity = {10'000'000};
  act({place(back)});
  expect(Invariant::ApprovedOnly);
}

// The stream is down and its book was asked for by REST.
TEST_F(AuditorTest, an_unwind_on_an_answer_by_rest_passes_until_it_is_too_old) {
  start();
  act(both_legs());
  const auto bought = carry_out(buy_);
  act({right_booking(buy_, bought)});
  tell(OrderRejected{sell_.id, RejectReason::Other, "", {}});
  tell(ConnectionDown{kraken_.venue(), Channel::MarketData});
  const auto image = kraken_.book(kr_, 10);
  tell(BookImage{kr_, {}, now_, image.bids, image.asks});
  pass(config_.max_polled_age);
  OrderRequest back = leg(Side::Sell, ++counter_);
  back.unwind = true;
  act({place(back)});
  expect(std::nullopt);
  EXPECT_EQ(auditor_.counts().unwound_on_images, 1u);
  tell(OrderRejected{back.id, RejectReason::Other, "", {}});
  pass(milliseconds(1));
  back.id = make_order_id(1, ++counter_);
  act({place(back)});
  expect(Invariant::ValidBookOnly);
}

TEST_F(AuditorTest, a_new_trade_on_an_answer_by_rest_is_found) {
  start();
  tell(ConnectionDown{kraken_.venue(), Channel::MarketData});
  const auto image = kraken_.book(kr_, 10);
  tell(BookImage{kr_, {}, now_, image.bids, image.asks});
  act(both_legs());
  expect(Invariant::ValidBookOnly);
}

TEST_F(AuditorTest, a_fill_booked_twice_is_found) {
  start();
  act(both_legs());
  const auto fill = carry_out(buy_);
  act({right_booking(buy_, fill)});
  act({right_booking(buy_, fill)});
  expect(Invariant::FillBookedOnce);
}

TEST_F(AuditorTest, a_fill_that_never_happened_is_found) {
  start();
  act(both_legs());
  auto fill = carry_out(buy_);
  fill.trade_id = 4711;
  act({right_booking(buy_, fill)});
  expect(Invariant::FillBookedOnce);
}

TEST_F(AuditorTest, a_fill_that_is_never_booked_is_found_once_things_have_settled) {
  start();
  act(both_legs());
  const auto fill = carry_out(buy_);
  act({right_booking(buy_, fill)});
  carry_out(sell_);
  check();
  pass(Auditor::settle + seconds(1));
  check(false);
  expect(std::nullopt);  // not while something is wrong at the venue
  check();
  expect(Invariant::FillBookedOnce);
}

TEST_F(AuditorTest, a_fee_with_the_wrong_sign_is_found) {
  start();
  act(both_legs());
  const auto fill = carry_out(buy_);
  Booked entry = right_booking(buy_, fill);
  entry.postings[4].amount = -entry.postings[4].amount;
  entry.postings[5].amount = -entry.postings[5].amount;
  act({entry});
  expect(Invariant::ExactNumbers);
}

TEST_F(AuditorTest, postings_that_do_not_add_up_are_found) {
  start();
  act(both_legs());
  Booked entry = right_booking(buy_, carry_out(buy_));
  entry.count = 5;
  act({entry});
  expect(Invariant::LedgerBalances);
}

TEST_F(AuditorTest, a_balance_that_differs_without_a_break_is_found_in_time) {
  start();
  kraken_.deposit(AccountId{0}, usdt_, Decimal::of("0.01"));
  settle();
  expect(std::nullopt);
  pass(config_.balance_interval * 8);
  check();
  expect(Invariant::LedgerBalances);
}

TEST_F(AuditorTest, a_loss_beyond_the_days_limit_without_a_halt_is_found) {
  start();
  check();
  trade_well();
  check();
  expect(std::nullopt);
  for (std::uint64_t execution = 2; execution < 60; ++execution) {
    act(both_legs(execution));
    act({right_booking(buy_, carry_out(buy_))});
    tell(OrderRejected{sell_.id, RejectReason::Other, "", {}});
    OrderRequest back = leg(Side::Sell, ++counter_, execution);
    back.unwind = true;
    back.instrument = bn_;
    back.price = {6'000'000};
    back.quantity = {9'990};
    act({place(back)});
    act({right_booking(back, carry_out(back))});
    resolve(ExecutionOutcome::Unwound, execution);
  }
  check();
  expect(std::nullopt);  // the engine may be about to halt
  check();
  expect(Invariant::HaltsHold);
}

TEST_F(AuditorTest, a_break_that_is_raised_where_there_is_one_passes_and_another_is_found) {
  start();
  kraken_.deposit(AccountId{0}, usdt_, Decimal::of("0.01"));
  const Scope kraken{kraken_.venue(), {}};
  act({Alert{Severity::Critical, AlertCode::LedgerBreak, kraken, "differs"}});
  halts_ = {kraken};
  settle();
  expect(std::nullopt);
  act({Alert{Severity::Critical, AlertCode::LedgerBreak, {binance_.venue(), {}}, "differs"}});
  expect(Invariant::LedgerBalances);
}

TEST_F(AuditorTest, a_residual_that_is_forgotten_is_found) {
  start();
  act(both_legs());
  check();
  const auto fill = carry_out(buy_);
  act({right_booking(buy_, fill)});
  tell(OrderRejected{sell_.id, RejectReason::Other, "", {}});
  resolve(ExecutionOutcome::Completed);
  expect(Invariant::ExposureResolved);
}

TEST_F(AuditorTest, a_difference_handed_over_under_a_halt_passes_until_the_halt_is_lifted) {
  start();
  act(both_legs());
  const auto fill = carry_out(buy_);
  act({right_booking(buy_, fill)});
  tell(OrderRejected{sell_.id, RejectReason::Other, "", {}});
  const Scope pair{{}, universe_.instrument(bn_).pair};
  act({Alert{Severity::Critical, AlertCode::UnwindFailed, pair, "no way out"}});
  resolve(ExecutionOutcome::HandedOver);
  halts_ = {pair};
  settle();
  expect(std::nullopt);
  halts_.clear();
  tell(CommandReceived{ResumeCommand{pair, "me", "go"}});
  settle();
  expect(Invariant::ExposureResolved);
}

TEST_F(AuditorTest, an_execution_that_does_not_end_is_found) {
  start();
  act(both_legs());
  check();
  pass(Auditor::resolve + seconds(1));
  check();
  expect(Invariant::ExposureResolved);
}

}  // namespace
}  // namespace ats::sim
