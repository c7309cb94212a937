// Signatures of JSON Web Tokens that are not HMAC: ES256 (ECDSA on P-256 with SHA-256, r and s in 32 bytes
// each) and EdDSA (Ed25519, RFC 8032). Keys are set up once and kept.
//
// ECDSA draws its nonce by RFC 6979, from the key and the message: nothing here reads a random source, the
// same input gives the same bytes, and a poor generator can give no key away.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "security/private_key.hpp"

namespace ats::security {

using Signature64 = std::array<std::uint8_t, 64>;

// The other half of a private key: P-256 as 0x04, x, y (SEC 1, uncompressed), Ed25519 as 32 bytes.
struct PublicKey {
  KeyCurve curve = KeyCurve::P256;
  std::array<std::uint8_t, 65> bytes{};
  std::span<const std::uint8_t> view() const {
    return std::span(bytes).first(curve == KeyCurve::P256 ? 65 : 32);
  }
};

// Not thread-safe.
class KeySigner {
 public:
  // Nothing when the scalar is none of the curve's (zero, or too large).
  static std::optional<KeySigner> make(const PrivateKey& key);
  KeySigner(KeySigner&&) noexcept;
  KeySigner& operator=(KeySigner&&) noexcept;
  ~KeySigner();

  KeyCurve curve() const;
  const PublicKey& public_key() const;
  Signature64 sign(std::string_view message);

 private:
  struct State;
  explicit KeySigner(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class KeyVerifier {
 public:
  // Nothing when the bytes are no point of the curve.
  static std::optional<KeyVerifier> make(const PublicKey& key);
  KeyVerifier(KeyVerifier&&) noexcept;
  KeyVerifier& operator=(KeyVerifier&&) noexcept;
  ~KeyVerifier();

  KeyCurve curve() const;
  bool verify(std::string_view message, std::span<const std::uint8_t> signature);

 private:
  struct State;
  explicit KeyVerifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ats::security
