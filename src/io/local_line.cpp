#include "io/local_line.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/assert.hpp"

namespace ats::io {

Result<std::unique_ptr<LocalLine>, LocalError> LocalLine::connect(
    Reactor& reactor, const std::filesystem::path& socket, LocalLineOwner& owner) {
  auto fd = connect_local(socket, SOCK_SEQPACKET);
  if (!fd) return fail(fd.error());
  return std::make_unique<LocalLine>(reactor, *std::move(fd), owner);
}

LocalLine::LocalLine(Reactor& reactor, Descriptor socket, LocalLineOwner& owner)
    : reactor_(reactor), socket_(std::move(socket)), owner_(owner) {
  reactor_.add(socket_.get(), Interest::Read, *this);
}

LocalLine::~LocalLine() {
  if (!lost_) reactor_.remove(socket_.get());
}

bool LocalLine::send(std::span<const std::byte> message, std::initializer_list<int> with) {
  ATS_ASSERT(!message.empty() && message.size() <= message_max && with.size() <= descriptors_max);
  if (lost_) return false;
  iovec part{const_cast<std::byte*>(message.data()), message.size()};
  msghdr whole{};
  whole.msg_iov = &part;
  whole.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control{};
  if (with.size() != 0) {
    whole.msg_control = control.data();
    whole.msg_controllen = CMSG_SPACE(with.size() * sizeof(int));
    cmsghdr* const about = CMSG_FIRSTHDR(&whole);
    about->cmsg_level = SOL_SOCKET;
    about->cmsg_type = SCM_RIGHTS;
    about->cmsg_len = CMSG_LEN(with.size() * sizeof(int));
    std::memcpy(CMSG_DATA(about), with.begin(), with.size() * sizeof(int));
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket_.get(), &whole, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(message.size());
}

// One message a time: the owner may end the line with it.
void LocalLine::on_ready(Ready) {
  std::array<std::byte, message_max> buffer;
  iovec part{buffer.data(), buffer.size()};
  msghdr whole{};
  whole.msg_iov = &part;
  whole.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control{};
  whole.msg_control = control.data();
  whole.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(socket_.get(), &whole, MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  std::vector<Descriptor> with;
  if (got > 0) {
    for (cmsghdr* about = CMSG_FIRSTHDR(&whole); about != nullptr;
         about = CMSG_NXTHDR(&whole, about)) {
      if (about->cmsg_level != SOL_SOCKET || about->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (about->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t n = 0; n < count; ++n) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(about) + n * sizeof(int), sizeof fd);
        with.emplace_back(fd);
      }
    }
  }
  if (got <= 0 || (whole.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return lost();
  owner_.line_message(*this, std::span(buffer).first(static_cast<std::size_t>(got)),
                      std::move(with));
}

void LocalLine::lost() {
  reactor_.remove(socket_.get());
  lost_ = true;
  owner_.line_lost(*this);
}

Result<std::unique_ptr<LocalServer>, std::string> LocalServer::open(
    Reactor& reactor, const std::filesystem::path& socket, std::function<void(Descriptor)> taken) {
  auto fd = listen_local(socket, SOCK_SEQPACKET, 16);
  if (!fd) return fail(fd.error());
  return std::unique_ptr<LocalServer>(
      new LocalServer(reactor, *std::move(fd), socket, std::move(taken)));
}

LocalServer::LocalServer(Reactor& reactor, Descriptor fd, std::filesystem::path socket,
                         std::function<void(Descriptor)> taken)
    : reactor_(reactor), fd_(std::move(fd)), socket_(std::move(socket)), taken_(std::move(taken)) {
  reactor_.add(fd_.get(), Interest::Read, *this);
}

LocalServer::~LocalServer() {
  reactor_.remove(fd_.get());
  ::unlink(socket_.c_str());
}

void LocalServer::on_ready(Ready) {
  Descriptor peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (peer.valid()) taken_(std::move(peer));
}

}  // namespace ats::io
