// What history is made of, from the engine's thread to the one that writes it: each event that concerns it with the actions that
// followed, copied into a ring as they are. The engine's thread neither waits nor allocates, and pays little more than for the copy.
//
// Units are numbered and dated before they go into the ring, by nothing but the journal's own content, so that a unit has the
// same number and the same time in every life, whether or not it found room.
#pragma once

#include <cstdint>

#include "base/byte_ring.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"

namespace ats::services {

struct HistoryMark {
  std::uint64_t number = 0;  // from 1 in the journal; 0: of what is not told again in another life
  WallTime at;               // the first of `times_each`, which are its own
};

// Whether history is made of it: of most market data it is not.
bool concerns_history(const Event& event, const Actions& actions);

// Numbers and times of what concerns history, in the journal's order.
class HistoryClock {
 public:
  // How many times (ns) a unit has, more than it can have points: two of one series take two of them.
  static constexpr std::int64_t times_each = 4096;
  // A clock set back by less than this makes times stand nearly still; by more, they go back with it.
  static constexpr Duration step_most = hours(1);

  HistoryMark next(const Event& event, Instant now);
  // Of public trades, which are numbered by nobody.
  HistoryMark next_trade(Instant now);
  // When the journal was begun, ms since 1970; 0 before the first event.
  std::uint64_t journal() const { return journal_; }

 private:
  static WallTime after(WallTime last, WallTime wanted);
  WallTime wall(Instant now) const { return anchor_wall_ + (now - anchor_); }

  std::uint64_t journal_ = 0, number_ = 0;
  WallTime anchor_wall_, last_, last_trade_;
  Instant anchor_;
};

// An event with what followed, as the reader of the ring gets it. No event: it was market data.
struct HistoryUnit {
  HistoryMark mark;
  Instant now;
  const Event* event = nullptr;
  const Actions* actions = nullptr;
};

class HistoryTape {
 public:
  explicit HistoryTape(std::size_t bytes) : ring_(bytes) {}

  // The engine's thread. False: there was no room.
  bool put(const HistoryMark& mark, const Event& event, Instant now, const Actions& actions);
  // The other one. False: nothing is there. What `unit` points to stands until the next call.
  bool take(HistoryUnit& unit);

 private:
  ByteRing ring_;
  Event event_;
  Actions actions_;
};

}  // namespace ats::services
