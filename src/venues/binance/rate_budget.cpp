#include "venues/binance/rate_budget.hpp"

#include <algorithm>

namespace ats::venues::binance {
namespace {

// Percent of the weight that each use may fill up to.
std::uint64_t share(RateBudget::Use use) {
  switch (use) {
    case RateBudget::Use::Order:
      return 90;
    case RateBudget::Use::Snapshot:
      return 70;
    case RateBudget::Use::Cancel:
    case RateBudget::Use::Query:
      return 100;
  }
  return 0;
}

}  // namespace

void RateBudget::Window::roll(WallTime now) {
  const std::int64_t current = now.ns_utc / length.ns;
  if (current != index) {
    index = current;
    used = 0;
  }
}

void RateBudget::Window::told(std::uint64_t count, std::uint64_t of, WallTime now) {
  roll(now);
  // What is on its way is in our count and not yet in theirs.
  used = std::max(used, count);
  if (of != 0) limit = of;
}

bool RateBudget::take(Use use, std::uint64_t weight, WallTime now) {
  if (blocked(now)) return false;
  weight_.roll(now);
  for (Window& w : orders_) w.roll(now);
  if ((weight_.used + weight) * 100 > weight_.limit * share(use)) return false;
  if (use == Use::Order) {
    for (const Window& w : orders_) {
      if (w.used >= w.limit) return false;
    }
    for (Window& w : orders_) ++w.used;
  }
  weight_.used += weight;
  return true;
}

void RateBudget::told_weight(Duration interval, std::uint64_t used, std::uint64_t limit,
                             WallTime now) {
  if (interval == weight_.length) weight_.told(used, limit, now);
}

void RateBudget::told_orders(Duration interval, std::uint64_t used, std::uint64_t limit,
                             WallTime now) {
  for (Window& w : orders_) {
    if (w.length == interval) w.told(used, limit, now);
  }
}

void RateBudget::orders_refused(WallTime now) {
  Window& shortest = orders_.front();
  shortest.told(shortest.limit, 0, now);
}

void RateBudget::block_until(WallTime time) { blocked_until_ = std::max(blocked_until_, time); }

RateBudget::Level RateBudget::tightest() const {
  Level level{weight_.used, weight_.limit};
  for (const Window& w : orders_) {
    if (w.used * level.limit > level.used * w.limit) level = {w.used, w.limit};
  }
  return level;
}

}  // namespace ats::venues::binance
