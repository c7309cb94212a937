// What follows from a limit's readings: warned when the warning level is passed and cleared when it has been left by a
// tenth; reached when every reading has been over the hard level for confirm_for, at two readings at least, so that
// one bad tick does nothing; released when it has been well for cool_down.
#pragma once

#include <cstdint>
#include <optional>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "domain/config.hpp"
#include "domain/limit.hpp"
#include "domain/status.hpp"

namespace ats::core {

class LimitWatch {
 public:
  enum class News : std::uint8_t { None, Warned, Cleared, Reached, Released };
  struct Reading {
    Decimal bound;                 // that counts: the hard level, or a share of it
    std::optional<Decimal> value;  // nothing: not known now, and nothing follows from that
    bool watched = true;           // false: its level is told, and it is never reached
    bool is_new = true;            // false: the value was read before
  };
  struct Told {
    News level = News::None;  // Warned or Cleared
    News reach = News::None;  // Reached or Released
  };

  Told read(const LimitSetting& setting, const Reading& reading, const CoreConfig& config,
            Instant now);
  LimitLevel level() const { return level_; }
  bool reached() const { return reached_; }
  // A person lets it go on: it has to be over for long enough again.
  void forgive() {
    reached_ = false;
    over_since_.reset();
    over_readings_ = 0;
  }
  // Times of an earlier process mean nothing in this one.
  void restart() {
    over_since_.reset();
    well_since_.reset();
    over_readings_ = 0;
  }

 private:
  News follow(const Reading& reading, const CoreConfig& config, Instant now);

  LimitLevel level_ = LimitLevel::Well;
  bool reached_ = false;
  std::optional<Instant> over_since_;
  std::uint32_t over_readings_ = 0;
  std::optional<Instant> well_since_;
};

}  // namespace ats::core
