// What the simulated Coinbase lists, and the keys it gives.
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "security/es256.hpp"
#include "security/signing.hpp"
#include "venues/coinbase/metadata.hpp"

namespace ats::venues::coinbase {

// Cents from 10 on, about five digits below. What costs little is traded in tenths.
std::optional<Instrument> simulated_listing(std::string_view base, std::string_view quote,
                                            Decimal price) {
  if (quote == "KRW") return std::nullopt;
  const int digits = integer_digits(price);
  std::string symbol(base);
  symbol.append("-").append(quote);
  Instrument i;
  i.symbol = std::string_view(symbol);
  // Dollars and their coin share a book, but for coins that are dollars or euros themselves.
  const bool shared = quote == "USDC" && base != "USDT" && base != "EURC";
  i.rest_symbol = std::string_view(symbol).substr(0, symbol.size() - (shared ? 1 : 0));
  i.price_scale = static_cast<std::uint8_t>(digits >= 2 ? 2 : std::clamp(5 - digits, 2, 10));
  const bool coins = quote == "BTC" || quote == "ETH";
  i.qty_scale = static_cast<std::uint8_t>(digits >= 2 || coins ? 8 : digits >= 0 ? 4 : 1);
  i.min_quantity = {1};
  i.min_notional = Decimal::of(quote == "BTC" ? "0.00001" : "1");
  i.fees = {Rate::bps(8), Rate::bps(16), FeeAsset::Quote, 8};
  return i;
}

// A P-256 key as PEM, on one line, so that it fits a line of a file of keys.
Credentials simulated_credentials(std::string_view seed) {
  const std::array<std::string_view, 2> name_parts{"name of the key", seed};
  const security::Digest256 name = security::sha256(name_parts);
  std::string hex(2 * name.size(), '\0');
  security::to_hex(name, hex.data());
  const auto uuid = [](std::string_view digits) {
    std::string text(digits.substr(0, 8));
    text.append("-").append(digits.substr(8, 4)).append("-4").append(digits.substr(13, 3));
    return text.append("-a").append(digits.substr(17, 3)).append("-").append(digits.substr(20, 12));
  };
  security::PrivateKey key;
  key.curve = security::KeyCurve::P256;
  const std::array<std::string_view, 1> seed_parts{seed};
  key.bytes = security::sha256(seed_parts);
  key.bytes[0] &= 0x7f;  // below the curve's order
  const auto signer = security::KeySigner::make(key);
  ATS_ASSERT(signer.has_value());
  // SEC 1: ECPrivateKey{1, scalar, prime256v1, point}.
  std::vector<std::uint8_t> der{0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20};
  const auto append = [&der](std::span<const std::uint8_t> bytes) {
    der.insert(der.end(), bytes.begin(), bytes.end());
  };
  constexpr std::array<std::uint8_t, 12> curve{0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                               0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  constexpr std::array<std::uint8_t, 5> point{0xa1, 0x44, 0x03, 0x42, 0x00};
  append(key.bytes);
  append(curve);
  append(point);
  append(signer->public_key().view());
  return {
      "organizations/" + uuid(std::string_view(hex).substr(0, 32)) + "/apiKeys/" +
          uuid(std::string_view(hex).substr(32)),
      "-----BEGIN EC PRIVATE KEY-----" + security::base64(der) + "-----END EC PRIVATE KEY-----"};
}

}  // namespace ats::venues::coinbase
