#include "io/gz_input.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <fstream>

namespace ats::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string gzip(std::string_view plain) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&z, plain.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

std::string zstd(std::string_view plain) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), plain.data(), plain.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

class GzInputTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "gz_input_XXXXXX";
    const int fd = ::mkstemp(path_.data());
    ASSERT_GE(fd, 0);
    ::close(fd);
  }
  void TearDown() override { ::unlink(path_.c_str()); }

  void write(std::string_view bytes) {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
  }
  Result<std::string, std::string> all() {
    auto input = GzInput::open(path_);
    if (!input) return fail(input.error());
    std::string text;
    while (true) {
      const auto bytes = (*input)->read();
      if (!bytes) return fail(bytes.error());
      if (bytes->empty()) return text;
      text += *bytes;
    }
  }
  // The lines, and the error that ended them where there was one.
  std::vector<std::string> lines() {
    auto input = GzInput::open(path_);
    EXPECT_TRUE(input.ok());
    LineReader reader(**input);
    std::vector<std::string> found;
    while (true) {
      const auto line = reader.next();
      if (!line) {
        found.push_back("line " + std::to_string(reader.line()) + ": " + line.error());
        return found;
      }
      if (!*line) return found;
      found.emplace_back(**line);
      EXPECT_EQ(reader.line(), found.size());
    }
  }

  std::string path_;
};

// Long and poorly compressible, so that it takes many chunks.
std::string long_text() {
  std::string text;
  std::uint64_t state = 1;
  while (text.size() < 3'000'000) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    text += std::to_string(state) + (state % 7 == 0 ? "\n" : ",");
  }
  return text;
}

TEST_F(GzInputTest, plain_and_gzip_files_give_the_same_bytes) {
  const std::string text = long_text();
  write(text);
  EXPECT_EQ(*all(), text);
  write(gzip(text));
  EXPECT_EQ(*all(), text);
}

TEST_F(GzInputTest, several_members_are_one_file) {
  write(gzip("first\n") + gzip("") + gzip("second\n"));
  EXPECT_EQ(*all(), "first\nsecond\n");
}

TEST_F(GzInputTest, an_empty_file_is_empty_and_one_byte_is_one_byte) {
  write("");
  EXPECT_EQ(*all(), "");
  EXPECT_THAT(lines(), ElementsAre());
  write("\x1f");
  EXPECT_EQ(*all(), "\x1f");
}

TEST_F(GzInputTest, a_cut_gzip_file_is_an_error_wherever_it_was_cut) {
  const std::string packed = gzip("one line\nand another\n");
  for (std::size_t size = 2; size < packed.size(); ++size) {
    write(std::string_view(packed).substr(0, size));
    const auto text = all();
    ASSERT_FALSE(text.ok()) << size;
    EXPECT_THAT(text.error(), HasSubstr("cut")) << size;
  }
}

TEST_F(GzInputTest, a_flipped_bit_never_changes_what_is_read) {
  const std::string text = "1723161254087891268,binance,BTCUSDT,61837.63,3.78,61837.64,1.54\n";
  const std::string packed = gzip(text);
  for (std::size_t at = 0; at < packed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = packed;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      write(damaged);
      const auto read = all();
      if (at < 2) continue;  // without gzip's mark it is a plain file
      EXPECT_TRUE(!read.ok() || *read == text) << at << " " << bit;
    }
  }
}

TEST_F(GzInputTest, bytes_behind_the_end_are_an_error_that_says_where) {
  const std::string packed = gzip("text\n");
  write(packed + "x");
  const auto text = all();
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error(), "damaged at byte " + std::to_string(packed.size()) +
                              ": something stands behind the gzip data");
}

TEST_F(GzInputTest, lines_end_with_lf_or_cr_lf_and_the_last_one_needs_none) {
  write("a\r\n\nb c\nlast");
  EXPECT_THAT(lines(), ElementsAre("a", "", "b c", "last"));
  write("a\n");
  EXPECT_THAT(lines(), ElementsAre("a"));
}

TEST_F(GzInputTest, lines_are_whole_across_chunks) {
  const std::string text = long_text();
  write(gzip(text));
  std::string joined;
  for (const std::string& line : lines()) joined += line + "\n";
  joined.pop_back();
  EXPECT_EQ(joined, text);
}

TEST_F(GzInputTest, an_error_names_the_line_it_hit) {
  const std::string packed = gzip("one\ntwo\nthree\n");
  write(packed.substr(0, packed.size() - 1));
  EXPECT_THAT(lines().back(), HasSubstr("line 4: damaged at byte"));
}

TEST_F(GzInputTest, what_is_no_file_is_an_error) {
  EXPECT_THAT(GzInput::open("no/such/file").error(), HasSubstr("cannot be opened"));
  EXPECT_THAT(GzInput::open(".").error(), HasSubstr("is a folder"));
}

TEST_F(GzInputTest, ZstdIsReadAsGzipIs) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += std::to_string(std::int64_t{7919} * i) + "\n";
  write(zstd(text));
  // Compared as a whole: a difference of that many lines is not to be printed.
  const auto expect_same = [this](const std::string& expected) {
    const auto got = all();
    ASSERT_TRUE(got.ok()) << got.error();
    EXPECT_EQ(got->size(), expected.size());
    EXPECT_TRUE(*got == expected);
  };
  expect_same(text);
  write(zstd(text) + zstd("and more\n"));
  expect_same(text + "and more\n");
  // One long run unpacks to far more than it takes.
  const std::string run(50'000'000, 'x');
  write(zstd(run));
  expect_same(run);
}

TEST_F(GzInputTest, ZstdThatWasCutOrChangedIsAnError) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string packed = zstd(text);
  for (const std::size_t size : {std::size_t{5}, packed.size() / 2, packed.size() - 1}) {
    write(packed.substr(0, size));
    EXPECT_THAT(all().error(), HasSubstr("zstd data ends too early")) << size;
  }
  for (std::size_t at = 5; at < packed.size(); at += 97) {
    std::string bad = packed;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    write(bad);
    EXPECT_THAT(all().error(), HasSubstr("damaged at byte")) << at;
  }
  write(packed + "something else");
  EXPECT_THAT(all().error(), HasSubstr("damaged at byte"));
}

}  // namespace
}  // namespace ats::io
