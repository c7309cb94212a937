#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/rng.hpp"

namespace ats {
namespace {

TEST(Bytes, AreLittleEndianWithoutPadding) {
  std::string out;
  ByteWriter writer(out);
  writer.u8(0x01);
  writer.u16(0x0302);
  writer.u32(0x07060504);
  writer.u64(0x0F0E0D0C0B0A0908);
  writer.text("ab");
  EXPECT_EQ(out, std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x02\x00"
                             "ab",
                             19));
  out.clear();
  writer.i64(-2);
  EXPECT_EQ(out, "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  out.clear();
  writer.i128(Int128{1} << 120);
  EXPECT_EQ(out, std::string(15, '\0') + "\x01");
}

TEST(Bytes, ReadBackWhatWasWritten) {
  std::vector<std::byte> out;
  ByteWriter writer(out);
  writer.u8(255);
  writer.u16(65535);
  writer.u32(4'000'000'000);
  writer.u64(std::numeric_limits<std::uint64_t>::max());
  writer.i64(std::numeric_limits<std::int64_t>::min());
  writer.i128(Decimal::of("-170141183460469231731.687303715884105728").raw());
  writer.text("");
  writer.text(std::string(65535, 'x'));
  const std::vector<std::byte> three(3, std::byte{7});
  writer.raw(three);

  ByteReader reader(out);
  EXPECT_EQ(reader.u8(), 255);
  EXPECT_EQ(reader.u16(), 65535);
  EXPECT_EQ(reader.u32(), 4'000'000'000);
  EXPECT_EQ(reader.u64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.i64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Decimal::from_raw(reader.i128()).to_string(),
            "-170141183460469231731.687303715884105728");
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.text(), std::string(65535, 'x'));
  EXPECT_EQ(reader.remaining(), 3u);
  EXPECT_FALSE(reader.finished());
  const auto tail = reader.raw(3);
  EXPECT_EQ(std::vector<std::byte>(tail.begin(), tail.end()), three);
  EXPECT_TRUE(reader.finished());
}

TEST(Bytes, TextLongerThanItsLengthFieldBreaks) {
  std::string out;
  ByteWriter writer(out);
  EXPECT_DEATH(writer.text(std::string(65536, 'x')), "invariant broken");
}

TEST(Bytes, ReadingPastTheEndFailsOnceAndForAll) {
  ByteReader reader(std::string_view("\x01\x02\x03", 3));
  EXPECT_EQ(reader.u16(), 0x0201);
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_TRUE(reader.failed());
  // one byte was left, but after a failure nothing is read any more
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.i64(), 0);
  EXPECT_TRUE(reader.i128() == 0);
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.raw(0).empty());
  EXPECT_TRUE(reader.failed());
  EXPECT_FALSE(reader.finished());
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(Bytes, ATextWhoseLengthLiesFails) {
  ByteReader reader(
      std::string_view("\xFF\xFF"
                       "abc",
                       5));
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.failed());
}

TEST(Bytes, NothingAtAllIsFinishedUntilItIsRead) {
  ByteReader reader(std::string_view{});
  EXPECT_TRUE(reader.finished());
  EXPECT_EQ(reader.u8(), 0);
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
    writer.u64(number);
    writer.text(text);
    writer.i64(-1);
    const std::string cut = out.substr(0, rng.below(out.size()));
    ByteReader reader{std::string_view(cut)};
    const std::uint64_t read = reader.u64();
    ASSERT_TRUE(read == number || read == 0) << seed;
    const std::string_view read_text = reader.text();
    ASSERT_TRUE(read_text == text || read_text.empty()) << seed;
    ASSERT_EQ(reader.i64(), 0) << seed;
    ASSERT_TRUE(reader.failed()) << seed;
  }
}

}  // namespace
}  // namespace ats
