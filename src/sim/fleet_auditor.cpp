#include "sim/fleet_auditor.hpp"

#include <algorithm>

namespace ats::sim {
namespace {

constexpr std::size_t violations_max = 100;

std::string spell(const Scope& scope, const Universe& universe) {
  if (scope.venue.valid()) return std::string(universe.venue(scope.venue).name.view());
  return scope.pair.valid() ? universe.pair_name(scope.pair) : "everything";
}

}  // namespace

FleetAuditor::FleetAuditor(const Universe& universe, const CoreConfig& config, std::size_t engines,
                           std::uint64_t seed)
    : universe_(universe), config_(config), seed_(seed), engines_(engines) {
  for (const LimitSetting& limit : config.limits) {
    if (limit.kind == LimitKind::OrderRate && limit.scope == LimitScope{})
      rate_most_ = static_cast<std::uint64_t>(limit.hard.to_scaled_floor(0).value_or(0));
  }
}

void FleetAuditor::violate(Invariant invariant, Instant now, std::string detail) {
  if (violations_.size() < violations_max)
    violations_.push_back({invariant, now, seed_, std::move(detail)});
}

void FleetAuditor::role(const Command& command, Instant now) {
  if (const auto* halt = std::get_if<HaltCommand>(&command))
    held_up_.emplace(spell(halt->scope, universe_), now);
  if (const auto* resume = std::get_if<ResumeCommand>(&command))
    held_up_.erase(spell(resume->scope, universe_));
}

void FleetAuditor::engine(std::size_t which, const Event& event, std::span<const Action> actions,
                          Instant now) {
  Engine& e = engines_[which];
  if (std::holds_alternative<Started>(event)) {
    e.life = now;
    e.until = {};
  }
  if (const auto* lease = std::get_if<LeaseGranted>(&event)) {
    const Instant until = lease->asked + lease->valid_for;
    if (lease->asked >= e.life && lease->version > e.version && now < until) {
      e.version = lease->version;
      e.until = until;
      e.holds.assign(lease->holds.begin(), lease->holds.end());
    }
  }
  for (const Action& action : actions) {
    if (const auto* place = std::get_if<Place>(&action)) {
      const OrderRequest& o = *place->order;
      const Instrument& on = universe_.instrument(o.instrument);
      Execution& execution = e.open[o.execution.value];
      execution.pair = on.pair;
      execution.quotes = execution.quotes && o.post_only;
      if (universe_.asset(on.quote).name == config_.reporting_asset)
        execution.worth = std::max(execution.worth, on.notional(o.price, o.quantity));
      if (o.unwind) continue;
      opened_.push_back(now);
      may_open(which, o, now);
      check_limits(which, now);
    } else if (const auto* amend = std::get_if<Amend>(&action)) {
      may_open(which, *amend->order, now);
    } else if (const auto* end = std::get_if<ExecutionResolved>(&action)) {
      e.open.erase(end->execution.value);
    } else if (const auto* position = std::get_if<LeasePosition>(&action)) {
      e.telling.push_back(*position);
    } else if (const auto* ask = std::get_if<AskLease>(&action)) {
      if (ask->holdings) e.told[ask->asked] = e.telling;
      e.telling.clear();
    }
  }
}

// --- what they hold ---

void FleetAuditor::role_heard(std::size_t which, const LeaseAsked& told) {
  Engine& e = engines_[which];
  if (!told.holdings || (e.heard && told.asked < *e.heard)) return;
  e.heard = told.asked;
  e.told.erase(e.told.begin(), e.told.lower_bound(told.asked));
}

void FleetAuditor::role_shows(std::size_t which, std::span<const LeasePosition> positions,
                              Instant now) {
  const Engine& e = engines_[which];
  const auto told = e.heard ? e.told.find(*e.heard) : e.told.end();
  const bool same =
      told == e.told.end() ? positions.empty() : std::ranges::equal(positions, told->second);
  if (same && !positions.empty()) ++most_.holdings_compared;
  if (!same)
    violate(
        Invariant::LedgerBalances, now,
        "the risk role shows other positions of engine " + std::to_string(which) + " than it told");
}

void FleetAuditor::role_shows_together(std::span<const LeasePosition> positions, Instant now) {
  std::map<std::pair<std::string_view, std::string_view>, Decimal> held;
  for (const Engine& e : engines_) {
    if (!e.heard) continue;
    for (const LeasePosition& one : e.told.at(*e.heard))
      held[{one.venue.view(), one.asset.view()}] += one.held;
  }
  bool same = held.size() == positions.size();
  for (const LeasePosition& one : positions) {
    const auto found = held.find({one.venue.view(), one.asset.view()});
    same = same && found != held.end() && found->second == one.held;
  }
  if (!same)
    violate(Invariant::LedgerBalances, now,
            "what the risk role shows of all engines is not what they told together");
}

bool FleetAuditor::concerns(const LimitScope& scope, const Instrument& on, bool quote) const {
  if (!scope.venue.view().empty()) return universe_.venue(on.venue).name == scope.venue;
  if (!scope.pair.view().empty()) return universe_.pair_name(on.pair) == scope.pair.view();
  return !scope.strategy || (quote && *scope.strategy == Strategy::Maker);
}

void FleetAuditor::may_open(std::size_t which, const OrderRequest& order, Instant now) {
  const Engine& e = engines_[which];
  const Instrument& on = universe_.instrument(order.instrument);
  const std::string who = "engine " + std::to_string(which) + ": order " +
                          std::string(client_order_id(order.id).view());
  if (now >= e.until)
    violate(Invariant::ApprovedOnly, now, who + " opens something without a lease");
  for (const LeaseHold& hold : e.holds) {
    if (concerns(hold.scope, on, order.post_only))
      violate(Invariant::HaltsHold, now, who + " opens what the risk role holds up");
  }
  for (const auto& [scope, since] : held_up_) {
    const bool mine = scope == "everything" || scope == universe_.venue(on.venue).name.view() ||
                      scope == universe_.pair_name(on.pair);
    if (mine) most_.after_halt = std::max(most_.after_halt, now - since);
    if (mine && now > since + config_.lease_for)
      violate(Invariant::HaltsHold, now,
              who + " opens something in " + scope +
                  ", which the risk role has held up for longer "
                  "than a lease");
  }
}

void FleetAuditor::check_limits(std::size_t which, Instant now) {
  const std::string who = "an order of engine " + std::to_string(which);
  while (opened_.front() <= now - seconds(1)) opened_.pop_front();
  most_.orders_in_a_second = std::max<std::uint64_t>(most_.orders_in_a_second, opened_.size());
  if (rate_most_ != 0 && opened_.size() > rate_most_)
    violate(Invariant::ApprovedOnly, now,
            who + " is one more than all engines may send within a second");
  std::uint64_t open = 0;
  std::map<AssetId, Decimal> exposed;
  for (const Engine& e : engines_) {
    for (const auto& [id, execution] : e.open) {
      open += execution.quotes ? 0 : 1;
      exposed[universe_.pair(execution.pair).base] += execution.worth;
    }
  }
  most_.open_trades = std::max(most_.open_trades, open);
  if (open > config_.max_open_executions)
    violate(Invariant::ApprovedOnly, now, who + " opens one trade more than all engines may have");
  // Marks are other mids than those that orders are priced by.
  const Decimal slack = *config_.max_exposure.multiply_floor(Decimal::of("0.03"));
  for (const auto& [asset, worth] : exposed) {
    most_.exposed = std::max(most_.exposed, worth);
    if (worth > config_.max_exposure + slack)
      violate(Invariant::ApprovedOnly, now,
              who + " exposes more of one asset than all engines may together");
  }
}

}  // namespace ats::sim
