// Private keys of signatures in the forms that venues hand out: PEM of a P-256 key (SEC 1, "EC PRIVATE
// KEY", or PKCS #8, "PRIVATE KEY"), PEM of an Ed25519 key (PKCS #8), and base64 of an Ed25519 seed, with the
// public key behind it or not. PEM may have its line ends written as \n, as JSON files of keys do.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ats::security {

enum class KeyCurve : std::uint8_t { P256, Ed25519 };

// Wiped when it goes.
struct PrivateKey {
  KeyCurve curve = KeyCurve::P256;
  std::array<std::uint8_t, 32> bytes{};  // P-256: the scalar, high byte first; Ed25519: the seed

  PrivateKey() = default;
  PrivateKey(const PrivateKey&) = default;
  PrivateKey& operator=(const PrivateKey&) = default;
  ~PrivateKey();
};

// Nothing when the text is none of these forms, or the key is of another curve.
std::optional<PrivateKey> read_private_key(std::string_view text);

}  // namespace ats::security
