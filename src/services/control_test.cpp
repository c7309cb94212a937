#include "services/control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace ats::services {
namespace {

namespace fs = std::filesystem;

class Control : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("ats-control-" + std::to_string(::getpid()));
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  Result<std::string, std::string> ask(io::Reactor& reactor, const std::string& request) {
    std::optional<Result<std::string, std::string>> answer;
    std::atomic<bool> done{false};
    std::thread asker([&] {
      answer.emplace(ask_control(dir_ / "s", request));
      done = true;
    });
    while (!done) reactor.poll(milliseconds(5));
    asker.join();
    return *answer;
  }
  fs::path dir_;
};

TEST_F(Control, OneLineAsksAndOneLineAnswers) {
  io::Reactor reactor;
  auto server = ControlServer::open(reactor, dir_ / "s", [](std::string_view request) {
    return "got " + std::string(request) + std::string(200'000, '.');
  });
  ASSERT_TRUE(server.ok()) << server.error();
  for (int i = 0; i < 3; ++i) {
    const auto answer = ask(reactor, "{\"command\":\"status\"}");
    ASSERT_TRUE(answer.ok()) << answer.error();
    EXPECT_TRUE(answer->starts_with("got {\"command\""));
    EXPECT_GT(answer->size(), 200'000u);
  }
}

TEST_F(Control, OnlyTheSameUserMayConnect) {
  io::Reactor reactor;
  auto server =
      ControlServer::open(reactor, dir_ / "s", [](std::string_view) { return std::string(); });
  ASSERT_TRUE(server.ok());
  struct stat info {};
  ASSERT_EQ(::stat((dir_ / "s").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(Control, ASecondProcessIsToldAndAStaleSocketIsReplaced) {
  io::Reactor reactor;
  auto first =
      ControlServer::open(reactor, dir_ / "s", [](std::string_view) { return std::string("x"); });
  ASSERT_TRUE(first.ok());
  const auto second =
      ControlServer::open(reactor, dir_ / "s", [](std::string_view) { return std::string(); });
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error(), ::testing::HasSubstr("another ats process"));
  (*first).reset();
  EXPECT_FALSE(fs::exists(dir_ / "s"));
}

TEST_F(Control, NobodyThereIsSaidInWords) {
  const auto answer = ask_control(dir_ / "s", "{}");
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error(), ::testing::HasSubstr("no ats process answers"));
}

}  // namespace
}  // namespace ats::services
