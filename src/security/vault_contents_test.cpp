#include "security/vault_contents.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace ats::security {
namespace {

VaultEntry entry(std::string venue) {
  VaultEntry one;
  one.venue = std::move(venue);
  one.label = "trading";
  one.key = "public part";
  one.secret = "secret part";
  one.added = wall_from_ms(1'795'000'000'000);
  return one;
}

std::string text_of(Rng& rng, std::size_t most) {
  std::string text(1 + rng.below(most), ' ');
  for (char& c : text) c = static_cast<char>(rng.next());
  return text;
}

Answer answer_of(Rng& rng) { return static_cast<Answer>(rng.below(3)); }

TEST(VaultContents, AnyKeysAreReadBackAsTheyWere) {
  Rng rng(11);
  for (int round = 0; round < 100; ++round) {
    VaultContents contents;
    const std::size_t count = rng.below(6);
    for (std::size_t i = 0; i < count; ++i) {
      VaultEntry one;
      one.venue = text_of(rng, 31);
      one.label = text_of(rng, key_label_max);
      one.key = text_of(rng, api_key_max);
      one.secret = text_of(rng, api_secret_max);
      one.added = {rng.between(0, 1'000'000)};
      one.checked = {rng.between(0, 1'000'000)};
      one.rights = {answer_of(rng), answer_of(rng), answer_of(rng),
                    answer_of(rng), answer_of(rng), {rng.between(-5, 5)}};
      one.withdrawal_accepted = {rng.between(0, 2)};
      ASSERT_TRUE(contents.put(std::move(one)));
    }
    const Secret bytes = encode(contents);
    const auto read = decode_contents(bytes);
    ASSERT_TRUE(read.ok());
    ASSERT_EQ(read->entries().size(), contents.entries().size());
    for (const VaultEntry& was : contents.entries()) {
      const VaultEntry* is = read->find(was.venue);
      ASSERT_NE(is, nullptr);
      EXPECT_EQ(is->label, was.label);
      EXPECT_EQ(is->key, was.key);
      EXPECT_EQ(is->secret, was.secret);
      EXPECT_EQ(is->added, was.added);
      EXPECT_EQ(is->checked, was.checked);
      EXPECT_EQ(is->rights, was.rights);
      EXPECT_EQ(is->withdrawal_accepted, was.withdrawal_accepted);
    }
    EXPECT_EQ(encode(*read).reveal(), bytes.reveal());
  }
}

TEST(VaultContents, CutShortLengthenedOrOfAnotherVersionAreRefused) {
  VaultContents contents;
  ASSERT_TRUE(contents.put(entry("binance")) && contents.put(entry("kraken")));
  const Secret bytes = encode(contents);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_contents(bytes.clone(size)).ok()) << size;
  EXPECT_FALSE(decode_contents(Secret::of(std::string(bytes.reveal()) + "x")).ok());
  Secret later = bytes.clone(bytes.size());
  later.bytes()[0] = 2;
  EXPECT_FALSE(decode_contents(later).ok());
}

TEST(VaultContents, OutOfOrderOrTwiceOfAVenueAreRefused) {
  VaultContents contents;
  ASSERT_TRUE(contents.put(entry("aaa")) && contents.put(entry("bbb")));
  const Secret bytes = encode(contents);
  const std::size_t first = bytes.reveal().find("aaa");
  for (const char letter : {'b', 'c'}) {
    Secret wrong = bytes.clone(bytes.size());
    for (std::size_t i = 0; i < 3; ++i)
      wrong.bytes()[first + i] = static_cast<std::uint8_t>(letter);
    EXPECT_FALSE(decode_contents(wrong).ok()) << letter;
  }
}

TEST(VaultContents, HoldOneKeyAVenueInOrder) {
  VaultContents contents;
  EXPECT_TRUE(contents.put(entry("upbit")));
  EXPECT_TRUE(contents.put(entry("binance")));
  VaultEntry again = entry("upbit");
  again.label = "newer";
  EXPECT_TRUE(contents.put(again));
  ASSERT_EQ(contents.entries().size(), 2u);
  EXPECT_EQ(contents.entries().front().venue, "binance");
  EXPECT_EQ(contents.find("upbit")->label, "newer");
  EXPECT_TRUE(contents.remove("upbit"));
  EXPECT_FALSE(contents.remove("upbit"));
  EXPECT_EQ(contents.find("upbit"), nullptr);
}

TEST(VaultContents, WhatIsTooLongOrMissingIsNotTaken) {
  VaultContents contents;
  VaultEntry one = entry("binance");
  one.label = std::string(key_label_max + 1, 'x');
  EXPECT_FALSE(contents.put(one));
  one = entry("binance");
  one.secret = "";
  EXPECT_FALSE(contents.put(one));
  one = entry("binance");
  one.key = std::string(api_key_max + 1, 'x');
  EXPECT_FALSE(contents.put(one));
  EXPECT_FALSE(contents.put(entry("")));
  for (std::size_t i = 0; i < vault_keys_max; ++i)
    EXPECT_TRUE(contents.put(entry("venue" + std::to_string(i))));
  EXPECT_FALSE(contents.put(entry("one more")));
  EXPECT_TRUE(contents.put(entry("venue7")));
  // The most that can be held fits the largest file.
  VaultEntry large = entry("venue");
  large.key = std::string(api_key_max, 'k');
  large.secret = std::string(api_secret_max, 's');
  for (std::size_t i = 0; i < vault_keys_max; ++i) {
    large.venue = "venue" + std::to_string(i);
    EXPECT_TRUE(contents.put(large));
  }
  EXPECT_LT(encode(contents).size() + vault_header_size + 16, vault_file_max);
}

TEST(KeyVerdict, TrustsOnlyAVenueThatSaysNoOrAnOwnerWhoSaysYes) {
  VaultEntry one = entry("binance");
  EXPECT_EQ(verdict(one), KeyVerdict::Unchecked);
  one.rights.withdraw = Answer::No;
  EXPECT_EQ(verdict(one), KeyVerdict::Unchecked);
  one.checked = wall_from_ms(1);
  EXPECT_EQ(verdict(one), KeyVerdict::Sound);
  one.rights.withdraw = Answer::Yes;
  EXPECT_EQ(verdict(one), KeyVerdict::CanWithdraw);
  EXPECT_TRUE(refused(verdict(one)));
  one.rights.withdraw = Answer::Unknown;
  EXPECT_EQ(verdict(one), KeyVerdict::Unproven);
  EXPECT_TRUE(refused(verdict(one)));
  one.withdrawal_accepted = wall_from_ms(2);
  EXPECT_EQ(verdict(one), KeyVerdict::Accepted);
  EXPECT_FALSE(refused(verdict(one)));
}

}  // namespace
}  // namespace ats::security
