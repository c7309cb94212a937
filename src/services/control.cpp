#include "services/control.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>

#include "io/local_socket.hpp"

namespace ats::services {
namespace {

constexpr std::size_t request_max = 4096;

}  // namespace

// One asker: read a line, answer, close.
class ControlServer::Connection final : public io::Handler {
 public:
  Connection(int fd, Impl& owner) : fd_(fd), owner_(owner) {}
  void on_ready(io::Ready ready) override;
  int fd() const { return fd_; }

 private:
  int fd_;
  Impl& owner_;
  std::string request_;
  std::string answer_;
  std::size_t sent_ = 0;
  bool answering_ = false;
};

class ControlServer::Impl final : public io::Handler {
 public:
  Impl(io::Reactor& reactor, io::Descriptor fd, std::filesystem::path socket, Answer answer)
      : reactor_(reactor),
        fd_(std::move(fd)),
        socket_(std::move(socket)),
        answer_(std::move(answer)) {
    reactor_.add(fd_.get(), io::Interest::Read, *this);
  }
  ~Impl() override {
    for (auto& [fd, connection] : connections_) {
      reactor_.remove(fd);
      ::close(fd);
    }
    reactor_.remove(fd_.get());
    ::unlink(socket_.c_str());
  }
  void on_ready(io::Ready) override {
    const int fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    auto connection = std::make_shared<Connection>(fd, *this);
    reactor_.add(fd, io::Interest::Read, *connection);
    connections_.emplace(fd, std::move(connection));
  }
  void drop(int fd) {
    reactor_.remove(fd);
    ::close(fd);
    const auto found = connections_.find(fd);
    reactor_.post([over = found->second] {});  // freed outside its own callback
    connections_.erase(found);
  }
  io::Reactor& reactor() { return reactor_; }
  std::string answer(std::string_view request) { return answer_(request); }

 private:
  io::Reactor& reactor_;
  io::Descriptor fd_;
  std::filesystem::path socket_;
  Answer answer_;
  std::map<int, std::shared_ptr<Connection>> connections_;
};

void ControlServer::Connection::on_ready(io::Ready) {
  if (!answering_) {
    char buffer[1024];
    const ssize_t got = ::read(fd_, buffer, sizeof buffer);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return owner_.drop(fd_);
    request_.append(buffer, static_cast<std::size_t>(got));
    const std::size_t end = request_.find('\n');
    if (end == std::string::npos) {
      if (request_.size() > request_max) owner_.drop(fd_);
      return;
    }
    answer_ = owner_.answer(std::string_view(request_).substr(0, end)) + "\n";
    answering_ = true;
    owner_.reactor().modify(fd_, io::Interest::Write);
  }
  const ssize_t sent = ::send(fd_, answer_.data() + sent_, answer_.size() - sent_, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent > 0) sent_ += static_cast<std::size_t>(sent);
  if (sent <= 0 || sent_ == answer_.size()) owner_.drop(fd_);
}

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::~ControlServer() = default;

Result<std::unique_ptr<ControlServer>, std::string> ControlServer::open(
    io::Reactor& reactor, const std::filesystem::path& socket, Answer answer) {
  auto fd = io::listen_local(socket, SOCK_STREAM, 8);
  if (!fd) return fail(fd.error());
  return std::unique_ptr<ControlServer>(new ControlServer(
      std::make_unique<Impl>(reactor, *std::move(fd), socket, std::move(answer))));
}

Result<std::string, std::string> ask_control(const std::filesystem::path& socket,
                                             std::string_view request, Duration patience) {
  auto connected = io::connect_local(socket, SOCK_STREAM);
  if (!connected && connected.error() == io::LocalError::NobodyThere) {
    return fail("no ats process answers at " + socket.string() +
                " (is `ats run` up, with the same data_dir?)");
  }
  if (!connected) return fail(io::local_error_text(connected.error(), socket));
  const int fd = connected->get();
  const std::string line = std::string(request) + "\n";
  std::string answer;
  bool sound =
      ::send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  while (sound && (answer.empty() || answer.back() != '\n')) {
    pollfd waiting{fd, POLLIN, 0};
    char buffer[65536];
    const ssize_t got = ::poll(&waiting, 1, static_cast<int>(patience.ns / 1'000'000)) == 1
                            ? ::read(fd, buffer, sizeof buffer)
                            : -1;
    if (got <= 0)
      sound = false;
    else
      answer.append(buffer, static_cast<std::size_t>(got));
  }
  if (!sound) return fail("the ats process at " + socket.string() + " did not answer in time");
  answer.pop_back();
  return answer;
}

}  // namespace ats::services
