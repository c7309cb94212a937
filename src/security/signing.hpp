// Request signing: HMAC with a kept context (setting the key up once saves most of the cost of a short
// message), SHA-256, base64 and hex. Secrets are wiped when the object goes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ats::security {

using Digest256 = std::array<std::uint8_t, 32>;

enum class HashKind : std::uint8_t { Sha256, Sha384, Sha512 };

// Keyed once, used for every order. Not thread-safe.
class HmacSigner {
 public:
  HmacSigner(HashKind kind, std::string_view key);
  ~HmacSigner();
  HmacSigner(const HmacSigner&) = delete;
  HmacSigner& operator=(const HmacSigner&) = delete;
  // Writes 32, 48 or 64 bytes to `out`; returns how many.
  std::size_t sign(std::string_view message, std::uint8_t* out);
  // Message in parts, signed as their concatenation.
  std::size_t sign(std::span<const std::string_view> parts, std::uint8_t* out);
  // Messages that all begin alike: that beginning is hashed once, and each is signed by what follows it.
  void begin(std::string_view beginning);
  std::size_t sign_rest(std::string_view rest, std::uint8_t* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest256 sha256(std::span<const std::string_view> parts);

// Lower-case hex; `out` needs 2 * bytes.size(). Returns one past the last byte written.
char* to_hex(std::span<const std::uint8_t> bytes, char* out);
std::string base64(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);
// The alphabet for URLs, without padding (RFC 4648 section 5).
std::string base64url(std::span<const std::uint8_t> bytes);
void append_base64url(std::string& text, std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text);

// Compares without telling by its timing where they differ.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace ats::security
