#include "services/access_testing.hpp"

namespace ats::services {
namespace {

TEST_F(AccessTest, WhatAnotherProcessChangesHoldsForTheNextRequest) {
  const Browser root = admin();
  const Browser trader = somebody(root, "tom", {"trader"});
  EXPECT_EQ(refusal(trader, Permission::Halt), "may");
  auto other = UserStore::open(folder_);
  ASSERT_TRUE(other);
  const auto change = [&](auto how) {
    ASSERT_TRUE((*other)->begin());
    User user = *(*other)->user("tom");
    how(user);
    (*other)->put(user);
    ASSERT_TRUE((*other)->commit());
  };
  change([](User& user) { user.roles = {"viewer"}; });
  EXPECT_EQ(refusal(trader, Permission::Halt), "permission");
  change([](User& user) { user.disabled = true; });
  EXPECT_EQ(refusal(trader, Permission::View), "nobody");
}

TEST_F(AccessTest, ADisabledUserIsOutWithSessionsAndTokensAndDoesNotGetIn) {
  const Browser root = admin();
  Browser trader = somebody(root, "tom", {"trader"});
  const Told made =
      send(trader, "POST", "tokens", {{"label", "bot"}, {"permissions", {"view"}}, {"days", 1}});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(send(root, "PATCH", "users/tom", {{"disabled", true}}).body["disabled"], true);
  EXPECT_EQ(refusal(trader, Permission::View), "nobody");
  EXPECT_EQ(sign_in(trader, "tom", password, code_of(secrets_["tom"])).reason(), "credentials");
  EXPECT_EQ(send(root, "PATCH", "users/tom", {{"disabled", false}}).status, 200);
  EXPECT_EQ(refusal(trader, Permission::View), "nobody");
}

TEST_F(AccessTest, UsersAreListedWithWhatIsKnownOfThem) {
  const Browser root = admin();
  send(root, "POST", "users",
       {{"name", "tom"}, {"roles", {"trader"}}, {"scopes", {{{"venue", "kraken"}}}}});
  const Told told = send(root, "GET", "users");
  ASSERT_EQ(told.body["users"].size(), 2u);
  EXPECT_EQ(told.body["users"][1], json::parse(R"({"name":"tom","roles":["trader"],
      "scopes":[{"venue":"kraken"}],"disabled":false,"totp":false,
      "created":"2027-01-15T08:00:30.000000Z"})"));
  EXPECT_TRUE(told.body["users"][0].contains("lastSignIn"));
}

TEST_F(AccessTest, SomebodyIsAlwaysLeftWhoMaySeeToUsers) {
  const Browser root = admin();
  EXPECT_EQ(send(root, "PATCH", "users/root", {{"disabled", true}}).status, 409);
  EXPECT_EQ(send(root, "PATCH", "users/root", {{"roles", {"trader"}}}).status, 409);
  somebody(root, "second", {"admin"});
  EXPECT_EQ(send(root, "PATCH", "users/root", {{"roles", {"trader"}}}).status, 200);
}

TEST_F(AccessTest, AResetTakesPasswordAuthenticatorSessionsAndTokens) {
  const Browser root = admin();
  Browser trader = somebody(root, "tom", {"trader"});
  const Told reset = send(root, "POST", "users/tom/reset");
  ASSERT_EQ(reset.status, 200) << reset.body;
  EXPECT_EQ(refusal(trader, Permission::View), "nobody");
  EXPECT_EQ(sign_in(trader, "tom", password, code_of(secrets_["tom"])).reason(), "credentials");
  const std::string link = reset.body["link"];
  const std::string token = link.substr(link.find('=') + 1);
  EXPECT_EQ(
      send(trader, "POST", "setup", {{"token", token}, {"name", "root"}, {"password", password}})
          .status,
      403);
  const Told again = send(trader, "POST", "setup",
                          {{"token", token}, {"name", "tom"}, {"password", "other plain words"}});
  EXPECT_EQ(again.body["totp"], "required");
}

TEST_F(AccessTest, ATokenHasWhatItWasGivenAndNoMoreThanItsUserHasNow) {
  const Browser root = admin();
  const Browser manager = somebody(root, "mia", {"risk-manager"});
  EXPECT_EQ(
      send(manager, "POST", "tokens", {{"label", "x"}, {"permissions", {"users"}}, {"days", 1}})
          .status,
      403);
  const Told made = send(manager, "POST", "tokens",
                         {{"label", "bot"}, {"permissions", {"view", "resume"}}, {"days", 2}});
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string token = made.body["token"];
  EXPECT_TRUE(token.starts_with("ats_"));
  const auto may = [&](Permission permission) {
    HttpRequest asked{"POST", "/api/v1/x", {{"Authorization", "Bearer " + token}}, {}};
    const auto caller = access_->who(asked, "10.0.0.9", now_);
    if (!caller) return std::string("nobody");
    EXPECT_TRUE(caller->is_token);
    return std::string(access_->refuse(*caller, asked, permission) ? "refused" : "may");
  };
  EXPECT_EQ(may(Permission::View), "may");
  EXPECT_EQ(may(Permission::Resume), "may");
  EXPECT_EQ(may(Permission::Halt), "refused");
  HttpRequest asked{"POST",
                    "/api/v1/tokens",
                    {{"Authorization", "Bearer " + token}},
                    R"({"label":"y","permissions":["view"],"days":300})"};
  EXPECT_EQ(send(asked).status, 403);
  send(root, "PATCH", "users/mia", {{"roles", {"viewer"}}});
  EXPECT_EQ(may(Permission::Resume), "refused");
  now_ = now_ + hours(48);
  EXPECT_EQ(may(Permission::View), "nobody");
}

TEST_F(AccessTest, SessionsAreListedAndRevokedByTheirOwnersAndByThoseWhoSeeToUsers) {
  const Browser root = admin();
  const Browser one = somebody(root, "tom", {"viewer"});
  Browser two;
  sign_in(two, "tom");
  Told list = send(one, "GET", "sessions");
  ASSERT_EQ(list.body["sessions"].size(), 2u);
  EXPECT_EQ(send(one, "GET", "sessions?all=true").status, 403);
  EXPECT_EQ(send(root, "GET", "sessions?all=true").body["sessions"].size(), 3u);
  for (const json& session : list.body["sessions"]) {
    if (session["current"] == false) {
      EXPECT_EQ(send(one, "DELETE", "sessions/" + session["id"].get<std::string>()).status, 200);
    }
  }
  EXPECT_EQ(refusal(two, Permission::View), "nobody");
  EXPECT_EQ(refusal(one, Permission::View), "may");
  const std::string of_root = send(root, "GET", "sessions").body["sessions"][0]["id"];
  EXPECT_EQ(send(one, "DELETE", "sessions/" + of_root).status, 404);
  const std::string of_one = send(one, "GET", "sessions").body["sessions"][0]["id"];
  EXPECT_EQ(send(root, "DELETE", "sessions/" + of_one).status, 200);
  EXPECT_EQ(refusal(one, Permission::View), "nobody");
}

TEST_F(AccessTest, ANewPasswordTakesTheOldOneAndEndsTheOtherSessions) {
  const Browser root = admin();
  const Browser one = somebody(root, "tom", {"viewer"});
  Browser two;
  sign_in(two, "tom");
  const json wrong{{"old", "wrong words for it"}, {"new", "other plain words"}};
  EXPECT_EQ(send(one, "POST", "session/password", wrong).reason(), "credentials");
  EXPECT_EQ(send(one, "POST", "session/password", {{"old", password}, {"new", "short"}}).status,
            400);
  const json right{{"old", password}, {"new", "other plain words"}};
  EXPECT_EQ(send(one, "POST", "session/password", right).status, 200);
  EXPECT_EQ(refusal(one, Permission::View), "may");
  EXPECT_EQ(refusal(two, Permission::View), "nobody");
  EXPECT_EQ(sign_in(two, "tom").reason(), "credentials");
  EXPECT_EQ(sign_in(two, "tom", "other plain words").status, 200);
}

TEST_F(AccessTest, OverTlsTheCookieIsBoundToTheHostAndNoOtherIsTaken) {
  admin();
  tls_ = true;
  open();
  Browser browser;
  const Told told = sign_in(browser, "root", password, code_of(secrets_["root"]));
  EXPECT_TRUE(told.set_cookie.starts_with("__Host-ats=")) << told.set_cookie;
  EXPECT_TRUE(told.set_cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"));
  EXPECT_EQ(refusal(browser, Permission::View), "may");
  // The same secret under the name it has over plain HTTP.
  browser.cookie = browser.cookie.substr(std::string("__Host-").size());
  EXPECT_EQ(refusal(browser, Permission::View), "nobody");
}

TEST_F(AccessTest, ScopesBoundWhatAnActMayName) {
  const Browser root = admin();
  const Browser browser =
      somebody(root, "tom", {"trader"}, {{{"venue", "kraken"}}, {{"pair", "BTC/USDT"}}});
  const auto caller = access_->who(request(browser, "GET", "/api/v1/engine"), browser.from, now_);
  ASSERT_TRUE(caller);
  EXPECT_TRUE(in_scope(*caller, "kraken", ""));
  EXPECT_TRUE(in_scope(*caller, "kraken", "ETH/USDT"));
  EXPECT_TRUE(in_scope(*caller, "binance", "BTC/USDT"));
  EXPECT_TRUE(in_scope(*caller, "", "BTC/USDT"));
  EXPECT_FALSE(in_scope(*caller, "binance", ""));
  EXPECT_FALSE(in_scope(*caller, "", ""));
  EXPECT_EQ(send(root, "POST", "users",
                 {{"name", "x"}, {"roles", {"trader"}}, {"scopes", {{{"venue", "../x"}}}}})
                .status,
            400);
}

TEST_F(AccessTest, WhatASecondPersonAgreesToIsCarriedOutOnce) {
  config_.four_eyes = {"resume"};
  open();
  const Browser root = admin();
  const Browser mia = somebody(root, "mia", {"risk-manager"});
  const Browser tom = somebody(root, "tom", {"trader"});
  EXPECT_TRUE(access_->four_eyes("resume"));
  EXPECT_FALSE(access_->four_eyes("limits"));
  const auto caller = access_->who(request(mia, "POST", "/api/v1/resume"), "10.0.0.1", now_);
  const HttpResponse asked = access_->ask_approval(*caller, now_, "resume", "resume kraken",
                                                   "the venue is back", R"({"venue":"kraken"})");
  EXPECT_EQ(asked.status, 202);
  const std::string id = json::parse(asked.body)["approval"]["id"];
  const auto approve = [&](const Browser& by) {
    return send(by, "POST", "approvals/" + id + "/approve", {{"reason", "seen"}});
  };
  EXPECT_EQ(approve(mia).status, 403) << "nobody agrees with oneself";
  EXPECT_EQ(approve(tom).status, 403) << "nobody agrees to what they may not do";
  EXPECT_TRUE(carried_.empty());
  carry_answer_ = {503, {}, R"({"error":{"code":"UNAVAILABLE","message":"away"}})"};
  EXPECT_EQ(approve(root).status, 503);
  EXPECT_EQ(json::parse(access_->approvals_json(now_))["approvals"][0]["state"], "waiting");
  carry_answer_ = {200, {}, R"({"done":true})"};
  EXPECT_EQ(approve(root).body, json({{"response", {{"done", true}}}}));
  EXPECT_EQ(approve(root).status, 409);
  EXPECT_EQ(carried_, (std::vector<std::string>{R"({"venue":"kraken"} by root)",
                                                R"({"venue":"kraken"} by root)"}));
  const json list = send(tom, "GET", "approvals").body["approvals"];
  EXPECT_EQ(list[0]["state"], "done");
  EXPECT_EQ(list[0]["decidedBy"], "root");
}

TEST_F(AccessTest, AnApprovalExpiresAndIsRefused) {
  config_.four_eyes = {"limits"};
  open();
  const Browser root = admin();
  const Browser mia = somebody(root, "mia", {"risk-manager"});
  const auto caller = access_->who(request(mia, "POST", "/api/v1/limits"), "10.0.0.1", now_);
  const auto ask = [&] {
    return json::parse(access_->ask_approval(*caller, now_, "limits", "s", "r", "{}")
                           .body)["approval"]["id"]
        .get<std::string>();
  };
  const std::string refused = ask(), late = ask();
  EXPECT_EQ(send(root, "POST", "approvals/" + refused + "/refuse", {{"reason", "no"}}).status, 200);
  now_ = now_ + hours(1);
  Browser again;
  sign_in(again, "root", password, code_of(secrets_["root"]));
  EXPECT_EQ(send(again, "POST", "approvals/" + late + "/approve", json::object()).status, 409);
  EXPECT_EQ(send(again, "POST", "approvals/" + refused + "/approve", json::object()).status, 409);
  EXPECT_TRUE(carried_.empty());
}

TEST_F(AccessTest, PreferencesAreEachUsersOwnAndBounded) {
  const Browser root = admin();
  const Browser tom = somebody(root, "tom", {"viewer"});
  EXPECT_EQ(send(root, "GET", "preferences").body, json::object());
  EXPECT_EQ(send(root, "PUT", "preferences", {{"theme", "dark"}}).status, 200);
  EXPECT_EQ(send(root, "GET", "preferences").body, json({{"theme", "dark"}}));
  EXPECT_EQ(send(tom, "GET", "preferences").body, json::object());
  EXPECT_EQ(send(tom, "PUT", "preferences", {{"x", std::string(17 * 1024, 'x')}}).status, 400);
  EXPECT_EQ(send(tom, "PUT", "preferences", json::array({1})).status, 400);
}

TEST_F(AccessTest, WhoDidWhatToWhomIsInTheAuditLog) {
  const Browser root = admin();
  somebody(root, "tom", {"trader"});
  send(root, "PATCH", "users/tom", {{"roles", {"viewer"}}});
  Browser thief;
  sign_in(thief, "tom", "wrong words for it");
  const Told told = send(root, "GET", "audit?count=3");
  EXPECT_EQ(told.body["intact"], true) << told.body;
  ASSERT_EQ(told.body["entries"].size(), 3u);
  EXPECT_EQ(told.body["entries"][0]["what"], "sign-in");
  EXPECT_EQ(told.body["entries"][0]["outcome"], "refused: name or password");
  const json change = told.body["entries"][1];
  EXPECT_EQ(change["who"], "root");
  EXPECT_EQ(change["what"], "user.change");
  EXPECT_EQ(change["target"], "tom");
  EXPECT_EQ(change["before"], "trader; everywhere");
  EXPECT_EQ(change["after"], "viewer; everywhere");
  const std::string number = change["number"];
  EXPECT_EQ(send(root, "GET", "audit?count=1&before=" + number).body["entries"][0]["number"],
            std::to_string(std::stoi(number) - 1));
}

TEST_F(AccessTest, WhatIsNotOursIsLeftToOthersAndWhatIsNoneIsRefused) {
  const auto ours = [&](const char* method, const char* target) {
    HttpRequest asked{method, target, {}, {}};
    return access_->serve(asked, "10.0.0.1", now_, [](const HttpResponse&) {});
  };
  EXPECT_FALSE(ours("GET", "/"));
  EXPECT_FALSE(ours("GET", "/api/v1/engine"));
  EXPECT_FALSE(ours("GET", "/api/v1/"));
  EXPECT_FALSE(ours("GET", "/api/v1/users/alice/more"));
  EXPECT_FALSE(ours("GET", "/api/v1/users/%zz"));
  EXPECT_TRUE(ours("GET", "/api/v1/session?x=y"));
  const Browser root = admin();
  EXPECT_EQ(send(root, "PUT", "session").status, 405);
  EXPECT_EQ(send(root, "PATCH", "users/..%2Fx", {{"disabled", true}}).status, 404);
  HttpRequest asked = request(root, "POST", "/api/v1/users");
  asked.body = "[1,2";
  EXPECT_EQ(send(asked).status, 400);
  asked.body = std::string(40'000, '[');
  EXPECT_EQ(send(asked).status, 400);
  for (const char* name : {"", "Root", "a b", "<script>", "../x", "a\r\nSet-Cookie: x=y",
                           "very-long-name-that-is-longer-than-it-may-be"})
    EXPECT_EQ(send(root, "POST", "users", {{"name", name}, {"roles", {"viewer"}}}).status, 400)
        << name;
}

TEST_F(AccessTest, AStoreWithoutItsKeyDoesNotOpen) {
  admin();
  access_.reset();
  std::filesystem::rename(folder_ / "store.key", folder_ / "kept");
  auto opened = UserStore::open(folder_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("put it back"), std::string::npos) << opened.error();
  const auto elsewhere = folder_ / "elsewhere";
  ASSERT_TRUE(UserStore::open(elsewhere));
  std::filesystem::rename(elsewhere / "store.key", folder_ / "store.key");
  opened = UserStore::open(folder_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("not the key"), std::string::npos) << opened.error();
}

TEST_F(AccessTest, NothingSecretIsInTheStoreAsItIs) {
  Browser root = admin();
  const Told made =
      send(root, "POST", "tokens", {{"label", "bot"}, {"permissions", {"view"}}, {"days", 1}});
  const std::string token = made.body["token"];
  access_.reset();
  std::string all;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    std::ifstream in(file.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  EXPECT_GT(all.size(), 4096u);
  const auto raw = *security::from_base32(secrets_["root"]);
  for (const std::string& secret :
       {std::string(password), token, secrets_["root"], std::string(raw.begin(), raw.end()),
        root.cookie.substr(4), backup_[0].get<std::string>()})
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
}

}  // namespace
}  // namespace ats::services
