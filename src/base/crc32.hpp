// Checksums against damage (not against forgery).
//  - crc32: IEEE 802.3, as in zlib and gzip; the order book checksums of venues use it.
//  - crc32c: Castagnoli, one instruction per 8 bytes on x86-64-v2; our own records use it.
// Both chain: crc(b, crc(a)) is the checksum of a followed by b.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ats {

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t previous = 0);
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous = 0);

inline std::uint32_t crc32(std::string_view bytes, std::uint32_t previous = 0) {
  return crc32(std::as_bytes(std::span(bytes)), previous);
}
inline std::uint32_t crc32c(std::string_view bytes, std::uint32_t previous = 0) {
  return crc32c(std::as_bytes(std::span(bytes)), previous);
}

namespace detail {
// From tables: what crc32 does for short texts and where carry-less multiplication is not there to run, and
// crc32c where its instruction is not there to compile for.
std::uint32_t crc32_by_table(std::span<const std::byte> bytes, std::uint32_t previous);
std::uint32_t crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t previous);
}  // namespace detail

}  // namespace ats
