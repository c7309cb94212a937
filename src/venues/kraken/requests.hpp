// The frames a client sends. Written into one kept buffer: the order path allocates nothing. Each view
// returned lives until the next call.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "domain/action.hpp"
#include "domain/instrument.hpp"
#include "domain/order.hpp"

namespace ats::venues::kraken {

class Requests {
 public:
  static constexpr std::size_t token_max = 256;

  // False when the token is none that fits a frame (quotes in it, too long); the old one then stays.
  bool set_token(std::string_view token);
  void clear_token() { token_.clear(); }
  bool has_token() const { return !token_.empty(); }

  std::string_view add_order(const OrderRequest& order, const Instrument& instrument,
                             std::uint64_t req_id);
  // By the venue's id, or by ours where that is empty.
  // The form of REST's AddOrder.
  static std::string add_order_form(const OrderRequest& order, const Instrument& instrument);
  std::string_view cancel_order(const Cancel& cancel, std::uint64_t req_id);
  // The same two ways to name it.
  std::string_view amend_order(const Amend& amend, const Instrument& instrument,
                               std::uint64_t req_id);
  static std::string amend_order_form(const Amend& amend, const Instrument& instrument);
  // `method`: subscribe or unsubscribe; `depth` 0: none is named.
  std::string_view market(std::string_view method, std::string_view channel,
                          std::span<const std::string_view> symbols, std::uint16_t depth,
                          std::uint64_t req_id);
  std::string_view account(std::string_view method, std::string_view channel, std::uint64_t req_id);
  // The venue cancels every order of the account when it has not heard this again for so long; zero: never
  // (docs.kraken.com, WebSocket v2, cancel_all_orders_after).
  std::string_view cancel_all_after(Duration timeout, std::uint64_t req_id);
  std::string_view ping(std::uint64_t req_id);

 private:
  std::string token_;
  std::array<char, 1024> frame_{};  // longer than any order frame with its token
  std::string text_;                // frames of many symbols
};

}  // namespace ats::venues::kraken
