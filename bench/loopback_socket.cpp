#include "loopback_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "harness.hpp"

namespace {

constinit ats::bench::SendNotes notes;
constinit thread_local bool noting = false;

}  // namespace

// Takes the place of the C library's.
extern "C" ssize_t send(int fd, const void* bytes, std::size_t size, int flags) {
  if (noting && notes.on.load(std::memory_order_acquire)) {
    const std::size_t n = notes.count.load(std::memory_order_relaxed);
    if (n < ats::bench::SendNotes::most) {
      notes.at[n] = ats::bench::now_ns();
      notes.count.store(n + 1, std::memory_order_release);
    }
  }
  return ::syscall(SYS_sendto, fd, bytes, size, flags, nullptr, 0);
}

namespace ats::bench {

SendNotes& send_notes() { return notes; }

void note_my_sends() { noting = true; }

int listen_on_loopback(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, generic, size) != 0 || ::listen(fd, 16) != 0 ||
      ::getsockname(fd, generic, &size) != 0) {
    die("loopback: cannot listen");
  }
  port = ntohs(address.sin_port);
  return fd;
}

void send_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) die("loopback: cannot send");
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t receive_some(int fd, char* to, std::size_t room) {
  const auto got = ::recv(fd, to, room, MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) die("loopback: cannot receive");
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

LoopbackPair::LoopbackPair() {
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  near = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(near, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    die("loopback: cannot connect");
  }
  far = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (far < 0) die("loopback: cannot accept");
  ::close(listener);
  send_at_once(near);
  send_at_once(far);
}

LoopbackPair::~LoopbackPair() {
  ::close(near);
  ::close(far);
}

}  // namespace ats::bench
