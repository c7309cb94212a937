#include "report/trade_trace.hpp"

#include <gmock/gmock.h>

namespace ats::report {
namespace {

using testing::Contains;
using testing::Pair;

constexpr std::int64_t us = 1'000;

Moment at(std::int64_t after) {
  // A wall clock that went back by an hour after the decision: the monotonic one did not.
  return {{1'790'000'000'000'000'000 - 3'600'000'000'000 + after}, {5'000'000 + after}, 1};
}

Execution example() {
  Execution x;
  x.id = {7};
  x.opened = {{1'790'000'000'000'000'000}, {5'000'000}, 1};
  x.quoted = true;
  x.buy.age = {40 * us};
  x.sell.age = {900 * us};
  x.resolved = true;
  x.outcome = ExecutionOutcome::Completed;
  x.ended = at(500 * us);
  for (int n = 0; n < 2; ++n) {
    Leg& leg = x.legs.emplace_back();
    leg.placed = at(0);
    leg.encoded = at(3 * us);
    leg.written = at(5 * us);
    leg.acked = at(300 * us);
    leg.ended = at(310 * us);
    BookedFill& fill = leg.fills.emplace_back();
    fill.price = Decimal::from_int(10);
    fill.quantity = Decimal::from_int(2);
    fill.at = at((320 + n) * us);
  }
  x.legs[1].acked = x.legs[1].ended = {};
  x.legs[1].rejected = RejectReason::InvalidOrder;
  return x;
}

TEST(TradeTrace, GoesFromTheFrameThatShowedItToItsEnd) {
  const auto spans = trace_of(example(), Universe());
  ASSERT_EQ(spans.size(),
            10U);  // the whole, two books, two orders, three stages of one and two of the other
  const std::int64_t decided = 1'790'000'000'000'000'000;
  EXPECT_EQ(spans[0].name, "trade");
  EXPECT_EQ(spans[0].begin.ns_utc, decided - 900 * us);
  EXPECT_EQ(spans[0].end.ns_utc, decided + 500 * us);
  EXPECT_EQ(spans[1].begin.ns_utc, decided - 40 * us);
  EXPECT_EQ(spans[1].end.ns_utc, decided);
  EXPECT_THAT(spans[0].attributes, Contains(Pair("ats.trade", "7")));
  EXPECT_FALSE(spans[0].failed);
}

TEST(TradeTrace, StagesOfAnOrderAreBelowItAndAStageWithoutAnEndIsNone) {
  const auto spans = trace_of(example(), Universe());
  EXPECT_EQ(spans[3].name, "order -");
  EXPECT_EQ(spans[4].name, "encode");
  EXPECT_EQ(spans[4].parent, 3U);
  EXPECT_EQ(spans[6].name, "venue");
  EXPECT_EQ(spans[6].end.ns_utc - spans[6].begin.ns_utc, 295 * us);
  EXPECT_EQ(spans[7].name, "order -");
  EXPECT_TRUE(spans[7].failed);
  EXPECT_EQ(spans[9].parent, 7U);
  EXPECT_EQ(spans[9].name, "write");
}

TEST(TradeTrace, AnOrderLastsUntilItsLastFillAndNothingLiesOutsideTheWhole) {
  const auto spans = trace_of(example(), Universe());
  EXPECT_EQ(spans[3].end.ns_utc - spans[3].begin.ns_utc, 320 * us);
  EXPECT_EQ(spans[3].events.at(0).name, "fill 2 at 10");
  for (const TraceSpan& span : spans) {
    EXPECT_LE(spans[0].begin, span.begin);
    EXPECT_GE(spans[0].end, span.end);
    EXPECT_LE(span.begin, span.end);
  }
}

}  // namespace
}  // namespace ats::report
