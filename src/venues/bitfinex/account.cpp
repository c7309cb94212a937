#include "venues/bitfinex/account.hpp"

#include <limits>

namespace ats::venues::bitfinex {
namespace {

bool is_id(std::string_view text) {
  return !text.empty() && VenueOrderId::fits(text) &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool time_of(std::string_view element, WallTime& time) {
  constexpr std::int64_t last_ms = 9'000'000'000'000;
  std::int64_t ms = 0;
  if (is_missing(element)) return true;
  if (!integer_text(element, ms) || ms < 0 || ms > last_ms) return false;
  time = wall_from_ms(ms);
  return true;
}

// An amount of money that can be added and turned round without leaving the range.
bool amount_of(const Row& row, std::size_t at, Decimal& amount) {
  constexpr Int128 most = Int128{1'000'000'000'000'000'000} * Decimal::one;
  return row.decimal(at, amount) && amount.raw() < most && amount.raw() > -most;
}

// A whole number where there is one; null reads as 0.
bool optional_number(std::string_view element, std::uint64_t& n) {
  n = 0;
  return is_missing(element) || integer_text(element, n);
}

}  // namespace

bool magnitude(std::string_view text, int scale, std::int64_t& units) {
  const auto parsed = parse_scaled(text, scale);
  if (!parsed || *parsed == std::numeric_limits<std::int64_t>::min()) return false;
  units = *parsed < 0 ? -*parsed : *parsed;
  return true;
}

bool read_order(const Row& row, OrderEntry& entry) {
  entry.id = row[0];
  entry.symbol = row.text(3);
  entry.rest = row[6];
  entry.amount = row[7];
  entry.status = row.text(13);
  entry.price = row[16];
  entry.side = entry.amount.starts_with('-') ? Side::Sell : Side::Buy;
  // A negative group or client id is somebody else's.
  if (!optional_number(row[1], entry.group)) entry.group = 0;
  if (!optional_number(row[2], entry.client_id)) entry.client_id = 0;
  return is_id(entry.id) && !entry.symbol.empty() && !entry.status.empty() &&
         is_number(entry.rest) && is_number(entry.amount) && time_of(row[5], entry.updated);
}

bool read_fill(const Row& row, FillEntry& entry) {
  if (!is_id(row[0]) || !is_id(row[3])) return false;
  entry.id = FillId(row[0]);
  entry.symbol = row.text(1);
  entry.order_id = row[3];
  entry.amount = row[4];
  entry.price = row[5];
  int maker = 0;
  entry.liquidity = row.integer(8, maker) && maker == 1 ? Liquidity::Maker : Liquidity::Taker;
  Decimal fee;  // negative = paid
  if (is_missing(row[9]) || !amount_of(row, 9, fee)) return false;
  entry.fee = -fee;
  entry.fee_currency = row.text(10);
  if (!optional_number(row[11], entry.client_id)) entry.client_id = 0;
  return !entry.symbol.empty() && is_number(entry.amount) && is_number(entry.price) &&
         !entry.fee_currency.empty() && time_of(row[2], entry.time);
}

bool read_wallet(const Row& row, WalletEntry& entry) {
  entry.exchange = row.text(0) == "exchange";
  entry.currency = row.text(1);
  entry.available_told = !is_missing(row[4]);
  if (entry.available_told && !amount_of(row, 4, entry.available)) return false;
  return !row.text(0).empty() && !entry.currency.empty() && amount_of(row, 2, entry.total);
}

bool read_notification(const Row& row, Notification& entry) {
  entry.type = row.text(1);
  entry.success = row.text(6) == "SUCCESS";
  entry.text = row.text(7);
  entry.code = 0;
  if (!is_missing(row[5]) && !row.integer(5, entry.code)) entry.code = 0;
  entry.id = {};
  entry.client_id = 0;
  if (entry.type.empty() || row.text(6).empty()) return false;
  // An order, or a list of one (REST).
  Row data;
  if (!data.split(row[4])) return true;
  if (is_array(data[0])) {
    Row first;
    if (!first.split(data[0])) return true;
    data = first;
  }
  if (is_id(data[0])) entry.id = data[0];
  if (!optional_number(data[2], entry.client_id)) entry.client_id = 0;
  return true;
}

}  // namespace ats::venues::bitfinex
