#include "venues/upbit/account.hpp"

#include "venues/upbit/frame.hpp"

namespace ats::venues::upbit {
namespace {

constexpr std::size_t id_size = 39;  // FillId, VenueOrderId

bool id_field(json::object& object, std::string_view key, Text<id_size>& id) {
  std::string_view text;
  if (!text_field(object, key, text) || text.empty() || !Text<id_size>::fits(text)) return false;
  id = Text<id_size>(text);
  return true;
}

// Members that say nothing are null on the stream and left out of answers.
bool optional_decimal(json::object& object, std::string_view key, std::optional<Decimal>& out) {
  std::string_view text;
  if (!number_field(object, key, text) || text == "null") return true;
  const auto number = Decimal::parse(text);
  if (!number) return false;
  out = *number;
  return true;
}

bool time_field(json::object& object, std::string_view key, WallTime& time) {
  std::uint64_t ms = 0;
  if (!integer_field(object, key, ms) || ms > time_ms_max) return false;
  time = wall_from_ms(static_cast<std::int64_t>(ms));
  return true;
}

bool read_state(json::object& object, OrderWord& state) {
  std::string_view word;
  if (!text_field(object, "state", word)) return false;
  struct Row {
    std::string_view word;
    OrderWord state;
  };
  for (const Row& row :
       {Row{"wait", OrderWord::Wait}, Row{"watch", OrderWord::Watch},
        Row{"trade", OrderWord::Trade}, Row{"done", OrderWord::Done},
        Row{"cancel", OrderWord::Cancel}, Row{"prevented", OrderWord::Prevented}}) {
    if (row.word != word) continue;
    state = row.state;
    return true;
  }
  return false;
}

// "BID" on the stream, "bid" in answers.
bool read_side(json::object& object, std::string_view key, Side& side) {
  std::string_view word;
  if (!text_field(object, key, word)) return false;
  side = word == "BID" || word == "bid" ? Side::Buy : Side::Sell;
  return side == Side::Buy || word == "ASK" || word == "ask";
}

bool read_trade(json::object& object, RestTrade& trade) {
  std::string_view when;
  return id_field(object, "uuid", trade.uuid) && decimal_field(object, "price", trade.price) &&
         decimal_field(object, "volume", trade.volume) &&
         decimal_field(object, "funds", trade.funds) && text_field(object, "created_at", when) &&
         parse_rfc3339(when.data(), when.size(), trade.time);
}

}  // namespace

bool read_my_order(json::object& object, MyOrder& order) {
  if (!text_field(object, "code", order.code) || !id_field(object, "uuid", order.uuid) ||
      !read_side(object, "ask_bid", order.side) || !read_state(object, order.state) ||
      !decimal_field(object, "executed_volume", order.executed) || order.executed.negative() ||
      !time_field(object, "timestamp", order.time))
    return false;
  if (!optional_decimal(object, "remaining_volume", order.remaining)) return false;
  if (!text_field(object, "identifier", order.identifier)) order.identifier = {};
  if (order.state != OrderWord::Trade) return optional_decimal(object, "price", order.limit);
  bool maker = false;
  if (bool_field(object, "is_maker", maker) && maker) order.liquidity = Liquidity::Maker;
  return id_field(object, "trade_uuid", order.trade_uuid) &&
         decimal_field(object, "price", order.price) &&
         decimal_field(object, "volume", order.volume) &&
         optional_decimal(object, "trade_fee", order.fee) &&
         time_field(object, "trade_timestamp", order.time);
}

bool read_balance(json::object& object, AccountBalance& balance) {
  std::string_view currency;
  if (!text_field(object, "currency", currency) ||
      !decimal_field(object, "balance", balance.free) ||
      !decimal_field(object, "locked", balance.locked))
    return false;
  balance.currency = currency;
  return true;
}

bool read_rest_order(json::object& object, RestOrder& order) {
  std::string_view text;
  if (!text_field(object, "market", text)) return false;
  order.market = text;
  if (!id_field(object, "uuid", order.uuid) || !read_side(object, "side", order.side) ||
      !read_state(object, order.state) || !optional_decimal(object, "volume", order.volume) ||
      !optional_decimal(object, "price", order.limit) ||
      !decimal_field(object, "executed_volume", order.executed) || order.executed.negative())
    return false;
  if (text_field(object, "identifier", text)) order.identifier = text;
  if (text_field(object, "ord_type", text)) order.ord_type = text;
  if (text_field(object, "time_in_force", text)) order.time_in_force = text;
  std::optional<Decimal> fee;
  if (!optional_decimal(object, "paid_fee", fee)) return false;
  order.paid_fee = fee.value_or(Decimal{});
  if (order.paid_fee.negative()) return false;
  if (!integer_field(object, "trades_count", order.trades_count)) order.trades_count = 0;
  json::array trades;
  if (!array_field(object, "trades", trades)) return true;
  for (auto element : trades) {
    json::object trade;
    if (element.get_object().get(trade) != simdjson::SUCCESS ||
        !read_trade(trade, order.trades.emplace_back()))
      return false;
  }
  return true;
}

}  // namespace ats::venues::upbit
