#include "services/api_source.hpp"

#include <fmt/format.h>
#include <google/protobuf/message.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <chrono>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "io/call_bridge.hpp"
#include "services/api_json.hpp"
#include "services/risk_credentials.hpp"

namespace ats::services {
namespace {

using google::protobuf::MessageLite;
using Stub = grpc::TemplatedGenericStub<MessageLite, MessageLite>;

// Of a page of a thousand books.
constexpr int answer_most = 64 * 1024 * 1024;

ApiFailure failure_of(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return {400, "INVALID_ARGUMENT", status.error_message()};
    case grpc::StatusCode::NOT_FOUND:
      return {404, "NOT_FOUND", status.error_message()};
    case grpc::StatusCode::FAILED_PRECONDITION:
      return {409, "FAILED_PRECONDITION", status.error_message()};
    case grpc::StatusCode::PERMISSION_DENIED:
      return {403, "PERMISSION_DENIED", status.error_message()};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {429, "RESOURCE_EXHAUSTED", status.error_message()};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {501, "UNIMPLEMENTED", "that process does not have it: " + status.error_message()};
    case grpc::StatusCode::UNAVAILABLE:
      return {503, "UNAVAILABLE", status.error_message()};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {504, "DEADLINE_EXCEEDED", "it did not answer in time"};
    case grpc::StatusCode::CANCELLED:
      return {503, "CANCELLED", "the dashboard is stopping"};
    default:
      return {500, "INTERNAL", status.error_message()};
  }
}

// "/ats.v1.Engine/ListBooks"
std::string path_of(const std::string& method) {
  const std::size_t point = method.rfind('.');
  ATS_ASSERT(point != std::string::npos);
  return fmt::format("/{}/{}", method.substr(0, point), method.substr(point + 1));
}

}  // namespace

class ApiSource::Parts {
 public:
  Parts(ApiSource& owner, io::Reactor& reactor, const std::shared_ptr<RpcChannel>& channel)
      : owner_(owner),
        bridge_(std::make_shared<io::CallBridge>(reactor)),
        stub_(channel->grpc),
        channel_(channel) {}

  // What is under way comes to nothing; gRPC's threads may still be about to say so.
  ~Parts() {
    for (const auto& call : calls_) call->context.TryCancel();
    for (const auto& gathering : gatherings_) gathering->context.TryCancel();
    bridge_->close();
  }

  void call(const std::string& method, const ApiMessage& request, Duration within, Answer answer) {
    auto call = std::make_shared<Call>();
    call->request = request;
    call->response = api_answer_of(method);
    call->answer = std::move(answer);
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::nanoseconds(within.ns));
    calls_.insert(call);
    stub_.UnaryCall(&call->context, path_of(method), {}, call->request.get(), call->response.get(),
                    [this, call, bridge = bridge_](const grpc::Status& status) {
                      // Not taken: we are being destroyed, and nobody waits for it.
                      bridge->submit([this, call, status] { ended(call, status); });
                    });
  }

  void collect(const std::string& method, const ApiMessage& request, Duration within,
               Pieces answer) {
    auto one = std::make_shared<Gathering>();
    one->method = method;
    one->request = request;
    one->answer = std::move(answer);
    one->context.set_deadline(std::chrono::system_clock::now() +
                              std::chrono::nanoseconds(within.ns));
    one->self = one;
    one->done = [this, raw = one.get(), bridge = bridge_](const grpc::Status& status) {
      bridge->submit([this, kept = raw->shared(), status] { ended(kept, status); });
    };
    gatherings_.insert(one);
    stub_.PrepareBidiStreamingCall(&one->context, path_of(method), {}, one.get());
    one->StartWriteLast(one->request.get(), {});
    one->read();
    one->StartCall();
  }

 private:
  struct Call {
    grpc::ClientContext context;
    ApiMessage request, response;
    Answer answer;
  };

  // One question, and pieces until the end. Keeps itself until gRPC's last word.
  struct Gathering final : grpc::ClientBidiReactor<MessageLite, MessageLite> {
    grpc::ClientContext context;
    std::string method;
    ApiMessage request;
    std::vector<ApiMessage> pieces;
    Pieces answer;
    std::function<void(const grpc::Status&)> done;
    std::shared_ptr<Gathering> self;
    std::shared_ptr<Gathering> shared() const { return self; }

    void read() {
      pieces.push_back(api_answer_of(method));
      StartRead(pieces.back().get());
    }
    void OnReadDone(bool ok) override {
      if (!ok) return pieces.pop_back();
      read();
    }
    void OnDone(const grpc::Status& status) override {
      done(status);
      self.reset();  // the last of it, unless its answer is on its way
    }
  };

  void ended(const std::shared_ptr<Call>& call, const grpc::Status& status) {
    if (calls_.erase(call) == 0) return;
    const bool away = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                      status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    owner_.up_ = !away;
    owner_.trouble_ = away ? failure_of(status).message : std::string();
    if (status.ok()) return call->answer(call->response);
    call->answer(fail(failure_of(status)));
  }

  void ended(const std::shared_ptr<Gathering>& one, const grpc::Status& status) {
    if (gatherings_.erase(one) == 0) return;
    if (status.ok()) return one->answer(std::move(one->pieces));
    one->answer(fail(failure_of(status)));
  }

  ApiSource& owner_;
  std::shared_ptr<io::CallBridge> bridge_;
  Stub stub_;
  std::shared_ptr<RpcChannel> channel_;
  std::set<std::shared_ptr<Call>> calls_;
  std::set<std::shared_ptr<Gathering>> gatherings_;
};

ApiSource::ApiSource(io::Reactor& reactor, std::string name, std::string address,
                     const std::shared_ptr<RpcChannel>& channel)
    : name_(std::move(name)),
      address_(std::move(address)),
      parts_(std::make_unique<Parts>(*this, reactor, channel)) {}

ApiSource::~ApiSource() = default;

void ApiSource::collect(const std::string& method, const ApiMessage& request, Duration within,
                        Pieces answer) {
  parts_->collect(method, request, within, std::move(answer));
}

void ApiSource::call(const std::string& method, const ApiMessage& request, Duration within,
                     Answer answer) {
  parts_->call(method, request, within, std::move(answer));
}

Result<std::shared_ptr<RpcChannel>, std::string> reach_server(const RiskServiceConfig& config,
                                                              const std::string& address) {
  silence_grpc();
  RiskServiceConfig at = config;
  at.role = address;
  const auto credentials = client_credentials(at);
  if (!credentials) return fail(credentials.error());
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  arguments.SetMaxReceiveMessageSize(answer_most);
  auto channel = std::make_shared<RpcChannel>();
  channel->grpc = grpc::CreateCustomChannel(address, *credentials, arguments);
  return channel;
}

}  // namespace ats::services
