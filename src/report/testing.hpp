// Tests only: two venues, a third asset for fees, and executions written down by hand.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "domain/instrument.hpp"
#include "domain/testing_approved.hpp"
#include "report/attribution.hpp"
#include "report/history.hpp"

namespace ats {
inline void PrintTo(const Decimal& value, std::ostream* out) { *out << value.to_string(); }
}  // namespace ats

namespace ats::report::testing {

inline Decimal d(std::string_view text) { return Decimal::of(text); }

// BTC/USDT on both, BTC/USD on kraken as well.
struct Listed {
  Universe universe;
  VenueId binance, kraken;
  AssetId btc, usdt, usd, bnb;
  InstrumentId at_binance, at_kraken, in_usd;

  Listed() {
    binance = universe.add_venue("binance", {});
    kraken = universe.add_venue("kraken", {});
    btc = universe.add_asset("BTC");
    usdt = universe.add_asset("USDT");
    usd = universe.add_asset("USD");
    bnb = universe.add_asset("BNB");
    at_binance = add(binance, usdt, "BTCUSDT");
    at_kraken = add(kraken, usdt, "BTC/USDT");
    in_usd = add(kraken, usd, "BTC/USD");
  }
  InstrumentId add(VenueId venue, AssetId quote, std::string_view symbol) {
    Instrument i;
    i.venue = venue;
    i.base = btc;
    i.quote = quote;
    i.symbol = symbol;
    i.price_scale = 2;
    i.qty_scale = 8;
    return universe.add_instrument(i);
  }
  const Instrument& instrument(InstrumentId id) const { return universe.instrument(id); }
  Price price(InstrumentId id, std::string_view text) const {
    return instrument(id).parse_price(text).value();
  }
  Quantity quantity(InstrumentId id, std::string_view text) const {
    return instrument(id).parse_quantity(text).value();
  }
};

// An execution put together piece by piece, resolved with BTC at 60000.
struct Written : Listed {
  Execution x;

  Written() {
    x.id = {1};
    x.pair = instrument(at_binance).pair;
    x.base = btc;
    x.opened = {wall_from_ms(1'000), {1}, 1};
    x.resolved = true;
    x.reporting = usdt;
    x.marks = {{btc, d("60000")}, {usdt, d("1")}};
  }
  struct Depth {
    std::string_view price, quantity;
  };
  QuotedSide side(InstrumentId id, std::string_view quantity, std::vector<Depth> levels) const {
    QuotedSide side;
    side.instrument = id;
    side.venue = instrument(id).venue;
    side.quote = instrument(id).quote;
    side.quantity = d(quantity);
    Decimal left = side.quantity;
    for (const Depth& level : levels) {
      side.levels.push_back({d(level.price), d(level.quantity)});
      const Decimal taken = std::min(left, d(level.quantity));
      side.notional += d(level.price).multiply(taken).value();
      left -= taken;
    }
    return side;
  }
  void quote(const QuotedSide& buy, const QuotedSide& sell) {
    x.quoted = true;
    x.buy = buy;
    x.sell = sell;
  }
  Leg& order(InstrumentId id, Side side, std::string_view quantity, bool unwind = false) {
    Leg& leg = x.legs.emplace_back();
    leg.order = {x.legs.size()};
    leg.instrument = id;
    leg.venue = instrument(id).venue;
    leg.base = instrument(id).base;
    leg.quote = instrument(id).quote;
    leg.side = side;
    leg.quantity = d(quantity);
    leg.unwind = unwind;
    return leg;
  }
  static void fill(Leg& leg, std::string_view quantity, std::string_view price,
                   std::string_view fee = "0", AssetId fee_asset = {}) {
    BookedFill& fill = leg.fills.emplace_back();
    fill.id = FillId(std::to_string(leg.fills.size()));
    fill.price = d(price);
    fill.quantity = d(quantity);
    fill.notional = fill.price.multiply(fill.quantity).value();
    fill.fee = d(fee);
    fill.fee_asset = fee_asset;
    leg.filled += fill.quantity;
  }
};

}  // namespace ats::report::testing
