// How the exchange's side spells things: ids of orders and trades, words, rows of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/instrument.hpp"
#include "venues/json_write.hpp"
#include "venues/server.hpp"

namespace ats::venues::kraken {

// "OAAAAA-AAAAA-AAAABC": the number in base 32, in the venue's pattern. Rising ids give different texts.
std::string order_text(std::uint64_t id);
std::string amend_text(std::uint64_t id);
std::optional<std::uint64_t> parse_order_text(std::string_view text);
// Trades are numbered per instrument, their texts are unique on the venue.
std::string trade_text(InstrumentId instrument, std::uint64_t id);

// Orders whose user gave no client order id carry one that no user can give.
std::string made_up_client_id(std::uint64_t number);
bool is_made_up(std::string_view client_order_id);
// What the venue accepts: UUID with or without dashes, or printable ASCII up to 18.
bool valid_client_id(std::string_view client_order_id);

std::string price_text(const Instrument& instrument, Price price);
std::string quantity_text(const Instrument& instrument, Quantity quantity);
// "1688671659.1234"
std::string seconds_text(WallTime time);

std::string_view side_word(Side side);
std::string_view type_word(OrderKind kind);
std::string_view place_error(PlaceFault fault, bool maintenance);

// {"price":63005.0,"qty":2.07265551}
void append_level(std::string& out, const Instrument& instrument, const Level& level);
// [{…},{…}]
std::string level_list(const Instrument& instrument, std::span<const Level> levels);

// {"error":[],"result":…} and {"error":["…"]}
std::string rest_result(std::string_view json);
std::string rest_error(std::string_view error);

// Comma lists; empty text: no part.
std::vector<std::string_view> split(std::string_view list);

// Average fill price; zero without fills.
Decimal average_price(const Instrument& instrument, const VenueOrder& order);

}  // namespace ats::venues::kraken
