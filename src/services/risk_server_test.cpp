// The service with a source that the test moves: what a whole process shows too seldom. tests/grpc drives the rest.
#include "services/risk_server.hpp"

#include <ats/v1/risk.grpc.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "io/clock.hpp"

namespace ats::services {
namespace {

class FakeSource final : public RiskSource {
 public:
  FakeSource() {
    universe_.add_venue("kraken", {});
    report_.reporting = universe_.add_asset("USDT");
    report_.positions.push_back({VenueId{0}, AssetId{0}, Decimal(), Decimal()});
  }
  const Universe& universe() const override { return universe_; }
  void status(CoreStatus& out) const override { out = {}; }
  RiskTold risk() const override { return {report_, &universe_}; }
  const report::AlertDesk& alerts() const override { return desk_; }
  bool paper() const override { return false; }
  Result<std::vector<std::string>, std::string> command(const Command&) override {
    if (full) return fail(std::string("the journal cannot be written"));
    ++commands;
    return std::vector<std::string>{"done"};
  }
  const RiskRole* role() const override { return nullptr; }
  bool ask_lease(const LeaseQuestion& question) override {
    if (!gives_leases) return false;
    questions.push_back(question);
    return true;
  }
  void hold(std::int64_t units) { report_.positions[0].held = Decimal::from_int(units); }

  bool full = false, gives_leases = false;
  int commands = 0;
  std::vector<LeaseQuestion> questions;

 private:
  Universe universe_;
  core::RiskReport report_;
  report::AlertDesk desk_;
};

void silent(const std::string&) {}

class RiskServerTest : public ::testing::Test {
 protected:
  RiskServerTest() {
    auto opened = RiskServer::open(reactor, source, {"127.0.0.1:0", "", "", ""}, silent);
    if (!opened) throw std::runtime_error(opened.error());
    server = std::move(*opened);
    stub = v1::Risk::NewStub(
        grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  }

  // Runs `clients` beside the reactor, until they are done.
  void beside(const std::vector<std::function<void()>>& clients,
              const std::function<void()>& each_round = {}) {
    std::atomic<std::size_t> done{0};
    std::vector<std::thread> threads;
    for (const auto& client : clients) threads.emplace_back([&] { client(), ++done; });
    while (done < clients.size()) {
      reactor.poll(milliseconds(1));
      if (each_round) each_round();
    }
    for (std::thread& thread : threads) thread.join();
  }
  v1::HaltRequest halt(const std::string& id) {
    v1::HaltRequest request;
    request.mutable_caller()->set_request_id(id);
    request.mutable_caller()->set_who("ada");
    request.mutable_caller()->set_reason("trial");
    return request;
  }
  grpc::Status ask(const v1::HaltRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::HaltResponse response;
    return stub->Halt(&context, request, &response);
  }

  io::Reactor reactor;
  FakeSource source;
  std::unique_ptr<RiskServer> server;
  std::unique_ptr<v1::Risk::Stub> stub;
};

TEST_F(RiskServerTest, UntilItServesEveryCallIsToldToComeAgain) {
  grpc::Status unary, stream;
  beside({[&] { unary = ask(halt("a")); },
          [&] {
            grpc::ClientContext context;
            const auto reader = stub->WatchPositions(&context, {});
            v1::WatchPositionsResponse update;
            EXPECT_FALSE(reader->Read(&update));
            stream = reader->Finish();
          }});
  EXPECT_EQ(unary.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(stream.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(source.commands, 0);
}

TEST_F(RiskServerTest, ManyWhoAskWithTheSameIdAtOnceActOnce) {
  server->serve();
  std::atomic<int> fine{0};
  const std::function<void()> client = [&] { fine += ask(halt("the one")).ok(); };
  beside(std::vector(8, client));
  EXPECT_EQ(fine, 8);
  EXPECT_EQ(source.commands, 1);
}

TEST_F(RiskServerTest, WhatCouldNotBeJournalledMayBeTriedAgainWithTheSameId) {
  server->serve();
  source.full = true;
  grpc::Status first, second;
  beside({[&] { first = ask(halt("a")); }});
  EXPECT_EQ(first.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(first.error_message(), "the journal cannot be written");
  source.full = false;
  beside({[&] { second = ask(halt("a")); }});
  EXPECT_TRUE(second.ok()) << second.error_message();
  EXPECT_EQ(source.commands, 1);
}

TEST_F(RiskServerTest, ASlowReaderGetsTheLatestAndNoBacklog) {
  server->serve();
  constexpr std::int64_t changes = 200'000;
  std::atomic<std::int64_t> held{0};
  std::vector<v1::WatchPositionsResponse> seen;
  beside({[&] {
           grpc::ClientContext context;
           const auto reader = stub->WatchPositions(&context, {});
           v1::WatchPositionsResponse update;
           ASSERT_TRUE(reader->Read(&update));
           seen.push_back(update);
           while (held < changes) std::this_thread::sleep_for(std::chrono::milliseconds(1));
           while (seen.back().positions(0).held() != std::to_string(changes)) {
             ASSERT_TRUE(reader->Read(&update));
             seen.push_back(update);
           }
           context.TryCancel();
         }},
         [&] {
           for (int n = 0; n < 500 && held < changes; ++n) {
             source.hold(++held);
             server->changed();
           }
         });
  for (std::size_t n = 0; n < seen.size(); ++n) EXPECT_EQ(seen[n].sequence(), n + 1);
  EXPECT_TRUE(seen[0].snapshot());
  EXPECT_LT(seen.size(), static_cast<std::size_t>(changes) / 10);
}

TEST_F(RiskServerTest, ItStopsSoonWhereNobodyReadsItsStreamsAndSomebodyWaits) {
  server->serve();
  grpc::ClientContext context;
  const auto reader = stub->WatchPositions(&context, {});
  std::thread waits([&] { (void)ask(halt("a")); });
  for (int n = 0; n < 50; ++n) {
    source.hold(n);
    server->changed();
    reactor.poll(milliseconds(1));
  }
  const Instant begun = io::OsClock::now();
  server->stop();
  EXPECT_LT((io::OsClock::now() - begun).ns, seconds(3).ns);
  waits.join();
  v1::WatchPositionsResponse update;
  while (reader->Read(&update)) {
  }
  EXPECT_FALSE(reader->Finish().ok());
}

TEST_F(RiskServerTest, AnAddressThatIsTakenIsAnErrorThatNamesIt) {
  const auto second = RiskServer::open(reactor, source, {server->address(), "", "", ""}, silent);
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().find(server->address()), std::string::npos);
}

TEST_F(RiskServerTest, WithoutCertificatesItListensOnLoopbackOnly) {
  for (const char* open :
       {"0.0.0.0:0", "10.0.0.1:0", "127.example.com:0", "localhost:0", "[::]:0"}) {
    const auto server_there = RiskServer::open(reactor, source, {open, "", "", ""}, silent);
    ASSERT_FALSE(server_there.ok()) << open;
    EXPECT_NE(server_there.error().find("risk.tls_cert"), std::string::npos) << open;
  }
  const auto half = RiskServer::open(reactor, source, {"127.0.0.1:0", "cert.pem", "", ""}, silent);
  ASSERT_FALSE(half.ok());
  EXPECT_NE(half.error().find("all of them, or none"), std::string::npos);
  const auto unreadable =
      RiskServer::open(reactor, source, {"127.0.0.1:0", "no", "no", "no"}, silent);
  ASSERT_FALSE(unreadable.ok());
  EXPECT_NE(unreadable.error().find("risk.tls_cert"), std::string::npos);
}

}  // namespace
}  // namespace ats::services
