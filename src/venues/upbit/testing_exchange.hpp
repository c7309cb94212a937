// For tests only: Upbit as a plain exchange of three pairs, one in each quote currency, and one account.
#pragma once

#include "venues/testing_exchange.hpp"
#include "venues/upbit/markets.hpp"
#include "venues/upbit/metadata.hpp"

namespace ats::venues::upbit {

inline BookRules test_rules() {
  BookRules rules;
  rules.sequence = SequenceRule::WholeBook;
  rules.depth = 15;
  return rules;
}

class TestExchange final : public PlainExchange {
 public:
  static constexpr const char* key = "sim-key";
  static constexpr const char* secret_text = "secret-of-the-test-0123456789abcdefABCDEF";

  TestExchange() : PlainExchange("upbit", test_rules(), key, secret_text) {
    list(*add_instrument("BTC", "KRW", 1'000 * pow10(finest_scale), venue_, universe_));
    list(*add_instrument("ETH", "BTC", 1, venue_, universe_));
    list(*add_instrument("XRP", "USDT", 10'000, venue_, universe_));
    set_level(btc(), Side::Sell, 30'000'000, 100'000'000);
    set_level(btc(), Side::Sell, 30'001'000, 200'000'000);
    set_level(btc(), Side::Buy, 29'999'000, 100'000'000);
    set_level(btc(), Side::Buy, 29'998'000, 200'000'000);
    deposit("BTC", Decimal::of("2"));
    deposit("KRW", Decimal::of("100000000"));
    forget_news();
  }

  InstrumentId btc() const { return instruments()[0]; }
};

}  // namespace ats::venues::upbit
