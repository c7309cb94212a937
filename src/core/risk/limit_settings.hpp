// Which limits a configuration sets, and which of them hold for each asset or venue by itself.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "domain/config.hpp"
#include "domain/limit.hpp"

namespace ats::core {

// Set everywhere, it holds for each asset, or for each venue, that has none of its own.
bool each_asset(LimitKind kind);
bool each_venue(LimitKind kind);

// Those with keys of their own, then those of the list; those of everywhere before narrower ones, so that they do
// not take the place of these.
std::vector<LimitSetting> configured_limits(const CoreConfig& config);

// Those of the start, and what the file they stand in has said since. A new life begins with a configuration read anew.
class ConfiguredLimits {
 public:
  void restart(const CoreConfig& config) { all_ = configured_limits(config); }
  // `gone`: the file says nothing of it any more. Returns what held before.
  std::optional<LimitSetting> say(const LimitSetting& setting, bool gone);
  std::span<const LimitSetting> all() const { return all_; }

 private:
  std::vector<LimitSetting> all_;
};

}  // namespace ats::core
