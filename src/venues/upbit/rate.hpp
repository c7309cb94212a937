// Upbit counts requests by the second and by group; each answer tells what is left of the second. Whose second
// it is nobody says, so we count over any second, believe the venue where it says that nothing is left, and
// keep a part for what must never wait: cancels share their group with questions.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.hpp"

namespace ats::venues::upbit {

class RateGroup {
 public:
  static constexpr std::size_t limit_max = 30;
  explicit constexpr RateGroup(std::size_t limit) : limit_(limit) {}

  // Counts one request, unless that would leave less than `reserve` of this second.
  bool take(std::size_t reserve, Instant now) {
    if (now < blocked_until_ || used(now) + reserve >= limit_) return false;
    sent_[next_ % limit_] = now;
    ++next_;
    return true;
  }
  // The venue says how many are left of its second.
  void told(std::int64_t left, Instant now) {
    if (left <= 0) block(now + seconds(1));
  }
  void block(Instant until) {
    if (until > blocked_until_) blocked_until_ = until;
  }
  std::size_t used(Instant now) const {
    std::size_t count = 0;
    const std::size_t kept = next_ < limit_ ? next_ : limit_;
    for (std::size_t n = 0; n < kept; ++n) count += now - sent_[n] < seconds(1) ? 1u : 0u;
    return count;
  }
  std::size_t limit() const { return limit_; }

 private:
  std::size_t limit_;
  std::array<Instant, limit_max> sent_{};  // the newest `limit` requests
  std::size_t next_ = 0;
  Instant blocked_until_{};
};

constexpr std::size_t order_limit = 12;
constexpr std::size_t default_limit = 30;
constexpr std::size_t orderbook_limit = 10;
// Questions leave this much of their group to cancels.
constexpr std::size_t cancel_reserve = 10;

// "group=default; min=1800; sec=29".
struct RemainingReq {
  std::string_view group;
  std::int64_t left = -1;  // of this second; -1: not told
};
inline RemainingReq read_remaining(std::string_view header) {
  RemainingReq read;
  while (!header.empty()) {
    const std::size_t end = header.find(';');
    std::string_view field = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
    while (field.starts_with(' ')) field.remove_prefix(1);
    if (field.starts_with("group=")) read.group = field.substr(6);
    if (field.starts_with("sec=")) {
      const std::string_view digits = field.substr(4);
      std::int64_t left = 0;
      if (std::from_chars(digits.data(), digits.data() + digits.size(), left).ec == std::errc{})
        read.left = left;
    }
  }
  return read;
}

}  // namespace ats::venues::upbit
