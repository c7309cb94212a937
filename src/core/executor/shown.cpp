// What the executor shows of itself, and whom it tells.

#include <algorithm>

#include "core/executor/executor.hpp"

namespace ats::core {

bool Executor::unresolved(VenueId venue) const {
  return std::any_of(live_.begin(), live_.end(), [&](std::uint32_t i) {
    return venue_of(orders_[i]) == venue && !stands(orders_[i]);
  });
}

void Executor::status(CoreStatus& out) const {
  leg_costs_.status(out.leg_costs);
  latency_.status(out.order_latency);
  out.open_orders.clear();
  for (const std::uint32_t i : live_) {
    const Order& order = orders_[i];
    out.open_orders.push_back({order.request, order.state, order.venue_order_id, order.filled,
                               order.venue_filled, order.placed,
                               order.amending.value_or(OrderTerms{})});
  }
  out.open_executions.clear();
  for (const Execution& execution : executions_) {
    out.open_executions.push_back({execution.id, execution.pair, execution.buy, execution.sell,
                                   execution.quantity, execution.net(), execution.opened,
                                   execution.attempts});
  }
  out.inventory.clear();
  for (std::size_t a = 0; a < bases_.size(); ++a) {
    if (bases_[a].inventory.is_zero()) continue;
    out.inventory.push_back({{static_cast<AssetId::rep>(a)}, bases_[a].inventory});
  }
  out.exposures.clear();
  for (std::size_t a = 0; a < bases_.size(); ++a) {
    const AssetId asset{static_cast<AssetId::rep>(a)};
    const Span span = span_of(asset);
    const Decimal change = desk_.ledger.change(asset);
    if (span.lowest.is_zero() && span.highest.is_zero() && change.is_zero()) continue;
    const auto worth = desk_.marks.worth(asset, change);
    out.exposures.push_back({asset, change, span.lowest, span.highest, worth.value_or(Decimal()),
                             worth.has_value() && desk_.marks.fresh(asset)});
  }
}

void Executor::alert(Severity severity, AlertCode code, const Scope& scope,
                     std::string_view message, Actions& out, std::string_view subject) const {
  out.push_back(Alert{severity, code, scope, Text<127>::cut(message), Text<63>::cut(subject)});
}

}  // namespace ats::core
