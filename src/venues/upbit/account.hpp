// What the venue says of our account, on its private stream and in REST answers, as plain values. Numbers are
// exact: taken from their text, bare or in a string.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/order.hpp"
#include "venues/json.hpp"

namespace ats::venues::upbit {

enum class OrderWord : std::uint8_t { Wait, Watch, Trade, Done, Cancel, Prevented };

// A myOrder message. Views live until the Json it came from opens the next text.
struct MyOrder {
  std::string_view code;
  VenueOrderId uuid;
  std::string_view identifier;  // empty: none
  Side side = Side::Buy;
  OrderWord state = OrderWord::Wait;
  Decimal executed;                  // cumulative
  std::optional<Decimal> remaining;  // a market buy, of an amount, has none
  std::optional<Decimal> limit;      // not of a fill, nor of an order without one
  WallTime time;
  // Of a fill, state Trade:
  FillId trade_uuid;
  Decimal price, volume;
  std::optional<Decimal> fee;
  Liquidity liquidity = Liquidity::Taker;
};
// False when it lacks what its state must have.
bool read_my_order(json::object& object, MyOrder& order);

struct AccountBalance {
  std::string currency;
  Decimal free, locked;
};
// A row of myAsset's assets or of /v1/accounts.
bool read_balance(json::object& object, AccountBalance& balance);

struct RestTrade {
  FillId uuid;
  Decimal price, volume, funds;
  WallTime time;
};
// An order of any REST answer; trades only where they were told.
struct RestOrder {
  std::string market;
  VenueOrderId uuid;
  std::string identifier;
  Side side = Side::Buy;
  OrderWord state = OrderWord::Wait;
  std::string ord_type, time_in_force;
  std::optional<Decimal> volume;  // a market buy has none
  std::optional<Decimal> limit;
  Decimal executed;
  Decimal paid_fee;
  std::uint64_t trades_count = 0;
  std::vector<RestTrade> trades;
};
bool read_rest_order(json::object& object, RestOrder& order);

}  // namespace ats::venues::upbit
