#include "security/one_time_code.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ats::security {
namespace {

std::vector<std::uint8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }
WallTime at(std::int64_t unix_seconds) { return {unix_seconds * 1'000'000'000}; }

TEST(OneTimeCode, HotpGivesEveryValueOfRfc4226) {
  const auto secret = bytes("12345678901234567890");
  const char* const expected[] = {"755224", "287082", "359152", "969429", "338314",
                                  "254676", "287922", "162583", "399871", "520489"};
  for (std::uint64_t counter = 0; counter < 10; ++counter)
    EXPECT_EQ(hotp(secret, counter), expected[counter]) << counter;
}

TEST(OneTimeCode, TotpGivesEveryValueOfRfc6238) {
  const auto sha1 = bytes("12345678901234567890");
  const auto sha256 = bytes("12345678901234567890123456789012");
  const auto sha512 = bytes("1234567890123456789012345678901234567890123456789012345678901234");
  const struct {
    std::uint64_t time;
    const char *sha1, *sha256, *sha512;
  } rows[] = {{59, "94287082", "46119246", "90693936"},
              {1111111109, "07081804", "68084774", "25091201"},
              {1111111111, "14050471", "67062674", "99943326"},
              {1234567890, "89005924", "91819424", "93441116"},
              {2000000000, "69279037", "90698825", "38618901"},
              {20000000000, "65353130", "77737706", "47863826"}};
  for (const auto& row : rows) {
    const std::uint64_t step = row.time / 30;
    EXPECT_EQ(hotp(sha1, step, 8, OtpHash::Sha1), row.sha1) << row.time;
    EXPECT_EQ(hotp(sha256, step, 8, OtpHash::Sha256), row.sha256) << row.time;
    EXPECT_EQ(hotp(sha512, step, 8, OtpHash::Sha512), row.sha512) << row.time;
  }
}

TEST(OneTimeCode, ACodeIsGoodForItsStepAndTheOnesBesideIt) {
  const auto secret = bytes("12345678901234567890");
  const std::uint64_t step = totp_step(at(1'000'000));
  for (const int off : {-2, -1, 0, 1, 2}) {
    const auto accepted =
        accept_totp(secret, hotp(secret, step + static_cast<std::uint64_t>(off)), at(1'000'000), 0);
    EXPECT_EQ(accepted.has_value(), off >= -1 && off <= 1) << off;
    if (accepted) {
      EXPECT_EQ(*accepted, step + static_cast<std::uint64_t>(off));
    }
  }
  for (const char* wrong : {"", "00000", "abcdef", "0000000", "-12345"})
    EXPECT_FALSE(accept_totp(secret, wrong, at(1'000'000), 0)) << wrong;
}

TEST(OneTimeCode, NoCodeIsGoodTwiceNorOneBeforeIt) {
  const auto secret = bytes("12345678901234567890");
  const WallTime now = at(1'700'000'010);
  const std::string code = hotp(secret, totp_step(now));
  const auto used = accept_totp(secret, code, now, 0);
  ASSERT_TRUE(used);
  EXPECT_FALSE(accept_totp(secret, code, now, *used));
  EXPECT_FALSE(accept_totp(secret, code, now + seconds(29), *used));
  EXPECT_FALSE(accept_totp(secret, hotp(secret, *used - 1), now, *used));
  EXPECT_TRUE(accept_totp(secret, hotp(secret, *used + 1), now + seconds(30), *used));
}

TEST(OneTimeCode, Base32IsThatOfRfc4648BothWays) {
  const struct {
    const char *plain, *encoded;
  } rows[] = {{"", ""},
              {"f", "MY======"},
              {"fo", "MZXQ===="},
              {"foo", "MZXW6==="},
              {"foob", "MZXW6YQ="},
              {"fooba", "MZXW6YTB"},
              {"foobar", "MZXW6YTBOI======"}};
  for (const auto& row : rows) {
    std::string bare = row.encoded;
    bare.erase(std::min(bare.find('='), bare.size()));
    EXPECT_EQ(base32(bytes(row.plain)), bare);
    EXPECT_EQ(from_base32(row.encoded), bytes(row.plain));
    EXPECT_EQ(from_base32(bare), bytes(row.plain));
  }
  EXPECT_EQ(from_base32("mzxw 6ytb-oi"), bytes("foobar"));
  for (const char* wrong : {"1", "M", "MZ8W", "MZXW6YTBO", "M=ZX", "MZ"})
    EXPECT_FALSE(from_base32(wrong)) << wrong;
}

TEST(OneTimeCode, TheUriNamesIssuerAndUserAndHidesNothingBehindTheirCharacters) {
  EXPECT_EQ(otpauth_uri("ATS", "alice", bytes("12345678901234567890")),
            "otpauth://totp/ATS:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ATS&"
            "algorithm=SHA1&digits=6&period=30");
  EXPECT_NE(otpauth_uri("A&B", "x?y", {}).find("otpauth://totp/A%26B:x%3Fy?secret=&issuer=A%26B&"),
            std::string::npos);
}

TEST(OneTimeCode, BackupCodesAreReadHoweverTheyAreTyped) {
  const std::uint8_t random[7] = {0, 1, 2, 3, 4, 5, 6};
  const std::string code = backup_code(random);
  EXPECT_EQ(code.size(), 11u);
  EXPECT_EQ(code[5], '-');
  const auto plain = plain_backup_code(code);
  ASSERT_TRUE(plain);
  std::string capitals = code;
  for (char& c : capitals) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(plain_backup_code(" " + capitals + " "), plain);
  for (const char* wrong : {"", "123456", "abcde-fghi", "abcde-fghij-k", "abcde-fgh!j"})
    EXPECT_FALSE(plain_backup_code(wrong)) << wrong;
}

}  // namespace
}  // namespace ats::security
