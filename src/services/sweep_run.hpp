// One run of a sweep: the backtest of one trial on one stretch of the recordings. It shares nothing with another, so that many
// may run at once; what it comes to depends on its number and on nothing else.
#pragma once

#include <cstdint>
#include <string>

#include "services/backtest_options.hpp"
#include "services/sweep_results.hpp"
#include "services/sweep_spec.hpp"

namespace ats::services {

struct SweepGround {
  BacktestOptions options;    // recordings and what is taken of them
  std::string configuration;  // TOML; the trial's values go over it
};

// The error: the recordings cannot be played, whatever is tried. What is a trial's own is in SweepRun::error.
Result<SweepRun, std::string> run_trial(const SweepSpec& spec, const SweepGround& ground,
                                        const SweepSegment& segment, std::size_t run,
                                        std::size_t trial);

}  // namespace ats::services
