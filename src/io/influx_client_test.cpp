// Against a server of ours that records what it is sent: what goes over the wire, and what is made of the answers. The
// real 1.x is tried by tests/influx_test.py.
#include "io/influx_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <optional>

#include "io/net_testing.hpp"

namespace ats::io {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string unpacked(const std::string& packed) {
  z_stream state{};
  EXPECT_EQ(inflateInit2(&state, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  state.avail_in = static_cast<uInt>(packed.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&state, Z_FINISH), Z_STREAM_END);
  out.resize(state.total_out);
  inflateEnd(&state);
  return out;
}

class InfluxClientTest : public ::testing::Test {
 protected:
  explicit InfluxClientTest(bool tls = false) : dress_(tls) {
    server_ = HttpServer::listen(
                  reactor_, handler_,
                  {.port = 0, .tls = dress_.server(), .limits = {}, .websocket = {}, .stream = {}})
                  .value();
    options_.host = tls ? "localhost" : "127.0.0.1";
    options_.port = server_->port();
    options_.tls = dress_.client();
    options_.database = "ats";
    options_.answer_within = seconds(2);
    handler_.answer = [this](const HttpRequest&, const Responder& to) { to.respond(answer_); };
  }

  InfluxAnswer write(std::string_view lines = "a n=1i 1\n") {
    if (!client_) client_.emplace(reactor_, options_);
    std::optional<InfluxAnswer> told;
    client_->write("market", lines, [&](const InfluxAnswer& answer) { told = answer; });
    EXPECT_TRUE(run_until(reactor_, [&] { return told.has_value(); }));
    return told.value_or(InfluxAnswer{});
  }
  const HttpRequest& sent() const { return handler_.requests.back(); }

  Dress dress_;
  Reactor reactor_;
  RecordingHandler handler_;
  std::unique_ptr<HttpServer> server_;
  InfluxOptions options_;
  HttpResponse answer_{204, {}, ""};
  std::optional<InfluxClient> client_;
};

TEST_F(InfluxClientTest, writes_to_a_1x_as_it_wants_it) {
  options_.user = "ats";
  options_.secret = security::SecretText("se:cret");
  EXPECT_EQ(write("a n=1i 1\nb n=2i 2\n").outcome, InfluxOutcome::Written);
  EXPECT_EQ(sent().method, "POST");
  EXPECT_EQ(sent().target, "/write?db=ats&rp=market&precision=ns");
  EXPECT_EQ(*sent().header("Content-Encoding"), "gzip");
  EXPECT_EQ(*sent().header("Authorization"), "Basic YXRzOnNlOmNyZXQ=");
  EXPECT_EQ(unpacked(sent().body), "a n=1i 1\nb n=2i 2\n");
}

TEST_F(InfluxClientTest, writes_to_a_2x_as_it_wants_it) {
  options_.organisation = "our desk";
  options_.secret = security::SecretText("token==");
  options_.compress = false;
  EXPECT_EQ(write().outcome, InfluxOutcome::Written);
  EXPECT_EQ(sent().target, "/api/v2/write?org=our%20desk&bucket=ats%2Fmarket&precision=ns");
  EXPECT_EQ(*sent().header("Authorization"), "Token token==");
  EXPECT_EQ(sent().header("Content-Encoding"), nullptr);
  EXPECT_EQ(sent().body, "a n=1i 1\n");
}

TEST_F(InfluxClientTest, keeps_its_connection) {
  for (int n = 0; n < 5; ++n) EXPECT_EQ(write().outcome, InfluxOutcome::Written);
  EXPECT_EQ(server_->connections(), 1u);
}

TEST_F(InfluxClientTest, understands_what_a_1x_says) {
  answer_ = {
      400, {{"X-Influxdb-Error", "partial write: points beyond retention policy dropped=3"}}, "{}"};
  InfluxAnswer told = write();
  EXPECT_EQ(told.outcome, InfluxOutcome::PartlyWritten);
  EXPECT_EQ(told.refused, 3u);
  EXPECT_THAT(told.why, HasSubstr("beyond retention policy"));
  answer_ = {400, {{"X-Influxdb-Error", "unable to parse 'x': missing fields"}}, "{}"};
  EXPECT_EQ(write().outcome, InfluxOutcome::Refused);
  answer_ = {401, {{"X-Influxdb-Error", "authorization failed"}}, "{}"};
  told = write();
  EXPECT_EQ(told.outcome, InfluxOutcome::NotLetIn);
  EXPECT_EQ(told.why, "401: authorization failed");
  answer_ = {403, {}, "no"};
  EXPECT_EQ(write().outcome, InfluxOutcome::NotLetIn);
  answer_ = {404, {{"X-Influxdb-Error", "database not found: \"ats\""}}, "{}"};
  EXPECT_EQ(write().outcome, InfluxOutcome::Missing);
  answer_ = {500, {{"X-Influxdb-Error", "retention policy not found: market"}}, "{}"};
  EXPECT_EQ(write().outcome, InfluxOutcome::Missing);
  answer_ = {413, {}, ""};
  EXPECT_EQ(write().outcome, InfluxOutcome::TooLarge);
  answer_ = {500, {{"X-Influxdb-Error", "timeout"}}, "{}"};
  told = write();
  EXPECT_EQ(told.outcome, InfluxOutcome::Busy);
  EXPECT_EQ(told.wait, Duration{});
}

TEST_F(InfluxClientTest, understands_what_a_2x_says) {
  options_.organisation = "desk";
  answer_ = {429, {{"Retry-After", "7"}}, R"({"code":"too many requests"})"};
  InfluxAnswer told = write();
  EXPECT_EQ(told.outcome, InfluxOutcome::Busy);
  EXPECT_EQ(told.wait, seconds(7));
  answer_ = {503, {{"Retry-After", "999999999999"}}, ""};
  EXPECT_EQ(write().wait, seconds(300)) << "as long as anyone waits";
  answer_ = {
      422,
      {},
      R"({"code":"unprocessable entity","message":"partial write: field type conflict dropped=1"})"};
  told = write();
  EXPECT_EQ(told.outcome, InfluxOutcome::PartlyWritten);
  EXPECT_EQ(told.refused, 1u);
  answer_ = {404, {}, R"({"code":"not found","message":"bucket \"ats/market\" not found"})"};
  EXPECT_EQ(write().outcome, InfluxOutcome::Missing);
}

TEST_F(InfluxClientTest, makes_one_printable_line_of_what_a_server_says) {
  answer_ = {500, {}, "a\nb\x1b[31m" + std::string(5'000, 'x')};
  const std::string why = write().why;
  EXPECT_LT(why.size(), 400u);
  EXPECT_THAT(why, Not(HasSubstr("\n")));
  EXPECT_THAT(why, Not(HasSubstr("\x1b")));
}

TEST_F(InfluxClientTest, says_that_nobody_answered) {
  handler_.answer = [](const HttpRequest&, const Responder& to) { to.reset(); };
  EXPECT_EQ(write().outcome, InfluxOutcome::NoAnswer);
  options_.answer_within = milliseconds(50);
  client_.reset();
  handler_.answer = [](const HttpRequest&, const Responder&) {};
  const InfluxAnswer told = write();
  EXPECT_EQ(told.outcome, InfluxOutcome::NoAnswer);
  EXPECT_EQ(told.why, "timed_out");
}

TEST_F(InfluxClientTest, asks_questions_and_gives_commands) {
  client_.emplace(reactor_, options_);
  answer_ = {200, {}, R"({"results":[]})"};
  std::optional<InfluxAnswer> told;
  client_->ask("SELECT * FROM fill", [&](const InfluxAnswer& answer) { told = answer; });
  ASSERT_TRUE(run_until(reactor_, [&] { return told.has_value(); }));
  EXPECT_EQ(told->body, R"({"results":[]})");
  EXPECT_EQ(sent().target, "/query?epoch=ns&db=ats&q=SELECT%20%2A%20FROM%20fill");
  told.reset();
  client_->command("CREATE DATABASE \"a&b\"", [&](const InfluxAnswer& answer) { told = answer; });
  ASSERT_TRUE(run_until(reactor_, [&] { return told.has_value(); }));
  EXPECT_EQ(sent().body, "q=CREATE%20DATABASE%20%22a%26b%22");
}

class InfluxOverTls : public InfluxClientTest {
 protected:
  InfluxOverTls() : InfluxClientTest(true) {}
};

TEST_F(InfluxOverTls, writes_to_a_server_whose_certificate_is_of_the_authority) {
  EXPECT_EQ(write().outcome, InfluxOutcome::Written);
  EXPECT_EQ(unpacked(sent().body), "a n=1i 1\n");
}

}  // namespace
}  // namespace ats::io
