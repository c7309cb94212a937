// A small universe for the tests of this layer: two venues that differ in everything that matters.
#pragma once

#include <zlib.h>

#include <string>

#include "domain/instrument.hpp"

namespace ats::sim::testing {

// CRC32 over the digits of the ten best levels a side, asks first: a stand-in that needs no codec.
inline std::uint32_t digits_checksum(const TopLevels& top) {
  std::string text;
  for (const auto side : {top.asks, top.bids}) {
    for (const Level& level : side) {
      text += std::to_string(level.price.units) + std::to_string(level.quantity.units);
    }
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  return static_cast<std::uint32_t>(crc32(0, bytes, static_cast<unsigned>(text.size())));
}

inline Instrument instrument(Universe& universe, const char* venue, const char* base,
                             const char* symbol) {
  const bool binance = std::string(venue) == "binance";
  Instrument i;
  i.venue = universe.find_venue(venue);
  i.base = universe.add_asset(base);
  i.quote = universe.add_asset("USDT");
  i.symbol = symbol;
  i.price_scale = binance ? 2 : 1;
  i.qty_scale = binance ? 5 : 8;
  i.min_quantity = {binance ? 1 : 5000};
  i.max_quantity = {binance ? 900'000'000 : 0};
  i.min_notional = Decimal::of(binance ? "5" : "0.5");
  i.fees = {Rate::bps(10), Rate::bps(10), binance ? FeeAsset::Received : FeeAsset::Quote,
            static_cast<std::uint8_t>(binance ? 8 : 5)};
  return i;
}

// binance: spanning ids, snapshot by request. kraken: checksums, ten levels.
inline Universe two_venues() {
  Universe universe;
  BookRules spanning;
  spanning.sequence = SequenceRule::Spanning;
  spanning.snapshot_by_request = true;
  BookRules checked;
  checked.checksum = &digits_checksum;
  checked.depth = 10;
  universe.add_venue("binance", spanning);
  universe.add_venue("kraken", checked);
  for (const char* base : {"BTC", "ETH"}) {
    universe.add_instrument(
        instrument(universe, "binance", base, (std::string(base) + "USDT").c_str()));
    universe.add_instrument(
        instrument(universe, "kraken", base, (std::string(base) + "/USDT").c_str()));
  }
  return universe;
}

}  // namespace ats::sim::testing
