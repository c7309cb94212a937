// The bytes of a journal's segments, for those who write, read, follow and copy them (io/journal.hpp says what they mean).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>

#include "base/crc32.hpp"

namespace ats::io::journal_format {

inline constexpr char magic[4] = {'A', 'T', 'S', 'J'};
inline constexpr std::uint16_t format_version = 1;

struct SegmentHeader {
  char magic[4];
  std::uint16_t format;
  std::uint16_t codec;
  std::uint32_t reserved;
  std::uint32_t crc;  // of the twelve bytes before
};
static_assert(sizeof(SegmentHeader) == 16);

// `length` is stored last: zero means that the record was not finished. Records start on 8 bytes.
struct RecordHeader {
  std::uint32_t length;  // of the payload, plus one: an empty payload is still a record
  std::uint32_t crc;     // CRC32C of sequence, kind and payload
  std::uint64_t sequence;
  std::uint8_t kind;
  std::uint8_t zero[7];
};
static_assert(sizeof(RecordHeader) == 24);

constexpr std::size_t align_up(std::size_t n) { return (n + 7) & ~std::size_t{7}; }
inline constexpr std::size_t payload_max = std::size_t{4} << 20;

inline std::uint32_t record_crc(const RecordHeader& header, std::span<const std::byte> payload) {
  std::byte head[9];
  std::memcpy(head, &header.sequence, 8);
  head[8] = static_cast<std::byte>(header.kind);
  return crc32c(payload, crc32c(std::span<const std::byte>(head)));
}

inline std::string segment_name(std::size_t number) {
  char text[48];
  std::snprintf(text, sizeof text, "journal-%06zu.ats", number);
  return text;
}

}  // namespace ats::io::journal_format
