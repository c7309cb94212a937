#include "venues/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ats::venues {
namespace {

std::string nested(std::size_t levels, const char* open, const char* close, const char* inmost) {
  std::string text;
  for (std::size_t n = 0; n < levels; ++n) text += open;
  text += inmost;
  for (std::size_t n = 0; n < levels; ++n) text += close;
  return text;
}

TEST(Json, what_nests_deeper_than_any_venue_does_is_refused) {
  Json json;
  EXPECT_TRUE(json.open(nested(63, "[", "]", "1")));
  EXPECT_FALSE(json.open(nested(64, "[", "]", "1")));
  EXPECT_TRUE(json.open(nested(63, R"({"a":)", "}", "1")));
  EXPECT_FALSE(json.open(nested(64, R"({"a":)", "}", "1")));
  EXPECT_FALSE(json.open(nested(20'000, "[", "]", "1")));
  EXPECT_FALSE(json.open(nested(20'000, R"({"a":)", "}", "1")));
  EXPECT_TRUE(json.open(R"({"sound":[1,2.5,"x",true,null]})")) << "and the next one is read";
}

TEST(Json, the_whole_text_is_one_document_or_nothing) {
  Json json;
  EXPECT_FALSE(json.open(""));
  EXPECT_FALSE(json.open("17"));
  EXPECT_FALSE(json.open("[1] x"));
  EXPECT_FALSE(json.open("[01]"));
  EXPECT_FALSE(json.open("[1"));
  EXPECT_TRUE(json.open(" [1] "));
}

}  // namespace
}  // namespace ats::venues
