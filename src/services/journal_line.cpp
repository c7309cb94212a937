#include "services/journal_line.hpp"

#include <ats/v1/standby.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "io/call_bridge.hpp"
#include "services/risk_credentials.hpp"

namespace ats::services {
namespace {

constexpr std::size_t ahead_most = 32;  // pieces that are read and not taken
constexpr int ping_every_ms = 1'000;
constexpr int message_max = 8 << 20;  // a record is half as long at most

}  // namespace

class JournalLine::Parts {
 public:
  Parts(io::Reactor& reactor, const Config& config, const std::string& address,
        const std::vector<io::SegmentMark>& marks, Outside outside,
        const std::shared_ptr<grpc::ChannelCredentials>& credentials)
      : bridge_(reactor), outside_(std::move(outside)) {
    request_.set_follower(config.standby.name);
    for (const io::SegmentMark& mark : marks) {
      v1::SegmentMark* const out = request_.add_segments();
      out->set_bytes(mark.bytes);
      out->set_crc(mark.crc);
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, ping_every_ms);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ping_every_ms);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no bound
    arguments.SetMaxReceiveMessageSize(message_max);
    stub_ = v1::Standby::NewStub(grpc::CreateCustomChannel(address, credentials, arguments));
    thread_ = std::thread([this] { read(); });
  }
  ~Parts() {
    {
      const std::lock_guard guard(mutex_);
      closing_ = true;
    }
    context_.TryCancel();
    room_.notify_all();
    thread_.join();
    over_ = true;  // what is still on its way is heard by nobody
    bridge_.close();
  }

 private:
  // --- the line's thread ---

  void read() {
    const auto reader = stub_->Follow(&context_, request_);
    bool first = true;
    auto response = std::make_shared<v1::FollowResponse>();
    while (reader->Read(response.get())) {
      {
        std::unique_lock guard(mutex_);
        room_.wait(guard, [this] { return closing_ || ahead_ < ahead_most; });
        if (closing_) break;
        ++ahead_;
      }
      bridge_.submit([this, response, first] { take(*response, first); });
      first = false;
      response = std::make_shared<v1::FollowResponse>();
    }
    const grpc::Status status = reader->Finish();
    bridge_.submit([this, why = status.error_message()] {
      if (!over_) end(why.empty() ? "it has closed the line" : why);
    });
  }

  // --- the reactor's ---

  void take(const v1::FollowResponse& response, bool first) {
    {
      const std::lock_guard guard(mutex_);
      --ahead_;
    }
    room_.notify_one();
    if (over_) return;
    const io::JournalPlace at{response.segment(), response.offset()};
    const std::string& records = response.records();
    const bool wanted =
        first ? outside_.begins(at) : outside_.takes(at, std::as_bytes(std::span(records)));
    if (!wanted) over_ = true;
  }
  void end(const std::string& why) {
    over_ = true;
    outside_.ended(why);
  }

  io::CallBridge bridge_;
  const Outside outside_;
  std::unique_ptr<v1::Standby::Stub> stub_;
  v1::FollowRequest request_;
  grpc::ClientContext context_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t ahead_ = 0;  // guarded by mutex_
  bool closing_ = false;   // likewise
  bool over_ = false;
  std::thread thread_;
};

JournalLine::JournalLine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
JournalLine::~JournalLine() = default;

Result<std::unique_ptr<JournalLine>, std::string> JournalLine::open(
    io::Reactor& reactor, const Config& config, const std::string& address,
    const std::vector<io::SegmentMark>& marks, Outside outside) {
  RiskServiceConfig files = config.risk_service;
  files.role = address;
  const auto credentials = client_credentials(files);
  if (!credentials) return fail("standby.engines: " + credentials.error());
  silence_grpc();
  return std::unique_ptr<JournalLine>(new JournalLine(
      std::make_unique<Parts>(reactor, config, address, marks, std::move(outside), *credentials)));
}

}  // namespace ats::services
