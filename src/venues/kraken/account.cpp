#include "venues/kraken/account.hpp"

namespace ats::venues::kraken {
namespace {

template <std::size_t N>
bool fits(std::string_view text) {
  return !text.empty() && Text<N>::fits(text);
}
constexpr std::size_t id_size = 39;  // FillId, VenueOrderId

bool time_field(json::object& object, WallTime& time) {
  std::string_view text;
  return text_field(object, "timestamp", text) && parse_rfc3339(text.data(), text.size(), time);
}

ExecType exec_type(std::string_view word) {
  if (word == "pending_new") return ExecType::PendingNew;
  if (word == "new") return ExecType::New;
  if (word == "trade") return ExecType::Trade;
  if (word == "filled") return ExecType::Filled;
  if (word == "canceled") return ExecType::Canceled;
  if (word == "expired") return ExecType::Expired;
  if (word == "amended") return ExecType::Amended;
  return ExecType::Other;
}

ExecState exec_state(std::string_view word) {
  if (word == "filled") return ExecState::Filled;
  if (word == "canceled" || word == "expired") return ExecState::Canceled;
  return ExecState::Live;  // pending_new, new, partially_filled
}

bool side_of(std::string_view word, Side& side) {
  side = word == "buy" ? Side::Buy : Side::Sell;
  return word == "buy" || word == "sell";
}

// "fees":[{"asset":"USD","qty":0.3458}]: one asset; more than one cannot be booked as one fill.
bool read_fees(json::object& object, ExecutionEntry& entry) {
  json::array fees;
  if (!array_field(object, "fees", fees)) return false;
  for (auto element : fees) {
    json::object fee;
    std::string_view asset;
    Decimal amount;
    if (element.get_object().get(fee) != simdjson::SUCCESS || !text_field(fee, "asset", asset) ||
        !decimal_field(fee, "qty", amount))
      return false;
    if (!entry.fee_asset.empty() && entry.fee_asset != asset) return false;
    entry.fee_asset = asset;
    const auto sum = entry.fee.checked_add(amount);
    if (!sum) return false;
    entry.fee = *sum;
  }
  return true;
}

// "1688667796.8802" seconds to ns, exactly as far as the text goes.
bool read_seconds(json::object& object, std::string_view key, WallTime& time) {
  std::string_view text;
  if (!number_field(object, key, text)) return false;
  const auto decimal = Decimal::parse(text);
  if (!decimal) return false;
  const auto ns = decimal->to_scaled_floor(9);
  if (!ns) return false;
  time.ns_utc = *ns;
  return true;
}

}  // namespace

bool read_stream_answer(json::object& root, StreamAnswer& answer) {
  if (!text_field(root, "method", answer.method)) return false;
  if (!integer_field(root, "req_id", answer.req_id)) answer.req_id = 0;
  if (answer.method == "pong") {
    answer.success = true;
    return true;
  }
  if (!bool_field(root, "success", answer.success)) return false;
  if (!answer.success) {
    text_field(root, "symbol", answer.symbol);
    return text_field(root, "error", answer.error);
  }
  json::object result;
  if (!object_field(root, "result", result)) return true;
  text_field(result, "channel", answer.channel);
  text_field(result, "symbol", answer.symbol);
  text_field(result, "order_id", answer.order_id);
  return true;
}

bool read_execution(json::object& object, ExecutionEntry& entry) {
  std::string_view word;
  if (!text_field(object, "order_id", entry.order_id) || !fits<id_size>(entry.order_id) ||
      !text_field(object, "exec_type", word))
    return false;
  entry.type = exec_type(word);
  text_field(object, "cl_ord_id", entry.client_id);
  text_field(object, "symbol", entry.symbol);
  if (text_field(object, "order_status", word)) entry.state = exec_state(word);
  if (text_field(object, "side", word)) {
    Side side = Side::Buy;
    if (!side_of(word, side)) return false;
    entry.side = side;
  }
  number_field(object, "cum_qty", entry.cum_qty);
  number_field(object, "limit_price", entry.limit_price);
  number_field(object, "order_qty", entry.order_qty);
  if (!time_field(object, entry.time)) return false;
  if (entry.type != ExecType::Trade) return true;
  if (text_field(object, "liquidity_ind", word))
    entry.liquidity = word == "m" ? Liquidity::Maker : Liquidity::Taker;
  return text_field(object, "exec_id", entry.exec_id) && fits<id_size>(entry.exec_id) &&
         number_field(object, "last_qty", entry.last_qty) &&
         number_field(object, "last_price", entry.last_price) && read_fees(object, entry);
}

bool read_balance(json::object& object, BalanceEntry& entry) {
  if (!text_field(object, "asset", entry.asset) || !decimal_field(object, "balance", entry.total))
    return false;
  std::string_view wallet;
  if (text_field(object, "wallet_type", wallet)) entry.spot = wallet == "spot";
  json::array wallets;
  if (!array_field(object, "wallets", wallets)) return true;
  Decimal spot;
  for (auto element : wallets) {
    json::object told;
    Decimal balance;
    if (element.get_object().get(told) != simdjson::SUCCESS || !text_field(told, "type", wallet) ||
        !decimal_field(told, "balance", balance))
      return false;
    if (wallet != "spot") continue;
    const auto sum = spot.checked_add(balance);
    if (!sum) return false;
    spot = *sum;
  }
  entry.total = spot;
  return true;
}

bool read_rest_error(json::object& root, std::string& error) {
  json::array errors;
  error.clear();
  if (!array_field(root, "error", errors)) return false;
  for (auto element : errors) {
    std::string_view text;
    if (element.get_string().get(text) != simdjson::SUCCESS) return false;
    if (error.empty() && !text.starts_with('W')) error = text;
  }
  return true;
}

bool read_rest_order(std::string_view id, json::object& object, RestOrder& order) {
  if (!fits<id_size>(id)) return false;
  order.venue_id = VenueOrderId(id);
  std::string_view text;
  if (text_field(object, "cl_ord_id", text)) order.client_id = text;  // null where there is none
  if (!text_field(object, "status", text)) return false;
  order.status = text;
  if (!number_field(object, "vol", text)) return false;
  order.volume = text;
  if (!number_field(object, "vol_exec", text)) return false;
  order.executed = text;
  json::object description;
  if (!object_field(object, "descr", description) || !text_field(description, "pair", text))
    return false;
  order.pair = text;
  if (!text_field(description, "type", text) || !side_of(text, order.side)) return false;
  if (number_field(description, "price", text)) order.price = text;
  json::array trades;
  if (!array_field(object, "trades", trades)) return true;
  for (auto trade : trades) {
    if (trade.get_string().get(text) != simdjson::SUCCESS) return false;
    order.trades.emplace_back(text);
  }
  return true;
}

bool read_rest_trade(std::string_view id, json::object& object, RestTrade& trade) {
  if (!fits<id_size>(id)) return false;
  trade.id = FillId(id);
  std::string_view text;
  if (!text_field(object, "ordertxid", text)) return false;
  trade.order_id = text;
  if (!number_field(object, "price", text)) return false;
  trade.price = text;
  if (!number_field(object, "vol", text)) return false;
  trade.quantity = text;
  bool maker = false;
  if (bool_field(object, "maker", maker) && maker) trade.liquidity = Liquidity::Maker;
  return decimal_field(object, "fee", trade.fee) && read_seconds(object, "time", trade.time);
}

}  // namespace ats::venues::kraken
