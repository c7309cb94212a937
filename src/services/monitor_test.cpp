// Over a real socket, with the process's loop on this thread: moved, or standing still.
#include "services/monitor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "io/clock.hpp"
#include "io/http.hpp"
#include "io/net_testing.hpp"

namespace ats::services {
namespace {

using ::testing::HasSubstr;

class FakeSource final : public MonitorSource {
 public:
  void monitored(MonitorView& out) const override {
    asked_on = std::this_thread::get_id();
    ++asked;
    out.role = "risk";
    out.names = std::make_shared<const Universe>();
    out.not_ready = not_ready;
    out.degraded = {"kraken: halted"};
  }
  std::vector<std::string> not_ready;
  mutable std::thread::id asked_on;
  mutable int asked = 0;
};

class MonitorTest : public ::testing::Test {
 protected:
  MonitorTest() {
    auto opened = Monitor::open(loop_, source_, "127.0.0.1:0");
    if (!opened) throw std::runtime_error(opened.error());
    monitor_ = std::move(*opened);
    const std::string& address = monitor_->address();
    options_.host = "127.0.0.1";
    options_.port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  // A caller on a thread of its own, as all are.
  std::vector<HttpResponse> get(std::vector<std::string> targets, bool loop_moves = true,
                                const std::string& method = "GET") {
    std::vector<HttpResponse> answers;
    std::atomic<bool> done = false;
    std::thread caller([&] {
      io::Reactor reactor;
      std::vector<std::unique_ptr<io::HttpClient>> clients;
      std::size_t open = targets.size();
      answers.resize(targets.size());
      for (std::size_t n = 0; n < targets.size(); ++n) {
        clients.push_back(std::make_unique<io::HttpClient>(reactor, options_));
        clients.back()->request({method, targets[n], {{"Host", "127.0.0.1"}}, {}}, seconds(20),
                                [&, n](Result<HttpResponse, TransportError> answer) {
                                  if (answer) answers[n] = std::move(*answer);
                                  --open;
                                });
      }
      while (open > 0) reactor.poll(milliseconds(50));
      done = true;
    });
    while (!done) {
      if (loop_moves) {
        loop_.poll(milliseconds(5));
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    caller.join();
    return answers;
  }

  io::Reactor loop_;
  FakeSource source_;
  std::unique_ptr<Monitor> monitor_;
  io::HttpClientOptions options_;
};

TEST_F(MonitorTest, MetricsAreReadOnTheProcesssThreadAndComeAsPrometheusReadsThem) {
  const auto answer = get({"/metrics"})[0];
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(*answer.header("content-type"), HasSubstr("version=0.0.4"));
  EXPECT_THAT(answer.body, HasSubstr("ats_role_info{role=\"risk\"} 1\n"));
  EXPECT_EQ(source_.asked_on, std::this_thread::get_id());
}

TEST_F(MonitorTest, ReadinessSaysWhatIsAmiss) {
  auto answer = get({"/readyz"})[0];
  EXPECT_EQ(answer.status, 200);
  auto body = nlohmann::json::parse(answer.body);
  EXPECT_EQ(body["ready"], true);
  EXPECT_EQ(body["degraded"][0], "kraken: halted");
  source_.not_ready = {"it is stopping"};
  answer = get({"/readyz"})[0];
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["not_ready"][0], "it is stopping");
}

TEST_F(MonitorTest, ALoopThatStandsStillIsNotHealthyAndIsAskedOnceForAll) {
  const auto answers = get({"/healthz", "/readyz", "/metrics", "/healthz"}, false);
  for (const HttpResponse& answer : answers) {
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.body, HasSubstr("does not answer"));
  }
  EXPECT_EQ(source_.asked, 0);
  EXPECT_EQ(get({"/healthz"})[0].status, 200) << "it moves again";
  EXPECT_LE(source_.asked, 2) << "the four that waited were one question";
}

TEST_F(MonitorTest, WhatIsNotAPageIsSaidSo) {
  EXPECT_EQ(get({"/"})[0].status, 404);
  EXPECT_EQ(get({"/metrics"}, true, "POST")[0].status, 405);
  EXPECT_EQ(source_.asked, 0);
}

TEST_F(MonitorTest, APortInUseIsAnErrorThatSaysWhatToDo) {
  const auto second = Monitor::open(loop_, source_, monitor_->address());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("choose another port"));
}

TEST_F(MonitorTest, EndsWhileSomebodyWaits) {
  std::thread caller([&] {
    io::Reactor reactor;
    io::HttpClient client(reactor, options_);
    bool open = true;
    client.request({"GET", "/healthz", {{"Host", "127.0.0.1"}}, {}}, seconds(20),
                   [&](const Result<HttpResponse, TransportError>&) { open = false; });
    while (open) reactor.poll(milliseconds(50));
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  monitor_.reset();
  caller.join();
  EXPECT_LE(source_.asked, 1);
}

TEST(MonitorAddress, IsANumberAndAPort) {
  for (const char* good : {"127.0.0.1:0", "127.0.0.1:9464", "0.0.0.0:9464"})
    EXPECT_TRUE(Monitor::can_listen(good));
  for (const char* bad : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:9464x",
                          ":9464", "localhost:9464", "256.0.0.1:9464"}) {
    EXPECT_FALSE(Monitor::can_listen(bad)) << bad;
  }
}

TEST(MonitorAddress, ElsewhereThanOnThisMachineItNeedsToSayWhoItIs) {
  io::Reactor loop;
  const FakeSource source;
  const auto nobody = Monitor::open(loop, source, "0.0.0.0:0");
  ASSERT_FALSE(nobody);
  EXPECT_THAT(nobody.error(), HasSubstr("risk.tls_cert"));
  EXPECT_FALSE(Monitor::check("0.0.0.0:0", {"/none.pem", "/none.key"}));
  EXPECT_TRUE(Monitor::check("127.0.0.1:0", {}));
}

class MonitorOverTlsTest : public MonitorTest {
 protected:
  MonitorOverTlsTest() {
    monitor_.reset();
    const Monitor::Identity identity{certificate_.certificate_file(), certificate_.key_file()};
    EXPECT_TRUE(Monitor::check("0.0.0.0:0", identity));
    auto opened = Monitor::open(loop_, source_, "0.0.0.0:0", identity);
    if (!opened) throw std::runtime_error(opened.error());
    monitor_ = std::move(*opened);
    options_.port = static_cast<std::uint16_t>(std::stoi(monitor_->address().substr(8)));
  }
  const io::TestCertificate certificate_{"DNS:localhost,IP:127.0.0.1"};
};

TEST_F(MonitorOverTlsTest, ThePagesAreGivenOverTlsAndNotOtherwise) {
  EXPECT_THAT(monitor_->url(), testing::StartsWith("https://0.0.0.0:"));
  EXPECT_EQ(get({"/healthz"})[0].body, "") << "plain: no answer";
  const auto trusting = io::TlsContext::client(certificate_.certificate_file()).value();
  options_.tls = &trusting;
  EXPECT_EQ(get({"/healthz"})[0].body, "ok\n");
}

}  // namespace
}  // namespace ats::services
