// Another process, for figures that need one.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "harness.hpp"

namespace ats::bench {

// Runs `what` in a process of its own on the first core; ended with its owner.
class Child {
 public:
  explicit Child(const std::function<void()>& what) {
    pid_ = ::fork();
    if (pid_ < 0) die("fork failed");
    if (pid_ != 0) return;
    pin(Core::First);
    what();
    ::_exit(0);
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  pid_t pid_;
};

}  // namespace ats::bench
