#include "core/ledger/ledger.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.hpp"
#include "core/executor/testing.hpp"
#include "core/ledger/balance_watch.hpp"
#include "core/ledger/marks.hpp"

namespace ats::core {
namespace {

using testing::TwoVenues;

Decimal d(std::string_view text) { return Decimal::of(text); }

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() { ledger.bind(2, 3); }

  Fill fill(InstrumentId instrument, Side side, std::string_view id, std::string_view price,
            std::string_view quantity, std::string_view fee, AssetId fee_asset) {
    Fill f;
    f.order = {1};
    f.instrument = instrument;
    f.id = id;
    f.side = side;
    f.price = w.price(instrument, price);
    f.quantity = w.quantity(instrument, quantity);
    f.fee = d(fee);
    f.fee_asset = fee_asset;
    return f;
  }
  auto book(const Fill& f) { return ledger.book(f, w.instrument(f.instrument)); }

  TwoVenues w;
  Ledger ledger;
};

std::map<AssetId, Decimal> sums(const Booked& entry) {
  std::map<AssetId, Decimal> by_asset;
  for (std::size_t i = 0; i < entry.count; ++i) {
    by_asset[entry.postings[i].asset] += entry.postings[i].amount;
  }
  return by_asset;
}

TEST_F(LedgerTest, TheNameOfAFillIsKeptUntilItIsForgotten) {
  const Fill f = fill(w.at_binance, Side::Buy, "t1", "60000", "0.1", "0", w.btc);
  ASSERT_TRUE(book(f).ok());
  EXPECT_EQ(book(f).error(), FillFault::Duplicate);
  EXPECT_EQ(ledger.fills_remembered(), 1u);
  ledger.forget(w.at_kraken, "t1");
  EXPECT_EQ(ledger.fills_remembered(), 1u) << "a name is one of its instrument";
  ledger.forget(w.at_binance, "t1");
  EXPECT_EQ(ledger.fills_remembered(), 0u);
  EXPECT_EQ(ledger.balance(w.binance, w.btc), d("0.1")) << "what was booked stays booked";
  EXPECT_EQ(ledger.fills_booked(), 1u);
}

TEST_F(LedgerTest, ABuyWithItsFeeInBaseMovesThreeAmountsExactly) {
  ASSERT_TRUE(ledger.open(w.binance, w.usdt, d("10000")).ok());
  const auto entry = book(fill(w.at_binance, Side::Buy, "t1", "60000.01", "0.1", "0.0001", w.btc));
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(ledger.balance(w.binance, w.btc), d("0.0999"));
  EXPECT_EQ(ledger.balance(w.binance, w.usdt), d("3999.999"));
  EXPECT_EQ(ledger.fees(w.btc), d("0.0001"));
  EXPECT_EQ(ledger.change(w.btc), d("0.0999"));
  EXPECT_EQ(ledger.change(w.usdt), d("-6000.001"));
  for (const auto& [asset, sum] : sums(*entry)) EXPECT_TRUE(sum.is_zero());
}

TEST_F(LedgerTest, ASellWithItsFeeInAThirdAssetChargesThatAsset) {
  const auto entry = book(fill(w.at_kraken, Side::Sell, "t1", "60000", "0.5", "0.25", w.bnb));
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry->count, 6);
  EXPECT_EQ(ledger.balance(w.kraken, w.btc), d("-0.5"));
  EXPECT_EQ(ledger.balance(w.kraken, w.usdt), d("30000"));
  EXPECT_EQ(ledger.balance(w.kraken, w.bnb), d("-0.25"));
  EXPECT_EQ(ledger.change(w.bnb), d("-0.25"));
}

TEST_F(LedgerTest, AFillIsBookedOnceWhereverItsTwinComesFrom) {
  const Fill once = fill(w.at_binance, Side::Buy, "t1", "60000", "0.1", "0", w.btc);
  ASSERT_TRUE(book(once).ok());
  Fill twin = once;
  twin.venue_time = wall_from_ms(5);
  const auto again = book(twin);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error(), FillFault::Duplicate);
  EXPECT_EQ(ledger.balance(w.binance, w.btc), d("0.1"));
  EXPECT_EQ(ledger.duplicates(), 1u);

  // The same number on another instrument is another fill.
  EXPECT_TRUE(book(fill(w.at_kraken, Side::Buy, "t1", "60000", "0.1", "0", w.btc)).ok());
  EXPECT_EQ(ledger.fills_booked(), 2u);
}

TEST_F(LedgerTest, WhatIsNoFillIsNotBooked) {
  Fill none = fill(w.at_binance, Side::Buy, "t1", "60000", "0.1", "0", w.btc);
  none.quantity = {0};
  EXPECT_EQ(book(none).error(), FillFault::NotAFill);
  Fill nameless = fill(w.at_binance, Side::Buy, "", "60000", "0.1", "0", w.btc);
  EXPECT_EQ(book(nameless).error(), FillFault::NotAFill);
  Fill stray = fill(w.at_binance, Side::Buy, "t1", "60000", "0.1", "1", AssetId{77});
  EXPECT_EQ(book(stray).error(), FillFault::NotAFill);
  Fill huge = fill(w.at_binance, Side::Buy, "t1", "60000", "0.1", "0", w.btc);
  huge.price = {INT64_MAX};
  huge.quantity = {INT64_MAX};
  EXPECT_EQ(book(huge).error(), FillFault::Overflow);
  EXPECT_TRUE(ledger.balance(w.binance, w.btc).is_zero());
  EXPECT_FALSE(ledger.opened(w.binance, w.btc));
}

TEST_F(LedgerTest, AnOpeningAndAnAcceptedDifferenceAreNoProfit) {
  ASSERT_TRUE(ledger.open(w.binance, w.usdt, d("100")).ok());
  const auto entry = ledger.correct(w.binance, w.usdt, d("150"));
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry->kind, EntryKind::Correction);
  EXPECT_EQ(ledger.balance(w.binance, w.usdt), d("150"));
  EXPECT_TRUE(ledger.change(w.usdt).is_zero());
  EXPECT_EQ(ledger.external(w.usdt), d("-150"));
}

TEST_F(LedgerTest, AccountsSurviveAGrowingUniverse) {
  ASSERT_TRUE(ledger.open(w.kraken, w.bnb, d("7")).ok());
  ledger.bind(3, 5);
  EXPECT_EQ(ledger.balance(w.kraken, w.bnb), d("7"));
  EXPECT_TRUE(ledger.opened(w.kraken, w.bnb));
  EXPECT_FALSE(ledger.opened(VenueId{2}, w.bnb));
}

TEST_F(LedgerTest, AnyFillsKeepEveryAssetAtZeroAcrossAllAccounts) {
  Rng rng(7);
  ASSERT_TRUE(ledger.open(w.binance, w.usdt, d("123.456")).ok());
  for (int n = 0; n < 2000; ++n) {
    Fill f;
    f.instrument = rng.one_in(2) ? w.at_binance : w.at_kraken;
    f.id = FillId(std::to_string(rng.below(1500)));
    f.side = rng.one_in(2) ? Side::Buy : Side::Sell;
    f.price = {rng.between(-1, 10'000'000)};
    f.quantity = {rng.between(-1, 1'000'000'000)};
    f.fee = Decimal::from_raw(rng.between(-1000, 1'000'000));
    f.fee_asset = AssetId{static_cast<std::uint16_t>(rng.below(4))};
    (void)book(f);
  }
  EXPECT_GT(ledger.fills_booked(), 500u);
  EXPECT_GT(ledger.duplicates(), 100u);
  for (std::uint16_t a = 0; a < 3; ++a) {
    const AssetId asset{a};
    EXPECT_TRUE((ledger.balance(w.binance, asset) + ledger.balance(w.kraken, asset) +
                 ledger.trading(asset) + ledger.fees(asset) + ledger.external(asset))
                    .is_zero());
  }
}

class BalanceWatchTest : public LedgerTest {
 protected:
  BalanceWatchTest() {
    watch.restart(2, 3, at(0));
    watch.connection_up(w.binance, at(0));
    (void)ledger.open(w.binance, w.usdt, d("100")).ok();
    (void)ledger.open(w.binance, w.btc, d("0")).ok();
  }
  static Instant at(std::int64_t s) { return Instant{} + seconds(s); }
  // Asks and answers with one number for USDT, quiet all the way unless disturbed.
  BalanceWatch::Findings ask(std::string_view usdt, std::int64_t s, bool disturb = false) {
    watch.asked(w.binance, true, at(s));
    watch.reported(w.binance, w.usdt, d(usdt));
    if (disturb) watch.disturbed(w.binance);
    BalanceWatch::Findings found;
    watch.complete(w.binance, at(s), ledger, at(s), found);
    return found;
  }
  CoreConfig config;
  BalanceWatch watch;
};

TEST_F(BalanceWatchTest, OneDifferenceIsSuspectedAndTheSecondIsABreak) {
  EXPECT_TRUE(ask("99", 1).suspected);
  EXPECT_FALSE(watch.report(w.binance, w.usdt).broken);
  const auto second = ask("99", 2);
  ASSERT_EQ(second.breaks.size(), 1u);
  EXPECT_EQ(second.breaks[0].asset, w.usdt);
  EXPECT_EQ(second.breaks[0].ledger, d("100"));
  EXPECT_EQ(second.breaks[0].reported, d("99"));
  EXPECT_TRUE(watch.report(w.binance, w.usdt).broken);
  EXPECT_TRUE(ask("99", 3).breaks.empty()) << "a break is told once";
}

TEST_F(BalanceWatchTest, ADifferenceThatGoesAwayIsNone) {
  EXPECT_TRUE(ask("99", 1).suspected);
  EXPECT_FALSE(ask("100", 2).suspected);
  EXPECT_TRUE(ask("99", 3).breaks.empty()) << "two in a row, not two in all";
}

// Two questions whose answers came late were once taken for answers to the ones after them: what had been
// traded in between looked like a break.
TEST_F(BalanceWatchTest, TheLateAnswerToAQuestionThatWasGivenUpProvesNothing) {
  watch.asked(w.binance, true, at(1));
  EXPECT_FALSE(watch.due(w.binance, true, config, at(4)));
  ASSERT_TRUE(watch.due(w.binance, true, config, at(5)));
  watch.asked(w.binance, true, at(5));
  BalanceWatch::Findings found;
  watch.reported(w.binance, w.usdt, d("99"));
  watch.complete(w.binance, at(1), ledger, at(6), found);
  EXPECT_FALSE(found.suspected);
  EXPECT_FALSE(watch.due(w.binance, true, config, at(12)))
      << "the second is waited for, and longer";
  watch.reported(w.binance, w.usdt, d("99"));
  watch.complete(w.binance, at(5), ledger, at(12), found);
  EXPECT_TRUE(found.suspected);
}

TEST_F(BalanceWatchTest, AnAnswerThatATradeOvertookProvesNothing) {
  for (std::int64_t s = 1; s < 5; ++s) {
    const auto found = ask("99", s, true);
    EXPECT_TRUE(found.breaks.empty());
    EXPECT_FALSE(found.suspected);
  }
}

TEST_F(BalanceWatchTest, AnAssetTheAnswerDoesNotNameIsZero) {
  watch.reported(w.binance, w.btc, d("5"));
  (void)ask("100", 1);
  EXPECT_TRUE(watch.report(w.binance, w.btc).total.is_zero());
}

TEST_F(BalanceWatchTest, AskingIsSoonWhileSuspectedAndRareWhileAllIsWell) {
  EXPECT_TRUE(watch.due(w.binance, true, config, at(1)));
  EXPECT_FALSE(watch.due(w.kraken, true, config, at(1))) << "it is not connected";
  (void)ask("100", 1);
  EXPECT_FALSE(watch.due(w.binance, true, config, at(30)));
  EXPECT_TRUE(watch.due(w.binance, true, config, at(31)));
  (void)ask("99", 31);
  EXPECT_TRUE(watch.due(w.binance, true, config, at(32)));
  EXPECT_FALSE(watch.due(w.binance, false, config, at(32))) << "a busy venue would prove nothing";
}

TEST_F(BalanceWatchTest, AVenueHasAgreedOnceAQuietAnswerIsRight) {
  const auto agreed = [&](std::int64_t s) { return watch.agreed(w.binance, config, at(s)); };
  EXPECT_FALSE(agreed(0));
  (void)ask("100", 1, true);
  EXPECT_FALSE(agreed(1)) << "the answer was overtaken";
  (void)ask("100", 2);
  EXPECT_TRUE(agreed(2));
  (void)ask("99", 3);
  EXPECT_FALSE(agreed(3)) << "a difference is suspected";
  (void)ask("99", 4);
  EXPECT_TRUE(agreed(4)) << "it is a break now, and told";
  watch.doubt(w.binance);
  EXPECT_FALSE(agreed(4));
  (void)ask("99", 5);
  watch.connection_down(w.binance);
  EXPECT_FALSE(agreed(5));
}

TEST_F(BalanceWatchTest, AVenueThatIsNeverQuietHasToAgreeAnew) {
  (void)ask("100", 0);
  EXPECT_TRUE(watch.agreed(w.binance, config, at(119)));
  (void)ask("100", 100, true);
  EXPECT_FALSE(watch.agreed(w.binance, config, at(120)));
  (void)ask("100", 121);
  EXPECT_TRUE(watch.agreed(w.binance, config, at(122)));
}

TEST_F(BalanceWatchTest, ABreakHealsWhenTheLostFillIsFound) {
  (void)ask("94", 1);
  (void)ask("94", 2);
  ASSERT_TRUE(watch.report(w.binance, w.usdt).broken);
  ASSERT_TRUE(book(fill(w.at_binance, Side::Buy, "lost", "60000", "0.0001", "0", w.btc)).ok());
  watch.asked(w.binance, true, at(3));
  watch.reported(w.binance, w.usdt, d("94"));
  watch.reported(w.binance, w.btc, d("0.0001"));
  BalanceWatch::Findings found;
  watch.complete(w.binance, at(3), ledger, at(3), found);
  EXPECT_EQ(found.healed.size(), 1u);
  EXPECT_FALSE(watch.report(w.binance, w.usdt).broken);
}

TEST(MarksTest, AnAssetIsMarkedDirectlyOrOverAnother) {
  Universe u;
  const VenueId v = u.add_venue("v", {});
  const auto add = [&](const char* base, const char* quote) {
    Instrument i;
    i.venue = v;
    i.base = u.add_asset(base);
    i.quote = u.add_asset(quote);
    i.symbol = Text<31>(std::string(base) + quote);
    u.add_instrument(i);
  };
  add("ETH", "BTC");
  add("BTC", "USDT");
  add("USDT", "USD");
  const AssetId usdt = u.find_asset("USDT");
  Marks marks;
  marks.bind(u.assets().size(), usdt);
  EXPECT_FALSE(marks.worth(u.find_asset("BTC"), d("1")).has_value());

  std::vector<std::optional<Decimal>> mids{d("0.05"), d("60000"), d("0.8")};
  marks.refresh(u, mids);
  EXPECT_EQ(marks.worth(u.find_asset("BTC"), d("0.5")), d("30000"));
  EXPECT_EQ(marks.worth(u.find_asset("ETH"), d("2")), d("6000"));
  EXPECT_EQ(marks.worth(u.find_asset("USD"), d("4")), d("5"));
  EXPECT_EQ(marks.worth(usdt, d("-3")), d("-3"));

  mids[1].reset();
  marks.refresh(u, mids);
  EXPECT_EQ(marks.worth(u.find_asset("BTC"), d("0.5")), d("30000")) << "the last mark stands";
  EXPECT_FALSE(marks.fresh(u.find_asset("BTC")));
  EXPECT_FALSE(marks.fresh(u.find_asset("ETH")));
  EXPECT_TRUE(marks.fresh(usdt));
}

}  // namespace
}  // namespace ats::core
