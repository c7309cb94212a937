// A process of our own beside this one: started without a shell, listened to line by line on its standard error, and
// never left behind. Its standard input and output are nothing.
//
// Invariants: the child has none of our descriptors, none of our blocked signals, and the environment it was given. on_end
// comes once, after the last line, and not after the owner is gone: whoever destroys it kills it and waits until it is over.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "io/descriptor.hpp"
#include "io/reactor.hpp"

namespace ats::io {

struct ChildSetup {
  std::filesystem::path binary;
  std::vector<std::string> words;        // argv, its own name first
  std::vector<std::string> environment;  // "NAME=value"
  int nice = 0;                          // so much more than ours
};

struct ChildEnd {
  int code = -1;   // exit status; -1: it was killed
  int signal = 0;  // by this one
};

class ChildProcess {
 public:
  struct Outside {
    std::function<void(std::string_view)>
        line;                           // of standard error; one of more than 64 KiB comes in parts
    std::function<void(ChildEnd)> end;  // may destroy the ChildProcess
  };

  // The error is one line a person can act on.
  static Result<std::unique_ptr<ChildProcess>, std::string> start(Reactor& reactor,
                                                                  const ChildSetup& setup,
                                                                  Outside outside);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // At once (SIGKILL); its end is told as any other.
  void kill();
  pid_t pid() const { return pid_; }

 private:
  class Ear;
  ChildProcess(Reactor& reactor, Outside outside);
  void hear();
  void tell_lines(bool all);
  void over();

  Reactor& reactor_;
  Outside outside_;
  pid_t pid_ = -1;
  Descriptor errors_, exit_;  // its standard error; readable when it is over
  std::unique_ptr<Ear> hears_, waits_;
  std::string heard_;  // no whole line so far
};

// In the child: to be killed when the thread that started it ends, with whatever else its process does. False: the parent is
// another process already.
bool end_with_parent(pid_t parent);

}  // namespace ats::io
