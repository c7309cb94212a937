// A journal followed by another process: JournalTail gives out what is written, as it is written, from the files alone, so
// that who writes does not know of it and waits for nobody; JournalCopy makes the same journal of it elsewhere, byte for
// byte, and hands on each record.
//
// Invariants:
//  - only whole records with the checksum that they say are given out, and taken;
//  - a copy is a beginning of what it was made from: what it had and the other has not (a leader's last words that nobody
//    else heard) is moved aside, whole segments at a time, and never deleted;
//  - one process writes a directory: a copy holds the journal's lock until release().
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "io/journal.hpp"

namespace ats::io {

// What a copy has of one segment.
struct SegmentMark {
  std::uint64_t bytes = 0;  // up to the end of its last whole record
  std::uint32_t crc = 0;    // CRC32C of them
};

// Where in a journal: segments are counted from one.
struct JournalPlace {
  std::uint64_t segment = 1;
  std::uint64_t offset = 0;
  bool operator==(const JournalPlace&) const = default;
};

class JournalTail {
 public:
  static constexpr std::size_t piece_max = std::size_t{512}
                                           << 10;  // or one record, if that is larger

  explicit JournalTail(std::filesystem::path directory);
  ~JournalTail();
  JournalTail(const JournalTail&) = delete;
  JournalTail& operator=(const JournalTail&) = delete;

  // Where a copy that has these segments goes on. What it has from there on is not ours.
  Result<JournalPlace, JournalError> go_on_after(std::span<const SegmentMark> marks);

  struct Piece {
    JournalPlace at;
    std::span<const std::byte> bytes;  // valid until the next call; empty: nothing more is written
    std::uint64_t records = 0;
    std::uint64_t last_sequence = 0;
  };
  Result<Piece, JournalError> next();

 private:
  std::filesystem::path path(std::uint64_t segment) const;
  bool open();

  const std::filesystem::path directory_;
  JournalPlace at_;
  int fd_ = -1;  // of at_.segment
  std::vector<std::byte> buffer_;
};

// Each record of a piece, in order, until `each` says that one makes no sense (false): then so does this.
bool each_record(const JournalTail::Piece& piece, const std::function<bool(const Record&)>& each);

class JournalCopy {
 public:
  static Result<JournalCopy, JournalError> open(const std::filesystem::path& directory);
  JournalCopy(JournalCopy&&) noexcept;
  JournalCopy& operator=(JournalCopy&&) noexcept;
  ~JournalCopy();

  const std::vector<SegmentMark>& marks() const;
  // Whether something has to be moved aside for that.
  bool has_more_than(const JournalPlace& place) const;
  // From now on bytes are added there. The directory that what was there has been moved to; empty: nothing was.
  Result<std::filesystem::path, JournalError> go_on_at(const JournalPlace& place);
  // False: it makes no sense.
  using Take = std::function<bool(const Record& record)>;
  Status<JournalError> add(const JournalPlace& at, std::span<const std::byte> bytes,
                           const Take& take);

  std::uint64_t next_sequence() const;
  // For the writer who goes on; nothing can be added any more.
  JournalEnd release();

 private:
  struct State;
  explicit JournalCopy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ats::io
