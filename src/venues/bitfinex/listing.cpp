// What the simulated Bitfinex lists, and the keys it gives.
#include <algorithm>

#include "venues/bitfinex/metadata.hpp"
#include "venues/bitfinex/names.hpp"

namespace ats::venues::bitfinex {

std::optional<Instrument> simulated_listing(std::string_view base, std::string_view quote,
                                            Decimal price) {
  // No won here, and below this price eight decimals are steps of more than a percent.
  if (quote == "KRW" || price < Decimal::of("0.000001")) return std::nullopt;
  Instrument i;
  i.symbol = Text<31>(symbol_of(base, quote));
  i.rest_symbol = i.symbol;
  i.price_scale = static_cast<std::uint8_t>(price_decimals(price));
  i.qty_scale = most_decimals;
  i.ladder = price_ladder();
  // The venue's minima are worth some four dollars, in two digits.
  const char* const worth = quote == "BTC" ? "0.00004" : quote == "ETH" ? "0.001" : "4";
  const auto least = Decimal::of(worth).divide_floor(price, most_decimals);
  std::int64_t units = least ? least->to_scaled_floor(most_decimals).value_or(1) : 1;
  std::int64_t step = 1;
  while (units / step >= 100) step *= 10;
  units = std::max<std::int64_t>(units - units % step, 1);
  constexpr std::int64_t largest_by_least = 50'000'000;
  constexpr std::int64_t most = std::int64_t{1} << 60;
  i.min_quantity = {units};
  i.max_quantity = {units < most / largest_by_least ? units * largest_by_least : most};
  i.fees = {Rate::bps(4), Rate::bps(10), FeeAsset::Received, 8};
  return i;
}

// Bitfinex's secrets are 43 characters, and sign as they are.
Credentials simulated_credentials(std::string_view seed) {
  constexpr std::size_t length = 43;
  return {"sim-key", std::string(seed.substr(0, length))};
}

}  // namespace ats::venues::bitfinex
