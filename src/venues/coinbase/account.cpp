#include "venues/coinbase/account.hpp"

namespace ats::venues::coinbase {
namespace {

bool id_field(json::object& object, VenueOrderId& id) {
  std::string_view text;
  if (!text_field(object, "order_id", text) || text.empty() || !VenueOrderId::fits(text))
    return false;
  id = VenueOrderId(text);
  return true;
}

bool side_field(json::object& object, std::string_view key, Side& side) {
  std::string_view word;
  if (!text_field(object, key, word) || (word != "BUY" && word != "SELL")) return false;
  side = word == "BUY" ? Side::Buy : Side::Sell;
  return true;
}

void optional_text(json::object& object, std::string_view key, std::string& out) {
  std::string_view text;
  if (text_field(object, key, text)) out = text;
}

bool read_order(json::object& object, std::string_view filled_key, OrderRow& row) {
  std::string_view text;
  if (!id_field(object, row.venue_id) || !text_field(object, "client_order_id", text)) return false;
  row.client_id = text;
  if (!text_field(object, "product_id", text)) return false;
  row.product = text;
  if (!text_field(object, "status", text)) return false;
  row.status = order_status(text);
  if (!number_field(object, filled_key, text)) return false;
  row.filled = text.empty() ? std::string_view("0") : text;
  if (text_field(object, "reject_reason", text) && text != "REJECT_REASON_UNSPECIFIED")
    row.reject_reason = text;
  return true;
}

bool amount_of(json::object& object, std::string_view key, Decimal& amount) {
  json::object money;
  return object_field(object, key, money) && decimal_field(money, "value", amount);
}

}  // namespace

OrderStatus order_status(std::string_view word) {
  if (word == "FILLED") return OrderStatus::Filled;
  if (word == "CANCELLED" || word == "EXPIRED") return OrderStatus::Over;
  if (word == "FAILED") return OrderStatus::Failed;
  for (const std::string_view live :
       {"PENDING", "OPEN", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"}) {
    if (word == live) return OrderStatus::Live;
  }
  return OrderStatus::Unclear;
}

bool read_user_order(json::object& object, OrderRow& row) {
  if (!read_order(object, "cumulative_quantity", row)) return false;
  if (!side_field(object, "order_side", row.side)) row.side = Side::Buy;
  optional_text(object, "limit_price", row.limit);
  optional_text(object, "leaves_quantity", row.rest);
  return true;
}

bool read_rest_order(json::object& object, OrderRow& row) {
  if (!read_order(object, "filled_size", row)) return false;
  if (!side_field(object, "side", row.side)) row.side = Side::Buy;
  // One member, named after the kind of order.
  json::object configuration;
  if (!object_field(object, "order_configuration", configuration)) return true;
  for (auto kind : configuration) {
    json::object terms;
    if (kind.value().get_object().get(terms) != simdjson::SUCCESS) continue;
    optional_text(terms, "limit_price", row.limit);
    optional_text(terms, "base_size", row.size);
  }
  return true;
}

bool read_fill(json::object& object, FillRow& row) {
  std::string_view text;
  if (!id_field(object, row.order) || !text_field(object, "trade_id", text) || text.empty() ||
      !FillId::fits(text))
    return false;
  row.id = FillId(text);
  if (!text_field(object, "price", text)) return false;
  row.price = text;
  if (!text_field(object, "size", text)) return false;
  row.quantity = text;
  bool in_quote = false;  // an amount of the quote asset names no exact quantity
  if (bool_field(object, "size_in_quote", in_quote) && in_quote) return false;
  if (text_field(object, "liquidity_indicator", text))
    row.liquidity = text == "MAKER" ? Liquidity::Maker : Liquidity::Taker;
  return decimal_field(object, "commission", row.fee) && side_field(object, "side", row.side) &&
         text_field(object, "trade_time", text) &&
         parse_rfc3339(text.data(), text.size(), row.time);
}

bool read_wallet(json::object& object, WalletRow& row) {
  std::string_view text;
  Decimal available;
  if (!text_field(object, "currency", text)) return false;
  row.asset = text;
  if (!amount_of(object, "available_balance", available) || !amount_of(object, "hold", row.held))
    return false;
  const auto total = available.checked_add(row.held);
  if (!total) return false;
  row.total = *total;
  return true;
}

void read_error(Json& source, std::string_view body, std::string& error, std::string& message) {
  error.clear();
  message.clear();
  json::object root;
  json::array errors;
  std::string_view text;
  if (!source.open(body, root)) return;
  const auto read = [&](json::object& from, std::string_view key) {
    if (text_field(from, key, text)) error = text;
    for (const std::string_view words : {"message", "error_details", "error_description"}) {
      if (message.empty() && text_field(from, words, text)) message = text;
    }
  };
  read(root, "error");
  if (!error.empty() || !array_field(root, "errors", errors)) return;
  for (auto element : errors) {
    json::object first;
    if (element.get_object().get(first) == simdjson::SUCCESS) read(first, "id");
    return;
  }
}

}  // namespace ats::venues::coinbase
