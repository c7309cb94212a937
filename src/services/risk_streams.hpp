// The streams of ats.v1.Risk to those who watch (grpc_stream.hpp). Only risk_server.cpp includes this.
#pragma once

#include <ats/v1/risk.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "services/grpc_stream.hpp"
#include "services/risk_messages.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

class LeaseStream;

// What the streams share with the server.
struct Watched : Watches {
  Watched(io::CallBridge& calls, RiskSource& of) : Watches{calls}, source(of) {}

  RiskSource& source;
  std::vector<LeaseStream*> leases;  // of all
  std::optional<RiskTold> risk;      // as it was last looked at

  const RiskTold& risk_now() {
    if (!risk) risk = source.risk();
    return *risk;
  }
};

class AlertStream final : public WatchStream<v1::WatchAlertsResponse> {
 public:
  explicit AlertStream(Watched& watched) : WatchStream(watched), source_(watched.source) {}

 private:
  bool tell(v1::WatchAlertsResponse& out) override {
    const report::AlertDesk& desk = source_.alerts();
    if (!begun_) {
      begun_ = true;
      seen_ = desk.changes();
      for (const report::KeptAlert* alert : desk.list(false)) open_.push_back(alert->number);
      std::reverse(open_.begin(), open_.end());
    }
    while (!open_.empty()) {
      const report::KeptAlert* alert = desk.find(open_.back());
      open_.pop_back();
      if (alert == nullptr) continue;
      fill(*out.mutable_alert(), *alert, source_.universe());
      out.set_open_before(true);
      return true;
    }
    if (desk.changes() == seen_) return false;
    const report::KeptAlert* first = nullptr;
    for (const report::KeptAlert* alert : desk.list(true)) {
      if (alert->change > seen_ && (first == nullptr || alert->change < first->change))
        first = alert;
    }
    if (first == nullptr) return false;
    seen_ = first->change;
    fill(*out.mutable_alert(), *first, source_.universe());
    return true;
  }

  RiskSource& source_;
  bool begun_ = false;
  std::vector<std::uint64_t> open_;  // at the beginning, and not sent so far
  std::uint64_t seen_ = 0;           // of the desk's changes
};

class PositionStream final : public WatchStream<v1::WatchPositionsResponse> {
 public:
  explicit PositionStream(Watched& watched) : WatchStream(watched), watched_(watched) {}

 private:
  // What a client was told of one, exact: spelt only where it has changed.
  struct Sent {
    VenueId venue;
    AssetId asset;
    Decimal held;
    std::optional<Decimal> worth, mark;
    bool operator==(const Sent&) const = default;
    auto where() const { return std::pair(venue, asset); }
  };

  bool tell(v1::WatchPositionsResponse& out) override {
    const RiskTold& told = watched_.risk_now();
    const core::RiskReport& now = told.report;
    const Universe& universe = *told.names;
    now_.clear();
    for (const core::Position& position : now.positions) {
      const core::MarkedAt* mark = mark_of(now, position.asset);
      const Sent is{position.venue, position.asset, position.held, position.worth,
                    mark != nullptr ? mark->price : std::nullopt};
      now_.push_back(is);
      const Sent* was = find(sent_, is);
      if (begun_ && was != nullptr && *was == is) continue;
      fill(*out.add_positions(), position, now, universe);
    }
    std::ranges::sort(now_, {}, &Sent::where);
    for (const Sent& was : sent_) {
      if (find(now_, was) != nullptr) continue;
      const core::Position gone{was.venue, was.asset, Decimal(), std::nullopt};
      fill(*out.add_positions(), gone, now, universe);
    }
    if (begun_ && out.positions().empty()) return false;
    std::swap(sent_, now_);
    out.set_snapshot(!begun_);
    begun_ = true;
    if (now.as_of.told()) fill_time(*out.mutable_as_of(), now.as_of);
    if (now.reporting.valid())
      out.set_reporting_asset(std::string(universe.asset(now.reporting).name.view()));
    out.set_equity(now.equity.to_string());
    return true;
  }

  static const Sent* find(const std::vector<Sent>& sorted, const Sent& one) {
    const auto at = std::ranges::lower_bound(sorted, one.where(), {}, &Sent::where);
    return at != sorted.end() && at->where() == one.where() ? &*at : nullptr;
  }

  Watched& watched_;
  bool begun_ = false;
  std::vector<Sent> sent_, now_;  // by venue and asset
};

}  // namespace ats::services
