// What the folder of every venue must tell of somebody else who trades on our account: each order that is not
// ours as it stands, each of its fills once and to the unit, and its end.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "conformance.hpp"

namespace ats::conformance {
namespace {

using venues::SendOutcome;

class VenueForeign : public testing::TestWithParam<std::string> {
 protected:
  // A person's order, `steps` ticks above the best bid or, to sell, the best ask.
  venues::VenueOrder by_hand(Desk& desk, Side side, int steps, int worth) {
    return by_hand(desk, side, desk.price_at(0, side, steps), worth, TimeInForce::Gtc);
  }
  venues::VenueOrder by_hand(Desk& desk, Side side, Price price, int worth, TimeInForce tif) {
    const auto model = desk.order(0, side, price, worth, tif);
    const Instrument& there = desk.listed(0);
    venues::NewOrder order;
    order.account = desk.account();
    order.instrument = there.id;
    order.side = side;
    order.time_in_force = tif;
    order.price = {*desk.ours(0).price_decimal(model.price).to_scaled(there.price_scale)};
    order.quantity = {*desk.ours(0).quantity_decimal(model.quantity).to_scaled(there.qty_scale)};
    order.client_order_id = std::to_string(++made_);
    const auto placed = desk.exchange().place(order);
    EXPECT_TRUE(placed.ok());
    return placed ? *placed : venues::VenueOrder{};
  }
  // There is a price between the best bid and the best ask.
  void make_room(Desk& desk) {
    const InstrumentId there = desk.listed(0).id;
    while (desk.price_at(0, Side::Buy, 1) >= desk.price_at(0, Side::Sell, 0)) {
      const Price best = desk.exchange().queues(there).best(Side::Sell).price;
      desk.exchange().house_level(there, Side::Sell, best, {});
    }
    desk.exchange().publish(there);
  }
  // Somebody trades with what stands at that price, as much of it as this part.
  void take(Desk& desk, const venues::VenueOrder& order, Quantity quantity) {
    desk.exchange().house_take(order.instrument, opposite(order.side), order.price, quantity);
    desk.exchange().publish(order.instrument);
  }
  void expect_terms(const Desk& desk, const ForeignOrder& told, const venues::VenueOrder& order) {
    const Instrument& ours = desk.ours(0);
    const Instrument& there = desk.listed(0);
    EXPECT_EQ(told.instrument, ours.id);
    EXPECT_EQ(told.side, order.side);
    EXPECT_EQ(ours.price_decimal(told.terms.price), there.price_decimal(order.price));
    EXPECT_EQ(ours.quantity_decimal(told.terms.quantity), there.quantity_decimal(order.quantity));
  }
  // What was told adds up to what the exchange did, fill by fill.
  void expect_fills(Desk& desk) {
    const auto made = desk.exchange().fills(desk.account(), 0, SIZE_MAX);
    const Instrument& ours = desk.ours(0);
    const Instrument& there = desk.listed(0);
    Decimal base, quote, fees;
    for (const venues::VenueFill& fill : made) {
      base += there.quantity_decimal(fill.quantity);
      quote += there.notional(fill.price, fill.quantity);
      fees += fill.fee;
    }
    std::set<std::string> names;
    for (const ForeignFill& told : desk.all<ForeignFill>()) {
      EXPECT_EQ(told.fill.instrument, ours.id);
      EXPECT_FALSE(told.fill.order.valid());
      EXPECT_TRUE(told.fill.venue_time.told());
      if (!names.emplace(told.fill.id.view()).second) continue;
      base -= ours.quantity_decimal(told.fill.quantity);
      quote -= ours.notional(told.fill.price, told.fill.quantity);
      fees -= told.fill.fee;
    }
    EXPECT_EQ(names.size(), made.size());
    EXPECT_TRUE(base.is_zero()) << base.to_string();
    EXPECT_TRUE(quote.is_zero()) << quote.to_string();
    EXPECT_TRUE(fees.is_zero()) << fees.to_string();
    EXPECT_TRUE(desk.all<OrderFilled>().empty());
  }
  bool over(const Desk& desk) {
    const auto told = desk.all<ForeignOrder>();
    return std::any_of(told.begin(), told.end(), [](const ForeignOrder& o) { return !o.open; });
  }
  int made_ = 100;
};

TEST_P(VenueForeign, an_order_that_stands_is_told_with_its_terms_when_it_appears_and_when_asked) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order = by_hand(desk, Side::Buy, -50, 700);
  desk.pass(seconds(1));
  ASSERT_FALSE(desk.all<ForeignOrder>().empty());
  expect_terms(desk, desk.all<ForeignOrder>().back(), order);
  EXPECT_TRUE(desk.all<ForeignOrder>().back().open);
  desk.events.clear();
  ASSERT_EQ(desk.client().query_open_orders(desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(3));
  ASSERT_EQ(desk.all<ForeignOrder>().size(), 1u);
  expect_terms(desk, desk.all<ForeignOrder>()[0], order);
}

TEST_P(VenueForeign, each_fill_of_it_is_told_once_to_the_unit_and_then_its_end) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  make_room(desk);
  const auto order = by_hand(desk, Side::Buy, 1, 700);
  desk.pass(seconds(1));
  const Quantity third{order.quantity.units / 3};
  take(desk, order, third);
  desk.pass(seconds(2));
  expect_fills(desk);
  EXPECT_FALSE(over(desk));
  take(desk, order, order.quantity);
  desk.pass(seconds(2));
  expect_fills(desk);
  EXPECT_TRUE(over(desk));
}

TEST_P(VenueForeign, one_that_takes_at_once_is_told_with_its_fills) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  by_hand(desk, Side::Sell, desk.price_at(0, Side::Buy, -3), 700, TimeInForce::Ioc);
  desk.pass(seconds(3));
  ASSERT_FALSE(desk.exchange().fills(desk.account(), 0, SIZE_MAX).empty());
  expect_fills(desk);
  EXPECT_TRUE(over(desk));
}

TEST_P(VenueForeign, its_cancellation_is_told) {
  Desk desk(GetParam());
  ASSERT_TRUE(desk.open());
  const auto order = by_hand(desk, Side::Sell, 50, 700);
  desk.pass(seconds(1));
  EXPECT_FALSE(over(desk));
  ASSERT_TRUE(desk.exchange().cancel(desk.account(), {order.id, ""}).ok());
  desk.pass(seconds(1));
  EXPECT_TRUE(over(desk));
  EXPECT_TRUE(desk.all<ForeignFill>().empty());
}

TEST_P(VenueForeign, what_it_filled_before_we_came_is_not_told_as_news) {
  Desk desk(GetParam());
  make_room(desk);
  const auto order = by_hand(desk, Side::Buy, 1, 700);
  take(desk, order, {order.quantity.units / 3});
  ASSERT_TRUE(desk.open());
  ASSERT_EQ(desk.client().query_open_orders(desk.now(), desk.outbox()), SendOutcome::Sent);
  desk.pass(seconds(3));
  EXPECT_TRUE(desk.all<ForeignFill>().empty()) << "it is in the balances";
  const auto before = desk.exchange().fills(desk.account(), 0, SIZE_MAX);
  take(desk, order, order.quantity);
  desk.pass(seconds(3));
  std::set<std::string> names;
  Decimal told;
  for (const ForeignFill& fill : desk.all<ForeignFill>()) {
    if (names.emplace(fill.fill.id.view()).second)
      told += desk.ours(0).quantity_decimal(fill.fill.quantity);
  }
  Decimal made;
  for (const venues::VenueFill& fill : desk.exchange().fills(desk.account(), 0, SIZE_MAX))
    made += desk.listed(0).quantity_decimal(fill.quantity);
  for (const venues::VenueFill& fill : before)
    made -= desk.listed(0).quantity_decimal(fill.quantity);
  EXPECT_EQ(told, made) << told.to_string() << " of " << made.to_string();
}

INSTANTIATE_TEST_SUITE_P(Conformance, VenueForeign, testing::ValuesIn(venues_to_test()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace ats::conformance
