// Proof of who asks: a JSON Web Token per request, signed with the account's key (ES256 or EdDSA, by the
// key's curve). A token names the one call it is for, holds for two minutes, and carries a nonce that is
// derived from key, time and a count: nothing here draws a random number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "security/es256.hpp"
#include "security/jwt.hpp"
#include "venues/client.hpp"

namespace ats::venues::coinbase {

constexpr Duration token_life = seconds(120);
// What `uri` names as the host, wherever the request is sent.
constexpr std::string_view api_host = "api.coinbase.com";

std::string token_header(security::KeyCurve curve, std::string_view key, std::string_view nonce);
// `uri` is "METHOD host/path" without query; empty in tokens for streams.
std::string token_claims(std::string_view key, std::string_view uri, std::int64_t now_seconds);

class Auth {
 public:
  explicit Auth(const Credentials& credentials);

  // For a REST call ("GET", "/api/v3/brokerage/accounts"); a query does not count.
  std::string rest_token(std::string_view method, std::string_view target, WallTime now);
  // For a subscription.
  std::string stream_token(WallTime now);
  // The venue's clock less ours.
  void set_clock_offset(Duration offset) { offset_ = offset; }

 private:
  std::string token(std::string_view uri, WallTime now);

  std::string key_;
  // None: the secret is no key. Tokens then have an empty signature, which the venue refuses by name.
  std::optional<security::KeySigner> signer_;
  security::TokenNonces nonces_;
  Duration offset_;
};

}  // namespace ats::venues::coinbase
