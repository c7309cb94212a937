// Signed requests of one API key: nonces, and HMAC-SHA384 over what goes out. REST and WebSocket share the
// key's nonces. Source: docs/venues/bitfinex.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "security/signing.hpp"
#include "venues/client.hpp"

namespace ats::venues::bitfinex {

// Hex of HMAC-SHA384(secret, "/api" ‖ path ‖ nonce ‖ body), path as in the request: "/v2/auth/r/wallets".
std::string rest_signature(security::HmacSigner& signer, std::string_view path,
                           std::string_view nonce, std::string_view body);
// Hex of HMAC-SHA384(secret, payload); the payload is "AUTH" and the nonce.
std::string stream_signature(security::HmacSigner& signer, std::string_view payload);

class Auth {
 public:
  // What a nonce may not exceed: the largest whole number that JavaScript is sure of.
  static constexpr std::uint64_t nonce_max = 9'007'199'254'740'991;

  explicit Auth(const Credentials& credentials);

  HttpRequest post(std::string_view path, std::string_view body, WallTime now);
  // The event that opens the account's channel. `dead_man`: the venue cancels every order of the account
  // when this connection drops.
  std::string authentication(WallTime now, bool dead_man);
  // The venue has seen a higher nonce than ours: jump ahead.
  void raise_nonce();

 private:
  // Microseconds of the wall clock; they rise whatever the clock does.
  std::string next_nonce(WallTime now);

  std::string key_;
  security::HmacSigner signer_;
  std::uint64_t nonce_ = 0;
  std::uint64_t ahead_ = 0;  // µs
};

}  // namespace ats::venues::bitfinex
