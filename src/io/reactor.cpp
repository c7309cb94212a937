#include "io/reactor.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.hpp"
#include "io/clock.hpp"

namespace ats::io {

namespace {

constexpr int events_per_round = 64;
constexpr Duration forever = hours(1);  // run() looks around at least this often

std::uint32_t epoll_mask(Interest interest) {
  switch (interest) {
    case Interest::Read:
      return EPOLLIN;
    case Interest::Write:
      return EPOLLOUT;
    case Interest::ReadWrite:
      return EPOLLIN | EPOLLOUT;
  }
  return 0;
}

}  // namespace

Reactor::Reactor()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  ATS_ASSERT(epoll_ >= 0 && wake_ >= 0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<std::uint64_t>(wake_);
  ATS_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0);
}

Reactor::~Reactor() {
  ::close(wake_);
  ::close(epoll_);
}

std::uint64_t Reactor::tag(int fd) const {
  const auto index = static_cast<std::size_t>(fd);
  return (std::uint64_t{slots_[index].generation} << 32) | static_cast<std::uint32_t>(fd);
}

void Reactor::add(int fd, Interest interest, Handler& handler) {
  ATS_ASSERT(fd >= 0);
  const auto index = static_cast<std::size_t>(fd);
  if (index >= slots_.size()) slots_.resize(index + 1);
  ATS_ASSERT(slots_[index].handler == nullptr);
  slots_[index].handler = &handler;
  ++slots_[index].generation;
  epoll_event event{};
  event.events = epoll_mask(interest);
  event.data.u64 = tag(fd);
  ATS_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void Reactor::modify(int fd, Interest interest) {
  epoll_event event{};
  event.events = epoll_mask(interest);
  event.data.u64 = tag(fd);
  ATS_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) == 0);
}

void Reactor::remove(int fd) {
  ATS_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr) == 0);
  slots_[static_cast<std::size_t>(fd)].handler = nullptr;
}

TimerId Reactor::after(Duration delay, std::function<void()> fn) {
  const TimerId id{OsClock::now() + std::max(delay, Duration{}), next_timer_++};
  timers_.emplace(std::pair{id.deadline, id.number}, std::move(fn));
  return id;
}

void Reactor::cancel(TimerId& id) {
  if (id.set()) timers_.erase({id.deadline, id.number});
  id = {};
}

void Reactor::wake() {
  const std::uint64_t one = 1;
  // Can only fail when the counter is full, and then the reactor is awake already.
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void Reactor::post(std::function<void()> fn) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(fn));
  }
  if (first) wake();
}

void Reactor::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

int Reactor::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_, &count, sizeof count);
  std::vector<std::function<void()>> batch;
  {
    const std::lock_guard lock(mutex_);
    batch.swap(posted_);
  }
  for (auto& fn : batch) fn();
  return static_cast<int>(batch.size());
}

int Reactor::run_timers() {
  if (timers_.empty()) return 0;
  const Instant now = OsClock::now();
  int ran = 0;
  // A timer set by one of these has a later deadline than `now`, so the loop ends.
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto node = timers_.extract(timers_.begin());
    node.mapped()();
    ++ran;
  }
  return ran;
}

int Reactor::wait(Duration max_wait, epoll_event* events, int capacity) {
  if (max_wait.ns <= 0) return epoll_wait(epoll_, events, capacity, 0);
  if (fine_wait_) {
    const timespec limit{max_wait.ns / 1'000'000'000, max_wait.ns % 1'000'000'000};
    const int n = epoll_pwait2(epoll_, events, capacity, &limit, nullptr);
    if (n >= 0 || errno != ENOSYS) return n;
    fine_wait_ = false;
  }
  // Rounded up, so that a timer is due when the wait for it ends.
  const std::int64_t ms = std::min<std::int64_t>((max_wait.ns + 999'999) / 1'000'000, 3'600'000);
  return epoll_wait(epoll_, events, capacity, static_cast<int>(ms));
}

int Reactor::poll(Duration max_wait) {
  if (max_wait.ns > 0 && !timers_.empty()) {
    max_wait = std::min(max_wait, timers_.begin()->first.first - OsClock::now());
  }
  epoll_event events[events_per_round];
  const int n = wait(max_wait, events, events_per_round);
  ATS_ASSERT(n >= 0 || errno == EINTR);
  int ran = 0;
  for (int i = 0; i < n; ++i) {
    const std::uint64_t data = events[i].data.u64;
    const auto fd = static_cast<std::size_t>(data & 0xFFFF'FFFFu);
    if (data == static_cast<std::uint64_t>(wake_)) {
      ran += run_posted();
      continue;
    }
    const Slot slot = slots_[fd];
    if (slot.handler == nullptr || slot.generation != data >> 32) continue;
    const bool broken = (events[i].events & (EPOLLERR | EPOLLHUP)) != 0;
    slot.handler->on_ready({broken || (events[i].events & EPOLLIN) != 0,
                            broken || (events[i].events & EPOLLOUT) != 0});
    ++ran;
  }
  return ran + run_timers();
}

void Reactor::run() {
  while (!stopping_.load(std::memory_order_acquire)) poll(forever);
  stopping_.store(false, std::memory_order_relaxed);
}

}  // namespace ats::io
