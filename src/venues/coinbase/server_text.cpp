#include "venues/coinbase/server_text.hpp"

#include <array>
#include <charconv>

namespace ats::venues::coinbase {
namespace {

std::string hex(std::uint64_t value, std::size_t width) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(width, '0');
  for (std::size_t i = width; i-- > 0; value >>= 4) text[i] = digits[value & 15];
  return text;
}

// The number in the first and the last group, `mark` in the second, what kind of id it is in the fourth.
std::string uuid(std::uint64_t value, std::uint16_t mark, std::string_view kind) {
  return hex(value >> 32, 8)
      .append("-")
      .append(hex(mark, 4))
      .append("-4000-")
      .append(kind)
      .append("-0000")
      .append(hex(value & 0xffffffff, 8));
}

}  // namespace

std::string order_text(std::uint64_t id) { return uuid(id, 0, "8000"); }

std::optional<std::uint64_t> parse_order_text(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  const auto read = [](std::string_view digits, std::uint64_t& value) {
    const char* const end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, value, 16);
    return error == std::errc{} && at == end;
  };
  if (!read(text.substr(0, 8), high) || !read(text.substr(28), low)) return std::nullopt;
  const std::uint64_t id = high << 32 | low;
  // Only the one spelling.
  return order_text(id) == text ? std::optional(id) : std::nullopt;
}

std::string trade_text(InstrumentId instrument, std::uint64_t id) {
  return uuid(id, instrument.value, "b000");
}

std::string price_text(const Instrument& instrument, Price price) {
  return format_scaled_short(price.units, instrument.price_scale);
}

std::string quantity_text(const Instrument& instrument, Quantity quantity) {
  return format_scaled_short(quantity.units, instrument.qty_scale);
}

std::string step_text(std::int64_t units, int scale) { return format_scaled_short(units, scale); }

std::string_view side_word(Side side) { return side == Side::Buy ? "BUY" : "SELL"; }

std::string_view maker_word(Side taker_side) { return side_word(opposite(taker_side)); }

std::string_view status_word(VenueOrderState state) {
  switch (state) {
    case VenueOrderState::New:
    case VenueOrderState::PartlyFilled:
      return "OPEN";
    case VenueOrderState::Filled:
      return "FILLED";
    case VenueOrderState::Cancelled:
    case VenueOrderState::Expired:  // what an immediate order leaves
      return "CANCELLED";
  }
  return "UNKNOWN_ORDER_STATUS";
}

std::string_view tif_word(const VenueOrder& order) {
  if (order.kind == OrderKind::Market) return "IMMEDIATE_OR_CANCEL";
  switch (order.time_in_force) {
    case TimeInForce::Ioc:
      return "IMMEDIATE_OR_CANCEL";
    case TimeInForce::Fok:
      return "FILL_OR_KILL";
    case TimeInForce::Gtc:
      break;
  }
  return "GOOD_UNTIL_CANCELLED";
}

std::string configuration(const Instrument& instrument, const VenueOrder& order) {
  JsonObject terms;
  terms.text("base_size", quantity_text(instrument, order.quantity));
  if (order.kind == OrderKind::Market)
    return JsonObject().raw("market_market_ioc", terms.done()).done();
  terms.text("limit_price", price_text(instrument, order.price));
  std::string_view kind = "limit_limit_gtc";
  if (order.time_in_force == TimeInForce::Ioc)
    kind = "sor_limit_ioc";
  else if (order.time_in_force == TimeInForce::Fok)
    kind = "limit_limit_fok";
  else
    terms.flag("post_only", order.kind == OrderKind::LimitMaker);
  return JsonObject().raw(kind, terms.done()).done();
}

Decimal average_price(const Instrument& instrument, const VenueOrder& order) {
  if (order.executed.is_zero()) return {};
  return order.quote_executed.divide_floor(instrument.quantity_decimal(order.executed), 10)
      .value_or(Decimal{});
}

std::string completion(const VenueOrder& order) {
  if (order.quantity.units <= 0) return "0";
  return std::to_string(
      static_cast<std::int64_t>(Int128{order.executed.units} * 100 / order.quantity.units));
}

PlaceWords place_words(PlaceFault fault) {
  switch (fault) {
    case PlaceFault::UnknownInstrument:
      return {"INVALID_PRODUCT_ID", "PREVIEW_INVALID_PRODUCT_ID", "Invalid product_id"};
    case PlaceFault::InstrumentClosed:
      return {"ORDER_ENTRY_DISABLED", "PREVIEW_ORDER_ENTRY_DISABLED", "Order entry is disabled"};
    case PlaceFault::InsufficientFunds:
      return {"INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND",
              "Insufficient balance in source account"};
    case PlaceFault::PriceFilter:
    case PlaceFault::PriceBand:
      return {"INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION", "Too many decimals"};
    case PlaceFault::LotFilter:
      return {"INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION", "Too many decimals"};
    case PlaceFault::MinQuantity:
      return {"UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL", ""};
    case PlaceFault::MaxQuantity:
      return {"UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE", ""};
    case PlaceFault::MinNotional:
      return {"UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL", ""};
    case PlaceFault::DuplicateClientOrderId:
      return {"DUPLICATE_CLIENT_ORDER_ID", "", "client_order_id is in use"};
    case PlaceFault::WouldTake:
      return {"INVALID_LIMIT_PRICE_POST_ONLY", "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY",
              "Post only order would take"};
    case PlaceFault::Injected:
      return {"INVALID_NO_LIQUIDITY", "PREVIEW_INVALID_NO_LIQUIDITY", ""};
  }
  return {"UNKNOWN_FAILURE_REASON", "", ""};
}

std::string grpc_error(std::string_view error, int code, std::string_view message) {
  return JsonObject()
      .text("error", error)
      .number("code", code)
      .text("message", message)
      .text("error_details", message)
      .raw("details", "[]")
      .done();
}

std::string gateway_error(std::string_view id, std::string_view message) {
  return JsonObject()
      .raw("errors",
           JsonList().raw(JsonObject().text("id", id).text("message", message).done()).done())
      .done();
}

}  // namespace ats::venues::coinbase
