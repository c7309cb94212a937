// Whatever happens: venues that lie, double, contradict themselves and speak of what is not, markets that
// jump, people that halt and resume, restarts. The books stay balanced, ids unique, orders approved, and
// the same events give the same actions.

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class StormTest : public ::testing::TestWithParam<std::uint64_t>, protected World {
 protected:
  // Answers about orders that are right, wrong, late, doubled, impossible; markets that jump; people that
  // halt and resume; restarts. Nothing the venues may do breaks an invariant or stops the engine.
  void storm(std::uint64_t seed, int events) {
    Rng rng(seed);
    answers_balances = false;
    // Else the first of others would end the trading.
    config.foreign_orders = ForeignPolicy::Report;
    for (auto& [where, total] : owned) total = d(where.second == btc ? "500" : "30000000");
    start();
    connect();
    for (const VenueId v : {binance, kraken}) tell_balances(v);
    for (int n = 0; n < events; ++n) {
      now = now + milliseconds(rng.between(0, 100));
      wall = wall + milliseconds(50);
      one_event(rng);
    }
  }
  OrderId some_order(Rng& rng) {
    if (placed.empty() || rng.one_in(20)) return {rng.below(1000)};
    const std::size_t recent = std::min<std::size_t>(placed.size(), 6);
    return placed[placed.size() - 1 - rng.below(recent)].id;
  }
  Quantity some_quantity(Rng& rng) { return {rng.between(-1, 12) * 1'000'000}; }

  void one_event(Rng& rng) {
    const VenueId venue{static_cast<std::uint8_t>(rng.below(rng.one_in(30) ? 5 : 2))};
    const auto channel = rng.one_in(2) ? Channel::Trading : Channel::MarketData;
    const auto text = [](std::uint64_t n) { return std::to_string(n); };
    switch (rng.below(27)) {
      case 0:
      case 1:
      case 2:
        send(Timer{wall});
        break;
      case 3:
        if (rng.one_in(12)) send(ConnectionDown{venue, channel});
        break;
      case 4:
        if (rng.one_in(6)) send(ConnectionUp{venue, channel});
        break;
      case 5:
      case 6:
      case 7: {
        const InstrumentId id = rng.one_in(2) ? at_binance : at_kraken;
        const std::int64_t mid = 6'000'000 + rng.between(-40'000, 40'000);
        const Level bids[] = {{{mid - 100}, {rng.between(1, 100) * 1'000'000}}};
        const Level asks[] = {{{mid + 100}, {rng.between(1, 100) * 1'000'000}}};
        send(BookSnapshot{id, times(), 1, std::nullopt, bids, asks});
        break;
      }
      case 8:
        send(Heartbeat{venue, times()});
        break;
      case 9:
      case 10:
      case 11:
      case 12: {
        if (placed.empty() || !rng.one_in(60)) break;
        const OrderId id = some_order(rng);
        Fill f;
        f.order = id;
        for (const OrderRequest& o : placed) {
          if (o.id == id) f.instrument = o.instrument, f.side = o.side, f.price = o.price;
        }
        if (rng.one_in(30)) f.instrument = at_kraken;
        f.id = FillId(text(rng.below(5000)));
        f.quantity = some_quantity(rng);
        f.fee = Decimal::from_raw(rng.between(0, 1'000'000'000));
        f.fee_asset = AssetId{static_cast<std::uint16_t>(rng.below(4))};
        deliver(f);
        break;
      }
      case 13:
        send(OrderAcked{some_order(rng), VenueOrderId(text(rng.below(100))), times()});
        break;
      case 14:
        send(
            OrderRejected{some_order(rng), static_cast<RejectReason>(rng.below(8)), "no", times()});
        break;
      case 15:
        send(OrderEnded{some_order(rng), static_cast<OrderState>(rng.below(7)), some_quantity(rng),
                        times()});
        break;
      case 16:
        send(OrderFound{some_order(rng), VenueOrderId(text(rng.below(100))),
                        static_cast<OrderState>(rng.below(7)), some_quantity(rng), times()});
        break;
      case 17:
        if (rng.one_in(2)) {
          send(OrderNotFound{some_order(rng), times()});
        } else {
          send(OrderUnknown{some_order(rng), UnknownReason::TimedOut, times()});
        }
        break;
      case 18:
        if (rng.one_in(2)) {
          send(OrderNotSent{some_order(rng)});
        } else {
          send(CancelRejected{some_order(rng), RejectReason::Other, times()});
        }
        send(QueryFailed{some_order(rng)});
        break;
      case 19: {
        // Mostly what our ledger has, so that trading goes on.
        if (rng.one_in(20)) send(BalanceReported{venue, usdt, d("1000000"), {}, times()});
        if (rng.one_in(20)) send(BalanceReported{venue, AssetId{9}, d("1"), {}, times()});
        for (const BalanceStatus& b : status().balances) {
          if (b.venue == venue) send(BalanceReported{venue, b.asset, b.total, {}, times()});
        }
        send(BalancesComplete{venue, times(), now});
        break;
      }
      case 20: {
        Scope scope;
        if (rng.one_in(3)) scope.venue = venue;
        if (rng.one_in(3)) scope.pair = PairId{static_cast<std::uint16_t>(rng.below(2))};
        if (rng.one_in(20)) {
          command(halt(scope));
        } else {
          for (const Scope& s : status().halts) command(resume(s));
        }
        break;
      }
      case 21:
      case 22:
      case 23:
      case 24:
        // A word of sense: how the open orders really ended.
        for (const OrderStatus& o : status().open_orders) {
          if (rng.one_in(2)) deliver(make_fill(o.request, "0.02"));
          found(o.request, OrderState::Cancelled,
                format_scaled((o.filled + Quantity{rng.one_in(2) ? 2'000'000 : 0}).units, 8));
        }
        break;
      default:
        if (rng.one_in(60)) {
          start();
          connect();
        } else if (rng.one_in(10)) {
          send(BookFault{rng.one_in(2) ? at_binance : InstrumentId{}, venue,
                         BookFaultReason::MalformedFrame});
          send(Trade{at_kraken, times(), Side::Buy, {1}, {1}, "x"});
          send(ForeignOrder{venue, "x"});
        }
    }
  }

  void check() {
    // Postings: every entry, and all entries together with the status, sum to zero per asset.
    std::map<AssetId, Decimal> accounts;
    std::map<std::pair<VenueId, AssetId>, Decimal> venues;
    std::map<OrderId, int> ids;
    std::uint64_t serial = 0;
    for (const Action& action : all) {
      if (const auto* entry = std::get_if<Booked>(&action)) {
        std::map<AssetId, Decimal> sum;
        for (std::size_t i = 0; i < entry->count; ++i) {
          const Posting& p = entry->postings[i];
          sum[p.asset] += p.amount;
          if (p.account == Account::Venue) venues[{p.venue, p.asset}] += p.amount;
        }
        for (const auto& [asset, total] : sum) EXPECT_TRUE(total.is_zero());
      }
      if (const auto* place = std::get_if<Place>(&action)) {
        EXPECT_EQ(++ids[place->order->id], 1) << "an id is used once";
        EXPECT_GT(place->order.serial(), serial) << "every order has its own approval";
        serial = place->order.serial();
      }
    }
    const CoreStatus s = status();
    for (const BalanceStatus& b : s.balances) {
      EXPECT_EQ(b.total, (venues[{b.venue, b.asset}]));
    }
    // What was bought and not sold is all accounted for.
    Decimal held;
    for (const InventoryStatus& i : s.inventory) held += i.base;
    for (const ExecutionStatus& e : s.open_executions) held += e.net_base;
    EXPECT_EQ(held, s.totals[btc.index()].change);
  }
};

TEST_P(StormTest, NoStormBreaksTheBooksOrStopsTheEngine) {
  storm(GetParam(), 6000);
  check();
  EXPECT_GT(status().orders_placed, 10u) << "the storm must blow through the trading, too";
  EXPECT_GT(status().fills_booked, 10u);
}

TEST_P(StormTest, TheSameEventsGiveTheSameActionsByteForByte) {
  storm(GetParam() + 1000, 2000);
  EXPECT_FALSE(all.empty());
  EXPECT_EQ(actions_of_replay(), actions_done());
}

INSTANTIATE_TEST_SUITE_P(Seeds, StormTest, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace ats::core
