#include "services/risk_server.hpp"

#include <ats/v1/risk.grpc.pb.h>
#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "io/call_bridge.hpp"
#include "services/backtest_service.hpp"
#include "services/engine_service.hpp"
#include "services/grpc_calls.hpp"
#include "services/lease_messages.hpp"
#include "services/lease_stream.hpp"
#include "services/risk_credentials.hpp"
#include "services/risk_messages.hpp"
#include "services/risk_streams.hpp"

namespace ats::services {
namespace {

constexpr Duration stop_within = seconds(1);

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
        std::optional<BacktestJobsSetup> backtests, std::function<void(std::string)> log)
      : reactor_(reactor),
        bridge_(reactor),
        calls_(bridge_, log),
        service_(bridge_, calls_, source) {
    if (engine != nullptr) engine_.emplace(bridge_, calls_, *engine);
    if (!backtests) return;
    // Its thread is another.
    const auto tell = [this, log = std::move(log)](const std::string& line) {
      bridge_.submit([log, line] { log(line); });
    };
    backtests_ = std::make_unique<BacktestService>(*std::move(backtests), tell);
  }
  ~Parts() { stop(); }

  std::optional<std::string> listen(const RiskServiceConfig& config) {
    silence_grpc();
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // else two would share the address
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
    builder.SetMaxReceiveMessageSize(1024 * 1024);
    // Engines look every few seconds whether we are still there.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
    int port = 0;
    if (!config.listen.empty()) {
      const auto credentials = server_credentials(config);
      if (!credentials) return credentials.error();
      builder.AddListeningPort(config.listen, *credentials, &port);
    }
    builder.RegisterService(&service_);
    if (engine_) builder.RegisterService(&*engine_);
    if (backtests_) builder.RegisterService(backtests_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || (port == 0 && !config.listen.empty())) {
      server_.reset();
      return fmt::format(
          "risk.listen: cannot listen on '{}' (an address and a port such as "
          "127.0.0.1:7400, which nobody else has)",
          config.listen);
    }
    if (port != 0)
      address_ = config.listen.substr(0, config.listen.rfind(':') + 1) + std::to_string(port);
    set_healthy(false);
    if (backtests_) backtests_->begin();
    return std::nullopt;
  }

  void serve() {
    calls_.set_serving(true);
    if (backtests_) backtests_->serve();
    set_healthy(true);
  }
  void changed() {
    service_.pump();
    if (engine_) engine_->pump();
  }
  void grant(const LeaseAnswer& lease) { service_.grant(lease); }
  const std::string& address() const { return address_; }
  std::shared_ptr<RpcChannel> channel() const {
    auto out = std::make_shared<RpcChannel>();
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(64 * 1024 * 1024);
    out->grpc = server_->InProcessChannel(arguments);
    return out;
  }

  // gRPC waits for its calls, and they wait for this thread.
  void stop() {
    if (server_ == nullptr) return;
    set_healthy(false);
    calls_.set_serving(false);
    service_.end_streams(stopping());
    if (engine_) engine_->end_streams(stopping());
    if (backtests_) backtests_->stop_serving();
    std::atomic<bool> down{false};
    std::thread shutdown([&] {
      const auto until =
          std::chrono::system_clock::now() + std::chrono::nanoseconds(stop_within.ns);
      server_->Shutdown(until);
      server_->Wait();
      down = true;
    });
    while (!down) reactor_.poll(milliseconds(5));
    shutdown.join();
    server_.reset();
    if (backtests_) backtests_->close();
    bridge_.close();
  }

 private:
  void set_healthy(bool healthy) {
    auto* health = server_->GetHealthCheckService();
    health->SetServingStatus(healthy);
    health->SetServingStatus(v1::Risk::service_full_name(), healthy);
    if (engine_) health->SetServingStatus(v1::Engine::service_full_name(), healthy);
    if (backtests_) health->SetServingStatus(v1::Backtests::service_full_name(), healthy);
  }

  io::Reactor& reactor_;
  io::CallBridge bridge_;
  GrpcCalls calls_;
  RiskService service_;
  std::optional<EngineService> engine_;
  std::unique_ptr<BacktestService> backtests_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
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
