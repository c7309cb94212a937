#include "venues/bitfinex/server_text.hpp"

#include <algorithm>

#include "venues/json.hpp"
#include "venues/percent.hpp"

namespace ats::venues::bitfinex {

std::string client_text(std::uint64_t client_id, std::uint64_t group) {
  std::string text = std::to_string(client_id);
  if (group != 0) text.append("@").append(std::to_string(group));
  return text;
}

std::string made_up_client_text(std::uint64_t serial) { return "-" + std::to_string(serial); }

ClientNames client_names(std::string_view text) {
  ClientNames names;
  const std::size_t at = std::min(text.find('@'), text.size());
  if (!integer_text(text.substr(0, at), names.client_id)) return {};
  if (at != text.size() && !integer_text(text.substr(at + 1), names.group)) return {};
  return names;
}

std::string_view type_word(const VenueOrder& order) {
  if (order.kind == OrderKind::Market) return "EXCHANGE MARKET";
  if (order.time_in_force == TimeInForce::Ioc) return "EXCHANGE IOC";
  if (order.time_in_force == TimeInForce::Fok) return "EXCHANGE FOK";
  return "EXCHANGE LIMIT";
}

Decimal average_price(const Instrument& instrument, const VenueOrder& order) {
  if (order.executed.is_zero()) return {};
  const auto average =
      order.quote_executed.divide_floor(instrument.quantity_decimal(order.executed), 8);
  return average ? *average : Decimal();
}

Decimal cut_price(Decimal price, int digits, bool up) {
  constexpr int most_decimals = 8;
  const int decimals = std::clamp(digits - integer_digits(price), 0, most_decimals);
  const Decimal cut = up ? price.ceil_to(decimals) : price.floor_to(decimals);
  if (integer_digits(price) <= digits) return cut;
  Int128 step = Decimal::one;
  for (int n = integer_digits(price); n > digits; --n) step *= 10;
  const Int128 over = price.raw() % step;
  return Decimal::from_raw(price.raw() - over + (up && over != 0 ? step : 0));
}

std::optional<int> precision_of(std::string_view text) {
  if (text == "R0") return raw_precision;
  if (text.size() != 2 || text[0] != 'P' || text[1] < '0' || text[1] > '4') return std::nullopt;
  return text[1] - '0';
}

std::string print_row(const Instrument& on, const PublicTrade& print) {
  std::string row = "[" + std::to_string(told_trade_id(on.id, print.id));
  row.append(",").append(std::to_string(ms_of(print.time)));
  row.append(",").append(amount_text(on, print.quantity, print.taker_side == Side::Sell));
  return row.append(",").append(price_text(on, print.price)).append("]");
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != name) continue;
    return percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true).value_or("");
  }
  return {};
}

}  // namespace ats::venues::bitfinex
