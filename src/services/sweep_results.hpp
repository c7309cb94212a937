// What has been tried so far: one file, a line for each run that is over, in whatever order they ended. A sweep that was killed
// goes on where it stood, and files of several machines are one.
//
// Invariants: a line is a whole result or, at the end of a file that was cut short, none. Only runs of the same sweep stand
// together: the same spec, configuration, recordings and program (its head says which).
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "report/deflated_sharpe.hpp"

namespace ats::services {

// NOLINTNEXTLINE(bugprone-exception-escape): moving a JSON value throws nothing
struct SweepRun {
  std::size_t run = 0;  // trial × segments + segment
  std::map<std::string, std::string> values;
  std::string error;               // not empty: there is no result, and why
  nlohmann::ordered_json summary;  // as backtest_summary() makes it
  report::ReturnMoments returns;
};

nlohmann::ordered_json run_json(const SweepRun& run);
std::optional<SweepRun> parse_run(const nlohmann::ordered_json& line);

// NOLINTNEXTLINE(bugprone-exception-escape): moving a JSON value throws nothing
struct SweepResults {
  nlohmann::ordered_json head;
  std::map<std::size_t, SweepRun> runs;
};

// Of a folder that `ats sweep --out` named. The error is one line a person can act on.
Result<SweepResults, std::string> read_results(const std::filesystem::path& folder);
// All of them, as if one had made it. Refused when they are of different sweeps, or the same run has two results.
Result<SweepResults, std::string> merge_results(const std::vector<std::filesystem::path>& folders);
std::optional<std::string> write_results(const std::filesystem::path& folder,
                                         const SweepResults& results);

// Adds to what a folder has.
class SweepWriter {
 public:
  // Begins the file, or goes on with one that has the same head. `runs`: those that it has.
  static Result<SweepWriter, std::string> open(const std::filesystem::path& folder,
                                               const nlohmann::ordered_json& head);
  const std::map<std::size_t, SweepRun>& runs() const { return runs_; }
  // On the disk's way before it returns. False: it cannot be written.
  bool add(const SweepRun& run);

 private:
  std::ofstream out_;
  std::map<std::size_t, SweepRun> runs_;
};

}  // namespace ats::services
