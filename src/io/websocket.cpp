#include "io/websocket.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/assert.hpp"
#include "io/clock.hpp"
#include "io/clock_skew.hpp"
#include "io/net_address.hpp"
#include "io/tls.hpp"

namespace ats::io {

const char* name(WsCloseReason reason) {
  switch (reason) {
    case WsCloseReason::PeerClosed:
      return "closed by the peer";
    case WsCloseReason::LocalClose:
      return "closed by us";
    case WsCloseReason::ConnectionLost:
      return "connection lost";
    case WsCloseReason::HandshakeRefused:
      return "handshake refused";
    case WsCloseReason::HandshakeMalformed:
      return "handshake malformed";
    case WsCloseReason::ProtocolError:
      return "protocol error";
    case WsCloseReason::PongMissing:
      return "pong missing";
  }
  return "?";
}

std::string describe(const WsClosed& closed) {
  std::string text = name(closed.reason);
  switch (closed.reason) {
    case WsCloseReason::ConnectionLost:
      text += std::string(": ") + name(closed.stream);
      break;
    case WsCloseReason::ProtocolError:
      text += std::string(": ") + name(closed.frame);
      break;
    case WsCloseReason::HandshakeRefused:
      text += ": HTTP " + std::to_string(closed.http_status);
      break;
    case WsCloseReason::PeerClosed:
      if (closed.code != close_code::not_told) text += ": code " + std::to_string(closed.code);
      break;
    case WsCloseReason::LocalClose:
    case WsCloseReason::HandshakeMalformed:
    case WsCloseReason::PongMissing:
      break;
  }
  if (!closed.text.empty()) text += " (" + closed.text + ")";
  return text;
}

StreamOptions with_room_for(StreamOptions stream, const WsOptions& websocket) {
  constexpr std::size_t slack = 64 * 1024;
  stream.receive_max =
      std::max(stream.receive_max, websocket.message_max + frame_header_max + slack);
  return stream;
}

const char* MaskSource::next() {
  if (used_ == masks) {
    ATS_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(bytes_.data()),
                          static_cast<int>(bytes_.size())) == 1);
    used_ = 0;
  }
  return bytes_.data() + 4 * used_++;
}

void MaskSource::refill() {
  if (used_ < masks) return;
  static_cast<void>(next());
  used_ = 0;
}

WebSocket::WebSocket(Reactor& reactor, Stream& stream, WsListener& listener, WsRole role,
                     const WsOptions& options)
    : reactor_(reactor), stream_(stream), listener_(listener), options_(options), role_(role) {
  reader_.emplace(role, options.message_max);
  if (role_ == WsRole::Client) masks_.refill();
}

WebSocket::~WebSocket() {
  reactor_.cancel(ping_timer_);
  reactor_.cancel(pong_timer_);
  reactor_.cancel(close_timer_);
}

void WebSocket::agree(const DeflateAgreement& deflate) {
  reader_.emplace(role_, options_.message_max, deflate);
  if (deflate.may_send) deflater_.emplace(deflate, options_.deflate.level);
}

void WebSocket::start() {
  if (options_.ping_every.ns > 0) {
    ping_timer_ = reactor_.after(options_.ping_every, [this] { ping_due(); });
  }
}

void WebSocket::ping_due() {
  start();
  if (muted_) return;
  char payload[24];
  const auto end = std::to_chars(payload, payload + sizeof payload, ++pings_).ptr;
  send(Opcode::Ping, {payload, static_cast<std::size_t>(end - payload)});
  if (options_.pong_within.ns > 0 && !pong_timer_.set()) {
    pong_timer_ = reactor_.after(options_.pong_within, [this] {
      stream_.reset();
      ended({.reason = WsCloseReason::PongMissing, .text = {}});
    });
  }
}

bool WebSocket::send(Opcode opcode, std::string_view payload) {
  if (state_ != State::Open) return false;
  return muted_ || put(opcode, payload);
}

bool WebSocket::put(Opcode opcode, std::string_view payload) {
  const bool compress = deflater_ && (opcode == Opcode::Text || opcode == Opcode::Binary) &&
                        payload.size() >= options_.deflate.send_min;
  return write(opcode, compress ? deflater_->message(payload) : payload, compress);
}

bool WebSocket::write(Opcode opcode, std::string_view payload, bool compressed) {
  const bool client = role_ == WsRole::Client;
  char* out = stream_.prepare(frame_size(payload.size(), client));
  if (out == nullptr) return false;
  stream_.commit(write_frame(out, opcode, payload, client ? masks_.next() : nullptr, compressed));
  if (!held_) flush();
  return true;
}

void WebSocket::flush() {
  stream_.flush();
  if (role_ == WsRole::Client) masks_.refill();
}

void WebSocket::release() {
  held_ = false;
  flush();
}

bool WebSocket::send_ping(std::string_view payload) {
  ATS_ASSERT(payload.size() <= 125);
  return send(Opcode::Ping, payload);
}

void WebSocket::close(std::uint16_t code, std::string_view text) {
  if (state_ != State::Open) return;
  ATS_ASSERT(text.size() <= 123);
  char payload[125] = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  std::ranges::copy(text, payload + 2);
  if (!muted_) put(Opcode::Close, {payload, text.size() + 2});
  state_ = State::Closing;
  sent_close_ = code;
  reactor_.cancel(ping_timer_);
  reactor_.cancel(pong_timer_);
  close_timer_ = reactor_.after(options_.close_within, [this] {
    stream_.finish();
    ended({.reason = WsCloseReason::LocalClose, .code = sent_close_, .text = {}});
  });
}

void WebSocket::reset() {
  if (state_ == State::Cut || state_ == State::Closed) return;
  stream_.reset();
  state_ = State::Cut;
  reactor_.cancel(ping_timer_);
  reactor_.cancel(pong_timer_);
  reactor_.cancel(close_timer_);
  close_timer_ =
      reactor_.after({}, [this] { ended({.reason = WsCloseReason::LocalClose, .text = {}}); });
}

void WebSocket::on_bytes() {
  const Lifeline::Watch watch(lifeline_);
  while (state_ == State::Open || state_ == State::Closing) {
    const FrameReader::Step step = reader_->next(stream_.received());
    if (step == FrameReader::Step::Failed) return protocol_error(reader_->error());
    if (step == FrameReader::Step::NeedMore) return stream_.consume(reader_->consumed());
    const bool go_on = take(reader_->message());
    if (watch.dead() || !go_on) return;
    stream_.consume(reader_->consumed());
  }
}

bool WebSocket::take(const WsMessage& message) {
  switch (message.opcode) {
    case Opcode::Text:
    case Opcode::Binary:
      listener_.on_message(message.opcode, message.payload, stream_.last_receive());
      return true;
    case Opcode::Ping:
      // RFC 6455 section 5.5.2: the same payload, as soon as is practical.
      send(Opcode::Pong, message.payload);
      listener_.on_ping();
      return true;
    case Opcode::Pong:
      reactor_.cancel(pong_timer_);
      listener_.on_pong(message.payload);
      return true;
    case Opcode::Close:
      peer_closed(message.payload);
      return false;
    case Opcode::Continuation:
      break;
  }
  return true;
}

void WebSocket::peer_closed(std::string_view payload) {
  const auto close = parse_close(payload);
  if (!close.ok()) return protocol_error(close.error());
  const bool ours = state_ == State::Closing;
  if (!ours && !muted_) {
    // Section 5.5.1: the answer typically echoes the status code.
    put(Opcode::Close, payload.substr(0, 2));
  }
  const WsClosed closed{.reason = ours ? WsCloseReason::LocalClose : WsCloseReason::PeerClosed,
                        .code = close->code,
                        .text = std::string(close->text)};
  stream_.finish();
  ended(closed);
}

void WebSocket::protocol_error(FrameError error) {
  const std::uint16_t code = close_code_for(error);
  const char payload[2] = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  if (state_ == State::Open && !muted_) put(Opcode::Close, {payload, 2});
  stream_.finish();
  ended({.reason = WsCloseReason::ProtocolError, .frame = error, .text = {}});
}

void WebSocket::on_stream_closed(CloseReason reason) {
  if (state_ == State::Closed) return;
  const bool ours = state_ == State::Closing;
  ended({.reason = ours ? WsCloseReason::LocalClose : WsCloseReason::ConnectionLost,
         .stream = reason,
         .text = {}});
}

void WebSocket::ended(const WsClosed& closed) {
  state_ = State::Closed;
  reactor_.cancel(ping_timer_);
  reactor_.cancel(pong_timer_);
  reactor_.cancel(close_timer_);
  listener_.on_closed(closed);
}

namespace {

std::string fresh_key() {
  unsigned char nonce[16];
  ATS_ASSERT(RAND_bytes(nonce, sizeof nonce) == 1);
  unsigned char encoded[25];
  const int length = EVP_EncodeBlock(encoded, nonce, sizeof nonce);
  return {encoded, encoded + length};
}

}  // namespace

WebSocketClient::WebSocketClient(Reactor& reactor, WsListener& listener, WsClientOptions options)
    : reactor_(reactor),
      listener_(listener),
      options_(std::move(options)),
      stream_(reactor, *this, with_room_for(options_.stream, options_.websocket)),
      socket_(reactor, stream_, listener, WsRole::Client, options_.websocket),
      response_(HttpLimits{.header_max = 64 * 1024, .body_max = 64 * 1024}) {}

WebSocketClient::~WebSocketClient() { reactor_.cancel(timer_); }

void WebSocketClient::connect() {
  timer_ = reactor_.after(options_.stream.connect_timeout, [this] {
    stream_.reset();
    closed_before_open({.reason = WsCloseReason::ConnectionLost,
                        .stream = CloseReason::ConnectTimeout,
                        .text = {}});
  });
  stream_.connect(options_.host, options_.port, options_.tls);
}

void WebSocketClient::on_open() {
  key_ = fresh_key();
  HttpRequest request{"GET", options_.target, options_.headers, {}};
  request.headers.insert(request.headers.end(), {{"Upgrade", "websocket"},
                                                 {"Connection", "Upgrade"},
                                                 {"Sec-WebSocket-Version", "13"},
                                                 {"Sec-WebSocket-Key", key_}});
  if (std::string offer = deflate_offer(options_.websocket.deflate); !offer.empty()) {
    request.headers.push_back({"Sec-WebSocket-Extensions", std::move(offer)});
  }
  if (!writable(request)) return refuse(WsCloseReason::HandshakeMalformed, 0, "unwritable request");
  ByteQueue text(1024);
  append_request(text, request, host_header(options_.host, options_.port, options_.tls != nullptr));
  stream_.write(text.view());
}

void WebSocketClient::on_bytes() {
  if (open_) return socket_.on_bytes();
  read_handshake();
}

void WebSocketClient::read_handshake() {
  const std::span<char> bytes = stream_.received();
  const HttpProgress progress = response_.read({bytes.data(), bytes.size()});
  stream_.consume(progress.consumed);
  if (progress.step == HttpStep::NeedMore) return;
  if (progress.step != HttpStep::Done) {
    return refuse(WsCloseReason::HandshakeMalformed, 0, "not an HTTP answer");
  }
  const HttpResponse response = response_.take();
  if (response.status != 101) return refused(response);
  std::optional<DeflateAgreement> deflate;
  if (const char* fault =
          handshake_fault(response, key_, options_.headers, options_.websocket.deflate, deflate)) {
    return refuse(WsCloseReason::HandshakeMalformed, 101, fault);
  }
  if (deflate) socket_.agree(*deflate);

  reactor_.cancel(timer_);
  open_ = true;
  const Lifeline::Watch watch(lifeline_);
  socket_.start();
  listener_.on_open();
  if (!watch.dead()) socket_.on_bytes();
}

void WebSocketClient::refuse(WsCloseReason reason, int status, std::string_view text,
                             Duration retry_after) {
  constexpr std::size_t told_max = 200;
  stream_.finish();
  closed_before_open({.reason = reason,
                      .http_status = status,
                      .retry_after = retry_after,
                      .text = std::string(text.substr(0, told_max))});
}

void WebSocketClient::refused(const HttpResponse& response) {
  const std::string* pause = response.header("Retry-After");
  const auto wait = pause != nullptr ? parse_retry_after(*pause, OsClock::wall()) : std::nullopt;
  refuse(WsCloseReason::HandshakeRefused, response.status, response.body,
         wait.value_or(Duration{}));
}

void WebSocketClient::on_close(CloseReason reason) {
  if (open_) return socket_.on_stream_closed(reason);
  // A refusal whose body ends with the connection.
  if (!over_ && reason == CloseReason::PeerClosed && response_.end() == HttpStep::Done) {
    const HttpResponse response = response_.take();
    if (response.status != 101) return refused(response);
  }
  closed_before_open({.reason = WsCloseReason::ConnectionLost, .stream = reason, .text = {}});
}

void WebSocketClient::closed_before_open(const WsClosed& closed) {
  if (std::exchange(over_, true)) return;
  reactor_.cancel(timer_);
  listener_.on_closed(closed);
}

void WebSocketClient::close(std::uint16_t code, std::string_view text) {
  if (open_) return socket_.close(code, text);
  reset();
}

void WebSocketClient::reset() {
  if (open_) return socket_.reset();
  if (over_) return;
  stream_.reset();
  reactor_.cancel(timer_);
  timer_ = reactor_.after(
      {}, [this] { closed_before_open({.reason = WsCloseReason::LocalClose, .text = {}}); });
}

}  // namespace ats::io
