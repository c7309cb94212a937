// How the exchange's side spells things: ids, numbers, times, errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/instrument.hpp"
#include "venues/json_write.hpp"
#include "venues/server.hpp"

namespace ats::venues::upbit {

// UUIDs of orders and trades, made of the exchange's numbers. Trades are numbered per instrument, their texts
// are unique on the venue.
std::string order_uuid(std::uint64_t id);
std::optional<std::uint64_t> parse_order_uuid(std::string_view text);
std::string trade_uuid(InstrumentId instrument, std::uint64_t id);

// Orders whose user gave no identifier carry one that no user can give.
std::string made_up_identifier(std::uint64_t number);
bool is_made_up(std::string_view identifier);

// As market data prints numbers: plain ("148520000", "0.5"), with an exponent below a thousandth ("7.9276E-4").
std::string market_number(std::int64_t units, int scale);
// Prices of instruments that have decimals show one where they are whole ("127.0").
std::string market_price(const Instrument& instrument, Price price);

// "2025-04-01T15:30:47+09:00"; with microseconds for trades.
std::string seoul_time(WallTime time, bool fraction);

std::string_view side_word(Side side);  // "bid", "ask"
std::string_view side_capitals(Side side);

// {"error":{"name":…,"message":…}}: a name on exchange calls, the status on quotation calls.
HttpResponse exchange_error(int status, std::string_view name);
HttpResponse quotation_error(int status);
// The words for people, in Korean as the venue's are.
std::string_view message_of(std::string_view name);

}  // namespace ats::venues::upbit
