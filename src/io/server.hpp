// HTTP/1.1 and WebSocket server, on 127.0.0.1 where nothing else is said, plain or TLS: the sockets of the simulated exchanges and of
// every role's control pages.
//
// Invariants:
//  - A connection is answered in the order of its requests; the next is read when the last was answered.
//  - Every session that on_open told of gets exactly one on_close, unless the server is destroyed first.
//  - Callbacks run only from Reactor::poll(). Sessions may be sent to, closed or reset from within any of
//    them; the server itself must not be destroyed from within one.
//  - Session ids and responders of connections that are gone are harmless: they do nothing and say so.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "io/http_parse.hpp"
#include "io/stream.hpp"
#include "io/websocket.hpp"
#include "venues/http.hpp"

namespace ats::io {

class HttpServer;

using SessionId = std::uint64_t;  // one WebSocket connection; never reused within a server

// Answers one request, now or later; copies answer the same one. Unanswered, the client keeps waiting.
class Responder {
 public:
  // False: already answered, or the connection (or the server) is gone.
  bool respond(const HttpResponse& response) const;
  // Cuts the connection (TCP RST) instead of answering.
  bool reset() const;
  // The address it came from, "127.0.0.1"; empty: the connection is gone.
  std::string from() const;

 private:
  friend class HttpServer;
  std::weak_ptr<HttpServer*> server_;
  std::uint64_t connection_ = 0;
  std::uint64_t request_ = 0;
};

class ServerHandler {
 public:
  virtual ~ServerHandler() = default;
  virtual void on_request(const HttpRequest& request, Responder responder) = 0;
  // A proper WebSocket handshake: nothing to accept it, or the answer that refuses it.
  virtual std::optional<HttpResponse> on_upgrade(const HttpRequest& request) = 0;
  // `target`: path and query of the handshake.
  virtual void on_open(SessionId session, std::string_view target) = 0;
  virtual void on_message(SessionId session, Opcode kind, std::string_view payload,
                          Instant received) = 0;
  virtual void on_close(SessionId session, const WsClosed& closed) = 0;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // IPv4
  std::uint16_t port = 0;             // 0: the kernel picks one
  const TlsContext* tls = nullptr;    // null: plain; must outlive the server
  HttpLimits limits{.header_max = 64 * 1024, .body_max = 1024 * 1024};
  WsOptions websocket{.message_max = 1024 * 1024};
  StreamOptions stream{.receive_initial = 16 * 1024, .receive_max = 4 * 1024 * 1024};
  // Against clients that hold on to connections; 0: no bound. One more than so many is cut at once.
  std::size_t connections_max = 0;
  // From the connection's opening, or a request's first byte, until the request is whole; else it is told 408.
  Duration request_within{};
  // How long a connection may say nothing after an answer.
  Duration idle_within{};
};

enum class ListenError : std::uint8_t { PortInUse, NotPermitted, NoSocket };
const char* name(ListenError error);

class HttpServer final : private Handler {
 public:
  // Listens from the next round on.
  static Result<std::unique_ptr<HttpServer>, ListenError> listen(Reactor& reactor,
                                                                 ServerHandler& handler,
                                                                 const HttpServerOptions& options);
  ~HttpServer() override;

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return connections_.size(); }
  std::vector<SessionId> sessions() const;
  // Bytes that wait for the peer to take them.
  std::size_t unsent(SessionId session) const;

  // False: no such session, or it is closing.
  bool send_text(SessionId session, std::string_view payload);
  bool send_binary(SessionId session, std::string_view payload);
  bool send_ping(SessionId session, std::string_view payload);
  bool close(SessionId session, std::uint16_t code, std::string_view text);
  // Cuts the connection (TCP RST).
  bool reset(SessionId session);
  // Connected but silent: what would be sent, pongs included, is swallowed.
  bool mute(SessionId session, bool on);
  // Cuts every connection, HTTP ones included.
  void reset_all();

 private:
  friend class Responder;
  class Connection;

  HttpServer(Reactor& reactor, ServerHandler& handler, const HttpServerOptions& options, int fd,
             std::uint16_t port);
  void on_ready(Ready ready) override;
  void accept_all();
  Connection* find(std::uint64_t id) const;
  WebSocket* find_session(SessionId session) const;
  void forget(std::uint64_t id);

  Reactor& reactor_;
  ServerHandler& handler_;
  const HttpServerOptions options_;
  int fd_;
  std::uint16_t port_;
  std::uint64_t next_id_ = 1;
  TimerId accept_again_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::shared_ptr<HttpServer*> self_;  // what responders hold on to
};

}  // namespace ats::io
