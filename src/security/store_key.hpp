// The key of the user store: seals what must not be readable in it, and makes the marks (MACs) by which a change from
// outside is found. Each use has a key of its own, derived (crypto_kdf) from 32 random bytes in a file beside the store. Nonces are
// arguments.
//
// Invariant: what was sealed for one place opens in no other, since the place is authenticated with it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "security/secret.hpp"

namespace ats::security {

using SealNonce = std::array<std::uint8_t, 24>;

enum class MarkUse : std::uint8_t { Check = 2, Csrf = 3, BackupCode = 4, Audit = 5, AuditHead = 6 };

class StoreKey {
 public:
  static constexpr std::size_t size = 32;
  explicit StoreKey(Secret master);
  // The file is one line: "ats-store-key-1 " and 64 hex digits. Nothing: it is another.
  static std::optional<StoreKey> read(std::string_view text);
  Secret text() const;

  // base64url of XChaCha20-Poly1305 (IETF), the nonce before it.
  std::string seal(std::string_view content, std::string_view place, const SealNonce& nonce) const;
  // Nothing: it was sealed under another key, for another place, or changed.
  std::optional<Secret> unseal(std::string_view sealed, std::string_view place) const;
  // base64url of HMAC-SHA256 over the parts, each with its length before it.
  std::string mark(MarkUse use, std::span<const std::string_view> parts) const;

 private:
  const Secret& key_of(MarkUse use) const { return keys_[static_cast<std::size_t>(use) - 1]; }
  const Secret& sealing_key() const { return keys_[0]; }
  Secret master_;
  std::array<Secret, 6> keys_;  // derived, by their uses from 1 on
};

}  // namespace ats::security
