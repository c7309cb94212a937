#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/rng.hpp"

namespace ats {
namespace {

TEST(Bytes, AreLittleEndianWithoutPadding) {
  std::string out;
  ByteWriter writer(out);
  writer.value(std::uint8_t{0x01});
  writer.value(std::uint16_t{0x0302});
  writer.value(std::uint32_t{0x07060504});
  writer.value(std::uint64_t{0x0F0E0D0C0B0A0908});
  writer.text("ab");
  EXPECT_EQ(out, std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x02"
                             "ab",
                             18));
  out.clear();
  writer.value(std::int64_t{-2});
  EXPECT_EQ(out, "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  out.clear();
  writer.value(Int128{1} << 120);
  EXPECT_EQ(out, std::string(15, '\0') + "\x01");
}

TEST(Bytes, ReadBackWhatWasWritten) {
  std::vector<std::byte> out;
  ByteWriter writer(out);
  writer.value(std::uint8_t{255});
  writer.value(std::uint16_t{65535});
  writer.value(std::uint32_t{4'000'000'000});
  writer.value(std::uint64_t{std::numeric_limits<std::uint64_t>::max()});
  writer.value(std::int64_t{std::numeric_limits<std::int64_t>::min()});
  writer.value(Decimal::of("-170141183460469231731.687303715884105728").raw());
  writer.text("");
  writer.text(std::string(255, 'x'));
  const std::vector<std::byte> three(3, std::byte{7});
  writer.raw(three);

  ByteReader reader(out);
  EXPECT_EQ(reader.value<std::uint8_t>(), 255);
  EXPECT_EQ(reader.value<std::uint16_t>(), 65535);
  EXPECT_EQ(reader.value<std::uint32_t>(), 4'000'000'000);
  EXPECT_EQ(reader.value<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.value<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Decimal::from_raw(reader.value<Int128>()).to_string(),
            "-170141183460469231731.687303715884105728");
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.text(), std::string(255, 'x'));
  EXPECT_EQ(reader.remaining(), 3u);
  EXPECT_FALSE(reader.finished());
  const auto tail = reader.raw(3);
  EXPECT_EQ(std::vector<std::byte>(tail.begin(), tail.end()), three);
  EXPECT_TRUE(reader.finished());
}

TEST(Bytes, TextLongerThanItsLengthFieldBreaks) {
  std::string out;
  ByteWriter writer(out);
  EXPECT_DEATH(writer.text(std::string(256, 'x')), "invariant broken");
}

TEST(Bytes, ReadingPastTheEndFailsOnceAndForAll) {
  ByteReader reader(std::string_view("\x01\x02\x03", 3));
  EXPECT_EQ(reader.value<std::uint16_t>(), 0x0201);
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.value<std::uint32_t>(), 0u);
  EXPECT_TRUE(reader.failed());
  // one byte was left, but after a failure nothing is read any more
  EXPECT_EQ(reader.value<std::uint8_t>(), 0);
  EXPECT_EQ(reader.value<std::int64_t>(), 0);
  EXPECT_TRUE(reader.value<Int128>() == 0);
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.raw(0).empty());
  EXPECT_TRUE(reader.failed());
  EXPECT_FALSE(reader.finished());
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(Bytes, ATextWhoseLengthLiesFails) {
  ByteReader reader(
      std::string_view("\xFF"
                       "abc",
                       4));
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.failed());
}

TEST(Bytes, NothingAtAllIsFinishedUntilItIsRead) {
  ByteReader reader(std::string_view{});
  EXPECT_TRUE(reader.finished());
  EXPECT_EQ(reader.value<std::uint8_t>(), 0);
  EXPECT_TRUE(reader.failed());
}

TEST(Bytes, RecordsCutAnywhereFailAndNeverInvent) {
  const std::uint64_t seed = 20270;
  Rng rng(seed);
  for (int i = 0; i < 2'000; ++i) {
    std::string out;
    ByteWriter writer(out);
    const std::uint64_t number = rng.next();
    const std::string text(rng.below(20), 'x');
    writer.value(std::uint64_t{number});
    writer.text(text);
    writer.value(std::int64_t{-1});
    const std::string cut = out.substr(0, rng.below(out.size()));
    ByteReader reader{std::string_view(cut)};
    const std::uint64_t read = reader.value<std::uint64_t>();
    ASSERT_TRUE(read == number || read == 0) << seed;
    const std::string_view read_text = reader.text();
    ASSERT_TRUE(read_text == text || read_text.empty()) << seed;
    ASSERT_EQ(reader.value<std::int64_t>(), 0) << seed;
    ASSERT_TRUE(reader.failed()) << seed;
  }
}

}  // namespace
}  // namespace ats
