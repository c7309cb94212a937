// What the simulated Binance lists, and the keys it gives.
#include <algorithm>
#include <string>

#include "venues/binance/metadata.hpp"

namespace ats::venues::binance {

std::optional<Instrument> simulated_listing(std::string_view base, std::string_view quote,
                                            Decimal price) {
  if (quote == "KRW") return std::nullopt;
  const int digits = integer_digits(price);
  Instrument i;
  i.symbol = Text<31>(std::string(base) + std::string(quote));
  i.rest_symbol = i.symbol;
  // The tick is about 1e-5 of the price, the lot worth about a unit of the quote asset.
  i.price_scale = static_cast<std::uint8_t>(std::clamp(5 - digits, 2, 10));
  i.qty_scale = static_cast<std::uint8_t>(std::clamp(digits, 0, 8));
  i.min_quantity = {1};
  i.max_quantity = {9000 * pow10(i.qty_scale)};
  i.min_notional = Decimal::from_int(5);
  i.band = {{200'000'000}, {5'000'000'000}, {200'000'000}, {5'000'000'000}, seconds(300)};
  i.fees = {Rate::bps(10), Rate::bps(10), FeeAsset::Received, 8};
  return i;
}

Credentials simulated_credentials(std::string_view seed) { return {"sim-key", std::string(seed)}; }

}  // namespace ats::venues::binance
