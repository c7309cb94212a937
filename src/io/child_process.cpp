#include "io/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace ats::io {
namespace {

constexpr std::size_t line_most = 64 * 1024;

std::string system_error(const std::string& what, int error) {
  return what + ": " + std::strerror(error);
}

// posix_spawn takes its lists of words as pointers that it does not write to.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

class SpawnFiles {
 public:
  SpawnFiles() { ::posix_spawn_file_actions_init(&files_); }
  ~SpawnFiles() { ::posix_spawn_file_actions_destroy(&files_); }
  SpawnFiles(const SpawnFiles&) = delete;
  SpawnFiles& operator=(const SpawnFiles&) = delete;
  posix_spawn_file_actions_t* get() { return &files_; }

 private:
  posix_spawn_file_actions_t files_{};
};

class SpawnSignals {
 public:
  SpawnSignals() {
    ::posix_spawnattr_init(&all_);
    sigset_t none;
    sigset_t every;
    ::sigemptyset(&none);
    ::sigfillset(&every);
    ::posix_spawnattr_setsigmask(&all_, &none);
    ::posix_spawnattr_setsigdefault(&all_, &every);
    ::posix_spawnattr_setflags(&all_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSignals() { ::posix_spawnattr_destroy(&all_); }
  SpawnSignals(const SpawnSignals&) = delete;
  SpawnSignals& operator=(const SpawnSignals&) = delete;
  const posix_spawnattr_t* get() const { return &all_; }

 private:
  posix_spawnattr_t all_{};
};

}  // namespace

class ChildProcess::Ear final : public Handler {
 public:
  Ear(ChildProcess& child, void (ChildProcess::*heard)()) : child_(child), heard_(heard) {}
  void on_ready(Ready) override { (child_.*heard_)(); }

 private:
  ChildProcess& child_;
  void (ChildProcess::*heard_)();
};

ChildProcess::ChildProcess(Reactor& reactor, Outside outside)
    : reactor_(reactor), outside_(std::move(outside)) {}

Result<std::unique_ptr<ChildProcess>, std::string> ChildProcess::start(Reactor& reactor,
                                                                       const ChildSetup& setup,
                                                                       Outside outside) {
  std::unique_ptr<ChildProcess> child(new ChildProcess(reactor, std::move(outside)));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(system_error("a pipe", errno));
  child->errors_ = Descriptor(ends[0]);
  const Descriptor theirs(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  SpawnFiles files;
  ::posix_spawn_file_actions_addopen(files.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(files.get(), STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(files.get(), theirs.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(files.get(), STDERR_FILENO + 1);
  const SpawnSignals signals;
  const auto words = pointers(setup.words);
  const auto environment = pointers(setup.environment);
  if (const int error = ::posix_spawn(&child->pid_, setup.binary.c_str(), files.get(),
                                      signals.get(), words.data(), environment.data());
      error != 0) {
    child->pid_ = -1;
    return fail(system_error(setup.binary.string(), error));
  }
  if (setup.nice != 0) {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(child->pid_),
                  ::getpriority(PRIO_PROCESS, 0) + setup.nice);
  }
  const long exit = ::syscall(SYS_pidfd_open, child->pid_, 0);
  if (exit < 0) return fail(system_error("pidfd_open", errno));  // kills it
  child->exit_ = Descriptor(static_cast<int>(exit));
  child->hears_ = std::make_unique<Ear>(*child, &ChildProcess::hear);
  child->waits_ = std::make_unique<Ear>(*child, &ChildProcess::over);
  reactor.add(child->errors_.get(), Interest::Read, *child->hears_);
  reactor.add(child->exit_.get(), Interest::Read, *child->waits_);
  return child;
}

ChildProcess::~ChildProcess() {
  if (hears_ && errors_.valid()) reactor_.remove(errors_.get());
  if (waits_ && exit_.valid()) reactor_.remove(exit_.get());
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void ChildProcess::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

void ChildProcess::hear() {
  std::array<char, 16 * 1024> room{};
  for (;;) {
    const ssize_t n = ::read(errors_.get(), room.data(), room.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) break;
    heard_.append(room.data(), static_cast<std::size_t>(n));
    tell_lines(false);
  }
  reactor_.remove(errors_.get());
  errors_.reset();
  tell_lines(true);
}

void ChildProcess::tell_lines(bool all) {
  std::size_t at = 0;
  for (std::size_t end = heard_.find('\n', at); end != std::string::npos;
       end = heard_.find('\n', at)) {
    outside_.line(std::string_view(heard_).substr(at, end - at));
    at = end + 1;
  }
  heard_.erase(0, at);
  if (heard_.empty() || (!all && heard_.size() < line_most)) return;
  outside_.line(heard_);
  heard_.clear();
}

void ChildProcess::over() {
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return;
  pid_ = -1;
  reactor_.remove(exit_.get());
  exit_.reset();
  // What it said last is in the pipe; who has inherited it from the child is not waited for.
  if (errors_.valid()) hear();
  tell_lines(true);
  ChildEnd end;
  if (ended > 0 && WIFEXITED(status)) end.code = WEXITSTATUS(status);
  if (ended > 0 && WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  const auto tell = std::move(outside_.end);
  tell(end);
}

bool end_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return ::getppid() == parent;
}

}  // namespace ats::io
