#include "security/vault.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/rng.hpp"
#include "security/signing.hpp"

namespace ats::security {
namespace {

using File = std::vector<std::uint8_t>;

VaultKey numbered_key() {
  VaultKey key;
  key.master = Secret(master_key_size);
  for (std::size_t i = 0; i < master_key_size; ++i)
    key.master.bytes()[i] = static_cast<std::uint8_t>(i);
  return key;
}

VaultNonce numbered_nonce(std::uint8_t from = 64) {
  VaultNonce nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(from + i);
  return nonce;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text(2 * bytes.size(), '0');
  to_hex(bytes, text.data());
  return text;
}

VaultError error_of(const VaultKey& key, std::span<const std::uint8_t> file) {
  const auto opened = unseal(key, file);
  EXPECT_FALSE(opened.ok());
  return opened.ok() ? VaultError::NotAKeyFile : opened.error();
}

// BLAKE2b by Python's hashlib, XChaCha20-Poly1305 by a few lines of Python written from the RFCs.
TEST(Vault, FileIsWhatAnIndependentProgramMakesOfTheSameKeyAndNonce) {
  const std::string expected =
      "4154535641554c54010200000000000000000000000000000000000000000000"
      "0000000000000000404142434445464748494a4b4c4d4e4f5051525354555657"
      "3eb6ef494d3abb72b4b841dd7c9942ac1e2eecf7a040c765cc6710bfff3b6737"
      "fe445fdea109fd767a272ae470259ca50c5db6b8f2fa2f93a099a124a33a";
  const File file = seal(numbered_key(), numbered_nonce(), Secret::of("what is within"));
  EXPECT_EQ(hex(file), expected);
  const auto opened = unseal(numbered_key(), file);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->reveal(), "what is within");
}

TEST(Vault, OfAnySizeOpensToWhatWasSealed) {
  Rng rng(7);
  for (int round = 0; round < 200; ++round) {
    Secret contents(rng.below(600));
    for (std::uint8_t& byte : contents.bytes()) byte = static_cast<std::uint8_t>(rng.next());
    VaultKey key = numbered_key();
    key.master.bytes()[0] = static_cast<std::uint8_t>(rng.next());
    const File file = seal(key, numbered_nonce(static_cast<std::uint8_t>(round)), contents);
    const auto opened = unseal(key, file);
    ASSERT_TRUE(opened.ok()) << contents.size();
    EXPECT_EQ(opened->reveal(), contents.reveal());
  }
}

TEST(Vault, WithAnyBitFlippedDoesNotOpen) {
  const File sound = seal(numbered_key(), numbered_nonce(), Secret::of("some secret"));
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    File file = sound;
    file[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    const VaultError error = error_of(numbered_key(), file);
    const std::size_t at = bit / 8;
    const VaultError expected = at < 8    ? VaultError::NotAVault
                                : at == 8 ? VaultError::UnknownVersion
                                : at < 40 ? error  // any: lock, bounds, what must be zero
                                : at >= 64 && at < 96 ? VaultError::WrongKey
                                                      : VaultError::Damaged;
    EXPECT_EQ(error, expected) << bit;
  }
}

TEST(Vault, CutShortOrLengthenedDoesNotOpen) {
  const File sound = seal(numbered_key(), numbered_nonce(), Secret::of("some secret"));
  for (std::size_t size = 0; size < sound.size(); ++size) {
    const VaultError error = error_of(numbered_key(), std::span(sound).first(size));
    EXPECT_EQ(error, size < vault_header_size + 16 ? VaultError::Truncated : VaultError::Damaged)
        << size;
  }
  File longer = sound;
  longer.push_back(0);
  EXPECT_EQ(error_of(numbered_key(), longer), VaultError::Damaged);
  longer.resize(vault_file_max + 1);
  EXPECT_EQ(error_of(numbered_key(), longer), VaultError::TooLarge);
}

TEST(Vault, RefusesFilesOfOtherKinds) {
  for (const std::string_view text :
       {"[binance]\nkey = \"a\"\n", "-----BEGIN EC PRIVATE KEY-----\n", "ATSVAULU and so on"}) {
    const File file(text.begin(), text.end());
    EXPECT_EQ(error_of(numbered_key(), file), VaultError::NotAVault) << text;
  }
  EXPECT_EQ(error_of(numbered_key(), {}), VaultError::Truncated);
}

TEST(Vault, OpensUnderItsPassphraseAndNoOther) {
  const VaultSalt salt{1, 2, 3};
  const auto key = vault_key(Secret::of("correct horse"), salt, argon2_least);
  ASSERT_TRUE(key.ok());
  const File file = seal(*key, numbered_nonce(), Secret::of("contents"));
  const auto header = read_vault_header(file);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->lock, VaultLock::Passphrase);
  EXPECT_EQ(header->argon2, argon2_least);
  const auto again = vault_key(Secret::of("correct horse"), header->salt, header->argon2);
  EXPECT_EQ(unseal(*again, file)->reveal(), "contents");
  const auto wrong = vault_key(Secret::of("correct house"), header->salt, header->argon2);
  EXPECT_EQ(error_of(*wrong, file), VaultError::WrongKey);
  const auto other_salt = vault_key(Secret::of("correct horse"), {}, header->argon2);
  EXPECT_EQ(error_of(*other_salt, file), VaultError::WrongKey);
  EXPECT_EQ(error_of(numbered_key(), file), VaultError::OtherLock);
}

TEST(Vault, HeaderThatAsksForTooLittleOrTooMuchWorkIsRefusedBeforeAny) {
  VaultKey key = numbered_key();
  key.lock = VaultLock::Passphrase;
  struct Case {
    Argon2 argon2;
    VaultError expected;
  };
  for (const Case& one :
       {Case{{0, 0}, VaultError::WeakParameters}, Case{{8, 3}, VaultError::WeakParameters},
        Case{{argon2_least.memory_kib - 1, 3}, VaultError::WeakParameters},
        Case{{argon2_least.memory_kib, 2}, VaultError::WeakParameters},
        Case{{argon2_most.memory_kib + 1, 3}, VaultError::ExcessiveParameters},
        Case{{0xffffffff, 3}, VaultError::ExcessiveParameters},
        Case{{argon2_least.memory_kib, 17}, VaultError::ExcessiveParameters},
        Case{{argon2_least.memory_kib, 0xffffffff}, VaultError::ExcessiveParameters}}) {
    key.argon2 = one.argon2;
    const File file = seal(key, numbered_nonce(), Secret::of("contents"));
    const auto header = read_vault_header(file);
    ASSERT_FALSE(header.ok());
    EXPECT_EQ(header.error(), one.expected);
    EXPECT_EQ(error_of(key, file), one.expected);
    const auto made = vault_key(Secret::of("x"), {}, one.argon2);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error(), one.expected);
  }
}

TEST(Vault, ShowsNothingOfItsContents) {
  const std::string_view secret = "a-secret-that-is-easily-found";
  const File file = seal(numbered_key(), numbered_nonce(), Secret::of(secret));
  for (std::size_t size = 4; size <= secret.size(); ++size) {
    EXPECT_EQ(std::search(file.begin(), file.end(), secret.begin(),
                          secret.begin() + static_cast<std::ptrdiff_t>(size)),
              file.end());
  }
  EXPECT_NE(file, seal(numbered_key(), numbered_nonce(65), Secret::of(secret)));
}

TEST(KeyFile, IsReadBackAndNothingElseIsOne) {
  const VaultKey key = numbered_key();
  const Secret text = key_file_text(key.master);
  EXPECT_EQ(text.reveal(),
            "ats-vault-key-1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
  const auto read = read_key_file(text.reveal());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->master.reveal(), key.master.reveal());
  EXPECT_EQ(read->lock, VaultLock::KeyFile);
  const std::string sound(text.reveal());
  for (std::size_t at = 0; at < sound.size() - 1; ++at) {
    std::string bad = sound;
    bad[at] = '~';
    EXPECT_FALSE(read_key_file(bad).ok()) << at;
    EXPECT_FALSE(read_key_file(sound.substr(0, at)).ok()) << at;
  }
  EXPECT_FALSE(read_key_file(sound + "\n").ok());
  EXPECT_FALSE(read_key_file("").ok());
}

}  // namespace
}  // namespace ats::security
