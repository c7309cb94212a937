// The backtests that a running engine carries out beside itself: a queue, a folder for each, and `ats backtest` as a process
// of its own, at a lower priority. One thread, which is not the core's: files are read and written here.
//
// Invariants: no more run at a time than the setup says, in the order they were asked for. None outlives its owner. What was
// asked for is on the disk before it is answered; what was waiting when the process ended is carried out by the
// next, and what ran then has failed. Of those that are over the newest are kept, within the setup's bounds; the latest
// always. Nothing outside of the two folders is read or written by what a client says.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/child_process.hpp"
#include "io/reactor.hpp"
#include "services/backtest_job.hpp"
#include "services/config.hpp"
#include "services/recording_folder.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

struct BacktestJobsSetup {
  std::filesystem::path folder;      // of results: one below it for each
  std::filesystem::path recordings;  // where the names of recordings lead
  std::string configuration;         // the engine's, as TOML
  std::uint32_t at_once = 1;
  std::uint32_t keep = 100;
  std::uint64_t keep_size = 0;  // bytes
  std::filesystem::path binary = "/proc/self/exe";
};
BacktestJobsSetup backtest_jobs_setup(const Config& config);

class BacktestJobs {
 public:
  static constexpr std::size_t waiting_most = 100;
  enum class File : std::uint8_t { Report, Result, Configuration, Log };

  // `changed`: a job has another version, or is gone. Takes up what was waiting once begin() is called.
  BacktestJobs(io::Reactor& reactor, BacktestJobsSetup setup, std::function<void()> changed);
  ~BacktestJobs();
  BacktestJobs(const BacktestJobs&) = delete;
  BacktestJobs& operator=(const BacktestJobs&) = delete;

  void begin();
  // Ends those that run.
  void close();

  Result<const BacktestJob*, Refusal> start(const BacktestPlan& plan, const Wish& wish);
  Result<const BacktestJob*, Refusal> cancel(std::string_view id);
  const BacktestJob* find(std::string_view id) const;
  const std::deque<BacktestJob>& jobs() const { return jobs_; }  // oldest first
  RecordingFolder::Listing recordings() const { return recordings_.list(); }
  std::filesystem::path path_of(const BacktestJob& job, File file) const;

 private:
  BacktestJob* find_own(std::string_view id);
  void load();
  Result<Config, std::string> config_of(const BacktestPlan& plan) const;
  void run_next();
  void run(BacktestJob& job);
  void heard(const std::string& id, std::string_view line);
  void ended(const std::string& id, io::ChildEnd how);
  void settle(BacktestJob& job, BacktestState state, std::string error);
  // False: it cannot be written.
  bool save(BacktestJob& job);
  void forget_old();
  std::filesystem::path folder_of(const BacktestJob& job) const { return setup_.folder / job.id; }

  io::Reactor& reactor_;
  const BacktestJobsSetup setup_;
  const RecordingFolder recordings_;
  std::function<void()> changed_;
  std::deque<BacktestJob> jobs_;
  struct Run {
    std::unique_ptr<io::ChildProcess> child;
    std::string said;  // the end of what it said that is no progress
    std::size_t logged = 0;
  };
  std::map<std::string, Run> running_;  // by id
  std::uint64_t last_id_ = 0, versions_ = 0;
  bool begun_ = false;
};

}  // namespace ats::services
