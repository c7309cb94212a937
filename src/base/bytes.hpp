// Binary records of the journal and of captures: little-endian, no padding, no alignment.
//
// ByteWriter appends to a buffer it is given. ByteReader walks bytes that may come from a torn or
// damaged file: reading past the end sets failed(), which stays set, and from then on every read
// gives zeros or nothing. So a record is read in one go and failed() asked once at the end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "base/decimal.hpp"

namespace ats {

static_assert(std::endian::native == std::endian::little);

// Buffer: std::vector<std::byte> or std::string; kept and owned by the caller, so that one buffer
// serves many records without allocating.
template <class Buffer = std::vector<std::byte>>
class ByteWriter {
  static_assert(sizeof(typename Buffer::value_type) == 1);

 public:
  explicit ByteWriter(Buffer& out) : out_(out) {}

  void u8(std::uint8_t n) { append(&n, sizeof n); }
  void u16(std::uint16_t n) { append(&n, sizeof n); }
  void u32(std::uint32_t n) { append(&n, sizeof n); }
  void u64(std::uint64_t n) { append(&n, sizeof n); }
  void i64(std::int64_t n) { append(&n, sizeof n); }
  void i128(Int128 n) { append(&n, sizeof n); }
  // u16 length, then the bytes. Longer than 65535 is a broken invariant: whoever takes text from
  // outside has bounded it before.
  void text(std::string_view bytes) {
    ATS_ASSERT(bytes.size() <= std::numeric_limits<std::uint16_t>::max());
    u16(static_cast<std::uint16_t>(bytes.size()));
    append(bytes.data(), bytes.size());
  }
  // The bytes alone: the reader must know how many.
  void raw(std::span<const std::byte> bytes) { append(bytes.data(), bytes.size()); }

 private:
  void append(const void* data, std::size_t size) {
    const auto* const first = static_cast<const typename Buffer::value_type*>(data);
    out_.insert(out_.end(), first, first + size);
  }

  Buffer& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}
  explicit ByteReader(std::string_view bytes) : rest_(std::as_bytes(std::span(bytes))) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int64_t i64() { return number<std::int64_t>(); }
  Int128 i128() { return number<Int128>(); }
  // What ByteWriter::text wrote; points into the bytes being read.
  std::string_view text() {
    const auto bytes = raw(u16());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  // The next `size` bytes, or none at all.
  std::span<const std::byte> raw(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  bool failed() const { return failed_; }
  std::size_t remaining() const { return rest_.size(); }
  // Everything was there and nothing is left over.
  bool finished() const { return !failed_ && rest_.empty(); }

 private:
  template <class T>
  T number() {
    T n = 0;
    if (const auto bytes = raw(sizeof n); bytes.size() == sizeof n) {
      std::memcpy(&n, bytes.data(), sizeof n);
    }
    return n;
  }

  std::span<const std::byte> rest_;
  bool failed_ = false;
};

}  // namespace ats
