#include "services/access_testing.hpp"

namespace ats::services {
namespace {

TEST_F(AccessTest, TheFirstAdminComesByTheLinkWhichIsGoodOnce) {
  Browser nobody;
  EXPECT_EQ(send(nobody, "GET", "session").body, json({{"signedIn", false}, {"setup", true}}));
  const std::string token = access_->setup_link_token(now_);
  const json body{{"token", token}, {"name", "root"}, {"password", password}};
  EXPECT_EQ(
      send(nobody, "POST", "setup", {{"token", "x"}, {"name", "a"}, {"password", password}}).status,
      403);
  Browser browser;
  keep(browser, send(browser, "POST", "setup", body));
  const Told session = send(browser, "GET", "session");
  EXPECT_EQ(session.body["name"], "root");
  EXPECT_EQ(session.body["totp"], "required");
  EXPECT_EQ(session.body["roles"], json({"admin"}));
  EXPECT_EQ(send(nobody, "POST", "setup", body).status, 403);
  EXPECT_EQ(access_->setup_link_token(now_), "");
  EXPECT_EQ(send(nobody, "GET", "session").body["setup"], false);
}

TEST_F(AccessTest, ALinkIsGoodForADayAndANewOneTakesItsPlace) {
  Browser browser;
  const std::string first = access_->setup_link_token(now_);
  const std::string second = access_->setup_link_token(now_);
  const auto use = [&](const std::string& token) {
    return send(browser, "POST", "setup",
                {{"token", token}, {"name", "root"}, {"password", password}})
        .status;
  };
  EXPECT_EQ(use(first), 403);
  now_ = now_ + hours(24);
  EXPECT_EQ(use(second), 403);
  EXPECT_EQ(use(access_->setup_link_token(now_)), 200);
}

TEST_F(AccessTest, WhoHasToHaveAnAuthenticatorCanDoNothingBeforeOneIsSetUp) {
  Browser browser;
  keep(
      browser,
      send(browser, "POST", "setup",
           {{"token", access_->setup_link_token(now_)}, {"name", "root"}, {"password", password}}));
  EXPECT_EQ(refusal(browser, Permission::View), "totp_required");
  EXPECT_EQ(send(browser, "GET", "users").reason(), "totp_required");
  EXPECT_EQ(send(browser, "GET", "preferences").reason(), "totp_required");
  EXPECT_EQ(send(browser, "GET", "tokens").reason(), "totp_required");
  enrol(browser);
  EXPECT_EQ(refusal(browser, Permission::View), "may");
  EXPECT_EQ(send(browser, "GET", "session").body["totp"], "enrolled");
}

TEST_F(AccessTest, SigningInTakesPasswordAndCodeAndSaysWhichIsMissing) {
  admin();
  Browser browser;
  EXPECT_EQ(sign_in(browser, "root", "wrong words for it").reason(), "credentials");
  EXPECT_EQ(sign_in(browser, "nobody-here").reason(), "credentials");
  EXPECT_EQ(sign_in(browser, "root").reason(), "code_required");
  EXPECT_EQ(sign_in(browser, "root", password, "000000").reason(), "code_wrong");
  const Told told = sign_in(browser, "root", password, code_of(secrets_["root"]));
  EXPECT_EQ(told.status, 200);
  EXPECT_EQ(told.body["steppedUp"], true);
  EXPECT_TRUE(told.set_cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict")) << told.set_cookie;
}

TEST_F(AccessTest, ACodeIsGoodOnceForSigningInAndSteppingUpTogether) {
  admin();
  Browser browser;
  const std::string code = code_of(secrets_["root"]);
  EXPECT_EQ(sign_in(browser, "root", password, code).status, 200);
  Browser thief;
  EXPECT_EQ(sign_in(thief, "root", password, code).reason(), "code_wrong");
  EXPECT_EQ(send(browser, "POST", "session/step-up", {{"code", code}}).reason(), "code_wrong");
  open();  // after a restart as well
  EXPECT_EQ(sign_in(thief, "root", password, code).reason(), "code_wrong");
}

TEST_F(AccessTest, ABackupCodeIsGoodOnceInPlaceOfACode) {
  admin();
  const std::string code = backup_[3].get<std::string>();
  Browser browser;
  EXPECT_EQ(sign_in(browser, "root", password, code).status, 200);
  EXPECT_EQ(sign_in(browser, "root", password, code).reason(), "code_wrong");
  EXPECT_EQ(sign_in(browser, "root", password, backup_[4].get<std::string>()).status, 200);
}

TEST_F(AccessTest, BruteForceIsSlowedDownPerNameAndARestartDoesNotHelp) {
  admin();
  Browser thief;
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(sign_in(thief, "root", "wrong words for it").reason(), "credentials");
  Told told = sign_in(thief, "root", "wrong words for it");
  EXPECT_EQ(told.reason(), "locked");
  EXPECT_EQ(told.body["error"]["retryAfterSeconds"], 10);
  open();
  // The right one is not told apart while it is locked, and a name nobody has is locked the same.
  EXPECT_EQ(sign_in(thief, "root", password, code_of(secrets_["root"])).reason(), "locked");
  for (int i = 0; i < 5; ++i) sign_in(thief, "nobody-here", "wrong words for it");
  EXPECT_EQ(sign_in(thief, "nobody-here", "wrong words for it").reason(), "locked");
  now_ = now_ + seconds(10);
  EXPECT_EQ(sign_in(thief, "root", "wrong words for it").reason(), "credentials");
  told = sign_in(thief, "root", "wrong words for it");
  EXPECT_EQ(told.body["error"]["retryAfterSeconds"], 20);
  now_ = now_ + seconds(30);
  EXPECT_EQ(sign_in(thief, "root", password, code_of(secrets_["root"])).status, 200);
}

TEST_F(AccessTest, CodesAreNotGuessedEither) {
  admin();
  Browser thief;
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(sign_in(thief, "root", password, "000000").reason(), "code_wrong");
  EXPECT_EQ(sign_in(thief, "root", password, code_of(secrets_["root"])).reason(), "locked");
}

TEST_F(AccessTest, OneAddressDoesNotTryAllNames) {
  Browser thief;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(sign_in(thief, "name" + std::to_string(i), "wrong words for it").reason(),
              "credentials");
  const Told told = sign_in(thief, "name99", "wrong words for it");
  EXPECT_EQ(told.status, 429);
  EXPECT_EQ(told.reason(), "too_many");
  Browser other;
  other.from = "10.0.0.2";
  EXPECT_EQ(sign_in(other, "name99", "wrong words for it").reason(), "credentials");
}

TEST_F(AccessTest, ASessionGivenBeforehandIsNotTheOneSignedInTo) {
  const Browser known = admin();
  Browser browser = known;  // somebody planted its own cookie
  sign_in(browser, "root", password, code_of(secrets_["root"]));
  EXPECT_NE(browser.cookie, known.cookie);
  EXPECT_EQ(send(known, "GET", "session").body["signedIn"], false);
  Browser planted;
  planted.cookie = "ats=planted-by-somebody";
  now_ = now_ + seconds(30);
  sign_in(planted, "root", password, code_of(secrets_["root"]));
  EXPECT_NE(planted.cookie, "ats=planted-by-somebody");
}

TEST_F(AccessTest, ASessionEndsWhenIdleAndInAnyCaseAndWhenSignedOut) {
  Browser browser = admin();
  for (int i = 0; i < 23; ++i) {
    now_ = now_ + seconds(1700);
    EXPECT_EQ(refusal(browser, Permission::View), "may") << i;
  }
  now_ = now_ + seconds(1800);
  EXPECT_EQ(refusal(browser, Permission::View), "nobody");
  sign_in(browser, "root", password, code_of(secrets_["root"]));
  const WallTime began = now_;
  while (now_ < began + hours(12)) {
    EXPECT_EQ(refusal(browser, Permission::View), "may");
    now_ = now_ + seconds(600);
  }
  EXPECT_EQ(refusal(browser, Permission::View), "nobody");
  sign_in(browser, "root", password, code_of(secrets_["root"]));
  EXPECT_EQ(send(browser, "DELETE", "session").status, 200);
  EXPECT_EQ(refusal(browser, Permission::View), "nobody");
}

TEST_F(AccessTest, WhatAnotherPageSendsIsRefused) {
  const Browser browser = admin();
  Browser forged = browser;
  forged.csrf = "";
  EXPECT_EQ(refusal(forged, Permission::Halt), "csrf");
  forged.csrf = browser.csrf.substr(1);
  EXPECT_EQ(refusal(forged, Permission::Halt), "csrf");
  EXPECT_EQ(send(forged, "DELETE", "session").reason(), "csrf");
  forged.csrf = browser.csrf;
  for (const char* origin : {"http://evil.example", "http://ats.example", "null",
                             "https://ats.example:8443", "http://ats.example:8443.evil.example"}) {
    forged.origin = origin;
    EXPECT_EQ(refusal(forged, Permission::Halt), "csrf") << origin;
    EXPECT_EQ(send(forged, "POST", "session", {{"name", "root"}, {"password", password}}).reason(),
              "csrf");
    EXPECT_FALSE(access_->origin_is_ours(request(forged, "GET", "/api/v1/stream")));
  }
  forged.origin = "http://ats.example:8443";
  EXPECT_EQ(refusal(forged, Permission::Halt), "may");
  EXPECT_TRUE(access_->origin_is_ours(request(forged, "GET", "/api/v1/stream")));
  EXPECT_FALSE(access_->origin_is_ours(request(browser, "GET", "/api/v1/stream")));
  // To look takes no header.
  forged.csrf = "", forged.origin = "";
  EXPECT_EQ(refusal(forged, Permission::View, "GET"), "may");
}

TEST_F(AccessTest, WhatMakesItDoMoreTakesAFreshCodeForFiveMinutes) {
  Browser browser = admin();
  EXPECT_EQ(refusal(browser, Permission::Resume), "may");
  now_ = now_ + seconds(300);
  EXPECT_EQ(refusal(browser, Permission::Resume), "step_up");
  EXPECT_EQ(refusal(browser, Permission::Limits), "step_up");
  EXPECT_EQ(refusal(browser, Permission::WriteOff), "step_up");
  EXPECT_EQ(refusal(browser, Permission::Users), "step_up");
  EXPECT_EQ(refusal(browser, Permission::Halt), "may");
  EXPECT_EQ(send(browser, "POST", "session/step-up", {{"code", "123"}}).reason(), "code_wrong");
  const Told told = send(browser, "POST", "session/step-up", {{"code", code_of(secrets_["root"])}});
  EXPECT_EQ(told.body["steppedUp"], true);
  EXPECT_EQ(refusal(browser, Permission::Resume), "may");
}

TEST_F(AccessTest, WhoHasAnAuthenticatorGetsNoOtherByHavingTheSession) {
  Browser browser = admin();
  now_ = now_ + seconds(301);
  EXPECT_EQ(send(browser, "POST", "session/totp", json::object()).reason(), "step_up");
}

TEST_F(AccessTest, EachRoleMayDoExactlyItsPart) {
  const Browser root = admin();
  for (const security::Role& role : security::roles()) {
    const std::string name = "one-" + std::string(role.name);
    const Browser browser = somebody(root, name, {role.name});
    for (std::size_t i = 0; i < security::permission_count; ++i) {
      const auto permission = static_cast<Permission>(i);
      EXPECT_EQ(refusal(browser, permission),
                role.permissions.has(permission) ? "may" : "permission")
          << role.name << " " << security::name(permission);
    }
  }
}

}  // namespace
}  // namespace ats::services
