// Honest venues behind bad lines: orders arrive late or never, answers are lost, doubled, delayed past
// each other, connections and the engine itself die. Whatever happens on the way, in the end our books
// are the venues' books and nothing is left open.

#include <gtest/gtest.h>

#include <set>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class BadLinesTest : public ::testing::TestWithParam<std::uint64_t>, protected World {
 protected:
  BadLinesTest() : rng(GetParam()) { answers_balances = false; }

  struct VenueOrder {
    OrderRequest request;
    OrderState state = OrderState::Acked;
    Quantity filled;
    std::vector<Fill> fills;
  };
  struct Later {
    Instant at;
    std::uint64_t order;  // of what is due at the same time
    VenueId line;
    std::function<void()> happens;
  };

  Instant soon() { return now + milliseconds(rng.between(1, 30)); }
  Instant some_time() {
    return now +
           milliseconds(faults && rng.one_in(12) ? rng.between(100, 2500) : rng.between(1, 30));
  }
  void at(Instant when, VenueId line, std::function<void()> happens) {
    later.push_back({when, ++sequence, line, std::move(happens)});
  }
  VenueId line_of(const OrderRequest& order) const { return instrument(order.instrument).venue; }

  // A message of the private stream: may be lost, doubled, late.
  void tell(VenueId line, const Event& event) {
    if (faults && rng.one_in(10)) return;
    at(some_time(), line, [=, this] { send(event); });
    if (faults && rng.one_in(10)) at(some_time(), line, [=, this] { send(event); });
  }
  void tell_assets(VenueId line, const Instrument& on) {
    for (const AssetId asset : {on.base, on.quote}) {
      tell(line, BalanceReported{line, asset, owned[{line, asset}], {}, times()});
    }
  }

  void on_place(const OrderRequest& order) {
    const VenueId line = line_of(order);
    if (faults && rng.one_in(15)) {  // lost on the way out
      if (rng.one_in(2)) {
        at(now + seconds(1), line, [=, this] { unknown(order); });
      }
      return;
    }
    at(some_time(), VenueId{}, [=, this] { arrives(order); });
  }
  void arrives(const OrderRequest& order) {
    EXPECT_FALSE(at_venue.contains(order.id)) << "an order was sent twice";
    const VenueId line = line_of(order);
    VenueOrder& held = at_venue[order.id];
    held.request = order;
    if (faults && rng.one_in(10)) {
      held.state = OrderState::Rejected;
      tell(line, OrderRejected{order.id, RejectReason::VenueBusy, "no", times()});
      return;
    }
    tell(line, OrderAcked{order.id, VenueOrderId(std::to_string(order.id.value)), times()});
    const std::int64_t lots = order.quantity.units / 1000;
    std::int64_t to_fill = faults && rng.one_in(3) ? rng.between(0, lots) : lots;
    while (to_fill > 0) {
      const std::int64_t part = rng.one_in(3) ? rng.between(1, to_fill) : to_fill;
      to_fill -= part;
      held.fills.push_back(make_fill(order, format_scaled(part * 1000, 8)));
      held.filled += Quantity{part * 1000};
      tell(line, OrderFilled{held.fills.back(), times()});
    }
    held.state = held.filled == order.quantity ? OrderState::Filled : OrderState::Cancelled;
    tell(line, OrderEnded{order.id, held.state, held.filled, times()});
    tell_assets(line, instrument(order.instrument));
  }
  void on_query(OrderId id, VenueId line) {
    if (faults && rng.one_in(10)) {
      if (rng.one_in(2)) at(some_time(), line, [=, this] { send(QueryFailed{id}); });
      return;
    }
    at(some_time(), line, [=, this] {  // the question arrives; the answer travels in one piece
      const auto found = at_venue.find(id);
      if (found == at_venue.end() || found->second.state == OrderState::Rejected) {
        at(some_time(), line, [=, this] { send(OrderNotFound{id, times()}); });
        return;
      }
      const VenueOrder held = found->second;
      at(some_time(), line, [=, this] {
        for (const Fill& f : held.fills) send(OrderFilled{f, times()});
        send(OrderFound{id, VenueOrderId(std::to_string(id.value)), held.state, held.filled,
                        times()});
      });
    });
  }
  void on_balances(VenueId line) {
    if (faults && rng.one_in(10)) return;
    at(some_time(), line, [=, this] {
      std::vector<std::pair<AssetId, Decimal>> held;
      for (const auto& [where, total] : owned) {
        if (where.first == line) held.emplace_back(where.second, total);
      }
      at(some_time(), line, [=, this] {
        for (const auto& [asset, total] : held) {
          send(BalanceReported{line, asset, total, {}, times()});
        }
        send(BalancesComplete{line, times(), now});
      });
    });
  }

  // Hands the engine's new wishes to the venues.
  void carry_out() {
    for (; carried_out < all.size(); ++carried_out) {
      const Action action = all[carried_out];
      if (const auto* a = std::get_if<Place>(&action)) {
        EXPECT_GT(a->order.serial(), 0u) << "an order left without approval";
        on_place(*a->order);
      }
      if (const auto* a = std::get_if<QueryOrder>(&action)) {
        on_query(a->order, instrument(a->instrument).venue);
      }
      if (const auto* a = std::get_if<QueryBalances>(&action)) on_balances(a->venue);
      if (const auto* a = std::get_if<Cancel>(&action)) {
        at(soon(), instrument(a->instrument).venue, [this, id = a->order] {
          send(CancelRejected{id, RejectReason::Other, times()});
        });
      }
    }
  }
  void lose_what_is_on(VenueId line) {
    std::erase_if(later, [&](const Later& l) { return l.line == line; });
  }
  void reconnect(VenueId line) {
    if (!down.insert(line).second) return;
    send(ConnectionDown{line, Channel::Trading});
    lose_what_is_on(line);
    at(now + milliseconds(rng.between(50, 3000)), VenueId{}, [=, this] {
      down.erase(line);
      send(ConnectionUp{line, Channel::Trading});
    });
  }
  void die_and_start_again() {
    for (const VenueId v : {binance, kraken}) lose_what_is_on(v);
    down.clear();
    std::erase_if(later, [](const Later& l) { return l.at.ns == -1; });
    start();
    connect();
  }

  // The only halts there may be are those of a pair that was handed over.
  void a_person_looks() {
    for (const Scope& scope : status().halts) {
      EXPECT_EQ(scope, (Scope{{}, pair}));
      command(ResumeCommand{scope, "ada", "the lines are bad"});
    }
  }

  // Runs the world in steps of 10 ms.
  void run(Duration how_long, bool with_edges) {
    for (const Instant end = now + how_long; now < end;) {
      now = now + milliseconds(10);
      wall = wall + milliseconds(10);
      carry_out();
      for (;;) {  // earliest first
        auto next =
            std::min_element(later.begin(), later.end(), [](const Later& a, const Later& b) {
              return std::tie(a.at, a.order) < std::tie(b.at, b.order);
            });
        if (next == later.end() || next->at > now) break;
        const auto happens = std::move(next->happens);
        later.erase(next);
        happens();
        carry_out();
      }
      if (now.ns / 1'000'000 % 100 == 0) {
        for (const VenueId v : {binance, kraken}) send(Heartbeat{v, times()});
        send(Timer{wall});
      }
      if (with_edges && rng.one_in(30)) {
        if (rng.one_in(2)) {
          edge();
        } else {
          book(at_binance, "60600", "60605", "0.07");
          book(at_kraken, "59940", "59950", "0.1");
        }
      } else if (rng.one_in(10)) {
        no_edge();
      }
      if (rng.one_in(3000)) a_person_looks();
      if (faults && rng.one_in(1000)) reconnect(rng.one_in(2) ? binance : kraken);
      if (faults && rng.one_in(3000)) die_and_start_again();
    }
  }

  Rng rng;
  bool faults = false;
  std::vector<Later> later;
  std::uint64_t sequence = 0;
  std::size_t carried_out = 0;
  std::map<OrderId, VenueOrder> at_venue;
  std::set<VenueId> down;
};

TEST_P(BadLinesTest, InTheEndOurBooksAreTheVenuesBooksAndNothingIsOpen) {
  start();
  connect();
  no_edge();
  run(seconds(5), false);
  faults = true;
  run(seconds(3600), true);
  faults = false;
  no_edge();
  run(seconds(60), false);
  a_person_looks();
  run(seconds(60), false);

  const CoreStatus s = status();
  EXPECT_GT(s.completed, 50u);
  EXPECT_GT(s.unwound, 10u);
  EXPECT_TRUE(s.open_orders.empty());
  EXPECT_TRUE(s.open_executions.empty());
  EXPECT_TRUE(ledger_is_what_the_venues_own());
  EXPECT_TRUE(s.reconciled);
  EXPECT_EQ(told(AlertCode::LedgerBreak), 0);
  EXPECT_EQ(told(AlertCode::FillMismatch), 0);
  EXPECT_TRUE(s.halts.empty());
  const Decimal net = s.totals[btc.index()].change;
  EXPECT_EQ(net, inventory());
  EXPECT_LE(net.abs(), d("0.0001")) << "6 USDT: the tolerance, and what is too small to trade";
  std::size_t filled_at_venues = 0;
  for (const auto& [id, order] : at_venue) filled_at_venues += order.fills.size();
  EXPECT_EQ(s.fills_booked, filled_at_venues);
  if (HasFailure()) {
    for (const Alert& a : alerts) {
      if (a.severity != Severity::Info)
        std::cerr << name(a.code) << ": " << a.message.view() << "\n";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, BadLinesTest, ::testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace ats::core
