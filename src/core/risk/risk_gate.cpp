#include "core/risk/risk_gate.hpp"

#include <algorithm>

namespace ats::core {

RefuseReason RiskGate::check(const OrderRequest& order, const OrderFacts& facts) const {
  for (const Limit& limit : limits()) {
    if (limit.applies == Applies::ToNew && order.unwind) continue;
    if (limit.applies == Applies::ToUnwind && !order.unwind) continue;
    if (limit.left_out_by == config_.mutant && config_.mutant != Mutant::None) continue;
    const RefuseReason reason = limit.refuses(order, facts, config_);
    if (reason != RefuseReason::None) return reason;
  }
  return RefuseReason::None;
}

Result<Approved<OrderRequest>, RefuseReason> RiskGate::approve(const OrderRequest& order,
                                                               const OrderFacts& facts) {
  const RefuseReason reason = check(order, facts);
  if (reason == RefuseReason::None) return Approved<OrderRequest>(order, ++approvals_);
  if (config_.mutant == Mutant::PlaceWithoutApproval) return Approved<OrderRequest>(order, 0);
  return fail(reason);
}

bool RiskGate::halt(const Scope& scope) {
  if (is_halted(scope)) return false;
  halts_.push_back(scope);
  return true;
}

bool RiskGate::resume(const Scope& scope) { return std::erase(halts_, scope) != 0; }

bool RiskGate::is_halted(const Scope& scope) const {
  return std::find(halts_.begin(), halts_.end(), scope) != halts_.end();
}

bool RiskGate::watch_loss(WallTime wall, Decimal profit) {
  if (!lost_today_ || wall.day_utc() != day_) {
    day_ = wall.day_utc();
    profit_at_day_start_ = lost_today_ ? profit_ : profit;
  }
  profit_ = profit;
  lost_today_ = profit_at_day_start_ - profit;
  return *lost_today_ > config_.max_daily_loss && !halted_globally();
}

}  // namespace ats::core
