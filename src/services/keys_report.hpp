// What is shown of the keys in a vault, to people and as JSON: never a secret, of a key its first characters.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "security/vault_contents.hpp"

namespace ats::services {

// Enough to tell which of one's keys it is. Of a name with parts ("organizations/…/apiKeys/…") those of the last.
std::string key_start(std::string_view key);

nlohmann::json key_json(const security::VaultEntry& entry, WallTime now);
// A table with a line a key.
std::string key_table(const std::vector<const security::VaultEntry*>& entries);

}  // namespace ats::services
