#include "venues/coinbase/auth.hpp"

#include "venues/json_write.hpp"

namespace ats::venues::coinbase {

std::string token_header(security::KeyCurve curve, std::string_view key, std::string_view nonce) {
  return JsonObject()
      .text("alg", curve == security::KeyCurve::P256 ? "ES256" : "EdDSA")
      .text("kid", key)
      .text("nonce", nonce)
      .text("typ", "JWT")
      .done();
}

std::string token_claims(std::string_view key, std::string_view uri, std::int64_t now_seconds) {
  JsonObject claims;
  claims.text("sub", key)
      .text("iss", "cdp")
      .number("nbf", now_seconds)
      .number("exp", now_seconds + token_life.ns / 1'000'000'000);
  if (!uri.empty()) claims.text("uri", uri);
  return claims.done();
}

Auth::Auth(const Credentials& credentials) : key_(credentials.key), nonces_(credentials.key) {
  const auto key = security::read_private_key(credentials.secret.reveal());
  if (key) signer_ = security::KeySigner::make(*key);
}

std::string Auth::rest_token(std::string_view method, std::string_view target, WallTime now) {
  std::string uri(method);
  uri.append(" ").append(api_host).append(target.substr(0, target.find('?')));
  return token(uri, now);
}

std::string Auth::stream_token(WallTime now) { return token({}, now); }

std::string Auth::token(std::string_view uri, WallTime now) {
  const WallTime there = now + offset_;
  std::string nonce = nonces_.next(now);
  std::erase(nonce, '-');
  const security::KeyCurve curve = signer_ ? signer_->curve() : security::KeyCurve::Ed25519;
  const std::string input = security::jwt_signing_input(
      token_header(curve, key_, nonce), token_claims(key_, uri, there.ns_utc / 1'000'000'000));
  if (!signer_) return security::jwt_token(input, {});
  return security::jwt_token(input, signer_->sign(input));
}

}  // namespace ats::venues::coinbase
