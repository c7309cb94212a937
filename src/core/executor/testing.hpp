// Tests only: two venues that trade BTC/USDT, one taking its fees from what is received, one in quote.
#pragma once

#include <string>
#include <string_view>

#include "domain/instrument.hpp"

namespace ats::core::testing {

// binance 0: fee 0.1 % in the asset received, 8 decimals. kraken 1: fee 0.2 % in quote.
struct TwoVenues {
  Universe universe;
  VenueId binance, kraken;
  AssetId btc, usdt, bnb;
  InstrumentId at_binance, at_kraken;
  PairId pair;

  TwoVenues() {
    BookRules rules;
    rules.max_age = seconds(10);
    binance = universe.add_venue("binance", rules);
    kraken = universe.add_venue("kraken", rules);
    btc = universe.add_asset("BTC");
    usdt = universe.add_asset("USDT");
    bnb = universe.add_asset("BNB");
    at_binance = add(binance, "BTCUSDT", Rate::bps(10), FeeAsset::Received);
    at_kraken = add(kraken, "BTC/USDT", Rate::bps(20), FeeAsset::Quote);
    pair = universe.instrument(at_binance).pair;
  }

  const Instrument& instrument(InstrumentId id) const { return universe.instrument(id); }
  Price price(InstrumentId id, std::string_view text) const {
    return instrument(id).parse_price(text).value();
  }
  Quantity quantity(InstrumentId id, std::string_view text) const {
    return instrument(id).parse_quantity(text).value();
  }
  Level level(InstrumentId id, std::string_view p, std::string_view q) const {
    return {price(id, p), quantity(id, q)};
  }

 private:
  InstrumentId add(VenueId venue, std::string_view symbol, Rate taker, FeeAsset charged_in) {
    Instrument i;
    i.venue = venue;
    i.base = btc;
    i.quote = usdt;
    i.symbol = symbol;
    i.price_scale = 2;
    i.qty_scale = 8;
    i.tick = 1;
    i.lot = 1000;  // 0.00001
    i.min_quantity = {10000};
    i.min_notional = Decimal::from_int(5);
    i.fees = {taker, taker, charged_in, 8};
    return universe.add_instrument(i);
  }
};

}  // namespace ats::core::testing
