// From one thread to another: base/ring.hpp, which carries what the engine's thread tells the threads that
// write, log and show, against the barest ring there can be: two counters, an array, nothing else.
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/ring.hpp"
#include "harness.hpp"

namespace ats::bench {

namespace {

struct alignas(64) Record {
  std::array<std::uint64_t, 8> words;
};
static_assert(sizeof(Record) == 64);

constexpr std::size_t capacity = 4096;

// What one writes first: each side reads the other's counter when its own idea of it is used up.
class BareRing {
 public:
  bool push(const Record& record) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == capacity) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == capacity) return false;
    }
    slots_[tail % capacity] = record;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }
  bool pop(Record& record) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return false;
    }
    record = slots_[head % capacity];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  alignas(64) std::atomic<std::size_t> tail_{0};
  std::size_t head_seen_ = 0;
  alignas(64) std::atomic<std::size_t> head_{0};
  std::size_t tail_seen_ = 0;
  alignas(64) std::array<Record, capacity> slots_{};
};

struct OurRing {
  SpscRing<Record> ring{capacity};
  bool push(const Record& record) { return ring.try_push(record); }
  bool pop(Record& record) { return ring.try_pop(record); }
};

Record record_of(std::uint64_t n) { return {{n, n * 3, n ^ 7, n, n + 1, n + 2, n + 3, ~n}}; }

// Looks again at once for a while, then lets another thread have the core: it may be the other side.
template <class Try>
void until(const Try& attempt) {
  for (int spins = 0; !attempt(); ++spins) {
    if (spins > 2000) std::this_thread::yield();
  }
}

// ns a record, as the reader sees them come: the best tenth of the chunks, in which both sides had a core.
template <class Ring>
Outcome across_threads(std::size_t chunks, std::size_t chunk) {
  const auto ring = std::make_unique<Ring>();
  unpin();
  std::thread writer([&] {
    for (std::uint64_t n = 0; n < chunks * chunk; ++n) {
      const Record record = record_of(n);
      until([&] { return ring->push(record); });
    }
  });
  std::vector<double> spent;
  std::uint64_t digest = 0;
  Record record{};
  for (std::size_t c = 0; c < chunks; ++c) {
    const std::int64_t from = now_ns();
    for (std::size_t i = 0; i < chunk; ++i) {
      until([&] { return ring->pop(record); });
      digest = mix(digest, record.words[0] + record.words[7]);
    }
    spent.push_back(static_cast<double>(now_ns() - from) / static_cast<double>(chunk));
  }
  writer.join();
  pin();
  return {{percentile(spent, 0.1)}, digest};
}

// The same work without the other core's say: a batch in, a batch out, in one thread.
template <class Ring>
Outcome in_one_thread(std::size_t batches, std::size_t batch) {
  const auto ring = std::make_unique<Ring>();
  std::vector<double> spent;
  std::uint64_t digest = 0;
  std::uint64_t n = 0;
  Record record{};
  for (std::size_t b = 0; b < batches; ++b) {
    const std::int64_t from = now_ns();
    for (std::size_t i = 0; i < batch; ++i) ring->push(record_of(n++));
    for (std::size_t i = 0; i < batch; ++i) {
      ring->pop(record);
      digest = mix(digest, record.words[0] + record.words[7]);
    }
    spent.push_back(static_cast<double>(now_ns() - from) / static_cast<double>(batch));
  }
  return {{percentile(spent, 0.5)}, digest};
}

void run(Session& session) {
  session.compare(
      {.name = "one thread to another, 64 B",
       .baseline_name = "bare ring",
       .baseline = [] { return across_threads<BareRing>(500, 4000); },
       .ours = [] { return across_threads<OurRing>(500, 4000); },
       .metrics = {{.unit = "ns/record", .goal_id = "8", .goal = at_least(0.85, 0.7)}}});
  session.compare({.name = "in and out in one thread, 64 B",
                   .baseline_name = "bare ring",
                   .baseline = [] { return in_one_thread<BareRing>(4000, 1000); },
                   .ours = [] { return in_one_thread<OurRing>(4000, 1000); },
                   .metrics = {{.unit = "ns/record", .goal = at_least(0.85, 0.7)}}});
}

const Register registered{"bus", run};

}  // namespace

}  // namespace ats::bench
