// What the tests of access share: a store in a folder of its own, a clock that stands until it is moved, and browsers.
#pragma once

#include "services/access.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "security/one_time_code.hpp"

namespace ats::services {
using nlohmann::json;
using security::Permission;

inline constexpr const char* password = "four plain words here";

// What other threads post, run by the test's thread when it waits for it.
class Posted {
 public:
  void put(std::function<void()> call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
    wake_.notify_one();
  }
  void run_one() {
    std::function<void()> call;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !calls_.empty(); });
      call = std::move(calls_.front());
      calls_.pop_front();
    }
    call();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> calls_;
};

struct Told {
  int status = 0;
  json body;
  std::string cookie;  // that was set, without its attributes
  std::string set_cookie;
  std::string reason() const {
    return body.contains("error") ? body["error"].value("reason", std::string("-")) : "";
  }
};

// A browser: keeps its cookie and sends the CSRF value.
struct Browser {
  std::string cookie, csrf;
  std::string from = "10.0.0.1";
  std::string origin;
};

class AccessTest : public ::testing::Test {
 protected:
  AccessTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("ats-access-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    open();
  }
  ~AccessTest() override {
    access_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    access_.reset();
    AccessOptions options;
    options.config = config_;
    options.tls = tls_;
    options.post = [this](std::function<void()> call) { posted_.put(std::move(call)); };
    options.carry_out = [this](const Approval& approval, const Caller& caller,
                               const Answer& answer) {
      carried_.push_back(approval.request + " by " + caller.name);
      answer(carry_answer_);
    };
    auto opened = Access::open(folder_, std::move(options));
    ASSERT_TRUE(opened) << opened.error();
    access_ = *std::move(opened);
  }

  static HttpRequest request(const Browser& browser, const char* method, const std::string& target,
                             const json& body = {}) {
    HttpRequest out{method, target, {{"Host", "ats.example:8443"}}, {}};
    if (!browser.cookie.empty()) out.headers.push_back({"Cookie", browser.cookie});
    if (!browser.csrf.empty()) out.headers.push_back({"X-CSRF-Token", browser.csrf});
    if (!browser.origin.empty()) out.headers.push_back({"Origin", browser.origin});
    if (!body.is_null()) out.body = body.dump();
    return out;
  }
  Told send(const HttpRequest& asked, const std::string& from = "10.0.0.1") {
    Told told;
    bool answered = false;
    const bool ours = access_->serve(asked, from, now_, [&](const HttpResponse& answer) {
      told.status = answer.status;
      told.body = json::parse(answer.body);
      if (const std::string* const set = answer.header("Set-Cookie")) {
        told.set_cookie = *set;
        told.cookie = set->substr(0, set->find(';'));
      }
      answered = true;
    });
    EXPECT_TRUE(ours);
    while (ours && !answered) posted_.run_one();
    return told;
  }
  Told send(const Browser& browser, const char* method, const std::string& what,
            const json& body = {}) {
    return send(request(browser, method, "/api/v1/" + what, body), browser.from);
  }
  static void keep(Browser& browser, const Told& told) {
    ASSERT_EQ(told.status, 200) << told.body;
    if (!told.cookie.empty()) browser.cookie = told.cookie;
    browser.csrf = told.body.value("csrf", browser.csrf);
  }

  // The first admin with an authenticator, in a browser of its own.
  Browser admin() {
    Browser browser;
    keep(browser, send(browser, "POST", "setup",
                       {{"token", access_->setup_link_token(now_)},
                        {"name", "root"},
                        {"password", password}}));
    secrets_["root"] = enrol(browser);
    return browser;
  }
  std::string enrol(Browser& browser) {
    const Told told = send(browser, "POST", "session/totp", json::object());
    EXPECT_EQ(told.status, 200) << told.body;
    const std::string secret = told.body.value("secret", "");
    const Told confirmed =
        send(browser, "POST", "session/totp/confirm", {{"code", code_of(secret)}});
    EXPECT_EQ(confirmed.status, 200) << confirmed.body;
    EXPECT_EQ(confirmed.body["backupCodes"].size(), 10u);
    backup_ = confirmed.body["backupCodes"];
    now_ = now_ + seconds(30);
    return secret;
  }
  std::string code_of(const std::string& secret) const {
    return security::hotp(*security::from_base32(secret), security::totp_step(now_));
  }
  // Somebody of these roles, signed in and, if they have to, with an authenticator.
  Browser somebody(const Browser& by, const std::string& name, const json& roles,
                   const json& scopes = json::array()) {
    const Told invited =
        send(by, "POST", "users", {{"name", name}, {"roles", roles}, {"scopes", scopes}});
    EXPECT_EQ(invited.status, 200) << invited.body;
    const std::string link = invited.body.value("link", "");
    Browser browser;
    const Told told =
        send(browser, "POST", "setup",
             {{"token", link.substr(link.find('=') + 1)}, {"name", name}, {"password", password}});
    keep(browser, told);
    if (told.body.value("totp", "") == "required") secrets_[name] = enrol(browser);
    return browser;
  }
  Told sign_in(Browser& browser, const std::string& name, const std::string& with = password,
               const std::string& code = {}) {
    json body{{"name", name}, {"password", with}};
    if (!code.empty()) body["code"] = code;
    Told told = send(browser, "POST", "session", body);
    if (told.status == 200) keep(browser, told);
    return told;
  }
  std::string refusal(const Browser& browser, Permission permission, const char* method = "POST") {
    const HttpRequest asked = request(browser, method, "/api/v1/halt");
    const auto caller = access_->who(asked, browser.from, now_);
    if (!caller) return "nobody";
    const auto refused = access_->refuse(*caller, asked, permission);
    if (!refused) return "may";
    return json::parse(refused->body)["error"].value("reason", "permission");
  }

  std::filesystem::path folder_;
  AccessConfig config_;
  bool tls_ = false;
  WallTime now_{1'800'000'000'000'000'000};
  Posted posted_;
  std::map<std::string, std::string> secrets_;
  json backup_;
  std::vector<std::string> carried_;
  HttpResponse carry_answer_{200, {}, R"({"done":true})"};
  std::unique_ptr<Access> access_;
};

}  // namespace ats::services
