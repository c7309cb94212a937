// How far a backtest is: a line that is written over and over for people, or lines of JSON for who started it as a process of
// its own (`--progress json`). Both on standard error.
//
//   {"progress":{"playing":true,"done_bps":4200,"at":"…","records":1,"events":1,"events_per_second":1,"left_ms":1}}
//   {"summary":{…}}                                 once, at the end: what backtest_summary() makes
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "services/backtest.hpp"

namespace ats::services {

// Of a stretch of time, in hundredths of a percent.
std::uint32_t done_bps(std::int64_t from_ns, std::int64_t at_ns, std::int64_t to_ns);

class BacktestProgress {
 public:
  enum class Form : std::uint8_t { Person, Json };

  // A person is told where standard error is a terminal.
  explicit BacktestProgress(Form form);
  ~BacktestProgress();  // clears what it showed
  BacktestProgress(const BacktestProgress&) = delete;
  BacktestProgress& operator=(const BacktestProgress&) = delete;

  Form form() const { return form_; }
  // From now on it plays what lies between.
  void play(std::int64_t from_ns, std::int64_t to_ns);
  // Four times a second at most.
  void tell(const BacktestPace& pace);
  // What a person sees of it.
  void clear();
  void tell_summary(const nlohmann::ordered_json& summary) const;

 private:
  Form form_;
  bool visible_;
  bool shown_ = false;
  std::int64_t from_ns_ = 0, to_ns_ = 0;
  Instant began_, told_;
};

}  // namespace ats::services
