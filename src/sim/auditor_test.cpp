// Each invariant is broken by hand, once, and the auditor must name it; and a day's work done right must
// pass without a word.
#include "sim/testing_auditor.hpp"

namespace ats::sim {
namespace {

using testing::AuditorTest;

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

TEST_F(AuditorTest, an_order_beyond_what_a_person_set_is_found) {
  start();
  tell(CommandReceived{SetLimitCommand{*parse_limit("order_notional 10"), false, "me", "thin"}});
  act(both_legs());
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorTest, what_a_person_set_and_took_back_holds_no_more) {
  start();
  SetLimitCommand set{*parse_limit("order_notional 10"), false, "me", "thin"};
  tell(CommandReceived{set});
  set.take_back = true;
  tell(CommandReceived{set});
  act(both_legs());
  expect(std::nullopt);
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

// A person buys on kraken; what the venue tells of it.
ForeignFill bought_by_hand(Exchange& kraken, InstrumentId kr) {
  venues::NewOrder order;
  order.account = AccountId{0};
  order.instrument = kr;
  order.time_in_force = TimeInForce::Ioc;
  order.price = {604'000};
  order.quantity = {1'000'000};
  order.client_order_id = "web";
  EXPECT_TRUE(kraken.place(order).ok());
  const venues::VenueFill made = *kraken.fill(kraken.fills_made() - 1);
  Fill fill;
  fill.instrument = kr;
  fill.id = FillId(std::to_string(made.trade_id));
  fill.side = made.side;
  fill.price = made.price;
  fill.quantity = made.quantity;
  fill.fee = made.fee;
  fill.fee_asset = made.fee_asset;
  return {VenueOrderId("7"), fill, {}};
}

TEST_F(AuditorTest, what_somebody_else_traded_is_booked_once_and_as_nobodys_trade) {
  start();
  const ForeignFill hand = bought_by_hand(kraken_, kr_);
  const auto as = [&](Account other) {
    const Instrument& i = universe_.instrument(kr_);
    const Decimal base = i.quantity_decimal(hand.fill.quantity);
    const Decimal quote = i.notional(hand.fill.price, hand.fill.quantity) + hand.fill.fee;
    return booking(EntryKind::ForeignFill, {},
                   {{Account::Venue, i.venue, btc_, base},
                    {other, i.venue, btc_, -base},
                    {Account::Venue, i.venue, usdt_, -quote},
                    {other, i.venue, usdt_, quote}},
                   hand.fill.id.view());
  };
  tell(hand);
  act({as(Account::External)});
  tell(hand);  // again: nothing more is due
  settle();
  expect(std::nullopt);
  act({as(Account::External)});
  expect(Invariant::FillBookedOnce);
}

TEST_F(AuditorTest, what_somebody_else_traded_and_was_told_of_and_not_booked_is_found) {
  start();
  tell(bought_by_hand(kraken_, kr_));
  tell(Timer{});
  expect(Invariant::LedgerBalances);
}

TEST_F(AuditorTest, what_somebody_else_traded_booked_as_a_trade_of_ours_is_found) {
  start();
  const ForeignFill hand = bought_by_hand(kraken_, kr_);
  tell(hand);
  const Decimal base = universe_.instrument(kr_).quantity_decimal(hand.fill.quantity);
  act({booking(EntryKind::ForeignFill, {},
               {{Account::Venue, kraken_.venue(), btc_, base},
                {Account::Trading, kraken_.venue(), btc_, -base}},
               hand.fill.id.view())});
  expect(Invariant::LedgerBalances);
}

TEST_F(AuditorTest, an_order_opened_where_somebody_elses_order_reduced_the_venue_is_found) {
  start();
  act({Alert{Severity::Critical, AlertCode::ForeignOrder, {kraken_.venue(), {}}, "by hand"}});
  act(both_legs());
  expect(Invariant::HaltsHold);
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
