// What a clock on the wall shows in one place of the world: the offset of local time from UTC, over time, as a table. Knows no
// file and no clock; io/zoneinfo.hpp reads the tables that a machine has.
//
// Invariant: `next` is later than what it is asked for, and shows the time of day that was asked for, once a local day:
// where clocks are set back and show it twice, the first; where they are set forward over it, the moment they are.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"

namespace ats {

class Zone {
 public:
  struct Span {
    WallTime from;
    Duration offset;  // of local time: one hour east of Greenwich is +1 h
  };

  Zone() = default;  // UTC
  // By their beginning; the first holds before its own, too. None: UTC.
  Zone(std::string name, std::vector<Span> spans)
      : name_(std::move(name)), spans_(std::move(spans)) {}

  const std::string& name() const { return name_; }
  Duration offset(WallTime at) const;
  // Since local midnight.
  Duration time_of_day(WallTime at) const;
  WallTime next(WallTime after, Duration time_of_day) const;
  // "2026-11-28 09:30 Europe/Berlin"
  std::string text(WallTime at) const;

 private:
  std::string name_ = "UTC";
  std::vector<Span> spans_;
};

}  // namespace ats
