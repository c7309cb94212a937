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
#include <type_traits>
#include <vector>

#include "base/assert.hpp"

namespace ats {

static_assert(std::endian::native == std::endian::little);

// Buffer: std::vector<std::byte> or std::string; kept and owned by the caller, so that one buffer
// serves many records without allocating.
template <class Buffer = std::vector<std::byte>>
class ByteWriter {
  static_assert(sizeof(typename Buffer::value_type) == 1);

 public:
  explicit ByteWriter(Buffer& out) : out_(out) {}

  // A number, an enumerator or a plain struct without padding, as it lies in memory.
  template <class T>
  void value(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    append(&value, sizeof value);
  }
  // u8 length, then the bytes. Longer than 255 is a broken invariant: whoever takes text from outside
  // has bounded it before.
  void text(std::string_view bytes) {
    ATS_ASSERT(bytes.size() <= std::numeric_limits<std::uint8_t>::max());
    value(static_cast<std::uint8_t>(bytes.size()));
    append(bytes.data(), bytes.size());
  }
  // The bytes alone: the reader must know how many.
  void raw(std::span<const std::byte> bytes) { append(bytes.data(), bytes.size()); }

 private:
  void append(const void* data, std::size_t size) {
    const std::size_t at = out_.size();
    out_.resize(at + size);
    if (size != 0) std::memcpy(out_.data() + at, data, size);
  }

  Buffer& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}
  explicit ByteReader(std::string_view bytes) : rest_(std::as_bytes(std::span(bytes))) {}

  // What ByteWriter::value wrote. T is whatever those bytes make of it: an enumerator may be none of
  // its type's, a bool neither true nor false, so such are read as numbers.
  template <class T>
  void value(T& value) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_enum_v<T> &&
                  !std::is_same_v<T, bool>);
    const auto bytes = raw(sizeof value);
    if (bytes.size() == sizeof value) {
      std::memcpy(&value, bytes.data(), sizeof value);
    } else {
      std::memset(static_cast<void*>(&value), 0, sizeof value);
    }
  }
  template <class T>
  T value() {
    T read;
    value(read);
    return read;
  }
  // What ByteWriter::text wrote; points into the bytes being read.
  std::string_view text() {
    const auto bytes = raw(value<std::uint8_t>());
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
  std::span<const std::byte> rest_;
  bool failed_ = false;
};

}  // namespace ats
