// Writes what an engine does and looks like into InfluxDB, from a thread of its own: what the server does, or does not do, holds
// up no order. The engine's thread copies units into a ring, and now and then a look into one of a few kept ones.
//
// Everything goes to disk first and from there to the server, in order, as long as it is away within influx.queue_limit; then
// the oldest goes, and how much is said. Events (fills, trades, orders, opportunities, refusals) are counted as the
// journal is folded: what is not on disk when this process dies is made again from the journal at the next start. A point
// that is written twice takes its own place, so that nothing is ever there twice.
//
// Samples (quotes, depth, trades of others, holdings, the process) are what they are: those of the last moments before a kill
// are lost with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/reactor.hpp"
#include "services/history_samples.hpp"
#include "services/influx_config.hpp"

namespace ats::services {

struct HistoryStatus {
  bool up = false;
  std::uint64_t written = 0;        // points that the server has taken
  std::uint64_t waiting = 0;        // points on disk that it has not
  std::uint64_t waiting_bytes = 0;  // likewise
  std::uint64_t dropped = 0;        // points there was no room for, on disk or on the way to it
  std::uint64_t refused = 0;        // points that the server will not have
};

class HistoryWriter {
 public:
  // `directory`: of what waits. `log` is called on the reactor's thread. The error is one line a person can act on.
  static Result<std::unique_ptr<HistoryWriter>, std::string> open(
      io::Reactor& reactor, const InfluxConfig& config, const std::string& engine,
      const std::filesystem::path& directory, std::function<void(std::string)> log);
  ~HistoryWriter();
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;

  // Each event with what followed, those of earlier lives first; nothing is sent before start().
  void on(const Event& event, Instant now, const Actions& actions);
  void start();
  // What is to be looked at now, in a look to be filled and handed to looked(); null: nothing, or the last ones are not
  // written yet. After each Timer event.
  HistoryLook* due(Instant now);
  void looked();
  HistoryStatus status() const;
  // Sends what waits, for so long at most; the rest stays on disk.
  void close(Duration within);

 private:
  class Parts;
  explicit HistoryWriter(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ats::services
