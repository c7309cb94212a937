#include "venues/kraken/auth.hpp"

#include <gtest/gtest.h>

#include "venues/kraken/errors.hpp"
#include "venues/kraken/rate.hpp"

namespace ats::venues::kraken {
namespace {

const Credentials published{
    "key",
    "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="};

TEST(KrakenAuth, signsAsThePublishedExample) {
  const auto secret = security::from_base64(published.secret.reveal());
  ASSERT_TRUE(secret.has_value());
  security::HmacSigner signer(security::HashKind::Sha512,
                              {reinterpret_cast<const char*>(secret->data()), secret->size()});
  EXPECT_EQ(
      api_sign(signer, "/0/private/AddOrder", "1616492376594",
               "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"),
      "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==");
}

TEST(KrakenAuth, postsTheNonceInFrontOfTheFieldsAndRaisesItAlways) {
  Auth auth(published);
  const HttpRequest first = auth.post("/0/private/Balance", "a=b", {1'700'000'000'000'000'001});
  EXPECT_EQ(first.method, "POST");
  EXPECT_EQ(first.target, "/0/private/Balance");
  EXPECT_EQ(first.body, "nonce=1700000000000000001&a=b");
  EXPECT_EQ(*first.header("api-key"), "key");
  EXPECT_EQ(first.header("API-Sign")->size(), 88u);
  // The clock stands still, then goes back.
  EXPECT_EQ(auth.post("/", "", {1'700'000'000'000'000'001}).body, "nonce=1700000000000000002");
  EXPECT_EQ(auth.post("/", "", {1'600'000'000'000'000'000}).body, "nonce=1700000000000000003");
  auth.raise_nonce();
  EXPECT_EQ(auth.post("/", "", {1'700'000'000'000'000'001}).body, "nonce=1700000060000000001");
}

TEST(KrakenErrors, haveTheMeaningTheSheetGivesThem) {
  const auto refused = [](std::string_view error, RejectReason reason) {
    const Meaning meaning = meaning_of(error);
    return meaning.reaction == Reaction::Refused && meaning.reject == reason;
  };
  EXPECT_TRUE(refused("EOrder:Insufficient funds", RejectReason::InsufficientFunds));
  EXPECT_TRUE(refused("EOrder:Order minimum not met", RejectReason::InvalidOrder));
  EXPECT_TRUE(refused("EOrder:Cost minimum not met", RejectReason::InvalidOrder));
  EXPECT_TRUE(refused("EOrder:Tick size check failed", RejectReason::InvalidOrder));
  EXPECT_TRUE(refused("EGeneral:Invalid arguments:price", RejectReason::InvalidOrder));
  EXPECT_TRUE(refused("EService:Market in cancel_only mode", RejectReason::InstrumentClosed));
  EXPECT_TRUE(refused("EQuery:Unknown asset pair", RejectReason::InstrumentClosed));
  EXPECT_TRUE(refused("EOrder:Rate limit exceeded", RejectReason::RateLimited));
  EXPECT_TRUE(refused("EAPI:Rate limit exceeded", RejectReason::RateLimited));
  EXPECT_TRUE(refused("EGeneral:Temporary lockout", RejectReason::RateLimited));
  EXPECT_TRUE(refused("EAPI:Invalid key", RejectReason::AuthFailed));
  EXPECT_TRUE(refused("EAuth:Account temporary disabled", RejectReason::AuthFailed));
  EXPECT_TRUE(refused("EAuth:Too many requests", RejectReason::RateLimited));
  EXPECT_TRUE(refused("EService:Deadline elapsed", RejectReason::VenueBusy));
  EXPECT_TRUE(refused("EOrder:Duplicate cl_ord_id", RejectReason::DuplicateId));
  EXPECT_TRUE(refused("EFuture:Never heard of", RejectReason::Other));
  for (const char* unknown : {"EGeneral:Internal error", "EService:Unavailable", "EService:Busy"}) {
    EXPECT_EQ(meaning_of(unknown).reaction, Reaction::Unknown) << unknown;
  }
  EXPECT_EQ(meaning_of("EOrder:Unknown order").reaction, Reaction::UnknownOrder);
  EXPECT_EQ(meaning_of("EAPI:Invalid nonce").reaction, Reaction::BadNonce);
  EXPECT_EQ(meaning_of("ESession:Invalid session").reaction, Reaction::BadToken);
  EXPECT_EQ(meaning_of("EService:Throttled: 1700000000").wait_until.ns_utc,
            1'700'000'000'000'000'000);
}

TEST(KrakenRates, followThePublishedExamples) {
  // Fifty orders in ten seconds on the middle tier: 50 - 10 * 2.34.
  LeakyCounter counter = engine_counter();
  for (int i = 0; i < 50; ++i)
    EXPECT_TRUE(counter.take(place_cost, engine_reserve, Instant{} + milliseconds(200 * i)));
  EXPECT_NEAR(static_cast<double>(counter.level(Instant{} + seconds(10))), 26'600.0, 100.0);
  // Cancelling 36 s after it was placed adds 4.
  EXPECT_EQ(cancel_cost(seconds(36)), 4'000);
  EXPECT_EQ(cancel_cost(milliseconds(10)), 8'000);
  EXPECT_EQ(cancel_cost(seconds(300)), 0);
}

TEST(KrakenRates, newOrdersLeaveRoomForCancels) {
  LeakyCounter counter = engine_counter();
  int placed = 0;
  while (counter.take(place_cost, engine_reserve, Instant{})) ++placed;
  EXPECT_EQ(placed, 109);
  EXPECT_TRUE(counter.take(cancel_cost({}), 0, Instant{}));
  EXPECT_TRUE(counter.take(cancel_cost({}), 0, Instant{}));
  EXPECT_FALSE(counter.take(place_cost, 0, Instant{}));
  EXPECT_TRUE(counter.take(place_cost, 0, Instant{} + seconds(1)));
}

}  // namespace
}  // namespace ats::venues::kraken
