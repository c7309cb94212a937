#include "io/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/assert.hpp"

namespace ats::io {

const char* name(ListenError error) {
  switch (error) {
    case ListenError::PortInUse:
      return "port in use";
    case ListenError::NotPermitted:
      return "port not permitted";
    case ListenError::NoSocket:
      return "no socket to be had";
  }
  return "?";
}

// One accepted connection: HTTP until a handshake makes it a WebSocket session of the same id.
class HttpServer::Connection final : private StreamListener, private WsListener {
 public:
  Connection(HttpServer& server, std::uint64_t id, int fd, in_addr from)
      : server_(server),
        id_(id),
        from_(from),
        stream_(server.reactor_, *this,
                with_room_for(server.options_.stream, server.options_.websocket)),
        reader_(server.options_.limits) {
    stream_.adopt(fd, server.options_.tls);
    expect(server_.options_.request_within);
  }
  ~Connection() override {
    server_.reactor_.cancel(timer_);
    server_.reactor_.cancel(patience_);
  }

  WebSocket* session() const { return session_.get(); }
  std::size_t unsent() const { return stream_.unsent(); }
  std::string from() const {
    char text[INET_ADDRSTRLEN];
    return ::inet_ntop(AF_INET, &from_, text, sizeof text) == nullptr ? "" : text;
  }
  bool respond(std::uint64_t request, const HttpResponse& response);
  bool reset_request(std::uint64_t request);
  void reset();

 private:
  void on_open() override {}
  void on_bytes() override;
  void on_close(CloseReason reason) override;
  void on_message(Opcode kind, std::string_view payload, Instant received) override {
    server_.handler_.on_message(id_, kind, payload, received);
  }
  void on_closed(const WsClosed& closed) override;

  void read_request();
  void expect(Duration within);
  void lose_patience();
  void upgrade(const HttpRequest& request);
  void write(const HttpResponse& response);
  void refuse(int status);

  HttpServer& server_;
  const std::uint64_t id_;
  const in_addr from_;
  Lifeline lifeline_;
  Stream stream_;
  HttpRequestReader reader_;
  std::unique_ptr<WebSocket> session_;
  std::uint64_t request_ = 0;  // number of the one being answered, or last answered
  bool answering_ = false;
  bool reading_ = false;  // within read_request's loop
  bool last_ = false;     // the connection ends after this answer
  bool to_head_ = false;
  bool begun_ = false;  // a request, which is not whole
  TimerId timer_;
  TimerId patience_;
};

// `within`: 0, for ever.
void HttpServer::Connection::expect(Duration within) {
  server_.reactor_.cancel(patience_);
  if (within.ns > 0) patience_ = server_.reactor_.after(within, [this] { lose_patience(); });
}

void HttpServer::Connection::lose_patience() {
  patience_ = {};
  if (!stream_.is_open()) return reset();
  begun_ ? refuse(408) : stream_.finish();
}

void HttpServer::Connection::on_bytes() {
  if (session_) return session_->on_bytes();
  read_request();
}

void HttpServer::Connection::read_request() {
  const Lifeline::Watch watch(lifeline_);
  reading_ = true;
  while (!answering_ && stream_.is_open() && !stream_.received().empty()) {
    const std::span<char> bytes = stream_.received();
    const HttpProgress progress = reader_.read({bytes.data(), bytes.size()});
    stream_.consume(progress.consumed);
    if (progress.step == HttpStep::NeedMore) {
      if (!std::exchange(begun_, true) && request_ > 0) expect(server_.options_.request_within);
      break;
    }
    begun_ = false;
    expect({});
    if (progress.step != HttpStep::Done) {
      reading_ = false;
      return refuse(progress.step == HttpStep::TooLarge ? 413 : 400);
    }
    const bool upgrading = reader_.upgrade();
    last_ = !reader_.keep_alive();
    const HttpRequest request = reader_.take();
    reader_.begin();
    to_head_ = request.method == "HEAD";
    const std::string* protocol = request.header("Upgrade");
    if (upgrading && protocol != nullptr && list_holds(*protocol, "websocket")) {
      reading_ = false;
      return upgrade(request);
    }
    answering_ = true;
    ++request_;
    Responder responder;
    responder.server_ = server_.self_;
    responder.connection_ = id_;
    responder.request_ = request_;
    server_.handler_.on_request(request, responder);
    if (watch.dead()) return;
  }
  reading_ = false;
}

void HttpServer::Connection::upgrade(const HttpRequest& request) {
  std::optional<DeflateAgreement> deflate;
  HttpResponse answer =
      websocket_upgrade_answer(request, server_.options_.websocket.deflate, deflate);
  const Lifeline::Watch watch(lifeline_);
  if (answer.status == 101) {
    if (auto refusal = server_.handler_.on_upgrade(request)) {
      ATS_ASSERT(refusal->status >= 200);
      answer = std::move(*refusal);
    }
    if (watch.dead()) return;
  }
  last_ = answer.status != 101;
  write(answer);
  if (last_) return;
  WsListener& listener = *this;
  session_ = std::make_unique<WebSocket>(server_.reactor_, stream_, listener, WsRole::Server,
                                         server_.options_.websocket);
  if (deflate) session_->agree(*deflate);
  session_->start();
  server_.handler_.on_open(id_, request.target);
  if (!watch.dead()) session_->on_bytes();
}

void HttpServer::Connection::write(const HttpResponse& response) {
  ATS_ASSERT(writable(response));
  ByteQueue text(1024 + response.body.size());
  append_response(text, response, to_head_, !last_ || response.status == 101);
  stream_.write(text.view());
  if (last_) stream_.finish();
}

// What cannot be understood is answered once, and then nothing that follows it can be trusted.
void HttpServer::Connection::refuse(int status) {
  last_ = true;
  write({status, {}, {}});
}

bool HttpServer::Connection::respond(std::uint64_t request, const HttpResponse& response) {
  if (!answering_ || request != request_ || !stream_.is_open()) return false;
  answering_ = false;
  write(response);
  if (!last_) expect(server_.options_.idle_within);
  // A request that came meanwhile has been waiting in the receive buffer.
  if (!reading_ && !last_ && !stream_.received().empty() && !timer_.set()) {
    timer_ = server_.reactor_.after({}, [this] {
      timer_ = {};
      read_request();
    });
  }
  return true;
}

bool HttpServer::Connection::reset_request(std::uint64_t request) {
  if (!answering_ || request != request_) return false;
  reset();
  return true;
}

void HttpServer::Connection::reset() {
  answering_ = false;
  if (session_) return session_->reset();
  stream_.reset();
  server_.reactor_.cancel(timer_);
  timer_ = server_.reactor_.after({}, [this] { server_.forget(id_); });
}

void HttpServer::Connection::on_close(CloseReason reason) {
  const Lifeline::Watch watch(lifeline_);
  if (session_) session_->on_stream_closed(reason);
  if (!watch.dead()) server_.forget(id_);
}

void HttpServer::Connection::on_closed(const WsClosed& closed) {
  const Lifeline::Watch watch(lifeline_);
  server_.handler_.on_close(id_, closed);
  // The stream may still be sending its last bytes; when it has closed, on_close() forgets us. After a
  // reset it has nothing more to say.
  if (!watch.dead() && stream_.is_over()) server_.forget(id_);
}

Result<std::unique_ptr<HttpServer>, ListenError> HttpServer::listen(
    Reactor& reactor, ServerHandler& handler, const HttpServerOptions& options) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ListenError::NoSocket);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1 ||
      ::bind(fd, generic, size) != 0 || ::listen(fd, SOMAXCONN) != 0 ||
      getsockname(fd, generic, &size) != 0) {
    const ListenError error = errno == EADDRINUSE ? ListenError::PortInUse
                              : errno == EACCES   ? ListenError::NotPermitted
                                                  : ListenError::NoSocket;
    ::close(fd);
    return fail(error);
  }
  return std::unique_ptr<HttpServer>(
      new HttpServer(reactor, handler, options, fd, ntohs(address.sin_port)));
}

HttpServer::HttpServer(Reactor& reactor, ServerHandler& handler, const HttpServerOptions& options,
                       int fd, std::uint16_t port)
    : reactor_(reactor),
      handler_(handler),
      options_(options),
      fd_(fd),
      port_(port),
      self_(std::make_shared<HttpServer*>(this)) {
  reactor_.add(fd_, Interest::Read, *this);
}

HttpServer::~HttpServer() {
  self_.reset();
  connections_.clear();
  if (accept_again_.set()) {
    reactor_.cancel(accept_again_);
  } else {
    reactor_.remove(fd_);
  }
  ::close(fd_);
}

void HttpServer::on_ready(Ready) { accept_all(); }

void HttpServer::accept_all() {
  while (true) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const int fd =
        ::accept4(fd_, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      if (options_.connections_max > 0 && connections_.size() >= options_.connections_max) {
        ::close(fd);
        continue;
      }
      const std::uint64_t id = next_id_++;
      connections_.emplace(id, std::make_unique<Connection>(*this, id, fd, from.sin_addr));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) return;
    // Out of descriptors or memory: the waiting connection would make us ready again at once, so look
    // away for a while.
    reactor_.remove(fd_);
    accept_again_ = reactor_.after(milliseconds(100), [this] {
      accept_again_ = {};
      reactor_.add(fd_, Interest::Read, *this);
    });
    return;
  }
}

HttpServer::Connection* HttpServer::find(std::uint64_t id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

WebSocket* HttpServer::find_session(SessionId session) const {
  Connection* connection = find(session);
  return connection == nullptr ? nullptr : connection->session();
}

void HttpServer::forget(std::uint64_t id) {
  // Taken out before it is destroyed: whoever looks meanwhile does not find it.
  auto gone = connections_.extract(id);
}

std::vector<SessionId> HttpServer::sessions() const {
  std::vector<SessionId> ids;
  for (const auto& [id, connection] : connections_) {
    if (connection->session() != nullptr && connection->session()->is_open()) ids.push_back(id);
  }
  return ids;
}

std::size_t HttpServer::unsent(SessionId session) const {
  const Connection* connection = find(session);
  return connection == nullptr ? 0 : connection->unsent();
}

bool HttpServer::send_text(SessionId session, std::string_view payload) {
  WebSocket* socket = find_session(session);
  return socket != nullptr && socket->send_text(payload);
}

bool HttpServer::send_binary(SessionId session, std::string_view payload) {
  WebSocket* socket = find_session(session);
  return socket != nullptr && socket->send_binary(payload);
}

bool HttpServer::send_ping(SessionId session, std::string_view payload) {
  WebSocket* socket = find_session(session);
  return socket != nullptr && socket->send_ping(payload);
}

bool HttpServer::close(SessionId session, std::uint16_t code, std::string_view text) {
  WebSocket* socket = find_session(session);
  if (socket == nullptr || !socket->is_open()) return false;
  socket->close(code, text);
  return true;
}

bool HttpServer::reset(SessionId session) {
  WebSocket* socket = find_session(session);
  if (socket == nullptr) return false;
  socket->reset();
  return true;
}

bool HttpServer::mute(SessionId session, bool on) {
  WebSocket* socket = find_session(session);
  if (socket == nullptr) return false;
  socket->mute(on);
  return true;
}

void HttpServer::reset_all() {
  for (const auto& [id, connection] : connections_) connection->reset();
}

bool Responder::respond(const HttpResponse& response) const {
  const auto server = server_.lock();
  if (server == nullptr) return false;
  HttpServer::Connection* connection = (*server)->find(connection_);
  return connection != nullptr && connection->respond(request_, response);
}

bool Responder::reset() const {
  const auto server = server_.lock();
  if (server == nullptr) return false;
  HttpServer::Connection* connection = (*server)->find(connection_);
  return connection != nullptr && connection->reset_request(request_);
}

std::string Responder::from() const {
  const auto server = server_.lock();
  if (server == nullptr) return {};
  const HttpServer::Connection* connection = (*server)->find(connection_);
  return connection == nullptr ? std::string() : connection->from();
}

}  // namespace ats::io
