#include "services/journal_server.hpp"

#include <ats/v1/standby.grpc.pb.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "io/journal_follow.hpp"
#include "services/grpc_caller.hpp"
#include "services/risk_credentials.hpp"

namespace ats::services {
namespace {

// What a follower may be behind while nothing holds it up, and how long the tail of a leader that is killed is at most.
constexpr auto look_every = std::chrono::milliseconds(1);

class StandbyService final : public v1::Standby::Service {
 public:
  StandbyService(const Config& config, std::filesystem::path journal)
      : secure_(!config.risk_service.tls_cert.empty()),
        engine_(config.engine_name),
        config_(config.standby),
        journal_(std::move(journal)) {}

  void stop() { stopping_ = true; }
  // Of a journal to which nothing is added any more.
  bool drained() const { return followers_ == at_end_; }
  void mark_end() {
    at_end_ = 0;
    ++ending_;
  }
  JournalServer::Status status() const { return {followers_, records_}; }

  grpc::Status Follow(grpc::ServerContext* context, const v1::FollowRequest* request,
                      grpc::ServerWriter<v1::FollowResponse>* writer) override {
    // The journal holds all that is traded: only who could have led may read it.
    const GrpcCaller who = caller_of(*context);
    if (!who.may(Right::Lease)) return denied(who, Right::Lease, "Follow");
    if (secure_ && who.name != engine_ && config_.find(who.name) == nullptr) {
      return {grpc::StatusCode::PERMISSION_DENIED,
              fmt::format("the certificate is of {}: neither risk.engine nor in standby.engines",
                          who.name)};
    }
    struct Counted {
      explicit Counted(std::atomic<std::size_t>& of) : count(of) { ++count; }
      ~Counted() { --count; }
      std::atomic<std::size_t>& count;
    };
    const Counted counted(followers_);
    return give(*context, *request, *writer);
  }

 private:
  grpc::Status give(grpc::ServerContext& context, const v1::FollowRequest& request,
                    grpc::ServerWriter<v1::FollowResponse>& writer) {
    const auto unreadable = [](const io::JournalError& error) {
      return grpc::Status(grpc::StatusCode::DATA_LOSS, error.detail);
    };
    std::vector<io::SegmentMark> marks;
    for (const v1::SegmentMark& mark : request.segments())
      marks.push_back({mark.bytes(), mark.crc()});
    io::JournalTail tail(journal_);
    const auto place = tail.go_on_after(marks);
    if (!place) return unreadable(place.error());
    v1::FollowResponse response;
    response.set_segment(place->segment);
    response.set_offset(place->offset);
    bool going = writer.Write(response);
    std::uint64_t ended = 0;
    while (going && !stopping_ && !context.IsCancelled()) {
      const std::uint64_t ending = ending_;
      const auto piece = tail.next();
      if (!piece) return unreadable(piece.error());
      if (piece->bytes.empty()) {
        if (std::exchange(ended, ending) != ending) ++at_end_;
        std::this_thread::sleep_for(look_every);
        continue;
      }
      response.set_segment(piece->at.segment);
      response.set_offset(piece->at.offset);
      response.set_records(piece->bytes.data(), piece->bytes.size());
      going = writer.Write(response);
      records_ += piece->records;
    }
    return {grpc::StatusCode::UNAVAILABLE, "it leads no more"};
  }

  const bool secure_;
  const std::string engine_;
  const StandbyConfig config_;
  const std::filesystem::path journal_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> followers_{0}, at_end_{0};
  std::atomic<std::uint64_t> records_{0}, ending_{0};
};

// The same files as for the risk role: they say who this engine is.
RiskServiceConfig at(const Config& config, const std::string& address) {
  RiskServiceConfig out = config.risk_service;
  out.listen = out.role = address;
  return out;
}

}  // namespace

class JournalServer::Parts {
 public:
  Parts(const Config& config, const std::filesystem::path& journal) : service_(config, journal) {}
  ~Parts() {
    service_.stop();
    if (server_) {
      server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
      server_->Wait();
    }
  }

  std::optional<std::string> listen(const Config& config) {
    address_ = config.standby.find(config.standby.name)->address;
    const auto credentials = server_credentials(at(config, address_));
    if (!credentials) return "standby.engines: " + credentials.error();
    silence_grpc();
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
    int port = 0;
    builder.AddListeningPort(address_, *credentials, &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return fmt::format(
          "standby.engines: cannot listen on '{}' (an address of this machine, and a "
          "port that nobody else has)",
          address_);
    }
    return std::nullopt;
  }
  void drain(Duration within) {
    service_.mark_end();
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(within.ns);
    while (!service_.drained() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const std::string& address() const { return address_; }
  Status status() const { return service_.status(); }

 private:
  StandbyService service_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

JournalServer::JournalServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
JournalServer::~JournalServer() = default;

Result<std::unique_ptr<JournalServer>, std::string> JournalServer::open(
    const Config& config, const std::filesystem::path& journal) {
  auto parts = std::make_unique<Parts>(config, journal);
  if (auto error = parts->listen(config)) return fail(std::move(*error));
  return std::unique_ptr<JournalServer>(new JournalServer(std::move(parts)));
}

const std::string& JournalServer::address() const { return parts_->address(); }
JournalServer::Status JournalServer::status() const { return parts_->status(); }
void JournalServer::drain(Duration within) { parts_->drain(within); }

ats::Status<std::string> check_standby(const Config& config) {
  for (const StandbyConfig::Engine& engine : config.standby.engines) {
    const RiskServiceConfig files = at(config, engine.address);
    const bool ours = engine.name == config.standby.name;
    const auto wrong = ours ? check_listening(files) : check_reaching(files);
    if (!wrong) return fail("standby.engines: " + wrong.error());
  }
  return Done{};
}

}  // namespace ats::services
