// Bounded queue from exactly one producer thread to exactly one consumer thread, without locks:
// how the engine's thread hands records to the threads that write, log and show.
//
// Invariants: elements come out in the order they went in, each once. A full ring refuses (try_push
// gives false) and the producer decides what that means; nothing waits and nothing is overwritten.
// The memory is taken at construction.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/assert.hpp"

namespace ats {

template <class T>
class SpscRing {
 public:
  // `capacity` elements, a power of two.
  explicit SpscRing(std::size_t capacity)
      : slots_(std::make_unique<T[]>(capacity)), mask_(capacity - 1) {
    ATS_ASSERT(std::has_single_bit(capacity));
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Producer. False when full; `element` is then untouched.
  bool try_push(T&& element) {
    T* const slot = free_slot();
    if (slot == nullptr) return false;
    *slot = std::move(element);
    publish();
    return true;
  }
  bool try_push(const T& element) {
    T* const slot = free_slot();
    if (slot == nullptr) return false;
    *slot = element;
    publish();
    return true;
  }

  // Consumer. False when empty; `out` is then untouched.
  bool try_pop(T& out) {
    const std::size_t head = consumer_.position.load(std::memory_order_relaxed);
    if (head == consumer_.seen_of_other) {
      consumer_.seen_of_other = producer_.position.load(std::memory_order_acquire);
      if (head == consumer_.seen_of_other) return false;
    }
    out = std::move(slots_[head & mask_]);
    consumer_.position.store(head + 1, std::memory_order_release);
    return true;
  }

  std::size_t capacity() const { return mask_ + 1; }
  // Elements waiting, for metrics: exact only while neither side moves.
  std::size_t size() const {
    const std::size_t head = consumer_.position.load(std::memory_order_acquire);
    const std::size_t tail = producer_.position.load(std::memory_order_acquire);
    return tail - head;
  }

 private:
  // One cache line per side. `seen_of_other` is the other side's position when last looked at: the
  // other line is touched only when that no longer suffices. Positions count up and wrap as a whole.
  struct alignas(64) Side {
    std::atomic<std::size_t> position{0};
    std::size_t seen_of_other = 0;
  };

  T* free_slot() {
    const std::size_t tail = producer_.position.load(std::memory_order_relaxed);
    if (tail - producer_.seen_of_other > mask_) {
      producer_.seen_of_other = consumer_.position.load(std::memory_order_acquire);
      if (tail - producer_.seen_of_other > mask_) return nullptr;
    }
    return &slots_[tail & mask_];
  }
  void publish() {
    producer_.position.store(producer_.position.load(std::memory_order_relaxed) + 1,
                             std::memory_order_release);
  }

  const std::unique_ptr<T[]> slots_;
  const std::size_t mask_;
  Side producer_;
  Side consumer_;
};

}  // namespace ats
