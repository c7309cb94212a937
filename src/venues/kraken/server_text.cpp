#include "venues/kraken/server_text.hpp"

#include <algorithm>
#include <array>

namespace ats::venues::kraken {
namespace {

constexpr std::string_view digits32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t id_digits = 16;  // 5 + 5 + 6
constexpr std::string_view made_up = "the user gave no client order id: ";

// O|T, then sixteen digits of base 32 in groups of 5, 5 and 6.
std::string id_text(char letter, UInt128 value) {
  std::array<char, id_digits> digits{};
  for (std::size_t i = id_digits; i-- > 0; value >>= 5)
    digits[i] = digits32[static_cast<std::size_t>(value & 31)];
  std::string text(1, letter);
  text.append(digits.data(), 5).append("-");
  text.append(digits.data() + 5, 5).append("-");
  text.append(digits.data() + 10, 6);
  return text;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

}  // namespace

std::string order_text(std::uint64_t id) { return id_text('O', id); }
std::string amend_text(std::uint64_t id) { return id_text('T', id); }

std::optional<std::uint64_t> parse_order_text(std::string_view text) {
  constexpr std::size_t size = 1 + id_digits + 2;
  if (text.size() != size || text[0] != 'O' || text[6] != '-' || text[12] != '-')
    return std::nullopt;
  UInt128 value = 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (i == 6 || i == 12) continue;
    const std::size_t digit = digits32.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value << 5 | digit;
  }
  if (value >> 64 != 0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::string trade_text(InstrumentId instrument, std::uint64_t id) {
  return id_text('T', UInt128{instrument.value} << 64 | id);
}

std::string made_up_client_id(std::uint64_t number) {
  return std::string(made_up).append(std::to_string(number));
}

bool is_made_up(std::string_view client_order_id) { return client_order_id.starts_with(made_up); }

bool valid_client_id(std::string_view text) {
  constexpr std::size_t free_text = 18;
  if (text.empty()) return false;
  if (text.size() <= free_text)
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (text.size() == 32) return is_hex(text);
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
         text[23] == '-' && is_hex(text.substr(0, 8)) && is_hex(text.substr(9, 4)) &&
         is_hex(text.substr(14, 4)) && is_hex(text.substr(19, 4)) && is_hex(text.substr(24));
}

std::string price_text(const Instrument& instrument, Price price) {
  return format_scaled(price.units, instrument.price_scale);
}

std::string quantity_text(const Instrument& instrument, Quantity quantity) {
  return format_scaled(quantity.units, instrument.qty_scale);
}

std::string seconds_text(WallTime time) { return format_scaled(time.ns_utc / 100'000, 4); }

std::string_view side_word(Side side) { return side == Side::Buy ? "buy" : "sell"; }

std::string_view type_word(OrderKind kind) {
  return kind == OrderKind::Market ? "market" : "limit";
}

std::string_view place_error(PlaceFault fault, bool maintenance) {
  switch (fault) {
    case PlaceFault::UnknownInstrument:
      return "EQuery:Unknown asset pair";
    case PlaceFault::InstrumentClosed:
      return maintenance ? "EService:Unavailable" : "EService:Market in cancel_only mode";
    case PlaceFault::InsufficientFunds:
      return "EOrder:Insufficient funds";
    case PlaceFault::PriceFilter:
    case PlaceFault::PriceBand:
      return "EOrder:Tick size check failed";
    case PlaceFault::LotFilter:
    case PlaceFault::MaxQuantity:
      return "EGeneral:Invalid arguments:volume";
    case PlaceFault::MinQuantity:
      return "EOrder:Order minimum not met";
    case PlaceFault::MinNotional:
      return "EOrder:Cost minimum not met";
    case PlaceFault::DuplicateClientOrderId:
      return "EOrder:Duplicate cl_ord_id";
    case PlaceFault::WouldTake:
      return "EOrder:Post only order";
    case PlaceFault::Injected:
      return "EService:Deadline elapsed";  // certainly not executed
  }
  return "EGeneral:Internal error";
}

void append_level(std::string& out, const Instrument& instrument, const Level& level) {
  std::array<char, 32> digits{};
  const auto append_number = [&](std::int64_t units, int scale) {
    const char* const end = format_scaled(units, scale, digits.data());
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
  };
  out.append(R"({"price":)");
  append_number(level.price.units, instrument.price_scale);
  out.append(R"(,"qty":)");
  append_number(level.quantity.units, instrument.qty_scale);
  out += '}';
}

std::string level_list(const Instrument& instrument, std::span<const Level> levels) {
  std::string out = "[";
  for (const Level& level : levels) {
    if (out.size() > 1) out += ',';
    append_level(out, instrument, level);
  }
  out += ']';
  return out;
}

std::string rest_result(std::string_view json) {
  return std::string(R"({"error":[],"result":)").append(json).append("}");
}

std::string rest_error(std::string_view error) {
  return JsonObject().raw("error", JsonList().text(error).done()).done();
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> parts;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    parts.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

Decimal average_price(const Instrument& instrument, const VenueOrder& order) {
  if (order.executed.is_zero()) return {};
  const auto price =
      order.quote_executed.divide_floor(instrument.quantity_decimal(order.executed), 10);
  return price.value_or(Decimal{});
}

}  // namespace ats::venues::kraken
