// One connection to a Redis server (RESP2), plain or TLS: commands are pipelined, answers come in their order. It connects
// again by itself, ever more slowly, and never repeats a command: what was under way when the connection ended is
// reported as lost, since nobody knows whether the server has carried it out.
//
// hiredis reads answers; the sockets are ours, because Debian's hiredis knows no TLS.
//
// Invariants:
//  - Every command that was taken gets exactly one answer, from Reactor::poll(), unless the client is destroyed first.
//  - A command that does not fit (RedisOptions::waiting_max) is not taken, and says so.
//  - on_up comes after the server has accepted user and password; nothing is taken before it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "io/backoff.hpp"
#include "io/stream.hpp"
#include "security/secret.hpp"

struct redisReader;
struct redisReply;

namespace ats::io {

class TlsContext;

struct RedisOptions {
  std::string host;
  std::uint16_t port = 6379;
  std::string user;                     // of the server's access list; empty: the default one
  security::Secret password;            // empty: none is asked for
  const TlsContext* tls = nullptr;      // null: plain; must outlive the client
  std::size_t waiting_max = 64 * 1024;  // commands without an answer
  Duration answer_within = seconds(5);  // else the connection is given up
  Duration pause_most = seconds(5);     // between two attempts to connect
  std::uint64_t jitter_seed = 1;
};

// What came back: nothing, a number, a text, or a list of such.
struct RedisValue {
  enum class Kind : std::uint8_t { Nil, Integer, Text, List, Error };
  Kind kind = Kind::Nil;
  std::int64_t integer = 0;
  std::string text;  // of an error: what the server said
  std::vector<RedisValue> list;
};

enum class RedisError : std::uint8_t {
  Lost,  // the connection ended: carried out or not
};

class RedisClient final : private StreamListener {
 public:
  // What the server refuses is a value of kind Error.
  using Answer = std::function<void(const Result<RedisValue, RedisError>&)>;
  struct Outside {
    std::function<void()> up;
    // Once an outage, and again when it is for another reason.
    std::function<void(const std::string& why)> down;
  };

  RedisClient(Reactor& reactor, RedisOptions options, Outside outside);
  ~RedisClient() override;
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  bool up() const { return ready_; }
  std::size_t waiting() const { return answers_.size(); }
  // False: not up, or too many wait; nothing was sent. `answer` may be empty.
  bool send(std::initializer_list<std::string_view> command, Answer answer = {});
  // Messages of a channel or, with a `*`, of those like it; anew after each reconnection. For a client that does nothing else.
  using Heard = std::function<void(std::string_view channel, std::string_view message)>;
  void subscribe(const std::string& pattern, Heard heard);

 private:
  struct Waiting {
    Answer answer;
    Instant until;
  };

  void on_open() override;
  void on_bytes() override;
  void on_close(CloseReason reason) override;
  void connect();
  void begin_session();
  void accepted();
  void listen();
  bool write(std::initializer_list<std::string_view> command, Answer answer);
  void take(const redisReply& reply);
  void lose(const std::string& why);
  void watch();

  Reactor& reactor_;
  const RedisOptions options_;
  const Outside outside_;
  Backoff pause_;
  Lifeline lifeline_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<redisReader, void (*)(redisReader*)> reader_;
  std::deque<Waiting> answers_;
  bool ready_ = false;
  std::string down_told_;  // why it is down, as told
  TimerId again_, watch_, flush_;
  Instant now_;  // when the first of what waits to be flushed was said
  std::string pattern_;
  Heard heard_;
};

}  // namespace ats::io
