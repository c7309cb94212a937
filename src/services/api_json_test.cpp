#include "services/api_json.hpp"

#include <ats/v1/engine.pb.h>
#include <ats/v1/risk.pb.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace ats::services {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* halt = "ats.v1.Risk.Halt";
constexpr const char* books = "ats.v1.Engine.ListBooks";

template <class Message>
const Message& as(const Result<ApiMessage, std::string>& read) {
  return dynamic_cast<const Message&>(**read);
}

TEST(ApiJson, AQueryBecomesARequest) {
  const auto query = parse_query("venue=kraken&pair=BTC%2FUSDT&depth=5");
  ASSERT_TRUE(query);
  const auto read = request_of_query(books, *query);
  ASSERT_TRUE(read) << read.error();
  const auto& request = as<v1::ListBooksRequest>(read);
  EXPECT_EQ(request.venue(), "kraken");
  EXPECT_EQ(request.pair(), "BTC/USDT");
  EXPECT_EQ(request.depth(), 5U);
}

TEST(ApiJson, WhatIsNoParameterIsToldWithThoseThatThereAre) {
  EXPECT_THAT(request_of_query(books, {{"colour", "red"}}).error(),
              testing::AllOf(HasSubstr("colour"), HasSubstr("venue, pair, depth")));
  EXPECT_FALSE(request_of_query(books, {{"depth", "many"}}));
  EXPECT_FALSE(request_of_query(books, {{"depth", "-1"}}));
  EXPECT_FALSE(request_of_query("ats.v1.Risk.ListAlerts", {{"all", "yes"}}));
  EXPECT_FALSE(parse_query("a=%z1"));
  EXPECT_FALSE(parse_query("a=%1"));
}

TEST(ApiJson, WhoActsIsWhoIsSignedInWhateverTheBodySays) {
  const auto read = request_of_body(
      halt,
      R"({"scope":{"venue":"kraken"},"mode":"AT_ONCE","caller":{"who":"root","reason":"odd","requestId":"9"}})",
      {}, {"alice", "key-1"});
  ASSERT_TRUE(read) << read.error();
  const auto& request = as<v1::HaltRequest>(read);
  EXPECT_EQ(request.caller().who(), "alice");
  EXPECT_EQ(request.caller().request_id(), "key-1");
  EXPECT_EQ(request.caller().reason(), "odd");
  EXPECT_EQ(request.scope().venue(), "kraken");
  EXPECT_EQ(request.mode(), v1::HaltRequest::AT_ONCE);
}

TEST(ApiJson, ABodyThatIsNoneOrHasMoreThanTheMessageIsRefused) {
  EXPECT_FALSE(request_of_body(halt, "[]", {}, {"a", "1"}));
  EXPECT_FALSE(request_of_body(halt, "{", {}, {"a", "1"}));
  EXPECT_FALSE(request_of_body(halt, R"({"everything":true})", {}, {"a", "1"}));
  EXPECT_FALSE(request_of_body(halt, R"({"mode":"SOMEHOW"})", {}, {"a", "1"}));
  EXPECT_FALSE(request_of_body(halt, R"({"caller":{"reason":7}})", {}, {"a", "1"}));
}

TEST(ApiJson, DefaultsAreWrittenAndWhatIsAbsentIsNot) {
  v1::Position position;
  position.set_venue("kraken");
  const json told = json::parse(json_of(position));
  EXPECT_EQ(told["held"], "");
  EXPECT_EQ(told["fresh"], false);
  EXPECT_FALSE(told.contains("worth"));
}

TEST(ApiJson, RowsHaveKeysAndTheirAgesAreApart) {
  v1::ListBooksResponse answer;
  for (const char* venue : {"binance", "kraken"}) {
    auto& book = *answer.add_books();
    book.set_venue(venue);
    book.set_pair("BTC/USDT");
    book.mutable_age()->set_seconds(2);
    book.mutable_age()->set_nanos(5);
  }
  const RowRule rule{"books", {"venue", "pair"}, {"age"}};
  const auto rows = rows_of(answer, rule);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].key, "binance BTC/USDT");
  EXPECT_THAT(rows[0].running, testing::ElementsAre(2'000'000'005));
  answer.mutable_books(0)->mutable_age()->set_seconds(9);
  EXPECT_EQ(rows_of(answer, rule)[0].identity, rows[0].identity);
  EXPECT_EQ(json::parse(row_json(answer, rule, 0))["age"], "9.000000005s");
}

TEST(ApiJson, LegsAndScopesAreSpelledOutInKeys) {
  v1::ListOpportunitiesResponse edges;
  auto& edge = *edges.add_opportunities();
  edge.set_strategy("two_leg");
  for (const char* venue : {"kraken", "binance"}) {
    auto& leg = *edge.add_legs();
    leg.set_venue(venue);
    leg.set_pair("BTC/USDT");
  }
  EXPECT_EQ(rows_of(edges, {"opportunities", {"strategy", "legs"}, {}})[0].key,
            "two_leg kraken:BTC/USDT binance:BTC/USDT");
  v1::ListLimitsResponse limits;
  auto& limit = *limits.add_limits();
  limit.set_name("order_rate");
  limit.mutable_scope()->set_venue("kraken");
  EXPECT_EQ(rows_of(limits, {"limits", {"name", "scope"}, {}})[0].key, "order_rate kraken");
}

}  // namespace
}  // namespace ats::services
