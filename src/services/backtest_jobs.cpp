#include "services/backtest_jobs.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "io/clock.hpp"
#include "services/command_line.hpp"

extern char** environ;

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr int niceness = 10;
constexpr std::size_t log_most = std::size_t{1} << 20;
constexpr std::size_t said_most = 2000;
constexpr std::size_t wish_most = 63;

bool write_whole(const fs::path& path, const std::string& text) {
  const fs::path fresh = path.string() + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  std::error_code ec;
  if (out) fs::rename(fresh, path, ec);
  return out && !ec;
}

std::string read_whole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    std::error_code none;
    if (at->is_regular_file(none)) bytes += at->file_size(none);
  }
  return bytes;
}

// Its configuration is a file, and nothing of ours is over it.
std::vector<std::string> child_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("ATS_")) out.emplace_back(*entry);
  }
  return out;
}

Refusal refused(Refusal::Kind kind, std::string why) { return {kind, std::move(why)}; }

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 12 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

BacktestJobsSetup backtest_jobs_setup(const Config& config) {
  BacktestJobsSetup setup;
  setup.folder = config.data_dir / "backtests";
  setup.recordings =
      config.backtest.data.empty() ? config.data_dir / "recordings" : config.backtest.data;
  setup.configuration = to_toml(config);
  setup.at_once = config.backtest.at_once;
  setup.keep = config.backtest.keep;
  setup.keep_size = config.backtest.keep_size;
  return setup;
}

BacktestJobs::BacktestJobs(io::Reactor& reactor, BacktestJobsSetup setup,
                           std::function<void()> changed)
    : reactor_(reactor),
      setup_(std::move(setup)),
      recordings_(setup_.recordings),
      changed_(std::move(changed)) {}

BacktestJobs::~BacktestJobs() { close(); }

void BacktestJobs::begin() {
  load();
  begun_ = true;
  forget_old();
  run_next();
}

void BacktestJobs::close() {
  begun_ = false;
  for (auto& [id, run] : std::exchange(running_, {})) {
    run.child.reset();
    if (BacktestJob* job = find_own(id))
      settle(*job, BacktestState::Failed, "the engine's process was stopped while it ran");
  }
}

void BacktestJobs::load() {
  std::vector<std::string> ids;
  std::error_code ec;
  for (fs::directory_iterator at(setup_.folder, ec), end; !ec && at != end; at.increment(ec)) {
    std::string id = at->path().filename().string();
    if (is_id(id)) ids.push_back(std::move(id));
  }
  std::ranges::sort(ids, {}, [](const std::string& id) { return std::stoull(id); });
  for (const std::string& id : ids) {
    auto job = parse_job(read_whole(setup_.folder / id / "job.json"));
    if (!job || job->id != id) {
      job.emplace();
      job->id = id;
      job->state = BacktestState::Failed;
      job->error = "its job.json cannot be read";
      job->bytes = bytes_below(setup_.folder / id);
    }
    job->version = ++versions_;
    last_id_ = std::stoull(id);
    BacktestJob& kept = jobs_.emplace_back(*std::move(job));
    if (kept.state == BacktestState::Running)
      settle(kept, BacktestState::Failed, "the engine's process ended while it ran");
  }
}

const BacktestJob* BacktestJobs::find(std::string_view id) const {
  const auto found = std::ranges::find(jobs_, id, &BacktestJob::id);
  return found == jobs_.end() ? nullptr : &*found;
}
BacktestJob* BacktestJobs::find_own(std::string_view id) {
  const auto found = std::ranges::find(jobs_, id, &BacktestJob::id);
  return found == jobs_.end() ? nullptr : &*found;
}

fs::path BacktestJobs::path_of(const BacktestJob& job, File file) const {
  switch (file) {
    case File::Report:
      return folder_of(job) / "report.html";
    case File::Result:
      return folder_of(job) / "result.json";
    case File::Configuration:
      return folder_of(job) / "config.toml";
    case File::Log:
      break;
  }
  return folder_of(job) / "log.txt";
}

Result<Config, std::string> BacktestJobs::config_of(const BacktestPlan& plan) const {
  const bool own = plan.configuration.empty();
  auto config =
      parse_config(own ? setup_.configuration : plan.configuration,
                   own ? "the engine's configuration" : "plan.configuration", plan.overrides);
  if (!config) return fail(config.error());
  if (config->paper.balances.empty()) {
    return fail(
        std::string("paper.balances: name what each account begins with, in "
                    "plan.configuration or as an override such as \"binance USDT "
                    "10000,kraken BTC 0.1\""));
  }
  return config;
}

Result<const BacktestJob*, Refusal> BacktestJobs::start(const BacktestPlan& plan,
                                                        const Wish& wish) {
  using Kind = Refusal::Kind;
  if (wish.reason.size() > wish_most)
    return fail(refused(Kind::BadRequest, "caller.reason: up to 63 characters"));
  if (const auto fine = check_plan(plan); !fine)
    return fail(refused(Kind::BadRequest, fine.error()));
  for (const std::string& name : plan.recordings) {
    if (const auto path = recordings_.path_of(name); !path)
      return fail(refused(Kind::NotFound, path.error()));
  }
  const auto config = config_of(plan);
  if (!config) return fail(refused(Kind::BadRequest, config.error()));
  const auto waiting = std::ranges::count(jobs_, BacktestState::Queued, &BacktestJob::state);
  if (static_cast<std::size_t>(waiting) >= waiting_most) {
    return fail(refused(Kind::NotAsThingsAre,
                        fmt::format("{} backtests wait already; cancel some", waiting)));
  }
  BacktestJob job;
  job.id = fmt::format("{:06}", last_id_ + 1);
  job.plan = plan;
  job.plan.configuration.clear();
  job.who = wish.who;
  job.reason = wish.reason;
  job.asked = io::OsClock::wall();
  std::error_code ec;
  fs::create_directories(folder_of(job), ec);
  if (ec || !write_whole(path_of(job, File::Configuration), to_toml(*config)) || !save(job)) {
    fs::remove_all(folder_of(job), ec);
    return fail(refused(Kind::Unavailable,
                        setup_.folder.string() + " cannot be written; nothing was done"));
  }
  ++last_id_;
  const std::string id = job.id;
  jobs_.push_back(std::move(job));
  run_next();
  changed_();
  return find(id);
}

Result<const BacktestJob*, Refusal> BacktestJobs::cancel(std::string_view id) {
  BacktestJob* const job = find_own(id);
  if (job == nullptr)
    return fail(refused(Refusal::Kind::NotFound, fmt::format("no backtest '{}' here", id)));
  if (over(job->state)) {
    return fail(refused(Refusal::Kind::NotAsThingsAre,
                        fmt::format("backtest {} is over: {}", job->id, name(job->state))));
  }
  running_.erase(job->id);  // which ends it
  settle(*job, BacktestState::Cancelled, "");
  run_next();
  changed_();
  return find(id);
}

void BacktestJobs::run_next() {
  if (!begun_) return;
  for (BacktestJob& job : jobs_) {
    if (running_.size() >= setup_.at_once) return;
    if (job.state == BacktestState::Queued) run(job);
  }
}

void BacktestJobs::run(BacktestJob& job) {
  const fs::path folder = folder_of(job);
  std::vector<std::string> words = {"ats",        "backtest",
                                    "--config",   path_of(job, File::Configuration).string(),
                                    "--out",      (folder / "journal").string(),
                                    "--summary",  path_of(job, File::Result).string(),
                                    "--report",   path_of(job, File::Report).string(),
                                    "--progress", "json",
                                    "--parent",   std::to_string(::getpid())};
  if (job.plan.from) words.push_back("--from=" + format_rfc3339(*job.plan.from));
  if (job.plan.to) words.push_back("--to=" + format_rfc3339(*job.plan.to));
  for (const std::string& pair : job.plan.pairs) words.push_back("--pairs=" + pair);
  for (const std::string& venue : job.plan.venues) words.push_back("--venues=" + venue);
  for (const std::string& fee : job.plan.fees) words.push_back("--fee=" + fee);
  if (job.plan.accept_faults) words.emplace_back("--accept-faults");
  for (const std::string& name : job.plan.recordings) {
    const auto path = recordings_.path_of(name);
    if (!path) return settle(job, BacktestState::Failed, path.error());
    words.push_back("--data=" + path->string());
  }
  const std::string id = job.id;
  auto child = io::ChildProcess::start(
      reactor_, {setup_.binary, std::move(words), child_environment(), niceness},
      {[this, id](std::string_view line) { heard(id, line); },
       [this, id](io::ChildEnd how) { ended(id, how); }});
  if (!child) return settle(job, BacktestState::Failed, child.error());
  job.state = BacktestState::Running;
  job.started = io::OsClock::wall();
  running_[id].child = *std::move(child);
  save(job);
}

void BacktestJobs::heard(const std::string& id, std::string_view line) {
  BacktestJob* const job = find_own(id);
  const auto run = running_.find(id);
  if (job == nullptr || run == running_.end()) return;
  if (line.starts_with('{')) {
    const auto told = ordered_json::parse(line, nullptr, false);
    if (told.is_object() && told.contains("progress")) {
      job->progress = parse_progress(told["progress"]);
      job->version = ++versions_;
      return changed_();
    }
    if (told.is_object() && told.contains("summary")) {
      job->summary = told["summary"];
      return;
    }
  }
  std::string& said = run->second.said;
  said.append(line).push_back('\n');
  if (said.size() > said_most) said.erase(0, said.size() - said_most);
  if (run->second.logged >= log_most) return;
  run->second.logged += line.size() + 1;
  std::ofstream(path_of(*job, File::Log), std::ios::app) << line << '\n';
}

void BacktestJobs::ended(const std::string& id, io::ChildEnd how) {
  const auto run = running_.find(id);
  BacktestJob* const job = find_own(id);
  if (run == running_.end() || job == nullptr) return;
  std::string said = std::move(run->second.said);
  // Its callback is under way.
  const std::unique_ptr<io::ChildProcess> child = std::move(run->second.child);
  running_.erase(run);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  if (said.starts_with("ats: ")) said.erase(0, 5);
  const bool done = how.code == exit_done || how.code == exit_invariant;
  if (done && !job->summary.is_null()) {
    job->progress.done_bps = 10'000;
    job->progress.left.reset();
    settle(*job, BacktestState::Done, "");
  } else if (how.signal != 0) {
    settle(
        *job, BacktestState::Failed,
        fmt::format("it was ended by signal {}{}{}", how.signal, said.empty() ? "" : ": ", said));
  } else {
    settle(*job, BacktestState::Failed,
           said.empty() ? fmt::format("it ended with exit status {}", how.code) : said);
  }
  forget_old();
  run_next();
  changed_();
}

void BacktestJobs::settle(BacktestJob& job, BacktestState state, std::string error) {
  job.state = state;
  job.error = std::move(error);
  job.ended = io::OsClock::wall();
  job.bytes = bytes_below(folder_of(job));
  if (state != BacktestState::Done) job.summary = nullptr;
  save(job);
}

bool BacktestJobs::save(BacktestJob& job) {
  job.version = ++versions_;
  return write_whole(folder_of(job) / "job.json",
                     job_json(job).dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

void BacktestJobs::forget_old() {
  std::uint64_t bytes = 0;
  std::uint32_t kept = 0;
  for (std::size_t n = jobs_.size(); n-- > 0;) {
    if (!over(jobs_[n].state)) continue;
    bytes += jobs_[n].bytes;
    if (kept > 0 && (kept >= setup_.keep || bytes > setup_.keep_size)) {
      std::error_code ec;
      fs::remove_all(folder_of(jobs_[n]), ec);
      jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(n));
      continue;
    }
    ++kept;
  }
}

}  // namespace ats::services
