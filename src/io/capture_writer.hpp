// Writes a capture: records gathered into packed blocks, appended to segments that rotate by size and time
// and are removed when they are too many or too old. The format is in capture_format.hpp.
//
// Invariants:
//  - Files are only ever appended to. What a block held is safe from kill -9 once the block is written
//    (block_bytes or block_age, whichever comes first) and from power loss once it is synced (sync_every).
//  - Opening an existing capture cuts off the torn tail that a crash left, says how much it was, closes the
//    segment in order and goes on in a new one; record numbers go on too.
//  - Only closed segments are removed, oldest first, never the one being written.
// One thread; one writer a capture (an advisory lock holds it). The feed does not call it: see
// capture_recorder.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/capture_reader.hpp"

namespace ats::io {

struct CaptureOptions {
  std::size_t block_bytes = std::size_t{256} << 10;  // unpacked
  Duration block_age = seconds(1);                   // after which a block is written as it is
  Duration sync_every = seconds(1);
  std::uint64_t segment_bytes = std::uint64_t{256} << 20;  // 0: no limit
  Duration segment_age = hours(1);                         // by the records' times; 0: no limit
  std::uint64_t keep_bytes = 0;                            // of all segments; 0: all is kept
  Duration keep_age{};                                     // by the records' times; 0: all is kept
  int level = 3;                                           // zstd's
};

struct CaptureWritten {
  std::uint64_t records = 0;
  std::uint64_t plain_bytes = 0;   // of records, before packing
  std::uint64_t stored_bytes = 0;  // of files, as written
  std::uint64_t segments = 0;
  std::uint64_t segments_removed = 0;
};

class CaptureWriter {
 public:
  static Result<CaptureWriter, CaptureError> open(const std::filesystem::path& directory,
                                                  const CaptureOptions& options);
  CaptureWriter(CaptureWriter&&) noexcept;
  CaptureWriter& operator=(CaptureWriter&&) noexcept;
  // Without close(): as after a crash, but for the blocks that are not full.
  ~CaptureWriter();

  // The encoded Started event whose universe the events to come mean. A segment has one: another one
  // begins a new segment.
  Status<CaptureError> set_preamble(std::span<const std::byte> started);
  // Finds or adds; ids hold until close().
  std::uint32_t stream(const CaptureStream& stream);
  // `record.stream` from stream(). On an error the writer stays failed.
  Status<CaptureError> put(const CaptureRecord& record);
  // Several times a second, when there is nothing to put: writes and syncs what has waited long enough.
  Status<CaptureError> idle(Instant now);
  // Writes the block as it is, however small.
  Status<CaptureError> flush();
  // Ends the segment in order.
  Status<CaptureError> close();

  const CaptureWritten& written() const;
  // What opening cut off, if anything.
  const std::optional<CaptureReader::TornTail>& repaired() const;

 private:
  struct State;
  explicit CaptureWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ats::io
