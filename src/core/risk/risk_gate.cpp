#include "core/risk/risk_gate.hpp"

namespace ats::core {

void RiskGate::restart(const Universe& universe, const CoreConfig& config, Instant now) {
  config_ = &config;
  if (config.mutant == Mutant::ForgetHaltAtStart) holds_.lift_all();
  holds_.restart(now, config.resolve_within);
  limits_.restart(universe, config, now);
  lease_.restart(config, now);
  holds_.lift({}, HoldBy::NoLease);
  if (lease_.needed()) hold_for_want_of_lease(now);
}

void RiskGate::hold_for_want_of_lease(Instant now) {
  if (holds_.find({}, HoldBy::NoLease) != nullptr) return;
  Hold none;
  none.resolving = true;
  none.resolve_until = now + config_->resolve_within;
  none.by = HoldBy::NoLease;
  holds_.set(none);
}

bool RiskGate::halt(const Scope& scope, Instant now) {
  Hold hold;
  hold.scope = scope;
  hold.resolving = true;
  hold.resolve_until = now + config_->resolve_within;
  const bool news = !holds_.halted(scope);
  holds_.set(hold);
  return news;
}

RefuseReason RiskGate::check(const OrderRequest& order, const OrderFacts& facts) {
  breach_ = {};
  if (const RefuseReason reason = first_refusal(order, facts, *config_);
      reason != RefuseReason::None)
    return reason;
  if (config_->mutant == Mutant::SkipLimits) return RefuseReason::None;
  const auto breach = limits_.ask(order, facts);
  if (!breach) return RefuseReason::None;
  breach_ = *breach;
  return reason_of(breach->kind);
}

Result<Approved<OrderRequest>, RefuseReason> RiskGate::approve(const OrderRequest& order,
                                                               const OrderFacts& facts) {
  const RefuseReason reason = check(order, facts);
  if (reason == RefuseReason::None) return Approved<OrderRequest>(order, ++approvals_);
  if (config_->mutant == Mutant::PlaceWithoutApproval) return Approved<OrderRequest>(order, 0);
  if (config_->mutant == Mutant::StaleApproval) return Approved<OrderRequest>(order, approvals_);
  return fail(reason);
}

}  // namespace ats::core
