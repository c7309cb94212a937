#include "venues/coinbase/auth.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "venues/coinbase/metadata.hpp"

namespace ats::venues::coinbase {
namespace {

using testing::HasSubstr;

constexpr std::string_view key = "organizations/test-organization/apiKeys/test-api-key";
constexpr std::string_view uri = "GET api.coinbase.com/api/v3/brokerage/accounts";
constexpr std::string_view nonce = "00112233445566778899aabbccddeeff";
// The keys of the official SDK's tests, which sign nothing of value.
constexpr std::string_view edwards_secret =
    "k0BUni0p0vZG1BdpVjS6ogBJ7kxm630AJ2dN+tuputDOKsRAwgyrpEQLeBtS1znTmzPX6Xr2eOWpzx6nW8knkA==";
constexpr std::string_view p256_secret =
    "-----BEGIN EC PRIVATE "
    "KEY-----\nMHcCAQEEIKwf3Uox30cRWzRBOPoPOH5p0Gpb0Dt8zUKXUEM5fMkGoAoGCCqGSM4"
    "9AwEHoUQDQgAEbAtpLlSZYVOwYICz+uEyxcS29vRIujiES/gQ1DC7FV4zK4JuYE9vqDyGZQYjdXHLM7I6f/"
    "QnnOITL+dXYWB"
    "HRA==\n-----END EC PRIVATE KEY-----\n";

security::KeySigner signer_of(std::string_view secret) {
  return *security::KeySigner::make(*security::read_private_key(secret));
}

TEST(CoinbaseTokens, areThoseThatOthersMakeOfTheSameInput) {
  auto signer = signer_of(edwards_secret);
  const std::string header =
      R"({"alg":"EdDSA","kid":"organizations/test-organization/apiKeys/test-api-key","nonce":"00112233445566778899aabbccddeeff","typ":"JWT"})";
  EXPECT_EQ(token_header(signer.curve(), key, nonce), header);
  const std::string claims = token_claims(key, uri, 1'700'000'000);
  EXPECT_EQ(
      claims,
      R"({"sub":"organizations/test-organization/apiKeys/test-api-key","iss":"cdp","nbf":1700000000,"exp":1700000120,"uri":"GET api.coinbase.com/api/v3/brokerage/accounts"})");
  const std::string input = security::jwt_signing_input(header, claims);
  EXPECT_EQ(
      security::jwt_token(input, signer.sign(input)),
      "eyJhbGciOiJFZERTQSIsImtpZCI6Im9yZ2FuaXphdGlvbnMvdGVzdC1vcmdhbml6YXRpb24vYXBpS2V5cy90ZXN0LWFw"
      "a"
      "S1rZXkiLCJub25jZSI6IjAwMTEyMjMzNDQ1NTY2Nzc4ODk5YWFiYmNjZGRlZWZmIiwidHlwIjoiSldUIn0."
      "eyJzdWIiOiJvcmdhbml6YXRpb25zL3Rlc3Qtb3JnYW5pemF0aW9uL2FwaUtleXMvdGVzdC1hcGkta2V5IiwiaXNzIjoi"
      "Y"
      "2RwIiwibmJmIjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDAxMjAsInVyaSI6IkdFVCBhcGkuY29pbmJhc2UuY29tL2Fwa"
      "S"
      "92My9icm9rZXJhZ2UvYWNjb3VudHMifQ."
      "VKxvz0b5LzwhWX-Fz9sB1un4A3tuMxE5h_BbeY_tyyiZjwfoH7TDfKQYpucjbLrQcAjvRpEL1hXPGIS0SB3YAA");
}

TEST(CoinbaseTokens, ofAnEcKeyAreVerifiedWhoeverSignedThem) {
  auto signer = signer_of(p256_secret);
  auto verifier = security::KeyVerifier::make(signer.public_key());
  ASSERT_TRUE(verifier.has_value());
  const std::string input = security::jwt_signing_input(token_header(signer.curve(), key, nonce),
                                                        token_claims(key, uri, 1'700'000'000));
  EXPECT_THAT(token_header(signer.curve(), key, nonce), HasSubstr(R"("alg":"ES256")"));
  const auto other = security::from_base64url(
      "ofq2K78CfBv5NWYVwH0s2XQ-ykdMff2FoKX5AN008N4YAMYJpy5WctNuFDzTYt-vsdQGLihFn5a0woa7afB-mg");
  ASSERT_TRUE(other.has_value());
  EXPECT_TRUE(verifier->verify(input, *other));
  EXPECT_TRUE(verifier->verify(input, signer.sign(input)));
}

TEST(CoinbaseTokens, nameTheirCallAndNeverRepeat) {
  Auth auth({std::string(key), std::string(edwards_secret)});
  const WallTime now{1'700'000'000'500'000'000};
  const std::string one = auth.rest_token("GET", "/api/v3/brokerage/accounts?limit=250", now);
  EXPECT_NE(one, auth.rest_token("GET", "/api/v3/brokerage/accounts?limit=250", now));
  // The same begun anew: the same token.
  Auth again({std::string(key), std::string(edwards_secret)});
  EXPECT_EQ(one, again.rest_token("GET", "/api/v3/brokerage/accounts?limit=250", now));
  const auto token = security::read_jwt(one);
  ASSERT_TRUE(token.has_value());
  EXPECT_THAT(
      token->payload,
      HasSubstr(
          R"("nbf":1700000000,"exp":1700000120,"uri":"GET api.coinbase.com/api/v3/brokerage/accounts")"));
  const auto stream = security::read_jwt(auth.stream_token(now));
  ASSERT_TRUE(stream.has_value());
  EXPECT_EQ(stream->payload.find("uri"), std::string::npos);
  auth.set_clock_offset(seconds(-7));
  EXPECT_THAT(security::read_jwt(auth.stream_token(now))->payload,
              HasSubstr(R"("nbf":1699999993)"));
}

TEST(CoinbaseTokens, withoutAKeyHaveAnEmptySignature) {
  Auth auth({"name", "no key at all"});
  const std::string token = auth.stream_token(WallTime{1'700'000'000'000'000'000});
  EXPECT_TRUE(token.ends_with('.'));
}

TEST(CoinbaseTokens, areMadeWithSimulatedKeysAsWell) {
  const Credentials account = simulated_credentials(std::string(64, '7'));
  EXPECT_EQ(account.secret.reveal().find('\n'), std::string::npos);
  EXPECT_EQ(security::read_private_key(account.secret.reveal())->curve, security::KeyCurve::P256);
  EXPECT_TRUE(account.key.starts_with("organizations/"));
  ASSERT_TRUE(security::read_private_key(account.secret.reveal()).has_value());
  Auth auth(account);
  EXPECT_FALSE(auth.stream_token(WallTime{1}).ends_with('.'));
}

}  // namespace
}  // namespace ats::venues::coinbase
