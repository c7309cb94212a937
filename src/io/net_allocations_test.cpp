// The promise that nothing is allocated per message, counted: this program's operator new is replaced.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>

#include "io/net_testing.hpp"

namespace {
thread_local std::size_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }

namespace ats::io {
namespace {

struct Echo final : ServerHandler {
  HttpServer* server = nullptr;
  SessionId session = 0;
  void on_request(const HttpRequest&, Responder) override {}
  std::optional<HttpResponse> on_upgrade(const HttpRequest&) override { return std::nullopt; }
  void on_open(SessionId id, std::string_view) override { session = id; }
  void on_message(SessionId id, Opcode, std::string_view payload, Instant) override {
    server->send_text(id, payload);
  }
  void on_close(SessionId, const WsClosed&) override {}
};

struct Counter final : WsListener {
  std::size_t messages = 0;
  bool open = false;
  void on_open() override { open = true; }
  void on_message(Opcode, std::string_view, Instant) override { ++messages; }
  void on_closed(const WsClosed&) override {}
};

class Allocations : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(, Allocations, testing::Bool(),
                         [](const auto& info) { return info.param ? "tls" : "plain"; });

// OpenSSL takes its memory with malloc, which is not counted; what is ours is.
TEST_P(Allocations, a_message_there_and_back_takes_none_once_warm) {
  Dress dress(GetParam());
  Reactor reactor;
  Echo echo;
  HttpServerOptions server_options;
  server_options.tls = dress.server();
  const auto server = HttpServer::listen(reactor, echo, server_options).value();
  echo.server = server.get();
  Counter counter;
  WsClientOptions options;
  options.host = "127.0.0.1";
  options.port = server->port();
  options.tls = dress.client();
  WebSocketClient client(reactor, counter, options);
  client.connect();
  ASSERT_TRUE(run_until(reactor, [&] { return counter.open; }));
  const std::string message(600, 'x');
  const auto round_trips = [&](std::size_t n) {
    counter.messages = 0;
    for (std::size_t i = 0; i < n; ++i) {
      client.send_text(message);
      if (!run_until(reactor, [&] { return counter.messages == i + 1; })) return false;
    }
    return true;
  };
  ASSERT_TRUE(round_trips(100));
  const std::size_t before = allocations;
  ASSERT_TRUE(round_trips(500));
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace ats::io
