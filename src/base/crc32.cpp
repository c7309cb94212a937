#include "base/crc32.hpp"

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif
#ifdef __x86_64__
#include <immintrin.h>
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

#ifdef __x86_64__
// Sixteen bytes at a time by carry-less multiplication: four streams of 128 bits are folded forward over
// 512 bits each round, then into one; what is left, at most 16 + 15 bytes, goes through the tables. Method
// and constants: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel,
// 2009), for the reflected IEEE polynomial.
struct Folding {
  static constexpr std::size_t least = 64;
  [[gnu::target("pclmul,sse4.1")]] static __m128i load(const std::byte* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  [[gnu::target("pclmul,sse4.1")]] static __m128i fold(__m128i x, __m128i by, __m128i next) {
    const __m128i low = _mm_clmulepi64_si128(x, by, 0x00);
    const __m128i high = _mm_clmulepi64_si128(x, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
  }
};

[[gnu::target("pclmul,sse4.1")]] std::uint32_t by_folding(std::span<const std::byte> bytes,
                                                          std::uint32_t previous) {
  const std::byte* p = bytes.data();
  std::size_t left = bytes.size();
  const __m128i over_512 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i over_128 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  __m128i x0 = _mm_xor_si128(Folding::load(p), _mm_cvtsi32_si128(static_cast<int>(~previous)));
  __m128i x1 = Folding::load(p + 16);
  __m128i x2 = Folding::load(p + 32);
  __m128i x3 = Folding::load(p + 48);
  for (p += 64, left -= 64; left >= 64; p += 64, left -= 64) {
    x0 = Folding::fold(x0, over_512, Folding::load(p));
    x1 = Folding::fold(x1, over_512, Folding::load(p + 16));
    x2 = Folding::fold(x2, over_512, Folding::load(p + 32));
    x3 = Folding::fold(x3, over_512, Folding::load(p + 48));
  }
  x0 = Folding::fold(x0, over_128, x1);
  x0 = Folding::fold(x0, over_128, x2);
  x0 = Folding::fold(x0, over_128, x3);
  for (; left >= 16; p += 16, left -= 16) x0 = Folding::fold(x0, over_128, Folding::load(p));
  // The folded 128 bits have the checksum of all that went into them.
  std::array<std::byte, 16 + 15> rest;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest.data()), x0);
  std::memcpy(rest.data() + 16, p, left);
  return by_table(ieee, std::span(rest).first(16 + left), ~std::uint32_t{0});
}
#endif

}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t previous) {
#ifdef __x86_64__
  if (bytes.size() >= Folding::least && __builtin_cpu_supports("pclmul"))
    return by_folding(bytes, previous);
#endif
  return by_table(ieee, bytes, previous);
}

std::uint32_t detail::crc32_by_table(std::span<const std::byte> bytes, std::uint32_t previous) {
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
