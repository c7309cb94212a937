#include "core/detector/cycle_walk.hpp"

#include <gtest/gtest.h>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;

// Hops of three books: BTC/USD and BTC/USDT at a cent and 0.0001, USDT/USD at 0.0001 and a cent.
class CycleWalkTest : public ::testing::Test {
 protected:
  CycleWalkTest() {
    usd_ = universe_.add_asset("USD");
    usdt_ = universe_.add_asset("USDT");
    btc_ = universe_.add_asset("BTC");
    btc_usd_ = list("one", btc_, usd_, 2, 4);
    btc_usdt_ = list("two", btc_, usdt_, 2, 4);
    usdt_usd_ = list("two", usdt_, usd_, 4, 2);
    rules_.min_edge = Rate::bps(5);
  }

  InstrumentId list(const char* venue, AssetId base, AssetId quote, std::uint8_t price_scale,
                    std::uint8_t qty_scale) {
    Instrument i;
    i.venue = universe_.add_venue(venue, {});
    i.base = base;
    i.quote = quote;
    i.symbol =
        Text<31>(std::string(venue) + std::to_string(base.value) + std::to_string(quote.value));
    i.price_scale = price_scale;
    i.qty_scale = qty_scale;
    i.fees.taker = Rate::bps(10);
    return universe_.add_instrument(i);
  }
  Level level(InstrumentId id, const char* price, const char* quantity) const {
    const Instrument& i = universe_.instrument(id);
    return {i.parse_price(price).value(), i.parse_quantity(quantity).value()};
  }
  // The hop as the lanes would have it, at the best of the levels.
  Hop hop(InstrumentId id, Side side, Price top) const {
    const Instrument& i = universe_.instrument(id);
    const auto one = static_cast<std::uint64_t>(Rate::one);
    const auto fee = static_cast<std::uint64_t>(i.fees.taker.ppb);
    const auto scale = static_cast<std::uint64_t>(pow10(i.price_scale));
    Hop h;
    h.instrument = id;
    h.side = side;
    h.gives = side == Side::Buy ? i.quote : i.base;
    h.gets = side == Side::Buy ? i.base : i.quote;
    h.price = top;
    if (side == Side::Sell) {
      h.fee_up = one - fee;
      h.fee_down = one;
      h.scale_down = scale;
    } else {
      const bool from_base = i.fees.charged_in == FeeAsset::Received;
      h.fee_up = from_base ? one - fee : one;
      h.fee_down = from_base ? one : one + fee;
      h.scale_up = scale;
    }
    return h;
  }
  void add(InstrumentId id, Side side, std::vector<Level> levels) {
    const std::size_t n = count_++;
    levels_[n] = std::move(levels);
    hops_[n] = hop(id, side, levels_[n].front().price);
    legs_[n].hop = &hops_[n];
    legs_[n].instrument = &universe_.instrument(id);
    legs_[n].levels = Levels(std::span<const Level>(levels_[n]));
  }
  CycleWalk walk() const { return walk_cycle(std::span(legs_).first(count_), rules_); }

  // Buy a bitcoin for dollars, sell it for tether, sell the tether for dollars.
  void three_legs() {
    add(btc_usd_, Side::Buy, {level(btc_usd_, "100", "1"), level(btc_usd_, "102", "1")});
    add(btc_usdt_, Side::Sell, {level(btc_usdt_, "102", "0.5"), level(btc_usdt_, "101.5", "5")});
    add(usdt_usd_, Side::Sell, {level(usdt_usd_, "0.999", "1000")});
  }

  Universe universe_;
  AssetId usd_, usdt_, btc_;
  InstrumentId btc_usd_, btc_usdt_, usdt_usd_;
  CycleRules rules_;
  std::array<std::vector<Level>, legs_max> levels_;
  std::array<Hop, legs_max> hops_;
  std::array<CycleLeg, legs_max> legs_;
  std::size_t count_ = 0;
};

// 102 × 1.001 × 1.0005 asks more than 101.5 × 0.999 × 0.999 × 0.999 gives: the second ask does not pay,
// the second bid against the first ask does.
TEST_F(CycleWalkTest, three_legs_are_walked_to_the_last_unit_that_pays) {
  three_legs();
  const CycleWalk w = walk();
  EXPECT_EQ(w.stop, WalkStop::Edge);
  EXPECT_EQ(w.legs[0].quantity, (Quantity{10'000}));  // 1 BTC
  EXPECT_EQ(w.legs[0].gave, d("100.1"));
  EXPECT_EQ(w.legs[0].got, d("1"));
  EXPECT_EQ(w.legs[1].quantity, (Quantity{10'000}));
  // 0.5 × 102 + 0.5 × 101.5 = 101.75, less 0.051 and 0.05075.
  EXPECT_EQ(w.legs[1].got, d("101.64825"));
  EXPECT_EQ(w.legs[1].deepest, (Price{10'150}));
  EXPECT_EQ(w.legs[2].quantity, (Quantity{10'164}));  // 101.64: 0.00825 stays with us
  // 101.64 × 0.999 = 101.53836, less 0.10153836.
  EXPECT_EQ(w.legs[2].got, d("101.43682164"));
  EXPECT_EQ(w.paid, d("100.1"));
  EXPECT_EQ(w.received, d("101.43682164"));
  EXPECT_EQ(w.profit, d("1.33682164"));
  EXPECT_EQ(w.net, (Rate{13'354'861}));  // 1.33682164 / 100.1, rounded down
}

TEST_F(CycleWalkTest, a_fee_in_the_base_asset_leaves_less_to_sell) {
  universe_.instrument(btc_usd_).fees.charged_in = FeeAsset::Received;
  three_legs();
  const CycleWalk w = walk();
  EXPECT_EQ(w.legs[0].quantity, (Quantity{10'000}));
  EXPECT_EQ(w.legs[0].gave, d("100"));
  EXPECT_EQ(w.legs[0].got, d("0.999"));
  EXPECT_EQ(w.legs[1].quantity, (Quantity{9'990}));
}

// Back from dollars to tether by buying: as many lots as the dollars pay for, fee included.
TEST_F(CycleWalkTest, a_leg_that_buys_spends_no_more_than_came_in) {
  rules_.min_edge = {};
  add(btc_usdt_, Side::Buy, {level(btc_usdt_, "100", "1")});
  add(btc_usd_, Side::Sell, {level(btc_usd_, "101", "5")});
  add(usdt_usd_, Side::Buy, {level(usdt_usd_, "1.0001", "60"), level(usdt_usd_, "1.0003", "600")});
  const CycleWalk w = walk();
  EXPECT_EQ(w.legs[0].quantity, (Quantity{10'000}));
  EXPECT_EQ(w.legs[1].got, d("100.899"));
  // 60 cost 60.066006; of the 40.832994 left, 40.77 cost 40.823... and 40.78 would cost 40.833....
  EXPECT_EQ(w.legs[2].quantity, (Quantity{10'077}));
  // 40.77 × 1.0003 = 40.782231, fee 0.040782231.
  EXPECT_EQ(w.legs[2].gave, d("60.066006") + d("40.82301324"));  // fees rounded up to 8 decimals
  EXPECT_EQ(w.received, d("100.77"));
  EXPECT_EQ(w.paid, d("100.1"));
}

TEST_F(CycleWalkTest, a_configured_rate_is_a_leg_without_a_book) {
  add(btc_usd_, Side::Buy, {level(btc_usd_, "100", "1")});
  add(btc_usdt_, Side::Sell, {level(btc_usdt_, "102", "1")});
  Hop rate;
  rate.side = Side::Sell;
  rate.gives = usdt_;
  rate.gets = usd_;
  rate.price = {999'000'000};
  rate.scale_down = 1'000'000'000;
  hops_[2] = rate;
  legs_[2].hop = &hops_[2];
  legs_[2].sent = false;
  count_ = 3;
  const CycleWalk w = walk();
  EXPECT_EQ(w.legs[1].got, d("101.898"));
  EXPECT_EQ(w.received, d("101.796102"));
  EXPECT_EQ(w.stop, WalkStop::Depth);
  EXPECT_EQ(w.stopped_at, 0);
}

TEST_F(CycleWalkTest, what_stops_a_walk_is_named_with_its_leg) {
  three_legs();
  legs_[0].free = d("50.06");
  CycleWalk w = walk();
  EXPECT_EQ(w.stop, WalkStop::FreeQuote);
  EXPECT_EQ(w.stopped_at, 0);
  EXPECT_EQ(w.legs[0].quantity, (Quantity{5'000}));  // 50 and 0.05 of fee; 50.01 needs 0.00001 more
  legs_[0].free.reset();
  legs_[1].free = d("0.25");
  w = walk();
  EXPECT_EQ(w.stop, WalkStop::FreeBase);
  EXPECT_EQ(w.stopped_at, 1);
  EXPECT_EQ(w.legs[1].quantity, (Quantity{2'500}));
  legs_[1].free.reset();
  legs_[2].max_notional = d("10");
  w = walk();
  EXPECT_EQ(w.stop, WalkStop::MaxNotional);
  EXPECT_EQ(w.stopped_at, 2);
  EXPECT_LE(w.legs[2].quantity, (Quantity{1'001}));
  legs_[2].sent = false;  // no order, no limit
  EXPECT_EQ(walk().stop, WalkStop::Edge);
}

TEST_F(CycleWalkTest, a_book_that_is_too_shallow_for_what_comes_in_bounds_the_walk) {
  add(btc_usd_, Side::Buy, {level(btc_usd_, "100", "1")});
  add(btc_usdt_, Side::Sell, {level(btc_usdt_, "103", "1")});
  add(usdt_usd_, Side::Sell, {level(usdt_usd_, "0.999", "20")});
  const CycleWalk w = walk();
  EXPECT_EQ(w.stop, WalkStop::Depth);
  EXPECT_EQ(w.stopped_at, 2);
  EXPECT_EQ(w.legs[2].quantity, (Quantity{2'000}));
}

TEST_F(CycleWalkTest, nothing_that_pays_gives_nothing) {
  add(btc_usd_, Side::Buy, {level(btc_usd_, "100", "1")});
  add(btc_usdt_, Side::Sell, {level(btc_usdt_, "100.2", "1")});
  add(usdt_usd_, Side::Sell, {level(usdt_usd_, "1", "1000")});
  const CycleWalk w = walk();
  EXPECT_TRUE(w.legs[0].quantity.is_zero());
  EXPECT_TRUE(w.profit.is_zero());
  EXPECT_EQ(w.stop, WalkStop::Edge);
}

TEST_F(CycleWalkTest, gross_and_net_of_the_tops_are_exact) {
  three_legs();
  const std::array<const Hop*, 3> hops{&hops_[0], &hops_[1], &hops_[2]};
  EXPECT_EQ(cycle_gross(hops), (Rate{18'980'000}));  // 102 × 0.999 / 100 − 1
  // 102 × 0.999 × 0.999 × 0.999 / (100 × 1.001) − 1 = 0.0159279…
  EXPECT_EQ(cycle_net(hops), (Rate{15'927'131}));
}

}  // namespace
}  // namespace ats::core
