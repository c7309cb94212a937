// Bounded queue of byte records from exactly one producer thread to exactly one consumer thread, without
// locks: what ring.hpp is for elements of one size. How a feed hands frames to the thread that keeps them.
//
// Invariants: records come out in the order they went in, each once, each in one piece. A record for which
// there is no room is refused (claim gives nothing) and the producer decides what that means; nothing waits
// and nothing is overwritten. The memory is taken at construction; a record costs one copy, by the caller.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "base/assert.hpp"

namespace ats {

class ByteRing {
 public:
  // `capacity` in bytes, a power of two, at least 64.
  explicit ByteRing(std::size_t capacity)
      : bytes_(std::make_unique<std::uint64_t[]>(capacity / sizeof(std::uint64_t))),
        mask_(capacity - 1) {
    ATS_ASSERT(std::has_single_bit(capacity) && capacity >= 64);
  }
  ByteRing(const ByteRing&) = delete;
  ByteRing& operator=(const ByteRing&) = delete;

  std::size_t capacity() const { return mask_ + 1; }
  // No longer record can ever go in.
  std::size_t record_max() const { return capacity() / 2 - head_size; }

  // Producer: room for one record of so many bytes, to be filled and published; null when there is none.
  // Claiming again before publish() lets the first claim go.
  std::byte* claim(std::size_t size) {
    if (size > record_max()) return nullptr;
    const std::size_t tail = producer_.position.load(std::memory_order_relaxed);
    const std::size_t need = head_size + align_up(size);
    const std::size_t to_end = capacity() - (tail & mask_);
    const std::size_t skipped = need > to_end ? to_end : 0;
    if (!room_for(tail, skipped + need)) return nullptr;
    if (skipped != 0) put_head(tail, skip);
    put_head(tail + skipped, size);
    claimed_ = tail + skipped + need;
    return at(tail + skipped) + head_size;
  }
  // Producer: hands over what was claimed last.
  void publish() { producer_.position.store(claimed_, std::memory_order_release); }

  // Consumer: the oldest record; its data() is null when there is none. Stands until pop().
  std::span<const std::byte> front() {
    for (;;) {
      const std::size_t head = consumer_.position.load(std::memory_order_relaxed);
      if (head == consumer_.seen_of_other) {
        consumer_.seen_of_other = producer_.position.load(std::memory_order_acquire);
        if (head == consumer_.seen_of_other) return {};
      }
      const std::uint64_t size = get_head(head);
      if (size != skip) return {at(head) + head_size, static_cast<std::size_t>(size)};
      consumer_.position.store(head + capacity() - (head & mask_), std::memory_order_release);
    }
  }
  // Consumer: after front() gave a record.
  void pop() {
    const std::size_t head = consumer_.position.load(std::memory_order_relaxed);
    consumer_.position.store(head + head_size + align_up(static_cast<std::size_t>(get_head(head))),
                             std::memory_order_release);
  }

  // Bytes waiting, for metrics: exact only while neither side moves.
  std::size_t used() const {
    const std::size_t head = consumer_.position.load(std::memory_order_acquire);
    return producer_.position.load(std::memory_order_acquire) - head;
  }

 private:
  static constexpr std::size_t head_size = sizeof(std::uint64_t);
  static constexpr std::uint64_t skip = ~std::uint64_t{0};  // the rest up to the end holds nothing
  static constexpr std::size_t align_up(std::size_t n) { return (n + 7) & ~std::size_t{7}; }

  // One cache line per side, as in ring.hpp. Positions count up and wrap as a whole.
  struct alignas(64) Side {
    std::atomic<std::size_t> position{0};
    std::size_t seen_of_other = 0;
  };

  std::byte* at(std::size_t position) {
    return reinterpret_cast<std::byte*>(bytes_.get()) + (position & mask_);
  }
  void put_head(std::size_t position, std::uint64_t size) {
    std::memcpy(at(position), &size, sizeof size);
  }
  std::uint64_t get_head(std::size_t position) {
    std::uint64_t size = 0;
    std::memcpy(&size, at(position), sizeof size);
    return size;
  }
  bool room_for(std::size_t tail, std::size_t size) {
    if (tail + size - producer_.seen_of_other <= capacity()) return true;
    producer_.seen_of_other = consumer_.position.load(std::memory_order_acquire);
    return tail + size - producer_.seen_of_other <= capacity();
  }

  const std::unique_ptr<std::uint64_t[]> bytes_;
  const std::size_t mask_;
  std::size_t claimed_ = 0;  // the producer's own
  Side producer_;
  Side consumer_;
};

}  // namespace ats
