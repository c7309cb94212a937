// Signals as ordinary events of the loop.
#pragma once

#include "io/reactor.hpp"

namespace ats::services {

// Takes SIGINT and SIGTERM for the whole process, and SIGHUP where it is asked to; SIGPIPE ends it no more. Made before any
// thread is, so that all inherit the mask.
class Signals final : public io::Handler {
 public:
  explicit Signals(io::Reactor& reactor, bool hangups = false);
  ~Signals() override;
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  void on_ready(io::Ready ready) override;
  int count() const { return count_; }      // of those that ask it to end
  int hangups() const { return hangups_; }  // of SIGHUP

 private:
  io::Reactor& reactor_;
  int fd_ = -1;
  int count_ = 0;
  int hangups_ = 0;
};

}  // namespace ats::services
