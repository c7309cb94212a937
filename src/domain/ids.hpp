// The names of things, as small numbers that cannot be mixed up. Venue, asset, pair and instrument ids
// are indices into the Universe, given at start and journalled with it; adding a venue changes no enum.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>

#include "base/text.hpp"

namespace ats {

template <class Tag, class Rep>
struct Id {
  using rep = Rep;
  static constexpr Rep none_value = std::numeric_limits<Rep>::max();
  Rep value = none_value;
  constexpr auto operator<=>(const Id&) const = default;
  constexpr bool valid() const { return value != none_value; }
  constexpr std::size_t index() const { return static_cast<std::size_t>(value); }
};

using VenueId = Id<struct VenueTag, std::uint8_t>;
using AssetId = Id<struct AssetTag, std::uint16_t>;
using PairId = Id<struct PairTag, std::uint16_t>;              // base asset + quote asset
using InstrumentId = Id<struct InstrumentTag, std::uint16_t>;  // a pair on one venue
using ExecutionId = Id<struct ExecutionTag, std::uint64_t>;    // one two-leg trade of ours

// Ours, made before sending, journalled before sending, never reused: incarnation of the engine in the
// high 32 bits, a counter from 1 in the low 32.
struct OrderId {
  std::uint64_t value = 0;  // 0 = none
  constexpr auto operator<=>(const OrderId&) const = default;
  constexpr bool valid() const { return value != 0; }
};
constexpr OrderId make_order_id(std::uint32_t incarnation, std::uint32_t counter) {
  return {(std::uint64_t{incarnation} << 32) | counter};
}

using VenueOrderId = Text<39>;  // theirs
using FillId = Text<39>;        // theirs; unique per venue and instrument
using ClientOrderId = Text<18>;

// The text a venue sees: "ats-" and 13 digits of Crockford base 32: 17 characters of [a-z0-9-], valid as
// client order id on Binance (1..36 of [A-Za-z0-9-_]) and Kraken (free ASCII up to 18).
ClientOrderId client_order_id(OrderId id);
// Nothing when the text is not one of ours.
std::optional<OrderId> parse_client_order_id(std::string_view text);

}  // namespace ats

template <class Tag, class Rep>
struct std::hash<ats::Id<Tag, Rep>> {
  std::size_t operator()(ats::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
template <>
struct std::hash<ats::OrderId> {
  std::size_t operator()(ats::OrderId id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value);
  }
};
