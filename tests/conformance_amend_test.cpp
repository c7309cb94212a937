// What the folder of a venue whose orders can be amended must do with amendments.
#include <gmock/gmock.h>

#include <set>

#include "conformance.hpp"

namespace ats::conformance {
namespace {

using venues::SendOutcome;

class VenueAmends : public testing::TestWithParam<std::string> {
 protected:
  // A post-only order of ours that stands, `steps` below the best bid or above the best ask.
  OrderRequest standing(Desk& desk, Side side, int steps = 30, int worth = 700) {
    auto order = desk.order(0, side, desk.price_at(0, side, side == Side::Buy ? -steps : steps),
                            worth, TimeInForce::Gtc);
    order.post_only = true;
    EXPECT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
    desk.pass(seconds(2));
    EXPECT_FALSE(desk.of<OrderAcked>(order.id).empty());
    return order;
  }
  VenueOrderId id_of(const Desk& desk, const OrderRequest& order) {
    const auto acked = desk.of<OrderAcked>(order.id);
    return acked.empty() ? VenueOrderId{} : acked[0].venue_order_id;
  }
  bool quantity_too() const {
    return venues::find_protocol(GetParam())->amends == AmendRule::PriceAndQuantity;
  }
  // Nearer to the other side by some ticks, for more where the venue lets it be.
  OrderTerms better(const Desk& desk, const OrderRequest& order, int steps = 10) const {
    const Instrument& on = desk.ours(0);
    const std::int64_t tick = on.tick_at(order.price);
    OrderTerms terms = terms_of(order);
    terms.price.units += (order.side == Side::Buy ? steps : -steps) * tick;
    if (quantity_too()) terms.quantity.units += 20 * on.lot;
    return terms;
  }
  SendOutcome amend(Desk& desk, const OrderRequest& order, const OrderTerms& terms) {
    return desk.client().amend(desk.amend(order, terms, id_of(desk, order)), desk.now(),
                               desk.outbox());
  }
  // At the exchange the order stands at these terms.
  void expect_at_exchange(const Desk& desk, const OrderTerms& terms) {
    const venues::VenueOrder* there = desk.newest_order();
    ASSERT_NE(there, nullptr);
    EXPECT_TRUE(there->live());
    const Instrument& listed = desk.listed(0);
    const Instrument& ours = desk.ours(0);
    EXPECT_EQ(listed.price_decimal(there->price), ours.price_decimal(terms.price));
    EXPECT_EQ(listed.quantity_decimal(there->quantity), ours.quantity_decimal(terms.quantity));
  }
  OrderFound asked(Desk& desk, const OrderRequest& order) {
    desk.events.clear();
    EXPECT_EQ(
        desk.client().query_order({order.id, order.instrument, {}}, desk.now(), desk.outbox()),
        SendOutcome::Sent);
    desk.pass(seconds(3));
    const auto found = desk.of<OrderFound>(order.id);
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? OrderFound{} : found[0];
  }
};

TEST_P(VenueAmends, an_order_is_moved_under_its_ids_and_the_venue_says_where_it_stands) {
  for (const Side side : {Side::Buy, Side::Sell}) {
    Desk desk(GetParam());
    ASSERT_TRUE(desk.open());
    const OrderRequest order = standing(desk, side);
    const VenueOrderId id = id_of(desk, order);
    const OrderTerms terms = better(desk, order);
    ASSERT_EQ(amend(desk, order, terms), SendOutcome::Sent);
    desk.pass(seconds(2));
    const auto told = desk.of<OrderAmended>(order.id);
    ASSERT_FALSE(told.empty());
    for (const OrderAmended& each : told) {
      EXPECT_EQ(each.terms, terms);
      EXPECT_EQ(each.venue_order_id, id);
    }
    EXPECT_TRUE(desk.of<AmendRejected>(order.id).empty());
    EXPECT_TRUE(desk.of<OrderUnknown>(order.id).empty());
    EXPECT_TRUE(desk.of<OrderEnded>(order.id).empty());
    expect_at_exchange(desk, terms);
    EXPECT_EQ(desk.orders_at_exchange(), 1u);
    const OrderFound found = asked(desk, order);
    EXPECT_EQ(found.terms, terms);
    EXPECT_EQ(found.state, OrderState::Acked);
    EXPECT_EQ(found.venue_order_id, id);
  }
}

TEST_P(VenueAmends, what_is_open_is_listed_at_its_new_terms) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const OrderRequest order = standing(desk, Side::Sell);
  const OrderTerms terms = better(desk, order);
  ASSERT_EQ(amend(desk, order, terms), SendOutcome::Sent);
  desk.pass(seconds(2));
  desk.events.clear();
  ASSERT_EQ(desk.client().query_open_orders(desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(3));
  ASSERT_EQ(desk.of<OrderFound>(order.id).size(), 1u);
  EXPECT_EQ(desk.of<OrderFound>(order.id)[0].terms, terms);
}

TEST_P(VenueAmends, after_an_amendment_it_fills_as_the_maker_at_its_new_price) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const OrderRequest order = standing(desk, Side::Buy);
  const OrderTerms terms = better(desk, order);
  ASSERT_EQ(amend(desk, order, terms), SendOutcome::Sent);
  desk.pass(seconds(2));
  const Instrument& there = desk.listed(0);
  const Price limit{*desk.ours(0).price_decimal(terms.price).to_scaled(there.price_scale)};
  desk.exchange().house_take(there.id, Side::Sell, limit, {1'000'000'000'000});
  desk.exchange().publish(there.id);
  desk.pass(seconds(2));
  Quantity filled;
  std::set<std::string> seen;
  for (const OrderFilled& fill : desk.of<OrderFilled>(order.id)) {
    EXPECT_EQ(fill.fill.price, terms.price);
    EXPECT_EQ(fill.fill.liquidity, Liquidity::Maker);
    if (seen.emplace(fill.fill.id.view()).second) filled += fill.fill.quantity;
  }
  EXPECT_EQ(filled, terms.quantity);
  ASSERT_FALSE(desk.of<OrderEnded>(order.id).empty());
  EXPECT_EQ(desk.of<OrderEnded>(order.id)[0].state, OrderState::Filled);
  EXPECT_EQ(desk.of<OrderEnded>(order.id)[0].filled, terms.quantity);
}

TEST_P(VenueAmends, one_that_would_take_takes_nothing) {
  for (const Side side : {Side::Buy, Side::Sell}) {
    Desk desk(GetParam());
    ASSERT_TRUE(desk.open());
    const OrderRequest order = standing(desk, side);
    const OrderTerms crossing{desk.price_at(0, opposite(side), side == Side::Buy ? 5 : -5),
                              order.quantity};
    ASSERT_EQ(amend(desk, order, crossing), SendOutcome::Sent);
    desk.pass(seconds(2));
    EXPECT_TRUE(desk.of<OrderFilled>(order.id).empty());
    EXPECT_TRUE(desk.of<OrderAmended>(order.id).empty());
    // Refused, and it stands as it did; or the venue ends it.
    const auto refused = desk.of<AmendRejected>(order.id);
    const auto ended = desk.of<OrderEnded>(order.id);
    ASSERT_EQ(refused.size() + (ended.empty() ? 0u : 1u), 1u);
    if (ended.empty()) {
      EXPECT_EQ(refused[0].reason, RejectReason::InvalidOrder) << refused[0].message.view();
      expect_at_exchange(desk, terms_of(order));
    } else {
      EXPECT_EQ(ended[0].filled, Quantity{});
      EXPECT_FALSE(desk.newest_order()->live());
    }
  }
}

TEST_P(VenueAmends, what_it_may_cost_more_must_be_there) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  // As much as the account can pay for, and then a better price.
  const Instrument& on = desk.ours(0);
  const Instrument& there = desk.listed(0);
  const OrderRequest order = standing(desk, Side::Buy, 50, 98'000);
  const venues::VenueBalance held = desk.exchange().balance(desk.account(), there.quote);
  OrderTerms dear = terms_of(order);
  if (quantity_too()) {
    dear.quantity = on.floor_to_lot({order.quantity.units + order.quantity.units / 10});
  } else {
    desk.exchange().deposit(desk.account(), there.quote, held.held - held.total);
    dear.price = desk.price_at(0, Side::Buy, -1);
  }
  ASSERT_EQ(amend(desk, order, dear), SendOutcome::Sent);
  desk.pass(seconds(2));
  const auto refused = desk.of<AmendRejected>(order.id);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].reason, RejectReason::InsufficientFunds) << refused[0].message.view();
  expect_at_exchange(desk, terms_of(order));
}

TEST_P(VenueAmends, of_an_order_that_is_over_there_is_nothing_to_amend) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const OrderRequest order = standing(desk, Side::Buy);
  ASSERT_TRUE(desk.exchange().cancel(desk.account(), {desk.newest_order()->id, ""}).ok());
  ASSERT_EQ(amend(desk, order, better(desk, order)), SendOutcome::Sent);
  desk.pass(seconds(2));
  // Where its end is told first, that is the answer.
  EXPECT_LE(desk.of<AmendRejected>(order.id).size(), 1u);
  EXPECT_TRUE(desk.of<OrderAmended>(order.id).empty());
  EXPECT_TRUE(desk.of<OrderUnknown>(order.id).empty());
  EXPECT_FALSE(desk.of<OrderEnded>(order.id).empty());
}

TEST_P(VenueAmends,
       an_answer_that_never_comes_is_unknown_and_the_question_tells_which_terms_stand) {
  for (const bool carried_out : {true, false}) {
    Desk desk(GetParam());
    ASSERT_TRUE(desk.open());
    const OrderRequest order = standing(desk, Side::Buy);
    const OrderTerms terms = better(desk, order);
    desk.deaf = true;
    if (!carried_out) desk.exchange().faults().inject({sim::FaultKind::Reject, {}, 1}, {});
    ASSERT_EQ(amend(desk, order, terms), SendOutcome::Sent);
    desk.pass(seconds(12));
    desk.deaf = false;
    EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
    EXPECT_TRUE(desk.of<OrderAmended>(order.id).empty());
    EXPECT_TRUE(desk.of<AmendRejected>(order.id).empty());
    desk.pass(seconds(3));
    EXPECT_EQ(asked(desk, order).terms, carried_out ? terms : terms_of(order));
  }
}

TEST_P(VenueAmends, a_connection_lost_behind_it_leaves_it_unknown) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const OrderRequest order = standing(desk, Side::Buy);
  desk.deaf = true;
  ASSERT_EQ(amend(desk, order, better(desk, order)), SendOutcome::Sent);
  desk.pump();
  desk.close(Channel::Trading);
  desk.deaf = false;
  EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
  EXPECT_TRUE(desk.of<OrderAmended>(order.id).empty());
  EXPECT_TRUE(desk.of<AmendRejected>(order.id).empty());
}

TEST_P(VenueAmends, a_refusal_is_one_only_when_nothing_was_carried_out) {
  for (const auto why :
       {venues::Refusal::RateLimit, venues::Refusal::Ban, venues::Refusal::ServerError}) {
    SCOPED_TRACE(static_cast<int>(why));
    Desk desk(GetParam());
    ASSERT_TRUE(desk.open());
    const OrderRequest order = standing(desk, Side::Buy);
    desk.refusing = why;
    ASSERT_EQ(amend(desk, order, better(desk, order)), SendOutcome::Sent);
    desk.pump();
    desk.refusing.reset();
    desk.pass(seconds(1));
    expect_at_exchange(desk, terms_of(order));
    EXPECT_TRUE(desk.of<OrderAmended>(order.id).empty());
    EXPECT_TRUE(desk.of<OrderEnded>(order.id).empty());
    if (why == venues::Refusal::ServerError) {
      EXPECT_TRUE(desk.of<AmendRejected>(order.id).empty());
      EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
    } else {
      ASSERT_EQ(desk.of<AmendRejected>(order.id).size(), 1u);
      const RejectReason reason = desk.of<AmendRejected>(order.id)[0].reason;
      EXPECT_TRUE(reason == RejectReason::RateLimited || reason == RejectReason::VenueBusy)
          << name(reason);
    }
  }
}

TEST_P(VenueAmends, where_the_stream_does_not_answer_it_goes_by_rest_and_ends_alike) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  // The stream leaves an order unanswered, so that what follows goes by REST for a while.
  desk.deaf = true;
  const auto lost =
      desk.order(1, Side::Buy, desk.price_at(1, Side::Buy, -50), 500, TimeInForce::Ioc);
  ASSERT_EQ(desk.client().place(lost, desk.now(), desk.outbox()), SendOutcome::Sent);
  for (int n = 0; n < 24 && desk.of<OrderUnknown>(lost.id).empty(); ++n)
    desk.pass(milliseconds(500));
  desk.deaf = false;
  // What was missed shows with the next news of the account.
  desk.exchange().deposit(desk.account(), desk.listed(0).quote, Decimal::from_int(1));
  desk.pass(milliseconds(1500));
  const OrderRequest order = standing(desk, Side::Buy);
  ASSERT_EQ(desk.client().route(), OrderRoute::Rest);
  const VenueOrderId id = id_of(desk, order);
  const std::uint64_t requests = desk.rest_requests;
  const OrderTerms terms = better(desk, order);
  ASSERT_EQ(desk.client().amend(desk.amend(order, terms, id), desk.now(), desk.outbox()),
            SendOutcome::Sent);
  desk.pump();
  EXPECT_GT(desk.rest_requests, requests);
  desk.pass(seconds(2));
  ASSERT_FALSE(desk.of<OrderAmended>(order.id).empty());
  EXPECT_EQ(desk.of<OrderAmended>(order.id).back().terms, terms);
  EXPECT_TRUE(desk.of<AmendRejected>(order.id).empty());

  desk.deaf = true;
  OrderRequest moved = order;
  moved.price = terms.price;
  moved.quantity = terms.quantity;
  desk.events.clear();
  ASSERT_EQ(
      desk.client().amend(desk.amend(moved, better(desk, moved), id), desk.now(), desk.outbox()),
      SendOutcome::Sent);
  desk.pass(seconds(12));
  desk.deaf = false;
  EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
  EXPECT_TRUE(desk.of<AmendRejected>(order.id).empty());
}

TEST_P(VenueAmends, a_fill_on_its_way_and_an_amendment_that_passes_it_are_both_told) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const OrderRequest order = standing(desk, Side::Buy, 30, 900);
  // Somebody sells down to ours and takes a third of it, in the moment in which we move it.
  const Instrument& there = desk.listed(0);
  const venues::VenueOrder before = *desk.newest_order();
  desk.exchange().house_take(there.id, Side::Sell, Price{before.price.units + 1},
                             {1'000'000'000'000});
  const Quantity part = there.floor_to_lot({before.quantity.units / 3});
  const auto* level = desk.exchange().queues(there.id).find(Side::Buy, before.price);
  ASSERT_NE(level, nullptr);
  desk.exchange().house_take(there.id, Side::Sell, before.price, {level->house.units + part.units});
  desk.exchange().publish(there.id);
  OrderTerms terms = terms_of(order);
  terms.price.units -= 5 * desk.ours(0).tick_at(order.price);
  ASSERT_EQ(amend(desk, order, terms), SendOutcome::Sent);
  desk.pass(seconds(2));
  Quantity filled;
  std::set<std::string> seen;
  for (const OrderFilled& fill : desk.of<OrderFilled>(order.id)) {
    EXPECT_EQ(fill.fill.price, order.price);
    if (seen.emplace(fill.fill.id.view()).second) filled += fill.fill.quantity;
  }
  const Instrument& on = desk.ours(0);
  EXPECT_EQ(on.quantity_decimal(filled), there.quantity_decimal(part));
  ASSERT_FALSE(desk.of<OrderAmended>(order.id).empty());
  EXPECT_EQ(desk.of<OrderAmended>(order.id).back().terms, terms);
  expect_at_exchange(desk, terms);
  const OrderFound found = asked(desk, order);
  EXPECT_EQ(found.terms, terms);
  EXPECT_EQ(found.filled, filled);
  EXPECT_EQ(found.state, OrderState::PartlyFilled);
}

TEST_P(VenueAmends, terms_that_break_the_instruments_rules_never_leave) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const OrderRequest order = standing(desk, Side::Buy);
  OrderTerms off_tick = terms_of(order);
  off_tick.price.units += 1;
  if (!desk.ours(0).on_tick(off_tick.price)) {
    EXPECT_EQ(amend(desk, order, off_tick), SendOutcome::Invalid);
  }
  if (!quantity_too()) {
    OrderTerms more = terms_of(order);
    more.quantity.units += desk.ours(0).lot;
    EXPECT_EQ(amend(desk, order, more), SendOutcome::Invalid) << "its quantity stays as it is";
  }
  desk.pass(seconds(1));
  expect_at_exchange(desk, terms_of(order));
}

INSTANTIATE_TEST_SUITE_P(Conformance, VenueAmends, testing::ValuesIn(venues_with_amends()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ats::conformance
