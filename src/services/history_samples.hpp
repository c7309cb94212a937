// What an engine looks like now and then, as points of a time series: tops of books that have changed, their depth, profit and
// loss, holdings, limits, the process itself.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "domain/instrument.hpp"
#include "domain/status.hpp"
#include "services/history_feed.hpp"

namespace ats::services {

// Whether it is time to look again, by the journal's own times.
class HistoryCadence {
 public:
  explicit HistoryCadence(Duration every) : every_(every) {}
  bool due(Instant now) {
    if (looked_ && now - last_ < every_) return false;
    looked_ = true;
    last_ = now;
    return true;
  }
  // A new life has a clock of its own.
  void restart() { looked_ = false; }

 private:
  Duration every_;
  bool looked_ = false;
  Instant last_;
};

// One look at an engine. Reused, so that the next one allocates nothing.
struct HistoryLook {
  bool quotes = false, depth = false, measures = false;  // what it is for
  CoreStatus core;
  std::shared_ptr<const Universe> names;
  struct DepthLevel {
    InstrumentId on;
    Side side = Side::Buy;
    std::uint32_t level = 0;  // 0: the best
    Level at;
  };
  std::vector<DepthLevel> levels;
  // --- of the process ---
  std::uint64_t journal_bytes = 0;
  Duration loop_lag_p99, decision_p50, decision_p99, order_p50, order_p99;
};

class HistorySamples {
 public:
  explicit HistorySamples(std::string engine) : engine_(std::move(engine)) {}

  void on(const HistoryLook& look, HistoryLines& out);
  // The quotes alone: of books that are not as they were last told.
  void quotes(const std::vector<BookStatus>& books, const Universe& names, WallTime at,
              HistoryLines& out);
  // Nothing was told so far.
  void restart() { told_.clear(); }

 private:
  io::LineWriter begin(std::string_view measurement, HistoryLines& out) const;
  void depth(const HistoryLook& look, HistoryLines& out) const;
  void money(const CoreStatus& core, const Universe& names, HistoryLines& out) const;
  void limits(const CoreStatus& core, HistoryLines& out) const;
  void process(const HistoryLook& look, HistoryLines& out) const;

  std::string engine_;
  std::map<InstrumentId::rep, BookStatus> told_;
};

}  // namespace ats::services
