// Any bytes as a number: the fast and the slow reading agree, and what is read is written back exactly.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/decimal.hpp"

namespace {

using ats::Decimal;
using ats::NumberError;

void check(std::string_view text, int scale) {
  const auto fast = ats::parse_scaled(text, scale);
  const auto slow = ats::detail::parse_scaled_any(text, scale);
  ATS_ASSERT(fast.ok() == slow.ok());
  if (fast) {
    ATS_ASSERT(*fast == *slow);
  } else {
    ATS_ASSERT(fast.error() == slow.error());
  }

  const auto decimal = Decimal::parse(text);
  if (!decimal) {
    // Too large for a Decimal may be off this grid as well, and that is told first.
    ATS_ASSERT(!fast);
    ATS_ASSERT(fast.error() == decimal.error() || (decimal.error() == NumberError::Overflow &&
                                                   fast.error() == NumberError::TooPrecise));
    return;
  }
  const auto by_way = decimal->to_scaled(scale);
  ATS_ASSERT(by_way.ok() == fast.ok());
  if (by_way) {
    ATS_ASSERT(*by_way == *fast);
    ATS_ASSERT(*ats::parse_scaled(ats::format_scaled(*fast, scale), scale) == *fast);
    ATS_ASSERT(*ats::parse_scaled(ats::format_scaled_short(*fast, scale), scale) == *fast);
  } else {
    ATS_ASSERT(by_way.error() == fast.error());
  }
  ATS_ASSERT(Decimal::of(decimal->to_string()) == *decimal);
  ATS_ASSERT(Decimal::of(decimal->to_fixed(Decimal::scale)) == *decimal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const int scale = data[0] % (Decimal::scale + 1);
  // An allocation of the text's own size: a byte read too many is seen.
  const auto exact = std::make_unique<char[]>(size - 1);
  std::copy(data + 1, data + size, exact.get());
  check({exact.get(), size - 1}, scale);
  return 0;
}
