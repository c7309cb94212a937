// What the auditor forgets, what it may not, and that it finds what is wrong with a forgotten order too.
#include "sim/testing_auditor.hpp"

namespace ats::sim {
namespace {

using testing::AuditorTest;
using AuditorMemory = AuditorTest;

TEST_F(AuditorMemory, what_is_settled_is_forgotten_and_booking_it_again_is_found_all_the_same) {
  start();
  const auto bought = trade_well();
  check();
  EXPECT_EQ(auditor_.orders_kept(), 2u);
  pass(Auditor::remembered);
  check();
  EXPECT_EQ(auditor_.orders_kept(), 0u);
  expect(std::nullopt);
  act({right_booking(buy_, bought)});
  expect(Invariant::FillBookedOnce);
}

TEST_F(AuditorMemory, an_id_of_a_forgotten_order_is_still_no_new_one) {
  start();
  trade_well();
  pass(Auditor::remembered);
  check();
  ASSERT_EQ(auditor_.orders_kept(), 0u);
  tell_book(bn_, binance_);
  tell_book(kr_, kraken_);
  counter_ = 0;
  act(both_legs(2));
  expect(Invariant::OrderSentOnce);
}

TEST_F(AuditorMemory, what_has_a_fill_that_is_not_booked_is_remembered) {
  start();
  act(both_legs());
  const auto bought = carry_out(buy_);
  const auto sold = carry_out(sell_);
  act({right_booking(sell_, sold)});
  resolve(ExecutionOutcome::HandedOver);
  check(false);
  pass(Auditor::remembered * 3);
  check(false);
  EXPECT_EQ(auditor_.orders_kept(), 1u);
  EXPECT_EQ(auditor_.fills_not_booked(), 1u);
  // Late, and right: both to the unit.
  const std::size_t before = auditor_.violations().size();
  act({right_booking(buy_, bought)});
  EXPECT_EQ(auditor_.violations().size(), before);
  pass(Auditor::remembered);
  check(false);
  EXPECT_EQ(auditor_.orders_kept(), 0u);
}

TEST_F(AuditorMemory, what_lives_at_its_venue_is_remembered) {
  start();
  act(both_legs());
  // Both are told to be over; one of them rests.
  venues::NewOrder resting;
  resting.account = AccountId{0};
  resting.instrument = bn_;
  resting.price = {5'000'000};
  resting.quantity = buy_.quantity;
  resting.client_order_id = client_order_id(buy_.id).view();
  ASSERT_TRUE(binance_.place(resting).ok());
  tell(OrderEnded{buy_.id, OrderState::Cancelled, {}, {}});
  tell(OrderEnded{sell_.id, OrderState::Cancelled, {}, {}});
  resolve(ExecutionOutcome::Missed);
  pass(Auditor::remembered);
  check();
  EXPECT_EQ(auditor_.orders_kept(), 1u);
  ASSERT_TRUE(binance_.cancel(AccountId{0}, {0, resting.client_order_id}).ok());
  pass(Auditor::remembered);
  check();
  EXPECT_EQ(auditor_.orders_kept(), 0u);
}

TEST_F(AuditorMemory, what_is_not_resolved_is_remembered) {
  start();
  act(both_legs());
  act({right_booking(buy_, carry_out(buy_))});
  act({right_booking(sell_, carry_out(sell_))});
  pass(Auditor::remembered);
  check(false);
  EXPECT_EQ(auditor_.orders_kept(), 2u);
  expect(std::nullopt);
}

}  // namespace
}  // namespace ats::sim
