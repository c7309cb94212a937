// One backtest that somebody asked for: what is to be played, how far it is, what became of it. As it lies on the disk,
// too (`job.json` in its folder). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace ats::services {

struct BacktestPlan {
  std::string name;
  std::vector<std::string> recordings;  // names in the folder of recordings
  std::optional<WallTime> from, to;
  std::vector<std::string> pairs, venues, fees;
  bool accept_faults = false;
  std::string configuration;                     // TOML; empty: the engine's
  std::map<std::string, std::string> overrides;  // over it, by key
};

enum class BacktestState : std::uint8_t { Queued, Running, Done, Failed, Cancelled };
const char* name(BacktestState state);
constexpr bool over(BacktestState state) {
  return state != BacktestState::Queued && state != BacktestState::Running;
}

// NOLINTNEXTLINE(bugprone-exception-escape): moving a JSON value throws nothing
struct BacktestJob {
  struct Progress {
    bool playing = false;
    std::uint32_t done_bps = 0;
    WallTime at;
    std::uint64_t records = 0, events = 0, events_per_second = 0;
    std::optional<Duration> left;
  };
  std::string id;
  BacktestPlan plan;  // without the configuration
  std::string who, reason;
  BacktestState state = BacktestState::Queued;
  WallTime asked, started, ended;
  std::string error;
  Progress progress;
  nlohmann::ordered_json summary;  // as backtest_summary() makes it; null: none
  std::uint64_t bytes = 0;         // of its files, once it is over
  std::uint64_t version = 0;       // another with each change
};

nlohmann::ordered_json job_json(const BacktestJob& job);
// Nothing: it is not what job_json() writes.
std::optional<BacktestJob> parse_job(std::string_view text);
// Of {"progress": …}, as `ats backtest --progress json` writes it.
BacktestJob::Progress parse_progress(const nlohmann::ordered_json& told);

// Whether the words may go on a command line: names of pairs, venues and fees that nothing takes for an option. The error is a
// sentence.
Status<std::string> check_plan(const BacktestPlan& plan);

}  // namespace ats::services
