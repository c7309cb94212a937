// What `ats backtest` and `ats sweep` are told alike: recordings, configuration, and what is said over it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/config.hpp"
#include "services/merged_feed.hpp"

namespace CLI {
class App;
}

namespace ats::services {

struct BacktestOptions {
  std::string config_file, from, to, latency;
  std::vector<std::string> data, venues, pairs, fees, balances;
  bool events = false, accept_faults = false;
};

void add_backtest_options(CLI::App& app, BacktestOptions& options);

// The errors are sentences.
Result<Config, std::string> config_of(const BacktestOptions& options);
// What is played: of the pairs those that are said, else the configuration's.
Result<MergedOptions, std::string> merged_options(const BacktestOptions& options,
                                                  const Config& config);
// "2024-08-08T12:00:00Z", with a fraction or without; an empty text is none.
Result<std::optional<std::int64_t>, std::string> time_option(const char* option,
                                                             const std::string& text);

}  // namespace ats::services
