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

// A hostile peer's: what is read again and again must not run over simdjson's buffer.
TEST(Json, a_string_may_be_read_any_number_of_times_however_long_it_is) {
  for (const std::size_t length : {10u, 1'000u, 50'000u, 400'000u}) {
    const std::string long_text(length, 'x');
    Json json;
    json::object root;
    ASSERT_TRUE(json.open(R"({"method":")" + long_text + R"(","escaped":"a\"b","n":"12"})", root));
    std::string_view text;
    for (int n = 0; n < 1'000; ++n) {
      ASSERT_TRUE(text_field(root, "method", text));
      ASSERT_EQ(text, long_text);
      ASSERT_TRUE(number_field(root, "n", text));
      ASSERT_EQ(text, "12");
    }
    ASSERT_TRUE(text_field(root, "escaped", text));
    EXPECT_EQ(text, "a\"b");
  }
}

TEST(Json, a_long_string_with_something_escaped_in_it_is_not_read) {
  const std::string long_text(2 * escaped_max, 'x');
  Json json;
  json::object root;
  ASSERT_TRUE(json.open(R"({"escaped":"a\n)" + long_text + R"("})", root));
  std::string_view text;
  EXPECT_FALSE(text_field(root, "escaped", text));
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
