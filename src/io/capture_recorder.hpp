// Keeps a capture beside a live feed: the feed's thread copies each record into a ring, a thread of its own
// packs and writes. The feed never waits, allocates, locks or calls the system for it.
//
// Invariants:
//  - Records come into the capture in the order in which they were given.
//  - What the ring has no room for is counted and told: the capture holds a Lost record (how many, how many
//    bytes) where they are missing, and lost() says so at once.
//  - Times are wall times on the monotonic clock: they follow it from the moment of start, so they never run
//    backwards.
//  - When the disk fails, recording ends, failure() says why, and the feed goes on.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/byte_ring.hpp"
#include "domain/event.hpp"
#include "io/capture_writer.hpp"

namespace ats::io {

class CaptureRecorder {
 public:
  struct Lost {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
  };

  // `ring_bytes`: a power of two.
  static Result<std::unique_ptr<CaptureRecorder>, CaptureError> start(
      const std::filesystem::path& directory, const CaptureOptions& options,
      std::size_t ring_bytes = std::size_t{64} << 20);
  ~CaptureRecorder();  // as stop()
  CaptureRecorder(const CaptureRecorder&) = delete;
  CaptureRecorder& operator=(const CaptureRecorder&) = delete;

  // --- from the feed's one thread ---
  // Not on the hot path: once a connection. The name travels through the ring ahead of its records; when
  // there is no room for it, nothing of the stream is kept and all of it is counted as lost.
  std::uint32_t stream(std::string_view venue, std::string_view connection, std::string_view url);
  // The universe of the events to come (a Started event).
  void universe(const Universe& universe);
  void message(std::uint32_t stream, CaptureKind kind, Instant at, std::string_view bytes);
  void rest(std::uint32_t stream, Instant at, std::uint32_t status, std::string_view url,
            std::string_view body);
  void connected(std::uint32_t stream, Instant at);
  void disconnected(std::uint32_t stream, Instant at, std::string_view why);
  void event(std::uint32_t stream, Instant at, const Event& event);
  // Wall time of a moment, as the capture tells it.
  WallTime wall(Instant at) const { return {at.ns + offset_}; }
  Lost lost() const { return lost_; }

  // --- from any thread ---
  // Not empty: recording has ended, and why.
  std::string failure() const;
  std::size_t waiting_bytes() const { return ring_.used(); }
  const std::optional<CaptureReader::TornTail>& repaired() const { return writer_.repaired(); }

  // From the feed's thread: writes what waits and closes the capture in order. The figures are final then.
  Status<CaptureError> stop();
  const CaptureWritten& written() const { return writer_.written(); }

 private:
  struct Head;
  CaptureRecorder(CaptureWriter writer, std::size_t ring_bytes);
  bool push(const Head& head, std::string_view first, std::string_view second);
  void offer(const Head& head, std::string_view first, std::string_view second);
  bool tell_lost(std::uint32_t stream, std::int64_t ns);
  void loop();
  Status<CaptureError> take(std::span<const std::byte> bytes);

  CaptureWriter writer_;
  ByteRing ring_;
  std::int64_t offset_;  // wall time less monotonic time, at start
  std::uint32_t streams_ = 0;
  std::vector<bool> named_;  // by stream: its name is in the ring
  std::vector<std::byte> encoded_;
  Lost lost_;
  Lost untold_;  // of those, not in the ring as a Lost record yet
  std::uint32_t last_lost_stream_ = 0;
  std::int64_t last_lost_ns_ = 0;
  std::vector<std::uint32_t> writer_stream_;  // by stream; the thread's own
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};
  CaptureError error_{};  // written before failed_ is set, read after
  std::thread thread_;
};

}  // namespace ats::io
