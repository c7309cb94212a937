#include "services/lease_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace ats::services {
namespace {

using ::testing::HasSubstr;

LimitScope drawn_scope(Rng& rng) {
  LimitScope scope;
  switch (rng.below(5)) {
    case 0:
      scope.venue = Text<15>("kraken");
      break;
    case 1:
      scope.venue = Text<15>("bitfinex"), scope.asset = Text<15>("BTC");
      break;
    case 2:
      scope.pair = Text<31>("BTC/USDT");
      break;
    case 3:
      scope.strategy = static_cast<Strategy>(rng.below(strategy_count));
      break;
    default:
      break;
  }
  return scope;
}

// With up to eighteen digits behind the point, of either sign.
Decimal drawn_amount(Rng& rng) {
  std::string text = rng.one_in(2) ? "-" : "";
  text += std::to_string(rng.below(1'000'000'000)) + ".";
  const std::uint64_t digits = 1 + rng.below(18);
  for (std::uint64_t n = 0; n < digits; ++n) text += static_cast<char>('0' + rng.below(10));
  return Decimal::of(text);
}

TEST(LeaseMessages, AQuestionComesOverTheWireAsItWas) {
  Rng rng(1);
  for (int n = 0; n < 500; ++n) {
    LeaseQuestion question;
    question.asked.engine = EngineName("east-" + std::to_string(n));
    question.asked.asked = Instant{static_cast<std::int64_t>(rng.next() >> 1)};
    question.asked.held = rng.next();
    question.asked.live = rng.one_in(2);
    question.asked.profit_known = rng.one_in(2);
    if (question.asked.profit_known) question.asked.profit = drawn_amount(rng);
    for (std::uint64_t u = rng.below(40); u > 0; --u) {
      LeaseUse use{
          static_cast<LimitKind>(rng.below(limit_kind_count)), drawn_scope(rng), false, {}};
      use.known = rng.one_in(2);
      if (use.known) use.value = drawn_amount(rng);
      question.uses.push_back(use);
    }
    question.asked.holdings = rng.one_in(2);
    if (question.asked.holdings) {
      question.asked.left_out = static_cast<std::uint32_t>(rng.below(10));
      for (std::uint64_t p = rng.below(20); p > 0; --p) {
        LeasePosition position;
        position.venue = Text<15>("kraken");
        position.asset = Text<15>("A" + std::to_string(p));
        position.held = drawn_amount(rng);
        position.traded = drawn_amount(rng);
        position.marked = rng.one_in(2);
        if (position.marked) {
          position.fresh = rng.one_in(2);
          position.mark = drawn_amount(rng);
          position.worth = drawn_amount(rng);
        }
        question.positions.push_back(position);
      }
    }
    v1::LeaseRequest sent, received;
    fill(sent, question);
    ASSERT_TRUE(received.ParseFromString(sent.SerializeAsString()));
    const auto again = question_of(received);
    ASSERT_TRUE(again.ok()) << again.error();
    EXPECT_EQ(again->asked.engine, question.asked.engine);
    EXPECT_EQ(again->asked.asked, question.asked.asked);
    EXPECT_EQ(again->asked.held, question.asked.held);
    EXPECT_EQ(again->asked.live, question.asked.live);
    EXPECT_EQ(again->asked.profit_known, question.asked.profit_known);
    EXPECT_EQ(again->asked.profit, question.asked.profit);
    EXPECT_EQ(again->uses, question.uses);
    EXPECT_EQ(again->asked.holdings, question.asked.holdings);
    EXPECT_EQ(again->asked.left_out, question.asked.left_out);
    EXPECT_EQ(again->positions, question.positions);
  }
}

TEST(LeaseMessages, AnAnswerComesOverTheWireAsItWas) {
  Rng rng(2);
  for (int n = 0; n < 500; ++n) {
    LeaseAnswer answer;
    answer.granted.version = 1 + (rng.next() >> 1);
    answer.granted.asked = Instant{static_cast<std::int64_t>(rng.next() >> 1)};
    answer.granted.valid_for = Duration{static_cast<std::int64_t>(rng.below(86'400'000'000'000))};
    for (std::uint64_t s = rng.below(40); s > 0; --s) {
      answer.shares.push_back({static_cast<LimitKind>(rng.below(limit_kind_count)),
                               drawn_scope(rng), drawn_amount(rng)});
    }
    for (std::uint64_t h = rng.below(5); h > 0; --h) {
      answer.holds.push_back({drawn_scope(rng),
                              rng.one_in(2) ? RiskState::Halted : RiskState::ReduceOnly,
                              rng.one_in(2), rng.one_in(2)});
    }
    v1::LeaseResponse sent, received;
    fill(sent, answer);
    ASSERT_TRUE(received.ParseFromString(sent.SerializeAsString()));
    const auto again = answer_of(received);
    ASSERT_TRUE(again.ok()) << again.error();
    EXPECT_EQ(again->granted.version, answer.granted.version);
    EXPECT_EQ(again->granted.asked, answer.granted.asked);
    EXPECT_EQ(again->granted.valid_for, answer.granted.valid_for);
    EXPECT_EQ(again->shares, answer.shares);
    EXPECT_EQ(again->holds, answer.holds);
  }
}

TEST(LeaseMessages, WhatMakesNoSenseIsRefusedByTheNameOfItsField) {
  v1::LeaseRequest request;
  EXPECT_THAT(question_of(request).error(), HasSubstr("engine"));
  request.set_engine(std::string(32, 'x'));
  EXPECT_THAT(question_of(request).error(), HasSubstr("engine"));
  request.set_engine("east");
  request.set_profit("1e5x");
  EXPECT_THAT(question_of(request).error(), HasSubstr("profit: not a decimal: '1e5x'"));
  request.set_profit("-1000000000000001");
  EXPECT_THAT(question_of(request).error(), HasSubstr("profit: more than 1000000000000000"))
      << "sums of what engines tell must fit";
  request.set_profit("-12.5");
  v1::LeaseUse& use = *request.add_uses();
  use.set_limit("order_speed");
  EXPECT_THAT(question_of(request).error(), HasSubstr("there is no 'order_speed'"));
  use.set_limit("order_rate");
  use.mutable_scope()->set_venue("a-venue-with-a-long-name");
  EXPECT_THAT(question_of(request).error(), HasSubstr("scope.venue"));
  use.mutable_scope()->set_venue("");
  use.mutable_scope()->set_strategy("hope");
  EXPECT_THAT(question_of(request).error(), HasSubstr("there is no 'hope'"));
  use.mutable_scope()->set_strategy("maker");
  use.set_value("many");
  EXPECT_THAT(question_of(request).error(), HasSubstr("value: not a decimal"));
  use.set_value("3");
  v1::LeasePosition& position = *request.mutable_holdings()->add_positions();
  EXPECT_THAT(question_of(request).error(), HasSubstr("holdings: venue"));
  position.set_venue("kraken");
  EXPECT_THAT(question_of(request).error(), HasSubstr("holdings: asset"));
  position.set_asset("BTC");
  EXPECT_THAT(question_of(request).error(), HasSubstr("held: not a decimal"));
  position.set_held("1"), position.set_traded("0.5");
  position.mutable_mark()->set_price("much");
  EXPECT_THAT(question_of(request).error(), HasSubstr("mark.price: not a decimal: 'much'"));
  position.mutable_mark()->set_price("60000"), position.mutable_mark()->set_worth("60000");
  ASSERT_TRUE(question_of(request).ok());
  for (std::size_t n = 0; n < lease_positions_max; ++n)
    *request.mutable_holdings()->add_positions() = position;
  EXPECT_THAT(question_of(request).error(), HasSubstr("up to 1024 positions"));

  v1::LeaseResponse response;
  EXPECT_THAT(answer_of(response).error(), HasSubstr("version"));
  response.set_version(1);
  response.mutable_valid_for()->set_seconds(-1);
  EXPECT_THAT(answer_of(response).error(), HasSubstr("valid_for"));
  response.mutable_valid_for()->set_seconds(3);
  v1::LeaseShare& share = *response.add_shares();
  share.set_limit("order_rate");
  EXPECT_THAT(answer_of(response).error(), HasSubstr("bound: not a decimal"));
  share.set_bound("10");
  v1::Hold& hold = *response.add_holds();
  EXPECT_THAT(answer_of(response).error(), HasSubstr("holds: state"));
  hold.set_state(v1::RISK_STATE_ACTIVE);
  EXPECT_THAT(answer_of(response).error(), HasSubstr("holds: state"));
  hold.set_state(v1::RISK_STATE_HALTED);
  EXPECT_TRUE(answer_of(response).ok());
}

}  // namespace
}  // namespace ats::services
