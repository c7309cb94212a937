// Kraken's first WebSocket protocol, which recordings before 2024 hold: arrays whose last two elements say
// what they are ("book-1000", "XBT/USD"), numbers as text, and a checksum over the digits of that text, so
// that an instrument of such a recording has as many decimals as its text (discovery.cpp sees to it). Only
// recordings are read with it; the client speaks the second.
// Source: Kraken's "Spot WebSockets v1" guide; docs/venues/kraken.md.
#pragma once

#include <string>
#include <string_view>

#include "venues/json.hpp"
#include "venues/kraken/reader.hpp"

namespace ats::venues::kraken {

// The v2 symbol of a v1 pair ("XBT/USD" is BTC/USD), in `out`; what is no pair stays as it is.
std::string_view symbol_of_v1(std::string_view pair, std::string& out);

// {"event":"heartbeat" | "systemStatus" | "subscriptionStatus" | …}
Reading read_v1_event(json::object& root, std::string_view event, const Symbols& symbols,
                      Frame& frame);
// [channel, body, …, name, pair]
Reading read_v1_data(json::document& document, const Universe& universe, const Symbols& symbols,
                     Frame& frame);

// What of a frame's array says what it is; the array is left at its beginning. False: it is none of v1's.
bool name_v1_data(json::array& array, std::size_t& elements, std::string_view& name,
                  std::string_view& pair);

}  // namespace ats::venues::kraken
