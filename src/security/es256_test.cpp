#include "security/es256.hpp"

#include <gtest/gtest.h>

#include "security/signing.hpp"

namespace ats::security {
namespace {

std::vector<std::uint8_t> bytes_of(std::string_view hex) {
  const auto value = [](char c) {
    return c <= '9' ? c - '0' : c <= 'F' ? c - 'A' + 10 : c - 'a' + 10;
  };
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(value(hex[i]) * 16 + value(hex[i + 1])));
  return bytes;
}

template <class Bytes>
std::string hex_of(const Bytes& bytes) {
  std::string hex(2 * bytes.size(), '\0');
  to_hex(bytes, hex.data());
  return hex;
}

PrivateKey key_of(KeyCurve curve, std::string_view hex) {
  PrivateKey key;
  key.curve = curve;
  const auto bytes = bytes_of(hex);
  std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
  return key;
}

// RFC 6979, A.2.5.
constexpr std::string_view rfc6979_key =
    "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
constexpr std::string_view rfc6979_public =
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
constexpr std::string_view rfc6979_sample =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
constexpr std::string_view rfc6979_test =
    "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
    "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083";

// The EC key of the official SDK's tests, which signs nothing of value.
constexpr std::string_view sec1_body =
    "MHcCAQEEIKwf3Uox30cRWzRBOPoPOH5p0Gpb0Dt8zUKXUEM5fMkGoAoGCCqGSM49AwEHoUQDQgAEbAtpLlSZYVOwYICz+"
    "uEyxcS29vRIujiES/gQ1DC7FV4zK4JuYE9vqDyGZQYjdXHLM7I6f/QnnOITL+dXYWBHRA==";

TEST(Es256, signsAsRfc6979Tells) {
  auto signer = KeySigner::make(key_of(KeyCurve::P256, rfc6979_key));
  ASSERT_TRUE(signer.has_value());
  EXPECT_EQ(signer->curve(), KeyCurve::P256);
  EXPECT_EQ(hex_of(signer->public_key().view()), rfc6979_public);
  EXPECT_EQ(hex_of(signer->sign("sample")), rfc6979_sample);
  EXPECT_EQ(hex_of(signer->sign("test")), rfc6979_test);
  EXPECT_EQ(hex_of(signer->sign("sample")), rfc6979_sample);
}

TEST(Es256, verifiesWhatItSignedAndNothingElse) {
  auto signer = KeySigner::make(key_of(KeyCurve::P256, rfc6979_key));
  auto verifier = KeyVerifier::make(signer->public_key());
  ASSERT_TRUE(verifier.has_value());
  const Signature64 signature = signer->sign("sample");
  EXPECT_TRUE(verifier->verify("sample", signature));
  EXPECT_FALSE(verifier->verify("samples", signature));
  for (std::size_t at = 0; at < signature.size(); ++at) {
    Signature64 wrong = signature;
    wrong[at] ^= 1;
    EXPECT_FALSE(verifier->verify("sample", wrong)) << at;
  }
  EXPECT_FALSE(verifier->verify("sample", std::span(signature).first(63)));
  EXPECT_FALSE(verifier->verify("sample", {}));
  EXPECT_FALSE(verifier->verify("sample", Signature64{}));
  Signature64 beyond{};
  beyond.fill(0xff);
  EXPECT_FALSE(verifier->verify("sample", beyond));
}

TEST(Es256, verifiesTheTokenOfRfc7515) {
  PublicKey key;
  key.bytes[0] = 4;
  const auto x = from_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  const auto y = from_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  ASSERT_TRUE(x && y);
  std::copy(x->begin(), x->end(), key.bytes.begin() + 1);
  std::copy(y->begin(), y->end(), key.bytes.begin() + 33);
  auto verifier = KeyVerifier::make(key);
  ASSERT_TRUE(verifier.has_value());
  const auto signature = from_base64url(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  ASSERT_TRUE(signature.has_value());
  EXPECT_TRUE(verifier->verify(
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
      "VlfQ",
      *signature));
}

TEST(Es256, takesNoScalarOrPointBeyondTheCurve) {
  EXPECT_FALSE(KeySigner::make(key_of(KeyCurve::P256, std::string(64, '0'))).has_value());
  EXPECT_FALSE(KeySigner::make(key_of(KeyCurve::P256, std::string(64, 'f'))).has_value());
  PublicKey off_curve;
  off_curve.bytes[0] = 4;
  off_curve.bytes[64] = 1;
  EXPECT_FALSE(KeyVerifier::make(off_curve).has_value());
}

// RFC 8032, 7.1.
TEST(Ed25519, signsAsRfc8032Tells) {
  struct Vector {
    std::string_view seed, point, message, signature;
  };
  constexpr Vector vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "1"
       "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const Vector& vector : vectors) {
    auto signer = KeySigner::make(key_of(KeyCurve::Ed25519, vector.seed));
    ASSERT_TRUE(signer.has_value());
    EXPECT_EQ(hex_of(signer->public_key().view()), vector.point);
    const auto message = bytes_of(vector.message);
    const std::string_view text(reinterpret_cast<const char*>(message.data()), message.size());
    const Signature64 signature = signer->sign(text);
    EXPECT_EQ(hex_of(signature), vector.signature);
    auto verifier = KeyVerifier::make(signer->public_key());
    ASSERT_TRUE(verifier.has_value());
    EXPECT_TRUE(verifier->verify(text, signature));
    EXPECT_FALSE(verifier->verify("another", signature));
    Signature64 wrong = signature;
    wrong[40] ^= 4;
    EXPECT_FALSE(verifier->verify(text, wrong));
  }
}

// RFC 8037, A.4.
TEST(Ed25519, signsTheTokenOfRfc8037) {
  const auto seed = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
  ASSERT_TRUE(seed.has_value());
  const auto key = read_private_key(base64(*seed));
  ASSERT_TRUE(key.has_value());
  auto signer = KeySigner::make(*key);
  EXPECT_EQ(
      base64url(signer->sign("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")),
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

TEST(PrivateKeys, areReadInEveryFormTheyAreHandedOutIn) {
  const std::string body(sec1_body);
  const std::string pem = "-----BEGIN EC PRIVATE KEY-----\n" + body.substr(0, 64) + "\n" +
                          body.substr(64) + "\n-----END EC PRIVATE KEY-----\n";
  const auto key = read_private_key(pem);
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->curve, KeyCurve::P256);
  EXPECT_EQ(hex_of(key->bytes), "ac1fdd4a31df47115b344138fa0f387e69d06a5bd03b7ccd42975043397cc906");
  // The half that the key's file has beside it is the half that follows from it.
  auto signer = KeySigner::make(*key);
  ASSERT_TRUE(signer.has_value());
  EXPECT_EQ(hex_of(signer->public_key().view()).substr(0, 18), "046c0b692e54996153");

  const std::string escaped =
      "-----BEGIN EC PRIVATE KEY-----\\n" + body + "\\n-----END EC PRIVATE KEY-----\\n";
  const auto same = read_private_key(escaped);
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->bytes, key->bytes);

  // PKCS #8 around the scalar of the same key, and around an Ed25519 seed.
  const auto pkcs8 = bytes_of(
      "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
      "ac1fdd4a31df47115b344138fa0f387e69d06a5bd03b7ccd42975043397cc906");
  const auto again = read_private_key("-----BEGIN PRIVATE KEY-----\n" + base64(pkcs8) +
                                      "\n-----END PRIVATE KEY-----");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->bytes, key->bytes);
  const auto pkcs8_ed = bytes_of(
      "302e020100300506032b657004220420"
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const auto edwards = read_private_key("-----BEGIN PRIVATE KEY-----\n" + base64(pkcs8_ed) +
                                        "\n-----END PRIVATE KEY-----");
  ASSERT_TRUE(edwards.has_value());
  EXPECT_EQ(edwards->curve, KeyCurve::Ed25519);
  EXPECT_EQ(hex_of(edwards->bytes),
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

  // base64 of seed and public key.
  const auto both = read_private_key(
      "k0BUni0p0vZG1BdpVjS6ogBJ7kxm630AJ2dN+tuputDOKsRAwgyrpEQLeBtS1znTmzPX6Xr2eOWpzx6nW8knkA==");
  ASSERT_TRUE(both.has_value());
  auto ed_signer = KeySigner::make(*both);
  EXPECT_EQ(base64(ed_signer->public_key().view()), "zirEQMIMq6REC3gbUtc505sz1+l69njlqc8ep1vJJ5A=");
}

TEST(PrivateKeys, ofOtherFormsAreRefused) {
  EXPECT_FALSE(read_private_key("").has_value());
  EXPECT_FALSE(read_private_key("c2VjcmV0").has_value());
  EXPECT_FALSE(read_private_key("not base64 at all!").has_value());
  EXPECT_FALSE(read_private_key("-----BEGIN EC PRIVATE KEY-----").has_value());
  EXPECT_FALSE(
      read_private_key("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----")
          .has_value());
  const std::string pem = "-----BEGIN EC PRIVATE KEY-----\n" + std::string(sec1_body) +
                          "\n-----END EC PRIVATE KEY-----\n";
  for (std::size_t size = 0; size + 25 < pem.size(); ++size)
    EXPECT_FALSE(read_private_key(pem.substr(0, size)).has_value()) << size;
}

}  // namespace
}  // namespace ats::security
