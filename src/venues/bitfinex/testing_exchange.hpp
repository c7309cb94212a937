// For tests only: Bitfinex as a plain exchange of two pairs and one account.
#pragma once

#include "venues/bitfinex/metadata.hpp"
#include "venues/testing_exchange.hpp"

namespace ats::venues::bitfinex {

class TestExchange final : public PlainExchange {
 public:
  static constexpr const char* key = "sim-key";
  static constexpr const char* secret_text = "secret of the test";

  TestExchange() : PlainExchange("bitfinex", {}, key, secret_text) {
    add("BTC", "USDT", "29999");
    add("DOGE", "USD", "0.12");
    set_level(btc(), Side::Sell, 3000000, 100000000);
    set_level(btc(), Side::Sell, 3000100, 200000000);
    set_level(btc(), Side::Buy, 2999900, 100000000);
    set_level(btc(), Side::Buy, 2999800, 200000000);
    deposit("BTC", Decimal::of("2"));
    deposit("USDT", Decimal::of("100000"));
    forget_news();
  }

  InstrumentId btc() const { return instruments()[0]; }

 private:
  void add(const char* base, const char* quote, const char* price) {
    PairRow row;
    row.base = base;
    row.quote = quote;
    row.price_decimals = price_decimals(Decimal::of(price));
    row.min_quantity = Decimal::of("0.00004");
    row.max_quantity = Decimal::of("2000");
    const InstrumentId id = *add_instrument(row, venue_, universe_);
    universe_.instrument(id).fees = {Rate::bps(10), Rate::bps(20), FeeAsset::Received, 8};
    list(id);
  }
};

}  // namespace ats::venues::bitfinex
