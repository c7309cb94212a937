// The client's end of a WebSocket as the transport benchmarks drive it: ours, and the one that a developer
// would write with coroutines on Boost.Beast. Both are polled by the caller, in the caller's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "harness.hpp"

namespace ats::bench {

class WebSocketReader {
 public:
  virtual ~WebSocketReader() = default;
  // Does what can be done now, without waiting.
  virtual void poll() = 0;
  virtual bool open() const = 0;
  // A text message; it has left, or waits for the socket, when this and the next poll() are done.
  virtual void send(std::string_view text) = 0;

  // Takes the messages from now on; 64 bytes behind each may be read.
  using Handler = std::function<void(std::string_view message)>;
  void hand_to(Handler handler) { handler_ = std::move(handler); }

  std::uint64_t messages() const { return messages_; }
  std::uint64_t digest() const { return digest_; }

 protected:
  void take(std::string_view message) {
    ++messages_;
    if (handler_) {
      handler_(message);
      return;
    }
    digest_ = mix(digest_, message.size());
    digest_ = mix(digest_, static_cast<unsigned char>(message.front()));
    digest_ = mix(digest_, static_cast<unsigned char>(message.back()));
  }

 private:
  Handler handler_;
  std::uint64_t messages_ = 0;
  std::uint64_t digest_ = 0;
};

// Connects to 127.0.0.1; over TLS when `ca_file` is not empty.
std::unique_ptr<WebSocketReader> make_beast_reader(std::uint16_t port, const std::string& ca_file);
// Plain, in the event loop of another one of Beast's: polling either polls both.
std::unique_ptr<WebSocketReader> make_beast_reader_beside(WebSocketReader& other,
                                                          std::uint16_t port);

}  // namespace ats::bench
