#include "services/book_witness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ats::services {
namespace {

class BookWitnessTest : public testing::Test {
 protected:
  BookWitnessTest() {
    Instrument i;
    i.venue = venue_ = universe_.add_venue("venue", {.max_age = seconds(5)});
    i.base = universe_.add_asset("BTC");
    i.quote = universe_.add_asset("USDT");
    i.symbol = "BTCUSDT";
    order_.instrument = universe_.add_instrument(i);
    order_.id = make_order_id(1, 1);
    started_.universe = &universe_;
    started_.config = &config_;
    witness_.observe(started_, now_, {});
  }
  void hear(const Event& event) { witness_.hear(event, now_); }
  void up() { hear(ConnectionUp{venue_, Channel::MarketData}); }
  void snapshot(std::int64_t bid, std::int64_t ask) {
    const std::vector<Level> bids = {{{bid}, {1}}};
    const std::vector<Level> asks = {{{ask}, {1}}};
    hear(BookSnapshot{order_.instrument, {{}, now_}, 1, {}, bids, asks});
  }
  // Whether an order now is taken to be priced from a good book.
  bool proven() {
    const std::uint64_t before = witness_.unproven();
    witness_.check(order_, now_);
    return witness_.unproven() == before;
  }

  Universe universe_;
  CoreConfig config_;
  VenueId venue_;
  OrderRequest order_;
  Started started_;
  BookWitness witness_;
  Instant now_{seconds(1000).ns};
};

TEST_F(BookWitnessTest, an_order_from_a_whole_and_living_book_is_proven) {
  EXPECT_FALSE(proven());
  up();
  EXPECT_FALSE(proven());
  snapshot(100, 110);
  EXPECT_TRUE(proven());
  EXPECT_EQ(witness_.orders(), 3u);
  EXPECT_EQ(witness_.unproven(), 2u);
  EXPECT_THAT(witness_.first(), testing::HasSubstr("lacks a connection"));
}

TEST_F(BookWitnessTest, a_crossed_a_refused_a_silent_and_a_lost_book_are_not) {
  up();
  snapshot(110, 110);
  EXPECT_FALSE(proven());
  snapshot(100, 110);
  hear(BookFault{{}, venue_, BookFaultReason::SequenceGap});
  EXPECT_FALSE(proven());
  snapshot(100, 110);
  hear(BookFault{order_.instrument, venue_, BookFaultReason::SnapshotFailed});
  EXPECT_TRUE(proven());
  now_ = now_ + seconds(6);
  EXPECT_FALSE(proven());
  hear(Heartbeat{venue_, {{}, now_}});
  EXPECT_TRUE(proven());
  hear(ConnectionDown{venue_, Channel::Trading});
  EXPECT_TRUE(proven());
  hear(ConnectionDown{venue_, Channel::MarketData});
  EXPECT_FALSE(proven());
}

TEST_F(BookWitnessTest, an_answer_by_rest_is_good_to_unwind_on_and_for_nothing_else) {
  hear(BookImage{order_.instrument, {{}, now_}, now_ - seconds(1), {}, {}});
  EXPECT_FALSE(proven());
  order_.unwind = true;
  EXPECT_TRUE(proven());
  now_ = now_ + config_.max_polled_age - seconds(1);
  EXPECT_TRUE(proven());
  now_ = now_ + milliseconds(1);
  EXPECT_FALSE(proven()) << "its age counts from when the question left";
}

TEST_F(BookWitnessTest, a_run_that_starts_knows_no_book) {
  up();
  snapshot(100, 110);
  witness_.observe(started_, now_, {});
  EXPECT_FALSE(proven());
}

}  // namespace
}  // namespace ats::services
