// Calls that come on other threads, brought to a reactor's: what belongs to one thread is asked and commanded by it
// alone. Calls run in the order they were submitted, and each of them once; waking the reactor costs one
// write for as many as come together.
//
// Invariants: a call runs on the reactor's thread only, and none after close(). One that was not taken (false) never
// runs: whoever submitted it has to answer for it.
#pragma once

#include <functional>
#include <memory>

#include "io/reactor.hpp"

namespace ats::io {

class CallBridge {
 public:
  explicit CallBridge(Reactor& reactor);
  ~CallBridge();
  CallBridge(const CallBridge&) = delete;
  CallBridge& operator=(const CallBridge&) = delete;

  // Any thread. False: it is closed.
  bool submit(std::function<void()> call);
  // The reactor's thread. What was taken is run here and now.
  void close();

 private:
  struct Shared;  // outlives the bridge in what the reactor has still to run
  static void run(Shared& shared);
  Reactor& reactor_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace ats::io
