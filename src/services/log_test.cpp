#include "services/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

namespace ats::services {
namespace {

class Logs : public testing::Test {
 protected:
  Logs()
      : dir_(std::filesystem::temp_directory_path() / ("ats-log-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(dir_);
    config_.to.file = dir_ / "ats.log";
  }
  ~Logs() override { std::filesystem::remove_all(dir_); }
  static std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  std::filesystem::path file(int n) const {
    return n == 0 ? config_.to.file
                  : std::filesystem::path(config_.to.file.string() + "." + std::to_string(n));
  }
  std::unique_ptr<Log> open() {
    auto log = Log::open(config_, "engine");
    EXPECT_TRUE(log.ok()) << log.error();
    return *std::move(log);
  }

  const std::filesystem::path dir_;
  LogConfig config_;
};

const WallTime noon{1'700'000'000'123'000'000};

TEST_F(Logs, AnEntryIsOneLineOfText) {
  open()->write({"two\nlines", LogLevel::Info, noon});
  const auto lines = lines_of(file(0));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], "22:13:20.123 two lines");
}

TEST_F(Logs, AsJsonItNamesWhatItIsOf) {
  config_.json = true;
  {
    const auto log = open();
    log->write(
        {"order rejected: \"no\"", LogLevel::Warning, noon, "kraken", "BTC/USDT", "a1", "7"});
    log->write({"bytes \xff\xfe of a venue", LogLevel::Error, noon});
  }
  const auto lines = lines_of(file(0));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(lines[0]),
            (nlohmann::json{{"time", "2023-11-14T22:13:20.123000Z"},
                            {"level", "warning"},
                            {"role", "engine"},
                            {"text", "order rejected: \"no\""},
                            {"venue", "kraken"},
                            {"pair", "BTC/USDT"},
                            {"order", "a1"},
                            {"trade", "7"}}));
  const auto other = nlohmann::json::parse(lines[1], nullptr, false);
  ASSERT_TRUE(other.is_object()) << "readable whatever was sent";
  EXPECT_FALSE(other.contains("order"));
}

TEST_F(Logs, WhatIsBelowTheLevelIsNotSaidAndTheLevelChangesAtOnce) {
  const auto log = open();
  log->write({"a", LogLevel::Debug, noon});
  log->set_level(LogLevel::Debug);
  log->write({"b", LogLevel::Debug, noon});
  log->set_level(LogLevel::Error);
  log->write({"c", LogLevel::Warning, noon});
  log->write({"d", LogLevel::Error, noon});
  while (lines_of(file(0)).size() < 2) std::this_thread::yield();
  EXPECT_TRUE(lines_of(file(0))[0].ends_with(" b"));
  EXPECT_TRUE(lines_of(file(0))[1].ends_with(" d"));
  for (const LogLevel level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error})
    EXPECT_EQ(log_level_of(name(level)), level);
  EXPECT_EQ(log_level_of("loud"), std::nullopt);
}

TEST_F(Logs, AFullFileIsKeptUnderAnotherNameAndTheOldestGoes) {
  config_.to.rotate_bytes = 200;
  config_.to.keep = 2;
  {
    const auto log = open();
    for (int n = 0; n < 40; ++n)
      log->write({"entry " + std::to_string(100 + n), LogLevel::Info, noon});  // 23 bytes
  }
  EXPECT_FALSE(std::filesystem::exists(file(3)));
  std::vector<std::string> all;
  for (const int n : {2, 1, 0}) {
    EXPECT_LE(std::filesystem::file_size(file(n)), 200U);
    for (std::string& line : lines_of(file(n))) all.push_back(std::move(line));
  }
  ASSERT_EQ(all.size(), 24U) << "three files of eight";
  for (std::size_t n = 0; n < all.size(); ++n)
    EXPECT_TRUE(all[n].ends_with("entry " + std::to_string(116 + n))) << all[n];
}

TEST_F(Logs, AFileThatWasMovedAwayIsOpenedByItsNameAgain) {
  const auto log = open();
  log->write({"first", LogLevel::Info, noon});
  while (lines_of(file(0)).empty()) std::this_thread::yield();
  std::filesystem::rename(file(0), dir_ / "moved");
  config_.level = LogLevel::Warning;
  log->reload(config_);
  log->write({"not said any more", LogLevel::Info, noon});
  log->write({"second", LogLevel::Error, noon});
  while (lines_of(file(0)).empty()) std::this_thread::yield();
  EXPECT_TRUE(lines_of(dir_ / "moved")[0].ends_with("first"));
  EXPECT_TRUE(lines_of(file(0))[0].ends_with("second"));
}

TEST_F(Logs, AFileThatCannotBeIsSaidAtOnce) {
  config_.to.file = dir_ / "no" / "such";
  const auto log = Log::open(config_, "engine");
  ASSERT_FALSE(log.ok());
  EXPECT_NE(log.error().find("no/such: No such file"), std::string::npos);
}

// A pipe that nobody reads holds up nobody: what does not fit is counted, and said when there is room.
TEST_F(Logs, WhoeverSpeaksNeverWaitsForWhoeverReads) {
  const std::filesystem::path pipe = dir_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  config_.to.file = pipe;
  config_.to.waiting_max = 10;
  auto log = open();
  const std::string much(3'000, 'x');
  for (int n = 0; n < 200; ++n) log->write({much, LogLevel::Info, noon});
  EXPECT_GT(log->lost(), 100U);
  // Read, and it goes on, and says how much was lost.
  std::string text;
  const auto told = [&] {
    char buffer[65536];
    for (ssize_t got; (got = ::read(reader, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    std::uint64_t sum = 0;
    for (std::size_t at = 0; (at = text.find("log: ", at)) != std::string::npos; ++at)
      sum += std::stoul(text.substr(at + 5));
    return sum;
  };
  while (told() < log->lost()) {
    log->write({"more", LogLevel::Info, noon});
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(told(), log->lost());
  // One that has gone is no end of the process, and what is said then is lost.
  const std::uint64_t before = log->lost();
  ::close(reader);
  log->write({"to nobody", LogLevel::Info, noon});
  log->settle();
  EXPECT_EQ(log->lost(), before + 1);
  const int again = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(again, 0);
  // And the end waits only so long for who does not read.
  for (int n = 0; n < 100; ++n) log->write({much, LogLevel::Info, noon});
  log.reset();
  ::close(again);
}

}  // namespace
}  // namespace ats::services
