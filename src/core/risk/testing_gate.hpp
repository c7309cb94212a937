// Tests only: a desk that holds and has open what it is told, and a gate that measures it.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/risk/risk_gate.hpp"

namespace ats::core::testing {

// Everything is worth what `price` says, else one.
class StillDesk final : public RiskView {
 public:
  std::map<std::pair<VenueId, AssetId>, Decimal> balances;
  std::map<AssetId, Decimal> price, changes, nets, worst;
  std::uint32_t legs = 0, trades = 0;
  bool marked = true;

  Decimal balance(VenueId venue, AssetId asset) const override {
    const auto found = balances.find({venue, asset});
    return found == balances.end() ? Decimal() : found->second;
  }
  std::optional<Decimal> worth(AssetId asset, Decimal amount) const override {
    if (!marked) return std::nullopt;
    const auto found = price.find(asset);
    return found == price.end() ? amount : found->second.multiply(amount).value();
  }
  Decimal change(AssetId asset) const override { return of(changes, asset); }
  std::uint32_t open_legs(const LimitWhere&) const override { return legs; }
  std::uint32_t open_trades(const LimitWhere&) const override { return trades; }
  Decimal net(AssetId asset) const override { return of(nets, asset); }
  Decimal worst_net(AssetId asset) const override { return of(worst, asset); }

 private:
  static Decimal of(const std::map<AssetId, Decimal>& all, AssetId asset) {
    const auto found = all.find(asset);
    return found == all.end() ? Decimal() : found->second;
  }
};

// Has earned and lost what it is told.
class StillProfit final : public ProfitView {
 public:
  ProfitReading now{.number = 1, .known = true};
  RealisedLine line;
  const ProfitReading& reading() const override { return now; }
  RealisedLine realised(const LimitWhere&) const override { return line; }
};

// A gate that is open and knows what it measures.
inline void open_gate(RiskGate& gate, const RiskView& desk, const ProfitView& profit,
                      const Universe& universe, const CoreConfig& config) {
  gate.restart(universe, config, {});
  gate.limits().watch(desk);
  gate.limits().watch(profit);
  std::vector<LimitNews> news;
  gate.limits().on_timer({}, news);
}

// Facts that nothing speaks against, of an order for 6,000.
inline OrderFacts good_facts(const Instrument& on) {
  OrderFacts facts;
  facts.instrument = &on;
  facts.standing = {false, false, false};
  facts.stopping = facts.pair_busy = facts.crosses_own = false;
  facts.leased = facts.reconciled = facts.venue_up = facts.book_valid = true;
  facts.notional = facts.exposure_after = Decimal::from_int(6000);
  facts.currency_after = facts.price_distance = facts.price_beyond = Decimal();
  facts.book_age = Duration{};
  facts.edge = Rate::bps(10);
  facts.leg_cost = Rate::bps(1);
  facts.min_edge = Rate::bps(5);
  return facts;
}

}  // namespace ats::core::testing
