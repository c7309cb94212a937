// What an engine tells Redis: our client against hiredis alone, both with 512 commands under way and the same bytes. The server
// has the other core, and answers each command.
#include <string>

#include "harness.hpp"
#include "io/reactor.hpp"
#include "io/redis_client.hpp"
#include "redis_server.hpp"

namespace ats::bench {
namespace {

constexpr std::size_t under_way = 512;
constexpr std::uint64_t messages = 60 * under_way;
constexpr const char* channel = "ats.v1.quote.kraken.BTC/USDT";

std::uint64_t digest_of(std::uint64_t digest, std::int64_t heard_by) {
  return mix(digest, static_cast<std::uint64_t>(heard_by) + 1);
}

Outcome by_hiredis(const RedisServer& server, const std::string& payload) {
  const RedisConnection connection = server.connect();
  std::uint64_t digest = 0;
  const std::int64_t from = now_ns();
  for (std::uint64_t sent = 0; sent < messages; sent += under_way) {
    for (std::size_t n = 0; n < under_way; ++n)
      redisAppendCommand(connection.get(), "PUBLISH %s %b", channel, payload.data(),
                         payload.size());
    for (std::size_t n = 0; n < under_way; ++n)
      digest = digest_of(digest, next_reply(connection)->integer);
  }
  return {{static_cast<double>(now_ns() - from) / static_cast<double>(messages)}, digest};
}

Outcome by_ours(const RedisServer& server, const std::string& payload) {
  io::Reactor reactor;
  io::RedisOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  io::RedisClient client(reactor, std::move(options), {[] {}, [](const std::string&) {}});
  while (!client.up()) reactor.poll(milliseconds(1));
  std::uint64_t digest = 0, sent = 0, answered = 0;
  const auto answer = [&](const ats::Result<io::RedisValue, io::RedisError>& said) {
    if (!said) die("redis-server ended the connection");
    digest = digest_of(digest, said->integer);
    ++answered;
  };
  const std::int64_t from = now_ns();
  while (answered < messages) {
    while (sent < messages && client.waiting() < under_way) {
      if (!client.send({"PUBLISH", channel, payload}, answer)) die("a command was not taken");
      ++sent;
    }
    reactor.poll(milliseconds(20));
  }
  return {{static_cast<double>(now_ns() - from) / static_cast<double>(messages)}, digest};
}

void run(Session& session) {
  const RedisServer server;
  for (const std::size_t size : {100U, 1024U}) {
    const std::string payload(size, 'x');
    session.compare(
        {.name = "published, " + std::to_string(size) + " B, 512 under way",
         .baseline_name = "hiredis",
         .baseline = [&] { return by_hiredis(server, payload); },
         .ours = [&] { return by_ours(server, payload); },
         .metrics = {{.unit = "ns/message", .goal_id = "9b", .goal = at_least(0.9, 0.8)}}});
  }
}

const Register registered{"redis", run};

}  // namespace
}  // namespace ats::bench
