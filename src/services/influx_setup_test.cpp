// Against a server of ours that keeps organisations, buckets, mappings and tasks as a 2.x does, of which Debian has none; the
// real 1.x is tried by tests/influx_test.py.
#include "services/influx_setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "io/net_testing.hpp"
#include "services/history_source.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using Did = InfluxStep::Did;

// On a thread of its own: who asks waits for the answer.
class InfluxSetupTest : public ::testing::Test {
 protected:
  InfluxSetupTest() {
    std::string pattern = (std::filesystem::path(testing::TempDir()) / "ats-token-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    config_.secret_file = (folder_ / "token").string();
    std::ofstream(config_.secret_file) << "a token\n";
    ::chmod(config_.secret_file.c_str(), 0600);
    config_.organisation = "desk";
    handler_.answer = [this](const HttpRequest& request, const io::Responder& to) {
      to.respond(answer(request));
    };
    server_ = io::HttpServer::listen(
                  reactor_, handler_,
                  {.port = 0, .tls = nullptr, .limits = {}, .websocket = {}, .stream = {}})
                  .value();
    config_.server = "http://127.0.0.1:" + std::to_string(server_->port());
    thread_ = std::thread([this] { reactor_.run(); });
  }
  ~InfluxSetupTest() override {
    stop();
    std::filesystem::remove_all(folder_);
  }
  // From then on what the server holds may be looked at.
  void stop() {
    reactor_.stop();
    if (thread_.joinable()) thread_.join();
  }

  HttpResponse answer(const HttpRequest& request) {
    if (const auto* who = request.header("Authorization"); !who || *who != "Token a token")
      return {401, {}, R"({"code":"unauthorized","message":"unauthorized access"})"};
    const std::string path = request.target.substr(0, request.target.find('?'));
    const json body = request.body.empty() ? json() : json::parse(request.body);
    if (path == "/api/v2/orgs")
      return {
          200,
          {},
          request.target.ends_with("org=desk") ? R"({"orgs":[{"id":"0a"}]})" : R"({"orgs":[]})"};
    if (path == "/query") return {200, {}, query_};
    for (const auto& [kind, list, name] :
         {std::tuple{"/api/v2/buckets", "buckets", "name"},
          std::tuple{"/api/v2/dbrps", "content", "retention_policy"},
          std::tuple{"/api/v2/tasks", "tasks", "flux"}}) {
      std::map<std::string, json>& held = held_[list];
      if (path == kind && request.method == "POST") {
        json made = body;
        const std::string id = std::to_string(held.size() + 1);
        made["id"] = id;
        held[id] = made;
        return {201, {}, made.dump()};
      }
      if (path == kind) {
        json found = json::array();
        for (const auto& [id, one] : held) {
          const std::string text = one[name].get<std::string>();
          // Names are asked for as they are; a task's is in its text.
          if (asked_for(request.target, text)) found.push_back(one);
        }
        return {200, {}, json{{list, found}}.dump()};
      }
      if (path.starts_with(std::string(kind) + "/") && request.method == "PATCH") {
        json& one = held[path.substr(std::string(kind).size() + 1)];
        one.update(body);
        return {200, {}, one.dump()};
      }
    }
    return {404, {}, ""};
  }
  static bool asked_for(const std::string& target, const std::string& held) {
    for (const char* const policy : {"events", "samples", "minutes"}) {
      if (held.ends_with(policy)) return target.ends_with(policy);
    }
    return target.ends_with("quote%20minutes") == (held.find("ats quote minutes") != held.npos);
  }
  std::vector<Did> did(bool dry_run = false) {
    const auto steps = set_up_influx(config_, dry_run);
    EXPECT_TRUE(steps) << steps.error();
    std::vector<Did> all;
    for (const InfluxStep& step : *steps) all.push_back(step.did);
    return all;
  }

  std::filesystem::path folder_;
  InfluxConfig config_;
  io::Reactor reactor_;
  io::RecordingHandler handler_;
  std::unique_ptr<io::HttpServer> server_;
  std::map<std::string, std::map<std::string, json>> held_;
  std::string query_ = R"({"results":[{}]})";
  std::thread thread_;
};

TEST_F(InfluxSetupTest, MakesBucketsMappingsAndTasksOnce) {
  EXPECT_EQ(did(true), std::vector<Did>(8, Did::Would));
  EXPECT_EQ(did(), std::vector<Did>(8, Did::Made));
  EXPECT_EQ(did(), std::vector<Did>(8, Did::WasThere));
  config_.keep_samples = hours(100);
  std::vector<Did> changed(8, Did::WasThere);
  changed[2] = Did::Changed;
  EXPECT_EQ(did(), changed);
  stop();
  EXPECT_EQ(held_["buckets"]["2"]["name"], "ats/samples");
  EXPECT_EQ(held_["buckets"]["2"]["retentionRules"][0]["everySeconds"], 360'000);
  EXPECT_EQ(held_["buckets"]["1"]["retentionRules"].size(), 0u) << "events stay";
  EXPECT_EQ(held_["content"]["1"]["database"], "ats");
  EXPECT_EQ(held_["content"]["1"]["bucketID"], "1");
  EXPECT_THAT(held_["tasks"]["1"]["flux"].get<std::string>(),
              HasSubstr(R"(from(bucket: "ats/samples"))"));
}

TEST_F(InfluxSetupTest, SaysWhatTheServerSays) {
  config_.organisation = "nobody";
  const auto steps = set_up_influx(config_, false);
  ASSERT_FALSE(steps);
  EXPECT_THAT(steps.error(), HasSubstr("knows no nobody"));
  std::ofstream(config_.secret_file) << "another\n";
  const auto refused = set_up_influx(config_, false);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("401"));
}

TEST_F(InfluxSetupTest, RowsAreReadWithTheirExactNumbers) {
  query_ =
      R"({"results":[{"series":[{"name":"execution","columns":["time","bought_exact","earned_exact",)"
      R"("execution","outcome","pair","realised_exact","reporting","residual_exact","sold_exact"],)"
      R"("values":[[1790000000000000001,"0.5","-1.000000000000000001",7,"completed","BTC/USDT","-1.25",)"
      R"("USDT","0","0.5"]]}]}]})";
  auto history = influx_history(config_, "we're \\ west");
  ASSERT_TRUE(history) << history.error();
  const auto rows = (*history)->executions({{1}, {2}});
  ASSERT_TRUE(rows) << rows.error();
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].at.ns_utc, 1'790'000'000'000'000'001);
  EXPECT_EQ((*rows)[0].execution, 7u);
  EXPECT_EQ((*rows)[0].outcome, "completed");
  EXPECT_EQ((*rows)[0].earned->to_string(), "-1.000000000000000001");
  stop();
  EXPECT_THAT(handler_.requests.back().target,
              HasSubstr("engine%20%3D%20%27we%5C%27re%20%5C%5C%20west%27"));
}

}  // namespace
}  // namespace ats::services
