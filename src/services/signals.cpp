#include "services/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "base/assert.hpp"

namespace ats::services {

Signals::Signals(io::Reactor& reactor, bool hangups) : reactor_(reactor) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (hangups) sigaddset(&set, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // Whoever reads what is said may go: then writing it fails, and trading goes on.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  ATS_ASSERT(fd_ >= 0);
  reactor_.add(fd_, io::Interest::Read, *this);
}

Signals::~Signals() {
  reactor_.remove(fd_);
  ::close(fd_);
}

void Signals::on_ready(io::Ready) {
  signalfd_siginfo info{};
  while (::read(fd_, &info, sizeof info) == sizeof info)
    ++(info.ssi_signo == SIGHUP ? hangups_ : count_);
}

}  // namespace ats::services
