// What a vault holds: the API keys, one a venue, with what was learnt of each. Read and written as bytes that are
// themselves secret.
//
// Invariants: what was encoded decodes to the same; of any other bytes decoding gives VaultError::BadContents, or keys
// that encode to the same bytes. Venues stand once and in order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "security/key_rights.hpp"
#include "security/secret.hpp"
#include "security/vault.hpp"

namespace ats::security {

constexpr std::size_t key_label_max = 63;
constexpr std::size_t api_key_max = 1024;
constexpr std::size_t api_secret_max = 8192;  // PEM
constexpr std::size_t vault_keys_max = 64;

struct VaultEntry {
  std::string venue;  // as the registry names it
  std::string label;  // the owner's own words
  SecretText key;
  SecretText secret;
  WallTime added;
  WallTime checked;  // not told: never, and then nothing is known of its rights
  KeyRights rights;
  WallTime withdrawal_accepted;  // when its owner said in so many words to use it all the same
};

// Why a key must not be used, if it must not.
enum class KeyVerdict : std::uint8_t {
  Sound,        // the venue says that it cannot withdraw
  Accepted,     // it may, or nobody knows, and its owner has accepted that
  Unchecked,    // nobody has asked the venue
  CanWithdraw,  // refused
  Unproven,     // the venue was asked and did not say: refused
};
const char* name(KeyVerdict verdict);
KeyVerdict verdict(const VaultEntry& entry);
constexpr bool refused(KeyVerdict verdict) {
  return verdict == KeyVerdict::CanWithdraw || verdict == KeyVerdict::Unproven;
}

class VaultContents {
 public:
  const std::vector<VaultEntry>& entries() const { return entries_; }
  VaultEntry* find(std::string_view venue);
  const VaultEntry* find(std::string_view venue) const;
  // Replaces what the venue had. False: too long, too many, or without key or secret.
  bool put(VaultEntry entry);
  bool remove(std::string_view venue);

 private:
  std::vector<VaultEntry> entries_;  // by venue
};

Secret encode(const VaultContents& contents);
Result<VaultContents, VaultError> decode_contents(const Secret& bytes);

}  // namespace ats::security
