// A venue's market stream is down and its books are asked for by REST: what the engine does with them.

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::World;

class PolledTrading : public ::testing::Test, protected World {
 protected:
  PolledTrading() {
    for (const VenueId v : {binance, kraken}) universe.venue(v).book.poll_every = seconds(1);
    up();
  }
  // The answer to a question that left just now.
  void image(InstrumentId id, std::string_view bid, std::string_view ask,
             std::string_view quantity = "1") {
    const Level bids[] = {level(id, bid, quantity)};
    const Level asks[] = {level(id, ask, quantity)};
    send(BookImage{id, times(), now, bids, asks});
  }
  void stream_down(VenueId venue) { send(ConnectionDown{venue, Channel::MarketData}); }
  BookStatus shown(InstrumentId id) const { return status().books[id.index()]; }
  std::size_t questions(InstrumentId id) const {
    std::size_t count = 0;
    for (const Action& action : all) {
      const auto* asks = std::get_if<RequestImage>(&action);
      if (asks != nullptr && asks->instrument == id) ++count;
    }
    return count;
  }
  // Bought on binance, refused on kraken, and both streams down before either was told.
  void left_open() {
    edge();
    ASSERT_EQ(placed.size(), 2u);
    const OrderRequest buy = placed[0];
    const OrderRequest sell = placed[1];
    for (const VenueId v : {binance, kraken}) stream_down(v);
    placed.clear();
    fill_all(buy);
    reject(sell);
    wait(seconds(11));
    ASSERT_TRUE(placed.empty());
    ASSERT_EQ(status().open_executions.size(), 1u);
  }
};

TEST_F(PolledTrading, a_polled_book_opens_no_trade_and_says_so) {
  stream_down(kraken);
  wait(seconds(9));
  EXPECT_EQ(questions(at_kraken), 0u);
  wait(seconds(2));
  EXPECT_GE(questions(at_kraken), 1u);
  EXPECT_EQ(questions(at_binance), 0u);
  book(at_binance, "59995", "60000", "0.1");
  clear();
  image(at_kraken, "60600", "60605", "0.1");
  EXPECT_EQ(shown(at_kraken).state, BookState::Polled);
  ASSERT_FALSE(opportunities.empty());
  EXPECT_EQ(opportunities.back().refused, RefuseReason::BookPolled);
  EXPECT_TRUE(placed.empty());
  wait(seconds(5));
  EXPECT_TRUE(placed.empty());
  // By its own stream the same prices are worth a trade.
  send(ConnectionUp{kraken, Channel::MarketData});
  edge();
  EXPECT_EQ(placed.size(), 2u);
}

TEST_F(PolledTrading, what_is_held_is_marked_by_it) {
  left_open();
  for (const VenueId v : {binance, kraken}) send(ConnectionDown{v, Channel::Trading});
  EXPECT_FALSE(status().pnl_reporting_complete)
      << "a tenth of a bitcoin, and no book to mark it by";
  image(at_kraken, "61000", "61010");
  wait(milliseconds(100));
  EXPECT_TRUE(status().pnl_reporting_complete);
  wait(config.max_polled_age);
  EXPECT_FALSE(status().pnl_reporting_complete) << "an answer too old marks nothing";
}

TEST_F(PolledTrading, what_is_open_is_traded_away_on_it_when_no_valid_book_will_do) {
  left_open();
  image(at_kraken, "59000", "59005");
  wait(milliseconds(100));
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_TRUE(placed[0].unwind);
  EXPECT_EQ(placed[0].instrument, at_kraken);
  EXPECT_EQ(placed[0].side, Side::Sell);
  EXPECT_EQ(placed[0].price, price(at_kraken, "58970.50")) << "5 bps below what the answer shows";
  fill_all(placed[0]);
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].outcome, ExecutionOutcome::Unwound);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(PolledTrading, a_valid_book_is_preferred_even_at_a_worse_price) {
  left_open();
  image(at_kraken, "60500", "60505");
  send(ConnectionUp{binance, Channel::MarketData});
  book(at_binance, "59000", "59005");
  wait(milliseconds(100));
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].instrument, at_binance);
}

TEST_F(PolledTrading, nothing_leaves_on_an_answer_that_is_too_old_or_where_orders_cannot_go) {
  left_open();
  send(ConnectionDown{kraken, Channel::Trading});
  image(at_kraken, "59000", "59005");
  wait(seconds(1));
  EXPECT_TRUE(placed.empty());
  now = now + config.max_polled_age;
  send(ConnectionUp{kraken, Channel::Trading});
  wait(milliseconds(200));
  EXPECT_TRUE(placed.empty());
}

TEST_F(PolledTrading, polling_can_be_switched_off) {
  config.poll_after = {};
  up();
  all.clear();
  for (const VenueId v : {binance, kraken}) stream_down(v);
  wait(seconds(60));
  EXPECT_EQ(questions(at_kraken) + questions(at_binance), 0u);
  image(at_kraken, "59000", "59005");
  EXPECT_EQ(shown(at_kraken).state, BookState::Resyncing);
}

TEST_F(PolledTrading, a_replay_of_the_journal_asks_and_answers_the_same) {
  left_open();
  image(at_kraken, "59000", "59005");
  wait(seconds(20));
  EXPECT_EQ(actions_of_replay(), actions_done());
}

}  // namespace
}  // namespace ats::core
