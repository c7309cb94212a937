// How the exchange's side spells ids, numbers and words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "venues/json_write.hpp"
#include "venues/server.hpp"

namespace ats::venues::coinbase {

// UUIDs of orders and of fills, and back.
std::string order_text(std::uint64_t id);
std::optional<std::uint64_t> parse_order_text(std::string_view text);
std::string trade_text(InstrumentId instrument, std::uint64_t id);

std::string price_text(const Instrument& instrument, Price price);
std::string quantity_text(const Instrument& instrument, Quantity quantity);
// The step that so many units of a scale are.
std::string step_text(std::int64_t units, int scale);
std::string_view side_word(Side side);
// The maker's side of a print, as the venue tells it.
std::string_view maker_word(Side taker_side);
std::string_view status_word(VenueOrderState state);
std::string_view tif_word(const VenueOrder& order);
// {"limit_limit_gtc":{…}} of an order.
std::string configuration(const Instrument& instrument, const VenueOrder& order);
Decimal average_price(const Instrument& instrument, const VenueOrder& order);
// Share of the order that is filled, in percent.
std::string completion(const VenueOrder& order);

struct PlaceWords {
  std::string_view error;
  std::string_view preview;
  std::string_view message;
};
PlaceWords place_words(PlaceFault fault);

// The two dresses of errors: gRPC's and the gateway's.
std::string grpc_error(std::string_view error, int code, std::string_view message);
std::string gateway_error(std::string_view id, std::string_view message);

}  // namespace ats::venues::coinbase
