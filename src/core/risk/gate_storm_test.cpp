// Whatever is open, held, lost, halted and asked for: what the gate lets pass breaks no limit, and no hold, by
// the simplest idea of them.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"
#include "core/risk/testing_gate.hpp"

namespace ats::core {
namespace {

using testing::StillDesk;
using testing::TwoVenues;

class GateStorm : public ::testing::Test, protected TwoVenues {
 protected:
  Decimal amount(std::int64_t most) { return Decimal::from_int(rng.between(0, most)); }

  void change_the_world() {
    for (const VenueId v : {binance, kraken}) {
      for (const AssetId a : {btc, usdt}) desk.balances[{v, a}] = amount(100'000);
    }
    desk.worst[btc] = amount(30'000);
    desk.nets[btc] = amount(30'000) - amount(30'000);
    desk.legs = static_cast<std::uint32_t>(rng.below(8));
    desk.trades = static_cast<std::uint32_t>(rng.below(6));
    profit = amount(2'000) - amount(2'000);
    for (int n = 0; n < 8; ++n) {  // a second and more, so that what was read counts
      now = now + milliseconds(250);
      std::vector<LimitNews> news;
      gate.limits().on_timer(wall_from_ms(1'700'000'000'000), now, profit, news);
    }
    gate.holds().lift_all();
    for (int n = 0; n < 2; ++n) {
      if (rng.one_in(2)) continue;
      Hold hold;
      switch (rng.below(4)) {
        case 1:
          hold.scope.venue = rng.one_in(2) ? binance : kraken;
          break;
        case 2:
          hold.scope.pair = pair;
          break;
        case 3:
          hold.scope.strategy = rng.one_in(2) ? Strategy::Maker : Strategy::CrossVenue;
          break;
        default:
          break;
      }
      hold.state = rng.one_in(2) ? RiskState::Halted : RiskState::ReduceOnly;
      hold.resolving = hold.state == RiskState::Halted && rng.one_in(2);
      gate.holds().set(hold);
    }
  }

  void make_order() {
    const InstrumentId id = rng.one_in(2) ? at_binance : at_kraken;
    order.id = {order.id.value + 1};
    order.instrument = id;
    order.side = rng.one_in(2) ? Side::Buy : Side::Sell;
    order.unwind = rng.one_in(4);
    order.post_only = !order.unwind && rng.one_in(4);
    order.price = price(id, std::to_string(rng.between(59'000, 61'000)));
    order.quantity = {rng.between(1, 300) * 100'000};
    facts = testing::good_facts(instrument(id));
    facts.now = now;
    facts.strategy = rng.one_in(2) ? Strategy::Maker : Strategy::CrossVenue;
    facts.standing = gate.holds().standing(instrument(id).venue, pair, facts.strategy);
    facts.notional = amount(12'000);
    facts.exposure_after = amount(25'000);
    facts.price_distance = amount(600);
    facts.price_beyond = amount(60);
    facts.book_age = seconds(rng.between(0, 12));
    facts.edge = Rate::bps(rng.between(0, 250));
    facts.leg_cost = Rate{};
    facts.min_edge = Rate{};
    facts.new_legs = rng.between(1, 2);
    facts.open_net = Decimal::from_int(order.side == Side::Sell ? 1'000 : -1'000);
  }

  // What speaks against the order, by the letter of the limits below.
  std::string wrong() const {
    const VenueId venue = instrument(order.instrument).venue;
    for (const Hold& hold : gate.holds().all()) {
      const Scope& s = hold.scope;
      const bool mine = s.global() || s.venue == venue || s.pair == pair ||
                        (s.strategy && *s.strategy == facts.strategy);
      if (!mine) continue;
      if (!order.unwind) return "held up";
      if (hold.state == RiskState::Halted && (!hold.resolving || s.venue == venue)) return "halted";
    }
    const auto over = [](const std::optional<Decimal>& value, std::int64_t most) {
      return !value || *value > Decimal::from_int(most);
    };
    if (over(facts.price_distance, 500)) return "price_distance";
    if (over(facts.price_beyond, 50)) return "price_collar";
    if (order.unwind) return "";
    if (over(facts.notional, venue == kraken ? 5'000 : 10'000)) return "order_notional";
    if (instrument(order.instrument).quantity_decimal(order.quantity) > Decimal::of("0.2"))
      return "order_quantity";
    if (over(facts.exposure_after, 20'000)) return "net_delta";
    if (facts.book_age->ns > seconds(10).ns) return "book_age";
    if (facts.edge->ppb > Rate::bps(200).ppb) return "max_edge";
    if (facts.strategy == Strategy::Maker && facts.edge->ppb < Rate::bps(20).ppb) return "min_edge";
    if (desk.legs + static_cast<std::uint32_t>(facts.new_legs) > 6) return "open_legs";
    if (desk.trades + 1 > 4) return "open_trades";
    if (over(desk.worst_net(btc) + *facts.notional, 35'000)) return "gross_exposure";
    if (over(desk.net(btc).abs() + *facts.notional, 35'000)) return "net_exposure";
    const auto held = [&](VenueId v, AssetId a) { return desk.balance(v, a); };
    const bool buys = order.side == Side::Buy;
    if (buys && over(held(binance, btc) + held(kraken, btc) + *facts.notional, 150'000))
      return "position";
    if (venue == kraken && over(held(kraken, btc) + held(kraken, usdt), 180'000))
      return "venue_value";
    if (-profit > Decimal::from_int(1'000)) return "daily_loss";
    return "";
  }

  Rng rng{20'261'127};
  Instant now{seconds(1000).ns};
  Decimal profit;
  StillDesk desk;
  CoreConfig config;
  RiskGate gate;
  OrderRequest order;
  OrderFacts facts;
};

TEST_F(GateStorm, WhatPassesBreaksNoLimitAndNoHoldAndNothingElseIsRefused) {
  config.limits = {};
  for (const char* text :
       {"order_notional kraken 5000", "order_quantity BTC 0.2", "price_distance 500",
        "price_collar 50", "book_age 10", "min_edge strategy maker 20", "open_legs 6",
        "gross_exposure 35000", "net_exposure 35000", "position BTC 150000",
        "venue_value kraken 180000"}) {
    ASSERT_TRUE(config.limits.add(*parse_limit(text))) << text;
  }
  open_gate(gate, desk, universe, config);
  int passed = 0;
  std::map<std::string, int> refused;
  for (int n = 0; n < 400'000; ++n) {
    if (n % 50 == 0) change_the_world();
    make_order();
    const RefuseReason answer = gate.check(order, facts);
    const std::string against = wrong();
    ++(answer == RefuseReason::None ? passed : refused[against]);
    ASSERT_EQ(answer == RefuseReason::None, against.empty())
        << "order " << n << ": " << name(answer) << " by " << name(gate.breach().kind)
        << ", and speaking against it: '" << against << "'";
    // One look and one limit after the other say the same.
    const auto each = gate.limits().ask_each(order, facts);
    const bool by_limit = gate.breach().any;
    ASSERT_TRUE(each.has_value() == by_limit || (answer != RefuseReason::None && !by_limit))
        << "order " << n;
    if (by_limit) {
      ASSERT_EQ(*each, gate.breach()) << "order " << n;
    }
  }
  EXPECT_GT(passed, 10'000);
  EXPECT_EQ(refused.size(), 17u) << "every limit and both kinds of hold have refused";
}

}  // namespace
}  // namespace ats::core
