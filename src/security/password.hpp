// Passwords: what is good enough to be one, and how it is kept: as an argon2id hash (RFC 9106) that anything that knows
// the format can check. The salt is an argument.
//
// Invariants: checking takes the work its hash says, whatever the password; a hash that asks for less work than
// argon2_least or more than argon2_most is none. To check against dummy_hash() costs what a real one costs and never
// succeeds, so that a name nobody has takes as long as one that somebody has.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "security/secret.hpp"
#include "security/vault.hpp"

namespace ats::security {

constexpr std::size_t password_max = 256;  // bytes

enum class PasswordFault : std::uint8_t {
  TooShort,
  TooLong,
  NotText,    // control characters, or no UTF-8
  TooSimple,  // few different characters, or a run such as 123456…
  Common,     // a word that everybody tries first, and little more
  HasName,    // the user's own name is in it
};
const char* name(PasswordFault fault);

// `least`: characters.
Status<PasswordFault> judge_password(std::string_view password, std::string_view user,
                                     std::size_t least);

using PasswordSalt = std::array<std::uint8_t, 16>;
// 64 MiB and 3 passes: a tenth of a second, and as much memory for each guess.
constexpr Argon2 password_work = argon2_least;

// "$argon2id$v=19$m=65536,t=3,p=1$…$…". Error: there is not the memory for it.
Result<std::string, VaultError> hash_password(std::string_view password, const PasswordSalt& salt);
// False for what is no such hash as well.
bool check_password(std::string_view password, std::string_view hash);
// The same work, and no password has it.
const std::string& dummy_hash();

}  // namespace ats::security
