#include "io/log_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstring>
#include <utility>

namespace ats::io {
namespace {

constexpr std::chrono::milliseconds patience{1000};  // at the end
constexpr int look_every_ms = 50;

}  // namespace

LogWriter::LogWriter(LogFile to) : to_(std::move(to)) {}

Result<std::unique_ptr<LogWriter>, std::string> LogWriter::open(LogFile to) {
  std::unique_ptr<LogWriter> writer(new LogWriter(std::move(to)));
  if (!writer->to_.file.empty() && !writer->open_file())
    return fail(writer->to_.file.string() + ": " + std::strerror(errno));
  writer->thread_ = std::thread([&self = *writer] { self.run(); });
  return writer;
}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  news_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool LogWriter::open_file() {
  Descriptor opened(::open(
      to_.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640));
  struct stat info {};
  if (!opened.valid() || ::fstat(opened.get(), &info) != 0) return false;
  own_ = std::move(opened);
  fd_ = own_.get();
  rotates_ = S_ISREG(info.st_mode);
  size_ = rotates_ ? static_cast<std::uint64_t>(info.st_size) : 0;
  return true;
}

void LogWriter::write(std::string line) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= to_.waiting_max) {
      ++lost_;
      return;
    }
    waiting_.push_back(std::move(line));
  }
  news_.notify_one();
}

void LogWriter::settle() {
  std::unique_lock lock(mutex_);
  settled_.wait_for(lock, patience, [this] { return waiting_.empty() && !busy_; });
}

void LogWriter::open_again() {
  const std::lock_guard lock(mutex_);
  again_ = true;
}

std::uint64_t LogWriter::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

void LogWriter::run() {
  // A reader that has gone is an error of write(2) here, and no end of the process.
  sigset_t pipe;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  std::deque<std::string> taken;
  while (true) {
    std::uint64_t lost = 0;
    bool again = false;
    {
      std::unique_lock lock(mutex_);
      busy_ = false;
      if (waiting_.empty()) settled_.notify_all();
      news_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      std::swap(taken, waiting_);
      busy_ = true;
      lost = lost_ - std::exchange(lost_told_, lost_);
      again = std::exchange(again_, false);
    }
    if (again && !to_.file.empty()) open_file();
    if (lost != 0) put("log: " + std::to_string(lost) + " lines were lost here");
    for (const std::string& line : taken) put(line);
    taken.clear();
  }
}

void LogWriter::put(const std::string& line) {
  if (rotates_ && size_ != 0 && size_ + line.size() + 1 > to_.rotate_bytes) rotate();
  if (put_bytes(line + "\n")) return;
  const std::lock_guard lock(mutex_);
  ++lost_;
}

// In pieces that a pipe takes whole once it takes anything, so that the end is never waited for in write(2).
bool LogWriter::put_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd ready{fd_, POLLOUT, 0};
    const int found = ::poll(&ready, 1, look_every_ms);
    if (found == 0) {
      const std::lock_guard lock(mutex_);
      if (!ending_) continue;
      const auto now = std::chrono::steady_clock::now();
      if (!give_up_) give_up_ = now + patience;
      if (now >= *give_up_) return false;
      continue;
    }
    const ssize_t written =
        ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return true;
}

void LogWriter::rotate() {
  const auto name = [this](std::uint32_t n) {
    return n == 0 ? to_.file : std::filesystem::path(to_.file.string() + "." + std::to_string(n));
  };
  std::error_code ignored;
  if (to_.keep == 0) std::filesystem::remove(to_.file, ignored);
  for (std::uint32_t n = to_.keep; n > 0; --n)
    std::filesystem::rename(name(n - 1), name(n), ignored);
  open_file();
}

}  // namespace ats::io
