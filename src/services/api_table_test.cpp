#include "services/api_table.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <set>

namespace ats::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(ApiTable, FindsAMethodByItsPathAndTakesTheFieldsOutOfIt) {
  const ApiMatch found = find_api_method("POST", "/api/v1/alerts/42/acknowledge");
  ASSERT_NE(found.method, nullptr);
  EXPECT_EQ(found.method->rpc, "ats.v1.Risk.AcknowledgeAlert");
  EXPECT_THAT(found.fields, ElementsAre(Pair("number", "42")));
  EXPECT_THAT(find_api_method("POST", "/api/v1/engines/a%20b/write-off").fields,
              ElementsAre(Pair("engine", "a b")));
  EXPECT_EQ(find_api_method("GET", "/api/v1/books").method->rpc, "ats.v1.Engine.ListBooks");
}

TEST(ApiTable, APathThatThereIsNotIsNotAVerbThatThereIsNot) {
  EXPECT_EQ(find_api_method("GET", "/api/v1/alerts/acknowledge").allowed, "");
  EXPECT_EQ(find_api_method("GET", "/api/v1/alerts//acknowledge").allowed, "");
  EXPECT_EQ(find_api_method("GET", "/api/v1/books/").allowed, "");
  EXPECT_EQ(find_api_method("GET", "/api/v1/engines/%zz/write-off").allowed, "");
  const ApiMatch wrong = find_api_method("DELETE", "/api/v1/limits");
  EXPECT_EQ(wrong.method, nullptr);
  EXPECT_EQ(wrong.allowed, "GET, POST");
}

TEST(ApiTable, EveryMethodIsOfAServiceAndAskedForWithWhatItsRequestHas) {
  for (const ApiMethod& method : api_methods()) {
    ASSERT_NE(api_request_of(method.rpc), nullptr) << method.rpc;
    if (!method.acts()) continue;
    const auto request = request_of_body(method.rpc, "", {}, {"alice", "key-1"});
    ASSERT_TRUE(request.ok()) << method.rpc;
    EXPECT_THAT(json_of(**request), testing::AllOf(HasSubstr("alice"), HasSubstr("key-1")))
        << method.rpc;
  }
}

TEST(ApiTable, WhatActsTakesMoreThanTheRightToLook) {
  for (const ApiMethod& method : api_methods())
    EXPECT_EQ(method.acts(), method.permission != security::Permission::View &&
                                 method.permission != security::Permission::Configuration)
        << method.path;
}

TEST(ApiTable, EveryTopicCanBeAskedForAndReadIntoRows) {
  for (const ApiTopic& topic : api_topics()) {
    EXPECT_TRUE(request_of_query(topic.rpc, topic.query).ok()) << topic.name;
    const std::size_t rows = rows_of(*api_answer_of(topic.rpc), topic.rule).size();
    EXPECT_EQ(rows, topic.rule.rows.empty() ? 1U : 0U) << topic.name;
  }
  const auto ladder = find_api_topic("ladder/kraken/BTC/USDT");
  ASSERT_TRUE(ladder);
  EXPECT_THAT(ladder->query, testing::Contains(Pair("pair", "BTC/USDT")));
  EXPECT_FALSE(find_api_topic("ladder/kraken"));
  EXPECT_FALSE(find_api_topic("ladder//BTC"));
  EXPECT_FALSE(find_api_topic("nothing"));
}

TEST(ApiDocument, TellsOfEveryMethodAndOfWhatEachTakes) {
  const json document = json::parse(openapi_document("1.2.3"));
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  for (const ApiMethod& method : api_methods()) {
    std::string verb(method.verb);
    for (char& c : verb) c = static_cast<char>(std::tolower(c));
    const json& operation = document["paths"][std::string(method.path)][verb];
    EXPECT_EQ(operation["x-ats-rpc"], method.rpc);
    EXPECT_EQ(operation["x-ats-permission"], security::name(method.permission));
  }
  EXPECT_EQ(document["paths"]["/api/v1/books"]["get"]["parameters"][2]["name"], "depth");
  EXPECT_EQ(document["components"]["schemas"]["Book"]["properties"]["bids"]["type"], "array");
}

TEST(ApiDocument, EverythingItRefersToIsInIt) {
  const json document = json::parse(openapi_document("1"));
  std::set<std::string> named;
  const std::function<void(const json&)> look = [&](const json& at) {
    if (at.is_object() && at.contains("$ref") && at["$ref"].is_string()) named.insert(at["$ref"]);
    if (at.is_structured()) {
      for (const json& inner : at) look(inner);
    }
  };
  look(document);
  EXPECT_GT(named.size(), 20U);
  for (const std::string& one : named)
    EXPECT_TRUE(document.contains(json::json_pointer(one.substr(1)))) << one;
}

}  // namespace
}  // namespace ats::services
