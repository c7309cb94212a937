// The gate every order passes: asks each rule and each limit, and is the only maker of Approved<OrderRequest>.
// Keeps what holds up trading and the limits in force, which are state like any other: folding the journal
// restores them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "core/risk/holds.hpp"
#include "core/risk/lease.hpp"
#include "core/risk/limit_book.hpp"
#include "core/risk/rules.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/order.hpp"

namespace ats::core {

class RiskGate {
 public:
  // A new life. Both outlive it, or are replaced by the next call.
  void restart(const Universe& universe, const CoreConfig& config, Instant now);

  // Default deny: every rule that applies and every limit must say yes.
  Result<Approved<OrderRequest>, RefuseReason> approve(const OrderRequest& order,
                                                       const OrderFacts& facts);
  // The answer approve() would give.
  RefuseReason check(const OrderRequest& order, const OrderFacts& facts);
  // The limit that the last refusal was for; none: it was a rule.
  const LimitBreach& breach() const { return breach_; }

  // True: the scope was not halted. What is open is resolved first (holds.hpp).
  bool halt(const Scope& scope, Instant now);
  bool halt(VenueId venue) {
    return halt({venue, {}}, {});
  }  // nothing goes there: nothing to wait for
  // There is no word from the risk role (any more): what is open may be resolved for as long as under a halt.
  void hold_for_want_of_lease(Instant now);
  Holds& holds() { return holds_; }
  const Holds& holds() const { return holds_; }
  Lease& lease() { return lease_; }
  const Lease& lease() const { return lease_; }
  LimitBook& limits() { return limits_; }
  const LimitBook& limits() const { return limits_; }

 private:
  const CoreConfig* config_ = nullptr;
  Holds holds_;
  Lease lease_;
  LimitBook limits_;
  LimitBreach breach_;
  std::uint64_t approvals_ = 0;
};

}  // namespace ats::core
