// One channel's own thread: it is given one letter at a time, and says what came of it on the reactor's thread. A channel that
// hangs holds up itself, for as long as an attempt may take.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "io/reactor.hpp"
#include "services/notice_channel.hpp"

namespace ats::services {

class Courier {
 public:
  using Told = std::function<void(const ChannelAnswer&)>;

  // `told` is called on the reactor's thread; the reactor outlives the courier.
  Courier(io::Reactor& reactor, std::unique_ptr<NoticeChannel> channel, Told told);
  // Waits for the attempt that is under way. What it comes to is not told any more.
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  bool busy() const { return busy_; }
  // Only while it is not busy.
  void deliver(report::Letter letter);

 private:
  struct Shared;
  void run();

  io::Reactor& reactor_;
  std::unique_ptr<NoticeChannel> channel_;
  std::shared_ptr<Shared> shared_;  // outlives it in what the reactor has still to run
  bool busy_ = false;

  std::mutex mutex_;
  std::condition_variable news_;
  std::optional<report::Letter> letter_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace ats::services
