#include "venues/order_routes.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace ats::venues {
namespace {

constexpr Instant at(std::int64_t ms) { return Instant{milliseconds(1'000'000 + ms).ns}; }

TEST(OrderRoutes, TheStreamIsTakenWhileNothingIsKnown) {
  OrderRoutes routes({});
  EXPECT_EQ(routes.choose(at(0)), OrderRoute::Stream);
  routes.hint(milliseconds(1), at(0));
  EXPECT_EQ(routes.choose(at(1)), OrderRoute::Stream) << "how long the stream takes is not known";
}

TEST(OrderRoutes, RestIsTakenWhenItIsFasterByAQuarterAndLeftWhenTheStreamIsFaster) {
  OrderRoutes routes({});
  routes.answered(OrderRoute::Stream, milliseconds(20), at(0));
  routes.answered(OrderRoute::Rest, milliseconds(16), at(0));
  EXPECT_EQ(routes.choose(at(1)), OrderRoute::Stream);
  for (int n = 0; n < 60; ++n) routes.answered(OrderRoute::Rest, milliseconds(10), at(n));
  EXPECT_EQ(routes.choose(at(60)), OrderRoute::Rest);
  routes.answered(OrderRoute::Stream, milliseconds(12), at(61));
  EXPECT_EQ(routes.choose(at(62)), OrderRoute::Rest) << "still slower";
  for (int n = 0; n < 60; ++n) routes.answered(OrderRoute::Stream, milliseconds(9), at(63 + n));
  EXPECT_EQ(routes.choose(at(130)), OrderRoute::Stream);
}

TEST(OrderRoutes, QuickAnswersToQuestionsAreAReasonToTryRestAndNoneToStay) {
  OrderRoutes routes({});
  routes.answered(OrderRoute::Stream, milliseconds(20), at(0));
  routes.hint(milliseconds(12), at(0));
  EXPECT_EQ(routes.choose(at(1)), OrderRoute::Stream) << "an order takes longer than a question";
  for (int n = 0; n < 60; ++n) routes.hint(milliseconds(4), at(n));
  EXPECT_EQ(routes.choose(at(60)), OrderRoute::Rest);
  routes.answered(OrderRoute::Rest, milliseconds(30), at(61));
  for (int n = 0; n < 60; ++n) routes.hint(milliseconds(4), at(62 + n));
  EXPECT_EQ(routes.choose(at(130)), OrderRoute::Stream) << "orders have shown what it is like";
  EXPECT_EQ(routes.choose(at(590'000)), OrderRoute::Stream);
}

TEST(OrderRoutes, AWayThatDoesNotAnswerIsLeftForAWhileAndLongerEachTime) {
  OrderRoutes routes({});
  routes.failed(OrderRoute::Stream, at(0));
  EXPECT_EQ(routes.choose(at(1)), OrderRoute::Rest);
  EXPECT_EQ(routes.choose(at(4'999)), OrderRoute::Rest);
  EXPECT_EQ(routes.choose(at(5'000)), OrderRoute::Stream);
  routes.failed(OrderRoute::Stream, at(5'000));
  EXPECT_EQ(routes.choose(at(14'999)), OrderRoute::Rest);
  EXPECT_EQ(routes.choose(at(15'000)), OrderRoute::Stream);
  routes.answered(OrderRoute::Stream, milliseconds(3), at(15'001));
  routes.failed(OrderRoute::Stream, at(15'002));
  EXPECT_EQ(routes.choose(at(20'003)), OrderRoute::Stream) << "an answer in between forgives";
}

TEST(OrderRoutes, WhereNeitherAnswersTheStreamIsAsGoodAsAny) {
  OrderRoutes routes({});
  routes.failed(OrderRoute::Stream, at(0));
  routes.failed(OrderRoute::Rest, at(0));
  EXPECT_EQ(routes.choose(at(1)), OrderRoute::Stream);
}

TEST(OrderRoutes, WhatIsOldIsForgotten) {
  OrderRoutes routes({});
  routes.answered(OrderRoute::Stream, milliseconds(20), at(0));
  routes.answered(OrderRoute::Rest, milliseconds(5), at(0));
  EXPECT_EQ(routes.choose(at(1)), OrderRoute::Rest);
  routes.answered(OrderRoute::Rest, milliseconds(5), at(590'000));
  EXPECT_EQ(routes.choose(at(599'999)), OrderRoute::Rest);
  EXPECT_EQ(routes.choose(at(600'000)), OrderRoute::Stream) << "tried again";
}

TEST(OrderRoutes, AWayThatIsPrescribedIsTakenWhateverIsMeasured) {
  OrderRoutes routes(OrderRoute::Rest);
  routes.answered(OrderRoute::Stream, milliseconds(1), at(0));
  routes.answered(OrderRoute::Rest, milliseconds(90), at(0));
  routes.failed(OrderRoute::Rest, at(0));
  EXPECT_EQ(routes.choose(at(1)), OrderRoute::Rest);
}

TEST(OrderRoutes, UnderAnyHistoryAWayThatFailedLastIsNotTakenWhileTheOtherAnswers) {
  Rng rng(3);
  OrderRoutes routes({});
  std::int64_t ms = 0;
  for (int n = 0; n < 100'000; ++n) {
    ms += static_cast<std::int64_t>(rng.below(400));
    const auto route = static_cast<OrderRoute>(rng.below(order_route_count));
    const auto other = static_cast<OrderRoute>(1 - static_cast<int>(route));
    const Duration took = milliseconds(1 + static_cast<std::int64_t>(rng.below(50)));
    if (rng.below(4) == 0) {
      routes.failed(route, at(ms));
      routes.answered(other, took, at(ms));
      ASSERT_EQ(routes.choose(at(ms)), other);
    } else if (rng.below(2) == 0) {
      routes.hint(took, at(ms));
    } else {
      routes.answered(route, took, at(ms));
      const OrderRoute chosen = routes.choose(at(ms));
      ASSERT_EQ(chosen, routes.choose(at(ms))) << "asked twice, answered alike";
    }
  }
}

}  // namespace
}  // namespace ats::venues
