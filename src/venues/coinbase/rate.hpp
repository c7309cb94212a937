// Coinbase counts requests per second. We count along with buckets that refill, stay below what older
// official pages name (newer ones are silent), and keep the last part for what must never wait: cancels
// first, questions about orders next.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace ats::venues::coinbase {

class TokenBucket {
 public:
  constexpr TokenBucket(std::int64_t capacity, std::int64_t refill_per_second)
      : capacity_(capacity * one), refill_(refill_per_second), level_(capacity * one) {}

  // Takes `cost` when `reserve` is left then.
  bool take(std::int64_t cost, std::int64_t reserve, Instant now) {
    settle(now);
    if (level_ - cost * one < reserve * one) return false;
    level_ -= cost * one;
    return true;
  }
  // The venue says that there is nothing left.
  void drain(Instant now) {
    settle(now);
    level_ = 0;
  }
  std::int64_t left(Instant now) {
    settle(now);
    return level_ / one;
  }
  std::int64_t capacity() const { return capacity_ / one; }

 private:
  static constexpr std::int64_t one = 1'000'000'000;
  void settle(Instant now) {
    const std::int64_t elapsed = std::clamp<std::int64_t>((now - at_).ns, 0, 60 * one);
    level_ = std::min(capacity_, level_ + elapsed * refill_);
    at_ = now;
  }

  std::int64_t capacity_;
  std::int64_t refill_;
  std::int64_t level_;
  Instant at_;
};

// Private REST, per user: 30 a second.
constexpr TokenBucket private_bucket() { return {25, 25}; }
constexpr std::int64_t order_reserve = 12;  // orders leave this for questions and cancels
constexpr std::int64_t query_reserve = 6;   // questions leave this for cancels
// Public REST, per address: 10 a second.
constexpr TokenBucket public_bucket() { return {8, 8}; }
// Messages to the streams, per address: 8 a second.
constexpr TokenBucket stream_bucket() { return {6, 6}; }

}  // namespace ats::venues::coinbase
