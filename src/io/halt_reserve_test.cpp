#include "io/halt_reserve.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace ats::io {
namespace {

namespace fs = std::filesystem;

class HaltReserveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    file = fs::temp_directory_path() / ("ats-halts-" + std::to_string(::getpid()));
    fs::remove(file);
  }
  void TearDown() override { fs::remove(file); }
  static HaltCommand halt(const char* reason, Scope scope = {}) {
    HaltCommand out{scope, "ada", reason};
    out.at_once = true;
    return out;
  }
  std::vector<HaltCommand> kept() const {
    const auto reserve = HaltReserve::open(file);
    EXPECT_TRUE(reserve.ok());
    return reserve ? reserve->kept() : std::vector<HaltCommand>{};
  }
  fs::path file;
};

TEST_F(HaltReserveTest, WhatIsKeptIsThereAtTheNextStartUntilItIsForgotten) {
  {
    auto reserve = HaltReserve::open(file);
    ASSERT_TRUE(reserve.ok()) << reserve.error();
    EXPECT_TRUE(reserve->kept().empty());
    EXPECT_TRUE(reserve->keep(halt("news")));
    EXPECT_TRUE(reserve->keep(halt("maintenance", {VenueId{1}, {}})));
  }
  const auto there = kept();
  ASSERT_EQ(there.size(), 2u);
  EXPECT_EQ(there[0].reason, "news");
  EXPECT_TRUE(there[0].at_once);
  EXPECT_EQ(there[1].scope, (Scope{VenueId{1}, {}}));
  HaltReserve::open(file)->forget();
  EXPECT_TRUE(kept().empty());
}

TEST_F(HaltReserveTest, NoByteMoreOfTheDiskIsNeededToKeepOne) {
  auto reserve = HaltReserve::open(file);
  ASSERT_TRUE(reserve.ok());
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  rlimit small = old;
  small.rlim_cur = HaltReserve::size;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const bool done = reserve->keep(halt("news"));
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(done);
  EXPECT_EQ(fs::file_size(file), HaltReserve::size);
  EXPECT_EQ(kept().size(), 1u);
}

TEST_F(HaltReserveTest, AFileThatIsDamagedHaltsEverything) {
  ASSERT_TRUE(HaltReserve::open(file)->keep(halt("news", {VenueId{1}, {}})));
  {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(20);
    out.put('x');
  }
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_TRUE(kept()[0].scope.global());
  fs::resize_file(file, 100);
  ASSERT_EQ(kept().size(), 1u) << "torn";
}

TEST_F(HaltReserveTest, WhenThereIsNoRoomForAnotherTheLastIsTheHaltOfEverything) {
  auto reserve = HaltReserve::open(file);
  for (int n = 0; n < 1000; ++n) ASSERT_TRUE(reserve->keep(halt("news", {VenueId{1}, {}})));
  EXPECT_LT(kept().size(), 1000u);
  EXPECT_TRUE(kept().back().scope.global());
}

}  // namespace
}  // namespace ats::io
