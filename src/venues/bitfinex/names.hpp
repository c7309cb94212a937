// How Bitfinex spells assets and pairs: codes of its own for some assets (UST is Tether), pairs joined
// when both codes have three letters ("BTCUSD") and with a colon otherwise ("DUSK:USD"), symbols with a
// "t" in front ("tBTCUSD"; "f" is funding). Source: docs/venues/bitfinex.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ats::venues::bitfinex {

// Our name (USDT, ALGO) of an asset by the venue's code (UST, ALG), and back. The answer is a view of the
// argument or a literal.
std::string_view asset_name(std::string_view code);
std::string_view asset_code(std::string_view asset);

// The venue's spelling of a pair of ours: BTC, USDT -> "BTCUST"; DOGE, USD -> "DOGE:USD".
std::string pair_of(std::string_view base, std::string_view quote);
// "tBTCUST".
std::string symbol_of(std::string_view base, std::string_view quote);

struct PairNames {
  std::string_view base;  // ours
  std::string_view quote;
};
// Of a pair ("BTCUST", "DOGE:USD"); nothing when it is none.
std::optional<PairNames> split_pair(std::string_view pair);

enum class SymbolKind : std::uint8_t {
  Spot,
  OtherProduct,  // funding ("fUSD") and derivatives ("tBTCF0:USTF0")
};
SymbolKind kind_of(std::string_view symbol);

}  // namespace ats::venues::bitfinex
