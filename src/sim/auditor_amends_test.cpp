// Amendments that break a rule, by hand, once each; and one done right.
#include "sim/testing_auditor.hpp"

namespace ats::sim {
namespace {

class AuditorAmendsTest : public testing::AuditorTest {
 protected:
  // A bid on kraken that stands there, far below what binance pays.
  OrderRequest standing() {
    start();
    OrderRequest o = leg(Side::Buy, ++counter_);
    o.instrument = kr_;
    o.price = {590'000};
    o.quantity = {9'990'000};
    o.time_in_force = TimeInForce::Gtc;
    o.post_only = true;
    act({place(o)});
    venues::NewOrder order;
    order.account = AccountId{0};
    order.instrument = o.instrument;
    order.kind = venues::OrderKind::LimitMaker;
    order.price = o.price;
    order.quantity = o.quantity;
    order.client_order_id = client_order_id(o.id).view();
    EXPECT_TRUE(kraken_.place(order).ok());
    tell(OrderAcked{o.id, "1", {}});
    return o;
  }
  Action amend(OrderRequest o, OrderTerms to) {
    const OrderTerms from = terms_of(o);
    o.price = to.price;
    o.quantity = to.quantity;
    return approved_amend(o, from, "1", ++serial_);
  }
  void carry_out(const OrderRequest& o, OrderTerms to) {
    const std::string name(client_order_id(o.id).view());
    ASSERT_TRUE(kraken_.amend(AccountId{0}, {0, name}, to).ok());
  }
  void show(const OrderRequest& o, OrderTerms believed, OrderTerms asked = {}) {
    CoreStatus status;
    OrderStatus& shown = status.open_orders.emplace_back();
    shown.request = o;
    shown.request.price = believed.price;
    shown.request.quantity = believed.quantity;
    shown.state = OrderState::Acked;
    shown.amending = asked;
    const std::vector<Instant> since(2, Instant{1});
    auditor_.check(status, since, now_);
  }
  const OrderTerms higher_{{591'000}, {9'980'000}};
  const OrderTerms highest_{{592'000}, {9'970'000}};
};

TEST_F(AuditorAmendsTest, a_quote_that_is_moved_and_moved_again_passes_without_a_word) {
  OrderRequest o = standing();
  act({amend(o, higher_)});
  show(o, terms_of(o), higher_);
  carry_out(o, higher_);
  tell(OrderAmended{o.id, higher_, "1", {}});
  o.price = higher_.price;
  o.quantity = higher_.quantity;
  show(o, higher_);
  act({amend(o, highest_)});
  tell(AmendRejected{o.id, RejectReason::InvalidOrder, "", {}});
  show(o, higher_);
  expect(std::nullopt);
  EXPECT_EQ(auditor_.counts().amends, 2u);
}

TEST_F(AuditorAmendsTest, one_without_a_new_approval_is_found) {
  const OrderRequest o = standing();
  serial_ = 0;
  act({amend(o, higher_)});
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorAmendsTest, one_of_an_order_that_is_over_is_found) {
  const OrderRequest o = standing();
  tell(OrderEnded{o.id, OrderState::Cancelled, {}, {}});
  act({amend(o, higher_)});
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorAmendsTest, one_of_an_order_that_nobody_placed_is_found) {
  OrderRequest o = standing();
  o.id = make_order_id(incarnation_, 99);
  act({amend(o, higher_)});
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorAmendsTest, a_second_one_before_the_first_was_answered_is_found) {
  const OrderRequest o = standing();
  act({amend(o, higher_)});
  act({amend(o, highest_)});
  expect(Invariant::UnknownIsHeld);
}

TEST_F(AuditorAmendsTest, one_from_terms_that_the_order_does_not_have_is_found) {
  OrderRequest o = standing();
  act({amend(o, higher_)});
  tell(AmendRejected{o.id, RejectReason::InvalidOrder, "", {}});
  o.price = higher_.price;  // taken for carried out
  o.quantity = higher_.quantity;
  act({amend(o, highest_)});
  expect(Invariant::UnknownIsHeld);
}

TEST_F(AuditorAmendsTest, a_price_that_is_believed_and_does_not_stand_is_found) {
  const OrderRequest o = standing();
  act({amend(o, higher_)});
  show(o, higher_);
  expect(Invariant::UnknownIsHeld);
}

TEST_F(AuditorAmendsTest, one_that_would_not_pay_for_its_hedge_is_found) {
  const OrderRequest o = standing();
  act({amend(o, {{602'000}, {9'990'000}})});
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorAmendsTest, one_during_a_halt_is_found) {
  const OrderRequest o = standing();
  tell(CommandReceived{HaltCommand{{}, "me", "stop"}});
  act({amend(o, higher_)});
  expect(Invariant::HaltsHold);
}

TEST_F(AuditorAmendsTest, one_that_the_venue_does_not_offer_is_found) {
  universe_.venue(universe_.find_venue("kraken")).amends = AmendRule::Price;
  const OrderRequest o = standing();
  act({amend(o, higher_)});
  expect(Invariant::ApprovedOnly);
}

TEST_F(AuditorAmendsTest, one_that_makes_another_order_of_it_is_found) {
  const OrderRequest o = standing();
  OrderRequest other = o;
  other.side = Side::Sell;
  act({amend(other, higher_)});
  expect(Invariant::ApprovedOnly);
}

}  // namespace
}  // namespace ats::sim
