// One thread's event loop: file descriptors (epoll), timers, and work handed over by other threads.
//
// Invariants:
//  - One reactor belongs to one thread; only post() and stop() may be called from others.
//  - Callbacks run only inside poll() (or run()), never inside add/after/post/... .
//  - A handler may remove, close or destroy itself or any other handler from within a callback: a
//    readiness that epoll already reported for a removed descriptor is dropped, even if the descriptor's
//    number has been taken again meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/time.hpp"

struct epoll_event;

namespace ats::io {

enum class Interest : std::uint8_t { Read, Write, ReadWrite };

// Errors and hang-ups show as both, so that the next read or write finds out which.
struct Ready {
  bool readable = false;
  bool writable = false;
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual void on_ready(Ready ready) = 0;
};

// Names one pending timer; default-made it names none. Never reused.
struct TimerId {
  Instant deadline;
  std::uint64_t number = 0;
  auto operator<=>(const TimerId&) const = default;
  bool set() const { return number != 0; }
};

class Reactor {
 public:
  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Level-triggered. The handler must outlive its registration; the descriptor stays the caller's.
  void add(int fd, Interest interest, Handler& handler);
  void modify(int fd, Interest interest);
  // Before the descriptor is closed.
  void remove(int fd);

  // Calls `fn` once from poll(), `delay` from now (0: in the next round). Timers due in the same round
  // run in order of their deadline.
  TimerId after(Duration delay, std::function<void()> fn);
  // Cancelling one that has run, or none, does nothing. Resets `id`.
  void cancel(TimerId& id);

  // Thread-safe: runs `fn` on the reactor's thread, in the order posted.
  void post(std::function<void()> fn);

  // One round: waits until something is ready, at most `max_wait` (0: looks and returns, for
  // busy-polling), and runs what is due. Returns how many callbacks ran.
  int poll(Duration max_wait);
  // Rounds until stop().
  void run();
  // Thread-safe: run() returns after the present round; called before run(), it returns at once.
  void stop();

 private:
  struct Slot {
    Handler* handler = nullptr;
    std::uint32_t generation = 0;
  };

  int wait(Duration max_wait, epoll_event* events, int capacity);
  int run_timers();
  int run_posted();
  void wake();
  std::uint64_t tag(int fd) const;

  int epoll_ = -1;
  int wake_ = -1;
  bool fine_wait_ = true;    // epoll_pwait2 is there (Linux 5.11)
  std::vector<Slot> slots_;  // by descriptor
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> timers_;
  std::uint64_t next_timer_ = 1;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
};

}  // namespace ats::io
