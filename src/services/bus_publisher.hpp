// Tells Redis what an engine does, from a thread of its own: what Redis does, or does not do, holds up no order.
//
// Fills, executions and alerts go, each once and in order, into a Redis Stream under the number that the journal gives them, and
// are published beside it. After every connection Redis is asked which it has last, and the rest follows: nothing is
// lost while Redis, the line or this process is away, as long as what waits fits (`waiting_most`). Quotes are the
// latest only: what could not be told is told as it is later.
//
// Invariants: a number is added to the stream once (Redis refuses an id that is not above the last). What had to be let go
// is counted and told, and is a hole in the numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/status.hpp"
#include "io/reactor.hpp"
#include "services/bus_config.hpp"
#include "services/bus_feed.hpp"

namespace ats::services {

struct BusStatus {
  bool up = false;
  std::uint64_t published = 0;  // messages that Redis has taken
  std::uint64_t waiting = 0;    // fills, executions and alerts that it has not
  std::uint64_t let_go = 0;     // … and that did not fit
};

class BusPublisher {
 public:
  static constexpr std::size_t waiting_most = 100'000;  // of a stream

  // `log` is called on the reactor's thread. The error is one line a person can act on.
  static Result<std::unique_ptr<BusPublisher>, std::string> open(
      io::Reactor& reactor, const BusConfig& config, const std::string& source,
      std::function<void(std::string)> log);
  ~BusPublisher();
  BusPublisher(const BusPublisher&) = delete;
  BusPublisher& operator=(const BusPublisher&) = delete;

  // Each event with what followed, those of earlier lives first; nothing is sent before start().
  void on(const Event& event, Instant now, const Actions& actions);
  // What no journal holds, after start().
  void say(const Alert& alert);
  void start();
  // The books as they are: what changed since is told.
  void look(const CoreStatus& status, std::shared_ptr<const Universe> names);
  BusStatus status() const;
  // Sends what waits, for so long at most.
  void close(Duration within);

 private:
  class Parts;
  explicit BusPublisher(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services
