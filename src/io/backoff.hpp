// How long to stay away before the next attempt: twice as long after each failure, up to a bound, and of that a random
// half, so that many who lost one server do not all come back at once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/rng.hpp"
#include "base/time.hpp"

namespace ats::io {

class Backoff {
 public:
  Backoff(Duration first, Duration most, std::uint64_t seed)
      : first_(first), most_(most), jitter_(seed) {}

  // After one more failure.
  Duration next() {
    const Duration whole = std::min(most_, first_ * (std::int64_t{1} << failures_));
    if (whole < most_) ++failures_;
    return {jitter_.between(whole.ns / 2, whole.ns)};
  }
  void succeeded() { failures_ = 0; }

 private:
  Duration first_, most_;
  unsigned failures_ = 0;  // as far as they make it longer
  Rng jitter_;
};

}  // namespace ats::io
