// How the exchange's side spells things: ids, client ids, numbers, rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/instrument.hpp"
#include "venues/bitfinex/number.hpp"
#include "venues/server.hpp"

namespace ats::venues::bitfinex {

// Orders of the exchange are numbered from 1; the venue's ids have twelve digits.
constexpr std::uint64_t first_order_id = 100'000'000'000;
constexpr std::uint64_t first_ghost_id = 900'000'000'000;
constexpr std::uint64_t order_number(std::uint64_t id) { return id - first_order_id; }
constexpr std::uint64_t told_order_id(std::uint64_t number) { return first_order_id + number; }

// The exchange numbers prints per instrument, the venue over all.
constexpr std::uint64_t told_trade_id(InstrumentId instrument, std::uint64_t id) {
  constexpr std::uint64_t instruments = 4096;
  return 1'000'000'000 + id * instruments + instrument.value;
}

// What the exchange keeps as client order id: client id and group in one, or something no user can give.
std::string client_text(std::uint64_t client_id, std::uint64_t group);
std::string made_up_client_text(std::uint64_t serial);
struct ClientNames {
  std::uint64_t client_id = 0;  // 0: none was given
  std::uint64_t group = 0;
};
ClientNames client_names(std::string_view text);

inline std::string price_text(const Instrument& on, Price price) {
  return spelled(price.units, on.price_scale);
}
inline std::string amount_text(const Instrument& on, Quantity quantity, bool negative) {
  return spelled(negative ? -quantity.units : quantity.units, on.qty_scale);
}
inline std::int64_t ms_of(WallTime time) { return time.ns_utc / 1'000'000; }

// "EXCHANGE LIMIT" and so on.
std::string_view type_word(const VenueOrder& order);
// Average price of what is filled; zero without fills.
Decimal average_price(const Instrument& instrument, const VenueOrder& order);
// Cut to so many significant digits, and to eight decimals.
Decimal cut_price(Decimal price, int digits, bool up = false);

// 0..4 of "P0".."P4", 5 of "R0".
constexpr int raw_precision = 5;
std::optional<int> precision_of(std::string_view text);

// [ID,MTS,AMOUNT,PRICE]
std::string print_row(const Instrument& on, const PublicTrade& print);

// Parameters of a query ("limit=5&sort=1"); empty when it is not there.
std::string query_value(std::string_view query, std::string_view name);

}  // namespace ats::venues::bitfinex
