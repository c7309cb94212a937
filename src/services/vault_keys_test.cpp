#include "services/vault_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "services/keys_report.hpp"

namespace ats::services {
namespace {

using security::Answer;
using security::VaultEntry;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr WallTime today = wall_from_ms(1'795'000'000'000);
constexpr Duration day = hours(24);

VaultEntry entry(std::string venue) {
  VaultEntry one;
  one.venue = std::move(venue);
  one.key = "the-public-part-of-it";
  one.secret = "the-secret-part-of-it";
  one.added = one.checked = today;
  one.rights = {Answer::Yes, Answer::Yes, Answer::No, Answer::No, Answer::Yes, {}};
  return one;
}

TEST(KeyWarnings, ASoundKeyNeedsNoWord) {
  EXPECT_THAT(key_warnings(entry("binance"), today), IsEmpty());
  EXPECT_EQ(key_refusal(entry("binance")), "");
}

TEST(KeyWarnings, AnEndIsToldFromFourteenDaysBefore) {
  VaultEntry one = entry("upbit");
  one.rights.expires = today + day * 14 + seconds(1);
  EXPECT_THAT(key_warnings(one, today), IsEmpty());
  one.rights.expires = today + day * 14;
  EXPECT_THAT(key_warnings(one, today),
              ElementsAre(HasSubstr("expires on 2026-12-02, in 14 days")));
  one.rights.expires = today + seconds(1);
  EXPECT_THAT(key_warnings(one, today), ElementsAre(HasSubstr("in 0 days")));
  one.rights.expires = today;
  EXPECT_THAT(
      key_warnings(one, today),
      ElementsAre(HasSubstr("expired on 2026-11-18; make a new one, then ats keys rotate")));
}

TEST(KeyWarnings, WhatIsUncheckedAcceptedOrTooLittleIsSaid) {
  VaultEntry one = entry("kraken");
  one.checked = {};
  EXPECT_THAT(key_warnings(one, today), ElementsAre(HasSubstr("ats keys check kraken")));
  one = entry("kraken");
  one.rights.trade = Answer::No;
  EXPECT_THAT(key_warnings(one, today), ElementsAre(HasSubstr("may not trade")));
  one = entry("kraken");
  one.rights.withdraw = Answer::Yes;
  one.withdrawal_accepted = today;
  EXPECT_THAT(key_warnings(one, today),
              ElementsAre(HasSubstr("can withdraw, which was accepted on 2026-11-18")));
  EXPECT_EQ(key_refusal(one), "");
  one.rights.withdraw = Answer::Unknown;
  EXPECT_THAT(key_warnings(one, today), ElementsAre(HasSubstr("perhaps can withdraw")));
}

TEST(KeyRefusal, SaysWhatToDoAboutAKeyThatCanOrMayWithdraw) {
  VaultEntry one = entry("kraken");
  one.rights.withdraw = Answer::Yes;
  EXPECT_THAT(key_refusal(one), HasSubstr("ats keys check kraken --accept-withdrawal-rights"));
  EXPECT_THAT(key_refusal(one), HasSubstr("the key can withdraw"));
  one.rights.withdraw = Answer::Unknown;
  EXPECT_THAT(key_refusal(one), HasSubstr("could not be shown"));
  one.checked = {};
  EXPECT_EQ(key_refusal(one), "");
}

TEST(KeyReport, ShowsTheFirstCharactersOfAKeyAndNothingOfASecret) {
  EXPECT_EQ(key_start("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
            "vmPUZE…");
  EXPECT_EQ(key_start("organizations/22987fbe/apiKeys/641a337e-f211-46a3-ae4b-10c2f6604875"),
            "…/641a33…");
  EXPECT_EQ(key_start("short"), "s…");
  EXPECT_EQ(key_start("\x1b[31m-and-more-of-it"), "?[31m…");
  VaultEntry one = entry("binance");
  for (const std::string& text : {key_table({&one}), key_json(one, today).dump()}) {
    EXPECT_THAT(text, HasSubstr("binance"));
    EXPECT_THAT(text, Not(HasSubstr(std::string(one.key.reveal()))));
    EXPECT_THAT(text, Not(HasSubstr("secret-part")));
  }
}

class Vaults : public testing::Test {
 protected:
  Vaults() {
    std::string text = testing::TempDir() + "ats-vault-XXXXXX";
    folder = ::mkdtemp(text.data());
    access.vault = folder / "keys.vault";
    access.key_file = folder / "vault.key";
    config = default_config();
    for (VenueConfig& venue : config.venues) venue.enabled = true;
  }
  ~Vaults() override { std::filesystem::remove_all(folder); }

  void put(const VaultEntry& one) {
    const bool there = std::filesystem::exists(access.vault);
    auto vault = there ? VaultStore::open_to_change(access) : VaultStore::make(access);
    ASSERT_TRUE(vault.ok()) << vault.error();
    ASSERT_TRUE(vault->contents.put(one));
    const auto saved = vault->save(there ? io::WriteMode::Replace : io::WriteMode::Create);
    ASSERT_TRUE(saved.ok()) << saved.error();
  }
  static void put_text(const std::filesystem::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary) << text;
    ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  }
  std::string refusal() {
    const auto keys = keys_from_vault(access, config, {}, today);
    EXPECT_FALSE(keys.ok());
    return keys.ok() ? "" : keys.error();
  }

  std::filesystem::path folder;
  VaultAccess access;
  Config config;
};

TEST_F(Vaults, GiveTheKeysOfTheVenuesThatTakePart) {
  put(entry("binance"));
  put(entry("kraken"));
  for (VenueConfig& venue : config.venues) venue.enabled = venue.name == "kraken";
  const auto keys = keys_from_vault(access, config, {}, today);
  ASSERT_TRUE(keys.ok()) << keys.error();
  ASSERT_EQ(keys->credentials.size(), 1u);
  EXPECT_EQ(keys->credentials.at("kraken").key, "the-public-part-of-it");
  EXPECT_EQ(keys->credentials.at("kraken").secret.reveal(), "the-secret-part-of-it");
}

TEST_F(Vaults, KeepAKeyThatCanWithdrawToThemselvesUnlessItsVenueTakesNoPart) {
  VaultEntry one = entry("kraken");
  one.rights.withdraw = Answer::Yes;
  put(one);
  EXPECT_THAT(refusal(), HasSubstr("kraken: the key can withdraw"));
  for (VenueConfig& venue : config.venues) venue.enabled = venue.name != "kraken";
  EXPECT_TRUE(keys_from_vault(access, config, {}, today).ok());
}

TEST_F(Vaults, AndACredentialsFileMayNotBothHaveAVenuesKey) {
  put(entry("kraken"));
  config.credentials_file = "keys.toml";
  const auto keys = keys_from_vault(access, config, {{"kraken", {"key", "secret"}}}, today);
  ASSERT_FALSE(keys.ok());
  EXPECT_THAT(keys.error(), HasSubstr("kraken"));
  EXPECT_THAT(keys.error(), HasSubstr("keys.toml"));
  EXPECT_TRUE(keys_from_vault(access, config, {{"upbit", {"key", "secret"}}}, today).ok());
}

TEST_F(Vaults, ThatDoNotOpenSayWhatToDo) {
  EXPECT_THAT(refusal(), HasSubstr("ats keys add"));
  put(entry("kraken"));
  const auto other = folder / "other.key";
  std::filesystem::rename(access.key_file, other);
  EXPECT_THAT(refusal(), HasSubstr("there is no such file"));
  put_text(access.key_file, "ats-vault-key-1 " + std::string(64, '0') + "\n");
  EXPECT_THAT(refusal(), HasSubstr("sealed with another key file"));
  put_text(access.key_file, "not a key\n");
  EXPECT_THAT(refusal(), HasSubstr("is no key file"));
  std::filesystem::rename(other, access.key_file);
  put_text(access.vault, "[kraken]\nkey = \"a\"\n");
  EXPECT_THAT(refusal(), HasSubstr("is not a vault"));
}

TEST_F(Vaults, AreNotMadeOverOneThatIsThere) {
  put(entry("kraken"));
  auto second = VaultStore::make(access);
  ASSERT_TRUE(second.ok());
  const auto saved = second->save(io::WriteMode::Create);
  ASSERT_FALSE(saved.ok());
  EXPECT_THAT(saved.error(), HasSubstr("is there already"));
  EXPECT_TRUE(keys_from_vault(access, config, {}, today).ok());
}

TEST_F(Vaults, OpenUnderTheirNewKeyAloneOnceItWasChanged) {
  put(entry("kraken"));
  VaultAccess fresh = access;
  fresh.key_file = folder / "new.key";
  {
    auto vault = VaultStore::open_to_change(access);
    ASSERT_TRUE(vault.ok());
    auto key = VaultStore::new_key(fresh);
    ASSERT_TRUE(key.ok()) << key.error();
    vault->change_key(std::move(*key));
    ASSERT_TRUE(vault->save().ok());
  }
  EXPECT_THAT(refusal(), HasSubstr("another key file"));
  access.key_file = fresh.key_file;
  EXPECT_TRUE(keys_from_vault(access, config, {}, today).ok());
}

}  // namespace
}  // namespace ats::services
