#include "base/crc32.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.hpp"

namespace ats {
namespace {

// The definition, bit by bit.
std::uint32_t by_bits(std::string_view bytes, std::uint32_t polynomial) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
  }
  return ~crc;
}

TEST(Crc32, GivesThePublishedChecksums) {
  EXPECT_EQ(crc32(""), 0u);
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc32("The quick brown fox jumps over the lazy dog"), 0x414FA339u);
  EXPECT_EQ(crc32(std::string(32, '\0')), 0x190A55ADu);
}

// RFC 3720, appendix B.4
TEST(Crc32c, GivesThePublishedChecksums) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  std::string up;
  std::string down;
  for (int i = 0; i < 32; ++i) {
    up += static_cast<char>(i);
    down += static_cast<char>(31 - i);
  }
  EXPECT_EQ(crc32c(up), 0x46DD794Eu);
  EXPECT_EQ(crc32c(down), 0x113FDB5Cu);
}

TEST(Crc32, EveryLengthAndEveryCutGiveTheDefinitionsChecksum) {
  const std::uint64_t seed = 20271;
  Rng rng(seed);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(rng.below(256));
    const auto ieee = by_bits(bytes, 0xEDB88320u);
    const auto castagnoli = by_bits(bytes, 0x82F63B78u);
    ASSERT_EQ(crc32(bytes), ieee) << size << " seed " << seed;
    ASSERT_EQ(detail::crc32_by_table(std::as_bytes(std::span(bytes)), 0), ieee) << size;
    ASSERT_EQ(crc32c(bytes), castagnoli) << size << " seed " << seed;
    ASSERT_EQ(detail::crc32c_by_table(std::as_bytes(std::span(bytes)), 0), castagnoli) << size;
    const std::string_view all(bytes);
    const std::size_t cut = rng.below(size + 1);
    ASSERT_EQ(crc32(all.substr(cut), crc32(all.substr(0, cut))), ieee) << size << " cut " << cut;
    ASSERT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), castagnoli) << size;
  }
}

TEST(Crc32, SeesEverySingleFlippedBit) {
  std::string bytes = "a record of the journal, with its length and its sequence number";
  const auto whole = crc32c(bytes);
  const auto whole_ieee = crc32(bytes);
  for (auto& byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      byte = static_cast<char>(byte ^ (1 << bit));
      EXPECT_NE(crc32c(bytes), whole);
      EXPECT_NE(crc32(bytes), whole_ieee);
      byte = static_cast<char>(byte ^ (1 << bit));
    }
  }
}

}  // namespace
}  // namespace ats
