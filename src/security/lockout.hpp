// How long somebody who failed has to wait before the next attempt: the first failures are free, then it doubles up to a
// bound. Times are arguments; what is counted is kept by the caller, on the disk.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace ats::security {

struct Lockout {
  std::uint32_t free;  // failures without a wait
  Duration first, most;
  Duration forgotten;  // after that long without one, failures count no more
};
// Of one name: a password is guessed a hundred times a day, not a million.
constexpr Lockout name_lockout{5, seconds(10), seconds(900), hours(24)};
// Of one address, whatever names it tries. Gentler: people share addresses.
constexpr Lockout address_lockout{20, seconds(2), seconds(120), hours(1)};

struct Failures {
  std::uint32_t count = 0;
  WallTime last;
};

// The failures that still count.
constexpr Failures current(const Failures& failures, const Lockout& rule, WallTime now) {
  return now - failures.last > rule.forgotten ? Failures{} : failures;
}

// Zero or less: the next attempt may come. A clock that went back makes nobody wait longer than `most`.
constexpr Duration wait_left(const Failures& failures, const Lockout& rule, WallTime now) {
  const Failures counted = current(failures, rule, now);
  if (counted.count < rule.free || counted.count == 0) return {};
  Duration wait = rule.first;
  for (std::uint32_t n = rule.free; n < counted.count && wait < rule.most; ++n) wait = wait * 2;
  wait = std::min(wait, rule.most);
  return std::min(counted.last + wait - now, rule.most);
}

}  // namespace ats::security
