#include "venues/json_write.hpp"

#include <gtest/gtest.h>

namespace ats::venues {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

TEST(JsonWrite, quotesAndEscapesWhatJsonAsksFor) {
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("plain ~ text"), R"("plain ~ text")");
  EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quoted(std::string_view("\0\x1f\n", 3)), R"("\u0000\u001f\u000a")");
  EXPECT_EQ(quoted("\xed\x95\x9c\x7f"), "\"\xed\x95\x9c\x7f\"");
}

// Eight bytes are looked at together: every byte at every place, beside a look at each alone.
TEST(JsonWrite, seesEveryByteThatHasToBeEscapedWhereverItStands) {
  for (std::size_t size = 1; size <= 25; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        for (const char around : {' ', 'z', '\x80', '\xff'}) {
          std::string text(size, around);
          text[at] = static_cast<char>(byte);
          const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
          ASSERT_EQ(stands_as_it_is(text), plain) << size << ' ' << at << ' ' << byte;
        }
      }
    }
  }
}

TEST(JsonWrite, writesObjectsAndListsInTheOrderTold) {
  EXPECT_EQ(JsonObject().done(), "{}");
  EXPECT_EQ(JsonObject(64).text("a", "1").number("b", -2).flag("c", true).raw("d", "[]").done(),
            R"({"a":"1","b":-2,"c":true,"d":[]})");
  EXPECT_EQ(JsonList().raw("1").text("x").done(), R"([1,"x"])");
}

}  // namespace
}  // namespace ats::venues
