// What may a key do: each venue's answers as its documentation shows them, and then the same question put to each
// venue's simulated exchange.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "venues/client.hpp"
#include "venues/server.hpp"
#include "venues/testing_exchange.hpp"

namespace ats::venues {
namespace {

using security::Answer;
using security::KeyRights;

constexpr WallTime noon = wall_from_ms(1'795'000'000'000);

HttpResponse answered(int status, std::string body) { return {status, {}, std::move(body)}; }

Result<KeyRights, KeyFault> read(std::string_view venue, std::vector<HttpResponse> answers) {
  return find_protocol(venue)->read_key_rights(answers, "sim-key");
}

KeyRights rights_of(std::string_view venue, std::vector<HttpResponse> answers) {
  const auto rights = read(venue, std::move(answers));
  EXPECT_TRUE(rights.ok()) << venue << ": " << (rights.ok() ? "" : name(rights.error()));
  return rights.value_or({});
}

KeyFault fault_of(std::string_view venue, std::vector<HttpResponse> answers) {
  const auto rights = read(venue, std::move(answers));
  EXPECT_FALSE(rights.ok()) << venue;
  return rights.ok() ? KeyFault::Malformed : rights.error();
}

// --- answers as documented ---

TEST(KeyRights, OfBinanceAreWhatApiRestrictionsSays) {
  const std::string documented =
      R"({"ipRestrict":false,"createTime":1698645219000,"enableReading":true,"enableWithdrawals":false,)"
      R"("enableInternalTransfer":false,"enableMargin":false,"enableFutures":false,)"
      R"("permitsUniversalTransfer":true,"enableVanillaOptions":false,"enableFixApiTrade":false,)"
      R"("enableFixReadOnly":true,"enableSpotAndMarginTrading":true,"enablePortfolioMarginTrading":true})";
  EXPECT_EQ(rights_of("binance", {answered(200, documented)}),
            (KeyRights{Answer::Yes, Answer::Yes, Answer::No, Answer::Yes, Answer::No, {}}));
  EXPECT_EQ(
      rights_of("binance", {answered(200, R"({"enableWithdrawals":true,"ipRestrict":true,)"
                                          R"("tradingAuthorityExpirationTime":1795000000000})")}),
      (KeyRights{Answer::Unknown, Answer::Unknown, Answer::Yes, Answer::Unknown, Answer::Yes,
                 noon}));
  // A field that is not there, or is no truth, is no proof.
  EXPECT_EQ(rights_of("binance", {answered(200, "{}")}).withdraw, Answer::Unknown);
  EXPECT_EQ(rights_of("binance", {answered(200, R"({"enableWithdrawals":"false"})")}).withdraw,
            Answer::Unknown);
}

TEST(KeyRights, OfBinanceAreNotReadFromARefusal) {
  EXPECT_EQ(
      fault_of(
          "binance",
          {answered(401,
                    R"({"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."})")}),
      KeyFault::Rejected);
  EXPECT_EQ(
      fault_of(
          "binance",
          {answered(
              400,
              R"({"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."})")}),
      KeyFault::ClockSkew);
  EXPECT_EQ(fault_of("binance", {answered(429, R"({"code":-1003,"msg":"Too many requests."})")}),
            KeyFault::RateLimited);
  EXPECT_EQ(fault_of("binance", {answered(503, "<html>")}), KeyFault::Unavailable);
  EXPECT_EQ(fault_of("binance", {answered(404, "")}), KeyFault::NotOffered);
  EXPECT_EQ(fault_of("binance", {answered(200, "[]")}), KeyFault::Malformed);
  EXPECT_EQ(fault_of("binance", {}), KeyFault::Malformed);
}

std::string kraken_info(std::string_view permissions, std::string_view more = "") {
  return R"({"error":[],"result":{"apiKeyName":"bot","apiKey":"abc","nonce":"1","nonceWindow":"0","permissions":[)" +
         std::string(permissions) + R"(],"iban":"AA05 N84G","queryFrom":"0","queryTo":"0")" +
         std::string(more) + "}}";
}

TEST(KeyRights, OfKrakenAreThePermissionsItLists) {
  const std::string trading =
      R"("query-funds","query-open-trades","query-closed-trades","modify-trades","close-trades","create-ws-token")";
  EXPECT_EQ(
      rights_of("kraken",
                {answered(200, kraken_info(trading, R"(,"validUntil":"0","ipAllowlist":[])"))}),
      (KeyRights{Answer::Yes, Answer::Yes, Answer::No, Answer::Unknown, Answer::No, {}}));
  EXPECT_EQ(
      rights_of(
          "kraken",
          {answered(200, kraken_info(R"("query-funds")",
                                     R"(,"validUntil":"1795000000","ipAllowlist":["10.0.0.1"])"))}),
      (KeyRights{Answer::No, Answer::No, Answer::No, Answer::Unknown, Answer::Yes, noon}));
  for (const char* word : {"withdraw-funds", "add-withdraw-address", "update-withdraw-address",
                           "a-new-way-to-withdraw"}) {
    EXPECT_EQ(
        rights_of("kraken", {answered(200, kraken_info("\"" + std::string(word) + "\""))}).withdraw,
        Answer::Yes)
        << word;
  }
  EXPECT_EQ(
      rights_of("kraken", {answered(200, kraken_info(R"("query-funds","send-funds")"))}).withdraw,
      Answer::Unknown)
      << "a word that nobody has told us of";
  EXPECT_EQ(
      rights_of(
          "kraken",
          {answered(200, kraken_info(R"("query-funds","query-open-trades","create-ws-token")"))})
          .read,
      Answer::No)
      << "orders that have ended could not be looked up";
}

TEST(KeyRights, OfKrakenAreNotReadFromARefusal) {
  EXPECT_EQ(fault_of("kraken", {answered(200, R"({"error":["EAPI:Invalid key"]})")}),
            KeyFault::Rejected);
  EXPECT_EQ(fault_of("kraken", {answered(200, R"({"error":["EAPI:Invalid signature"]})")}),
            KeyFault::Rejected);
  EXPECT_EQ(fault_of("kraken", {answered(200, R"({"error":["EAPI:Invalid nonce"]})")}),
            KeyFault::ClockSkew);
  EXPECT_EQ(fault_of("kraken", {answered(200, R"({"error":["EAPI:Rate limit exceeded"]})")}),
            KeyFault::RateLimited);
  EXPECT_EQ(fault_of("kraken", {answered(200, R"({"error":["EService:Unavailable"]})")}),
            KeyFault::Unavailable);
  EXPECT_EQ(fault_of("kraken", {answered(200, R"({"error":["EGeneral:Unknown method"]})")}),
            KeyFault::NotOffered);
  // No list of permissions is no proof of few.
  EXPECT_EQ(fault_of("kraken", {answered(200, R"({"error":[],"result":{"apiKeyName":"bot"}})")}),
            KeyFault::Malformed);
  EXPECT_EQ(fault_of("kraken", {answered(200, R"({"error":[],"result":{"permissions":[1]}})")}),
            KeyFault::Malformed);
  EXPECT_EQ(fault_of("kraken", {answered(502, "<html>")}), KeyFault::Unavailable);
}

TEST(KeyRights, OfCoinbaseAreWhatKeyPermissionsSays) {
  const auto body = [](const char* transfer) {
    return R"({"can_view":true,"can_trade":true,"can_transfer":)" + std::string(transfer) +
           R"(,"portfolio_uuid":"a1","portfolio_type":"DEFAULT"})";
  };
  EXPECT_EQ(rights_of("coinbase", {answered(200, body("false"))}),
            (KeyRights{Answer::Yes, Answer::Yes, Answer::No, Answer::No, Answer::Unknown, {}}));
  EXPECT_EQ(rights_of("coinbase", {answered(200, body("true"))}).withdraw, Answer::Yes);
  EXPECT_EQ(rights_of("coinbase", {answered(200, R"({"can_view":true})")}).withdraw,
            Answer::Unknown);
  EXPECT_EQ(fault_of("coinbase", {answered(401, "Unauthorized")}), KeyFault::Rejected);
  EXPECT_EQ(fault_of("coinbase", {answered(429, "")}), KeyFault::RateLimited);
  EXPECT_EQ(fault_of("coinbase", {answered(200, "nonsense")}), KeyFault::Malformed);
}

TEST(KeyRights, OfBitfinexAreItsScopes) {
  const auto scopes = [](std::string_view withdraw, std::string_view ui) {
    return R"([["account",1,0],["history",1,0],["orders",1,1],["positions",1,0],["funding",0,0],)"
           R"(["settings",0,0],["wallets",1,0])" +
           std::string(withdraw) + std::string(ui) + "]";
  };
  EXPECT_EQ(rights_of("bitfinex",
                      {answered(200, scopes(R"(,["withdraw",0,0])", R"(,["ui_withdraw",0,0])"))}),
            (KeyRights{Answer::Yes, Answer::Yes, Answer::No, Answer::No, Answer::Unknown, {}}));
  EXPECT_EQ(rights_of("bitfinex", {answered(200, scopes(R"(,["withdraw",1,1])", ""))}).withdraw,
            Answer::Yes);
  EXPECT_EQ(rights_of("bitfinex",
                      {answered(200, scopes(R"(,["withdraw",0,0])", R"(,["ui_withdraw",1,1])"))})
                .withdraw,
            Answer::Yes);
  // A venue that does not name the scope has not said that the key lacks it.
  EXPECT_EQ(rights_of("bitfinex", {answered(200, scopes("", ""))}).withdraw, Answer::Unknown);
}

TEST(KeyRights, OfBitfinexAreNotReadFromARefusal) {
  EXPECT_EQ(fault_of("bitfinex", {answered(500, R"(["error",10100,"apikey: invalid"])")}),
            KeyFault::Rejected);
  EXPECT_EQ(fault_of("bitfinex", {answered(500, R"(["error",10114,"nonce: small"])")}),
            KeyFault::ClockSkew);
  EXPECT_EQ(fault_of("bitfinex", {answered(500, R"(["error",20060,"maintenance"])")}),
            KeyFault::Unavailable);
  EXPECT_EQ(fault_of("bitfinex", {answered(429, R"({"error":"ERR_RATE_LIMIT"})")}),
            KeyFault::RateLimited);
  EXPECT_EQ(fault_of("bitfinex", {answered(200, R"([["withdraw",0]])")}), KeyFault::Malformed);
  EXPECT_EQ(fault_of("bitfinex", {answered(200, R"({"withdraw":0})")}), KeyFault::Malformed);
}

std::vector<HttpResponse> upbit_answers(HttpResponse withdrawal) {
  return {answered(200, R"([{"access_key":"other","expire_at":"2020-01-01T00:00:00+09:00"},)"
                        R"({"access_key":"sim-key","expire_at":"2026-11-18T20:06:40+09:00"}])"),
          answered(200, "[]"),
          answered(404, R"({"error":{"name":"order_not_found","message":"…"}})"),
          std::move(withdrawal)};
}

TEST(KeyRights, OfUpbitAreReadFromWhatItRefuses) {
  for (const int status : {401, 403}) {
    EXPECT_EQ(
        rights_of("upbit", upbit_answers(answered(status, R"({"error":{"name":"out_of_scope"}})"))),
        (KeyRights{Answer::Yes, Answer::Yes, Answer::No, Answer::Unknown, Answer::Unknown, noon}));
  }
  for (const HttpResponse& answer :
       {answered(404, R"({"error":{"name":"withdraw_not_found"}})"),
        answered(403, R"({"error":{"name":"open_api_withdraw_locked"}})"),
        answered(200, R"({"type":"withdraw"})")}) {
    EXPECT_EQ(rights_of("upbit", upbit_answers(answer)).withdraw, Answer::Yes) << answer.body;
  }
  for (const HttpResponse& answer : {answered(400, R"({"error":{"name":"validation_error"}})"),
                                     answered(404, "<html>"), answered(403, "")}) {
    EXPECT_EQ(rights_of("upbit", upbit_answers(answer)).withdraw, Answer::Unknown) << answer.body;
  }
}

TEST(KeyRights, OfUpbitAreNotReadWhenOneAnswerIsAFault) {
  const std::vector<std::pair<HttpResponse, KeyFault>> cases = {
      {answered(401, R"({"error":{"name":"expired_access_key"}})"), KeyFault::Expired},
      {answered(401, R"({"error":{"name":"no_authorization_ip"}})"), KeyFault::AddressRefused},
      {answered(401, R"({"error":{"name":"invalid_access_key"}})"), KeyFault::Rejected},
      {answered(401, R"({"error":{"name":"jwt_verification"}})"), KeyFault::Rejected},
      {answered(429, R"({"error":{"name":"too_many_requests"}})"), KeyFault::RateLimited},
      {answered(500, ""), KeyFault::Unavailable}};
  for (const auto& [answer, expected] : cases) {
    EXPECT_EQ(fault_of("upbit", upbit_answers(answer)), expected) << answer.body;
    auto answers = upbit_answers(answered(403, R"({"error":{"name":"out_of_scope"}})"));
    answers[1] = answer;
    EXPECT_EQ(fault_of("upbit", answers), expected) << answer.body;
  }
  EXPECT_EQ(fault_of("upbit", {answered(200, "[]")}), KeyFault::Malformed);
}

// --- against the simulated exchanges ---

std::vector<std::string> venues_with_rights() {
  std::vector<std::string> names;
  for (const Protocol* protocol : protocols()) {
    if (protocol->make_server != nullptr) names.emplace_back(protocol->name);
  }
  return names;
}

class KeyRightsOf : public testing::TestWithParam<std::string> {
 protected:
  KeyRightsOf()
      : protocol(*find_protocol(GetParam())),
        credentials(protocol.simulated_credentials(std::string(64, '5'))),
        exchange(GetParam(), {}, credentials.key, std::string(credentials.secret.reveal())),
        server(protocol.make_server(exchange)) {
    exchange.time = noon;
  }

  Result<KeyRights, KeyFault> ask(const Credentials& with) {
    exchange.time = exchange.time + seconds(1);
    std::vector<HttpResponse> answers;
    for (const HttpRequest& request : protocol.key_requests(with, {{}, exchange.time})) {
      EXPECT_FALSE(server->is_order(request) &&
                   request.target.find("withdraw") != std::string::npos);
      answers.push_back(server->on_http(request));
    }
    return protocol.read_key_rights(answers, with.key);
  }

  const Protocol& protocol;
  const Credentials credentials;
  PlainExchange exchange;
  std::unique_ptr<Server> server;
};

TEST_P(KeyRightsOf, AKeyThatTradesAndNoMoreAreProven) {
  const auto rights = ask(credentials);
  ASSERT_TRUE(rights.ok()) << name(rights.error());
  EXPECT_EQ(rights->read, Answer::Yes);
  EXPECT_EQ(rights->trade, Answer::Yes);
  EXPECT_EQ(rights->withdraw, Answer::No);
}

TEST_P(KeyRightsOf, AKeyThatCanWithdrawAreFoundOut) {
  exchange.granted.withdraw = true;
  const auto rights = ask(credentials);
  ASSERT_TRUE(rights.ok()) << name(rights.error());
  EXPECT_EQ(rights->withdraw, Answer::Yes);
}

TEST_P(KeyRightsOf, AKeyWhoseSecretIsWrongAreRejectedByName) {
  Credentials wrong = credentials;
  wrong.secret = protocol.simulated_credentials(std::string(64, '6')).secret;
  const auto rights = ask(wrong);
  ASSERT_FALSE(rights.ok());
  EXPECT_EQ(rights.error(), KeyFault::Rejected);
  wrong = credentials;
  wrong.key += "x";
  EXPECT_EQ(ask(wrong).error(), KeyFault::Rejected);
  wrong = credentials;
  wrong.secret = "no secret of this venue's form";
  EXPECT_EQ(ask(wrong).error(), KeyFault::Rejected);
}

TEST_P(KeyRightsOf, NothingOfTheSecretStandsInTheQuestions) {
  const std::string secret(credentials.secret.reveal());
  for (const HttpRequest& request : protocol.key_requests(credentials, {{}, noon})) {
    EXPECT_EQ((request.target + request.body).find(secret), std::string::npos);
    for (const HttpHeader& header : request.headers)
      EXPECT_EQ(header.value.find(secret), std::string::npos);
  }
}

TEST_P(KeyRightsOf, AnyBytesForAnAnswerAreAValueOrAFaultWithAName) {
  Rng rng(19);
  const std::string alphabet = R"([]{}",:01truefalsnw-x\ )";
  for (int round = 0; round < 2'000; ++round) {
    std::vector<HttpResponse> answers(protocol.key_requests(credentials, {{}, noon}).size());
    for (HttpResponse& answer : answers) {
      answer.status = rng.one_in(2) ? 200 : static_cast<int>(rng.between(100, 599));
      answer.body.resize(rng.below(60));
      for (char& c : answer.body) c = alphabet[rng.below(alphabet.size())];
    }
    const auto rights = protocol.read_key_rights(answers, credentials.key);
    EXPECT_STRNE(rights.ok() ? "" : name(rights.error()), "?");
  }
}

INSTANTIATE_TEST_SUITE_P(Venues, KeyRightsOf, testing::ValuesIn(venues_with_rights()),
                         [](const auto& info) { return info.param; });

TEST(KeyRights, ThatEndAreToldWhereTheVenueTellsAndRefusedAfter) {
  for (const std::string_view venue : {"upbit", "kraken"}) {
    const Protocol& protocol = *find_protocol(venue);
    const Credentials credentials = protocol.simulated_credentials(std::string(64, '5'));
    PlainExchange exchange(venue, {}, credentials.key, std::string(credentials.secret.reveal()));
    const auto server = protocol.make_server(exchange);
    exchange.time = noon;
    exchange.granted.expires = noon + hours(240);
    const auto ask = [&] {
      exchange.time = exchange.time + seconds(1);
      std::vector<HttpResponse> answers;
      for (const HttpRequest& request : protocol.key_requests(credentials, {{}, exchange.time}))
        answers.push_back(server->on_http(request));
      return protocol.read_key_rights(answers, credentials.key);
    };
    const auto rights = ask();
    ASSERT_TRUE(rights.ok()) << venue;
    EXPECT_EQ(rights->expires, noon + hours(240)) << venue;
    exchange.time = noon + hours(240);
    const auto late = ask();
    ASSERT_FALSE(late.ok()) << venue;
    EXPECT_EQ(late.error(), venue == "upbit" ? KeyFault::Expired : KeyFault::Rejected) << venue;
  }
}

}  // namespace
}  // namespace ats::venues
