// The key vault's file: what is in it, sealed so that without the passphrase or the key file nothing of it can be
// read and nothing changed unnoticed. Salt, nonce and random bytes are arguments.
//
//   offset  bytes
//        0      8  "ATSVAULT"
//        8      1  version, 1
//        9      1  lock: 1 a passphrase, 2 a key file
//       10      2  zero
//       12      4  argon2id: memory in KiB   } zero with a key file
//       16      4  argon2id: passes          }
//       20      4  zero
//       24     16  salt                      }
//       40     24  nonce
//       64     32  check: tells a wrong key from a damaged file, and nothing else
//       96      …  XChaCha20-Poly1305 (IETF) of the contents, its tag of 16 bytes behind them
//
// Numbers are little-endian. The first 96 bytes are authenticated with the contents. Passphrase and salt give a
// master key by argon2id, a key file holds one; of that, BLAKE2b (crypto_kdf) derives the key that seals and the
// check. Since the check commits to the key, no file opens under two.
//
// Invariants: whatever the bytes, the answer is contents or one VaultError; a header that asks for less work than
// argon2_least or more than argon2_most is refused before any work is done; nothing that is not authentic is handed
// on.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "security/secret.hpp"

namespace ats::security {

enum class VaultError : std::uint8_t {
  NotAVault,            // another kind of file
  Truncated,            // shorter than any vault
  TooLarge,             // longer than any vault
  UnknownVersion,       // of a later program
  UnknownLock,          // neither passphrase nor key file
  BadHeader,            // what must be zero is not
  WeakParameters,       // argon2id with less work than we accept
  ExcessiveParameters,  // … with more
  OtherLock,            // a passphrase was given for a key file's vault, or the other way round
  WrongKey,             // not this passphrase or key file, or the header was changed
  Damaged,              // the right key, but not the bytes that were sealed
  BadContents,          // authentic, but not a list of keys that we know
  NoMemory,             // argon2id could not have the memory it needs
  NotAKeyFile,          // what should be a key file is none
};
const char* name(VaultError error);

enum class VaultLock : std::uint8_t { Passphrase = 1, KeyFile = 2 };

// The work of guessing a passphrase once.
struct Argon2 {
  std::uint32_t memory_kib = 256 * 1024;
  std::uint32_t passes = 3;
  bool operator==(const Argon2&) const = default;
};
// What RFC 9106 recommends where memory is short, and what an honest header never exceeds.
constexpr Argon2 argon2_least{64 * 1024, 3};
constexpr Argon2 argon2_most{1024 * 1024, 16};

using VaultSalt = std::array<std::uint8_t, 16>;
using VaultNonce = std::array<std::uint8_t, 24>;
constexpr std::size_t vault_header_size = 96;
constexpr std::size_t vault_file_max = std::size_t{1} << 20;
constexpr std::size_t master_key_size = 32;

// What a vault says of itself, not yet authenticated.
struct VaultHeader {
  VaultLock lock = VaultLock::Passphrase;
  Argon2 argon2;
  VaultSalt salt{};
  VaultNonce nonce{};
};
Result<VaultHeader, VaultError> read_vault_header(std::span<const std::uint8_t> file);

// Opens a vault and seals it again.
struct VaultKey {
  VaultLock lock = VaultLock::KeyFile;
  Argon2 argon2{0, 0};  // of a passphrase
  VaultSalt salt{};
  Secret master;
};
// Takes as long and as much memory as `argon2` says.
Result<VaultKey, VaultError> vault_key(const Secret& passphrase, const VaultSalt& salt,
                                       const Argon2& argon2);

// A key file is one line: "ats-vault-key-1 " and 64 hex digits.
Secret key_file_text(const Secret& master);
Result<VaultKey, VaultError> read_key_file(std::string_view text);

// The file, whole. The nonce must be a new one each time.
std::vector<std::uint8_t> seal(const VaultKey& key, const VaultNonce& nonce,
                               const Secret& contents);
Result<Secret, VaultError> unseal(const VaultKey& key, std::span<const std::uint8_t> file);

}  // namespace ats::security
