// Signed REST requests of one API key: nonce, form body, API-Sign. Source: docs/venues/kraken.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "security/signing.hpp"
#include "venues/client.hpp"

namespace ats::venues::kraken {

// What API-Sign must be: base64 of HMAC-SHA512(secret, path ‖ SHA-256(nonce ‖ body)).
std::string api_sign(security::HmacSigner& signer, std::string_view path, std::string_view nonce,
                     std::string_view body);

class Auth {
 public:
  explicit Auth(const Credentials& credentials);

  // A POST of `fields` ("a=b&c=d", encoded) and a nonce. Nonces are wall-clock nanoseconds, and rise
  // whatever the clock does.
  HttpRequest post(std::string_view path, std::string_view fields, WallTime now);
  // The venue has seen a higher nonce than ours: jump ahead.
  void raise_nonce();

 private:
  std::string key_;
  security::HmacSigner signer_;
  std::uint64_t nonce_ = 0;
  std::uint64_t ahead_ = 0;  // ns
};

}  // namespace ats::venues::kraken
