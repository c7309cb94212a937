// The live screen: a thread of its own draws the latest view four times a second, so that a slow terminal
// never holds the engine up.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "services/live_view.hpp"

namespace ats::services {

// Whether standard output is a terminal that can show a screen.
bool terminal_is_interactive();

class Terminal {
 public:
  Terminal();   // takes the alternate screen
  ~Terminal();  // gives the terminal back as it was
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // From the engine's thread: what to draw next. What was not drawn yet is replaced.
  void show(LiveView view);

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::unique_ptr<LiveView> next_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ats::services
