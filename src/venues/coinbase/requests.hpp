// What a client sends: the frames of both streams and the bodies of REST calls.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "domain/action.hpp"
#include "domain/instrument.hpp"
#include "domain/order.hpp"

namespace ats::venues::coinbase {

constexpr std::string_view brokerage = "/api/v3/brokerage";

// `type`: subscribe or unsubscribe. No products: the whole channel. `token` empty: none is sent.
std::string subscription(std::string_view type, std::string_view channel,
                         std::span<const std::string_view> products, std::string_view token);

// Body of POST …/orders.
std::string order_body(const OrderRequest& order, const Instrument& instrument);
// Body of POST …/orders/batch_cancel.
std::string cancel_body(std::string_view venue_order_id);

}  // namespace ats::venues::coinbase
