// JSON Web Tokens (RFC 7519, compact form): what venues take as proof of who asks. Both sides: made by clients,
// taken apart and checked by the simulated exchanges. Header and payload are JSON texts of the caller's, whose
// member order stays as it is; what a venue puts into them is the venue's code's business.
//
// Nothing here draws a random number: a nonce is an input, or a TokenNonces makes it from what is different at
// every call (the wall clock, a counter and the key), in the shape of a random UUID.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "security/signing.hpp"

namespace ats::security {

// base64url(header).base64url(payload): what is signed, whatever with.
std::string jwt_signing_input(std::string_view header, std::string_view payload);
// The token: its signing input and base64url(signature).
std::string jwt_token(std::string_view signing_input, std::span<const std::uint8_t> signature);

enum class JwtHash : std::uint8_t { HS256, HS512 };

// Signs with HMAC. The secret is used as the bytes it is.
class JwtSigner {
 public:
  JwtSigner(JwtHash hash, std::string_view secret);
  // What most payloads will begin with: it is encoded and hashed here, once; others are signed as well.
  void begin(std::string_view beginning);
  // `scheme` stands before the token, as in a header, and is not signed.
  std::string sign(std::string_view payload, std::string_view scheme = {});

 private:
  HmacSigner hmac_;
  std::string beginning_;  // as much as is encoded by itself
  std::string begun_;      // the header as it stands in the token, with its dot, and that
  std::size_t header_size_ = 0;
};

// A token taken apart, not yet believed.
struct Jwt {
  std::string header;  // JSON
  std::string payload;
  std::string signing_input;  // the first two parts as they came
  std::vector<std::uint8_t> signature;
};
// Nothing when it is not three parts of base64url.
std::optional<Jwt> read_jwt(std::string_view token);
// Whether the secret made the signature by that hash.
bool signed_with(const Jwt& token, JwtHash hash, std::string_view secret);

// Lower-case hex of SHA-512.
std::string sha512_hex(std::string_view text);
void append_sha512_hex(std::string& to, std::string_view text);

// UUIDs (version 4, by their form) that never repeat for one key: derived from the key and the wall clock at the
// first of them, and counted on from there. All of one maker begin alike.
class TokenNonces {
 public:
  explicit TokenNonces(std::string_view key) : key_(key) {}
  std::string next(WallTime now);
  // The same in two parts: what every one begins with, of the same text at each call; and what the next one adds.
  std::string_view opening(WallTime now);
  void append_rest(std::string& to);

 private:
  std::string key_;
  std::string opening_;  // empty until the first is asked for
  std::uint64_t last_group_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace ats::security
