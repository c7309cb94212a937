// A new life of the process: what is remembered of earlier ones, and what is doubted of it.

#include <algorithm>

#include "core/executor/executor.hpp"

namespace ats::core {

void Executor::restart(std::uint32_t incarnation, Instant now) {
  incarnation_ = planted(Mutant::ReuseOrderId) ? 1 : incarnation;
  order_counter_ = 0;
  execution_counter_ = 0;
  lives_.push_back({incarnation_, 0});
  leg_costs_.restart(desk_.universe.venues().size(), desk_.config.leg_cost_prior,
                     desk_.config.leg_cost_prior_legs, now);
  latency_.restart(desk_.universe.venues().size());
  finished_.resize(desk_.universe.venues().size());
  for (auto& finished : finished_) {
    for (Finished& entry : finished) {
      Order& order = orders_[entry.slot];
      const bool counts = order.request.id == entry.order && order.closed_at == entry.at;
      entry.at = now;
      if (counts) order.closed_at = now;
    }
  }
  bases_.resize(desk_.universe.assets().size());
  of_pair_.assign(desk_.universe.pairs().size(), {});
  for (const Instrument& on : desk_.universe.instruments())
    of_pair_[on.pair.index()].push_back(on.id);
  desk_.gate.limits().watch(*this);
  // Monotonic times of an earlier process mean nothing in this one: all waits start over, longer rather
  // than shorter.
  for (BaseState& base : bases_) {
    base.busy_until = now + desk_.config.pair_cooldown;
    base.cooling = true;
  }
  for (const std::uint32_t i : live_) {
    Order& order = orders_[i];
    order.earlier_life = true;
    order.placed = now;
    order.times = {};
    order.early = 0;
    order.questions = 0;
    order.unknown_since = now;
    order.ask_at = now;
    order.cancelled = order.checking = false;
    order.terms_at = {};  // every question of this life comes after
    order.proof_at = now + desk_.config.not_found_grace;
    order.leaving = order.request.post_only;
    order.pull_from = now;
    if (!is_final(order.state)) order.state = OrderState::Unknown;
    if (planted(Mutant::ForgetUnknown)) order.done = true;
  }
  for (Execution& execution : executions_) {
    execution.opened = now;
    execution.try_from = now;
    execution.waiting = false;
  }
  compute_reserved();
}

bool Executor::earlier_life_unresolved() const {
  return std::any_of(live_.begin(), live_.end(),
                     [&](std::uint32_t i) { return orders_[i].earlier_life; });
}

}  // namespace ats::core
