#include "venues/bitfinex/checksum.hpp"

#include <algorithm>
#include <string_view>

#include "base/crc32.hpp"
#include "venues/bitfinex/number.hpp"

namespace ats::venues::bitfinex {
namespace {

char* write_level(const TopLevels& top, const Level& level, bool ask, char* out) {
  out = write_number(level.price.units, top.price_scale, out);
  *out++ = ':';
  out = write_number(ask ? -level.quantity.units : level.quantity.units, top.qty_scale, out);
  *out++ = ':';
  return out;
}

}  // namespace

std::uint32_t book_checksum(const TopLevels& top) {
  char text[2 * checksum_levels * 2 * (longest_number + 1)];
  char* end = text;
  for (std::size_t i = 0; i < checksum_levels; ++i) {
    const bool bid = i < top.bids.size();
    const bool ask = i < top.asks.size();
    if (!bid && !ask) break;
    if (bid) end = write_level(top, top.bids[i], false, end);
    if (ask) end = write_level(top, top.asks[i], true, end);
  }
  if (end != text) --end;  // no colon behind the last
  return crc32(std::string_view(text, static_cast<std::size_t>(end - text)));
}

}  // namespace ats::venues::bitfinex
