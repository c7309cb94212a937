// Lines to standard output or to a file, written by a thread of its own: whoever has something to say never waits for a slow
// disk or for a pipe that nobody reads.
//
// Invariants:
//  - Lines are written whole, in the order they were given. What did not fit into what waits, or could not be written, is
//    counted, and the count is written once there is room again.
//  - A file is never larger than rotate_bytes by more than a line: the full one becomes FILE.1, that before FILE.2, and so on
//    up to `keep`.
//  - The end waits for what is still to be written, for at most a second.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "io/descriptor.hpp"

namespace ats::io {

struct LogFile {
  std::filesystem::path file;  // empty: standard output
  std::uint64_t rotate_bytes = std::uint64_t{64} << 20;
  std::uint32_t keep = 8;  // files that are full
  std::size_t waiting_max = 16 * 1024;
};

class LogWriter {
 public:
  // The error is one line a person can act on.
  static Result<std::unique_ptr<LogWriter>, std::string> open(LogFile to);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // A line without its end. Any thread.
  void write(std::string line);
  // Waits until what was given is written, for a second at most: before something else is written to the same place.
  void settle();
  // The file is opened by its name anew: another program may have moved it.
  void open_again();
  std::uint64_t lost() const;

 private:
  explicit LogWriter(LogFile to);
  bool open_file();
  void run();
  void put(const std::string& line);
  bool put_bytes(std::string_view bytes);
  void rotate();

  const LogFile to_;
  Descriptor own_;  // the file; standard output is nobody's
  int fd_ = 1;
  bool rotates_ = false;
  std::uint64_t size_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable news_, settled_;
  std::deque<std::string> waiting_;
  std::uint64_t lost_ = 0, lost_told_ = 0;
  bool busy_ = false;  // writing what was taken from waiting_
  bool again_ = false;
  bool ending_ = false;
  std::optional<std::chrono::steady_clock::time_point> give_up_;  // the end has waited long enough
  std::thread thread_;
};

}  // namespace ats::io
