#include "services/risk_server.hpp"

#include <ats/v1/risk.grpc.pb.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <optional>
#include <utility>

#include "io/call_bridge.hpp"
#include "services/backtest_service.hpp"
#include "services/engine_service.hpp"
#include "services/grpc_calls.hpp"
#include "services/grpc_host.hpp"
#include "services/lease_messages.hpp"
#include "services/lease_stream.hpp"
#include "services/risk_messages.hpp"
#include "services/risk_streams.hpp"

namespace ats::services {
namespace {

// --- calls ---

class RiskService final : public v1::Risk::CallbackService {
 public:
  RiskService(io::CallBridge& bridge, GrpcCalls& calls, RiskSource& source)
      : calls_(calls), source_(source), watched_(bridge, source) {}

  // On the reactor's thread.
  void pump() {
    watched_.risk.reset();
    watched_.pump();
  }
  void grant(const LeaseAnswer& lease) {
    for (LeaseStream* stream : watched_.leases) {
      if (stream->asked(lease)) return stream->answer(lease);
    }
  }
  void end_streams(const grpc::Status& status) { watched_.end(status); }

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  template <class Response>
  grpc::Status told(const Told& said, Response& out) const {
    if (!said) return status_of(said.error());
    for (const std::string& line : *said) out.add_told(line);
    return grpc::Status::OK;
  }
  template <class Response>
  void add_holds(Response& out) const {
    CoreStatus status;
    source_.status(status);
    for (const HoldStatus& hold : status.holds) fill(*out.add_holds(), hold, source_.universe());
  }

  Unary* GetStatus(Context* context, const v1::GetStatusRequest* in,
                   v1::GetStatusResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, out] {
      CoreStatus status;
      source_.status(status);
      fill(*out, status, source_.universe());
      out->set_paper(source_.paper());
      out->set_open_alerts(static_cast<std::uint32_t>(source_.alerts().open()));
      if (source_.role() != nullptr) fill_engines(*out, *source_.role());
      return grpc::Status::OK;
    });
  }
  Unary* ListPositions(Context* context, const v1::ListPositionsRequest* in,
                       v1::ListPositionsResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, out] {
      const RiskTold told = source_.risk();
      fill(*out, told.report, *told.names);
      return grpc::Status::OK;
    });
  }
  Unary* GetProfitAndLoss(Context* context, const v1::GetProfitAndLossRequest* in,
                          v1::GetProfitAndLossResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, out]() -> grpc::Status {
      const RiskTold told = source_.risk();
      if (!told.profits) {
        return {grpc::StatusCode::FAILED_PRECONDITION,
                "the risk role knows what each engine made as one number (GetStatus); engines tell "
                "it by period"};
      }
      fill(*out, told.report, *told.names);
      return grpc::Status::OK;
    });
  }
  Unary* ListLimits(Context* context, const v1::ListLimitsRequest* in,
                    v1::ListLimitsResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, out] {
      CoreStatus status;
      source_.status(status);
      for (const LimitStatus& limit : status.limits) fill(*out->add_limits(), limit);
      if (source_.role() != nullptr) fill_promised(*out, *source_.role());
      return grpc::Status::OK;
    });
  }
  Unary* ListAlerts(Context* context, const v1::ListAlertsRequest* in,
                    v1::ListAlertsResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, in, out] {
      for (const report::KeptAlert* alert : source_.alerts().list(in->all()))
        fill(*out->add_alerts(), *alert, source_.universe());
      return grpc::Status::OK;
    });
  }
  Unary* SetLimit(Context* context, const v1::SetLimitRequest* in,
                  v1::SetLimitResponse* out) override {
    return calls_.act(context, in, out, Right::Command, [this, in, out](const Wish& wish) {
      const auto limit = limit_of(*in);
      if (!limit) return bad(limit.error());
      return told(wish_limit(source_, wish, *limit, in->take_back()), *out);
    });
  }
  Unary* AcknowledgeAlert(Context* context, const v1::AcknowledgeAlertRequest* in,
                          v1::AcknowledgeAlertResponse* out) override {
    return calls_.act(context, in, out, Right::Hold, [this, in, out](const Wish& wish) {
      const Told said = wish_acknowledge(source_, wish, in->number());
      if (!said) return status_of(said.error());
      if (const report::KeptAlert* alert = source_.alerts().find(in->number()))
        fill(*out->mutable_alert(), *alert, source_.universe());
      return grpc::Status::OK;
    });
  }
  Unary* WriteOffEngine(Context* context, const v1::WriteOffEngineRequest* in,
                        v1::WriteOffEngineResponse* out) override {
    return calls_.act(context, in, out, Right::Command, [this, in, out](const Wish& wish) {
      return told(wish_write_off(source_, wish, in->engine()), *out);
    });
  }
  Unary* Halt(Context* context, const v1::HaltRequest* in, v1::HaltResponse* out) override {
    return calls_.act(context, in, out, Right::Hold, [this, in, out](const Wish& wish) {
      const auto scope = scope_of(in->scope());
      if (!scope) return bad(scope.error());
      if (!v1::HaltRequest::Mode_IsValid(in->mode())) return bad("mode: not one that there is");
      const HaltWish how{in->mode() == v1::HaltRequest::REDUCE_ONLY,
                         in->mode() == v1::HaltRequest::AT_ONCE, in->flatten()};
      grpc::Status status = told(wish_halt(source_, wish, *scope, how), *out);
      if (status.ok()) add_holds(*out);
      return status;
    });
  }
  Unary* Resume(Context* context, const v1::ResumeRequest* in, v1::ResumeResponse* out) override {
    return calls_.act(context, in, out, Right::Command, [this, in, out](const Wish& wish) {
      const auto scope = scope_of(in->scope());
      if (!scope) return bad(scope.error());
      grpc::Status status = told(wish_resume(source_, wish, *scope), *out);
      if (status.ok()) add_holds(*out);
      return status;
    });
  }
  grpc::ServerWriteReactor<v1::WatchAlertsResponse>* WatchAlerts(
      Context* context, const v1::WatchAlertsRequest*) override {
    return calls_.watch(context, "WatchAlerts", Right::Look, watched_, new AlertStream(watched_),
                        [](AlertStream& one) { one.pump(); });
  }
  grpc::ServerWriteReactor<v1::WatchPositionsResponse>* WatchPositions(
      Context* context, const v1::WatchPositionsRequest*) override {
    return calls_.watch(context, "WatchPositions", Right::Look, watched_,
                        new PositionStream(watched_), [](PositionStream& one) { one.pump(); });
  }
  grpc::ServerBidiReactor<v1::LeaseRequest, v1::LeaseResponse>* Lease(Context* context) override {
    return calls_.watch(context, "Lease", Right::Lease, watched_,
                        new LeaseStream(watched_, caller_of(*context).name),
                        [](LeaseStream& one) { one.begin(); });
  }

  GrpcCalls& calls_;
  RiskSource& source_;
  Watched watched_;
};

}  // namespace

class RiskServer::Parts {
 public:
  Parts(io::Reactor& reactor, RiskSource& source, const EngineSource* engine,
        std::optional<BacktestJobsSetup> backtests, const std::function<void(std::string)>& log)
      : host_(reactor, log), service_(host_.bridge(), host_.calls(), source) {
    host_.add(service_, v1::Risk::service_full_name());
    if (engine != nullptr) {
      engine_.emplace(host_.bridge(), host_.calls(), *engine);
      host_.add(*engine_, v1::Engine::service_full_name());
    }
    if (!backtests) return;
    // Its thread is another.
    const auto tell = [this, log](const std::string& line) {
      host_.bridge().submit([log, line] { log(line); });
    };
    backtests_ = std::make_unique<BacktestService>(*std::move(backtests), tell);
    host_.add(*backtests_, v1::Backtests::service_full_name());
  }
  ~Parts() { stop(); }

  std::optional<std::string> listen(const RiskServiceConfig& config) {
    if (auto wrong = host_.listen(config, "risk.listen")) return wrong;
    if (backtests_) backtests_->begin();
    return std::nullopt;
  }
  void serve() {
    if (backtests_) backtests_->serve();
    host_.serve();
  }
  void changed() {
    service_.pump();
    if (engine_) engine_->pump();
  }
  void grant(const LeaseAnswer& lease) { service_.grant(lease); }
  const std::string& address() const { return host_.address(); }
  std::shared_ptr<RpcChannel> channel() const { return host_.channel(); }

  void stop() {
    if (!host_.listens()) return;
    service_.end_streams(stopping());
    if (engine_) engine_->end_streams(stopping());
    if (backtests_) backtests_->stop_serving();
    host_.stop();
    if (backtests_) backtests_->close();
  }

 private:
  GrpcHost host_;
  RiskService service_;
  std::optional<EngineService> engine_;
  std::unique_ptr<BacktestService> backtests_;
};

RiskServer::RiskServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RiskServer::~RiskServer() = default;

Result<std::unique_ptr<RiskServer>, std::string> RiskServer::open(
    io::Reactor& reactor, RiskSource& source, const RiskServiceConfig& config,
    std::function<void(std::string)> log, const EngineSource* engine,
    std::optional<BacktestJobsSetup> backtests) {
  auto parts =
      std::make_unique<Parts>(reactor, source, engine, std::move(backtests), std::move(log));
  if (auto wrong = parts->listen(config)) return fail(std::move(*wrong));
  return std::unique_ptr<RiskServer>(new RiskServer(std::move(parts)));
}

void RiskServer::serve() { parts_->serve(); }
void RiskServer::changed() { parts_->changed(); }
void RiskServer::grant(const LeaseAnswer& lease) { parts_->grant(lease); }
void RiskServer::stop() { parts_->stop(); }
const std::string& RiskServer::address() const { return parts_->address(); }
std::shared_ptr<RpcChannel> RiskServer::channel() const { return parts_->channel(); }

}  // namespace ats::services
