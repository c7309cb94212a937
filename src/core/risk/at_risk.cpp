#include "core/risk/at_risk.hpp"

#include <algorithm>

namespace ats::core {

void AtRisk::restart(const CoreConfig& config, Instant now) {
  const std::uint64_t number = number_;
  const bool told = told_;
  *this = {};
  every_ = std::min(config.var_every, Duration{config.var_max_age.ns / 2});
  max_age_ = config.var_max_age;
  born_ = ask_at_ = last_asked_ = now;
  number_ = number;
  told_ = told;
  last_.asked = born_ - max_age_ - seconds(1);
}

void AtRisk::asked(Instant now) {
  last_asked_ = now;
  ask_at_ = now + every_;
}

bool AtRisk::take(const RiskMeasured& measured, Instant now) {
  const bool ours = measured.asked >= born_ && measured.asked <= last_asked_;
  if (!ours || measured.asked <= last_.asked || now - measured.asked > max_age_) return false;
  last_ = measured;
  ++number_;
  return true;
}

std::optional<Decimal> AtRisk::value(Instant now) const {
  const bool old = now - last_.asked > max_age_;
  if (old || last_.fault != MeasureFault::None) return std::nullopt;
  return last_.value_at_risk;
}

AtRisk::News AtRisk::watch(bool wanted, Instant now) {
  if (!wanted || value(now)) {
    missing_since_.reset();
    if (!told_) return News::None;
    told_ = false;
    return News::Back;
  }
  if (!missing_since_) missing_since_ = now;
  if (told_ || now - *missing_since_ < max_age_) return News::None;
  told_ = true;
  return News::Missed;
}

}  // namespace ats::core
