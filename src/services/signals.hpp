// Signals as ordinary events of the loop.
#pragma once

#include "io/reactor.hpp"

namespace ats::services {

// Takes SIGINT and SIGTERM for the whole process; made before any thread is, so that all inherit the mask.
class Signals final : public io::Handler {
 public:
  explicit Signals(io::Reactor& reactor);
  ~Signals() override;
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  void on_ready(io::Ready ready) override;
  int count() const { return count_; }

 private:
  io::Reactor& reactor_;
  int fd_ = -1;
  int count_ = 0;
};

}  // namespace ats::services
