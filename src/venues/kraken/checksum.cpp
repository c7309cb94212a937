#include "venues/kraken/checksum.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

#include "base/assert.hpp"
#include "base/crc32.hpp"

namespace ats::venues::kraken {
namespace {

constexpr std::uint64_t eight_digits = 100'000'000;

// The eight decimal digits of n < 10^8, zeros in front, one a byte, most significant in the lowest.
std::uint64_t digits_of(std::uint64_t n) {
  const std::uint64_t fours = n / 10'000 | (n % 10'000) << 32;
  const std::uint64_t hundreds = ((fours * 10'486) >> 20) & 0x0000'007F'0000'007F;
  const std::uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
  const std::uint64_t tens = ((pairs * 103) >> 10) & 0x000F'000F'000F'000F;
  return tens | (pairs - 10 * tens) << 8;
}

char* store(std::uint64_t digits, char* out) {
  digits |= 0x3030'3030'3030'3030;
  std::memcpy(out, &digits, sizeof digits);
  return out + sizeof digits;
}

// The decimal number without leading zeros; zero writes nothing. Writes up to 8 bytes too many.
char* write(std::uint64_t n, char* out) {
  if (n >= eight_digits) {
    out = write(n / eight_digits, out);
    return store(digits_of(n % eight_digits), out);
  }
  if (n == 0) return out;
  const std::uint64_t digits = digits_of(n);
  const int zeros = std::countr_zero(digits) & ~7;
  return store(digits >> zeros, out) - zeros / 8;
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
  char text[2 * side * 2 * longest + 8];
  char* end = write(top.asks.first(std::min(side, top.asks.size())), text);
  end = write(top.bids.first(std::min(side, top.bids.size())), end);
  return crc32(std::string_view(text, static_cast<std::size_t>(end - text)));
}

}  // namespace ats::venues::kraken
