// What may still be sent: request weight per minute and address, new orders per ten seconds and day and account,
// in the venue's fixed windows of clock time. REST and WebSocket API draw from the same budget.
//
// Cancels and queries may use all of it, new orders and snapshots stop earlier: there is always some left to get
// out with. After a 429 or 418 nothing leaves until the time the venue named.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.hpp"

namespace ats::venues::binance {

class RateBudget {
 public:
  enum class Use : std::uint8_t { Order, Cancel, Query, Snapshot };

  // Takes the weight (and one order for Use::Order) from the windows of this time, or nothing and false.
  bool take(Use use, std::uint64_t weight, WallTime now);

  // What the venue counts, by its own words; a limit of 0 was not told.
  void told_weight(Duration interval, std::uint64_t used, std::uint64_t limit, WallTime now);
  void told_orders(Duration interval, std::uint64_t used, std::uint64_t limit, WallTime now);
  // The venue refused an order for its count: no more in this window of ten seconds.
  void orders_refused(WallTime now);
  void block_until(WallTime time);
  bool blocked(WallTime now) const { return now < blocked_until_; }

  // Of the window that is closest to full.
  struct Level {
    std::uint64_t used = 0;
    std::uint64_t limit = 0;
  };
  Level tightest() const;

 private:
  struct Window {
    Duration length;
    std::uint64_t limit;
    std::uint64_t used = 0;
    std::int64_t index = 0;  // which window since the epoch `used` is of
    void roll(WallTime now);
    void told(std::uint64_t count, std::uint64_t of, WallTime now);
  };

  // Usual limits, until the venue tells its own.
  Window weight_{seconds(60), 6'000};
  std::array<Window, 2> orders_{Window{seconds(10), 100}, Window{hours(24), 160'000}};
  WallTime blocked_until_;
};

}  // namespace ats::venues::binance
