// Bitfinex's limits, counted along so that we stop short of them. Calls over REST have a budget for each
// endpoint and address (90 a minute where it is told; over it the address is shut out for a minute); orders
// over the stream have one that the venue does not publish (users report 1000 in five minutes). The last
// part of each is kept for what must never wait: cancels.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace ats::venues::bitfinex {

// Holds `burst` at once and gets `per_minute` back, evenly.
class Budget {
 public:
  constexpr Budget(std::int64_t burst, std::int64_t per_minute)
      : burst_(burst * unit), per_minute_(per_minute), left_(burst * unit) {}

  // False, and nothing taken, when no more than `reserve` would be left.
  bool take(std::int64_t reserve, Instant now) {
    settle(now);
    if (left_ - unit < reserve * unit) return false;
    left_ -= unit;
    return true;
  }
  // The venue says that it is used up.
  void empty(Instant now) {
    settle(now);
    left_ = 0;
  }
  std::int64_t used() const { return (burst_ - left_) / unit; }
  std::int64_t burst() const { return burst_ / unit; }

 private:
  // Of a request: what a minute has of milliseconds, so that getting it back is a product.
  static constexpr std::int64_t unit = 60'000;

  void settle(Instant now) {
    const std::int64_t ms = (now - at_).ns / 1'000'000;
    if (ms <= 0) return;
    constexpr std::int64_t long_enough = 86'400'000;
    left_ = std::min(burst_, left_ + std::min(ms, long_enough) * per_minute_);
    at_ = at_ + milliseconds(ms);
  }

  std::int64_t burst_;
  std::int64_t per_minute_;
  std::int64_t left_;
  Instant at_;
};

// 30 at once and one a second: never more than 90 in any minute.
constexpr Budget rest_budget() { return {30, 60}; }
// 500 at once and 100 a minute: never more than 1000 in five minutes.
constexpr Budget order_budget() { return {500, 100}; }
constexpr std::int64_t order_reserve = 100;  // for cancels

// How long an endpoint is left alone once the venue has said that it was too much.
constexpr Duration shut_out = seconds(60);

}  // namespace ats::venues::bitfinex
