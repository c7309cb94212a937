// The gate every order passes: asks each limit, and is the only maker of Approved<OrderRequest>. Keeps
// the halts and the day's loss, which are state like any other: folding the journal restores them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/decimal.hpp"
#include "base/result.hpp"
#include "core/risk/limits.hpp"
#include "domain/action.hpp"
#include "domain/command.hpp"
#include "domain/config.hpp"
#include "domain/order.hpp"

namespace ats::core {

class RiskGate {
 public:
  void configure(const CoreConfig& config) { config_ = config; }

  // Default deny: every limit that applies must say yes.
  Result<Approved<OrderRequest>, RefuseReason> approve(const OrderRequest& order,
                                                       const OrderFacts& facts);
  // The answer approve() would give.
  RefuseReason check(const OrderRequest& order, const OrderFacts& facts) const;

  // --- halts; a scope is halted at most once ---
  bool halt(const Scope& scope);         // false: it was halted
  bool resume(const Scope& scope);       // false: it was not
  void resume_all() { halts_.clear(); }  // planted bugs only
  bool halted_globally() const { return is_halted({}); }
  bool halted(VenueId venue) const { return is_halted({venue, {}}); }
  bool halted(PairId pair) const { return is_halted({{}, pair}); }
  std::span<const Scope> halts() const { return halts_; }  // in the order they were set

  // --- the day's loss ---
  // Tells what trading has made so far, in the reporting currency. True when the limit is broken and
  // that is news: it was not broken the last time, or the halt it caused was lifted meanwhile.
  bool watch_loss(WallTime wall, Decimal profit);
  std::optional<Decimal> lost_today() const { return lost_today_; }

 private:
  bool is_halted(const Scope& scope) const;

  CoreConfig config_;
  std::vector<Scope> halts_;
  std::uint64_t approvals_ = 0;
  std::int64_t day_ = 0;
  Decimal profit_at_day_start_;
  Decimal profit_;
  std::optional<Decimal> lost_today_;
};

}  // namespace ats::core
