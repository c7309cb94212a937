// Until when this process may send what acts on an account: the time for which it leads. Asked at the edge, right before
// bytes are handed to the system, with a clock that is read there and then: a process that was paused finds its time
// over before anything leaves, whatever its loop believes the time to be.
//
// Closed until it is told otherwise. One thread. A question costs one clock read, no lock and no system call.
#pragma once

#include "base/time.hpp"
#include "io/clock.hpp"

namespace ats::io {

class SendFence {
 public:
  // In OsClock::lasting().
  void open_until(Instant until) { until_ = until; }
  void close() { until_ = {}; }

  bool open() const { return OsClock::lasting() < until_; }
  Instant until() const { return until_; }

 private:
  Instant until_;
};

// Nobody else can lead: no fence, and always open.
inline bool may_send(const SendFence* fence) { return fence == nullptr || fence->open(); }

// What stands in logs and answers where a fence kept something back.
inline constexpr const char* not_leading = "not_leading";

}  // namespace ats::io
