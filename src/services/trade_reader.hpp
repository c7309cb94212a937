// Single trades out of a journal that is being written, for who asks while it trades: read by a thread of its own, one at a time, from the
// file, so that nothing of the core is touched or waits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "services/slow_work.hpp"

namespace ats::services {

class TradeReader {
 public:
  // A longer journal is not read beside trading: it takes some seconds a hundred megabytes.
  static constexpr std::uint64_t journal_most = 256 * 1024 * 1024;

  enum class Failure : std::uint8_t { NotFound, TooLong, Unreadable, Busy };
  struct Error {
    Failure failure = Failure::Unreadable;
    std::string why;  // one line
  };
  // The timeline as JSON.
  using Answer = std::function<void(Result<std::string, Error>)>;

  // `post` brings a call to the thread that asks.
  explicit TradeReader(SlowWork::Post post) : work_(std::move(post)) {}

  // Answered on the thread that asks, once, unless the reader is destroyed first.
  void read(const std::filesystem::path& journal, std::uint64_t trade, Answer answer);

 private:
  SlowWork work_;
};

}  // namespace ats::services
