#include "base/crc32.hpp"

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

#include <array>
#include <bit>
#include <cstring>

namespace ats {
namespace {

static_assert(std::endian::native == std::endian::little);

// tables[k][b]: what byte b, followed by k zero bytes, adds to the checksum. Eight lookups then take
// eight bytes, independent of each other.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables tables_of(std::uint32_t reflected_polynomial) {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? reflected_polynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables ieee = tables_of(0xEDB88320u);
constexpr Tables castagnoli = tables_of(0x82F63B78u);

std::uint64_t load(const std::byte* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

std::uint32_t by_table(const Tables& tables, std::span<const std::byte> bytes,
                       std::uint32_t previous) {
  std::uint32_t crc = ~previous;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const std::uint64_t word = load(bytes.data()) ^ crc;
    crc = 0;
    for (unsigned i = 0; i < 8; ++i) crc ^= tables[7 - i][(word >> (8 * i)) & 0xFF];
  }
  for (const std::byte byte : bytes) {
    crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFF];
  }
  return ~crc;
}

}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t previous) {
  return by_table(ieee, bytes, previous);
}

std::uint32_t detail::crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t previous) {
  return by_table(castagnoli, bytes, previous);
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous) {
#ifdef __SSE4_2__
  std::uint64_t crc = ~previous;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) crc = _mm_crc32_u64(crc, load(bytes.data()));
  auto crc_low = static_cast<std::uint32_t>(crc);
  for (const std::byte byte : bytes) {
    crc_low = _mm_crc32_u8(crc_low, std::to_integer<std::uint8_t>(byte));
  }
  return ~crc_low;
#else
  return detail::crc32c_by_table(bytes, previous);
#endif
}

}  // namespace ats
