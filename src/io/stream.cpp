#include "io/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.hpp"
#include "io/clock.hpp"
#include "io/net_address.hpp"
#include "io/send_fence.hpp"
#include "io/tls.hpp"

namespace ats::io {

namespace {

// Below this much room a read is not worth its system call: the queue is compacted or regrown first.
constexpr std::size_t read_room_min = 16 * 1024;

}  // namespace

const char* name(CloseReason reason) {
  switch (reason) {
    case CloseReason::LocalClose:
      return "closed by us";
    case CloseReason::PeerClosed:
      return "closed by the peer";
    case CloseReason::Reset:
      return "connection lost";
    case CloseReason::NotResolved:
      return "host name not found";
    case CloseReason::NotConnected:
      return "connection refused";
    case CloseReason::ConnectTimeout:
      return "connecting took too long";
    case CloseReason::TlsFailed:
      return "TLS failed";
    case CloseReason::CertificateRejected:
      return "certificate rejected";
    case CloseReason::SlowPeer:
      return "peer too slow";
    case CloseReason::ReceiveOverflow:
      return "too much received at once";
    case CloseReason::NotLeading:
      return not_leading;
  }
  return "?";
}

Stream::Stream(Reactor& reactor, StreamListener& listener, const StreamOptions& options)
    : reactor_(reactor),
      listener_(listener),
      options_(options),
      in_(options.receive_initial),
      out_(options.send_initial) {}

Stream::~Stream() { release(); }

void Stream::connect(const std::string& host, std::uint16_t port, const TlsContext* tls) {
  ATS_ASSERT(state_ == State::Idle && (tls == nullptr || !tls->is_server()));
  host_ = host;
  tls_context_ = tls;
  state_ = State::Resolving;
  timer_ = reactor_.after(options_.connect_timeout, [this] { close(CloseReason::ConnectTimeout); });
  if (const auto address = numeric_address(host, port)) {
    addresses_.push_back(*address);
    connect_next();
    return;
  }
  lookup_ =
      std::make_unique<Lookup>(reactor_, host, port, [this](std::vector<SocketAddress> found) {
        lookup_.reset();
        if (found.empty()) return close(CloseReason::NotResolved);
        addresses_ = std::move(found);
        connect_next();
      });
}

void Stream::connect_next() {
  while (next_address_ < addresses_.size()) {
    const SocketAddress& address = addresses_[next_address_++];
    fd_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) continue;
    const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::connect(fd_, generic, address.size) == 0 || errno == EINPROGRESS) {
      state_ = State::Connecting;
      writing_ = true;
      reactor_.add(fd_, Interest::Write, *this);
      return;
    }
    ::close(fd_);
    fd_ = -1;
  }
  break_later(CloseReason::NotConnected);
}

void Stream::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    reactor_.remove(fd_);
    ::close(fd_);
    fd_ = -1;
    return connect_next();
  }
  reactor_.modify(fd_, Interest::Read);
  writing_ = false;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls_context_ == nullptr) return opened();
  tls_ = std::make_unique<TlsSession>(*tls_context_, fd_, host_);
  state_ = State::Handshaking;
  handshake();
}

void Stream::adopt(int fd, const TlsContext* tls) {
  ATS_ASSERT(state_ == State::Idle && fd >= 0 && (tls == nullptr || tls->is_server()));
  fd_ = fd;
  tls_context_ = tls;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  timer_ = reactor_.after(options_.connect_timeout, [this] { close(CloseReason::ConnectTimeout); });
  // A plain socket is writable at once, which opens it from within the next round.
  state_ = tls == nullptr ? State::Connecting : State::Handshaking;
  if (tls != nullptr) tls_ = std::make_unique<TlsSession>(*tls, fd_, std::string());
  writing_ = tls == nullptr;
  reactor_.add(fd_, writing_ ? Interest::Write : Interest::Read, *this);
}

void Stream::handshake() {
  const TlsStep step = tls_->handshake();
  switch (step) {
    case TlsStep::Done:
      return opened();
    case TlsStep::WantRead:
      return wish_to_write(false);
    case TlsStep::WantWrite:
      return wish_to_write(true);
    case TlsStep::Rejected:
      return close(CloseReason::CertificateRejected);
    case TlsStep::Failed:
      return close(CloseReason::TlsFailed);
    case TlsStep::Ended:
    case TlsStep::Broken:
      return close(CloseReason::Reset);
  }
}

void Stream::opened() {
  reactor_.cancel(timer_);
  state_ = State::Open;
  wish_to_write(false);
  last_receive_ = OsClock::now();
  const Lifeline::Watch watch(lifeline_);
  listener_.on_open();
  // The handshake's last read may have brought the first message along.
  if (!watch.dead() && state_ == State::Open && tls_ && tls_->pending()) read_some();
}

void Stream::on_ready(Ready ready) {
  switch (state_) {
    case State::Connecting:
      return connected();
    case State::Handshaking:
      return handshake();
    case State::Finishing:
      if (ready.writable && !out_.empty()) {
        flush();
        if (state_ != State::Finishing) return;
      }
      if (ready.readable) discard();
      return;
    case State::Open: {
      const Lifeline::Watch watch(lifeline_);
      if (ready.readable) read_some();
      // TLS may have waited for the socket to become readable before it could write.
      if (!watch.dead() && state_ == State::Open && !out_.empty() && (ready.writable || tls_))
        flush();
      return;
    }
    case State::Idle:
    case State::Resolving:
    case State::Broken:
    case State::Closed:
      return;
  }
}

std::size_t Stream::receive_room() {
  if (in_.size() >= options_.receive_max) return 0;
  in_.prepare(std::min(read_room_min, options_.receive_max - in_.size()));
  return std::min(in_.tail_room(), options_.receive_max - in_.size());
}

bool Stream::read_some() { return tls_ ? read_tls() : read_plain(); }

bool Stream::read_plain() {
  const std::size_t room = receive_room();
  if (room == 0) {
    close(CloseReason::ReceiveOverflow);
    return false;
  }
  const auto n = ::recv(fd_, in_.prepare(0), room, MSG_DONTWAIT);
  if (n > 0) {
    last_receive_ = OsClock::now();
    in_.commit(static_cast<std::size_t>(n));
    const Lifeline::Watch watch(lifeline_);
    listener_.on_bytes();
    return !watch.dead();
  }
  if (n == 0) {
    close(cut_ ? CloseReason::Reset : CloseReason::PeerClosed);
    return false;
  }
  if (errno != EAGAIN && errno != EINTR) close(CloseReason::Reset);
  return false;
}

// Everything that the socket has brought is decrypted before the listener looks: bytes left inside
// OpenSSL would not make the socket readable again.
bool Stream::read_tls() {
  TlsStep step = TlsStep::Done;
  do {
    std::size_t total = 0;
    do {
      const std::size_t room = receive_room();
      if (room == 0) break;
      std::size_t got = 0;
      step = tls_->read(in_.prepare(0), room, got);
      if (step != TlsStep::Done) break;
      in_.commit(got);
      total += got;
    } while (tls_->pending());
    if (total == 0 && step == TlsStep::Done) {
      close(CloseReason::ReceiveOverflow);
      return false;
    }
    if (total != 0) {
      last_receive_ = OsClock::now();
      const Lifeline::Watch watch(lifeline_);
      listener_.on_bytes();
      if (watch.dead() || state_ != State::Open) return false;
    }
  } while (step == TlsStep::Done && tls_->pending());
  switch (step) {
    case TlsStep::Done:
      return true;
    case TlsStep::WantRead:
    case TlsStep::WantWrite:
      return false;
    case TlsStep::Ended:
      close(CloseReason::PeerClosed);
      return false;
    case TlsStep::Broken:
      close(CloseReason::Reset);
      return false;
    case TlsStep::Rejected:
    case TlsStep::Failed:
      close(CloseReason::TlsFailed);
      return false;
  }
  return false;
}

char* Stream::prepare(std::size_t n) {
  if (state_ != State::Open) return nullptr;
  if (out_.size() > options_.send_max) {
    break_later(CloseReason::SlowPeer);
    return nullptr;
  }
  return out_.prepare(n);
}

void Stream::commit(std::size_t n) { out_.commit(n); }

bool Stream::write(std::string_view bytes) {
  char* room = prepare(bytes.size());
  if (room == nullptr) return false;
  if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
  commit(bytes.size());
  flush();
  return true;
}

void Stream::flush() {
  if (state_ != State::Open && state_ != State::Finishing) return;
  bool blocked = false;
  while (!out_.empty() && !blocked) {
    if (!may_send(options_.fence)) return break_later(CloseReason::NotLeading);
    const std::string_view waiting = out_.view();
    std::size_t taken = 0;
    if (tls_) {
      const TlsStep step = tls_->write(waiting.data(), waiting.size(), taken);
      // What TLS was offered may be on its way even when it says that it has to wait.
      handed_over_ = std::max(handed_over_, taken_ + waiting.size());
      blocked = step == TlsStep::WantRead || step == TlsStep::WantWrite;
      if (!blocked && step != TlsStep::Done) return break_later(CloseReason::Reset);
    } else {
      const auto n = ::send(fd_, waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return break_later(CloseReason::Reset);
      taken = n < 0 ? 0 : static_cast<std::size_t>(n);
      blocked = taken < waiting.size();
      handed_over_ = taken_ + taken;
    }
    out_.consume(taken);
    taken_ += taken;
  }
  wish_to_write(!out_.empty());
  if (state_ == State::Finishing && out_.empty()) end_sending();
}

void Stream::wish_to_write(bool wanted) {
  if (wanted == writing_) return;
  writing_ = wanted;
  reactor_.modify(fd_, wanted ? Interest::ReadWrite : Interest::Read);
}

void Stream::finish() {
  if (state_ != State::Open) {
    if (state_ != State::Finishing && state_ != State::Broken && state_ != State::Closed) {
      release();
      state_ = State::Broken;
      timer_ = reactor_.after({}, [this] { close(CloseReason::LocalClose); });
    }
    return;
  }
  state_ = State::Finishing;
  timer_ = reactor_.after(options_.linger, [this] { close(CloseReason::LocalClose); });
  flush();
}

void Stream::end_sending() {
  if (std::exchange(sending_ended_, true)) return;
  if (tls_) tls_->goodbye();
  ::shutdown(fd_, SHUT_WR);
}

// Closing a socket with unread bytes makes the kernel reset the connection, and the peer may lose what we
// sent last. So the rest is read and thrown away until the peer is done.
void Stream::discard() {
  char dump[4096];
  const auto n = ::recv(fd_, dump, sizeof dump, MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) close(CloseReason::LocalClose);
}

void Stream::reset() {
  if (fd_ >= 0) {
    const linger at_once{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  release();
  state_ = State::Closed;
}

void Stream::break_later(CloseReason reason) {
  reactor_.cancel(timer_);
  const bool was_open = state_ == State::Open;
  if (state_ == State::Finishing) reason = CloseReason::LocalClose;
  state_ = State::Broken;
  out_.clear();
  timer_ = reactor_.after({}, [this, reason, was_open] {
    // What the peer said before it went is still in the kernel and may be what matters most. (After a
    // failed write OpenSSL allows no further read.)
    if (was_open && !tls_ && reason == CloseReason::Reset) {
      state_ = State::Open;
      cut_ = true;
      const Lifeline::Watch watch(lifeline_);
      while (!watch.dead() && state_ == State::Open && read_some()) continue;
      if (watch.dead() || state_ != State::Open) return;
    }
    close(reason);
  });
}

void Stream::close(CloseReason reason) {
  release();
  state_ = State::Closed;
  listener_.on_close(reason);
}

void Stream::release() {
  reactor_.cancel(timer_);
  lookup_.reset();
  tls_.reset();
  if (fd_ < 0) return;
  // Not registered only while connect_next() looks for an address, and then there is no descriptor.
  reactor_.remove(fd_);
  ::close(fd_);
  fd_ = -1;
}

}  // namespace ats::io
