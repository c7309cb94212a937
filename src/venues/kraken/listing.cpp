// What the simulated Kraken lists, and the keys it gives.
#include <algorithm>
#include <array>
#include <string>

#include "security/signing.hpp"
#include "venues/kraken/metadata.hpp"

namespace ats::venues::kraken {
namespace {

// Assets listed in Kraken's early years carry a letter in front in its REST calls: X a coin, Z money.
struct OldName {
  std::string_view name;
  std::string_view id;
};
constexpr std::array old_names = {
    OldName{"BTC", "XXBT"},  OldName{"ETH", "XETH"}, OldName{"XRP", "XXRP"}, OldName{"LTC", "XLTC"},
    OldName{"DOGE", "XXDG"}, OldName{"USD", "ZUSD"}, OldName{"EUR", "ZEUR"},
};

}  // namespace

std::optional<Instrument> simulated_listing(std::string_view base, std::string_view quote,
                                            Decimal price) {
  if (quote == "KRW") return std::nullopt;
  const auto old_id = [](std::string_view name) {
    const auto* found = std::ranges::find(old_names, name, &OldName::name);
    return found == old_names.end() ? std::string_view() : found->id;
  };
  // XXBTZUSD where both are old, else without the letters: XBTUSDT.
  const auto short_id = [&](std::string_view name) {
    return std::string(old_id(name).empty() ? name : old_id(name).substr(1));
  };
  const bool both = !old_id(base).empty() && !old_id(quote).empty();
  const int digits = integer_digits(price);
  Instrument i;
  i.symbol = Text<31>(std::string(base) + "/" + std::string(quote));
  i.rest_symbol = Text<31>(both ? std::string(old_id(base)) + std::string(old_id(quote))
                                : short_id(base) + short_id(quote));
  i.price_scale =
      static_cast<std::uint8_t>(std::clamp(digits >= 4 ? 6 - digits : 5 - digits, 0, 10));
  i.qty_scale = 8;
  i.min_quantity = {5000};
  i.min_notional = Decimal::of("0.5");
  i.fees = {Rate::bps(8), Rate::bps(14), FeeAsset::Quote, 5};
  return i;
}

// Kraken's secrets are base64, and are decoded before they sign.
Credentials simulated_credentials(std::string_view seed) {
  const std::string bytes(seed);
  return {"sim-key",
          security::base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()})};
}

}  // namespace ats::venues::kraken
