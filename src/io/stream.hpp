// A byte stream over a non-blocking socket, plain TCP or TLS, client or server side.
//
// Received bytes are read straight into one large block and parsed there: one system call brings as many
// messages as have arrived. Written bytes go to the kernel at once (TCP_NODELAY); what it does not take
// waits and is sent together when the socket has room again.
//
// Invariants:
//  - One use: connect() or adopt() once, on_open at most once, on_close at most once and last.
//  - Callbacks run only from Reactor::poll(), never from within a call made here: a write that finds the
//    connection broken is reported by on_close in the next round.
//  - The stream may be destroyed, or closed, from within any of its callbacks. Destroying it, and
//    reset(), close the socket without a further callback.
//  - A peer that does not take what it is sent is cut off (SlowPeer) rather than buffered for ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "io/net_lifetime.hpp"
#include "io/net_queue.hpp"
#include "io/reactor.hpp"

namespace ats::io {

class Lookup;
class SendFence;
class TlsContext;
class TlsSession;
struct SocketAddress;

enum class CloseReason : std::uint8_t {
  LocalClose,      // finish() came to its end
  PeerClosed,      // the peer ended the stream in order
  Reset,           // the connection was cut: reset, timed out in the kernel, or TLS without goodbye
  NotResolved,     // the host name has no address
  NotConnected,    // refused or unreachable, at every address
  ConnectTimeout,  // resolving, connecting and TLS handshake together took too long
  TlsFailed,       // TLS protocol error
  CertificateRejected,  // the peer's certificate is not to be trusted for this host
  SlowPeer,             // more than StreamOptions::send_max waits to be sent
  ReceiveOverflow,      // more than StreamOptions::receive_max received and not consumed
  NotLeading,           // StreamOptions::fence was closed when something was to be sent
};
const char* name(CloseReason reason);

struct StreamOptions {
  std::size_t receive_initial = 256 * 1024;
  std::size_t receive_max = 64 * 1024 * 1024;
  std::size_t send_initial = 16 * 1024;
  // A write while more than this waits is refused and closes the stream; one write may be larger.
  std::size_t send_max = 8 * 1024 * 1024;
  Duration connect_timeout = seconds(10);
  // How long finish() waits for the peer to take the rest and close its side.
  Duration linger = seconds(2);
  // Closed when bytes are to be handed over: what waits is dropped and the stream is cut. Null: none; outlives it.
  const SendFence* fence = nullptr;
};

class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual void on_open() = 0;
  // More bytes are in received(); those not consumed are offered again with the next ones.
  virtual void on_bytes() = 0;
  virtual void on_close(CloseReason reason) = 0;
};

class Stream final : private Handler {
 public:
  Stream(Reactor& reactor, StreamListener& listener, const StreamOptions& options = {});
  ~Stream() override;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Client side. `tls` null: plain TCP; otherwise it must be a client context, and `host` is what the
  // certificate must be for.
  void connect(const std::string& host, std::uint16_t port, const TlsContext* tls);
  // Server side: takes over an accepted, non-blocking socket. on_open comes in the next round (plain) or
  // after the TLS handshake.
  void adopt(int fd, const TlsContext* tls);

  bool is_open() const { return state_ == State::Open; }
  // Nothing more will happen to it: closed, or cut by reset().
  bool is_over() const { return state_ == State::Closed; }
  std::span<char> received() { return in_.bytes(); }
  void consume(std::size_t n) { in_.consume(n); }
  // When bytes last came, taken right after the read.
  Instant last_receive() const { return last_receive_; }

  // Room for `n` bytes to be written in place, then commit() what was written; flush() sends. Null when
  // the stream is not open or has just been found to be too slow.
  char* prepare(std::size_t n);
  void commit(std::size_t n);
  void flush();
  // All three in one; false: not open, nothing was taken.
  bool write(std::string_view bytes);
  std::size_t unsent() const { return out_.size(); }
  // Bytes that may have left this machine, counted from the opening: handed to the kernel, or to TLS and
  // perhaps on from there. A message is certainly not sent while this is not past its first byte.
  std::uint64_t handed_over() const { return handed_over_; }

  // Sends what waits, then ends the stream; what the peer still sends is discarded. on_close(LocalClose)
  // follows when the peer has closed too, or after options.linger.
  void finish();
  // Cuts the connection at once (TCP RST) and drops what waits. No callback.
  void reset();

 private:
  enum class State : std::uint8_t {
    Idle,
    Resolving,
    Connecting,
    Handshaking,
    Open,
    Finishing,
    Broken,
    Closed
  };

  void on_ready(Ready ready) override;
  void connect_next();
  void connected();
  void handshake();
  void opened();
  bool read_some();  // false: nothing more to do with this readiness
  bool read_plain();
  bool read_tls();
  void discard();
  void end_sending();
  void wish_to_write(bool wanted);
  void break_later(CloseReason reason);
  void close(CloseReason reason);
  void release();
  std::size_t receive_room();

  Reactor& reactor_;
  StreamListener& listener_;
  const StreamOptions options_;
  Lifeline lifeline_;
  State state_ = State::Idle;
  bool writing_ = false;  // write interest is registered
  bool sending_ended_ = false;
  bool cut_ =
      false;  // a write found the connection gone: the end of what can be read is no orderly one
  int fd_ = -1;
  std::unique_ptr<TlsSession> tls_;
  ByteQueue in_;
  ByteQueue out_;
  Instant last_receive_;
  std::uint64_t handed_over_ = 0;
  std::uint64_t taken_ = 0;  // bytes that have left out_
  TimerId timer_;            // connect timeout, linger, or the report of a break
  std::string host_;
  const TlsContext* tls_context_ = nullptr;
  std::unique_ptr<Lookup> lookup_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_address_ = 0;
};

}  // namespace ats::io
