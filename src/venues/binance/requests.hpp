// Requests of an account as signed bytes. The order path allocates nothing: fixed text around the values, one
// buffer, a kept HMAC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/instrument.hpp"
#include "domain/order.hpp"
#include "security/signing.hpp"
#include "venues/client.hpp"

namespace ats::venues::binance {

// An order that waits longer than this on its way is refused by the venue (recvWindow).
constexpr std::int64_t recv_window_ms = 2'000;

class Requests {
 public:
  explicit Requests(const Credentials& credentials);

  // WebSocket API frames; the view lives until the next call. Times are the venue's clock.
  std::string_view place(std::uint64_t id, const OrderRequest& order, const Instrument& instrument,
                         std::int64_t timestamp_ms);
  std::string_view cancel(std::uint64_t id, OrderId order, const Instrument& instrument,
                          std::int64_t timestamp_ms);
  std::string_view subscribe_account(std::uint64_t id, std::int64_t timestamp_ms);
  // What the last frame's signature was taken over.
  std::string_view payload() const { return {payload_.data(), payload_size_}; }

  // A signed REST query; `parameters` are percent-encoded and need no order.
  HttpRequest get(std::string_view path, std::string_view parameters, std::int64_t timestamp_ms) {
    return signed_request("GET", path, parameters, timestamp_ms);
  }
  HttpRequest place_by_rest(const OrderRequest& order, const Instrument& instrument,
                            std::int64_t timestamp_ms);
  HttpRequest cancel_by_rest(OrderId order, const Instrument& instrument,
                             std::int64_t timestamp_ms);

 private:
  class Writer;
  std::string_view finish(Writer& frame, const Writer& payload);
  HttpRequest signed_request(const char* method, std::string_view path, std::string_view parameters,
                             std::int64_t timestamp_ms);

  const std::string key_;
  security::HmacSigner signer_;
  std::vector<char> frame_;
  std::vector<char> payload_;
  std::size_t payload_size_ = 0;
};

}  // namespace ats::venues::binance
