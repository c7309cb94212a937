// What the venue says of our account, taken apart: orders of the user channel and of REST, fills, wallets.
// Views live until the Json they came from opens the next text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/order.hpp"
#include "venues/json.hpp"

namespace ats::venues::coinbase {

enum class OrderStatus : std::uint8_t {
  Live,  // PENDING, OPEN, QUEUED and what comes before an end
  Filled,
  Over,  // CANCELLED, EXPIRED
  Failed,
  Unclear,  // UNKNOWN_ORDER_STATUS, and any word that is new
};
OrderStatus order_status(std::string_view word);

// An order, on the user channel or over REST: the two differ in the names of their fields only.
struct OrderRow {
  VenueOrderId venue_id;
  std::string client_id;
  std::string product;
  OrderStatus status = OrderStatus::Unclear;
  std::string filled;  // cumulative, in base
  std::string reject_reason;
  Side side = Side::Buy;
  // Of a limit order, where told: what is left of it on the user channel, its size in answers.
  std::string limit, size, rest;
};
bool read_user_order(json::object& object, OrderRow& row);
bool read_rest_order(json::object& object, OrderRow& row);

struct FillRow {
  FillId id;
  VenueOrderId order;
  std::string price;
  std::string quantity;
  Decimal fee;
  Liquidity liquidity = Liquidity::Taker;
  Side side = Side::Buy;
  WallTime time;
};
bool read_fill(json::object& object, FillRow& row);

struct WalletRow {
  std::string asset;
  Decimal total;
  Decimal held;
};
bool read_wallet(json::object& object, WalletRow& row);

// `error`, or the first of `errors`; empty when the body tells none. `message`: the words beside it.
void read_error(Json& source, std::string_view body, std::string& error, std::string& message);

}  // namespace ats::venues::coinbase
