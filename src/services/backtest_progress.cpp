#include "services/backtest_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "io/clock.hpp"

namespace ats::services {
namespace {

constexpr Duration tell_every = milliseconds(250);
constexpr std::int64_t whole_bps = 10'000;
// So much has to be done before the rest is told by it.
constexpr std::uint32_t enough_bps = 50;

void write_line(const nlohmann::ordered_json& line) {
  fmt::print(stderr, "{}\n",
             line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  std::fflush(stderr);
}

}  // namespace

std::uint32_t done_bps(std::int64_t from_ns, std::int64_t at_ns, std::int64_t to_ns) {
  if (to_ns <= from_ns) return 0;
  const std::int64_t step = std::max<std::int64_t>((to_ns - from_ns) / whole_bps, 1);
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>((at_ns - from_ns) / step, 0, whole_bps));
}

BacktestProgress::BacktestProgress(Form form)
    : form_(form), visible_(form == Form::Json || ::isatty(STDERR_FILENO) != 0) {}

BacktestProgress::~BacktestProgress() { clear(); }

void BacktestProgress::clear() {
  if (std::exchange(shown_, false)) std::fputs("\r\033[K", stderr);
}

void BacktestProgress::play(std::int64_t from_ns, std::int64_t to_ns) {
  from_ns_ = from_ns;
  to_ns_ = to_ns;
  began_ = io::OsClock::now();
}

void BacktestProgress::tell(const BacktestPace& pace) {
  if (!visible_) return;
  const Instant now = io::OsClock::now();
  if (told_.ns != 0 && now - told_ < tell_every) return;
  told_ = now;
  const std::uint32_t done = done_bps(from_ns_, pace.at.ns_utc, to_ns_);
  const std::int64_t ran_ms = std::max<std::int64_t>((now - began_).ns / 1'000'000, 1);
  const std::uint64_t rate = pace.events * 1000 / static_cast<std::uint64_t>(ran_ms);
  std::optional<std::int64_t> left_ms;
  if (done >= enough_bps) left_ms = ran_ms * (whole_bps - done) / done;
  if (form_ == Form::Person) {
    shown_ = true;
    fmt::print(stderr, "\r\033[Kplaying {}.{:02} %, {} events/s", done / 100, done % 100, rate);
    if (left_ms) fmt::print(stderr, ", {} s left", (*left_ms + 999) / 1000);
    std::fflush(stderr);
    return;
  }
  nlohmann::ordered_json told = {
      {"playing", true},         {"done_bps", done},      {"at", format_rfc3339(pace.at)},
      {"records", pace.records}, {"events", pace.events}, {"events_per_second", rate}};
  if (left_ms) told["left_ms"] = *left_ms;
  write_line({{"progress", std::move(told)}});
}

void BacktestProgress::tell_summary(const nlohmann::ordered_json& summary) const {
  if (form_ == Form::Json) write_line({{"summary", summary}});
}

}  // namespace ats::services
