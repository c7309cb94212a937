// A ring of records in memory that processes of one machine share: one writes, any number read, each at its own pace, and
// nobody waits for anybody. How market data goes from a collector to engines beside it.
//
// Invariants:
//  - A reader sees records whole, in their order, each once, or is told that it was overrun: the writer has gone
//    nearly once round (three quarters), and what the reader had not read is or may be written over. It never sees half a record, and the writer never looks at readers.
//  - The memory has no name. A reader is given its descriptor, and can map it for reading only.
//  - A record costs either side the copying of its bytes; no system call, and no allocation but a reader's for the first record
//    that is longer than all before it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/descriptor.hpp"

namespace ats::io {

// Where the next record goes, in bytes since the ring was made. Never wraps.
using RingPosition = std::uint64_t;

struct RingHead;

class SharedRingWriter {
 public:
  // `bytes` of records, a power of two of at least a page. The error says what the system refused.
  static Result<SharedRingWriter, std::string> make(std::size_t bytes);
  ~SharedRingWriter();
  SharedRingWriter(SharedRingWriter&&) noexcept;
  SharedRingWriter& operator=(SharedRingWriter&&) = delete;

  // Records are at most record_max() long. `reader` is kept with it, for whom it concerns.
  void write(std::uint32_t reader, std::span<const std::byte> record);
  std::size_t record_max() const;
  RingPosition position() const { return at_; }
  std::uint64_t records() const { return number_; }
  // For SharedRingReader::open(); stays the writer's.
  int descriptor() const { return memory_.get(); }

 private:
  SharedRingWriter(Descriptor memory, std::byte* base, std::size_t capacity);
  void put(std::uint32_t reader, std::uint64_t number, std::span<const std::byte> bytes);

  Descriptor memory_;
  std::byte* base_ = nullptr;
  std::size_t capacity_ = 0;
  RingPosition at_ = 0;
  std::uint64_t number_ = 0;
};

class SharedRingReader {
 public:
  enum class Found : std::uint8_t { Nothing, Record, Overrun };

  // Begins with what is written from `from` on. The error is one line: the memory is not a ring, or not of this program.
  static Result<SharedRingReader, std::string> open(Descriptor memory, RingPosition from);
  ~SharedRingReader();
  SharedRingReader(SharedRingReader&&) noexcept;
  SharedRingReader& operator=(SharedRingReader&&) = delete;

  // The next record is in record() and reader(), until the next call. After Overrun there is nothing more to be had here.
  Found next();
  std::span<const std::byte> record() const { return {copy_.data(), size_}; }
  std::uint32_t reader() const { return for_; }
  RingPosition position() const { return at_; }
  // Written and not read yet.
  std::uint64_t behind() const;

 private:
  SharedRingReader(Descriptor memory, const std::byte* base, std::size_t capacity,
                   RingPosition from);

  Descriptor memory_;
  const std::byte* base_ = nullptr;
  std::size_t capacity_ = 0;
  RingPosition at_ = 0;
  std::uint64_t expected_ = 0;  // number of the next record; zero: of any
  std::vector<std::byte> copy_;
  std::size_t size_ = 0;
  std::uint32_t for_ = 0;
};

}  // namespace ats::io
