#include "domain/ids.hpp"

namespace ats {
namespace {

constexpr std::string_view prefix = "ats-";
constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford: no i, l, o, u
constexpr std::size_t digit_count = 13;                                  // 65 bits hold 64

}  // namespace

ClientOrderId client_order_id(OrderId id) {
  char text[17];
  prefix.copy(text, prefix.size());
  std::uint64_t rest = id.value;
  for (std::size_t i = 0; i < digit_count; ++i) {
    text[sizeof text - 1 - i] = digits[rest & 31];
    rest >>= 5;
  }
  return ClientOrderId(std::string_view(text, sizeof text));
}

std::optional<OrderId> parse_client_order_id(std::string_view text) {
  if (text.size() != prefix.size() + digit_count || !text.starts_with(prefix)) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < digit_count; ++i) {
    const std::size_t digit = digits.find(text[prefix.size() + i]);
    if (digit == std::string_view::npos || (i == 0 && digit > 15)) return std::nullopt;
    value = (value << 5) | digit;
  }
  if (value == 0) return std::nullopt;
  return OrderId{value};
}

}  // namespace ats
