// The gate that every order passes, with a limit of every kind in force: what it costs to ask all rules and all
// limits about an order that passes, about one that the last of them refuses, and about the first one after
// orders and holdings have changed; and that nothing is allocated.
// Goal: under a tenth of what a frame costs from wire to decision (some 490 ns in the same program).
#include <vector>

#include "core/risk/risk_gate.hpp"
#include "frames.hpp"
#include "harness.hpp"

namespace ats::bench {

namespace {

constexpr std::size_t orders = 20'000;
constexpr std::size_t passes = 25;

// Little is held and open.
class Desk final : public core::RiskView {
 public:
  Decimal balance(VenueId, AssetId) const override { return Decimal::from_int(100'000); }
  std::optional<Decimal> worth(AssetId, Decimal amount) const override { return amount; }
  Decimal change(AssetId) const override { return {}; }
  std::uint32_t open_legs(const core::LimitWhere&) const override { return 2; }
  std::uint32_t open_trades(const core::LimitWhere&) const override { return 1; }
  Decimal net(AssetId) const override { return {}; }
  Decimal worst_net(AssetId) const override { return Decimal::from_int(100); }
};

class Profit final : public core::ProfitView {
 public:
  const core::ProfitReading& reading() const override { return reading_; }
  core::RealisedLine realised(const core::LimitWhere&) const override { return {}; }

 private:
  core::ProfitReading reading_{.number = 1, .known = true};
};

CoreConfig every_limit() {
  CoreConfig config;
  config.limits = {};
  for (const char* text : {"order_quantity BTC 10",
                           "price_distance 500 warn 250",
                           "price_collar 100",
                           "min_edge 1",
                           "book_age 10",
                           "order_rate 1000",
                           "cancel_rate 1000",
                           "open_legs 10",
                           "position 1000000",
                           "gross_exposure 100000",
                           "net_exposure 100000",
                           "inventory_least binance BTC 1",
                           "inventory_least kraken BTC 1",
                           "inventory_most binance BTC 1000000",
                           "inventory_most kraken BTC 1000000",
                           "asset_concentration 99",
                           "venue_value 10000000",
                           "venue_concentration 99",
                           "weekly_loss 2500",
                           "monthly_loss 5000",
                           "daily_realised_loss 1000",
                           "weekly_realised_loss 2500",
                           "monthly_realised_loss 5000",
                           "drawdown 2000",
                           "loss_streak 20",
                           "leg_failures 50",
                           "venue_faults 100",
                           "data_faults 100"}) {
    if (!config.limits.add(*parse_limit(text))) die("gate: too many limits");
  }
  return config;
}

enum class Case : std::uint8_t { Passes, Refused, PassesAfterAChange };

Outcome checks(Case which) {
  const bool pass = which != Case::Refused;
  const TwoVenues venues = two_venues();
  const CoreConfig config = every_limit();
  const Desk desk;
  const Profit profit;
  core::RiskGate gate;
  gate.restart(venues.universe, config, {});
  gate.limits().watch(desk);
  gate.limits().watch(profit);
  std::vector<core::LimitNews> news;
  gate.limits().on_timer({}, news);
  const Instrument& on = venues.universe.instrument(venues.at_binance);
  OrderRequest order;
  order.instrument = on.id;
  order.price = {on.tick * 6'000'000};
  order.quantity = on.floor_to_lot({pow10(on.qty_scale) / 10});
  core::OrderFacts facts;
  facts.instrument = &on;
  facts.standing = {false, false, false};
  facts.stopping = facts.pair_busy = facts.crosses_own = false;
  facts.leased = facts.reconciled = facts.venue_up = facts.book_valid = true;
  facts.notional = facts.exposure_after = Decimal::from_int(6'000);
  facts.currency_after = facts.price_distance = facts.price_beyond = Decimal();
  facts.book_age = pass ? Duration{} : seconds(11);
  facts.edge = Rate::bps(10);
  facts.leg_cost = Rate::bps(1);
  facts.min_edge = Rate::bps(5);
  facts.new_legs = 2;
  std::uint64_t passed = 0;
  std::uint64_t allocated = 0;
  std::vector<double> took;
  for (std::size_t p = 0; p < passes; ++p) {
    const std::uint64_t before = allocations();
    const std::int64_t from = now_ns();
    for (std::size_t n = 0; n < orders; ++n) {
      order.id = {n + 1};
      if (which == Case::PassesAfterAChange) {
        gate.limits().orders_changed();
        gate.limits().holdings_changed();
      }
      passed += gate.check(order, facts) == RefuseReason::None ? 1u : 0u;
    }
    const auto ns = static_cast<double>(now_ns() - from);
    allocated += allocations() - before;
    took.push_back(ns / static_cast<double>(orders));
  }
  if (passed != (pass ? orders * passes : std::size_t{0}))
    die("gate: an order was answered wrongly");
  return {{percentile(took, 0.5), static_cast<double>(allocated)}, passed};
}

void run(Session& session) {
  session.compare({.name = "an order asked about, every limit on: passes",
                   .ours = [] { return checks(Case::Passes); },
                   .metrics = {{"ns/order", "ns", "", value_at_most(49, 75)},
                               {"heap allocations", "", "", value_at_most(0)}}});
  session.compare({.name = "an order asked about, every limit on: refused",
                   .ours = [] { return checks(Case::Refused); },
                   .metrics = {{"ns/order", "ns", "", {}}}});
  session.compare(
      {.name = "an order asked about, all measured anew: passes",
       .ours = [] { return checks(Case::PassesAfterAChange); },
       .metrics = {{"ns/order", "ns", "", {}}, {"heap allocations", "", "", value_at_most(0)}}});
}

const Register registered{"gate", run};

}  // namespace

}  // namespace ats::bench
