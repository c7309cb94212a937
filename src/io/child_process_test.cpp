// A child is heard line by line, its end is told, and none is left behind.
#include "io/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <optional>

#include "io/clock.hpp"

namespace ats::io {
namespace {

using ::testing::ElementsAre;

class ChildProcessTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<ChildProcess>, std::string> start(const std::string& script,
                                                           std::vector<std::string> env = {}) {
    return ChildProcess::start(reactor, {"/bin/sh", {"sh", "-c", script}, std::move(env), 0},
                               {[this](std::string_view line) { lines.emplace_back(line); },
                                [this](ChildEnd how) { end = how; }});
  }
  void until_over() {
    const Instant latest = OsClock::now() + seconds(20);
    while (!end && OsClock::now() < latest) reactor.poll(milliseconds(50));
    ASSERT_TRUE(end);
  }
  static bool there(pid_t pid) { return ::kill(pid, 0) == 0; }

  Reactor reactor;
  std::vector<std::string> lines;
  std::optional<ChildEnd> end;
};

TEST_F(ChildProcessTest, WhatItSaysComesLineByLineAndThenItsEnd) {
  const auto child = start("echo one >&2; echo two >&2; printf 'no end of line' >&2; exit 7");
  ASSERT_TRUE(child);
  until_over();
  EXPECT_EQ(end->code, 7);
  EXPECT_THAT(lines, ElementsAre("one", "two", "no end of line"));
}

TEST_F(ChildProcessTest, ItHasTheEnvironmentItWasGivenAndNoneOfOurDescriptors) {
  const int ours = ::open("/dev/null", O_RDONLY);  // not closed on exec
  const auto child = start("echo $ATS_X >&2; ls /proc/self/fd | wc -l >&2", {"ATS_X=7"});
  ASSERT_TRUE(child);
  until_over();
  ::close(ours);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "7");
  EXPECT_EQ(std::stoi(lines[1]), 4);  // the three, and the folder that `ls` reads
}

TEST_F(ChildProcessTest, ASignalThatWeBlockReachesIt) {
  sigset_t term;
  sigset_t before;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, &before);
  const auto child = start("kill -TERM $$; echo lives >&2");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(child);
  until_over();
  EXPECT_EQ(end->signal, SIGTERM);
  EXPECT_TRUE(lines.empty());
}

TEST_F(ChildProcessTest, OneThatIsKilledTellsByWhatItEnded) {
  const auto child = start("exec sleep 60");
  ASSERT_TRUE(child);
  (*child)->kill();
  until_over();
  EXPECT_EQ(end->code, -1);
  EXPECT_EQ(end->signal, SIGKILL);
}

TEST_F(ChildProcessTest, WhoDestroysItLeavesNothingBehind) {
  auto child = start("exec sleep 60");
  ASSERT_TRUE(child);
  const pid_t pid = (*child)->pid();
  EXPECT_TRUE(there(pid));
  child->reset();
  EXPECT_FALSE(there(pid));
  EXPECT_FALSE(end);
}

TEST_F(ChildProcessTest, OneThatCannotBeStartedIsAnErrorThatNamesIt) {
  const auto child = ChildProcess::start(reactor, {"/nowhere/ats", {"ats"}, {}, 0}, {});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error(), "/nowhere/ats: No such file or directory");
}

}  // namespace
}  // namespace ats::io
