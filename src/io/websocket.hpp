// WebSocket (RFC 6455) on a Stream: WebSocket is one side of an open connection, WebSocketClient opens
// one. The server's side is opened by HttpServer.
//
// Invariants:
//  - on_open at most once, on_closed exactly once and last, unless the object is destroyed first; both,
//    and all messages, only from Reactor::poll().
//  - Messages are handed over where they lie in the receive buffer; nothing is allocated per message.
//  - A message is sent with one system call, at once, when the socket has room.
//  - After a protocol error, a lost connection or the peer's close frame nothing more is delivered.
//  - After a close frame of ours nothing more is sent.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_parse.hpp"
#include "io/stream.hpp"
#include "io/websocket_frame.hpp"
#include "venues/http.hpp"

namespace ats::io {

enum class WsCloseReason : std::uint8_t {
  PeerClosed,          // close frame from the peer: `code` and `text` are theirs
  LocalClose,          // our close() was answered, or its time ran out
  ConnectionLost,      // `stream` says how
  HandshakeRefused,    // the server answered with `http_status`
  HandshakeMalformed,  // its answer was not HTTP, or not a WebSocket handshake's
  ProtocolError,       // `frame` says which
  PongMissing,         // no pong came within pong_within
};
const char* name(WsCloseReason reason);

struct WsClosed {
  WsCloseReason reason = WsCloseReason::LocalClose;
  CloseReason stream = CloseReason::LocalClose;  // ConnectionLost
  FrameError frame = FrameError::ReservedBits;   // ProtocolError
  std::uint16_t code = close_code::not_told;     // PeerClosed, LocalClose
  int http_status = 0;                           // HandshakeRefused
  Duration retry_after = {};                     // HandshakeRefused: told not to come back before
  std::string text;  // the peer's words: close text, or the start of its HTTP answer's body
};
// For logs: "connection lost: connection refused".
std::string describe(const WsClosed& closed);

struct WsOptions {
  std::size_t message_max = 16 * 1024 * 1024;
  Duration ping_every{};               // 0: none from us
  Duration pong_within{};              // 0: pongs are not waited for
  Duration close_within = seconds(3);  // how long close() waits for the peer's close frame
  DeflateOptions deflate = {};         // permessage-deflate, when the peer agrees
};

// The same, with a receive block that holds the largest message: messages are read where they lie.
StreamOptions with_room_for(StreamOptions stream, const WsOptions& websocket);

class WsListener {
 public:
  virtual ~WsListener() = default;
  virtual void on_open() {}
  // `kind` is Text (valid UTF-8) or Binary. The payload may be read until the call returns.
  virtual void on_message(Opcode kind, std::string_view payload, Instant received) = 0;
  virtual void on_ping() {}  // was answered
  virtual void on_pong(std::string_view payload) { static_cast<void>(payload); }
  virtual void on_closed(const WsClosed& closed) = 0;
};

// Four unpredictable bytes a frame (RFC 6455 section 5.3), drawn from OpenSSL's generator in blocks.
class MaskSource {
 public:
  const char* next();
  // Fetches the next block when little is left: call when there is time.
  void refill();

 private:
  static constexpr std::size_t masks = 64;
  std::array<char, masks * 4> bytes_;
  std::size_t used_ = masks;
};

// One side of a connection whose handshake is done. Takes the stream's events from its owner.
class WebSocket {
 public:
  WebSocket(Reactor& reactor, Stream& stream, WsListener& listener, WsRole role,
            const WsOptions& options);
  ~WebSocket();

  // False: not open, nothing was sent. `payload` of a Text message must be UTF-8.
  bool send_text(std::string_view payload) { return send(Opcode::Text, payload); }
  bool send_binary(std::string_view payload) { return send(Opcode::Binary, payload); }
  // At most 125 bytes.
  bool send_ping(std::string_view payload);
  // Starts the closing handshake; on_closed follows. `text`: at most 123 bytes.
  void close(std::uint16_t code, std::string_view text);
  // Cuts the connection (TCP RST); on_closed(LocalClose) follows in the next round.
  void reset();
  // Between hold() and release() messages gather; then they leave in one piece.
  void hold() { held_ = true; }
  void release();
  // Muted: connected, reading, and silent. Messages, pings and pongs are swallowed instead of sent.
  void mute(bool on) { muted_ = on; }
  // What the handshake agreed on: before anything is read or sent.
  void agree(const DeflateAgreement& deflate);

  bool is_open() const { return state_ == State::Open; }

  // From the stream's listener.
  void on_bytes();
  void on_stream_closed(CloseReason reason);
  // Starts the ping timer: after on_open was told.
  void start();

 private:
  // Cut: reset() was called, on_closed is to follow.
  enum class State : std::uint8_t { Open, Closing, Cut, Closed };

  bool send(Opcode opcode, std::string_view payload);
  bool put(Opcode opcode, std::string_view payload);
  bool write(Opcode opcode, std::string_view payload, bool compressed);
  void flush();
  // False: destroyed or closed by the listener.
  bool take(const WsMessage& message);
  void peer_closed(std::string_view payload);
  void protocol_error(FrameError error);
  void ping_due();
  void ended(const WsClosed& closed);

  Reactor& reactor_;
  Stream& stream_;
  WsListener& listener_;
  const WsOptions options_;
  const WsRole role_;
  Lifeline lifeline_;
  State state_ = State::Open;
  bool held_ = false;
  bool muted_ = false;
  std::optional<FrameReader> reader_;
  std::optional<Deflater> deflater_;
  MaskSource masks_;
  std::uint64_t pings_ = 0;
  std::uint16_t sent_close_ = close_code::not_told;
  TimerId ping_timer_;
  TimerId pong_timer_;
  TimerId close_timer_;
};

struct WsClientOptions {
  std::string host;
  std::uint16_t port = 0;
  std::string target = "/";         // path and query
  const TlsContext* tls = nullptr;  // null: plain; must outlive the client
  std::vector<HttpHeader> headers;  // beside the handshake's own
  WsOptions websocket;
  StreamOptions stream;  // stream.connect_timeout covers the WebSocket handshake as well
};

// Opens one connection; make a new one to reconnect.
class WebSocketClient final : private StreamListener {
 public:
  WebSocketClient(Reactor& reactor, WsListener& listener, WsClientOptions options);
  ~WebSocketClient() override;

  void connect();
  bool send_text(std::string_view payload) { return open_ && socket_.send_text(payload); }
  void hold() { socket_.hold(); }
  void release() { socket_.release(); }
  bool send_binary(std::string_view payload) { return open_ && socket_.send_binary(payload); }
  bool send_ping(std::string_view payload) { return open_ && socket_.send_ping(payload); }
  // Before the connection is open: gives it up, on_closed(LocalClose) follows.
  void close(std::uint16_t code = close_code::normal, std::string_view text = {});
  void reset();

  bool is_open() const { return open_ && socket_.is_open(); }
  // When bytes last came.
  Instant last_receive() const { return stream_.last_receive(); }
  std::size_t unsent() const { return stream_.unsent(); }

 private:
  void on_open() override;
  void on_bytes() override;
  void on_close(CloseReason reason) override;
  void read_handshake();
  void refuse(WsCloseReason reason, int status, std::string_view text, Duration retry_after = {});
  void refused(const HttpResponse& response);
  void closed_before_open(const WsClosed& closed);

  Reactor& reactor_;
  WsListener& listener_;
  const WsClientOptions options_;
  Lifeline lifeline_;
  Stream stream_;
  WebSocket socket_;
  HttpResponseReader response_;
  bool open_ = false;
  bool over_ = false;
  std::string key_;
  TimerId timer_;
};

// The value of Sec-WebSocket-Accept that answers this Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);
// The answer 101 to an upgrade request, or 400 / 426 when it is not a proper one. `agreed`: what the answer
// says of compression.
HttpResponse websocket_upgrade_answer(const HttpRequest& request, const DeflateOptions& deflate,
                                      std::optional<DeflateAgreement>& agreed);
// What is wrong with the server's answer 101 to our handshake; null: nothing.
const char* handshake_fault(const HttpResponse& response, std::string_view key,
                            const std::vector<HttpHeader>& asked, const DeflateOptions& deflate,
                            std::optional<DeflateAgreement>& agreed);

}  // namespace ats::io
