#include "services/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "services/wish_answer.hpp"

namespace ats::services {
namespace {

constexpr LogLevel levels[] = {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error};

}  // namespace

const char* name(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warning:
      return "warning";
    case LogLevel::Error:
      return "error";
  }
  return "?";
}

std::optional<LogLevel> log_level_of(std::string_view text) {
  for (const LogLevel level : levels) {
    if (text == name(level)) return level;
  }
  return std::nullopt;
}

LogLevel log_level_of(Severity severity) {
  if (severity == Severity::Info) return LogLevel::Info;
  return severity == Severity::Warning ? LogLevel::Warning : LogLevel::Error;
}

std::string log_text(const LogEntry& entry) {
  return format_rfc3339(entry.time).substr(11, 12) + " " + entry.text;
}

std::string log_json(const LogEntry& entry, std::string_view role) {
  nlohmann::ordered_json out{{"time", format_rfc3339(entry.time)},
                             {"level", name(entry.level)},
                             {"role", role},
                             {"text", entry.text}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  add("venue", entry.venue);
  add("pair", entry.pair);
  add("order", entry.order);
  add("trade", entry.trade);
  // What a venue sent may be no UTF-8.
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<std::unique_ptr<Log>, std::string> Log::open(const LogConfig& config, std::string role) {
  auto writer = io::LogWriter::open(config.to);
  if (!writer) return fail("log.file: " + writer.error());
  return std::unique_ptr<Log>(new Log(*std::move(writer), config, std::move(role)));
}

Log::Log(std::unique_ptr<io::LogWriter> writer, const LogConfig& config, std::string role)
    : writer_(std::move(writer)),
      level_(config.level),
      json_(config.json),
      role_(std::move(role)) {}

void Log::write(const LogEntry& entry) {
  if (!wants(entry.level)) return;
  std::string line = json_ ? log_json(entry, role_) : log_text(entry);
  // One entry, one line, whatever a venue sent.
  std::ranges::replace(line, '\n', ' ');
  writer_->write(std::move(line));
}

void Log::reload(const LogConfig& config) {
  set_level(config.level);
  writer_->open_again();
}

std::string answer_log(const nlohmann::json& request, const std::function<void(LogLevel)>& set) {
  const auto level = log_level_of(text_field(request, "level"));
  if (!level) return answer_failed("level: expected debug, info, warning or error");
  if (!set) return answer_failed("this process has no log");
  set(*level);
  return nlohmann::json{{"ok", true},
                        {"told", {fmt::format("the log says {} from now on", name(*level))}}}
      .dump();
}

}  // namespace ats::services
