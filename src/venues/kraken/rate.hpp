// Kraken's rate limits are counters that each request raises and time lowers. We count along, stop
// short of the limit, and keep the last part of it for what must never wait: cancels, and questions
// about orders. The tier is not told by the venue; counted is the middle one (Intermediate).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace ats::venues::kraken {

class LeakyCounter {
 public:
  // Counts in thousandths: 2'340 falls 2.34 a second.
  constexpr LeakyCounter(std::int64_t limit_milli, std::int64_t fall_milli_per_second)
      : limit_(limit_milli), fall_(fall_milli_per_second) {}

  // Raises by `cost` when it then stays at or below the limit less `reserve`.
  bool take(std::int64_t cost, std::int64_t reserve, Instant now) {
    settle(now);
    if (level_ + cost > limit_ - reserve) return false;
    level_ += cost;
    return true;
  }
  // The venue says that the limit is reached.
  void fill(Instant now) {
    settle(now);
    level_ = limit_;
  }
  std::int64_t level(Instant now) {
    settle(now);
    return level_;
  }
  std::int64_t limit() const { return limit_; }

 private:
  void settle(Instant now) {
    const std::int64_t elapsed = std::max<std::int64_t>((now - at_).ns, 0);
    constexpr std::int64_t to_empty = 1'000'000'000'000;  // ns: longer than any counter here takes
    const std::int64_t fallen = std::min(elapsed, to_empty) / 1'000'000 * fall_ / 1'000;
    if (fallen >= level_) {
      level_ = 0;
      at_ = now;
    } else if (fallen > 0) {
      level_ -= fallen;
      at_ = now;
    }
  }

  std::int64_t limit_;
  std::int64_t fall_;
  std::int64_t level_ = 0;
  Instant at_;
};

// --- REST, per key ---
constexpr LeakyCounter rest_counter() { return {20'000, 500}; }
constexpr std::int64_t rest_call_cost = 1'000;
// History calls: the documents say 2 in one place, 4 in another.
constexpr std::int64_t rest_history_cost = 4'000;
// Kept for questions about orders, and for the token without which there is no trading.
constexpr std::int64_t rest_reserve = 10'000;

// --- the trading engine, per pair ---
constexpr LeakyCounter engine_counter() { return {125'000, 2'340}; }
constexpr std::int64_t place_cost = 1'000;
// New orders leave this much: two cancels of orders just placed.
constexpr std::int64_t engine_reserve = 16'000;

// Changing a young order costs more. What follows counts its age from then on.
constexpr std::int64_t amend_cost(Duration age) {
  if (age < seconds(5)) return 4'000;
  if (age < seconds(10)) return 3'000;
  if (age < seconds(15)) return 2'000;
  return 1'000;
}

// Taking back a young order costs more.
constexpr std::int64_t cancel_cost(Duration age) {
  if (age < seconds(5)) return 8'000;
  if (age < seconds(10)) return 6'000;
  if (age < seconds(15)) return 5'000;
  if (age < seconds(45)) return 4'000;
  if (age < seconds(90)) return 2'000;
  if (age < seconds(300)) return 1'000;
  return 0;
}

}  // namespace ats::venues::kraken
