// How far a venue's clock is from ours, as an interval that must hold the truth:
//  - an answer's Date was taken between our sending and our receiving, and names a whole second;
//  - an event's time was taken before we received it.
// Each bounds the difference from one side or both; the bounds of the last minutes are kept together, and
// widen as they age, since clocks drift. No clock of its own, no statistics: an interval, never a guess.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace ats::io {

class ClockSkew {
 public:
  // Clocks that are disciplined at all keep within this: 100 parts in a million.
  static constexpr std::int64_t drift_per_second_ns = 100'000;
  static constexpr Duration forget_after = seconds(600);

  // Venue's clock minus ours, ns.
  struct Estimate {
    std::int64_t low;
    std::int64_t high;
    std::int64_t middle() const { return low + (high - low) / 2; }
    // The least difference that is certain; 0 when none is.
    std::int64_t certain() const { return low > 0 ? low : high < 0 ? high : 0; }
  };

  // `date`: the second that the answer names.
  void on_answer(WallTime sent, WallTime received, WallTime date) {
    constexpr std::int64_t second = 1'000'000'000;
    raise(low_, date.ns_utc - received.ns_utc, received);
    lower(high_, date.ns_utc + second - sent.ns_utc, received);
    settle(received);
  }
  void on_event(WallTime venue_time, WallTime received) {
    if (venue_time.ns_utc == 0) return;
    raise(low_, venue_time.ns_utc - received.ns_utc, received);
    settle(received);
  }

  // Nothing before both sides are bounded.
  std::optional<Estimate> estimate(WallTime now) const {
    if (!low_ || !high_) return std::nullopt;
    return Estimate{low_->value - widened(*low_, now), high_->value + widened(*high_, now)};
  }

 private:
  struct Bound {
    std::int64_t value;
    WallTime when;
  };

  static std::int64_t widened(const Bound& bound, WallTime now) {
    const std::int64_t age = std::max<std::int64_t>(now.ns_utc - bound.when.ns_utc, 0);
    return age / 1'000'000'000 * drift_per_second_ns;
  }
  static bool is_old(const Bound& bound, WallTime now) {
    return now.ns_utc - bound.when.ns_utc > forget_after.ns;
  }
  static void raise(std::optional<Bound>& bound, std::int64_t value, WallTime now) {
    if (!bound || is_old(*bound, now) || value >= bound->value - widened(*bound, now)) {
      bound = Bound{value, now};
    }
  }
  static void lower(std::optional<Bound>& bound, std::int64_t value, WallTime now) {
    if (!bound || is_old(*bound, now) || value <= bound->value + widened(*bound, now)) {
      bound = Bound{value, now};
    }
  }
  // Bounds that contradict each other: a clock was set. What was learnt last is what holds.
  void settle(WallTime now) {
    if (!low_ || !high_) return;
    if (low_->value - widened(*low_, now) <= high_->value + widened(*high_, now)) return;
    if (low_->when < high_->when)
      low_.reset();
    else if (high_->when < low_->when)
      high_.reset();
  }

  std::optional<Bound> low_;
  std::optional<Bound> high_;
};

// An answer's Date header, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 7231 section 7.1.1.1).
std::optional<WallTime> parse_http_date(std::string_view text);
// Retry-After: seconds, or a date (section 7.1.3). `now` is asked for only by a date.
std::optional<Duration> parse_retry_after(std::string_view text, WallTime now);

}  // namespace ats::io
