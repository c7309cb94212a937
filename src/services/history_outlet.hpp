// One queue on disk and the connection that empties it into InfluxDB, batch by batch, in order. What is never thrown away and
// what is kept for a while have an outlet each, so that neither waits for the other, and a flood of the one costs the other no room.
//
// A batch is sent again, as it is, until the server has said what became of it; what it refuses for good is counted, told and
// never sent again.
//
// All of it belongs to one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "io/backoff.hpp"
#include "io/disk_queue.hpp"
#include "io/influx_client.hpp"

namespace ats::services {

class HistoryOutlet {
 public:
  struct Options {
    std::string policy;  // the retention policy, or the end of the bucket's name
    std::uint32_t batch = 5'000;
    Duration flush_every = seconds(1);
    std::uint64_t jitter_seed = 1;
  };
  enum class Standing : std::uint8_t { Untried, Up, Down };
  struct Outside {
    std::function<void()> up;
    std::function<void(const io::InfluxAnswer&)> down;
    std::function<void(const std::string& policy, std::uint64_t points, const std::string& why)>
        refused;
  };

  HistoryOutlet(io::Reactor& reactor, const io::InfluxOptions& server, io::DiskQueue queue,
                Options options, Outside outside);
  ~HistoryOutlet();
  HistoryOutlet(const HistoryOutlet&) = delete;
  HistoryOutlet& operator=(const HistoryOutlet&) = delete;

  io::DiskQueue& queue() { return queue_; }
  const io::DiskQueue& queue() const { return queue_; }
  const std::string& policy() const { return options_.policy; }
  Standing standing() const { return standing_; }
  std::uint64_t written() const { return written_; }
  std::uint64_t refused() const { return refused_; }

  // Sends what is due. `all`: what is not due as well.
  void pump(bool all);

 private:
  void send();
  void answered(const io::InfluxAnswer& answer);
  void piece_over();
  void halve();
  void rest(Duration pause);

  io::Reactor& reactor_;
  io::DiskQueue queue_;
  const Options options_;
  const Outside outside_;
  io::InfluxClient client_;
  io::Backoff backoff_;
  Standing standing_ = Standing::Untried;
  std::deque<std::string> pieces_;  // of the batch that is under way
  bool asked_ = false;              // about the first of them
  bool all_ = false;
  Instant sent_;  // the last batch
  io::TimerId again_;
  std::uint64_t written_ = 0, refused_ = 0;
};

}  // namespace ats::services
