// What a process shows of itself to those who watch machines: copied on the process's thread, so that whatever is
// made of it costs that thread nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.hpp"
#include "core/risk/risk_office.hpp"
#include "domain/instrument.hpp"
#include "report/alert_desk.hpp"
#include "services/bus_publisher.hpp"
#include "services/collector_line.hpp"
#include "services/dashboard.hpp"
#include "services/history_writer.hpp"
#include "services/live_view.hpp"
#include "services/market_feed.hpp"
#include "services/notifier.hpp"
#include "services/standby_view.hpp"

namespace ats::services {

struct AlertCount {
  AlertCode code = AlertCode::Halt;
  Severity severity = Severity::Info;
  std::uint64_t open = 0;
  bool operator==(const AlertCount&) const = default;
};

// Of an engine.
struct EngineMonitorView {
  LiveView live;       // its universe is MonitorView's
  Histogram decision;  // frame received to the core's answer
  Histogram order;     // frame received to both orders written
  std::vector<CollectorStatus> collectors = {};
};

// Of a collector.
struct CollectorMonitorView {
  std::vector<VenueView> venues;
  std::vector<BookStatus> books;
  Instant now;  // in the books' time
  FeedStatus feed;
  bool captures = false;
  std::uint64_t captured_records = 0, capture_lost = 0;
};

// Of the risk role.
struct RoleMonitorView {
  core::OfficeStatus office;
  Instant now;  // in the office's time
};

// Of the notifier.
struct NotifierMonitorView {
  bool redis_up = false;
  std::vector<std::pair<std::string, std::uint64_t>> streams;  // and the notices of each
  std::vector<ChannelStatus> channels;
  std::uint64_t held = 0, open = 0;
  WallTime now;
};

struct MonitorView {
  std::string role;  // "engine", "risk", "collector", "notifier", "dashboard"
  std::uint32_t life = 0;
  Duration running;
  // Ready: past its start-up, and not on its way out. What is amiss meanwhile makes it degraded, no less ready:
  // whoever restarts what is not ready makes nothing better by it.
  std::vector<std::string> not_ready;
  std::vector<std::string> degraded;
  std::shared_ptr<const Universe> names;
  std::vector<AlertCount> alerts;  // those with open ones
  Histogram loop_lag;              // how late the loop's timer was
  std::uint64_t journal_bytes = 0;
  std::optional<BusStatus> bus;             // nothing: nobody is told
  std::optional<HistoryStatus> history;     // nothing: none is written
  std::optional<StandbyView> standby;       // nothing: it leads alone, or is no engine
  std::optional<EngineMonitorView> engine;  // nothing also of an engine that follows
  std::optional<RoleMonitorView> office;
  std::optional<CollectorMonitorView> collector;
  std::optional<NotifierMonitorView> notifier;
  std::optional<DashboardStatus> dashboard;
};

std::vector<AlertCount> count_open(const report::AlertDesk& desk);

class MonitorSource {
 public:
  virtual ~MonitorSource() = default;
  virtual void monitored(MonitorView& out) const = 0;
};

}  // namespace ats::services
