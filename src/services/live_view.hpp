// What a running process shows of itself, gathered by its one thread: the core's status, the drivers' and
// the latencies. Rendered as a terminal screen, as the answer to `ats status`, as the run's summary.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.hpp"
#include "domain/instrument.hpp"
#include "domain/status.hpp"
#include "io/venue_driver.hpp"
#include "services/standby_view.hpp"

namespace ats::services {

struct VenueView {
  std::string name;
  bool market_up = false;
  bool trading_up = false;
  std::uint64_t messages = 0;
  std::uint64_t per_second = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t refused_frames = 0;
  std::string last_loss;
  std::size_t connections = 0;  // of market data, open now
  std::uint64_t handovers = 0;  // connections whose life ended, followed without a hole
  std::uint64_t frozen = 0;     // cut because their twin talked and they did not
  std::string rest = "closed";  // the circuit to the REST endpoint: closed, open, half_open
  std::int64_t rest_waits_ms = 0;
  // The venue's clock minus ours lies between these; nothing until it is known from both sides.
  std::optional<std::int64_t> skew_low_ms = {}, skew_high_ms = {};
};

// What a driver shows.
VenueView venue_view(const io::VenueDriver& driver, const Universe& universe,
                     std::uint64_t per_second);

struct LiveView {
  std::string title;   // "ats run · simulated exchanges"
  bool paper = false;  // no order leaves, and fills are simulated
  Duration running;
  const Universe* universe = nullptr;
  CoreStatus core;
  std::vector<VenueView> venues;
  std::vector<std::string> news;  // newest last
  // ns: frame received -> core's answer; -> both orders written
  std::int64_t decision_p50 = 0, decision_p99 = 0, decision_p999 = 0;
  std::int64_t order_p50 = 0, order_p99 = 0, order_p999 = 0;
  std::uint64_t decisions = 0, orders = 0;
  std::uint64_t journal_bytes = 0;
  std::string monitoring;  // address of the pages of metrics and health; empty: none
  std::string dashboard;   // its address; empty: none
  std::optional<StandbyView> standby = {};  // nothing: it leads alone
};

// The whole screen, `height` lines of at most `width` columns, with ANSI colours.
std::string render_screen(const LiveView& view, int width, int height);

// How much of the limit is used; of those that are not to be fallen short of, how near it is.
std::optional<std::string> used_percent(const LimitStatus& limit);

// As the status shows them.
nlohmann::json holds_json(const std::vector<HoldStatus>& holds, const Universe& universe);
nlohmann::json limit_json(const LimitStatus& limit);

// One JSON object.
std::string status_json(const LiveView& view);

}  // namespace ats::services
