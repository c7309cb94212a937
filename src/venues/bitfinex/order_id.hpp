// How our order ids are spelled to Bitfinex, which takes a whole number below 2^45 as client order id and
// keeps it unique for a UTC day only. Ours never repeat: twenty bits for the incarnation of the engine,
// twenty-five for its count of orders. Any other program's number would read as one of ours, so every order
// carries our group id as well: only the two together make an order ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace ats::venues::bitfinex {

constexpr std::uint64_t our_group = 0x415453;  // "ATS"

constexpr int count_bits = 25;
constexpr int incarnation_bits = 20;

// Nothing when the id has no spelling: after a million starts, or 33 million orders in one.
constexpr std::optional<std::uint64_t> client_id(OrderId id) {
  const std::uint64_t incarnation = id.value >> 32;
  const std::uint64_t count = id.value & 0xffffffff;
  if (!id.valid() || incarnation >> incarnation_bits != 0 || count >> count_bits != 0)
    return std::nullopt;
  return (incarnation << count_bits) | count;
}
// Nothing when the two are not of an order of ours.
constexpr std::optional<OrderId> order_id(std::uint64_t group, std::uint64_t client_id) {
  if (group != our_group || client_id == 0 || client_id >> (count_bits + incarnation_bits) != 0)
    return std::nullopt;
  const std::uint64_t incarnation = client_id >> count_bits;
  const std::uint64_t count = client_id & ((std::uint64_t{1} << count_bits) - 1);
  return OrderId{(incarnation << 32) | count};
}

// The day a client order id is unique in, as the venue wants it told: "2026-11-22".
inline std::string day_text(WallTime time) { return format_rfc3339(time).substr(0, 10); }

}  // namespace ats::venues::bitfinex
