// The frames a client sends. Orders are written into one kept buffer: the order path allocates nothing. Each
// view returned lives until the next call.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/action.hpp"
#include "domain/instrument.hpp"
#include "domain/order.hpp"

namespace ats::venues::bitfinex {

namespace flags {
constexpr std::uint64_t timestamp = 32768;       // the venue's time behind each data frame
constexpr std::uint64_t sequence = 65536;        // a rising number behind each data frame
constexpr std::uint64_t book_checksum = 131072;  // "cs" frames
}  // namespace flags

class Requests {
 public:
  // `client_id` as order_id.hpp spells it.
  std::string_view new_order(const OrderRequest& order, const Instrument& instrument,
                             std::uint64_t client_id);
  // By the venue's id, or where that is empty by ours and the day it was sent on.
  std::string_view cancel_order(std::string_view venue_id, std::uint64_t client_id, WallTime sent);
  // Its price, and whether it is to stay post-only.
  std::string_view amend_order(std::string_view venue_id, const OrderRequest& order,
                               const Instrument& instrument);
  // The same as bodies of REST calls.
  std::string_view new_order_body(const OrderRequest& order, const Instrument& instrument,
                                  std::uint64_t client_id);
  std::string_view amend_order_body(std::string_view venue_id, const OrderRequest& order,
                                    const Instrument& instrument);
  std::string_view cancel_order_body(std::string_view venue_id, std::uint64_t client_id,
                                     WallTime sent);

  std::string_view conf(std::uint64_t flags);
  std::string_view subscribe_book(std::string_view symbol, std::uint16_t length,
                                  std::uint64_t sub_id);
  std::string_view subscribe_trades(std::string_view symbol);
  std::string_view unsubscribe(std::uint64_t channel_id);
  std::string_view ping(std::uint64_t cid);

 private:
  std::array<char, 512> frame_{};  // longer than any order frame
  std::string text_;
};

}  // namespace ats::venues::bitfinex
