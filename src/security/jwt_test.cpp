#include "security/jwt.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ats::security {
namespace {

constexpr std::string_view access = "test-access-key-0123456789";
constexpr std::string_view secret = "test-secret-key-0123456789abcdefABCDEF";
constexpr std::string_view plain_payload =
    R"({"access_key":"test-access-key-0123456789","nonce":"b2f1e3f8-2dc1-4d6f-a838-c74c49b0e39a"})";
constexpr std::string_view order_query =
    "market=KRW-BTC&side=bid&volume=0.01&price=100.0&ord_type=limit";

std::string hashed_payload() {
  return R"({"access_key":"test-access-key-0123456789","nonce":"b2f1e3f8-2dc1-4d6f-a838-c74c49b0e39a","query_hash":")" +
         sha512_hex(order_query) + R"(","query_hash_alg":"SHA512"})";
}

std::string signature_of(const std::string& token) { return token.substr(token.rfind('.') + 1); }

TEST(Sha512, GivesTheHexOfQueryStringsAsVenuesWantIt) {
  EXPECT_EQ(sha512_hex("market=KRW-BTC&limit=10"),
            "d8214a07d0b7181ac91485f885d4349e9de6733bbd0806fec3102519a0ba1479b9be54245055706da413a6"
            "e916a8a978c1fc1a79e8e459d54c4de8fbe2bc70cd");
  EXPECT_EQ(sha512_hex("market=KRW-BTC&states[]=wait&states[]=watch"),
            "c01bbcb80094d2225c90eda65128baf7ef800471fbdeb76579856d1532cd263060e41ede9c52bfc926a0b4"
            "6c4b7797a61e4327cda59d236f829cde4c875dfe77");
  EXPECT_EQ(sha512_hex(order_query),
            "1db802a392c559d55c99662a20c6911ba9ea31a9f58bf92156af243ca1462b004c6e6b27c934afefbde5ca"
            "15d28deb67e90cd619b466c9a3c2fe020ad2bbdd24");
  EXPECT_EQ(sha512_hex("uuid=cdd92199-2897-4e14-9448-f923320408ad"),
            "79bbec9454274d296b69505bda5f84d5e17b129499e1e1930e51fc3f15b8c4f5d3b13529c558fe30865bde"
            "47a8769ca26377f5c55fff94629be3caf7f1ba024e");
}

TEST(Jwt, OfRfc7515IsReadAndItsSignatureBelieved) {
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const auto key = from_base64url(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  ASSERT_TRUE(key.has_value());
  const std::string_view bytes(reinterpret_cast<const char*>(key->data()), key->size());
  const auto read = read_jwt(token);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->header, "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}");
  EXPECT_TRUE(signed_with(*read, JwtHash::HS256, bytes));
  EXPECT_FALSE(signed_with(*read, JwtHash::HS512, bytes));
  EXPECT_FALSE(signed_with(*read, JwtHash::HS256, "another"));
}

TEST(Jwt, OfHs512HasTheSignatureOthersGiveIt) {
  JwtSigner signer(JwtHash::HS512, "your-512-bit-secret");
  EXPECT_EQ(
      signature_of(
          signer.sign(R"({"sub":"1234567890","name":"John Doe","admin":true,"iat":1516239022})")),
      "VFb0qJ1LRg_4ujbZoRMXnVkUgiuKq5KxWqNdbKq_G9Vvz-S1zZa9LPxtHWKa64zDl2ofkT8F6jBt_K4riU-fPg");
}

TEST(Jwt, OfAnUpbitRequestIsTheSheetsToTheByte) {
  JwtSigner hs512(JwtHash::HS512, secret);
  JwtSigner hs256(JwtHash::HS256, secret);
  EXPECT_EQ(
      hs512.sign(plain_payload),
      "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9."
      "eyJhY2Nlc3Nfa2V5IjoidGVzdC1hY2Nlc3Mta2V5LTAxMjM0NTY3ODkiLCJub25jZSI6ImIyZjFlM2Y4LTJkYz"
      "EtNGQ2Zi1hODM4LWM3NGM0OWIwZTM5YSJ9."
      "WO-4zWt7W4nhbduTbzcknvx1Hyc30wQfRp2qcORcFeyN9ISv5XyV8pGbD7UVFvWYsJ9SxWrAFyF0FzfsZgqmRA");
  EXPECT_EQ(signature_of(hs256.sign(plain_payload)), "YE6oj84PmytiqnRSh4E1SgXbDyko_QvwYKGxAyL69PY");
  EXPECT_EQ(
      signature_of(hs512.sign(hashed_payload())),
      "gwuXdB9kWzsndPhCoLmROQfxyBn2qrizPc8viUIIWniW56HVHzoLpuA4hLtP74SPRCHVa_3Y7PFeqmVJ2ttg0Q");
  EXPECT_EQ(signature_of(hs256.sign(hashed_payload())),
            "J1bglRrUo66TVqsS1m0-FY3BsdXR39RFzGweIIqHpnc");
}

TEST(Jwt, IsReadBackAsItWasMadeAndRefusedWhenItIsNone) {
  JwtSigner signer(JwtHash::HS512, secret);
  const std::string token = signer.sign(plain_payload);
  const auto read = read_jwt(token);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->payload, plain_payload);
  EXPECT_NE(read->payload.find(access), std::string::npos);
  EXPECT_TRUE(signed_with(*read, JwtHash::HS512, secret));
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    if (changed == token) continue;
    const auto other = read_jwt(changed);
    // The last digit of 64 bytes has four bits that say nothing, and may be refused for that.
    if (other && at + 1 != token.size()) {
      EXPECT_FALSE(signed_with(*other, JwtHash::HS512, secret)) << at;
    }
  }
  for (const char* bad : {"", ".", "a.b", "!.e30.e30", "e30.e30.e30=", "a b.c.d"})
    EXPECT_FALSE(read_jwt(bad).has_value()) << bad;
}

TEST(Jwt, ABeginningThatIsKeptChangesNoToken) {
  const std::string payload = hashed_payload();
  JwtSigner plain(JwtHash::HS512, secret);
  for (std::size_t size = 0; size < payload.size(); size += 13) {
    JwtSigner kept(JwtHash::HS512, secret);
    kept.begin(std::string_view(payload).substr(0, size));
    EXPECT_EQ(kept.sign(payload, "Bearer "), plain.sign(payload, "Bearer ")) << size;
    EXPECT_EQ(kept.sign(plain_payload), plain.sign(plain_payload)) << "of another beginning";
    EXPECT_EQ(kept.sign(payload), plain.sign(payload)) << "and again";
  }
}

TEST(TokenNonces, LookLikeUuidsAndNeverRepeat) {
  TokenNonces nonces(access);
  TokenNonces others("another key");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const WallTime now{1'700'000'000'000'000'000 + i / 2};
    for (const std::string& nonce : {nonces.next(now), others.next(now)}) {
      ASSERT_EQ(nonce.size(), 36u);
      EXPECT_EQ(nonce[14], '4');
      EXPECT_TRUE(seen.insert(nonce).second) << nonce;
    }
  }
  EXPECT_EQ(TokenNonces(access).next(WallTime{5}), TokenNonces(access).next(WallTime{5}));
}

}  // namespace
}  // namespace ats::security
