// What the gRPC service costs: status calls, position updates and renewals of leases a second over loopback, answered by
// the thread that owns the state. The baseline is gRPC alone: the same client and messages of the same size, made once
// and answered on gRPC's own threads, without a core, a bridge or a look at anything.
//
// One client thread and one thread that answers, both in this process, on both cores of the machine.
#include <ats/v1/risk.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "harness.hpp"
#include "io/reactor.hpp"
#include "services/risk_server.hpp"

namespace ats::bench {

namespace {

constexpr int calls = 4'000;
constexpr int updates = 10'000;
constexpr int renewals = 1'000;
constexpr int shares = 205;  // what is split over 200 assets, and what is split once

// Five venues with four assets each, sixteen limits; what is held changes at every look.
class MovingBooks final : public services::RiskSource {
 public:
  MovingBooks() {
    for (const char* name : {"binance", "upbit", "coinbase", "kraken", "bitfinex"})
      universe_.add_venue(name, {});
    for (const char* name : {"USDT", "BTC", "ETH", "SOL"}) universe_.add_asset(name);
    status_.reconciled = true;
    for (int n = 0; n < 3; ++n) {
      HoldStatus& hold = status_.holds.emplace_back();
      hold.scope.venue = VenueId{static_cast<VenueId::rep>(n)};
    }
    report_.reporting = AssetId{0};
    for (std::uint16_t a = 0; a < 4; ++a) {
      core::RiskReport::Exposure& exposure = report_.exposures.emplace_back();
      exposure.asset = AssetId{a};
      exposure.mark = {Decimal::of("61724.5"), true, {}};
      for (std::uint8_t v = 0; v < 5; ++v)
        report_.positions.push_back(
            {VenueId{v}, AssetId{a}, Decimal::of("12.345678"), Decimal::of("761994.0")});
    }
  }

  const Universe& universe() const override { return universe_; }
  void status(CoreStatus& out) const override { out = status_; }
  const services::RiskRole* role() const override { return nullptr; }
  // Every question is answered at once with as many shares: what the office computes has a benchmark of its own.
  bool ask_lease(const services::LeaseQuestion& question) override {
    services::LeaseAnswer answer;
    answer.engine = question.asked.engine;
    answer.granted = {++version_, question.asked.asked, seconds(3), {}, {}};
    for (const LeaseUse& use : question.uses)
      answer.shares.push_back({use.kind, use.scope, Decimal::of("20000")});
    grant(answer);
    return true;
  }
  std::function<void(const services::LeaseAnswer&)> grant;
  services::RiskTold risk() const override {
    const std::size_t at = looks_++ % report_.positions.size();
    report_.positions[at].held += Decimal::of("0.00000001");
    return {report_, &universe_};
  }
  const report::AlertDesk& alerts() const override { return desk_; }
  bool paper() const override { return true; }
  ats::Result<std::vector<std::string>, std::string> command(const Command&) override {
    return std::vector<std::string>{};
  }

 private:
  Universe universe_;
  CoreStatus status_;
  mutable core::RiskReport report_;
  mutable std::uint64_t looks_ = 0;
  std::uint64_t version_ = 0;
  report::AlertDesk desk_;
};

// The service with its reactor on a thread of its own, as `ats run` has it; positions move all the time.
class Service {
 public:
  Service() {
    thread_ = std::thread([this] {
      io::Reactor reactor;
      auto server = services::RiskServer::open(reactor, source_, {"127.0.0.1:0", "", "", ""},
                                               [](const std::string&) {});
      if (!server) die(server.error());
      source_.grant = [&](const services::LeaseAnswer& lease) { (*server)->grant(lease); };
      (*server)->serve();
      address_ = (*server)->address();
      up_ = true;
      up_.notify_one();
      while (!done_) {
        reactor.poll(milliseconds(1));
        (*server)->changed();
      }
      (*server)->stop();
    });
    up_.wait(false);
  }
  ~Service() {
    done_ = true;
    thread_.join();
  }
  const std::string& address() const { return address_; }

 private:
  MovingBooks source_;
  std::string address_;
  std::atomic<bool> up_{false}, done_{false};
  std::thread thread_;
};

// gRPC and nothing behind it.
class Echo final : public v1::Risk::CallbackService {
 public:
  Echo(const v1::GetStatusResponse& status, const v1::WatchPositionsResponse& update,
       const v1::LeaseResponse& lease)
      : status_(status), update_(update), lease_(lease) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) die("gRPC cannot listen on loopback");
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~Echo() override { server_->Shutdown(std::chrono::system_clock::now()); }
  const std::string& address() const { return address_; }

 private:
  class Repeat final : public grpc::ServerWriteReactor<v1::WatchPositionsResponse> {
   public:
    explicit Repeat(const v1::WatchPositionsResponse& update) : update_(update) {
      StartWrite(&update_);
    }
    void OnWriteDone(bool ok) override {
      if (ok) return StartWrite(&update_);
      Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    const v1::WatchPositionsResponse& update_;
  };

  class Renew final : public grpc::ServerBidiReactor<v1::LeaseRequest, v1::LeaseResponse> {
   public:
    explicit Renew(const v1::LeaseResponse& lease) : lease_(lease) { StartRead(&request_); }
    void OnReadDone(bool ok) override {
      if (ok) return StartWrite(&lease_);
      Finish(grpc::Status::OK);
    }
    void OnWriteDone(bool ok) override {
      if (ok) return StartRead(&request_);
      Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    const v1::LeaseResponse& lease_;
    v1::LeaseRequest request_;
  };

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest*,
                                      v1::GetStatusResponse* out) override {
    *out = status_;
    auto* call = context->DefaultReactor();
    call->Finish(grpc::Status::OK);
    return call;
  }
  grpc::ServerWriteReactor<v1::WatchPositionsResponse>* WatchPositions(
      grpc::CallbackServerContext*, const v1::WatchPositionsRequest*) override {
    return new Repeat(update_);
  }
  grpc::ServerBidiReactor<v1::LeaseRequest, v1::LeaseResponse>* Lease(
      grpc::CallbackServerContext*) override {
    return new Renew(lease_);
  }

  v1::GetStatusResponse status_;
  v1::WatchPositionsResponse update_;
  v1::LeaseResponse lease_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

std::unique_ptr<v1::Risk::Stub> client_of(const std::string& address) {
  return v1::Risk::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
}

v1::GetStatusResponse one_status(v1::Risk::Stub& client) {
  grpc::ClientContext context;
  v1::GetStatusResponse out;
  if (const auto status = client.GetStatus(&context, {}, &out); !status.ok())
    die(status.error_message());
  return out;
}

Outcome figures(std::int64_t spent, int many, std::uint64_t digest) {
  const double each = static_cast<double>(spent) / many;
  return {{each / 1e3, 1e9 / each}, digest};
}

// The bytes of the answers are the digest: both sides answer with as many.
Outcome unary(v1::Risk::Stub& client) {
  std::uint64_t digest = 0;
  const std::int64_t from = now_ns();
  for (int n = 0; n < calls; ++n) digest = mix(digest, one_status(client).ByteSizeLong());
  return figures(now_ns() - from, calls, digest);
}

// `each`: of every update after the first, which has all positions.
void watch(v1::Risk::Stub& client, int many,
           const std::function<void(const v1::WatchPositionsResponse&)>& each) {
  grpc::ClientContext context;
  const auto reader = client.WatchPositions(&context, {});
  v1::WatchPositionsResponse update;
  for (int n = -1; n < many; ++n) {
    if (!reader->Read(&update)) die("the stream of positions ended");
    if (n >= 0) each(update);
  }
  context.TryCancel();
  while (reader->Read(&update)) {
  }
  (void)reader->Finish();
}

Outcome stream(v1::Risk::Stub& client) {
  std::uint64_t seen = 0;
  std::int64_t from = 0;
  watch(client, updates, [&](const v1::WatchPositionsResponse& update) {
    if (from == 0) from = now_ns();
    seen += static_cast<std::uint64_t>(update.positions_size());
  });
  return figures(now_ns() - from, updates, seen);
}

v1::LeaseRequest question() {
  v1::LeaseRequest out;
  out.set_engine("east");
  out.set_live(true);
  out.set_profit("1234.56789");
  for (int n = 0; n < shares; ++n) {
    v1::LeaseUse& use = *out.add_uses();
    use.set_limit("net_delta");
    use.mutable_scope()->set_asset("ASSET" + std::to_string(n));
    use.set_value("1234.5678");
  }
  return out;
}

// One stream, one question after another, as an engine asks.
Outcome renew(v1::Risk::Stub& client, int many, v1::LeaseResponse& last) {
  grpc::ClientContext context;
  const auto stream = client.Lease(&context);
  v1::LeaseRequest request = question();
  std::uint64_t seen = 0;
  const std::int64_t from = now_ns();
  for (int n = 0; n < many; ++n) {
    request.set_asked_ns(n + 1);
    if (!stream->Write(request) || !stream->Read(&last)) die("the stream of leases ended");
    seen += static_cast<std::uint64_t>(last.shares_size());
  }
  const std::int64_t spent = now_ns() - from;
  stream->WritesDone();
  if (const auto status = stream->Finish(); !status.ok()) die(status.error_message());
  return figures(spent, many, seen);
}

void run(Session& session) {
  const std::string status = "status, calls one after another";
  const std::string positions = "position updates, one position each";
  const std::string leases = "leases renewed, one engine, 205 uses and shares";
  if (!session.wanted(status) && !session.wanted(positions) && !session.wanted(leases)) return;
  unpin();
  {
    Service service;
    const auto ours = client_of(service.address());
    v1::WatchPositionsResponse update;
    watch(*ours, 1, [&](const v1::WatchPositionsResponse& told) { update = told; });
    v1::LeaseResponse lease;
    renew(*ours, 1, lease);
    Echo echo(one_status(*ours), update, lease);
    const auto bare = client_of(echo.address());
    session.compare({.name = status,
                     .baseline_name = "gRPC alone",
                     .baseline = [&] { return unary(*bare); },
                     .ours = [&] { return unary(*ours); },
                     .metrics = {{.unit = "us/call"}, {.unit = "calls/s"}}});
    session.compare({.name = positions,
                     .baseline_name = "gRPC alone",
                     .baseline = [&] { return stream(*bare); },
                     .ours = [&] { return stream(*ours); },
                     .metrics = {{.unit = "us/update"}, {.unit = "updates/s"}}});
    session.compare({.name = leases,
                     .baseline_name = "gRPC alone",
                     .baseline = [&] { return renew(*bare, renewals, lease); },
                     .ours = [&] { return renew(*ours, renewals, lease); },
                     .metrics = {{.unit = "us/renewal"}, {.unit = "renewals/s"}}});
  }
  pin();
}

const Register registered{"risk_grpc", run};

}  // namespace

}  // namespace ats::bench
