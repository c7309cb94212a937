#include "core/detector/detector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ats::core {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

Level level(std::int64_t price, std::int64_t quantity) { return {{price}, {quantity}}; }

class Purse final : public Funds {
 public:
  Decimal free(VenueId venue, AssetId asset) const override {
    const auto found = held.find({venue, asset});
    return found == held.end() ? Decimal::from_int(1'000'000) : found->second;
  }
  Decimal notional_limit(AssetId) const override { return most; }
  Rate leg_cost(VenueId, VenueId, LegSize size) const override {
    return leg_costs[static_cast<std::size_t>(size)];
  }
  std::array<Rate, leg_size_count> leg_costs{};
  std::map<std::pair<VenueId, AssetId>, Decimal> held;
  Decimal most = Decimal::from_int(10'000);
};

// Three venues that list A/USDT at one cent and 0.0001, with a fee of 10 bps; the third lists B too.
class DetectorTest : public testing::Test {
 protected:
  DetectorTest() {
    for (const char* name : {"one", "two", "three"}) {
      const VenueId venue = universe_.add_venue(name, {});
      venues_.push_back(venue);
      books_of_a_.push_back(list(venue, "A"));
    }
    list(venues_[2], "B");
    config_.min_edge = Rate::bps(5);
    config_.max_edge = Rate::bps(200);
    config_.max_slippage = Rate::bps(5);
  }

  InstrumentId list(VenueId venue, const char* base) {
    Instrument instrument;
    instrument.venue = venue;
    instrument.base = universe_.add_asset(base);
    instrument.quote = universe_.add_asset("USDT");
    instrument.symbol = base;
    instrument.price_scale = 2;
    instrument.qty_scale = 4;
    instrument.fees.taker = Rate::bps(10);
    instrument.fees.decimals = 18;
    instrument.min_quantity = {10};
    instrument.min_notional = Decimal::from_int(5);
    return universe_.add_instrument(instrument);
  }

  void start() {
    books_.emplace(universe_);
    detector_.emplace(universe_, config_);
    for (const VenueId venue : venues_) books_->on_connection(venue, true, now_, actions_);
  }
  // A book of one level a side.
  void quote(std::size_t venue, Level bid, Level ask) {
    books_->on_snapshot({books_of_a_[venue], {{}, now_}, 0, {}, {&bid, 1}, {&ask, 1}}, now_,
                        actions_);
  }
  // Venue 0 sells at 100.00, venue 1 buys at 100.50: 50 bps before fees, 30 after.
  void open_edge() {
    quote(0, level(9'990, 50'000), level(10'000, 50'000));
    quote(1, level(10'050, 50'000), level(10'060, 50'000));
  }
  std::vector<Candidate> look(std::size_t venue) {
    const auto found = detector_->on_book(books_of_a_[venue], *books_, purse_, now_);
    return {found.begin(), found.end()};
  }
  EdgeStatus edge(std::size_t buy, std::size_t sell) const {
    std::vector<EdgeStatus> all;
    detector_->status(*books_, now_, all);
    for (const EdgeStatus& status : all) {
      if (status.buy == books_of_a_[buy] && status.sell == books_of_a_[sell]) return status;
    }
    ADD_FAILURE() << "no such edge";
    return {};
  }

  Universe universe_;
  std::vector<VenueId> venues_;
  std::vector<InstrumentId> books_of_a_;
  CoreConfig config_;
  Purse purse_;
  std::optional<BookSet> books_;
  std::optional<Detector> detector_;
  Instant now_{5'000'000'000'000};
  Actions actions_;
};

TEST_F(DetectorTest, every_ordered_pair_of_venues_that_list_the_pair_is_watched) {
  start();
  EXPECT_EQ(detector_->edges(), 6u);
}

TEST_F(DetectorTest, no_edge_gives_no_candidate_but_a_status) {
  start();
  quote(0, level(9'990, 50'000), level(10'000, 50'000));
  quote(1, level(10'000, 50'000), level(10'010, 50'000));
  EXPECT_THAT(look(1), IsEmpty());
  EXPECT_EQ(edge(0, 1).refused, RefuseReason::EdgeBelowThreshold);
  EXPECT_EQ(edge(0, 1).gross, Rate{});
  EXPECT_EQ(edge(0, 1).net, (Rate{-1'998'002}));
  EXPECT_EQ(edge(1, 0).gross, (Rate{-1'998'002}));
  EXPECT_EQ(detector_->episodes(), 0u);
}

// 30 bps after fees for all, and 5 asked for.
TEST_F(DetectorTest, what_legs_cost_is_asked_for_on_top_and_a_smaller_trade_may_pay_for_it) {
  purse_.most = Decimal::from_int(400);
  purse_.leg_costs = {Rate::bps(1), Rate::bps(20), Rate::bps(40)};
  start();
  open_edge();
  const auto found = look(1);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].refused, RefuseReason::None);
  EXPECT_EQ(found[0].walked.buy_quantity, Quantity{19'900}) << "200 of 400, at the bid of 100.50";

  purse_.most = Decimal::from_int(10'000);
  purse_.leg_costs = {Rate::bps(26), Rate::bps(1), Rate::bps(1)};
  const auto small = look(1);
  ASSERT_THAT(small, SizeIs(1));
  EXPECT_EQ(small[0].refused, RefuseReason::LegCost)
      << "500 of 10,000: it came out small, and small trades are dear here";

  purse_.leg_costs = {Rate::bps(26), Rate::bps(26), Rate::bps(26)};
  const auto dear = look(1);
  ASSERT_THAT(dear, SizeIs(1));
  EXPECT_EQ(dear[0].refused, RefuseReason::LegCost);
  EXPECT_TRUE(dear[0].walked.buy_quantity.is_zero());

  purse_.leg_costs.fill(Rate{Rate::one});
  const auto absurd = look(1);
  ASSERT_THAT(absurd, SizeIs(1));
  EXPECT_EQ(absurd[0].refused, RefuseReason::LegCost);
}

TEST_F(DetectorTest, an_edge_over_the_threshold_is_sized_and_priced) {
  start();
  open_edge();
  const auto found = look(1);
  ASSERT_THAT(found, SizeIs(1));
  const Candidate& candidate = found[0];
  EXPECT_EQ(candidate.refused, RefuseReason::None);
  EXPECT_EQ(candidate.buy, books_of_a_[0]);
  EXPECT_EQ(candidate.sell, books_of_a_[1]);
  EXPECT_EQ(candidate.gross, (Rate::bps(50)));
  EXPECT_EQ(candidate.walked.buy_quantity, Quantity{50'000});
  EXPECT_EQ(candidate.walked.paid, Decimal::of("500.5"));
  EXPECT_EQ(candidate.walked.received, Decimal::of("501.9975"));
  EXPECT_EQ(candidate.walked.buy_limit, Price{10'005});
  EXPECT_EQ(candidate.walked.sell_limit, Price{10'045});
  EXPECT_EQ(detector_->episodes(), 1u);

  const OpportunityFound told = opportunity(candidate, RefuseReason::Exposure);
  EXPECT_EQ(told.buy_limit, Price{10'000});
  EXPECT_EQ(told.quantity, Quantity{50'000});
  EXPECT_EQ(told.profit, Decimal::of("1.4975"));
  EXPECT_EQ(told.net, candidate.walked.net);
  EXPECT_EQ(told.refused, RefuseReason::Exposure);
}

TEST_F(DetectorTest, only_pairs_that_touch_the_changed_book_are_looked_at) {
  start();
  open_edge();
  quote(2, level(9'990, 1'000), level(10'060, 1'000));
  EXPECT_THAT(look(2), IsEmpty());
  EXPECT_THAT(look(0), SizeIs(1));
}

TEST_F(DetectorTest, an_edge_seen_from_either_book_is_one_episode) {
  start();
  open_edge();
  look(0);
  look(1);
  EXPECT_EQ(detector_->episodes(), 1u);
  quote(1, level(10'000, 50'000), level(10'060, 50'000));
  look(1);
  quote(1, level(10'050, 50'000), level(10'060, 50'000));
  look(1);
  EXPECT_EQ(detector_->episodes(), 2u);
}

TEST_F(DetectorTest, where_no_price_moved_only_open_edges_and_those_of_new_terms_are_looked_at) {
  start();
  quote(0, level(9'990, 50'000), level(10'000, 50'000));
  quote(1, level(10'022, 50'000),
        level(10'030, 50'000));  // 2 bps after fees: less than is asked for
  EXPECT_THAT(look(0), IsEmpty());
  EXPECT_THAT(look(1), IsEmpty());
  quote(1, level(10'022, 60'000), level(10'030, 60'000));
  EXPECT_THAT(look(1), IsEmpty());
  config_.min_edge = Rate::bps(1);
  detector_->configure(config_);
  const auto found = look(1);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].refused, RefuseReason::None);
  EXPECT_THAT(look(0), SizeIs(1));
  quote(1, level(10'022, 20), level(10'030, 20));
  const auto smaller = look(1);
  ASSERT_THAT(smaller, SizeIs(1));
  EXPECT_EQ(smaller[0].walked.sell_quantity.units, 20);
  config_.min_edge = Rate::bps(5);
  detector_->configure(config_);
  EXPECT_THAT(look(0), IsEmpty());
}

TEST_F(DetectorTest, an_edge_too_good_to_be_true_is_refused) {
  start();
  quote(0, level(9'990, 50'000), level(10'000, 50'000));
  quote(1, level(10'230, 50'000), level(10'240, 50'000));
  const auto found = look(1);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].refused, RefuseReason::EdgeTooGood);
}

TEST_F(DetectorTest, a_book_that_is_not_valid_is_never_priced_from) {
  start();
  open_edge();
  now_ = now_ + seconds(11);
  quote(1, level(10'050, 50'000), level(10'060, 50'000));
  const auto found = look(1);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].refused, RefuseReason::BookNotValid);
  EXPECT_TRUE(found[0].walked.buy_quantity.is_zero());
}

TEST_F(DetectorTest, a_resyncing_book_shows_as_not_valid_and_gives_no_candidate) {
  start();
  open_edge();
  look(0);
  books_->on_connection(venues_[1], false, now_, actions_);
  EXPECT_THAT(look(1), IsEmpty());
  EXPECT_EQ(edge(0, 1).refused, RefuseReason::BookNotValid);
}

TEST_F(DetectorTest, the_mutant_that_ignores_stale_books_is_switched_by_the_configuration_only) {
  config_.mutant = Mutant::IgnoreStaleBook;
  start();
  open_edge();
  now_ = now_ + seconds(11);
  const auto found = look(1);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].refused, RefuseReason::None);
}

TEST_F(DetectorTest, missing_balance_is_named_by_its_side) {
  start();
  open_edge();
  const AssetId usdt = universe_.find_asset("USDT");
  const AssetId base = universe_.find_asset("A");
  purse_.held[{venues_[0], usdt}] = Decimal::of("4.9");
  EXPECT_EQ(look(1).at(0).refused, RefuseReason::NoBalanceToBuy);
  purse_.held.clear();
  purse_.held[{venues_[1], base}] = Decimal::of("0.0009");
  EXPECT_EQ(look(1).at(0).refused, RefuseReason::NoBalanceToSell);
  purse_.held[{venues_[1], base}] = Decimal::of("0.2");
  const auto found = look(1);
  EXPECT_EQ(found.at(0).refused, RefuseReason::None);
  EXPECT_EQ(found.at(0).walked.sell_quantity, Quantity{2'000});
}

TEST_F(DetectorTest, what_is_too_little_for_a_venue_is_named_by_what_made_it_little) {
  start();
  quote(0, level(9'990, 50'000), level(10'000, 9));
  quote(1, level(10'050, 50'000), level(10'060, 50'000));
  EXPECT_EQ(look(1).at(0).refused, RefuseReason::BelowMinQuantity);
  quote(0, level(9'990, 50'000), level(10'000, 300));
  EXPECT_EQ(look(1).at(0).refused, RefuseReason::BelowMinNotional);
  quote(0, level(9'990, 50'000), level(10'000, 501));
  EXPECT_EQ(look(1).at(0).refused, RefuseReason::None);
  purse_.most = Decimal::from_int(4);
  EXPECT_EQ(look(1).at(0).refused, RefuseReason::OrderNotional);
}

TEST_F(DetectorTest, an_instrument_that_does_not_trade_is_refused) {
  start();
  open_edge();
  Instrument halted = universe_.instrument(books_of_a_[0]);
  halted.status = InstrumentStatus::Halted;
  detector_->on_instrument(halted);
  EXPECT_EQ(look(1).at(0).refused, RefuseReason::InstrumentNotTrading);
  halted.status = InstrumentStatus::Trading;
  halted.fees.taker = Rate::bps(60);
  detector_->on_instrument(halted);
  EXPECT_THAT(look(1), IsEmpty());
}

TEST_F(DetectorTest, a_fee_rounded_up_may_eat_the_edge_of_a_small_quantity) {
  for (const InstrumentId id : books_of_a_) universe_.instrument(id).fees.decimals = 1;
  start();
  quote(0, level(9'990, 50'000), level(10'000, 600));
  quote(1, level(10'050, 50'000), level(10'060, 50'000));
  EXPECT_EQ(look(1).at(0).refused, RefuseReason::EdgeBelowThreshold);
}

TEST_F(DetectorTest, an_answer_is_news_when_it_differs_or_was_taken) {
  start();
  open_edge();
  const Candidate candidate = look(1).at(0);
  EXPECT_TRUE(detector_->answer(candidate, RefuseReason::Exposure));
  EXPECT_EQ(edge(0, 1).refused, RefuseReason::Exposure);
  EXPECT_FALSE(detector_->answer(candidate, RefuseReason::Exposure));
  EXPECT_TRUE(detector_->answer(candidate, RefuseReason::None));
  EXPECT_TRUE(detector_->answer(candidate, RefuseReason::None));
  EXPECT_TRUE(detector_->answer(candidate, RefuseReason::PairBusy));
  quote(1, level(10'000, 50'000), level(10'060, 50'000));
  look(1);
  quote(1, level(10'050, 50'000), level(10'060, 50'000));
  EXPECT_TRUE(detector_->answer(look(1).at(0), RefuseReason::PairBusy));
}

}  // namespace
}  // namespace ats::core
