#include "security/signing.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "base/rng.hpp"

namespace ats::security {
namespace {

constexpr std::string_view binance_key =
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
constexpr std::string_view binance_secret =
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text(2 * bytes.size(), '\0');
  EXPECT_EQ(to_hex(bytes, text.data()), text.data() + text.size());
  return text;
}

std::string hmac256(std::string_view key, std::string_view message) {
  HmacSigner signer(HashKind::Sha256, key);
  std::uint8_t out[64];
  EXPECT_EQ(signer.sign(message, out), 32u);
  return hex({out, 32});
}

// Published by Binance; numbered as in the protocol sheet.
TEST(Signing, HmacSha256GivesBinancesPublishedSignatures) {
  const std::string key(binance_key);
  const std::pair<std::string, std::string> vectors[] = {
      {"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&"
       "timestamp=1499827319559",
       "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"},
      {"symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&"
       "timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
       "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"},
      {"timestamp=1578963600000",
       "d84e6641b1e328e7b418fff030caed655c266299c9355e36ce801ed14631eed4"},
      {"apiKey=" + key +
           "&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL&symbol=BTCUSDT&"
           "timeInForce=GTC&timestamp=1645423376532&type=LIMIT",
       "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"},
      {"apiKey=" + key +
           "&price=0.10000000&quantity=1.00000000&recvWindow=5000&side=BUY&symbol=１２３４５６&"
           "timeInForce=GTC&timestamp=1645423376532&type=LIMIT",
       "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd"},
  };
  for (const auto& [payload, signature] : vectors) {
    EXPECT_EQ(hmac256(binance_secret, payload), signature) << payload;
  }
}

TEST(Signing, APayloadInPartsIsSignedAsItsConcatenation) {
  HmacSigner signer(HashKind::Sha256, binance_secret);
  const std::string_view parts[] = {"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
                                    "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"};
  std::uint8_t out[32];
  ASSERT_EQ(signer.sign(parts, out), 32u);
  EXPECT_EQ(hex(out), "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77");
}

// Published by Kraken: API-Sign = base64(HMAC-SHA512(base64-decoded secret, path + SHA256(nonce + body))).
TEST(Signing, HmacSha512OverSha256GivesKrakensPublishedSignature) {
  const auto secret = from_base64(
      "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==");
  ASSERT_TRUE(secret);
  const std::string nonce = "1616492376594";
  const std::string body =
      "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25";
  const std::string_view hashed[] = {nonce, body};
  const Digest256 digest = sha256(hashed);
  HmacSigner signer(HashKind::Sha512,
                    {reinterpret_cast<const char*>(secret->data()), secret->size()});
  const std::string_view signed_parts[] = {
      "/0/private/AddOrder", {reinterpret_cast<const char*>(digest.data()), digest.size()}};
  std::uint8_t out[64];
  ASSERT_EQ(signer.sign(signed_parts, out), 64u);
  EXPECT_EQ(
      base64(out),
      "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==");
}

TEST(Signing, KeysAndMessagesOfEveryLengthAgreeWithOpenssl) {
  Rng rng(1);
  for (std::size_t n = 0; n < 300; ++n) {
    std::string key(n % 150, '\0');
    std::string message(n, '\0');
    for (char& c : key) c = static_cast<char>(rng.next());
    for (char& c : message) c = static_cast<char>(rng.next());
    for (const HashKind kind : {HashKind::Sha256, HashKind::Sha384, HashKind::Sha512}) {
      std::uint8_t ours[64];
      std::uint8_t theirs[64];
      unsigned size = 0;
      HMAC(kind == HashKind::Sha256   ? EVP_sha256()
           : kind == HashKind::Sha384 ? EVP_sha384()
                                      : EVP_sha512(),
           key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const std::uint8_t*>(message.data()), message.size(), theirs, &size);
      HmacSigner signer(kind, key);
      signer.sign("spoils nothing", ours);
      ASSERT_EQ(signer.sign(message, ours), size);
      ASSERT_EQ(hex({ours, size}), hex({theirs, size})) << n;
    }
  }
}

TEST(Signing, Sha256OfNothingAndOfAbc) {
  EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string_view parts[] = {"a", "", "bc"};
  EXPECT_EQ(hex(sha256(parts)), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Signing, Base64RoundsTripAndRefusesOtherText) {
  const std::pair<std::string_view, std::string_view> known[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
  for (const auto& [plain, coded] : known) {
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(plain.data()), plain.size());
    EXPECT_EQ(base64(bytes), coded);
    const auto back = from_base64(coded);
    ASSERT_TRUE(back);
    EXPECT_EQ(std::string(back->begin(), back->end()), plain);
  }
  for (const std::string_view bad :
       {"Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z g=", "====", "Zm8*", "=m8=", "Zg=a"}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(Signing, Base64ForUrlsHasItsOwnAlphabetAndNoPadding) {
  const std::vector<std::uint8_t> bytes{0xfb, 0xff, 0xfe, 0x01};
  EXPECT_EQ(base64url(bytes), "-__-AQ");
  EXPECT_EQ(from_base64url("-__-AQ"), bytes);
  for (const std::string_view bad : {"+__-AQ", "-__/AQ", "-__-AQ==", "-__-AR", "A"}) {
    EXPECT_FALSE(from_base64url(bad)) << bad;
  }
}

TEST(Signing, ConstantTimeComparisonComparesAllBytes) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace ats::security
