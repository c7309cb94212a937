// Backtests beside a running engine: with programs of the test in place of `ats backtest`, so that each ends as it should.
#include "services/backtest_jobs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "io/clock.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Wish ada{"ada", "to see"};

class BacktestJobsTest : public ::testing::Test {
 protected:
  BacktestJobsTest() {
    std::string name = (fs::temp_directory_path() / "ats-jobs-XXXXXX").string();
    home = ::mkdtemp(name.data());
    setup.folder = home / "backtests";
    setup.recordings = home / "recordings";
    setup.binary = home / "ats";
    setup.configuration = to_toml(default_config());
    setup.keep_size = std::uint64_t{1} << 30;
    fs::create_directories(setup.recordings / "binance");
    write(setup.recordings / "binance" / "day.csv",
          "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,"
          "bids[0].amount\n");
    write(home / "secret", "secret");
    plan.recordings = {"binance/day.csv"};
    plan.overrides = {{"paper.balances", "binance USDT 1000"}};
  }
  ~BacktestJobsTest() override {
    jobs.reset();
    fs::remove_all(home);
  }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  // In place of `ats`: its words are "$@".
  void program(const std::string& script) {
    write(setup.binary, "#!/bin/sh\n" + script + "\n");
    ::chmod(setup.binary.c_str(), 0700);
  }
  void open() {
    jobs.reset();
    jobs = std::make_unique<BacktestJobs>(reactor, setup, [this] { ++changes; });
    jobs->begin();
  }
  const BacktestJob& start() {
    const auto job = jobs->start(plan, ada);
    if (!job) throw std::runtime_error(job.error().why);
    return **job;
  }
  std::string why_not() {
    const auto job = jobs->start(plan, ada);
    return job ? "it was started" : job.error().why;
  }
  BacktestState state(const std::string& id) { return jobs->find(id)->state; }
  const BacktestJob& until_over(const std::string& id) {
    const Instant latest = io::OsClock::now() + seconds(20);
    while (!over(state(id)) && io::OsClock::now() < latest) reactor.poll(milliseconds(20));
    return *jobs->find(id);
  }

  fs::path home;
  BacktestJobsSetup setup;
  BacktestPlan plan;
  io::Reactor reactor;
  std::unique_ptr<BacktestJobs> jobs;
  int changes = 0;
};

TEST_F(BacktestJobsTest, OneIsCarriedOutAndItsProgressAndFiguresAreKept) {
  program(
      R"(echo '{"progress":{"playing":true,"done_bps":4200,"at":"2026-01-01T00:00:00.000000Z","records":7,"events":9,"events_per_second":3,"left_ms":1500}}' >&2
echo "$*" > "${3%/*}/words"
echo '{"summary":{"profit":"1.5","count":3}}' >&2)");
  open();
  plan.from = WallTime{1'723'100'000'000'000'000};
  plan.fees = {"kraken=26"};
  const std::string id = start().id;
  EXPECT_EQ(id, "000001");
  const BacktestJob& job = until_over(id);
  EXPECT_EQ(job.state, BacktestState::Done);
  EXPECT_EQ(job.progress.records, 7U);
  EXPECT_EQ(job.progress.done_bps, 10'000U);
  EXPECT_EQ(job.summary["profit"], "1.5");
  EXPECT_GT(changes, 1);
  EXPECT_TRUE(job.started.told() && job.ended >= job.started);
  std::ifstream in(setup.folder / id / "words");
  std::string words;
  std::getline(in, words);
  EXPECT_THAT(words, HasSubstr("--from=2024-08-08T06:53:20.000000Z"));
  EXPECT_THAT(words, HasSubstr("--fee=kraken=26"));
  EXPECT_THAT(words,
              HasSubstr("--data=" + fs::canonical(setup.recordings).string() + "/binance/day.csv"));
}

TEST_F(BacktestJobsTest, NoMoreRunAtATimeThanTheSetupSaysAndInTheirOrder) {
  program("exec sleep 60");
  open();
  const std::string first = start().id;
  const std::string second = start().id;
  const std::string third = start().id;
  EXPECT_EQ(state(first), BacktestState::Running);
  EXPECT_EQ(state(second), BacktestState::Queued);
  ASSERT_TRUE(jobs->cancel(second));
  EXPECT_EQ(state(second), BacktestState::Cancelled);
  ASSERT_TRUE(jobs->cancel(first));
  EXPECT_EQ(state(third), BacktestState::Running);
  const auto again = jobs->cancel(first);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, Refusal::Kind::NotAsThingsAre);
  EXPECT_EQ(jobs->cancel("000009").error().kind, Refusal::Kind::NotFound);
}

TEST_F(BacktestJobsTest, OneThatFailsSaysWhyAndTheNextOneRuns) {
  program("echo 'ats: the recordings are empty' >&2; exit 1");
  open();
  const std::string first = start().id;
  const std::string second = start().id;
  EXPECT_EQ(until_over(first).error, "the recordings are empty");
  EXPECT_EQ(state(first), BacktestState::Failed);
  EXPECT_EQ(until_over(second).state, BacktestState::Failed);
  program("kill -SEGV $$");
  const std::string third = start().id;
  EXPECT_EQ(until_over(third).error, "it was ended by signal 11");
}

TEST_F(BacktestJobsTest, OneWithoutFiguresIsNotDone) {
  program("exit 0");
  open();
  const std::string id = start().id;
  EXPECT_EQ(until_over(id).state, BacktestState::Failed);
  EXPECT_EQ(jobs->find(id)->error, "it ended with exit status 0");
}

TEST_F(BacktestJobsTest, AfterARestartTheListIsThereWhatRanHasFailedAndWhatWaitedRuns) {
  program("exec sleep 60");
  open();
  const std::string first = start().id;
  const std::string second = start().id;
  program(R"(echo '{"summary":{"profit":"2"}}' >&2)");
  open();
  EXPECT_EQ(state(first), BacktestState::Failed);
  EXPECT_THAT(jobs->find(first)->error, HasSubstr("was stopped while it ran"));
  EXPECT_EQ(until_over(second).state, BacktestState::Done);
  open();
  EXPECT_EQ(jobs->find(second)->summary["profit"], "2");
  EXPECT_EQ(jobs->find(second)->who, "ada");
  EXPECT_EQ(jobs->find(second)->plan.recordings, plan.recordings);
  EXPECT_EQ(start().id, "000003");
}

TEST_F(BacktestJobsTest, AProcessThatWasKilledLeavesARecordThatSaysSo) {
  program("exec sleep 60");
  open();
  const std::string id = start().id;
  fs::copy(setup.folder, home / "as-it-was", fs::copy_options::recursive);
  jobs.reset();
  fs::remove_all(setup.folder);
  fs::rename(home / "as-it-was", setup.folder);
  write(setup.folder / id / "job.json.new", "{");  // the write that was cut short
  open();
  EXPECT_EQ(jobs->find(id)->error, "the engine's process ended while it ran");
  jobs.reset();
  write(setup.folder / id / "job.json", "{\"id\": 7}");
  open();
  EXPECT_EQ(jobs->find(id)->error, "its job.json cannot be read");
}

TEST_F(BacktestJobsTest, OfThoseThatAreOverTheNewestAreKept) {
  program(R"(echo '{"summary":{}}' >&2)");
  setup.keep = 2;
  open();
  for (int n = 0; n < 4; ++n) until_over(start().id);
  EXPECT_EQ(jobs->jobs().size(), 2U);
  EXPECT_EQ(jobs->find("000002"), nullptr);
  EXPECT_FALSE(fs::exists(setup.folder / "000002"));
  EXPECT_TRUE(fs::exists(setup.folder / "000004"));
  setup.keep_size = 1;
  open();
  EXPECT_EQ(jobs->jobs().size(), 1U);
  EXPECT_NE(jobs->find("000004"), nullptr);
}

TEST_F(BacktestJobsTest, NamesLeadNowhereElse) {
  program("exit 0");
  open();
  fs::create_symlink(home / "secret", setup.recordings / "link");
  for (const char* name : {"", "..", "../secret", "binance/../../secret", "link", ".", "nothing"}) {
    plan.recordings = {name};
    EXPECT_THAT(why_not(), HasSubstr("recording '")) << name;
  }
  plan.recordings = {(home / "secret").string()};
  EXPECT_THAT(why_not(), HasSubstr("below the folder"));
  EXPECT_THAT(jobs->jobs(), IsEmpty());
  EXPECT_FALSE(fs::exists(setup.folder / "000001"));
}

TEST_F(BacktestJobsTest, WhatMakesNoSenseIsRefusedAndSaysWhat) {
  program("exit 0");
  open();
  const BacktestPlan fine = plan;
  const auto says = [&](const char* what, auto change) {
    plan = fine;
    change(plan);
    EXPECT_THAT(why_not(), HasSubstr(what));
  };
  says("plan.recordings", [](BacktestPlan& p) { p.recordings.clear(); });
  says("plan.name", [](BacktestPlan& p) { p.name = std::string(65, 'x'); });
  says("plan.name", [](BacktestPlan& p) { p.name = "a\nb"; });
  says("plan.pairs", [](BacktestPlan& p) { p.pairs = {"--config"}; });
  says("plan.venues", [](BacktestPlan& p) { p.venues = {"-x"}; });
  says("plan.fees", [](BacktestPlan& p) { p.fees = {"kraken=many"}; });
  says("before plan.to", [](BacktestPlan& p) { p.from = p.to = WallTime{1'000'000'000}; });
  says("paper.balances", [](BacktestPlan& p) { p.overrides.clear(); });
  says("unknown key 'strategy.nothing'",
       [](BacktestPlan& p) { p.overrides["strategy.nothing"] = "1"; });
  says("strategy.min_edge_bps must be",
       [](BacktestPlan& p) { p.overrides["strategy.min_edge_bps"] = "much"; });
  says("plan.configuration:2: ", [](BacktestPlan& p) { p.configuration = "[risk]\nx"; });
  says("plan.configuration: is not TOML", [](BacktestPlan& p) { p.configuration = "[[["; });
}

TEST_F(BacktestJobsTest, TheFolderIsListedAndHoldsRecordingsOnly) {
  program("exit 0");
  write(setup.recordings / "notes.txt", "nothing of a recording\n");
  open();
  const auto listing = jobs->recordings();
  ASSERT_EQ(listing.entries.size(), 1U);
  EXPECT_EQ(listing.entries[0].name, "binance/day.csv");
  EXPECT_GT(listing.entries[0].bytes, 0U);
  EXPECT_TRUE(listing.entries[0].changed.told());
}

}  // namespace
}  // namespace ats::services
