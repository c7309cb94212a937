#include "services/slow_work.hpp"

#include <utility>

namespace ats::services {
namespace {

constexpr std::size_t waiting_most = 32;

}  // namespace

SlowWork::SlowWork(Post post) : post_(std::move(post)), thread_([this] { run(); }) {}

SlowWork::~SlowWork() {
  *here_ = false;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool SlowWork::take(std::function<Call()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting_most) return false;
    waiting_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

void SlowWork::run() {
  while (true) {
    std::function<Call()> work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (ending_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    post_([here = here_, then = work()] {
      if (*here) then();
    });
  }
}

}  // namespace ats::services
