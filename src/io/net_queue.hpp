// A first-in first-out queue of bytes in one contiguous block: sockets read into its tail and parsers
// look at its head in place. Keeps its memory; once grown to what the traffic needs it allocates nothing.
//
// Invariant: begin_ <= end_ <= capacity. The fresh block is touched when made, so that the first frames
// do not pay for page faults.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "base/assert.hpp"

namespace ats::io {

class ByteQueue {
 public:
  explicit ByteQueue(std::size_t initial_capacity) : capacity_(initial_capacity) {
    bytes_ = std::make_unique<char[]>(capacity_);  // zeroed: touched
  }

  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  // The bytes queued, oldest first. Valid until the next prepare().
  std::span<char> bytes() { return {bytes_.get() + begin_, size()}; }
  std::string_view view() const { return {bytes_.get() + begin_, size()}; }

  // Room for at least `room` more bytes; returns where they go. Moves or regrows only when needed.
  char* prepare(std::size_t room) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (capacity_ - end_ < room) make_room(room);
    return bytes_.get() + end_;
  }
  // How much may be committed without another prepare().
  std::size_t tail_room() const { return capacity_ - end_; }
  void commit(std::size_t n) {
    ATS_ASSERT(n <= tail_room());
    end_ += n;
  }
  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(prepare(text.size()), text.data(), text.size());
    commit(text.size());
  }
  void consume(std::size_t n) {
    ATS_ASSERT(n <= size());
    begin_ += n;
  }
  void clear() { begin_ = end_ = 0; }

 private:
  void make_room(std::size_t room) {
    const std::size_t kept = size();
    if (capacity_ - kept >= room) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, kept);
    } else {
      const std::size_t grown = std::max(capacity_ * 2, kept + room);
      auto block = std::make_unique<char[]>(grown);
      if (kept != 0) std::memcpy(block.get(), bytes_.get() + begin_, kept);
      bytes_ = std::move(block);
      capacity_ = grown;
    }
    begin_ = 0;
    end_ = kept;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace ats::io
