// Against the real server, started by the test on a free port of this machine.
#include "io/redis_client.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "io/clock.hpp"
#include "io/net_testing.hpp"
#include "io/server.hpp"

extern char** environ;

namespace ats::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RedisClientTest : public ::testing::Test {
 protected:
  ~RedisClientTest() override { stop(); }

  void start_server() {
    std::vector<std::string> words{"redis-server",
                                   "--port",
                                   std::to_string(port_),
                                   "--bind",
                                   "127.0.0.1",
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no",
                                   "--dir",
                                   "/tmp",
                                   "--requirepass",
                                   password_};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(posix_spawnp(&server_, argv[0], &files, nullptr, argv.data(), environ), 0)
        << "redis-server is not here: ./dev setup";
    posix_spawn_file_actions_destroy(&files);
  }
  // It has, when this returns: a signal alone takes its time.
  void stand_still() const {
    ::kill(server_, SIGSTOP);
    int status = 0;
    ASSERT_EQ(::waitpid(server_, &status, WUNTRACED), server_);
    ASSERT_TRUE(WIFSTOPPED(status));
  }
  void stop() {
    if (server_ <= 0) return;
    ::kill(server_, SIGKILL);  // also of one that stands still, which answers nothing any more
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }
  RedisOptions options() {
    RedisOptions options;
    options.host = "127.0.0.1";
    options.port = port_;
    options.password = security::Secret::of(password_);
    options.answer_within = milliseconds(700);
    return options;
  }
  RedisClient& client(RedisOptions options) {
    client_.emplace(
        reactor_, std::move(options),
        RedisClient::Outside{[this] { ++ups_; },
                             [this](const std::string& why) { downs_.push_back(why); }});
    return *client_;
  }
  RedisClient& connected() {
    start_server();
    client(options());
    until([&] { return client_->up(); });
    return *client_;
  }
  // Fails when it takes ten seconds.
  void until(const std::function<bool()>& so) {
    const Instant end = OsClock::now() + seconds(10);
    while (!so()) {
      ASSERT_LT(OsClock::now(), end);
      reactor_.poll(milliseconds(10));
    }
  }

  std::string password_ = "a b";
  std::uint16_t port_ = Listening{}.port;
  pid_t server_ = 0;
  Reactor reactor_;
  int ups_ = 0;
  std::vector<std::string> downs_;
  std::optional<RedisClient> client_;
};

TEST_F(RedisClientTest, AnswersComeInTheOrderOfCommandsAndErrorsAreAnswers) {
  RedisClient& redis = connected();
  std::vector<std::string> seen;
  const auto note = [&](const Result<RedisValue, RedisError>& answer) {
    ASSERT_TRUE(answer);
    switch (answer->kind) {
      case RedisValue::Kind::Nil:
        seen.emplace_back("nil");
        break;
      case RedisValue::Kind::Integer:
        seen.push_back(std::to_string(answer->integer));
        break;
      case RedisValue::Kind::List:
        seen.push_back("list of " + std::to_string(answer->list.size()));
        break;
      case RedisValue::Kind::Error:
        seen.push_back("error " + answer->text.substr(0, 9));
        break;
      case RedisValue::Kind::Text:
        seen.push_back(answer->text);
        break;
    }
  };
  const std::string binary("a\0\r\nb", 5);
  EXPECT_TRUE(redis.send({"GET", "none"}, note));
  EXPECT_TRUE(redis.send({"SET", "k", binary}, note));
  EXPECT_TRUE(redis.send({"GET", "k"}, note));
  EXPECT_TRUE(redis.send({"XADD", "s", "5-1", "m", "x"}, note));
  EXPECT_TRUE(redis.send({"XADD", "s", "5-1", "m", "x"}, note));
  EXPECT_TRUE(redis.send({"XRANGE", "s", "-", "+"}, note));
  EXPECT_TRUE(redis.send({"PUBLISH", "nobody", "x"}, note));
  EXPECT_EQ(redis.waiting(), 7u);
  until([&] { return redis.waiting() == 0; });
  EXPECT_THAT(seen, ElementsAre("nil", "OK", binary, "5-1", "error ERR The I", "list of 1", "0"));
}

TEST_F(RedisClientTest, BeforeItIsUpAndBeyondItsBoundNothingIsTaken) {
  client(options());
  EXPECT_FALSE(client_->send({"PING"}));
  until([&] { return !downs_.empty(); });
  start_server();
  until([&] { return client_->up(); });
  EXPECT_EQ(downs_.size(), 1u) << "an outage is told once, however often it was tried";
  client_.reset();
  RedisOptions few = options();
  few.waiting_max = 2;
  RedisClient& redis = client(std::move(few));
  until([&] { return redis.up(); });
  EXPECT_TRUE(redis.send({"PING"}));
  EXPECT_TRUE(redis.send({"PING"}));
  EXPECT_FALSE(redis.send({"PING"}));
}

TEST_F(RedisClientTest, WhatWasUnderWayWhenTheServerDiedIsLostAndIsNotSentAgain) {
  RedisClient& redis = connected();
  stand_still();
  int lost = 0;
  for (int n = 0; n < 3; ++n) {
    EXPECT_TRUE(redis.send({"INCR", "n"}, [&](const auto& answer) {
      EXPECT_FALSE(answer);
      ++lost;
    }));
  }
  reactor_.poll(milliseconds(10));
  stop();
  until([&] { return lost == 3; });
  EXPECT_FALSE(redis.up());
  start_server();
  until([&] { return redis.up(); });
  EXPECT_EQ(ups_, 2);
  std::string value = "?";
  redis.send({"GET", "n"}, [&](const auto& answer) {
    value = answer && answer->kind == RedisValue::Kind::Nil ? "nil" : "something";
  });
  until([&] { return value != "?"; });
  EXPECT_EQ(value, "nil") << "a server without memory: nothing was sent again";
}

TEST_F(RedisClientTest, AServerThatAnswersNoMoreIsGivenUp) {
  RedisClient& redis = connected();
  stand_still();
  bool lost = false;
  redis.send({"PING"}, [&](const auto& answer) { lost = !answer; });
  until([&] { return lost; });
  EXPECT_THAT(downs_.back(), HasSubstr("no answer within 700 ms"));
  ::kill(server_, SIGCONT);
  until([&] { return redis.up(); });
}

TEST_F(RedisClientTest, AWrongPasswordIsSaidAndTriedAgainLater) {
  start_server();
  RedisOptions wrong = options();
  wrong.password = security::Secret::of("other");
  client(std::move(wrong));
  // The server may not have been there yet: that is another reason, and told as well.
  until([&] {
    return !downs_.empty() && downs_.back().find("does not take us") != std::string::npos;
  });
  EXPECT_LE(downs_.size(), 2u);
  EXPECT_FALSE(client_->up());
  EXPECT_EQ(ups_, 0);
}

TEST_F(RedisClientTest, ASubscriberHearsAndHearsAgainAfterAnOutage) {
  RedisClient& hearer = connected();
  std::vector<std::string> heard;
  hearer.subscribe("ats.*", [&](std::string_view channel, std::string_view message) {
    heard.push_back(std::string(channel) + " " + std::string(message));
  });
  RedisClient speaker(reactor_, options(), {});
  const auto say = [&](std::string_view what) {
    until([&] { return speaker.up() && hearer.up(); });
    std::int64_t listeners = 0;
    while (listeners == 0) {
      bool answered = false;
      ASSERT_TRUE(speaker.send({"PUBLISH", "ats.quote", what}, [&](const auto& answer) {
        answered = true;
        listeners = answer ? answer->integer : 0;
      }));
      until([&] { return answered; });
    }
  };
  say("one");
  until([&] { return heard.size() == 1; });
  stop();
  until([&] { return !hearer.up() && !speaker.up(); });
  start_server();
  say("two");
  until([&] { return heard.size() == 2; });
  EXPECT_THAT(heard, ElementsAre("ats.quote one", "ats.quote two"));
}

TEST_F(RedisClientTest, OneThatMayNotListenIsToldSo) {
  RedisClient& redis = connected();
  bool made = false;
  redis.send({"ACL", "SETUSER", "narrow", "on", ">pw", "~*", "&ats.v1.*", "+@all"},
             [&](const auto& answer) { made = answer && answer->text == "OK"; });
  until([&] { return made; });
  RedisOptions narrow = options();
  narrow.user = "narrow";
  narrow.password = security::Secret::of("pw");
  std::string why;
  RedisClient hearer(reactor_, std::move(narrow),
                     {{}, [&](const std::string& told) { why = told; }});
  hearer.subscribe("others.*", [](std::string_view, std::string_view) {});
  until([&] { return !why.empty(); });
  EXPECT_THAT(why, HasSubstr("does not let us listen to others.*: NOPERM"));
}

TEST_F(RedisClientTest, AServerOfAnotherKindIsGivenUp) {
  struct NoRedis final : ServerHandler {
    void on_request(const HttpRequest&, Responder responder) override { responder.respond({}); }
    std::optional<HttpResponse> on_upgrade(const HttpRequest&) override { return HttpResponse{}; }
    void on_open(SessionId, std::string_view) override {}
    void on_message(SessionId, Opcode, std::string_view, Instant) override {}
    void on_close(SessionId, const WsClosed&) override {}
  } handler;
  auto server = HttpServer::listen(reactor_, handler, {.port = port_});
  ASSERT_TRUE(server);
  client(options());
  until([&] { return !downs_.empty(); });
  EXPECT_FALSE(client_->up());
}

TEST_F(RedisClientTest, IsDestroyedWithinItsOwnAnswer) {
  RedisClient& redis = connected();
  bool answered = false;
  redis.send({"PING"}, [&](const auto&) {
    answered = true;
    client_.reset();
  });
  redis.send({"PING"}, [&](const auto&) { FAIL() << "its client is gone"; });
  until([&] { return answered; });
  for (int n = 0; n < 5; ++n) reactor_.poll(milliseconds(10));
}

}  // namespace
}  // namespace ats::io
