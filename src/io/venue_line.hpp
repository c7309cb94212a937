// One WebSocket to a venue that is kept up: opened anew when it is lost or falls silent, at another of the
// venue's hosts when one does not serve, after waits that grow and that no two clients share, and never
// before the venue has said that we may come back.
//
// Rules:
//  - waits double from 250 ms to 30 s, each drawn from [half, whole]; a connection that stood ten seconds
//    starts over; a Retry-After (429, 418, 503) is waited for to its end;
//  - a connection that never opened, or did not stand ten seconds, is tried at the next host;
//  - one that hears nothing for silence_max is cut, whatever TCP says;
//  - behind a fence that is closed there is no connection; it is opened as soon as the fence is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.hpp"
#include "domain/event.hpp"
#include "io/send_fence.hpp"
#include "io/tls.hpp"
#include "io/websocket.hpp"
#include "venues/client.hpp"

namespace ats::io {

struct ChannelStatus {
  bool up = false;  // serves: ConnectionUp was told
  std::uint64_t connects = 0;
  std::uint64_t losses = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::string last_loss;  // why, for people
};

class VenueLine;

class LineOwner {
 public:
  // What the WebSocket handshake is to carry, asked for at each opening.
  virtual std::vector<HttpHeader> line_headers(VenueLine& line) = 0;
  virtual void line_open(VenueLine& line) = 0;
  virtual void line_message(VenueLine& line, Opcode kind, std::string_view payload,
                            Instant received) = 0;
  // A ping or a pong came: the peer is there.
  virtual void line_alive(VenueLine& line, Instant received) {
    static_cast<void>(line), static_cast<void>(received);
  }
  // After it had been open.
  virtual void line_lost(VenueLine& line) = 0;

 protected:
  ~LineOwner() = default;
};

class VenueLine final : private WsListener {
 public:
  // `urls`: at least one, all sound. The line may be destroyed by its owner from within any of its calls.
  VenueLine(Reactor& reactor, LineOwner& owner, const venues::ChannelPolicy& policy,
            std::vector<std::string> urls, const TlsContext* tls, Rng& jitter,
            const SendFence* fence = nullptr);
  ~VenueLine() override;

  void connect();
  // Closed in order and not opened again. The owner hears that it is lost.
  void close();
  // The same, and the owner hears nothing further.
  void retire();
  // Cuts the connection and opens it anew.
  void cut(std::string_view why);
  void send_text(std::string_view frame);
  // Between the two, what is sent gathers.
  void hold();
  void release();
  // Cuts it when it has been silent for too long, or behind a closed fence.
  void watch(Instant now);

  bool open() const { return open_; }
  // Nothing is left to wait for.
  bool ended() const { return ended_; }
  Instant opened() const { return opened_; }
  Instant last_receive() const { return socket_->last_receive(); }
  const std::string& url() const { return urls_[at_]; }
  ChannelStatus& status() { return status_; }
  const ChannelStatus& status() const { return status_; }

 private:
  void on_open() override;
  void on_message(Opcode kind, std::string_view payload, Instant received) override;
  void on_ping() override { alive(); }
  void on_pong(std::string_view) override { alive(); }
  void on_closed(const WsClosed& closed) override;
  void alive() {
    if (!retired_) owner_.line_alive(*this, last_receive());
  }

  Reactor& reactor_;
  LineOwner& owner_;
  const venues::ChannelPolicy policy_;
  const std::vector<std::string> urls_;
  const TlsContext* tls_;
  Rng& jitter_;
  const SendFence* fence_;  // null: none
  Lifeline lifeline_;
  std::size_t at_ = 0;
  std::unique_ptr<WebSocketClient> socket_;
  ChannelStatus status_;
  TimerId retry_;
  int failures_ = 0;
  bool open_ = false;
  bool last_ = false;     // not to be opened again
  bool retired_ = false;  // not to be heard
  bool ended_ = false;
  Instant opened_;
  std::string reason_;  // why we cut it ourselves
};

}  // namespace ats::io
