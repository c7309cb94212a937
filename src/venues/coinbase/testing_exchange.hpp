// For tests only: Coinbase as a plain exchange of two pairs and one account.
#pragma once

#include <string>

#include "venues/coinbase/metadata.hpp"
#include "venues/testing_exchange.hpp"

namespace ats::venues::coinbase {

class TestExchange final : public PlainExchange {
 public:
  TestExchange() : TestExchange(simulated_credentials(std::string(64, 'a'))) {}

  InstrumentId btc() const { return instruments()[0]; }
  InstrumentId eth() const { return instruments()[1]; }

 private:
  explicit TestExchange(const Credentials& owner)
      : PlainExchange("coinbase", {}, owner.key, std::string(owner.secret.reveal())) {
    add("BTC-USD", "BTC", "USD");
    add("ETH-USDC", "ETH", "USDC");
    set_level(btc(), Side::Sell, 3000000, 100000000);
    set_level(btc(), Side::Sell, 3000100, 200000000);
    set_level(btc(), Side::Buy, 2999900, 100000000);
    set_level(btc(), Side::Buy, 2999800, 200000000);
    deposit("BTC", Decimal::of("2"));
    deposit("USD", Decimal::of("100000"));
    forget_news();
  }
  void add(const char* id, const char* base, const char* quote) {
    ProductRow row;
    row.id = id;
    if (std::string_view(quote) == "USDC") row.alias = std::string(base) + "-USD";
    row.base = base;
    row.quote = quote;
    row.price_decimals = 2;
    row.qty_decimals = 8;
    row.min_quantity = {5000};
    row.min_notional = Decimal::of("1");
    list(*add_instrument(row, venue_, universe_));
  }
};

}  // namespace ats::venues::coinbase
