// A queue on disk between what makes records and a server that may be away: bounded, in order, whole after a crash.
//
// A directory of segments, queue-000001.atq, …: each a header (16 bytes) and records (32 bytes of head, then the payload), all under
// CRC32C; and `cursor`, which says up to where they are done with. What was appended survives kill -9 of this process at
// once. Nothing waits for the disk: after a power loss the last seconds may be gone, and mark() is then lower, so that whoever can
// make them again knows from where.
//
// Invariants:
//  - Records come out in the order they went in. After a crash some may come out a second time, never in another order.
//  - On disk is never more than the limit and one segment. Where a record does not fit, the oldest segment goes, and how many points it
//    had that were not done with is counted.
//  - A torn tail is cut off when the queue is opened. Damage in the middle is stepped over to the next segment, counted, and
//    mark() does not go beyond it.
//  - One process a queue (an advisory lock holds it), one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ats::io {

struct QueueLimits {
  std::uint64_t bytes = std::uint64_t{1} << 30;  // of all segments
  std::uint64_t segment_bytes = 0;               // 0: an eighth of it, and at most 8 MiB
};

// What became of points, since the queue was opened.
struct QueueCounts {
  std::uint64_t waiting_points = 0, waiting_bytes = 0;
  std::uint64_t dropped_points = 0, dropped_bytes = 0;  // there was no room, or the disk lost them
  std::uint64_t damaged_bytes = 0;                      // that opening stepped over
  std::uint64_t torn_bytes = 0;                         // that opening cut off
};

class DiskQueue {
 public:
  static constexpr std::size_t payload_max = std::size_t{16} << 20;

  // The error is one line a person can act on.
  static Result<DiskQueue, std::string> open(const std::filesystem::path& directory,
                                             const QueueLimits& limits);
  DiskQueue(DiskQueue&&) noexcept;
  DiskQueue& operator=(DiskQueue&&) noexcept;
  ~DiskQueue();

  // `points`: one at least. `mark` rises (or stays) within one `source`: how far the source's own count is in the queue. The error says why it was
  // not taken; the queue is then as it was.
  Status<std::string> append(std::uint64_t source, std::uint64_t mark, std::uint32_t points,
                             std::string_view payload);
  // The highest mark of this source that is in the queue or was, with all before it.
  std::uint64_t mark(std::uint64_t source) const;

  // Appends the oldest payloads to `out`: one at least where there is one, then more as long as there are not more than
  // so many points and bytes. Returns their points; 0: nothing waits. They stay until done().
  std::uint64_t look(std::string& out, std::uint64_t points_most, std::size_t bytes_most);
  // What was looked at last is done with.
  void done();

  const QueueCounts& counts() const;

 private:
  struct State;
  explicit DiskQueue(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ats::io
