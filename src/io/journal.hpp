// The journal: the ordered truth of one engine, on disk. Every event is recorded before the core sees
// it, every action before it takes effect; folding the events again gives the state again.
//
// A journal is a directory of segments, one a run: journal-000001.ats, … A segment is an 16-byte header and
// records: length, CRC32C, sequence, kind, payload. Sequences rise by one over all segments.
// Written through a shared memory map, so an append is a copy and no system call: what was appended
// survives kill -9 of this process at once (the kernel holds the pages). Against power loss the file is
// synced by policy:
//   SyncPolicy::Interval  a background thread syncs every 100 ms (default): at most that much is lost
//   SyncPolicy::Effect    commit() waits for the disk before an effect leaves
//   SyncPolicy::None      the kernel decides
// Room on disk is reserved a window ahead; a full disk is a named error before anything is written, never
// a fault in the middle of a record.
// Reading tells a torn tail (the last record incomplete: the price of a crash, reported with its size and
// cut off when the journal is opened for writing) from damage (a named error with segment and offset). A journal
// can be read while another process writes it: the end is then where the writer was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/action.hpp"
#include "domain/codec.hpp"
#include "domain/event.hpp"

namespace ats::io {

enum class SyncPolicy : std::uint8_t { Interval, Effect, None };

enum class JournalFault : std::uint8_t {
  CannotOpen,    // the directory or a file cannot be made, opened or locked
  InUse,         // another process writes this journal
  DiskFull,      // no room could be reserved
  OtherVersion,  // written by another version of the record format
  Damaged,       // a record's checksum, sequence or content is wrong, and more follows it
  WriteFailed,
};
const char* name(JournalFault fault);

struct JournalError {
  JournalFault fault;
  std::string detail;  // for people: file, offset, what was expected
};

enum class RecordKind : std::uint8_t { Event = 1, Action = 2, Closed = 3 };

struct Record {
  RecordKind kind = RecordKind::Event;
  std::uint64_t sequence = 0;
  std::span<const std::byte> payload;  // valid until the next call of next()
};

// Bytes of an incomplete last record that a crash left behind, and where.
struct TornTail {
  std::filesystem::path segment;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// Where a journal goes on.
struct JournalEnd {
  std::size_t segments = 0;
  std::uint64_t next_sequence = 1;
  std::optional<TornTail> torn = {};
};

// Reads all segments of a journal in order.
class JournalReader {
 public:
  static Result<JournalReader, JournalError> open(const std::filesystem::path& directory);
  JournalReader(JournalReader&&) noexcept;
  JournalReader& operator=(JournalReader&&) noexcept;
  ~JournalReader();

  // True: `record` is the next one. False: the end. Damage is an error.
  Result<bool, JournalError> next(Record& record);

  // After the end.
  const std::optional<TornTail>& torn_tail() const;
  JournalEnd end() const;
  bool closed_cleanly() const;          // the last record read was Closed
  std::uint64_t next_sequence() const;  // of the record that would come next
  std::string position() const;         // "journal-000002.ats at byte 1234", for messages

 private:
  struct State;
  explicit JournalReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Appends to a new segment. One writer a journal (an advisory lock holds it); one thread.
class JournalWriter {
 public:
  // `after` comes from whoever has reached the end; the torn tail is cut off.
  static Result<JournalWriter, JournalError> open(const std::filesystem::path& directory,
                                                  const JournalEnd& after, SyncPolicy policy);
  JournalWriter(JournalWriter&&) noexcept;
  JournalWriter& operator=(JournalWriter&&) noexcept;
  // Without close(): as after a crash.
  ~JournalWriter();

  // On an error nothing was appended, the writer stays failed, and no effect may leave any more.
  Status<JournalFault> append(const Event& event, Instant now);
  Status<JournalFault> append(const Action& action);
  // Before effects leave: with SyncPolicy::Effect waits for the disk.
  Status<JournalFault> commit();
  // Marks the orderly end, trims the segment, syncs.
  Status<JournalFault> close();

  bool failed() const;
  std::uint64_t bytes_written() const;
  std::uint64_t records_written() const;

 private:
  struct State;
  explicit JournalWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ats::io
