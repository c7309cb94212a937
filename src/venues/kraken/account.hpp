// What the venue says of our account, on its private channels and in REST answers, as plain values. Views
// live until the Json they came from opens the next text. Numbers are exact: taken from their text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/order.hpp"
#include "venues/json.hpp"

namespace ats::venues::kraken {

// --- answers to requests on a stream ---
struct StreamAnswer {
  std::string_view method;
  bool success = false;
  std::uint64_t req_id = 0;  // 0: none
  std::string_view error;
  std::string_view channel;   // of a subscription
  std::string_view symbol;    // of a subscription
  std::string_view order_id;  // of order entry
};
// False when the object is no answer of the protocol's shape.
bool read_stream_answer(json::object& root, StreamAnswer& answer);

// --- the executions channel ---
enum class ExecType : std::uint8_t {
  PendingNew,
  New,
  Trade,
  Filled,
  Canceled,
  Expired,
  Amended,
  Other
};
enum class ExecState : std::uint8_t { Live, Filled, Canceled, NotTold };

// One entry. Sparse: only order_id and exec_type are always there.
struct ExecutionEntry {
  std::string_view order_id;
  std::string_view client_id;
  ExecType type = ExecType::Other;
  ExecState state = ExecState::NotTold;
  std::string_view symbol;
  std::optional<Side> side;
  std::string_view limit_price, order_qty, cum_qty;  // texts of numbers; empty: not told
  // Type Trade:
  std::string_view exec_id, last_qty, last_price;
  Liquidity liquidity = Liquidity::Taker;
  Decimal fee;
  std::string_view fee_asset;
  WallTime time;
};
// False when the entry lacks what its type must have.
bool read_execution(json::object& object, ExecutionEntry& entry);

// --- the balances channel ---
struct BalanceEntry {
  std::string_view asset;
  Decimal total;  // of the spot wallet where wallets are told
  bool spot = true;
};
bool read_balance(json::object& object, BalanceEntry& entry);

// --- REST ---
// The first error of "error":[…] that is not a warning; empty: none. False: no such answer.
bool read_rest_error(json::object& root, std::string& error);

// An order of OpenOrders, ClosedOrders or QueryOrders.
struct RestOrder {
  VenueOrderId venue_id;
  std::string client_id;
  std::string pair;  // altname or id
  Side side = Side::Buy;
  std::string status, volume, executed, price;  // the price of its limit; "0": it has none
  std::vector<std::string> trades;
};
bool read_rest_order(std::string_view id, json::object& object, RestOrder& order);

struct RestTrade {
  FillId id;
  std::string order_id;
  Liquidity liquidity = Liquidity::Taker;
  std::string price, quantity;
  Decimal fee;
  WallTime time;
};
bool read_rest_trade(std::string_view id, json::object& object, RestTrade& trade);

}  // namespace ats::venues::kraken
