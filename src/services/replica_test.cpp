#include "services/replica.hpp"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/rng.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

Instant at(std::int64_t ms) { return {ms * 1'000'000}; }

// A page: what it holds after the updates it was given.
struct Reader {
  std::map<std::string, json> rows;
  std::uint64_t seen = 0;
  bool last_was_whole = false;

  bool follow(const Topic& topic) {
    const auto update = topic.since(seen);
    if (!update) return false;
    const json told = json::parse("{" + *update + "}");
    last_was_whole = told["snapshot"];
    if (last_was_whole) rows.clear();
    for (const auto& [key, row] : told["rows"].items()) rows[key] = row;
    for (const json& key : told["gone"]) rows.erase(key.get<std::string>());
    seen = topic.version();
    return true;
  }
};

// Reads the topic from a table of key to value.
bool read(Topic& topic, const std::map<std::string, int>& table, Instant now = at(0)) {
  std::vector<ReadRow> rows;
  std::vector<int> values;
  for (const auto& [key, value] : table) {
    rows.push_back({key, std::to_string(value), {}});
    values.push_back(value);
  }
  return topic.read(
      rows, [&](std::size_t n) { return std::to_string(values[n]); }, now);
}

TEST(Topic, TellsAReaderEverythingFirstAndThenWhatChanged) {
  Topic topic;
  EXPECT_EQ(topic.since(0), std::nullopt);
  EXPECT_TRUE(read(topic, {{"a", 1}, {"b", 2}}));
  EXPECT_EQ(topic.since(0), R"("snapshot":true,"rows":{"a":1,"b":2},"gone":[])");
  EXPECT_FALSE(read(topic, {{"a", 1}, {"b", 2}}));
  EXPECT_EQ(topic.since(1), std::nullopt);
  EXPECT_TRUE(read(topic, {{"a", 1}, {"c", 3}}));
  EXPECT_EQ(topic.since(1), R"("snapshot":false,"rows":{"c":3},"gone":["b"])");
}

TEST(Topic, IsReadEvenWhereThereIsNothingInIt) {
  Topic topic;
  EXPECT_TRUE(read(topic, {}));
  EXPECT_EQ(topic.since(0), R"("snapshot":true,"rows":{},"gone":[])");
}

TEST(Topic, AReaderHoldsWhatTheTopicHoldsHoweverSeldomItReads) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rng rng(seed);
    Topic topic;
    Reader eager, lazy;
    std::map<std::string, int> table;
    for (int step = 0; step < 400; ++step) {
      for (int changes = static_cast<int>(rng.below(30)); changes > 0; --changes) {
        const std::string key = "k" + std::to_string(rng.below(60));
        if (rng.below(3) == 0) {
          table.erase(key);
        } else {
          table[key] = static_cast<int>(rng.below(4));
        }
      }
      read(topic, table);
      eager.follow(topic);
      if (rng.below(40) == 0) lazy.follow(topic);
    }
    lazy.follow(topic);
    std::map<std::string, json> is;
    for (const auto& [key, value] : table) is[key] = value;
    EXPECT_EQ(eager.rows, is) << "seed " << seed;
    EXPECT_EQ(lazy.rows, is) << "seed " << seed;
  }
}

TEST(Topic, AReaderThatIsTooFarBackGetsAllAnew) {
  Topic topic;
  read(topic, {{"stays", 1}, {"x", 1}});
  Reader reader;
  reader.follow(topic);
  std::map<std::string, int> many{{"stays", 1}};
  for (std::size_t n = 0; n <= Topic::gone_most; ++n) many["m" + std::to_string(n)] = 1;
  read(topic, many);
  read(topic, {{"stays", 1}});
  EXPECT_TRUE(reader.follow(topic));
  EXPECT_TRUE(reader.last_was_whole);
  EXPECT_EQ(reader.rows, (std::map<std::string, json>{{"stays", 1}}));
}

TEST(Topic, AnAgeThatGrowsAsTimeDoesIsNoNews) {
  Topic topic;
  const auto age = [&](std::int64_t ms, Instant now) {
    return topic.read(
        {{"book", "same", {ms * 1'000'000}}}, [](std::size_t) { return "1"; }, now);
  };
  EXPECT_TRUE(age(100, at(0)));
  EXPECT_FALSE(age(4'100, at(4'000)));
  EXPECT_FALSE(age(9'000, at(8'000)));  // 0.9 s more than that is within what is let pass
  EXPECT_TRUE(age(10, at(9'000)));      // it was heard of
  EXPECT_TRUE(age(3'000, at(9'500)));
}

TEST(Topic, KeysAreWrittenAsJsonWhateverIsInThem) {
  Topic topic;
  read(topic, {{"a\"b\\\n\xff", 1}});
  EXPECT_NO_THROW(std::ignore = json::parse("{" + *topic.since(0) + "}"));
}

TEST(Topic, OfASeriesTheOldestGo) {
  Topic topic;
  for (int n = 0; n < 10; ++n) topic.add(std::to_string(n), std::to_string(n));
  EXPECT_FALSE(topic.add("9", "9"));
  topic.keep(3);
  EXPECT_EQ(topic.since(0), R"("snapshot":true,"rows":{"7":7,"8":8,"9":9},"gone":[])");
}

}  // namespace
}  // namespace ats::services
