// The notifier as a process of its own, wired: notices of engines and of the risk role from Redis Streams, the notifier's
// work, a control socket for people. One thread, and one for each channel.
//
// A stream is read from the entry that was settled last. What is missing before the next one (Redis keeps only so many) is
// told as a notice of its own.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/histogram.hpp"
#include "base/result.hpp"
#include "io/reactor.hpp"
#include "io/redis_client.hpp"
#include "services/bus_server.hpp"
#include "services/config.hpp"
#include "services/control.hpp"
#include "services/log.hpp"
#include "services/monitor.hpp"
#include "services/notification_server.hpp"
#include "services/notifier.hpp"

namespace ats::services {

class NotifierProcess final : private MonitorSource {
 public:
  // The error is one line a person can act on.
  static Result<std::unique_ptr<NotifierProcess>, std::string> open(io::Reactor& reactor,
                                                                    const Config& config, Log& log);
  ~NotifierProcess() override;

  void start();
  // After each turn of the loop.
  void turn() { notifier_->turn(); }
  // Not empty: it can go on no more, and why.
  const std::string& failure() const { return notifier_->failure(); }
  // Waits for the attempts under way.
  void close();

 private:
  struct Stream {
    std::string key;  // "ats.v1.alert.engine"
    std::string source;
    NoticeCursor cursor;
    bool first = false;  // it was never read before
    bool asking = false;
    bool more = false;  // there was as much as was asked for
    std::uint64_t settled = 0;
    std::string refused;  // as told
  };

  NotifierProcess(io::Reactor& reactor, const Config& config, Log& log);
  std::optional<std::string> prepare();
  void tick();
  void ask(Stream& stream);
  void hear(Stream& stream, const io::RedisValue& answer);
  void look_at_redis();
  std::string answer(std::string_view request);
  void monitored(MonitorView& out) const override;
  void say(std::string text, LogLevel level = LogLevel::Info);

  io::Reactor& reactor_;
  const Config config_;
  Log& log_;
  std::unique_ptr<Notifier> notifier_;
  std::optional<BusServer> server_;
  std::unique_ptr<io::RedisClient> redis_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::unique_ptr<ControlServer> control_;
  io::TimerId timer_;
  Instant tick_due_, started_;
  Instant down_since_;  // zero: Redis answers
  std::string down_why_;
  bool down_told_ = false;
  Histogram loop_lag_;
  bool closing_ = false;
  std::unique_ptr<NotificationServer> grpc_;  // null: not asked for
  std::unique_ptr<Monitor>
      monitor_;  // null: not asked for; asks all of the above, so it goes first
};

}  // namespace ats::services
