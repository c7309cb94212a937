// Bare TCP on loopback, and a note of when each send begins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ats::bench {

// A listening, non-blocking socket on a free port.
int listen_on_loopback(std::uint16_t& port);
// Nagle's algorithm off.
void send_at_once(int fd);
void send_all(int fd, std::string_view bytes);

// Both ends of one connection.
struct LoopbackPair {
  LoopbackPair();
  ~LoopbackPair();
  LoopbackPair(const LoopbackPair&) = delete;
  LoopbackPair& operator=(const LoopbackPair&) = delete;
  int near = -1;
  int far = -1;
};
// Looks until `size` bytes have come.
void receive_all(int fd, char* to, std::size_t size);

// When calls of send() began since the last clear(), whoever made them: in this program that function is
// ours and hands on to the kernel. Off, it only hands on.
struct SendNotes {
  static constexpr std::size_t most = 8;
  bool on = false;
  std::size_t count = 0;
  std::array<std::int64_t, most> at{};
  void start() {
    on = true;
    count = 0;
  }
  void stop() { on = false; }
};
SendNotes& send_notes();

}  // namespace ats::bench
