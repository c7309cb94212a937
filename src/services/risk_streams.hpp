// The streams of ats.v1.Risk to those who watch. Only risk_server.cpp includes this.
//
// Invariants: all of a stream runs on the reactor's thread but for gRPC's own callbacks, which bring themselves there.
// It holds at most one message that is not sent; it deletes itself with the last callback.
#pragma once

#include <ats/v1/risk.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "io/call_bridge.hpp"
#include "services/risk_messages.hpp"
#include "services/risk_source.hpp"

namespace ats::services {

// One that is watched.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual void pump() = 0;
  virtual void end(grpc::Status status) = 0;
};

class LeaseStream;

// What the streams share with the server.
struct Watched {
  io::CallBridge& bridge;
  RiskSource& source;
  std::vector<Watch*> watches = {};
  std::vector<LeaseStream*> leases = {};  // of them
  std::optional<RiskTold> risk = {};      // as it was last looked at

  const RiskTold& risk_now() {
    if (!risk) risk = source.risk();
    return *risk;
  }
};

// `Reactor`: gRPC's, that writes messages.
template <class Reactor, class Message>
class Stream : public Reactor, public Watch {
 public:
  explicit Stream(Watched& watched) : watched_(watched) {}

  void pump() override {
    if (writing_ || finished_) return;
    if (ending_) {
      finished_ = true;
      this->Finish(status_);
      return;
    }
    message_.Clear();
    if (!next(message_)) return;
    writing_ = true;
    this->StartWrite(&message_);
  }
  // Once what is under way has left.
  void end(grpc::Status status) override {
    if (ending_) return;
    ending_ = true;
    status_ = std::move(status);
    pump();
  }

  void OnWriteDone(bool ok) override {
    watched_.bridge.submit([this, ok] {
      writing_ = false;
      if (!ok) end(grpc::Status::CANCELLED);
      pump();
    });
  }
  void OnCancel() override {
    watched_.bridge.submit([this] { end(grpc::Status::CANCELLED); });
  }
  // The last of its callbacks: what it brought to the reactor's thread before is done before this.
  void OnDone() override {
    watched_.bridge.submit([this] {
      std::erase(watched_.watches, this);
      forget();
      delete this;
    });
  }

 protected:
  // False: there is nothing new.
  virtual bool next(Message& out) = 0;
  virtual void forget() {}
  RiskSource& source() const { return watched_.source; }
  Watched& watched() const { return watched_; }
  bool ending() const { return ending_; }

 private:
  Watched& watched_;
  Message message_;  // under way
  bool writing_ = false, ending_ = false, finished_ = false;
  grpc::Status status_;
};

// Numbered from 1.
template <class Message>
class WatchStream : public Stream<grpc::ServerWriteReactor<Message>, Message> {
 public:
  using Stream<grpc::ServerWriteReactor<Message>, Message>::Stream;

 protected:
  virtual bool tell(Message& out) = 0;

 private:
  bool next(Message& out) final {
    if (!tell(out)) return false;
    out.set_sequence(++sequence_);
    return true;
  }
  std::uint64_t sequence_ = 0;
};

class AlertStream final : public WatchStream<v1::WatchAlertsResponse> {
 public:
  using WatchStream::WatchStream;

 private:
  bool tell(v1::WatchAlertsResponse& out) override {
    const report::AlertDesk& desk = source().alerts();
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
      fill(*out.mutable_alert(), *alert, source().universe());
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
    fill(*out.mutable_alert(), *first, source().universe());
    return true;
  }

  bool begun_ = false;
  std::vector<std::uint64_t> open_;  // at the beginning, and not sent so far
  std::uint64_t seen_ = 0;           // of the desk's changes
};

class PositionStream final : public WatchStream<v1::WatchPositionsResponse> {
 public:
  using WatchStream::WatchStream;

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
    const RiskTold& told = this->watched().risk_now();
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

  bool begun_ = false;
  std::vector<Sent> sent_, now_;  // by venue and asset
};

}  // namespace ats::services
