#include "services/history_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/rng.hpp"
#include "services/history_testing.hpp"

namespace ats::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A feed with the ring before it, as a running engine has.
class HistoryFeedTest : public ::testing::Test, protected HistoryWorld {
 protected:
  void tell(const Event& event, Instant now, const Actions& actions = {}) {
    if (!concerns_history(event, actions)) return feed_->passed();
    const HistoryMark mark = clock_.next(event, now);
    if (std::holds_alternative<Started>(event))
      return feed_->on({mark, now, &event, &actions}, wanted_ ? &lines_ : nullptr);
    ASSERT_TRUE(tape_.put(mark, event, now, actions));
    HistoryUnit unit;
    ASSERT_TRUE(tape_.take(unit));
    feed_->on(unit, wanted_ ? &lines_ : nullptr);
  }
  void begin() { tell(started(1, 1'790'000'000'000), {1'000}); }
  std::vector<io::LinePoint> told(std::string_view measurement) {
    const std::vector<io::LinePoint> all = points_in(lines_.text);
    EXPECT_EQ(all.size(), lines_.points);
    std::vector<io::LinePoint> some;
    for (const io::LinePoint& point : all) {
      if (point.measurement == measurement) some.push_back(point);
    }
    return some;
  }
  static double number(const io::LinePoint& point, std::string_view field) {
    const io::LineValue* value = point.field(field);
    return value != nullptr ? std::get<double>(*value) : -1;
  }
  static std::int64_t integer(const io::LinePoint& point, std::string_view field) {
    const io::LineValue* value = point.field(field);
    return value != nullptr ? std::get<std::int64_t>(*value) : -1;
  }

  HistoryClock clock_;
  HistoryTape tape_{1 << 16};
  std::unique_ptr<HistoryFeed> feed_ = std::make_unique<HistoryFeed>("west");
  HistoryLines lines_;
  bool wanted_ = true;
};

TEST_F(HistoryFeedTest, AFillIsThereOnceWhenItIsBookedWithItsExactNumbers) {
  begin();
  const OrderRequest buy = order(7, at_kraken, Side::Buy);
  tell(OrderFilled{fill(buy, "T1", 5'000), {}}, {1'001'000}, {booking("T1")});
  tell(OrderFilled{fill(buy, "T1", 5'000), {}}, {1'003'000});
  const auto fills = told("fill");
  ASSERT_EQ(fills.size(), 1u) << "told twice, booked once";
  EXPECT_EQ(fills[0].tag("engine"), "west");
  EXPECT_EQ(fills[0].tag("venue"), "kraken");
  EXPECT_EQ(fills[0].tag("pair"), "BTC/USDT");
  EXPECT_EQ(fills[0].tag("side"), "buy");
  EXPECT_EQ(fills[0].text("price_exact"), "61000.12");
  EXPECT_DOUBLE_EQ(number(fills[0], "price"), 61000.12);
  EXPECT_EQ(fills[0].text("fee_exact"), "0.5");
  EXPECT_EQ(fills[0].text("order_id"), client_order_id(buy.id).view());
  EXPECT_EQ(fills[0].at, wall_from_ms(1'790'000'000'001))
      << "the start's wall clock, and so long after it by the monotonic one";
}

TEST_F(HistoryFeedTest, AFillOfSomebodyElseIsTheirs) {
  begin();
  Fill theirs = fill(order(7, at_kraken, Side::Buy), "T2", 10);
  theirs.order = {};
  tell(ForeignFill{VenueOrderId("O1"), theirs, {}}, {2'000},
       {booking("T2", EntryKind::ForeignFill)});
  const auto fills = told("fill");
  ASSERT_EQ(fills.size(), 1u);
  EXPECT_FALSE(std::get<bool>(*fills[0].field("ours")));
  EXPECT_EQ(fills[0].field("order_id"), nullptr);
}

TEST_F(HistoryFeedTest, AnOrderIsThereFromPlacingToEndAndEndsOnce) {
  begin();
  const OrderRequest buy = order(7, at_kraken, Side::Buy);
  tell(Timer{wall_from_ms(1'790'000'000'050)}, {50'000'000}, {approved(buy)});
  tell(OrderAcked{buy.id, "V1", {}}, {51'000'000});
  tell(OrderFilled{fill(buy, "T1", 2'000), {}}, {52'000'000}, {booking("T1")});
  tell(OrderEnded{buy.id, OrderState::Cancelled, {2'000}, {}}, {53'000'000});
  tell(OrderEnded{buy.id, OrderState::Cancelled, {2'000}, {}}, {54'000'000});
  const auto steps = told("order");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].tag("step"), "placed");
  EXPECT_EQ(steps[0].text("filled_exact"), "0");
  EXPECT_EQ(integer(steps[0], "execution"), 7);
  EXPECT_EQ(steps[1].tag("step"), "cancelled");
  EXPECT_EQ(steps[1].text("filled_exact"), "0.2");
}

TEST_F(HistoryFeedTest, AnOrderThatIsFullIsOverWhateverElseIsTold) {
  begin();
  const OrderRequest sell = order(8, at_binance, Side::Sell);
  tell(Timer{wall_from_ms(1'790'000'000'050)}, {50'000'000}, {approved(sell)});
  tell(OrderFilled{fill(sell, "T1", 5'000), {}}, {52'000'000}, {booking("T1")});
  tell(OrderEnded{sell.id, OrderState::Filled, {5'000}, {}}, {53'000'000});
  const auto steps = told("order");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].tag("step"), "filled");
}

TEST_F(HistoryFeedTest, WhyAnOrderWasRefusedIsSaid) {
  begin();
  const OrderRequest buy = order(7, at_kraken, Side::Buy);
  tell(Timer{wall_from_ms(1'790'000'000'050)}, {50'000'000}, {approved(buy)});
  OrderRejected no;
  no.order = buy.id;
  no.reason = RejectReason::InsufficientFunds;
  tell(no, {51'000'000});
  const auto steps = told("order");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].text("reason"), name(RejectReason::InsufficientFunds));
}

TEST_F(HistoryFeedTest, ATradeIsThereWhenItIsOverWithWhereItsMoneyCameFrom) {
  begin();
  const OrderRequest buy = order(7, at_kraken, Side::Buy);
  const OrderRequest sell = order(8, at_binance, Side::Sell);
  ExecutionOpened opened;
  opened.execution = {7};
  opened.buy.instrument = at_kraken;
  opened.sell.instrument = at_binance;
  tell(Timer{wall_from_ms(1'790'000'000'050)}, {50'000'000},
       {approved(buy), approved(sell), opened});
  tell(OrderFilled{fill(buy, "T1", 5'000), {}}, {51'000'000},
       {booking("T1", EntryKind::Fill, buy.id)});
  tell(OrderFilled{fill(sell, "T2", 5'000), {}}, {52'000'000},
       {booking("T2", EntryKind::Fill, sell.id), resolved(ExecutionOutcome::Completed)});
  const auto over = told("execution");
  ASSERT_EQ(over.size(), 1u);
  EXPECT_EQ(over[0].tag("outcome"), "completed");
  EXPECT_EQ(integer(over[0], "execution"), 7);
  EXPECT_EQ(over[0].text("realised_exact"), "-1.25");
  EXPECT_EQ(over[0].text("reporting"), "USDT");
  EXPECT_EQ(over[0].text("earned_exact"), "-1") << "two fees of a half, at the same price";
  EXPECT_EQ(over[0].text("fees_exact"), "1");
}

TEST_F(HistoryFeedTest, AQuoteThatWasTakenBackIsNoTrade) {
  begin();
  tell(Timer{wall_from_ms(1'790'000'000'050)}, {50'000'000},
       {resolved(ExecutionOutcome::Unfilled)});
  EXPECT_THAT(told("execution"), IsEmpty());
}

TEST_F(HistoryFeedTest, RefusalsAreCountedByReasonForEachPieceOfTime) {
  begin();
  const Event book = BookFault{at_kraken, kraken, BookFaultReason::SequenceGap};
  for (int n = 0; n < 3; ++n) tell(book, {2'000 + n}, {refused(RefuseReason::EdgeBelowThreshold)});
  tell(book, {3'000}, {refused(RefuseReason::Halted)});
  EXPECT_THAT(told("refusal"), IsEmpty()) << "the ten seconds are not over";
  tell(Timer{wall_from_ms(1'790'000'010'000)}, {10'000'000'000});
  tell(Timer{wall_from_ms(1'790'000'020'000)}, {20'000'000'000});
  const auto counts = told("refusal");
  ASSERT_EQ(counts.size(), 2u) << "of pieces without any nothing is told";
  EXPECT_EQ(counts[0].tag("reason"), name(RefuseReason::EdgeBelowThreshold));
  EXPECT_EQ(integer(counts[0], "count"), 3);
  EXPECT_EQ(counts[0].at, wall_from_ms(1'790'000'010'000));
  EXPECT_EQ(integer(counts[1], "count"), 1);
}

TEST_F(HistoryFeedTest, AnOpportunityThatIsTakenIsThereByItself) {
  begin();
  OpportunityFound taken = refused(RefuseReason::None);
  taken.execution = {7};
  taken.net = Rate::bps(3);
  taken.profit = Decimal::of("1.5");
  taken.profit_asset = usdt;
  taken.quantity = {5'000};
  taken.buy_limit = {6'100'012};
  taken.sell_limit = {6'100'900};
  tell(Timer{wall_from_ms(1'790'000'000'050)}, {50'000'000}, {taken});
  const auto found = told("opportunity");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].tag("buy"), "kraken");
  EXPECT_EQ(found[0].tag("sell"), "binance");
  EXPECT_EQ(found[0].text("net_exact"), "0.0003");
  EXPECT_EQ(found[0].text("sell_limit_exact"), "61009");
}

TEST_F(HistoryFeedTest, MostMarketDataIsNoneOfItsBusiness) {
  const Event book = BookFault{at_kraken, kraken, BookFaultReason::SequenceGap};
  EXPECT_FALSE(concerns_history(book, {}));
  EXPECT_FALSE(concerns_history(book, {BookStateChanged{at_kraken, 0, 0}}));
  EXPECT_TRUE(concerns_history(book, {refused(RefuseReason::Halted)}));
  EXPECT_TRUE(concerns_history(Timer{}, {}));
}

// Any life at all, twice, the second time in another ring and cut in two lives of the writer: the same points with the same
// times, each series and time once.
TEST_F(HistoryFeedTest, TheSameJournalGivesTheSamePointsAndNoTwoOfThemAreOnePoint) {
  const auto live = [this](std::uint64_t seed, std::uint64_t known) {
    clock_ = {};
    feed_ = std::make_unique<HistoryFeed>("west");
    lines_ = {};
    Rng rng(seed);
    std::uint64_t units = 0;
    Instant now{1'000};
    const auto unit = [&](const Event& event, const Actions& actions = {}) {
      wanted_ = ++units > known;
      tell(event, now, actions);
    };
    std::uint32_t counter = 0;
    for (std::uint32_t life = 1; life <= 3; ++life) {
      // A clock that was set back by a little between two lives.
      unit(started(life, 1'790'000'000'000 + life * 40'000 - (life == 2 ? 39'990 : 0)));
      for (int n = 0; n < 400; ++n) {
        // Often at the same moment.
        now = now + nanoseconds(rng.one_in(3) ? 0 : rng.between(0, 200'000'000));
        const OrderRequest request = order(++counter, rng.one_in(2) ? at_kraken : at_binance,
                                           rng.one_in(2) ? Side::Buy : Side::Sell);
        const std::string id = "T" + std::to_string(counter);
        switch (rng.below(6)) {
          case 0:
            unit(Timer{wall_from_ms(1'790'000'000'000 + life * 40'000) + nanoseconds(now.ns)});
            break;
          case 1:
            unit(Timer{wall_from_ms(1'790'000'000'000 + life * 40'000) + nanoseconds(now.ns)},
                 {approved(request), approved(request), approved(request)});
            break;
          case 2:
            unit(OrderFilled{fill(request, id, 5'000), {}}, {booking(id)});
            break;
          case 3:
            unit(OrderEnded{make_order_id(1, counter - 1), OrderState::Cancelled, {}, {}});
            break;
          case 4:
            unit(OrderAcked{request.id, "V", {}}, {resolved(ExecutionOutcome::Missed)});
            break;
          default:
            unit(OrderAcked{request.id, "V", {}}, {refused(RefuseReason::Halted)});
        }
      }
    }
    return std::pair(lines_.text, units);
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto [whole, units] = live(seed, 0);
    std::set<std::string> series_and_times;
    for (const io::LinePoint& point : points_in(whole)) {
      std::string key = point.measurement + std::to_string(point.at.ns_utc);
      for (const auto& [tag, value] : point.tags) key += "," + tag + "=" + value;
      EXPECT_TRUE(series_and_times.insert(key).second) << key;
    }
    const std::string rest = live(seed, units / 2).first;
    ASSERT_FALSE(rest.empty());
    EXPECT_TRUE(whole.ends_with(rest)) << "seed " << seed;
  }
}

TEST(HistoryClock, TimesStandNearlyStillWhenTheClockIsSetBackALittleAndGoBackWithItElse) {
  HistoryClock clock;
  const HistoryMark first = clock.next(Timer{wall_from_ms(10'000'000)}, {0});
  const HistoryMark second = clock.next(Timer{wall_from_ms(9'000'000)}, {5});
  EXPECT_EQ(second.at, first.at + nanoseconds(HistoryClock::times_each));
  EXPECT_EQ(second.number, 2u);
  const HistoryMark third = clock.next(Timer{wall_from_ms(1'000'000)}, {6});
  EXPECT_EQ(third.at, wall_from_ms(1'000'000));
}

TEST(HistoryTape, RefusesWhatItHasNoRoomForAndGoesOn) {
  HistoryTape tape(1 << 12);
  std::uint64_t number = 0, put = 0;
  while (tape.put({++number, {}}, Timer{}, {}, {})) ++put;
  EXPECT_GT(put, 10u);
  HistoryUnit unit;
  for (std::uint64_t n = 1; n <= put; ++n) {
    ASSERT_TRUE(tape.take(unit));
    EXPECT_EQ(unit.mark.number, n);
  }
  EXPECT_FALSE(tape.take(unit));
  EXPECT_TRUE(tape.put({number, {}}, Timer{}, {}, {}));
}

}  // namespace
}  // namespace ats::services
