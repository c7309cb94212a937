#include "security/password.hpp"

#include <gtest/gtest.h>

namespace ats::security {
namespace {

constexpr std::size_t least = 12;

TEST(Password, AHashKnowsItsPasswordAndNoOther) {
  const auto hash = hash_password("four plain words here", {1, 2, 3});
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << *hash;
  EXPECT_TRUE(check_password("four plain words here", *hash));
  EXPECT_FALSE(check_password("four plain words herf", *hash));
  EXPECT_FALSE(check_password("", *hash));
  const auto other_salt = hash_password("four plain words here", {1, 2, 4});
  EXPECT_NE(*hash, *other_salt);
}

TEST(Password, NobodyHasTheHashThatStandsForNobody) {
  EXPECT_FALSE(check_password("", dummy_hash()));
  EXPECT_FALSE(check_password("four plain words here", dummy_hash()));
  EXPECT_EQ(dummy_hash().substr(0, 31), "$argon2id$v=19$m=65536,t=3,p=1$");
}

TEST(Password, AHashThatAsksForTooLittleOrTooMuchWorkIsNone) {
  const std::string good = *hash_password("four plain words here", {});
  const auto with = [&](const char* parameters) {
    return std::string("$argon2id$v=19$") + parameters + good.substr(good.find("$", 15));
  };
  EXPECT_TRUE(check_password("four plain words here", with("m=65536,t=3,p=1")));
  for (const char* bad : {"m=8,t=1,p=1", "m=65536,t=2,p=1", "m=99999999,t=3,p=1",
                          "m=65536,t=1000,p=1", "m=65536,t=3,p=2", "m=-65536,t=3,p=1", "m=,t=,p=1"})
    EXPECT_FALSE(check_password("four plain words here", with(bad))) << bad;
  for (const char* none : {"", "x", "$argon2id$", "$2b$10$abcdefghijklmnopqrstuv"})
    EXPECT_FALSE(check_password("four plain words here", none)) << none;
}

TEST(Password, WhatIsGuessedFirstIsTakenByNobody) {
  const auto judged = [](std::string_view password) -> std::string {
    const auto verdict = judge_password(password, "alice", least);
    return verdict ? "good" : name(verdict.error());
  };
  EXPECT_EQ(judged("correct horse battery"), "good");
  EXPECT_EQ(judged("v7#kQ2!mZx9p"), "good");
  EXPECT_EQ(judged("여섯 글자가 넘는 비밀번호"), "good");
  EXPECT_EQ(judged("short"), "too_short");
  EXPECT_EQ(judged("여섯 글자"), "too_short");
  EXPECT_EQ(judged(std::string(password_max + 1, 'x')), "too_long");
  EXPECT_EQ(judged("twelve\nand more"), "not_text");
  EXPECT_EQ(judged("twelve or more\xff"), "not_text");
  EXPECT_EQ(judged("aaaaaaaaaaaaaaaa"), "too_simple");
  EXPECT_EQ(judged("abababababababab"), "too_simple");
  EXPECT_EQ(judged("1234567890123456"), "too_simple");
  EXPECT_EQ(judged("abcdefghijklmnop"), "too_simple");
  EXPECT_EQ(judged("Password-2026!!!"), "common");
  EXPECT_EQ(judged("qwertyuiop[]2580"), "common");
  EXPECT_EQ(judged("Alice's own words"), "has_name");
}

}  // namespace
}  // namespace ats::security
