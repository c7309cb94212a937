// The server's end of the transport benchmarks: a bare socket, plain or under OpenSSL, that knows just
// enough of HTTP to open a WebSocket and then sends bytes made beforehand. Lives in the same thread as the
// reader it feeds, so that nobody waits for a wake-up.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "websocket_reader.hpp"

namespace ats::bench {

// A key and a certificate of its own for 127.0.0.1, in files that go with it.
class BenchCertificate {
 public:
  BenchCertificate();
  ~BenchCertificate();
  BenchCertificate(const BenchCertificate&) = delete;
  BenchCertificate& operator=(const BenchCertificate&) = delete;
  std::string certificate_file() const { return (folder_ / "certificate.pem").string(); }
  std::string key_file() const { return (folder_ / "key.pem").string(); }

 private:
  std::filesystem::path folder_;
};

class RawSender {
 public:
  // Null: plain.
  explicit RawSender(const BenchCertificate* certificate);
  ~RawSender();
  RawSender(const RawSender&) = delete;
  RawSender& operator=(const RawSender&) = delete;

  std::uint16_t port() const;
  // Accepts one client and answers its handshakes, driving the client meanwhile.
  void open(WebSocketReader& client);
  // All of it at once (over TLS: in as few records as there can be).
  void send(std::string_view bytes);
  // What has come, if anything, thrown away; returns how much.
  std::size_t receive();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A text frame from a server, as it goes on the wire.
std::string server_frame(std::string_view text);

}  // namespace ats::bench
