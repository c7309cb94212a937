// What the venue says of our account, on channel 0 and in REST answers, as plain values. Numbers are exact:
// taken from their text. Views live as long as the text the rows came from.
#pragma once

#include <cstdint>
#include <string_view>

#include "domain/order.hpp"
#include "venues/bitfinex/row.hpp"

namespace ats::venues::bitfinex {

// [ID,GID,CID,SYMBOL,MTS_CREATE,MTS_UPDATE,AMOUNT,AMOUNT_ORIG,TYPE,…,STATUS,…]: an order of on, ou, oc, os,
// of r/orders and of r/orders/hist.
struct OrderEntry {
  std::string_view id;
  std::uint64_t group = 0;      // 0: none
  std::uint64_t client_id = 0;  // 0: none
  std::string_view symbol;
  WallTime updated;
  std::string_view rest;    // signed: what is not filled
  std::string_view amount;  // signed: as ordered
  std::string_view price;
  std::string_view status;
  Side side = Side::Buy;

  bool live() const {
    return status.starts_with("ACTIVE") || status.starts_with("PARTIALLY FILLED");
  }
};
// False when it has not what an order must have.
bool read_order(const Row& row, OrderEntry& entry);

// [ID,SYMBOL,MTS,ORDER_ID,EXEC_AMOUNT,EXEC_PRICE,ORDER_TYPE,ORDER_PRICE,MAKER,FEE,FEE_CURRENCY,CID]: a fill
// of tu and of r/order/…/trades. `te` has the same without the fee, and is not read.
struct FillEntry {
  FillId id;
  std::string_view symbol;
  WallTime time;
  std::string_view order_id;
  std::string_view amount;  // signed
  std::string_view price;
  Liquidity liquidity = Liquidity::Taker;
  Decimal fee;  // positive = we paid
  std::string_view fee_currency;
  std::uint64_t client_id = 0;
};
bool read_fill(const Row& row, FillEntry& entry);

// [TYPE,CURRENCY,BALANCE,UNSETTLED_INTEREST,AVAILABLE,…]: of ws, wu and r/wallets.
struct WalletEntry {
  bool exchange = false;  // the wallet of spot trading
  std::string_view currency;
  Decimal total;
  Decimal available;
  bool available_told = false;  // the streams may have null there
};
bool read_wallet(const Row& row, WalletEntry& entry);

// [MTS,TYPE,MESSAGE_ID,null,DATA,CODE,STATUS,TEXT]: the answer to a request, on the stream and over REST.
struct Notification {
  std::string_view type;  // "on-req", "oc-req"
  std::string_view id;    // of the order in DATA; empty: none
  std::uint64_t client_id = 0;
  std::int64_t code = 0;
  bool success = false;
  std::string_view text;
};
bool read_notification(const Row& row, Notification& entry);

// The units that an amount's text spells at that scale, without its sign; nothing when it does not fit.
bool magnitude(std::string_view text, int scale, std::int64_t& units);

}  // namespace ats::venues::bitfinex
