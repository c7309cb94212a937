#include "domain/limit.hpp"

#include <gtest/gtest.h>

namespace ats {
namespace {

TEST(Limit, EveryKindHasANameThatFindsItAndSaysWhatItMeasures) {
  for (std::size_t n = 0; n < limit_kind_count; ++n) {
    const auto kind = static_cast<LimitKind>(n);
    EXPECT_EQ(find_limit(name(kind)), kind);
    EXPECT_NE(std::string(traits(kind).measures), "");
    EXPECT_NE(traits(kind).places, 0);
  }
  EXPECT_FALSE(find_limit("patience"));
}

TEST(Limit, ASettingReadsBackAsItself) {
  for (const char* text :
       {"order_notional 5000", "order_notional kraken 5000 warn 4000", "position BTC 100000",
        "daily_realised_loss strategy maker 100 warn 50.5 reduce", "loss_streak BTC/USDT 5 halt",
        "inventory_least binance BTC 0.1 warn 0.2", "venue_value bitfinex 250000", "open_legs 8",
        "price_distance 500 warn 250"}) {
    const auto setting = parse_limit(text);
    ASSERT_TRUE(setting) << text;
    EXPECT_EQ(to_text(*setting), text);
    EXPECT_EQ(parse_limit(to_text(*setting)), setting);
  }
  EXPECT_EQ(to_text(*parse_limit("order_notional everywhere 7")), "order_notional 7");
  EXPECT_EQ(parse_limit("daily_loss 1000")->effect, LimitEffect::Halts) << "unless it says other";
}

TEST(Limit, WhatMakesNoSenseIsNoSetting) {
  for (const char* text :
       {"", "order_notional", "order_notional kraken", "patience 5", "order_notional 5 6",
        "order_notional -1", "order_notional 5000 warn 6000", "inventory_least BTC 1",
        "inventory_least binance BTC 1 warn 0.5", "daily_loss kraken 1000",
        "order_notional 5000 halt", "order_notional kraken binance 5", "position BTC ETH 5",
        "loss_streak strategy nobody 5", "order_notional kraken BTC/USDT 5",
        "order_notional 5000 warn", "order_notional 1e99 warn 2"}) {
    EXPECT_FALSE(parse_limit(text)) << text;
  }
}

TEST(Limit, AFaultIsSaidInWords) {
  LimitSetting setting;
  setting.kind = LimitKind::DailyLoss;
  setting.scope.venue = "kraken";
  EXPECT_EQ(fault_of(setting), "daily_loss cannot be set for kraken");
}

}  // namespace
}  // namespace ats
