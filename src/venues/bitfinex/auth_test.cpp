#include "venues/bitfinex/auth.hpp"

#include <gtest/gtest.h>

#include "venues/json.hpp"

namespace ats::venues::bitfinex {
namespace {

TEST(BitfinexAuth, signsThePublishedVector) {
  security::HmacSigner signer(security::HashKind::Sha384, "apiSecret2");
  EXPECT_EQ(stream_signature(signer, "AUTHnonce1"),
            "2744ec1afc974eadbda7e09efa03da80578628ba90e2aa5fcba8c2c61014b811"
            "f3a8be5a041c3ee35c464a59856b3869");
}

TEST(BitfinexAuth, signsRequestsAndStreams) {
  security::HmacSigner signer(security::HashKind::Sha384, "dummysecret");
  EXPECT_EQ(rest_signature(
                signer, "/v2/auth/w/order/submit", "1700000000000000",
                R"({"type":"EXCHANGE LIMIT","symbol":"tBTCUSD","amount":"0.5","price":"15000"})"),
            "ed1571ecde33a0e986066e49cedff6b12e6c4376806da69f7c33dd41d7bb71f3"
            "50360794c8e3922261db66fd51f17907");
  EXPECT_EQ(rest_signature(signer, "/v2/auth/r/wallets", "1700000000000000", "{}"),
            "4efb0f0983dffecb2558871dacddd24624d857be50b664baffe8dda71a2b47ef"
            "c916b85e586be823196a225383a3047d");
  EXPECT_EQ(stream_signature(signer, "AUTH1700000000000000"),
            "30cf43cef36fd564d82b6a11774fbedaea7b9e4070a7c806a752628a99d0f8ed"
            "f0bd78dbf00bb97460a78bdd129c1065");
}

TEST(BitfinexAuth, postsWhatItSigned) {
  Auth auth({"dummykey", "dummysecret"});
  const WallTime time{1'700'000'000'000'000'000};
  const HttpRequest request = auth.post("/v2/auth/r/wallets", "{}", time);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v2/auth/r/wallets");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(*request.header("bfx-nonce"), "1700000000000000");
  EXPECT_EQ(*request.header("bfx-apikey"), "dummykey");
  EXPECT_EQ(*request.header("bfx-signature"),
            "4efb0f0983dffecb2558871dacddd24624d857be50b664baffe8dda71a2b47ef"
            "c916b85e586be823196a225383a3047d");
}

TEST(BitfinexAuth, givesRisingNoncesWhateverTheClockDoes) {
  Auth auth({"dummykey", "dummysecret"});
  const WallTime time{1'700'000'000'000'000'000};
  const auto nonce = [&auth](WallTime now) {
    return *auth.post("/v2/x", "{}", now).header("bfx-nonce");
  };
  EXPECT_EQ(nonce(time), "1700000000000000");
  EXPECT_EQ(nonce(time), "1700000000000001");
  EXPECT_EQ(nonce(WallTime{1}), "1700000000000002");
  EXPECT_NE(auth.authentication(time, true).find(R"("authNonce":"1700000000000003")"),
            std::string::npos);
  auth.raise_nonce();
  EXPECT_EQ(nonce(time), "1700000060000000");
}

TEST(BitfinexAuth, opensTheAccountsChannel) {
  Auth auth({"dummykey", "dummysecret"});
  const std::string event = auth.authentication(WallTime{1'700'000'000'000'000'000}, true);
  Json json;
  json::object root;
  std::string_view text;
  ASSERT_TRUE(json.open(event, root));
  EXPECT_TRUE(text_field(root, "authPayload", text) && text == "AUTH1700000000000000");
  EXPECT_TRUE(text_field(root, "authSig", text) &&
              text ==
                  "30cf43cef36fd564d82b6a11774fbedaea7b9e4070a7c806a752628a99d0f8ed"
                  "f0bd78dbf00bb97460a78bdd129c1065");
  std::uint64_t dead_man = 0;
  EXPECT_TRUE(integer_field(root, "dms", dead_man) && dead_man == 4);
  EXPECT_EQ(auth.authentication(WallTime{}, false).find("dms"), std::string::npos);
}

}  // namespace
}  // namespace ats::venues::bitfinex
