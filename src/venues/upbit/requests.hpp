// What a client sends, spelled out.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "domain/action.hpp"
#include "domain/instrument.hpp"
#include "domain/order.hpp"
#include "venues/upbit/auth.hpp"

namespace ats::venues::upbit {

// What asks for the keep-alive: answered at once by {"status":"UP"}, and then every ten seconds.
constexpr std::string_view ping_text = "PING";

// Books at a depth (0: as deep as they come) and prints of all codes. It replaces what was asked for before.
std::string market_subscription(std::span<const std::string_view> codes, std::uint16_t depth,
                                std::uint64_t ticket);
// Orders and balances of the account.
std::string account_subscription(std::uint64_t ticket);

Parameters place_parameters(const OrderRequest& order, const Instrument& instrument);
// By the venue's id, or by ours where that is empty.
Parameters reference(OrderId order, const VenueOrderId& venue_order_id);

}  // namespace ats::venues::upbit
