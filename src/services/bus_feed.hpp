// What of an engine's life must not be lost on the bus: each fill that was booked, each trade that is over and what became of
// each alert, numbered from 1 in the order of the journal. Folded from events and the actions that followed, so that a
// restart gives the same messages the same numbers. What no journal has is numbered from the start of the process.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "report/alert_desk.hpp"

namespace ats::services {

enum class BusStream : std::uint8_t { Fill, Execution, Alert, Notice };
const char* name(BusStream stream);
constexpr std::size_t bus_stream_count = 4;

struct BusItem {
  BusStream stream = BusStream::Fill;
  std::uint64_t number = 0;
  std::string channel;
  std::string bytes;
};

class BusFeed {
 public:
  explicit BusFeed(std::string source);

  // Appends what it makes known.
  void on(const Event& event, Instant now, const Actions& actions, std::vector<BusItem>& out);
  // The process is on: what it says from then on without a journal is numbered by that.
  void begin_notices(WallTime now) { notices_begun_ = ms_of(now); }
  // One that no journal holds.
  void say(const ats::Alert& alert, WallTime at, std::vector<BusItem>& out);

  // When the journal was begun, ms since 1970; 0 before the first event.
  std::uint64_t journal() const { return journal_; }
  // What its ids begin with.
  std::uint64_t epoch(BusStream stream) const {
    return stream == BusStream::Notice ? notices_begun_ : journal_;
  }
  std::uint32_t life() const { return life_; }
  const std::string& source() const { return source_; }

 private:
  static std::uint64_t ms_of(WallTime at) {
    return static_cast<std::uint64_t>(at.ns_utc / 1'000'000);
  }
  void take(const Fill& fill, bool ours, std::vector<BusItem>& out);
  void alerts(const Event& event, Instant now, const Actions& actions, std::vector<BusItem>& out);
  void tell(const report::Telling& telling, std::vector<BusItem>& out);

  std::string source_;
  std::uint64_t journal_ = 0;
  std::uint32_t life_ = 0;
  WallTime wall_;
  Universe universe_;
  std::uint64_t numbers_[bus_stream_count] = {};
  std::uint64_t notices_begun_ = 0;
  // Its alerts have the numbers of the engine's own list, and none is held back.
  report::AlertDesk desk_;
  std::uint64_t desk_changes_ = 0;
  std::set<std::uint64_t> open_;  // as told
};

}  // namespace ats::services
