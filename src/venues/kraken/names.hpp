// How Kraken spells assets and pairs in its several corners: "BTC/USD" on the v2 streams, "XBT/USD" as
// wsname, "XBTUSD" as altname, "XXBTZUSD" as REST id. Source: docs/venues/kraken.md.
#pragma once

#include <string>
#include <string_view>

#include "domain/order.hpp"

namespace ats::venues::kraken {

// Our name (BTC, DOGE, USD) of an asset as REST ids ("XXBT", "ZUSD") or altnames ("XBT") have it. The
// answer is a view of the argument or a literal.
std::string_view asset_name(std::string_view rest_or_alt_name);
// The name in wsname and altname: BTC is XBT there, DOGE is XDG.
std::string_view alt_asset(std::string_view asset);
// The id REST answers with: BTC is XXBT, USD is ZUSD, USDT is USDT.
std::string_view rest_asset(std::string_view asset);
// Altname of a pair, which REST accepts as `pair`: XBTUSDT.
std::string alt_pair(std::string_view base, std::string_view quote);
// The id REST answers with: XXBTZUSD when both sides have an old id, XBTUSDT otherwise.
std::string rest_pair(std::string_view base, std::string_view quote);

// As REST's orders and the account's stream spell it.
std::string_view tif_word(TimeInForce tif);

}  // namespace ats::venues::kraken
