// What every venue's folder must do with orders and money. A new venue is taken in by its line in the registry;
// nothing here names one.
#include <gmock/gmock.h>

#include <set>

#include "conformance.hpp"

namespace ats::conformance {
namespace {

using venues::SendOutcome;

class VenueTrading : public testing::TestWithParam<std::string> {
 protected:
  // Asked about, an order is told the same whatever was heard before.
  void expect_found(Desk& desk, const OrderRequest& order, OrderState state, Quantity filled) {
    desk.events.clear();
    ASSERT_EQ(
        desk.client().query_order({order.id, order.instrument, {}}, desk.now(), desk.outbox()),
        SendOutcome::Sent);
    desk.pass(seconds(3));
    const auto found = desk.of<OrderFound>(order.id);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].state, state);
    EXPECT_EQ(found[0].filled, filled);
    Quantity sum;
    for (const OrderFilled& fill : desk.of<OrderFilled>(order.id)) sum += fill.fill.quantity;
    EXPECT_EQ(sum, filled) << "the fills do not add up to what the venue says";
  }
  // The one end of the order, however often it was told: a venue may tell it on the stream and in an answer.
  static std::optional<OrderEnded> end_of(const Desk& desk, OrderId id) {
    const auto told = desk.of<OrderEnded>(id);
    if (told.empty()) return std::nullopt;
    for (const OrderEnded& again : told) {
      EXPECT_EQ(again.state, told[0].state);
      EXPECT_EQ(again.filled, told[0].filled);
    }
    return told[0];
  }
  static Quantity filled(const Desk& desk, OrderId id) {
    Quantity sum;
    std::set<std::string> seen;
    for (const OrderFilled& fill : desk.of<OrderFilled>(id)) {
      if (seen.emplace(fill.fill.id.view()).second) sum += fill.fill.quantity;
    }
    return sum;
  }
};

TEST_P(VenueTrading, an_order_that_fills_is_acked_filled_and_ended_with_the_exchanges_own_figures) {
  for (const Side side : {Side::Buy, Side::Sell}) {
    Desk desk(GetParam());
    ASSERT_TRUE(desk.open());
    // Over three levels of about a thousand each.
    const auto order =
        desk.order(0, side, desk.price_at(0, opposite(side), side == Side::Buy ? 40 : -40), 2'500,
                   TimeInForce::Ioc);
    ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
    desk.pass(seconds(2));
    EXPECT_FALSE(desk.of<OrderAcked>(order.id).empty());
    ASSERT_TRUE(end_of(desk, order.id));
    EXPECT_EQ(end_of(desk, order.id)->state, OrderState::Filled);
    EXPECT_EQ(end_of(desk, order.id)->filled, order.quantity);
    EXPECT_TRUE(desk.of<OrderRejected>(order.id).empty());
    EXPECT_TRUE(desk.of<OrderUnknown>(order.id).empty());

    const auto theirs = desk.newest_fills();
    ASSERT_GE(theirs.size(), 3u);
    std::vector<Fill> ours;
    std::set<std::string> seen;
    for (const OrderFilled& fill : desk.of<OrderFilled>(order.id)) {
      if (seen.emplace(fill.fill.id.view()).second) ours.push_back(fill.fill);
    }
    ASSERT_EQ(ours.size(), theirs.size());
    const Instrument& on = desk.ours(0);
    const Instrument& there = desk.listed(0);
    for (std::size_t n = 0; n < ours.size(); ++n) {
      EXPECT_EQ(on.price_decimal(ours[n].price), there.price_decimal(theirs[n].price));
      EXPECT_EQ(on.quantity_decimal(ours[n].quantity), there.quantity_decimal(theirs[n].quantity));
      EXPECT_EQ(ours[n].fee, theirs[n].fee) << ours[n].fee.to_string();
      EXPECT_EQ(ours[n].side, side);
      EXPECT_EQ(ours[n].liquidity, Liquidity::Taker);
    }
    // Asked again, the same fills by the same ids: they can be booked once.
    expect_found(desk, order, OrderState::Filled, order.quantity);
    for (const OrderFilled& fill : desk.of<OrderFilled>(order.id))
      EXPECT_TRUE(seen.contains(std::string(fill.fill.id.view()))) << fill.fill.id.view();
  }
}

TEST_P(VenueTrading, an_immediate_order_that_meets_nothing_ends_without_a_fill) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -50), 500, TimeInForce::Ioc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(2));
  ASSERT_TRUE(end_of(desk, order.id));
  EXPECT_EQ(end_of(desk, order.id)->state, OrderState::Cancelled);
  EXPECT_EQ(end_of(desk, order.id)->filled, Quantity{});
  EXPECT_TRUE(desk.of<OrderFilled>(order.id).empty());
  expect_found(desk, order, OrderState::Cancelled, {});
}

TEST_P(VenueTrading, an_immediate_order_that_is_partly_filled_ends_with_what_it_had) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 0), 3'000, TimeInForce::Ioc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(2));
  ASSERT_TRUE(end_of(desk, order.id));
  EXPECT_EQ(end_of(desk, order.id)->state, OrderState::Cancelled);
  const Quantity had = filled(desk, order.id);
  EXPECT_GT(had.units, 0);
  EXPECT_LT(had, order.quantity);
  EXPECT_EQ(end_of(desk, order.id)->filled, had);
  expect_found(desk, order, OrderState::Cancelled, had);
}

TEST_P(VenueTrading, a_resting_order_is_found_open_and_can_be_cancelled_once) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -50), 500, TimeInForce::Gtc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(2));
  const auto acked = desk.of<OrderAcked>(order.id);
  ASSERT_FALSE(acked.empty());
  EXPECT_TRUE(desk.of<OrderEnded>(order.id).empty());

  desk.events.clear();
  ASSERT_EQ(desk.client().query_open_orders(desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(3));
  ASSERT_EQ(desk.of<OrderFound>(order.id).size(), 1u);
  EXPECT_EQ(desk.of<OrderFound>(order.id)[0].state, OrderState::Acked);
  EXPECT_EQ(desk.of<OrderFound>(order.id)[0].instrument, order.instrument);
  ASSERT_EQ(desk.all<OpenOrdersComplete>().size(), 1u);
  EXPECT_EQ(desk.all<OpenOrdersComplete>()[0].ours, 1u);
  EXPECT_TRUE(desk.all<ForeignOrder>().empty());

  desk.events.clear();
  ASSERT_EQ(desk.client().cancel({order.id, order.instrument, acked.back().venue_order_id},
                                 desk.now(), desk.outbox()),
            SendOutcome::Sent);
  desk.pass(seconds(2));
  ASSERT_TRUE(end_of(desk, order.id));
  EXPECT_EQ(end_of(desk, order.id)->state, OrderState::Cancelled);
  EXPECT_TRUE(desk.exchange().open_orders(desk.account()).empty());

  desk.events.clear();
  ASSERT_EQ(desk.client().cancel({order.id, order.instrument, acked.back().venue_order_id},
                                 desk.now(), desk.outbox()),
            SendOutcome::Sent);
  desk.pass(seconds(2));
  EXPECT_FALSE(desk.of<CancelRejected>(order.id).empty());
}

TEST_P(VenueTrading, an_order_is_cancelled_by_our_own_id_when_the_venues_is_not_known) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order =
      desk.order(0, Side::Sell, desk.price_at(0, Side::Sell, 50), 500, TimeInForce::Gtc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(1));
  ASSERT_EQ(desk.client().cancel({order.id, order.instrument, {}}, desk.now(), desk.outbox()),
            SendOutcome::Sent);
  desk.pass(seconds(2));
  EXPECT_TRUE(end_of(desk, order.id));
  EXPECT_TRUE(desk.exchange().open_orders(desk.account()).empty());
}

// By each venue's own answer: a refusal, or an order that ends before it lives.
TEST_P(VenueTrading, a_post_only_order_that_would_take_trades_nothing) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  auto order = desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 0), 500, TimeInForce::Gtc);
  order.post_only = true;
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(3));
  const auto rejected = desk.of<OrderRejected>(order.id);
  if (rejected.empty()) {
    ASSERT_TRUE(end_of(desk, order.id));
    EXPECT_EQ(end_of(desk, order.id)->state, OrderState::Cancelled);
    EXPECT_TRUE(end_of(desk, order.id)->filled.is_zero());
  } else {
    EXPECT_EQ(rejected[0].reason, RejectReason::InvalidOrder) << rejected[0].message.view();
  }
  EXPECT_TRUE(desk.of<OrderFilled>(order.id).empty());
  EXPECT_TRUE(desk.exchange().open_orders(desk.account()).empty());
}

TEST_P(VenueTrading, a_post_only_order_rests_and_is_filled_as_the_maker) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  auto order = desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -1), 500, TimeInForce::Gtc);
  order.post_only = true;
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(2));
  ASSERT_FALSE(desk.of<OrderAcked>(order.id).empty());
  EXPECT_TRUE(desk.of<OrderFilled>(order.id).empty());
  ASSERT_NE(desk.newest_order(), nullptr);
  EXPECT_EQ(desk.newest_order()->kind, venues::OrderKind::LimitMaker);

  // Somebody sells through the best levels and reaches ours.
  const Instrument& there = desk.listed(0);
  const Price limit{*desk.ours(0).price_decimal(order.price).to_scaled(there.price_scale)};
  constexpr Quantity enough{1'000'000'000'000};
  desk.exchange().house_take(there.id, Side::Sell, limit, enough);
  desk.exchange().publish(there.id);
  desk.pass(seconds(2));
  EXPECT_EQ(filled(desk, order.id), order.quantity);
  ASSERT_TRUE(end_of(desk, order.id));
  EXPECT_EQ(end_of(desk, order.id)->state, OrderState::Filled);
  Decimal fees;
  for (const venues::VenueFill& fill : desk.newest_fills()) fees += fill.fee;
  Decimal told;
  std::set<std::string> seen;
  for (const OrderFilled& fill : desk.of<OrderFilled>(order.id)) {
    EXPECT_EQ(fill.fill.liquidity, Liquidity::Maker);
    if (seen.emplace(fill.fill.id.view()).second) told += fill.fill.fee;
  }
  EXPECT_EQ(told, fees) << told.to_string() << " for " << fees.to_string();
}

TEST_P(VenueTrading, an_order_that_was_never_sent_is_not_found) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, 0), 500, TimeInForce::Ioc);
  ASSERT_EQ(desk.client().query_order({order.id, order.instrument, {}}, desk.now(), desk.outbox()),
            SendOutcome::Sent);
  desk.pass(seconds(3));
  EXPECT_EQ(desk.of<OrderNotFound>(order.id).size(), 1u);
  EXPECT_TRUE(desk.of<OrderFound>(order.id).empty());
}

TEST_P(VenueTrading, missing_funds_are_a_rejection_that_says_so) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -5), 900'000, TimeInForce::Gtc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(2));
  const auto rejected = desk.of<OrderRejected>(order.id);
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].reason, RejectReason::InsufficientFunds) << rejected[0].message.view();
  EXPECT_TRUE(desk.exchange().open_orders(desk.account()).empty());
}

TEST_P(VenueTrading, balances_are_the_exchanges_to_the_last_unit) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto expect_balances = [&] {
    desk.events.clear();
    ASSERT_EQ(desk.client().query_balances(desk.now(), desk.outbox()), SendOutcome::Sent);
    desk.pass(seconds(3));
    ASSERT_EQ(desk.all<BalancesComplete>().size(), 1u);
    const Instrument& there = desk.listed(0);
    const Instrument& here = desk.ours(0);
    for (const auto& [ours, theirs] :
         {std::pair{here.base, there.base}, std::pair{here.quote, there.quote}}) {
      const venues::VenueBalance truth = desk.exchange().balance(desk.account(), theirs);
      Decimal total;
      Decimal held;
      for (const BalanceReported& told : desk.all<BalanceReported>()) {
        if (told.asset != ours) continue;
        total = told.total;
        held = told.held;
      }
      EXPECT_EQ(total, truth.total) << total.to_string() << " for " << truth.total.to_string();
      EXPECT_EQ(held, truth.held) << held.to_string() << " for " << truth.held.to_string();
    }
  };
  expect_balances();
  const auto taken =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 30), 1'700, TimeInForce::Ioc);
  desk.client().place(taken, desk.now(), desk.outbox());
  const auto resting =
      desk.order(0, Side::Sell, desk.price_at(0, Side::Sell, 60), 700, TimeInForce::Gtc);
  desk.client().place(resting, desk.now(), desk.outbox());
  desk.pass(seconds(2));
  ASSERT_TRUE(end_of(desk, taken.id));
  expect_balances();
}

TEST_P(VenueTrading, a_connection_lost_behind_an_order_leaves_it_unknown_until_the_venue_tells) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  desk.deaf = true;
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 0), 500, TimeInForce::Ioc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pump();
  ASSERT_EQ(desk.orders_at_exchange(), 1u);
  desk.close(Channel::Trading);
  desk.deaf = false;
  EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
  EXPECT_TRUE(desk.of<OrderRejected>(order.id).empty());
  EXPECT_TRUE(desk.of<OrderEnded>(order.id).empty());
  desk.open(Channel::Trading);
  desk.pass(seconds(3));
  expect_found(desk, order, OrderState::Filled, order.quantity);
}

TEST_P(VenueTrading, an_answer_that_never_comes_makes_an_order_unknown) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  desk.deaf = true;
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 0), 500, TimeInForce::Ioc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(12));
  desk.deaf = false;
  EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
  EXPECT_TRUE(desk.of<OrderRejected>(order.id).empty());
  EXPECT_TRUE(desk.of<OrderEnded>(order.id).empty());
  desk.pass(seconds(3));
  expect_found(desk, order, OrderState::Filled, order.quantity);
}

TEST_P(VenueTrading, a_refusal_is_a_rejection_only_when_nothing_was_carried_out) {
  for (const auto why :
       {venues::Refusal::RateLimit, venues::Refusal::Ban, venues::Refusal::ServerError}) {
    SCOPED_TRACE(static_cast<int>(why));
    Desk desk(GetParam());
    ASSERT_TRUE(desk.open());
    desk.refusing = why;
    const auto order =
        desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 0), 500, TimeInForce::Ioc);
    ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
    desk.pump();
    desk.refusing.reset();
    desk.pass(seconds(1));
    EXPECT_EQ(desk.orders_at_exchange(), 0u);
    EXPECT_TRUE(desk.of<OrderEnded>(order.id).empty());
    EXPECT_TRUE(desk.of<OrderFilled>(order.id).empty());
    if (why == venues::Refusal::ServerError) {
      EXPECT_TRUE(desk.of<OrderRejected>(order.id).empty());
      EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
    } else {
      ASSERT_EQ(desk.of<OrderRejected>(order.id).size(), 1u);
      const RejectReason reason = desk.of<OrderRejected>(order.id)[0].reason;
      EXPECT_TRUE(reason == RejectReason::RateLimited || reason == RejectReason::VenueBusy)
          << name(reason);
    }
  }
}

// Has the stream leave an order unanswered, so that what follows goes by REST for a while.
OrderRequest left_unanswered(Desk& desk) {
  desk.deaf = true;
  const auto order =
      desk.order(1, Side::Buy, desk.price_at(1, Side::Buy, -50), 500, TimeInForce::Ioc);
  EXPECT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  for (int n = 0; n < 24 && desk.of<OrderUnknown>(order.id).empty(); ++n)
    desk.pass(milliseconds(500));
  EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
  desk.deaf = false;
  return order;
}

TEST_P(VenueTrading, where_the_stream_does_not_answer_the_next_order_goes_by_rest_and_ends_alike) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  left_unanswered(desk);
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 40), 2'500, TimeInForce::Ioc);
  const std::uint64_t asked = desk.rest_requests;
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  EXPECT_EQ(desk.client().route(), OrderRoute::Rest);
  desk.pump();
  EXPECT_GT(desk.rest_requests, asked);
  desk.pass(seconds(2));
  EXPECT_FALSE(desk.of<OrderAcked>(order.id).empty());
  ASSERT_TRUE(end_of(desk, order.id));
  EXPECT_EQ(end_of(desk, order.id)->state, OrderState::Filled);
  EXPECT_EQ(filled(desk, order.id), order.quantity);
  EXPECT_TRUE(desk.of<OrderRejected>(order.id).empty());
  EXPECT_EQ(desk.orders_at_exchange(), 2u) << "one intent, one order";
  expect_found(desk, order, OrderState::Filled, order.quantity);
}

TEST_P(VenueTrading, an_order_by_rest_without_an_answer_is_unknown_and_a_refused_one_rejected) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  left_unanswered(desk);
  const auto broke =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -5), 900'000, TimeInForce::Gtc);
  ASSERT_EQ(desk.client().place(broke, desk.now(), desk.outbox()), SendOutcome::Sent);
  ASSERT_EQ(desk.client().route(), OrderRoute::Rest);
  desk.pass(seconds(1));
  ASSERT_EQ(desk.of<OrderRejected>(broke.id).size(), 1u);
  EXPECT_EQ(desk.of<OrderRejected>(broke.id)[0].reason, RejectReason::InsufficientFunds);

  desk.deaf = true;
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 0), 500, TimeInForce::Ioc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  ASSERT_EQ(desk.client().route(), OrderRoute::Rest);
  desk.pass(seconds(12));
  desk.deaf = false;
  EXPECT_FALSE(desk.of<OrderUnknown>(order.id).empty());
  EXPECT_TRUE(desk.of<OrderRejected>(order.id).empty());
  desk.pass(seconds(3));
  expect_found(desk, order, OrderState::Filled, order.quantity);
}

TEST_P(VenueTrading, a_cancel_leaves_while_the_stream_is_down) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -50), 500, TimeInForce::Gtc);
  ASSERT_EQ(desk.client().place(order, desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(2));
  const auto acked = desk.of<OrderAcked>(order.id);
  ASSERT_FALSE(acked.empty());
  desk.close(Channel::Trading);
  // A venue may have cancelled it by itself, as we asked it to.
  const bool stands = !desk.exchange().open_orders(desk.account()).empty();
  ASSERT_EQ(desk.client().cancel({order.id, order.instrument, acked[0].venue_order_id}, desk.now(),
                                 desk.outbox()),
            SendOutcome::Sent);
  desk.pump();
  EXPECT_TRUE(desk.exchange().open_orders(desk.account()).empty());
  if (stands) {
    EXPECT_TRUE(desk.of<CancelRejected>(order.id).empty());
  }
  desk.open(Channel::Trading);
  desk.pass(seconds(3));
  expect_found(desk, order, OrderState::Cancelled, {});
}

TEST_P(VenueTrading, when_the_budget_for_orders_is_spent_there_is_still_one_for_cancels) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  std::vector<OrderRequest> standing;
  bool spent = false;
  for (int n = 0; n < 2'000 && !spent; ++n) {
    const auto order =
        desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -60 - n % 7), 20, TimeInForce::Gtc);
    const SendOutcome outcome = desk.client().place(order, desk.now(), desk.outbox());
    desk.pump();
    if (outcome == SendOutcome::RateLimited) {
      spent = true;
    } else {
      ASSERT_EQ(outcome, SendOutcome::Sent);
      standing.push_back(order);
    }
  }
  ASSERT_TRUE(spent) << "2000 orders at one moment, and no limit was met";
  ASSERT_FALSE(standing.empty());
  EXPECT_EQ(desk.all<OrderRejected>().size(), 0u) << "the venue's limit was met before our own";
  // The first at once; a venue that lets a young order be cancelled only dearly may have the rest wait.
  std::size_t cancelled = 0;
  for (const OrderRequest& order : standing) {
    if (cancelled == 5) break;
    SendOutcome outcome =
        desk.client().cancel({order.id, order.instrument, {}}, desk.now(), desk.outbox());
    for (int waited = 0; cancelled > 0 && outcome == SendOutcome::RateLimited && waited < 60;
         ++waited) {
      desk.pass(seconds(1));
      outcome = desk.client().cancel({order.id, order.instrument, {}}, desk.now(), desk.outbox());
    }
    ASSERT_EQ(outcome, SendOutcome::Sent) << cancelled;
    desk.pump();
    ++cancelled;
  }
  desk.pass(seconds(2));
  std::set<std::uint64_t> ended;
  for (const OrderEnded& end : desk.all<OrderEnded>()) ended.insert(end.order.value);
  EXPECT_EQ(ended.size(), cancelled);
  EXPECT_TRUE(desk.all<CancelRejected>().empty());
}

TEST_P(VenueTrading, an_order_of_somebody_else_on_our_account_is_told_as_foreign) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto model =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -50), 500, TimeInForce::Gtc);
  venues::NewOrder foreign;
  foreign.account = desk.account();
  foreign.instrument = desk.listed(0).id;
  foreign.kind = venues::OrderKind::Limit;
  const Instrument& there = desk.listed(0);
  foreign.price = {*desk.ours(0).price_decimal(model.price).to_scaled(there.price_scale)};
  foreign.quantity = {*desk.ours(0).quantity_decimal(model.quantity).to_scaled(there.qty_scale)};
  foreign.client_order_id = "77";
  ASSERT_TRUE(desk.exchange().place(foreign).ok());
  desk.pass(seconds(1));
  desk.events.clear();
  ASSERT_EQ(desk.client().query_open_orders(desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(3));
  EXPECT_EQ(desk.all<ForeignOrder>().size(), 1u);
  EXPECT_TRUE(desk.all<OrderFound>().empty());
}

TEST_P(VenueTrading, a_wrong_secret_trades_nothing) {
  const venues::Protocol* protocol = venues::find_protocol(GetParam());
  Desk desk(GetParam(),
            std::string(protocol->simulated_credentials(std::string(64, '8')).secret.reveal()));
  desk.open(Channel::Trading);
  desk.pass(seconds(2));
  const auto order =
      desk.order(0, Side::Buy, desk.price_at(0, Side::Sell, 0), 500, TimeInForce::Ioc);
  const SendOutcome outcome = desk.client().place(order, desk.now(), desk.outbox());
  desk.pass(seconds(2));
  EXPECT_EQ(desk.orders_at_exchange(), 0u);
  if (outcome == SendOutcome::Sent) {
    ASSERT_EQ(desk.of<OrderRejected>(order.id).size(), 1u);
    EXPECT_EQ(desk.of<OrderRejected>(order.id)[0].reason, RejectReason::AuthFailed);
  }
  EXPECT_TRUE(desk.all<BalanceReported>().empty());
}

TEST_P(VenueTrading, orders_that_break_the_instruments_rules_never_leave) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  auto order = desk.order(0, Side::Buy, desk.price_at(0, Side::Buy, -10), 500, TimeInForce::Ioc);
  const Instrument& on = desk.ours(0);
  OrderRequest off_tick = order;
  off_tick.price.units += 1;
  if (!on.on_tick(off_tick.price)) {
    EXPECT_EQ(desk.client().place(off_tick, desk.now(), desk.outbox()), SendOutcome::Invalid);
  }
  OrderRequest nothing = order;
  nothing.quantity = {};
  EXPECT_EQ(desk.client().place(nothing, desk.now(), desk.outbox()), SendOutcome::Invalid);
  desk.pass(seconds(1));
  EXPECT_EQ(desk.orders_at_exchange(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Conformance, VenueTrading, testing::ValuesIn(venues_to_test()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ats::conformance
