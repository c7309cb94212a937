// An engine's stream at the risk role: its questions in, leases out. Only risk_server.cpp includes this.
//
// Invariants: as the other streams (risk_streams.hpp). An answer goes to the stream whose last question it answers and to
// no other, so that of two processes by one name none gets what was promised to the other. A newer answer takes
// the place of one that waits.
#pragma once

#include <ats/v1/risk.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>
#include <utility>

#include "services/lease_messages.hpp"
#include "services/risk_streams.hpp"

namespace ats::services {

class LeaseStream final
    : public Stream<grpc::ServerBidiReactor<v1::LeaseRequest, v1::LeaseResponse>,
                    v1::LeaseResponse> {
 public:
  // `peer`: the common name of the client's certificate; empty: it has none.
  LeaseStream(Watched& watched, std::string peer)
      : Stream(watched), watched_(watched), peer_(std::move(peer)) {}

  void begin() {
    watched_.leases.push_back(this);
    StartRead(&request_);
  }
  // Whether the answer is to what was asked here last.
  bool asked(const LeaseAnswer& answer) const {
    return last_ && last_->engine == answer.engine && last_->asked == answer.granted.asked;
  }
  void answer(const LeaseAnswer& answer) {
    waiting_ = answer;
    pump();
  }

  void OnReadDone(bool ok) override {
    bridge().submit([this, ok] { ok ? read() : end(grpc::Status::OK); });
  }

 private:
  bool next(v1::LeaseResponse& out) override {
    if (!waiting_) return false;
    fill(out, *waiting_);
    waiting_.reset();
    return true;
  }
  void forget() override { std::erase(watched_.leases, this); }

  void read() {
    if (ending()) return;
    const auto question = question_of(request_);
    if (!question) return end({grpc::StatusCode::INVALID_ARGUMENT, question.error()});
    const EngineName& engine = question->asked.engine;
    const std::string name(engine.view());
    if (!peer_.empty() && peer_ != name) {
      return end({grpc::StatusCode::PERMISSION_DENIED,
                  "the certificate is of '" + peer_ + "', and the engine calls itself '" + name +
                      "' (risk.engine): they have to be the same"});
    }
    if (last_ && last_->engine != engine)
      return end({grpc::StatusCode::INVALID_ARGUMENT, "engine: one stream for each"});
    last_ = {engine, question->asked.asked};
    if (!watched_.source.ask_lease(*question)) {
      return end({grpc::StatusCode::FAILED_PRECONDITION,
                  "this process is an engine and gives no leases: start `ats risk --config FILE`, "
                  "and name its address in risk.role"});
    }
    StartRead(&request_);
  }

  struct Asked {
    EngineName engine;
    Instant asked;
  };
  Watched& watched_;
  std::string peer_;
  v1::LeaseRequest request_;  // under way
  std::optional<LeaseAnswer> waiting_;
  std::optional<Asked> last_;
};

}  // namespace ats::services
