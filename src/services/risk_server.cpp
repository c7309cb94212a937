#include "services/risk_server.hpp"

#include <ats/v1/risk.grpc.pb.h>
#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "io/call_bridge.hpp"
#include "io/clock.hpp"
#include "io/tls.hpp"
#include "services/answers_given.hpp"
#include "services/risk_messages.hpp"

namespace ats::services {
namespace {

constexpr Duration stop_within = seconds(1);

grpc::Status stopping() {
  return {grpc::StatusCode::UNAVAILABLE, "the process is starting or stopping; nothing was done"};
}

grpc::Status bad(const std::string& why) { return {grpc::StatusCode::INVALID_ARGUMENT, why}; }

grpc::Status status_of(const Refusal& refusal) {
  switch (refusal.kind) {
    case Refusal::Kind::BadRequest:
      return bad(refusal.why);
    case Refusal::Kind::NotFound:
      return {grpc::StatusCode::NOT_FOUND, refusal.why};
    case Refusal::Kind::NotAsThingsAre:
      return {grpc::StatusCode::FAILED_PRECONDITION, refusal.why};
    case Refusal::Kind::Unavailable:
      return {grpc::StatusCode::UNAVAILABLE, refusal.why};
  }
  return {grpc::StatusCode::INTERNAL, refusal.why};
}

// Whoever asked is not there any more, or has stopped waiting: nothing may be done in its name.
std::optional<grpc::Status> gone(const grpc::CallbackServerContext& context) {
  if (context.deadline() <= std::chrono::system_clock::now())
    return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "it came too late; nothing was done");
  if (context.IsCancelled())
    return grpc::Status(grpc::StatusCode::CANCELLED, "the client has gone; nothing was done");
  return std::nullopt;
}

// The common name of the client's certificate; empty: it has none.
std::string peer_name(const grpc::CallbackServerContext& context) {
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return {};
  const auto names = auth->FindPropertyValues("x509_common_name");
  return names.empty() ? std::string() : std::string(names[0].data(), names[0].size());
}

// --- streams ---

// One that is watched. All of it on the reactor's thread but for gRPC's three callbacks, which bring themselves there.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual void pump() = 0;
  virtual void end(grpc::Status status) = 0;
};

// What the streams share with the server.
struct Watched {
  io::CallBridge& bridge;
  RiskSource& source;
  std::vector<Watch*> watches = {};
  std::optional<core::RiskReport> report = {};  // as it was last looked at

  const core::RiskReport& report_now() {
    if (!report) report = source.risk();
    return *report;
  }
};

template <class Message>
class Stream : public grpc::ServerWriteReactor<Message>, public Watch {
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
    message_.set_sequence(++sequence_);
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
      delete this;
    });
  }

 protected:
  // False: there is nothing new.
  virtual bool next(Message& out) = 0;
  RiskSource& source() const { return watched_.source; }
  Watched& watched() const { return watched_; }

 private:
  Watched& watched_;
  Message message_;  // under way
  std::uint64_t sequence_ = 0;
  bool writing_ = false, ending_ = false, finished_ = false;
  grpc::Status status_;
};

class AlertStream final : public Stream<v1::WatchAlertsResponse> {
 public:
  using Stream::Stream;

 private:
  bool next(v1::WatchAlertsResponse& out) override {
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

class PositionStream final : public Stream<v1::WatchPositionsResponse> {
 public:
  using Stream::Stream;

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

  bool next(v1::WatchPositionsResponse& out) override {
    const core::RiskReport& now = watched().report_now();
    const Universe& universe = source().universe();
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

// --- calls ---

class RiskService final : public v1::Risk::CallbackService {
 public:
  RiskService(io::CallBridge& bridge, RiskSource& source)
      : source_(source), watched_{bridge, source} {}

  // On the reactor's thread.
  void set_serving(bool serving) { serving_ = serving; }
  void pump() {
    watched_.report.reset();
    for (Watch* watch : watched_.watches) watch->pump();
  }
  void end_streams() {
    for (Watch* watch : watched_.watches) watch->end(stopping());
  }

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  // Brings a call to the reactor's thread, where `answer` fills the response.
  template <class Answer>
  Unary* ask(Context* context, Answer answer) {
    Unary* call = context->DefaultReactor();
    const bool taken = watched_.bridge.submit([this, call, context, answer] {
      if (auto status = gone(*context)) return call->Finish(*status);
      call->Finish(serving_ ? answer() : stopping());
    });
    if (!taken) call->Finish(stopping());
    return call;
  }

  // Likewise, of what acts: once for each request id of a client.
  template <class Request, class Response, class Act>
  Unary* act(Context* context, const Request* request, Response* response, Act act) {
    return ask(context, [this, context, request, response, act]() -> grpc::Status {
      const v1::Caller& caller = request->caller();
      const std::string peer = peer_name(*context);
      if (caller.request_id().empty() || caller.request_id().size() > 64)
        return bad("caller.request_id: 1 to 64 characters, another for each thing wanted");
      const Wish wish{peer.empty() ? caller.who() : peer, caller.reason()};
      if (wish.who.empty() || wish.who.size() > 31)
        return bad("caller.who: who asks, in 1 to 31 characters");
      const std::string key = peer + '\n' + caller.request_id();
      const std::string asked = Request::descriptor()->name() + '\n' + request->SerializeAsString();
      const Instant now = io::OsClock::now();
      switch (answers_.look(key, asked, now)) {
        case AnswersGiven::Found::Same:
          response->ParseFromString(answers_.answer(key));
          return grpc::Status::OK;
        case AnswersGiven::Found::Another:
          return bad("caller.request_id '" + caller.request_id() +
                     "' was used for another request");
        case AnswersGiven::Found::Full:
          return {grpc::StatusCode::RESOURCE_EXHAUSTED,
                  "too many acting calls within ten minutes; nothing was done"};
        case AnswersGiven::Found::None:
          break;
      }
      grpc::Status status = act(wish);
      if (status.ok()) answers_.keep(key, asked, response->SerializeAsString(), now);
      return status;
    });
  }

  template <class Message, class One>
  grpc::ServerWriteReactor<Message>* watch(One* stream) {
    const bool taken = watched_.bridge.submit([this, stream] {
      watched_.watches.push_back(stream);
      serving_ ? stream->pump() : stream->end(stopping());
    });
    if (!taken) stream->Finish(stopping());
    return stream;
  }

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

  Unary* GetStatus(Context* context, const v1::GetStatusRequest*,
                   v1::GetStatusResponse* out) override {
    return ask(context, [this, out] {
      CoreStatus status;
      source_.status(status);
      fill(*out, status, source_.universe());
      out->set_paper(source_.paper());
      out->set_open_alerts(static_cast<std::uint32_t>(source_.alerts().open()));
      return grpc::Status::OK;
    });
  }
  Unary* ListPositions(Context* context, const v1::ListPositionsRequest*,
                       v1::ListPositionsResponse* out) override {
    return ask(context, [this, out] {
      fill(*out, source_.risk(), source_.universe());
      return grpc::Status::OK;
    });
  }
  Unary* GetProfitAndLoss(Context* context, const v1::GetProfitAndLossRequest*,
                          v1::GetProfitAndLossResponse* out) override {
    return ask(context, [this, out] {
      fill(*out, source_.risk(), source_.universe());
      return grpc::Status::OK;
    });
  }
  Unary* ListLimits(Context* context, const v1::ListLimitsRequest*,
                    v1::ListLimitsResponse* out) override {
    return ask(context, [this, out] {
      CoreStatus status;
      source_.status(status);
      for (const LimitStatus& limit : status.limits) fill(*out->add_limits(), limit);
      return grpc::Status::OK;
    });
  }
  Unary* ListAlerts(Context* context, const v1::ListAlertsRequest* in,
                    v1::ListAlertsResponse* out) override {
    return ask(context, [this, in, out] {
      for (const report::KeptAlert* alert : source_.alerts().list(in->all()))
        fill(*out->add_alerts(), *alert, source_.universe());
      return grpc::Status::OK;
    });
  }
  Unary* SetLimit(Context* context, const v1::SetLimitRequest* in,
                  v1::SetLimitResponse* out) override {
    return act(context, in, out, [this, in, out](const Wish& wish) {
      const auto limit = limit_of(*in);
      if (!limit) return bad(limit.error());
      return told(wish_limit(source_, wish, *limit, in->take_back()), *out);
    });
  }
  Unary* AcknowledgeAlert(Context* context, const v1::AcknowledgeAlertRequest* in,
                          v1::AcknowledgeAlertResponse* out) override {
    return act(context, in, out, [this, in, out](const Wish& wish) {
      const Told said = wish_acknowledge(source_, wish, in->number());
      if (!said) return status_of(said.error());
      if (const report::KeptAlert* alert = source_.alerts().find(in->number()))
        fill(*out->mutable_alert(), *alert, source_.universe());
      return grpc::Status::OK;
    });
  }
  Unary* Halt(Context* context, const v1::HaltRequest* in, v1::HaltResponse* out) override {
    return act(context, in, out, [this, in, out](const Wish& wish) {
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
    return act(context, in, out, [this, in, out](const Wish& wish) {
      const auto scope = scope_of(in->scope());
      if (!scope) return bad(scope.error());
      grpc::Status status = told(wish_resume(source_, wish, *scope), *out);
      if (status.ok()) add_holds(*out);
      return status;
    });
  }
  grpc::ServerWriteReactor<v1::WatchAlertsResponse>* WatchAlerts(
      Context*, const v1::WatchAlertsRequest*) override {
    return watch<v1::WatchAlertsResponse>(new AlertStream(watched_));
  }
  grpc::ServerWriteReactor<v1::WatchPositionsResponse>* WatchPositions(
      Context*, const v1::WatchPositionsRequest*) override {
    return watch<v1::WatchPositionsResponse>(new PositionStream(watched_));
  }

  RiskSource& source_;
  Watched watched_;
  AnswersGiven answers_;
  bool serving_ = false;
};

// --- where it listens, and for whom ---

bool is_loopback(const std::string& listen) {
  const std::string_view host = std::string_view(listen).substr(0, listen.rfind(':'));
  const bool number = host.find_first_not_of("0123456789.") == host.npos;
  return (number && host.starts_with("127.")) || host == "[::1]";
}

Result<std::string, std::string> read_whole(const char* key, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().empty()) return fail(fmt::format("{}: '{}' cannot be read", key, path));
  return text.str();
}

using Credentials = Result<std::shared_ptr<grpc::ServerCredentials>, std::string>;

Credentials credentials_of(const RiskServiceConfig& config) {
  const int files = (config.tls_cert.empty() ? 0 : 1) + (config.tls_key.empty() ? 0 : 1) +
                    (config.tls_client_ca.empty() ? 0 : 1);
  if (files == 0) {
    if (is_loopback(config.listen)) return grpc::InsecureServerCredentials();
    return fail(
        fmt::format("risk.listen: '{}' is not on loopback, so it needs risk.tls_cert, "
                    "risk.tls_key and risk.tls_client_ca",
                    config.listen));
  }
  if (files != 3) {
    return fail(
        std::string("risk.tls_cert, risk.tls_key and risk.tls_client_ca: all of them, or none"));
  }
  // gRPC says only that it cannot listen; this says which file is wrong.
  if (const auto sound = io::TlsContext::server(config.tls_cert, config.tls_key); !sound)
    return fail(fmt::format("risk.tls_cert, risk.tls_key: {}", io::name(sound.error())));
  if (const auto sound = io::TlsContext::client(config.tls_client_ca); !sound)
    return fail(fmt::format("risk.tls_client_ca: {}", io::name(sound.error())));
  auto cert = read_whole("risk.tls_cert", config.tls_cert);
  auto key = read_whole("risk.tls_key", config.tls_key);
  auto ca = read_whole("risk.tls_client_ca", config.tls_client_ca);
  for (const auto* file : {&cert, &key, &ca}) {
    if (!*file) return fail(file->error());
  }
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = *ca;
  options.pem_key_cert_pairs.push_back({*key, *cert});
  return grpc::SslServerCredentials(options);
}

}  // namespace

class RiskServer::Parts {
 public:
  Parts(io::Reactor& reactor, RiskSource& source)
      : reactor_(reactor), bridge_(reactor), service_(bridge_, source) {}
  ~Parts() { stop(); }

  std::optional<std::string> listen(const RiskServiceConfig& config) {
    auto credentials = credentials_of(config);
    if (!credentials) return credentials.error();
    // What it has to say of itself goes nowhere: what matters is told by errors and statuses.
    gpr_set_log_function([](gpr_log_func_args*) {});
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // else two would share the address
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
    builder.SetMaxReceiveMessageSize(64 * 1024);
    int port = 0;
    builder.AddListeningPort(config.listen, *credentials, &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      server_.reset();
      return fmt::format(
          "risk.listen: cannot listen on '{}' (an address and a port such as "
          "127.0.0.1:7400, which nobody else has)",
          config.listen);
    }
    address_ = config.listen.substr(0, config.listen.rfind(':') + 1) + std::to_string(port);
    set_healthy(false);
    return std::nullopt;
  }

  void serve() {
    service_.set_serving(true);
    set_healthy(true);
  }
  void changed() { service_.pump(); }
  const std::string& address() const { return address_; }

  // gRPC waits for its calls, and they wait for this thread.
  void stop() {
    if (server_ == nullptr) return;
    set_healthy(false);
    service_.set_serving(false);
    service_.end_streams();
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
    bridge_.close();
  }

 private:
  void set_healthy(bool healthy) {
    auto* health = server_->GetHealthCheckService();
    health->SetServingStatus(healthy);
    health->SetServingStatus(v1::Risk::service_full_name(), healthy);
  }

  io::Reactor& reactor_;
  io::CallBridge bridge_;
  RiskService service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

RiskServer::RiskServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RiskServer::~RiskServer() = default;

Result<std::unique_ptr<RiskServer>, std::string> RiskServer::open(io::Reactor& reactor,
                                                                  RiskSource& source,
                                                                  const RiskServiceConfig& config) {
  auto parts = std::make_unique<Parts>(reactor, source);
  if (auto wrong = parts->listen(config)) return fail(std::move(*wrong));
  return std::unique_ptr<RiskServer>(new RiskServer(std::move(parts)));
}

void RiskServer::serve() { parts_->serve(); }
void RiskServer::changed() { parts_->changed(); }
void RiskServer::stop() { parts_->stop(); }
const std::string& RiskServer::address() const { return parts_->address(); }

}  // namespace ats::services
