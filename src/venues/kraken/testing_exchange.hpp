// For tests only: Kraken as a plain exchange of two pairs and one account.
#pragma once

#include "venues/kraken/metadata.hpp"
#include "venues/testing_exchange.hpp"

namespace ats::venues::kraken {

inline BookRules test_rules() {
  BookRules rules;
  rules.depth = 10;
  return rules;
}

class TestExchange final : public PlainExchange {
 public:
  static constexpr const char* key = "sim-key";
  static constexpr const char* secret_text = "c2VjcmV0IG9mIHRoZSB0ZXN0";

  TestExchange() : PlainExchange("kraken", test_rules(), key, secret_text) {
    add("BTC", "USDT", "XBTUSDT", 1);
    add("ETH", "USDT", "ETHUSDT", 2);
    set_level(btc(), Side::Sell, 300000, 100000000);
    set_level(btc(), Side::Sell, 300010, 200000000);
    set_level(btc(), Side::Buy, 299990, 100000000);
    set_level(btc(), Side::Buy, 299980, 200000000);
    deposit("BTC", Decimal::of("2"));
    deposit("USDT", Decimal::of("100000"));
    forget_news();
  }

  InstrumentId btc() const { return instruments()[0]; }

 private:
  void add(const char* base, const char* quote, const char* rest, int price_decimals) {
    PairRow row;
    row.rest_id = rest;
    row.base = base;
    row.quote = quote;
    row.price_decimals = price_decimals;
    row.qty_decimals = 8;
    row.cost_decimals = 5;
    row.min_quantity = {5000};
    row.min_notional = Decimal::of("0.5");
    row.taker = Rate::bps(40);
    row.maker = Rate::bps(25);
    list(*add_instrument(row, venue_, universe_));
  }
};

}  // namespace ats::venues::kraken
