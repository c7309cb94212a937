// The maker alone, before a desk that the test plays: what it wants, when it moves a quote, how often, and when
// nothing may stand. How quotes fill and are hedged is told in executor/quotes_test.cpp.

#include "core/maker/maker.hpp"

#include <gtest/gtest.h>

#include <map>

#include "core/executor/testing.hpp"

namespace ats::core {
namespace {

using testing::d;
using testing::TwoVenues;
using testing::World;

// Answers what it is told to and keeps what it is asked for.
struct PlayedDesk final : QuoteDesk {
  RefuseReason refuses = RefuseReason::None;  // that anything may be quoted
  RefuseReason refuses_order = RefuseReason::None;
  bool amends = true;
  Decimal funds = Decimal::from_int(1'000'000);
  Decimal limit = Decimal::from_int(6'000);
  std::map<std::uint64_t, StandingQuote> quotes;
  struct Asked {
    OrderId order;
    QuoteOrder wanted;
  };
  std::vector<Asked> placed, amended;
  std::vector<OrderId> taken_back;
  std::uint64_t last = 0;

  RefuseReason may_quote(InstrumentId, InstrumentId, Instant) const override { return refuses; }
  Decimal free(VenueId, AssetId) const override { return funds; }
  Decimal quote_limit(AssetId) const override { return limit; }
  StandingQuote standing(OrderId order) const override {
    const auto found = quotes.find(order.value);
    return found == quotes.end() ? StandingQuote{} : found->second;
  }
  RefuseReason quote(const QuoteOrder& wanted, Instant, Actions&, OrderId& order) override {
    if (refuses_order != RefuseReason::None) return refuses_order;
    order = {++last};
    placed.push_back({order, wanted});
    StandingQuote& quote = quotes[last];
    quote.live = true;
    quote.price = wanted.priced.price;
    quote.left = wanted.priced.quantity;
    return RefuseReason::None;
  }
  bool amend(OrderId order, const QuoteOrder& wanted, Instant, Actions&) override {
    if (!amends) return false;
    amended.push_back({order, wanted});
    quotes[order.value].moving = true;
    quotes[order.value].known = false;
    return true;
  }
  void take_back(OrderId order, Instant, Actions&) override {
    taken_back.push_back(order);
    quotes[order.value].leaving = true;
  }
  std::size_t requests() const { return placed.size() + amended.size() + taken_back.size(); }
};

// BTC/USDT is quoted on kraken and hedged on binance.
class MakerTest : public ::testing::Test, protected TwoVenues {
 protected:
  MakerTest() {
    config.maker = StrategyMode::Trade;
    config.maker_pairs.add({"BTC", "USDT", "kraken", "binance"});
  }
  void begin() {
    maker.emplace(universe, config);
    for (const VenueId venue : {binance, kraken}) books.on_connection(venue, true, now, out);
    book(at_kraken, "59000", "61000");
    book(at_binance, "59995", "60000");
  }
  // Both quotes stand, and the interval is over.
  void stand() {
    begin();
    ASSERT_EQ(desk.placed.size(), 2u);
    bid = desk.placed[0].order;
    ask = desk.placed[1].order;
    for (const OrderId order : {bid, ask}) acked(order);
    wait(config.maker_requote_every);
    clear();
  }
  void book(InstrumentId id, std::string_view best_bid, std::string_view best_ask) {
    const Level bids[] = {level(id, best_bid, "1")};
    const Level asks[] = {level(id, best_ask, "1")};
    books.on_snapshot({id, {{}, now}, ++sequence, std::nullopt, bids, asks}, now, out);
    maker->on_book(id, books, desk, now, out);
  }
  // The market is alive on these venues; the books do not change.
  void wait(Duration how_long, const std::vector<VenueId>& alive) {
    for (const Instant end = now + how_long; now < end;) {
      now = now + milliseconds(100);
      for (const VenueId venue : alive) books.on_heartbeat(venue, now, now, out);
      books.on_timer(now, out);
      maker->look(books, desk, now, out);
    }
  }
  void wait(Duration how_long) { wait(how_long, {binance, kraken}); }
  void look() { maker->look(books, desk, now, out); }
  void acked(OrderId order) { desk.quotes[order.value].known = true; }
  void amend_answered(OrderId order) {
    StandingQuote& quote = desk.quotes[order.value];
    for (const auto& asked : desk.amended) {
      if (asked.order == order) quote.price = asked.wanted.priced.price;
    }
    quote.moving = false;
    quote.known = true;
  }
  void gone(OrderId order, bool unwanted = false) {
    desk.quotes[order.value] = {};
    desk.quotes[order.value].unwanted = unwanted;
    look();
  }
  void clear() {
    desk.placed.clear();
    desk.amended.clear();
    desk.taken_back.clear();
  }
  bool was_taken_back(OrderId order) const {
    return std::count(desk.taken_back.begin(), desk.taken_back.end(), order) != 0;
  }
  RefuseReason refused(std::size_t side = 0) const {
    std::vector<QuoteStatus> status;
    maker->status(desk, status);
    return status.at(side).refused;
  }

  CoreConfig config;
  Instant now{seconds(1000).ns};
  BookSet books{universe};
  PlayedDesk desk;
  std::optional<Maker> maker;
  Actions out;
  Sequence sequence = 0;
  OrderId bid, ask;
};

// --- what stands, and at which price ---

TEST_F(MakerTest, BothSidesAreQuotedWhereTheirHedgePaysForThem) {
  begin();
  ASSERT_EQ(desk.placed.size(), 2u);
  for (const auto& [order, wanted] : desk.placed) {
    EXPECT_EQ(wanted.on, at_kraken);
    EXPECT_EQ(wanted.hedge, at_binance);
    EXPECT_GE(wanted.priced.net, config.maker_edge);
  }
  EXPECT_EQ(desk.placed[0].wanted.side, Side::Buy);
  EXPECT_EQ(desk.placed[0].wanted.priced.price, price(at_kraken, "59785.48"));
  EXPECT_EQ(desk.placed[1].wanted.side, Side::Sell);
  EXPECT_EQ(desk.placed[1].wanted.priced.price, price(at_kraken, "60210.46"));
}

TEST_F(MakerTest, WhatStandsHoldsFundsThatItsOwnSuccessorMayUse) {
  stand();
  desk.funds = {};
  for (auto& [order, quote] : desk.quotes) {
    quote.holds = Decimal::from_int(6'100);
    quote.pledges = Decimal::from_int(6'100);
  }
  look();
  EXPECT_EQ(desk.requests(), 0u) << "there is no other money, and none is needed";
}

TEST_F(MakerTest, WithoutFundsForItOrForItsHedgeNothingStands) {
  stand();
  desk.funds = {};
  look();
  EXPECT_TRUE(was_taken_back(bid) && was_taken_back(ask));
  EXPECT_NE(refused(), RefuseReason::None);
}

TEST_F(MakerTest, APairThatOneOfTheVenuesDoesNotListIsLeftOut) {
  config.maker_pairs = {};
  config.maker_pairs.add({"BNB", "USDT", "kraken", "binance"});
  config.maker_pairs.add({"BTC", "USDT", "kraken", "nowhere"});
  config.maker_pairs.add({"BTC", "USDT", "kraken", "kraken"});
  EXPECT_TRUE(Maker(universe, config).idle());
}

TEST_F(MakerTest, ObservingWantsAndPlacesNothing) {
  config.maker = StrategyMode::Observe;
  begin();
  wait(seconds(3));
  EXPECT_EQ(desk.requests(), 0u);
  EXPECT_EQ(refused(), RefuseReason::ObserveOnly);
}

// --- moving ---

TEST_F(MakerTest, AQuoteFollowsTheHedgesBookWhenItIsFarEnoughFromIt) {
  stand();
  book(at_binance, "60001", "60006");
  EXPECT_EQ(desk.requests(), 0u) << "a basis point is not worth a request";
  book(at_binance, "60015", "60020");
  ASSERT_EQ(desk.amended.size(), 2u);
  EXPECT_EQ(desk.amended[0].order, bid);
  EXPECT_GT(desk.amended[0].wanted.priced.price, price(at_kraken, "59785.48"));
  EXPECT_EQ(desk.amended[1].order, ask);
  EXPECT_TRUE(desk.taken_back.empty() && desk.placed.empty());
}

TEST_F(MakerTest, WhereTheVenueCannotAmendItIsTakenBackAndPlacedWhenItsEndIsKnown) {
  desk.amends = false;
  stand();
  book(at_binance, "60015", "60020");
  EXPECT_TRUE(was_taken_back(bid));
  EXPECT_TRUE(desk.placed.empty());
  wait(seconds(3));
  EXPECT_TRUE(desk.placed.empty()) << "until then it may fill";
  EXPECT_EQ(desk.taken_back.size(), 2u) << "and is asked for once a side";
  gone(bid);
  ASSERT_EQ(desk.placed.size(), 1u);
  EXPECT_EQ(desk.placed[0].wanted.side, Side::Buy);
}

TEST_F(MakerTest, OneThatIsMostlyFilledIsRenewed) {
  stand();
  desk.quotes[bid.value].left = quantity(at_kraken, "0.06");
  look();
  EXPECT_EQ(desk.requests(), 0u);
  desk.quotes[bid.value].left = quantity(at_kraken, "0.04");
  look();
  ASSERT_EQ(desk.amended.size(), 1u);
  EXPECT_EQ(desk.amended[0].order, bid);
}

TEST_F(MakerTest, OneThatTheVenueHasNotAnsweredForIsLeftAlone) {
  begin();
  clear();
  wait(seconds(2));
  book(at_binance, "60015", "60020");
  EXPECT_EQ(desk.requests(), 0u) << "nobody knows where it stands";
}

TEST_F(MakerTest, WhileItMovesItIsNotMovedAgain) {
  stand();
  book(at_binance, "60015", "60020");
  ASSERT_EQ(desk.amended.size(), 2u);
  wait(seconds(2));
  book(at_binance, "59995", "60000");
  EXPECT_EQ(desk.requests(), 2u);
  amend_answered(bid);
  look();
  EXPECT_EQ(desk.amended.size(), 3u);
  EXPECT_EQ(desk.amended.back().order, bid);
}

// --- the rate budget ---

TEST_F(MakerTest, ASideIsMovedAtMostOnceAnIntervalAndTheOtherDoesNotWaitForIt) {
  stand();
  book(at_binance, "60015", "60020");
  ASSERT_EQ(desk.amended.size(), 2u) << "both at once: each has an interval of its own";
  amend_answered(bid);
  amend_answered(ask);
  clear();
  book(at_binance, "59995", "60000");
  EXPECT_EQ(desk.requests(), 0u);
  wait(config.maker_requote_every - milliseconds(100));
  EXPECT_EQ(desk.requests(), 0u);
  wait(milliseconds(100));
  EXPECT_EQ(desk.amended.size(), 2u);
}

TEST_F(MakerTest, AStormOfBookChangesIsNoStormOfRequests) {
  stand();
  const Instant from = now;
  for (int n = 0; n < 1'000; ++n) {
    now = now + milliseconds(10);
    const bool up = n % 2 == 0;
    book(at_binance, up ? "60015" : "59995", up ? "60020" : "60000");
    for (const OrderId order : {bid, ask}) {
      if (desk.quotes[order.value].moving) amend_answered(order);
    }
  }
  const auto intervals = static_cast<std::size_t>((now - from).ns / config.maker_requote_every.ns);
  EXPECT_GE(desk.amended.size(), intervals) << "it goes on following";
  EXPECT_LE(desk.requests(), 2 * (intervals + 1));
}

TEST_F(MakerTest, AVenueThatWouldNotHaveItIsAskedLaterAndLaterUntilOneStands) {
  begin();
  Duration waited = config.maker_requote_every;
  for (int n = 0; n < 8; ++n) {
    const OrderId refused_one = desk.placed[0].order;
    clear();
    desk.quotes[desk.last].known = true;
    gone(refused_one, true);
    waited = std::min(waited * 2, config.maker_requote_every * 64);
    wait(waited - milliseconds(100), {binance, kraken});
    EXPECT_TRUE(desk.placed.empty()) << n;
    wait(milliseconds(200));
    ASSERT_EQ(desk.placed.size(), 1u) << n;
  }
  // The venue takes this one; the next refusal begins anew.
  const OrderId stands = desk.placed[0].order;
  acked(stands);
  look();
  clear();
  gone(stands, true);
  wait(config.maker_requote_every * 2 + milliseconds(100));
  EXPECT_EQ(desk.placed.size(), 1u);
}

TEST_F(MakerTest, WhatRiskRefusesIsAskedForAgainAndSaysWhy) {
  desk.refuses_order = RefuseReason::Exposure;
  begin();
  EXPECT_EQ(refused(), RefuseReason::Exposure);
  wait(seconds(1));
  desk.refuses_order = RefuseReason::None;
  look();
  EXPECT_EQ(desk.placed.size(), 2u);
  EXPECT_EQ(refused(), RefuseReason::None);
}

// --- when nothing may stand ---

TEST_F(MakerTest, OneWhoseHedgeWouldLoseIsTakenBackWithinTheIntervalToo) {
  begin();
  for (const auto& [order, wanted] : desk.placed) acked(order);
  bid = desk.placed[0].order;
  ask = desk.placed[1].order;
  clear();
  book(at_binance, "60100", "60105");
  EXPECT_TRUE(was_taken_back(ask)) << "cancels are never held back";
  EXPECT_FALSE(was_taken_back(bid)) << "only its edge is larger now";
}

TEST_F(MakerTest, OneThatIsBeingMovedAndWouldLoseIsTakenBackToo) {
  stand();
  book(at_binance, "60015", "60020");
  ASSERT_EQ(desk.amended.size(), 2u);
  book(at_binance, "60100", "60105");
  EXPECT_TRUE(was_taken_back(ask));
}

TEST_F(MakerTest, AHedgeVenueThatFellSilentTakesTheQuotesBack) {
  stand();
  const Duration max_age = universe.venue(binance).book.max_age;
  wait(max_age - seconds(1), {kraken});
  EXPECT_EQ(desk.requests(), 0u);
  wait(seconds(2), {kraken});
  EXPECT_TRUE(was_taken_back(bid) && was_taken_back(ask));
  EXPECT_EQ(refused(), RefuseReason::BookNotValid);
  gone(bid);
  gone(ask);
  wait(seconds(5), {kraken});
  EXPECT_TRUE(desk.placed.empty());
  wait(seconds(1));
  EXPECT_EQ(desk.placed.size(), 2u) << "and when it speaks again they stand again";
}

TEST_F(MakerTest, TheVenueItQuotesOnFallingSilentTakesThemBackAsWell) {
  stand();
  wait(universe.venue(kraken).book.max_age + seconds(1), {binance});
  EXPECT_TRUE(was_taken_back(bid) && was_taken_back(ask));
}

TEST_F(MakerTest, ABookInDoubtTakesThemBackAtOnce) {
  for (const InstrumentId doubtful : {at_binance, at_kraken}) {
    desk = {};
    books.on_connection(binance, false, now, out);
    books.on_connection(kraken, false, now, out);
    stand();
    const VenueId venue = instrument(doubtful).venue;
    books.on_fault({doubtful, venue, BookFaultReason::SequenceGap}, now, out);
    maker->on_book(doubtful, books, desk, now, out);
    EXPECT_TRUE(was_taken_back(bid) && was_taken_back(ask));
  }
}

TEST_F(MakerTest, AHaltTakesThemBackOnceAndAResumeBringsThemAgain) {
  stand();
  desk.refuses = RefuseReason::Halted;
  look();
  look();
  EXPECT_EQ(desk.taken_back.size(), 2u);
  EXPECT_EQ(refused(), RefuseReason::Halted);
  gone(bid);
  gone(ask);
  wait(seconds(2));
  EXPECT_TRUE(desk.placed.empty());
  desk.refuses = RefuseReason::None;
  look();
  EXPECT_EQ(desk.placed.size(), 2u);
}

TEST_F(MakerTest, AnEdgeThatIsTooGoodIsABadBookAndIsNotQuoted) {
  stand();
  // Binance bids far more than it did: any quote that kraken lets stand would seem to pay.
  book(at_binance, "66000", "66005");
  EXPECT_EQ(refused(), RefuseReason::EdgeTooGood);
  EXPECT_TRUE(was_taken_back(bid));
  EXPECT_TRUE(was_taken_back(ask)) << "and this one would lose";
}

// --- with the rest of the engine ---

class MakerInTheEngine : public ::testing::Test, protected World {
 protected:
  MakerInTheEngine() {
    config.maker = StrategyMode::Trade;
    config.maker_pairs.add({"BTC", "USDT", "kraken", "binance"});
    config.maker_size = Decimal::from_int(6'000);
  }
  // Time goes on, and only this venue's market speaks.
  void only_alive(VenueId venue, Duration how_long) {
    for (const Instant end = now + how_long; now < end;) {
      now = now + milliseconds(100);
      wall = wall + milliseconds(100);
      send(Heartbeat{venue, times()});
      send(Timer{wall});
    }
  }
};

TEST_F(MakerInTheEngine, AFrozenHedgeVenueWithdrawsTheQuotesAndWhatFillsMeanwhileWaitsForAWayOut) {
  start();
  connect();
  no_edge();
  wait(milliseconds(500));
  ASSERT_EQ(placed.size(), 2u);
  const OrderRequest bid = placed[0];
  const OrderRequest ask = placed[1];
  ack(bid);
  ack(ask);
  clear();
  book(at_kraken, "59000", "61000");
  only_alive(kraken, seconds(12));
  EXPECT_EQ(std::count(cancelled.begin(), cancelled.end(), bid.id), 1);
  EXPECT_EQ(std::count(cancelled.begin(), cancelled.end(), ask.id), 1);
  // Too late for this one: it is not hedged on a book that nobody has heard of.
  fill(bid, "0.05");
  for (const OrderRequest& order : placed) EXPECT_NE(order.instrument, at_binance);
  ended(bid, OrderState::Cancelled, "0.05");
  ended(ask, OrderState::Cancelled, "0");
  for (const OrderRequest& order : placed) EXPECT_NE(order.instrument, at_binance);
  no_edge();
  for (int n = 0; n < 50 && resolved.size() < 2; ++n) {
    for (const OrderRequest& order : std::vector(std::exchange(placed, {}))) {
      if (order.unwind) fill_all(order);
    }
    wait(milliseconds(100));
  }
  ASSERT_EQ(resolved.size(), 2u);
  EXPECT_TRUE(ledger_is_what_the_venues_own());
}

TEST_F(MakerInTheEngine, WhatSomebodyElsesOrderHoldsIsNotQuoted) {
  config.foreign_orders = ForeignPolicy::Adopt;
  start();
  connect();
  send(ForeignOrder{kraken,
                    "OABC",
                    at_kraken,
                    Side::Sell,
                    {price(at_kraken, "90000"), quantity(at_kraken, "0.98")},
                    {},
                    true});
  no_edge();
  wait(milliseconds(500));
  ASSERT_EQ(placed.size(), 2u);
  EXPECT_EQ(placed[1].side, Side::Sell);
  EXPECT_LE(instrument(at_kraken).quantity_decimal(placed[1].quantity), d("0.02"));
  EXPECT_GT(instrument(at_kraken).quantity_decimal(placed[0].quantity), d("0.09"));
}

}  // namespace
}  // namespace ats::core
