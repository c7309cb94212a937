// History read back: quotes and trades between two moments, from InfluxDB or, where there is none, from the journal, with the
// same answers. For whoever looks back: a chart, a report, a test.
//
// Invariants: amounts are exact, from the texts beside the floating-point numbers. Rows come by time, then by what they are about.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "services/influx_config.hpp"

namespace ats::io {
struct LinePoint;
}

namespace ats::services {

struct HistoryRange {
  WallTime from;
  WallTime to;  // not included
  bool holds(WallTime at) const { return from <= at && at < to; }
};

struct SampledQuote {
  WallTime at;
  std::string venue, pair, state;
  std::optional<Decimal> bid, bid_quantity, ask, ask_quantity;  // nothing: that side is empty
  bool operator==(const SampledQuote&) const = default;
};

struct ExecutionRow {
  WallTime at;
  std::uint64_t execution = 0;
  std::string pair, outcome;
  Decimal bought, sold, residual, realised;
  std::string reporting;  // what it earned is in
  std::optional<Decimal> earned;
  bool operator==(const ExecutionRow&) const = default;
};

class HistorySource {
 public:
  virtual ~HistorySource() = default;
  // The error is one line a person can act on.
  virtual Result<std::vector<SampledQuote>, std::string> quotes(const HistoryRange& range) = 0;
  virtual Result<std::vector<ExecutionRow>, std::string> executions(const HistoryRange& range) = 0;
};

// Of one engine. `config.server` empty: an error.
Result<std::unique_ptr<HistorySource>, std::string> influx_history(const InfluxConfig& config,
                                                                   const std::string& engine);
// What the same engine wrote, or would have: `config` says how often it looks.
std::unique_ptr<HistorySource> journal_history(const std::filesystem::path& journal,
                                               const InfluxConfig& config,
                                               const std::string& engine);

// Nothing: the point is no such row.
std::optional<SampledQuote> quote_row(const io::LinePoint& point);
std::optional<ExecutionRow> execution_row(const io::LinePoint& point);

}  // namespace ats::services
