// The line of an engine and the stream of the risk role, over loopback: what is asked, answered, lost and found again.
#include "services/lease_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "io/clock.hpp"
#include "services/risk_server.hpp"

namespace ats::services {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

// The role's side: notes what is asked; the test answers.
class Desk final : public RiskSource {
 public:
  const Universe& universe() const override { return universe_; }
  void status(CoreStatus& out) const override { out = {}; }
  RiskTold risk() const override { return {{}, &universe_}; }
  const report::AlertDesk& alerts() const override { return alerts_; }
  bool paper() const override { return false; }
  const RiskRole* role() const override { return nullptr; }
  Result<std::vector<std::string>, std::string> command(const Command&) override {
    return std::vector<std::string>{};
  }
  bool ask_lease(const LeaseQuestion& question) override {
    if (is_engine) return false;
    questions.push_back(question);
    return true;
  }
  bool is_engine = false;
  std::vector<LeaseQuestion> questions;

 private:
  Universe universe_;
  report::AlertDesk alerts_;
};

LeaseQuestion question(std::string_view engine, std::int64_t asked) {
  LeaseQuestion out;
  out.asked.engine = EngineName(engine);
  out.asked.asked = Instant{asked};
  out.uses.push_back({LimitKind::OpenTrades, {}, true, Decimal::from_int(2)});
  return out;
}
LeaseAnswer answer_to(const LeaseQuestion& question, std::uint64_t version) {
  LeaseAnswer out;
  out.engine = question.asked.engine;
  out.granted.version = version;
  out.granted.asked = question.asked.asked;
  out.granted.valid_for = seconds(3);
  out.shares.push_back({LimitKind::OpenTrades, {}, Decimal::from_int(4)});
  return out;
}

class LeaseLineTest : public ::testing::Test {
 protected:
  LeaseLineTest() { serve("127.0.0.1:0"); }

  void serve(const std::string& listen) {
    auto opened = RiskServer::open(reactor, desk, {listen, "", "", ""}, [](const std::string&) {});
    if (!opened) throw std::runtime_error(opened.error());
    server = std::move(*opened);
    server->serve();
    config.role = server->address();
  }
  struct Engine {
    std::vector<std::uint64_t> versions;
    std::vector<Decimal> bounds;
    std::vector<std::string> log;
    std::unique_ptr<LeaseLine> line;
  };
  std::unique_ptr<Engine> engine() {
    auto out = std::make_unique<Engine>();
    LeaseLine::Outside outside;
    outside.granted = [&e = *out](const LeaseGranted& lease) {
      e.versions.push_back(lease.version);
      for (const LeaseShare& share : lease.shares) e.bounds.push_back(share.bound);
    };
    outside.log = [&e = *out](std::string line) { e.log.push_back(std::move(line)); };
    auto opened = LeaseLine::open(reactor, config, std::move(outside));
    if (!opened) throw std::runtime_error(opened.error());
    out->line = std::move(*opened);
    return out;
  }
  // Within a while that is long enough for any machine.
  template <class Condition>
  bool until(Condition condition) {
    const Instant end = io::OsClock::now() + seconds(20);
    while (!condition() && io::OsClock::now() < end) reactor.poll(milliseconds(5));
    return condition();
  }
  // For a while in which nothing may happen.
  void rest() {
    const Instant end = io::OsClock::now() + milliseconds(200);
    while (io::OsClock::now() < end) reactor.poll(milliseconds(5));
  }

  io::Reactor reactor;
  Desk desk;
  RiskServiceConfig config;
  std::unique_ptr<RiskServer> server;
};

TEST_F(LeaseLineTest, WhatIsAskedIsAnsweredAndWhatChangesLaterIsSentUnasked) {
  const auto e = engine();
  EXPECT_FALSE(e->line->up());
  e->line->ask(question("east", 7));
  ASSERT_TRUE(until([&] { return !desk.questions.empty(); }));
  EXPECT_EQ(desk.questions[0].asked.engine.view(), "east");
  EXPECT_EQ(desk.questions[0].uses, question("east", 7).uses);
  server->grant(answer_to(desk.questions[0], 1));
  ASSERT_TRUE(until([&] { return e->versions.size() == 1; }));
  EXPECT_EQ(e->bounds, std::vector{Decimal::from_int(4)});
  EXPECT_TRUE(e->line->up());
  server->grant(answer_to(desk.questions[0], 2));
  ASSERT_TRUE(until([&] { return e->versions.size() == 2; }));
  EXPECT_EQ(e->versions[1], 2U);
  EXPECT_THAT(e->log, Contains(HasSubstr("answers")));
}

TEST_F(LeaseLineTest, OfTwoProcessesByOneNameNoneGetsWhatTheOtherWasPromised) {
  const auto first = engine(), second = engine();
  first->line->ask(question("east", 7));
  ASSERT_TRUE(until([&] { return desk.questions.size() == 1; }));
  second->line->ask(question("east", 1007));
  ASSERT_TRUE(until([&] { return desk.questions.size() == 2; }));
  server->grant(answer_to(desk.questions[0], 1));
  ASSERT_TRUE(until([&] { return first->versions.size() == 1; }));
  server->grant(answer_to(desk.questions[1], 2));
  ASSERT_TRUE(until([&] { return second->versions.size() == 1; }));
  rest();
  EXPECT_EQ(first->versions, std::vector<std::uint64_t>{1});
  EXPECT_EQ(second->versions, std::vector<std::uint64_t>{2});
}

TEST_F(LeaseLineTest, AnAnswerToAnEarlierQuestionIsNotSentAnyMore) {
  const auto e = engine();
  e->line->ask(question("east", 7));
  ASSERT_TRUE(until([&] { return desk.questions.size() == 1; }));
  e->line->ask(question("east", 8));
  ASSERT_TRUE(until([&] { return desk.questions.size() == 2; }));
  server->grant(answer_to(desk.questions[0], 1));
  rest();
  EXPECT_TRUE(e->versions.empty());
  server->grant(answer_to(desk.questions[1], 2));
  EXPECT_TRUE(until([&] { return e->versions.size() == 1; }));
}

TEST_F(LeaseLineTest, ARoleThatComesLaterIsFoundAndOneThatGoesIsToldOnce) {
  const std::string address = server->address();
  server.reset();
  const auto e = engine();
  e->line->ask(question("east", 7));
  ASSERT_TRUE(until([&] { return !e->log.empty(); }));
  EXPECT_THAT(e->log[0], AllOf(HasSubstr(address), HasSubstr("not reached")));
  serve(address);
  e->line->ask(question("east", 8));
  ASSERT_TRUE(until([&] { return !desk.questions.empty(); }));
  server->grant(answer_to(desk.questions.back(), 1));
  ASSERT_TRUE(until([&] { return e->line->up(); }));

  server->stop();
  server.reset();
  ASSERT_TRUE(until([&] { return !e->line->up(); }));
  EXPECT_THAT(e->log.back(), HasSubstr("lost"));
  serve(address);
  desk.questions.clear();
  e->line->ask(question("east", 9));
  ASSERT_TRUE(until([&] { return !desk.questions.empty(); }));
  server->grant(answer_to(desk.questions.back(), 2));
  EXPECT_TRUE(until([&] { return e->line->up(); }));
  EXPECT_EQ(e->versions, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(LeaseLineTest, AnEngineThatIsTakenForTheRoleSaysSo) {
  desk.is_engine = true;
  const auto e = engine();
  e->line->ask(question("east", 7));
  ASSERT_TRUE(until([&] { return !e->log.empty(); }));
  EXPECT_THAT(e->log[0], AllOf(HasSubstr("not reached"), HasSubstr("ats risk --config")));
  EXPECT_FALSE(e->line->up());
}

TEST_F(LeaseLineTest, AnAnswerThatMakesNoSenseEndsTheStreamAndIsToldAndNothingOfItCounts) {
  const auto e = engine();
  e->line->ask(question("east", 7));
  ASSERT_TRUE(until([&] { return !desk.questions.empty(); }));
  server->grant(answer_to(desk.questions[0], 0));  // versions begin with one
  ASSERT_TRUE(until([&] { return !e->log.empty(); }));
  EXPECT_THAT(e->log[0], HasSubstr("makes no sense: version"));
  EXPECT_TRUE(e->versions.empty());
}

TEST_F(LeaseLineTest, AQuestionThatWaitsGivesWayToANewerOne) {
  const std::string address = server->address();
  server.reset();
  const auto e = engine();
  for (std::int64_t n = 1; n <= 100; ++n) e->line->ask(question("east", n));
  ASSERT_TRUE(until([&] { return !e->log.empty(); }));
  e->line->ask(question("east", 101));
  serve(address);
  ASSERT_TRUE(until([&] { return !desk.questions.empty(); }));
  rest();
  EXPECT_EQ(desk.questions.back().asked.asked, Instant{101});
  EXPECT_LE(desk.questions.size(), 2U);
}

TEST_F(LeaseLineTest, OtherHostsAreAskedWithCertificatesOnly) {
  config.role = "10.1.2.3:7400";
  const auto opened = LeaseLine::open(reactor, config, {});
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error(), AllOf(HasSubstr("risk.role"), HasSubstr("risk.tls_cert")));
}

}  // namespace
}  // namespace ats::services
