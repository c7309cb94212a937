// Whether an endpoint may be asked now. Closed: yes. After several failures in a row, or when the venue has
// told us to wait (429, 418, 503 with Retry-After), it is open: nothing is sent until the wait is over. Then
// half-open: one request goes out as a probe, and its outcome decides.
//
// Invariants: what the venue told is waited for to the end, whatever succeeds meanwhile; at most one probe
// is out; each failed probe doubles the wait, up to a minute. No clock of its own.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.hpp"

namespace ats::io {

class CircuitBreaker {
 public:
  static constexpr int failures_to_open = 5;
  static constexpr Duration wait_min = seconds(1);
  static constexpr Duration wait_max = seconds(60);

  enum class State : std::uint8_t { Closed, Open, HalfOpen };

  // Asks for leave to send one request. With it goes the duty to say what came of it.
  bool allow(Instant now) {
    if (now < told_until_) return false;
    if (!open_) return true;
    if (now < open_until_ || probing_) return false;
    probing_ = true;
    return true;
  }
  void succeeded() {
    failures_ = 0;
    wait_ = wait_min;
    open_ = probing_ = false;
  }
  // No answer, or one that says that the endpoint is in trouble.
  void failed(Instant now) {
    const bool probe = probing_;
    probing_ = false;
    if (++failures_ < failures_to_open && !probe) return;
    if (!open_) ++openings_;
    open_ = true;
    open_until_ = now + wait_;
    wait_ = std::min(wait_ * 2, wait_max);
  }
  // The request never left, for reasons of our own: it says nothing of the endpoint.
  void withdrawn() { probing_ = false; }
  // The venue said how long to stay away. Counts as an answer.
  void told_to_wait(Instant now, Duration wait) {
    told_until_ = std::max(told_until_, now + wait);
    ++times_told_;
    probing_ = false;
  }

  State state(Instant now) const {
    if (now < told_until_) return State::Open;
    if (!open_) return State::Closed;
    return now < open_until_ ? State::Open : State::HalfOpen;
  }
  // How long until allow() can say yes again; zero: now.
  Duration remaining(Instant now) const {
    const Instant until = open_ ? std::max(told_until_, open_until_) : told_until_;
    return std::max(until - now, Duration{});
  }
  std::uint64_t openings() const { return openings_; }
  std::uint64_t times_told() const { return times_told_; }

 private:
  int failures_ = 0;
  bool open_ = false;
  bool probing_ = false;
  Instant open_until_;
  Instant told_until_;
  Duration wait_ = wait_min;
  std::uint64_t openings_ = 0;
  std::uint64_t times_told_ = 0;
};

constexpr const char* name(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::Closed:
      return "closed";
    case CircuitBreaker::State::Open:
      return "open";
    case CircuitBreaker::State::HalfOpen:
      return "half_open";
  }
  return "?";
}

}  // namespace ats::io
