#include "services/lease_line.hpp"

#include <ats/v1/risk.grpc.pb.h>
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "io/call_bridge.hpp"
#include "services/lease_messages.hpp"
#include "services/risk_credentials.hpp"

namespace ats::services {
namespace {

constexpr Duration first_pause = milliseconds(500);
constexpr Duration pause_most = seconds(2);
constexpr int ping_every_ms = 5'000;

grpc::ChannelArguments arguments() {
  grpc::ChannelArguments out;
  // A host that has vanished says nothing: the line is given up within twice this.
  out.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, ping_every_ms);
  out.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ping_every_ms);
  out.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no bound
  out.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  out.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1'000);
  out.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  out.SetMaxReceiveMessageSize(1024 * 1024);
  return out;
}

// One stream. Its callbacks come on gRPC's threads and bring what they have to the reactor's; the last of them is
// OnDone, after which it is deleted there.
class Stream final : public grpc::ClientBidiReactor<v1::LeaseRequest, v1::LeaseResponse> {
 public:
  struct Owner {
    virtual void answered(const v1::LeaseResponse& response) = 0;
    virtual void written() = 0;
    virtual void ended(const grpc::Status& status) = 0;

   protected:
    ~Owner() = default;
  };
  Stream(io::CallBridge& bridge, Owner& owner, v1::Risk::Stub& stub)
      : bridge_(bridge), owner_(owner) {
    stub.async()->Lease(&context_, this);
    StartRead(&response_);
    // Nothing may be started from without once gRPC has called the last callback: until close() this forbids it.
    AddHold();
    StartCall();
  }

  // When nothing is being written.
  void send(const LeaseQuestion& question) {
    request_.Clear();
    fill(request_, question);
    StartWrite(&request_);
  }
  // Once. Nothing is sent any more.
  void close() {
    if (closed_) return;
    closed_ = true;
    context_.TryCancel();
    RemoveHold();
  }

  void OnReadDone(bool ok) override {
    bridge_.submit([this, ok] {
      if (!ok || closed_) return close();
      owner_.answered(response_);
      if (!closed_) StartRead(&response_);
    });
  }
  void OnWriteDone(bool ok) override {
    bridge_.submit([this, ok] { ok && !closed_ ? owner_.written() : close(); });
  }
  void OnDone(const grpc::Status& status) override {
    bridge_.submit([this, status] {
      owner_.ended(status);
      delete this;
    });
  }

 private:
  io::CallBridge& bridge_;
  Owner& owner_;
  grpc::ClientContext context_;
  v1::LeaseRequest request_;
  v1::LeaseResponse response_;
  bool closed_ = false;
};

}  // namespace

class LeaseLine::Parts final : private Stream::Owner {
 public:
  Parts(io::Reactor& reactor, const RiskServiceConfig& config, Outside outside,
        const std::shared_ptr<grpc::ChannelCredentials>& credentials)
      : reactor_(reactor),
        bridge_(reactor),
        address_(config.role),
        outside_(std::move(outside)),
        stub_(v1::Risk::NewStub(grpc::CreateCustomChannel(config.role, credentials, arguments()))) {
    begin();
  }
  ~Parts() {
    closing_ = true;
    reactor_.cancel(again_);
    if (stream_ != nullptr) stream_->close();
    while (stream_ != nullptr) reactor_.poll(milliseconds(5));
  }

  void ask(LeaseQuestion question) {
    waiting_ = std::move(question);
    send();
  }
  bool up() const { return up_; }

 private:
  void begin() {
    writing_ = false;
    stream_ = new Stream(bridge_, *this, *stub_);
    send();
  }
  void send() {
    if (stream_ == nullptr || writing_ || !waiting_) return;
    writing_ = true;
    stream_->send(*std::exchange(waiting_, std::nullopt));
  }

  void answered(const v1::LeaseResponse& response) override {
    const auto answer = answer_of(response);
    if (!answer) {
      refused_ = "its answer makes no sense: " + answer.error();
      return stream_->close();
    }
    if (!up_) outside_.log(fmt::format("risk role {}: answers", address_));
    up_ = true;
    told_.clear();
    pause_ = first_pause;
    outside_.granted(answer->event());
  }
  void written() override {
    writing_ = false;
    send();
  }
  void ended(const grpc::Status& status) override {
    stream_ = nullptr;
    if (closing_) return;
    const std::string why = !refused_.empty()                ? std::exchange(refused_, {})
                            : status.error_message().empty() ? "it has closed the line"
                                                             : status.error_message();
    if (up_ || why != told_) {
      outside_.log(fmt::format("risk role {}: {}: {}; asked again until it answers", address_,
                               up_ ? "lost" : "not reached", why));
    }
    up_ = false;
    told_ = why;
    again_ = reactor_.after(pause_, [this] { begin(); });
    pause_ = std::min(pause_ * 2, pause_most);
  }

  io::Reactor& reactor_;
  io::CallBridge bridge_;
  std::string address_;
  Outside outside_;
  std::unique_ptr<v1::Risk::Stub> stub_;
  Stream* stream_ = nullptr;  // deletes itself, after ended()
  std::optional<LeaseQuestion> waiting_;
  io::TimerId again_;
  Duration pause_ = first_pause;
  std::string refused_, told_;
  bool writing_ = false, up_ = false, closing_ = false;
};

LeaseLine::LeaseLine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LeaseLine::~LeaseLine() = default;

Result<std::unique_ptr<LeaseLine>, std::string> LeaseLine::open(io::Reactor& reactor,
                                                                const RiskServiceConfig& config,
                                                                Outside outside) {
  const auto credentials = client_credentials(config);
  if (!credentials) return fail(credentials.error());
  silence_grpc();
  return std::unique_ptr<LeaseLine>(
      new LeaseLine(std::make_unique<Parts>(reactor, config, std::move(outside), *credentials)));
}

void LeaseLine::ask(LeaseQuestion question) { parts_->ask(std::move(question)); }
bool LeaseLine::up() const { return parts_->up(); }

}  // namespace ats::services
