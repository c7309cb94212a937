// Makes what history is written into, where it is not there: database and retention policies, or buckets; and what makes minutes of
// quotes of it. Can be run again at any time: what is there as it should be stays as it is.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/influx_config.hpp"

namespace ats::services {

struct InfluxStep {
  std::string what;  // "retention policy ats.samples: 720h"
  enum class Did : std::uint8_t { WasThere, Made, Changed, Would } did = Did::WasThere;
};
const char* name(InfluxStep::Did did);

// `dry_run`: nothing is changed. The error is one line a person can act on; steps before it were taken.
Result<std::vector<InfluxStep>, std::string> set_up_influx(const InfluxConfig& config,
                                                           bool dry_run);

}  // namespace ats::services
