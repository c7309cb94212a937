#include "services/courier.hpp"

#include <utility>

#include "base/assert.hpp"

namespace ats::services {

// Of the reactor's thread.
struct Courier::Shared {
  Courier* courier = nullptr;  // null: it is gone
  Told told;
};

Courier::Courier(io::Reactor& reactor, std::unique_ptr<NoticeChannel> channel, Told told)
    : reactor_(reactor),
      channel_(std::move(channel)),
      shared_(std::make_shared<Shared>(Shared{this, std::move(told)})),
      thread_([this] { run(); }) {}

Courier::~Courier() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  news_.notify_one();
  thread_.join();
  shared_->courier = nullptr;
}

void Courier::deliver(report::Letter letter) {
  ATS_ASSERT(!busy_);
  busy_ = true;
  {
    const std::lock_guard lock(mutex_);
    letter_ = std::move(letter);
  }
  news_.notify_one();
}

void Courier::run() {
  while (true) {
    std::optional<report::Letter> letter;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return letter_ || ending_; });
      if (!letter_) return;
      letter = std::exchange(letter_, std::nullopt);
    }
    ChannelAnswer answer = channel_->deliver(*letter);
    reactor_.post([shared = shared_, answer = std::move(answer)] {
      if (shared->courier == nullptr) return;
      shared->courier->busy_ = false;
      shared->told(answer);
    });
  }
}

}  // namespace ats::services
