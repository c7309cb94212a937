// How the venue writes prices, quantities, amounts and times: eight decimals, milliseconds.
#pragma once

#include <string>

#include "domain/instrument.hpp"
#include "venues/binance/dom.hpp"
#include "venues/json_write.hpp"
#include "venues/server.hpp"

namespace ats::venues::binance {

inline std::string amount_text(Decimal amount) { return amount.floor_to(8).to_fixed(8); }
inline std::string price_text(const Instrument& i, Price p) {
  return amount_text(i.price_decimal(p));
}
inline std::string quantity_text(const Instrument& i, Quantity q) {
  return amount_text(i.quantity_decimal(q));
}
const char* status_text(VenueOrderState state);
const char* type_text(OrderKind kind);
const char* time_in_force_text(TimeInForce tif);
// Why an order that expired did.
const char* expiry_text(const VenueOrder& order);
inline std::int64_t to_ms(WallTime time) { return time.ns_utc / 1'000'000; }

// A request's id as it stands: a number, a text or null.
inline std::string id_json(const dom::object& request) {
  std::int64_t number = 0;
  std::string_view text;
  if (dom::get(request, "id", number)) return std::to_string(number);
  if (!dom::get(request, "id", text)) return "null";
  std::string quoted;
  append_quoted(quoted, text);
  return quoted;
}

inline std::string level_json(const Instrument& i, const Level& level) {
  return R"([")" + price_text(i, level.price) + R"(",")" + quantity_text(i, level.quantity) +
         R"("])";
}

// The part that a REST aggregate trade and the event have in common; each trade is its own aggregate.
inline JsonObject aggregate_fields(JsonObject object, const Instrument& i, const PublicTrade& t) {
  object.number("a", t.id)
      .text("p", price_text(i, t.price))
      .text("q", quantity_text(i, t.quantity))
      .number("f", t.id)
      .number("l", t.id)
      .number("T", to_ms(t.time))
      .flag("m", t.taker_side == Side::Sell)
      .flag("M", true);
  return object;
}

}  // namespace ats::venues::binance
