// Reads a capture: a directory of segments (capture-000001.atc, …), or one segment alone. The format is in
// capture_format.hpp; writing is in capture_writer.hpp.
//
// Invariant: what is handed out was written so, byte for byte; anything else is a named error with segment
// and offset. Only the end that a crash left behind the last segment is passed over, and torn_tail() says
// what there was. A capture can be read while it is being written: reading ends where it stood at open().
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/capture_format.hpp"

namespace ats::io {

class CaptureReader {
 public:
  struct Segment {
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    CaptureSegment frame;
    // Over all its blocks; zero without records.
    std::int64_t earliest = 0;
    std::int64_t latest = 0;
    std::uint64_t records() const { return frame.next_record - frame.first_record; }
  };
  struct TornTail {
    std::filesystem::path segment;
    CaptureTornTail tail;
  };

  // Whether the path looks like a capture: a directory with segments in it, or a file that begins as one.
  static bool is_capture(const std::filesystem::path& path);
  static Result<CaptureReader, CaptureError> open(const std::filesystem::path& path);
  CaptureReader(CaptureReader&&) noexcept;
  CaptureReader& operator=(CaptureReader&&) noexcept;
  ~CaptureReader();

  // True: `record` is the next one. False: the end.
  Result<bool, CaptureError> next(CaptureRecord& record);
  // The next record will be the first of the first block that may hold one of this time or later, found
  // through the indexes: earlier ones may come before it, none of the sought is passed over.
  void seek(std::int64_t ns);
  void rewind() { seek_block(0, 0); }

  const std::vector<Segment>& segments() const;
  const std::optional<TornTail>& torn_tail() const;
  // Of the segment that the last record came from: the encoded Started event that its normalised events
  // mean, and the codec it was written by. Empty when it has none.
  Result<std::span<const std::byte>, CaptureError> preamble();
  std::uint16_t event_codec() const;
  // "capture-000002.atc, record 17", of the last record, for messages.
  std::string position() const;

 private:
  struct State;
  explicit CaptureReader(std::unique_ptr<State> state);
  void seek_block(std::size_t segment, std::size_t block);
  std::unique_ptr<State> state_;
};

}  // namespace ats::io
