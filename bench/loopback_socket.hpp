// Bare TCP on loopback, and a note of when each send begins.
#pragma once

#include <array>
#include <atomic>
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
// What is there now, `room` bytes at most; 0: nothing.
std::size_t receive_some(int fd, char* to, std::size_t room);

// When calls of send() by the thread of note_my_sends() began since the last start(): in this program that
// function is ours and hands on to the kernel. Off, it only hands on. Another thread reads the notes once it has
// seen what was sent.
struct SendNotes {
  static constexpr std::size_t most = 8;
  std::atomic<bool> on = false;
  std::atomic<std::size_t> count = 0;
  std::array<std::int64_t, most> at{};
  void start() {
    count = 0;
    on = true;
  }
  void stop() { on = false; }
};
SendNotes& send_notes();
void note_my_sends();

}  // namespace ats::bench
