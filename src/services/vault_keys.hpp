// The keys that `ats run` takes out of a vault: those of the venues that take part, and none that should not be
// used.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "security/vault_contents.hpp"
#include "services/config.hpp"
#include "services/vault_store.hpp"

namespace ats::services {

// From when on the end of a key is worth a word.
constexpr Duration expiry_warning = hours(14 * 24);

// What a person should know of a key before it is used: unchecked, accepted, about to end. Empty: nothing.
std::vector<std::string> key_warnings(const security::VaultEntry& entry, WallTime now);
// Why a key is not to be used, and what to do; empty: it may be.
std::string key_refusal(const security::VaultEntry& entry);

struct VaultKeys {
  std::map<std::string, venues::Credentials> credentials;  // by venue
  std::vector<std::string> warnings;
};
// Of the enabled venues. `others`: what is known from elsewhere, of which none may be in the vault too.
Result<VaultKeys, std::string> keys_from_vault(
    const VaultAccess& access, const Config& config,
    const std::map<std::string, venues::Credentials>& others, WallTime now);

}  // namespace ats::services
