#include "core/risk/limit_watch.hpp"

namespace ats::core {
namespace {

LimitLevel level_of(const LimitSetting& setting, Decimal bound, Decimal value, LimitLevel before) {
  const bool least = traits(setting.kind).least;
  if (least ? value < bound : value > bound) return LimitLevel::Hard;
  if (!setting.warn) return LimitLevel::Well;
  const Decimal warn = *setting.warn;
  if (least ? value < warn : value > warn) return LimitLevel::Warning;
  if (before == LimitLevel::Well) return LimitLevel::Well;
  // A tenth beyond it, so that a value that stays near is told once.
  const Decimal tenth = Decimal::from_raw(warn.raw() / 10);
  const bool left = least ? value >= warn + tenth : value <= warn - tenth;
  return left ? LimitLevel::Well : LimitLevel::Warning;
}

}  // namespace

LimitWatch::Told LimitWatch::read(const LimitSetting& setting, const Reading& reading,
                                  const CoreConfig& config, Instant now) {
  const LimitLevel before = level_;
  if (reading.value) level_ = level_of(setting, reading.bound, *reading.value, before);
  Told told;
  if (setting.warn && (before == LimitLevel::Well) != (level_ == LimitLevel::Well))
    told.level = before == LimitLevel::Well ? News::Warned : News::Cleared;
  if (reading.watched) told.reach = follow(reading, config, now);
  return told;
}

LimitWatch::News LimitWatch::follow(const Reading& reading, const CoreConfig& config, Instant now) {
  if (level_ == LimitLevel::Hard) {
    well_since_.reset();
    if (!reading.is_new) return News::None;
    if (!over_since_) over_since_ = now;
    ++over_readings_;
    const bool sure = over_readings_ >= 2 && now - *over_since_ >= config.confirm_for;
    if (!sure || reached_) return News::None;
    reached_ = true;
    return News::Reached;
  }
  over_since_.reset();
  over_readings_ = 0;
  if (!reached_) return News::None;
  if (level_ == LimitLevel::Warning) {
    well_since_.reset();
    return News::None;
  }
  if (!well_since_) well_since_ = now;
  if (now - *well_since_ < config.cool_down) return News::None;
  reached_ = false;
  well_since_.reset();
  return News::Released;
}

}  // namespace ats::core
