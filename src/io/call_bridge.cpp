#include "io/call_bridge.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace ats::io {

struct CallBridge::Shared {
  std::mutex mutex;
  bool open = true;                            // guarded by mutex, as is the next
  std::vector<std::function<void()>> waiting;  // not empty: the reactor has been told
};

CallBridge::CallBridge(Reactor& reactor) : reactor_(reactor), shared_(std::make_shared<Shared>()) {}

CallBridge::~CallBridge() { close(); }

bool CallBridge::submit(std::function<void()> call) {
  bool first = false;
  {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->open) return false;
    first = shared_->waiting.empty();
    shared_->waiting.push_back(std::move(call));
  }
  if (first) reactor_.post([shared = shared_] { run(*shared); });
  return true;
}

void CallBridge::run(Shared& shared) {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(shared.mutex);
    calls.swap(shared.waiting);
  }
  for (const auto& call : calls) call();
}

void CallBridge::close() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->open = false;
  }
  run(*shared_);
}

}  // namespace ats::io
