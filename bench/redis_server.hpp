// Debian's redis-server, started for a figure and ended with it, and hiredis as it comes: who waits for an answer sleeps.
#pragma once

#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "child.hpp"
#include "harness.hpp"

namespace ats::bench {

using RedisConnection = std::unique_ptr<redisContext, void (*)(redisContext*)>;
using RedisReply = std::unique_ptr<redisReply, void (*)(void*)>;

inline RedisReply next_reply(const RedisConnection& connection) {
  void* reply = nullptr;
  if (redisGetReply(connection.get(), &reply) != REDIS_OK) die("redis-server ended the connection");
  return {static_cast<redisReply*>(reply), freeReplyObject};
}

class RedisServer {
 public:
  RedisServer() : port_(free_port()) {
    const std::string port = std::to_string(port_);
    process_ = std::make_unique<Child>([&] {
      unpin();
      if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(1);
      ::execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1",
               "--save", "", "--appendonly", "no", static_cast<char*>(nullptr));
      ::_exit(1);
    });
  }
  std::uint16_t port() const { return port_; }
  RedisConnection connect() const {
    const std::int64_t until = now_ns() + 10'000'000'000;
    while (true) {
      RedisConnection connection(redisConnect("127.0.0.1", port_), redisFree);
      if (connection && connection->err == 0) return connection;
      if (now_ns() > until) die("redis-server does not answer");
      ::usleep(10'000);
    }
  }

 private:
  static std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      die("no free port");
    ::close(fd);
    return ntohs(address.sin_port);
  }

  std::uint16_t port_;
  std::unique_ptr<Child> process_;
};

}  // namespace ats::bench
