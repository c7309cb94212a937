// Capture segments: recorded market data as bytes. Pure: a segment is a span, whoever maps or makes it.
//
// All numbers are little-endian. A segment is a header, blocks, and, once it is closed in order, an index
// block and a trailer:
//
//   header    32  "ATSC", u16 format, u16 event codec, u64 segment number, u64 number of its first record,
//                 u32 zero, u32 CRC32C of the 28 bytes before
//   block     56  "ATSB", u8 kind (1 preamble, 2 records, 3 index), u8 packing (0 none, 1 zstd), u16 zero,
//                 u32 bytes as stored, u32 bytes unpacked, u32 records, u32 CRC32C of the bytes as stored,
//                 u64 number of the first record, i64 earliest and i64 latest time, u32 zero,
//                 u32 CRC32C of the 52 bytes before
//              +  the bytes as stored
//   trailer   24  "ATSE", u32 blocks of records, u64 offset of the index block, u32 zero, u32 CRC32C of the
//                 20 bytes before
//
// The preamble (at most one, first) is the encoded Started event whose universe the normalised events mean.
// A block of records unpacked:
//
//   streams       varint count; each: varint id, text venue, text connection, text URL
//   records       u8 kind, varint stream, varint (zigzag) nanoseconds since the record before (the first:
//                 since the block's earliest time), then by kind:
//     1 text   2 binary   3 sent text   4 sent binary     varint size, the message's bytes
//     5 rest                                              varint status, text URL, varint size, the body
//     6 connect                                           nothing (the URL is the stream's)
//     7 disconnect                                        text: why
//     8 event                                             varint size, an event as domain/codec writes it
//     9 lost                                              varint records, varint bytes: the ring was full
//
// (text: varint size and bytes; varint: seven bits a byte, lowest first.) Every block names the streams that
// it uses, so that reading can begin at any block. The index unpacked: for each block of records u64 offset,
// u64 number of the first record, u32 records, i64 earliest, i64 latest time.
//
// Record numbers count from 1 through all segments of a capture and are never reused. Times are nanoseconds
// since 1970 by the recorder's clock; 0 is "not told". Every byte is under a checksum: a changed one is a
// named error, never another record.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ats::io {

constexpr std::uint16_t capture_format_version = 1;

enum class CaptureKind : std::uint8_t {
  Text = 1,
  Binary,
  SentText,
  SentBinary,
  Rest,
  Connect,
  Disconnect,
  Event,
  Lost,
};
constexpr std::size_t capture_kind_count = 10;  // by number; 0 is none
const char* name(CaptureKind kind);

// One connection to one venue, as long as the recorder calls it the same.
struct CaptureStream {
  std::string venue;
  std::string connection;
  std::string url;
  bool operator==(const CaptureStream&) const = default;
};

// The views live until the next record is asked for.
struct CaptureRecord {
  CaptureKind kind = CaptureKind::Text;
  std::int64_t ns = 0;
  std::uint32_t stream = 0;
  const CaptureStream* from = nullptr;  // of `stream`; set by readers
  std::uint64_t number = 0;             // set by readers
  std::string_view data;                // message, body, event; of Disconnect: why
  std::string_view url;                 // Rest
  std::uint32_t status = 0;             // Rest
  std::uint64_t lost_records = 0;       // Lost
  std::uint64_t lost_bytes = 0;
};

enum class CaptureFault : std::uint8_t {
  CannotOpen,
  InUse,         // another process writes this capture
  NotACapture,   // the bytes are of another kind
  OtherVersion,  // written by another version of the format
  Damaged,  // a checksum, number or content is wrong, and it is not the end that a crash leaves
  WriteFailed,
};
const char* name(CaptureFault fault);

struct CaptureError {
  CaptureFault fault;
  std::string detail;  // for people: file, offset, what was expected
};

struct CaptureBlock {
  std::size_t offset = 0;  // of its header
  std::uint64_t first_record = 0;
  std::uint32_t records = 0;
  std::int64_t earliest = 0;
  std::int64_t latest = 0;
};

// What a crash left at the end of a segment that was not closed: to be cut off.
struct CaptureTornTail {
  std::size_t offset = 0;
  std::size_t bytes = 0;
  std::optional<std::uint32_t> records;  // where the unfinished block's head still tells
};

// The frame of one segment: what stands where.
struct CaptureSegment {
  std::uint64_t number = 0;
  std::uint16_t event_codec = 0;
  std::uint64_t first_record = 0;
  std::uint64_t next_record = 0;        // after its last
  std::optional<std::size_t> preamble;  // offset of its block
  std::vector<CaptureBlock> blocks;     // of records
  bool closed = false;                  // in order: index and trailer stand
  std::optional<CaptureTornTail> torn;

  // Walks the blocks' heads (or reads the index). `may_be_torn`: it is the last of its capture.
  static Result<CaptureSegment, CaptureError> parse(std::span<const std::byte> bytes,
                                                    bool may_be_torn);
};

// Unpacks blocks; keeps its scratch space.
class CaptureUnpacker {
 public:
  // Largest block as stored or unpacked that is believed.
  static constexpr std::size_t plain_max = std::size_t{256} << 20;

  CaptureUnpacker();
  ~CaptureUnpacker();
  CaptureUnpacker(CaptureUnpacker&&) noexcept;
  CaptureUnpacker& operator=(CaptureUnpacker&&) noexcept;

  // The block at this offset, checked; the view lives until the next call. The error says why not.
  Result<std::span<const std::byte>, std::string> unpack(std::span<const std::byte> segment,
                                                         std::size_t offset);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

using CaptureStreams = std::map<std::uint32_t, CaptureStream>;

// The records of one unpacked block.
class CaptureBlockReader {
 public:
  // `streams`: those that the block names are added; one that stands there differently is replaced.
  // False: the bytes are no block of records.
  bool open(std::span<const std::byte> plain, const CaptureBlock& block, CaptureStreams& streams);
  // True: `out` is the next record. False: the end, or failed().
  bool next(CaptureRecord& out);
  bool failed() const { return failed_; }

 private:
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  const CaptureStreams* streams_ = nullptr;
  const CaptureStream* stream_ = nullptr;  // of the record before
  std::uint32_t stream_id_ = 0;
  std::int64_t ns_ = 0;
  std::uint64_t number_ = 0;
  std::uint32_t left_ = 0;
  CaptureBlock block_;
  bool failed_ = false;
};

// Gathers records into a block and packs it.
class CaptureBlockWriter {
 public:
  explicit CaptureBlockWriter(int level);
  ~CaptureBlockWriter();

  // A stream is named once a block, at its first record.
  void add(const CaptureRecord& record, const CaptureStream& stream);
  std::size_t plain_bytes() const { return records_.size(); }
  std::uint32_t records() const { return count_; }
  std::int64_t earliest() const { return earliest_; }
  std::int64_t latest() const { return latest_; }
  // Appends the finished block and begins a new one.
  void finish(std::uint64_t first_record, std::vector<std::byte>& out);
  // Appends a block of these bytes: a preamble.
  void put_preamble(std::span<const std::byte> plain, std::uint64_t first_record,
                    std::vector<std::byte>& out);
  // Appends index block and trailer, `at` being the offset where they will stand.
  void put_end(std::span<const CaptureBlock> blocks, std::uint64_t next_record, std::size_t at,
               std::vector<std::byte>& out);

 private:
  struct State;
  void put_block(std::uint8_t kind, std::span<const std::byte> plain, const CaptureBlock& about,
                 std::vector<std::byte>& out);

  std::unique_ptr<State> state_;
  std::vector<std::byte> records_;
  std::vector<std::byte> plain_;
  std::map<std::uint32_t, CaptureStream> streams_;
  std::uint32_t last_stream_ = 0;
  std::uint32_t count_ = 0;
  std::size_t first_time_at_ = 0;  // in records_: where the first record's time belongs
  std::int64_t base_ = 0;          // time of the first record
  std::int64_t last_ = 0;
  std::int64_t earliest_ = 0;
  std::int64_t latest_ = 0;
};

std::vector<std::byte> capture_segment_header(std::uint64_t number, std::uint16_t event_codec,
                                              std::uint64_t first_record);

}  // namespace ats::io
