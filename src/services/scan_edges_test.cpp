#include "services/scan_edges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/recording_table.hpp"
#include "services/scan_fees.hpp"

namespace ats::services {
namespace {

using testing::ElementsAre;

Decimal d(const char* text) { return Decimal::of(text); }

class EdgeBoardTest : public testing::Test {
 protected:
  std::size_t add(const char* venue, Rate fee = {}, const char* quote = "USDT",
                  const char* source = "quote", const char* base = "BTC") {
    return board_.add({venue, "symbol", base, quote, source, fee});
  }
  void at(std::int64_t ns, std::size_t entry, const char* bid, const char* ask) {
    board_.advance(ns);
    board_.set(entry, d(bid), d(ask));
  }
  EdgeReport edge(std::size_t buy, std::size_t sell) {
    for (const EdgeReport& report : board_.report()) {
      if (report.buy == buy && report.sell == sell) return report;
    }
    ADD_FAILURE() << "never observed";
    return {};
  }
  EdgeBoard board_;
};

TEST_F(EdgeBoardTest, time_counts_from_when_both_are_known_to_the_end) {
  const auto a = add("a");
  const auto b = add("b");
  at(100, a, "99", "100");
  at(150, b, "101", "102");
  at(250, b, "100", "101");
  at(300, a, "98", "99");
  board_.advance(1000);
  board_.finish();
  const EdgeReport report = edge(a, b);
  EXPECT_EQ(report.observed_ns, 850);
  EXPECT_THAT(report.gross.above_ns, ElementsAre(100 + 700, 800, 800, 800));
  EXPECT_THAT(report.gross.episodes, ElementsAre(2, 2, 2, 2));
  const EdgeReport back = edge(b, a);
  EXPECT_EQ(back.observed_ns, 850);
  EXPECT_THAT(back.gross.above_ns, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(back.gross.episodes, ElementsAre(0, 0, 0, 0));
}

TEST_F(EdgeBoardTest, an_edge_equal_to_a_threshold_is_not_above_it) {
  const auto a = add("a");
  const auto b = add("b");
  at(1, a, "9000", "10000");
  at(2, b, "10005", "10100");
  at(12, b, "10005.000000000000000001", "10100");
  at(22, b, "10000", "10100");
  at(32, b, "10000.000000000000000001", "10100");
  board_.advance(42);
  board_.finish();
  EXPECT_THAT(edge(a, b).gross.above_ns, ElementsAre(30, 10, 0, 0));
  EXPECT_THAT(edge(a, b).gross.episodes, ElementsAre(2, 1, 0, 0));
}

TEST_F(EdgeBoardTest, fees_are_taken_off_both_legs_exactly) {
  const auto a = add("a", Rate::bps(10));
  const auto b = add("b", Rate::bps(20));
  // 10010 is what 10000 costs; of 10030.06… there remain 10010 and a little.
  at(1, a, "9000", "10000");
  at(2, b, "10030.060120240480961923", "10100");
  at(12, b, "10030.060120240480961924", "10100");
  board_.advance(22);
  board_.finish();
  EXPECT_THAT(edge(a, b).net.above_ns, ElementsAre(10, 0, 0, 0));
  EXPECT_THAT(edge(a, b).gross.above_ns, ElementsAre(20, 20, 20, 20));
  EXPECT_EQ(edge(a, b).max_net, Rate{});
  EXPECT_EQ(edge(a, b).max_gross, Rate{3'006'012});
}

TEST_F(EdgeBoardTest, what_is_set_at_one_time_is_one_change) {
  const auto a = add("a");
  const auto b = add("b");
  at(1, a, "99", "100");
  at(1, b, "98", "99");
  at(10, b, "105", "106");
  at(10, a, "104", "107");
  at(20, b, "200", "201");
  at(20, b, "100", "101");
  board_.advance(30);
  board_.finish();
  EXPECT_THAT(edge(a, b).gross.episodes, ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(edge(a, b).max_bid, d("105"));
  EXPECT_EQ(edge(a, b).max_ask, d("107"));
  EXPECT_EQ(edge(a, b).max_at_ns, 10);
}

TEST_F(EdgeBoardTest, a_state_of_no_duration_at_the_end_is_no_state) {
  const auto a = add("a");
  const auto b = add("b");
  at(1, a, "99", "100");
  at(2, b, "98", "99");
  at(10, b, "105", "106");
  board_.finish();
  EXPECT_THAT(edge(a, b).gross.episodes, ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(edge(a, b).max_bid, d("98"));
  EXPECT_EQ(edge(a, b).observed_ns, 8);
}

TEST_F(EdgeBoardTest, nothing_is_observed_while_a_top_is_not_known) {
  const auto a = add("a");
  const auto b = add("b");
  at(0, a, "99", "100");
  at(10, b, "102", "103");
  board_.advance(20);
  board_.clear(b);
  board_.clear(b);
  at(50, b, "102", "103");
  board_.advance(60);
  board_.finish();
  EXPECT_EQ(edge(a, b).observed_ns, 20);
  EXPECT_THAT(edge(a, b).gross.above_ns, ElementsAre(20, 20, 20, 20));
  EXPECT_THAT(edge(a, b).gross.episodes, ElementsAre(2, 2, 2, 2));
}

TEST_F(EdgeBoardTest, the_largest_edge_is_found_between_fractions_that_hardly_differ) {
  const auto a = add("a");
  const auto b = add("b");
  at(1, a, "1", "3.000000000000000001");
  at(2, b, "3.000000000000000002", "4");  // a hair more than the next
  at(3, b, "100000000000000000.000000000000000003", "100000000000000001");
  at(3, a, "1", "100000000000000000.000000000000000002");
  board_.advance(4);
  board_.finish();
  EXPECT_EQ(edge(a, b).max_at_ns, 2);
  EXPECT_EQ(edge(a, b).max_gross, Rate{});
}

TEST_F(EdgeBoardTest, losses_are_rounded_down_and_huge_edges_are_told) {
  const auto a = add("a");
  const auto b = add("b");
  at(1, a, "1", "3");
  at(1, b, "2", "2.5");
  board_.advance(2);
  board_.finish();
  EXPECT_EQ(edge(a, b).max_gross, Rate{-333'333'334});
  EXPECT_EQ(edge(b, a).max_gross, Rate{-600'000'000});
  EdgeBoard wide;
  wide.add({"a", "s", "X", "Y", "book", {}});
  wide.add({"b", "s", "X", "Y", "book", {}});
  wide.set(0, d("1"), d("0.000000000000000001"));
  wide.set(1, d("100000000000000000000"), d("100000000000000000001"));
  wide.advance(1);
  wide.finish();
  EXPECT_EQ(wide.report().front().max_gross.ppb,
            std::numeric_limits<std::int64_t>::max() - Rate::one);
}

TEST_F(EdgeBoardTest, only_what_can_be_compared_is_compared) {
  add("a");
  add("a");                                  // the same venue
  add("b", {}, "EUR");                       // another money
  add("b", {}, "USDT", "book");              // another kind of source
  add("b", {}, "USDT", "quote", "ETH");      // another asset
  const auto dollars = add("c", {}, "USD");  // the same money under another name
  for (std::size_t entry = 0; entry <= dollars; ++entry) at(1, entry, "1", "2");
  board_.advance(2);
  board_.finish();
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const EdgeReport& report : board_.report()) pairs.emplace_back(report.buy, report.sell);
  EXPECT_THAT(pairs,
              ElementsAre(std::pair{0, 5}, std::pair{1, 5}, std::pair{5, 0}, std::pair{5, 1}));
}

TEST(Share, is_rounded_down_and_never_reaches_one_by_rounding) {
  EXPECT_EQ(share_text(0, 3), "0.000000000");
  EXPECT_EQ(share_text(2, 3), "0.666666666");
  EXPECT_EQ(share_text(7'000'000'000'000'000'000, 7'000'000'000'000'000'000), "1.000000000");
  EXPECT_EQ(share_text(6'999'999'999'999'999'999, 7'000'000'000'000'000'000), "0.999999999");
}

TEST(TakerFees, are_told_known_or_missing) {
  TakerFees fees;
  EXPECT_EQ(fees.of("binance"), Rate::bps(10));
  EXPECT_EQ(fees.of("binance_usdm"), Rate::bps(5));
  EXPECT_EQ(fees.of("binance_coinm"), Rate::bps(5));
  EXPECT_EQ(fees.of("nowhere"), std::nullopt);
  EXPECT_TRUE(fees.set("binance=7.5").ok());
  EXPECT_TRUE(fees.set("nowhere=0").ok());
  EXPECT_EQ(fees.of("binance"), Rate{750'000});
  EXPECT_EQ(fees.of("nowhere"), Rate{});
  EXPECT_EQ(bps_text(*fees.of("binance")), "7.5");
  for (const char* wrong : {"binance", "=5", "binance=", "binance=-1", "binance=10000",
                            "binance=0.000001", "binance=ten", "binance=1e99"}) {
    EXPECT_FALSE(fees.set(wrong).ok()) << wrong;
  }
  EXPECT_TRUE(TakerFees::none().off());
  EXPECT_EQ(TakerFees::none().of("nowhere"), Rate{});
}

TEST(Symbols, tell_their_assets) {
  using Assets = SymbolParts;
  EXPECT_EQ(split_symbol("binance", "BTCUSDT"), (Assets{"BTC", "USDT"}));
  EXPECT_EQ(split_symbol("binance", "BTCFDUSD"), (Assets{"BTC", "FDUSD"}));
  EXPECT_EQ(split_symbol("binance", "BTCUSD_PERP"), (Assets{"BTC", "USD"}));
  EXPECT_EQ(split_symbol("binance", "BTC-USD"), (Assets{"BTC", "USD"}));
  EXPECT_EQ(split_symbol("binance", "BTC/EUR"), (Assets{"BTC", "EUR"}));
  EXPECT_EQ(split_symbol("binance", "USDT"), (Assets{"USDT", ""}));
  EXPECT_EQ(split_symbol("binance", "WHAT"), (Assets{"WHAT", ""}));
  EXPECT_EQ(split_symbol("upbit", "KRW-BTC"), (Assets{"BTC", "KRW"}));
  EXPECT_EQ(split_symbol("kraken", "XBT/USD"), (Assets{"BTC", "USD"}));
  EXPECT_EQ(split_symbol("bitfinex", "BTCUST"), (Assets{"BTC", "USDT"}));
}

}  // namespace
}  // namespace ats::services
