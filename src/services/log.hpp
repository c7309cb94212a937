// What a process says to people, and to programs that read for them: one entry a line, as text or as a JSON object, from one
// level on, to standard output or to a file that rotates. Saying something never waits (io/log_writer.hpp).
//
// An entry names the order, trade, venue and pair that it is of, so that everything said of one trade can be found, here and
// in its timeline (`ats trade`). Secrets have a type that nothing here takes (security/secret.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "io/log_writer.hpp"

namespace ats::services {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };
const char* name(LogLevel level);
std::optional<LogLevel> log_level_of(std::string_view name);
LogLevel log_level_of(Severity severity);

struct LogConfig {
  io::LogFile to;
  LogLevel level = LogLevel::Info;
  bool json = false;
};

struct LogEntry {
  std::string text;
  LogLevel level = LogLevel::Info;
  WallTime time = {};
  // Empty: it is of none.
  std::string venue = {}, pair = {}, order = {}, trade = {};
};

// "12:34:56.789 text"
std::string log_text(const LogEntry& entry);
// One JSON object; `role` says who speaks: "engine".
std::string log_json(const LogEntry& entry, std::string_view role);

class Log {
 public:
  // The error is one line a person can act on.
  static Result<std::unique_ptr<Log>, std::string> open(const LogConfig& config, std::string role);

  void write(const LogEntry& entry);
  bool wants(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
  LogLevel level() const { return level_.load(std::memory_order_relaxed); }
  // From any thread, and at once.
  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  // Its configuration was read again: the level is the file's, and the log's file is opened anew.
  void reload(const LogConfig& config);
  void settle() { writer_->settle(); }  // as LogWriter
  std::uint64_t lost() const { return writer_->lost(); }

 private:
  Log(std::unique_ptr<io::LogWriter> writer, const LogConfig& config, std::string role);

  std::unique_ptr<io::LogWriter> writer_;
  std::atomic<LogLevel> level_;
  const bool json_;
  const std::string role_;
};

// To a person who asks through a control socket that `level` be the level from now on.
std::string answer_log(const nlohmann::json& request, const std::function<void(LogLevel)>& set);

}  // namespace ats::services
