#include "venues/kraken/checksum.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/assert.hpp"
#include "base/crc32.hpp"
#include "base/digits.hpp"

namespace ats::venues::kraken {
namespace {

// From [n]: the order of bytes that drops the first n of sixteen.
alignas(16) constexpr auto dropping = [] {
  std::array<std::uint8_t, 32> order{};
  for (unsigned i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint8_t>(i < 16 ? i : 0);
  return order;
}();

[[gnu::always_inline]] inline char* store(__m128i digits, int zeros, char* out) {
  const __m128i text = _mm_or_si128(digits, _mm_set1_epi8('0'));
  const auto* order = reinterpret_cast<const __m128i*>(dropping.data() + zeros);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(text, _mm_loadu_si128(order)));
  return out + 16 - zeros;
}

char* write_long(std::uint64_t n, char* out);

// The decimal number without leading zeros; zero writes nothing. Writes up to 16 bytes too many.
[[gnu::always_inline]] inline char* write(std::uint64_t n, char* out) {
  if (n >= digits::sixteen) [[unlikely]]
    return write_long(n, out);
  const __m128i text = digits::spell16(n);
  const auto zero =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_setzero_si128())));
  return store(text, std::countr_one(zero), out);
}

[[gnu::noinline]] char* write_long(std::uint64_t n, char* out) {
  return store(digits::spell16(n % digits::sixteen), 0, write(n / digits::sixteen, out));
}

char* write(std::span<const Level> levels, char* out) {
  for (const Level& level : levels) {
    ATS_ASSERT(level.price.units >= 0 && level.quantity.units >= 0);
    out = write(static_cast<std::uint64_t>(level.price.units), out);
    out = write(static_cast<std::uint64_t>(level.quantity.units), out);
  }
  return out;
}

}  // namespace

std::uint32_t book_checksum(const TopLevels& top) {
  constexpr std::size_t side = 10;
  constexpr std::size_t longest = 19;  // digits of an int64
  char text[2 * side * 2 * longest + 16];
  char* end = write(top.asks.first(std::min(side, top.asks.size())), text);
  end = write(top.bids.first(std::min(side, top.bids.size())), end);
  return crc32(std::string_view(text, static_cast<std::size_t>(end - text)));
}

}  // namespace ats::venues::kraken
