#include "services/notice_channel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "services/notifier.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

report::Letter letter(std::string message = "differs by 3") {
  report::Letter out;
  out.key = "ats-00ff-7";
  out.rule = "ops";
  out.severity = Severity::Critical;
  out.made = {1'790'000'000'000'000'000};
  report::Hit hit;
  hit.key = "engine/1-1/ops/told/mail";
  hit.severity = Severity::Critical;
  hit.source = "engine", hit.category = "ledger_break", hit.scope = "kraken", hit.subject = "USDT";
  hit.message = std::move(message);
  hit.alerts = {3};
  hit.at = out.made;
  out.hits = {hit};
  return out;
}

TEST(NoticeText, ALetterSaysWhatWhereWhenAndWhichAlertItIs) {
  EXPECT_EQ(report::title(letter()), "critical ledger_break, kraken: differs by 3");
  EXPECT_EQ(report::text(letter(), {}),
            "critical ledger_break, kraken: differs by 3\n"
            "  2026-09-21 14:13 UTC, engine, USDT, alert 3\n");
}

TEST(NoticeText, ManyHitsAreOneLetterOfBoundedLength) {
  report::Letter many = letter();
  many.hits.resize(1000, many.hits[0]);
  many.hits[500].severity = Severity::Emergency;
  EXPECT_THAT(report::title(many), HasSubstr("1000 notices, the foremost emergency ledger_break"));
  EXPECT_THAT(report::text(many, {}), HasSubstr("and 800 more"));
  EXPECT_LT(report::text(many, {}).size(), 30'000u);
}

TEST(NoticeText, WhatAVenueSaidIsNoHtml) {
  const std::string html = report::html(letter("<script>alert('x')</script> & \"y\""), {});
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html,
              HasSubstr("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"));
}

TEST(NoticeText, ATemplateHasPlacesAndNothingElseInItChanges) {
  EXPECT_EQ(report::fill_template("{severity}: {message} {unknown} { {count}", letter("a{title}b"),
                                  {}, false),
            "critical: a{title}b {unknown} { 1")
      << "what a message says is no place";
  EXPECT_EQ(report::fill_template("{scope} {message}", letter("<b>"), {}, true),
            "kraken &lt;b&gt;");
}

TEST(NoticeChannel, EachKindHasItsOwnForm) {
  const json hook = json::parse(channel_body(ChannelKind::Webhook, "", letter(), {}));
  EXPECT_EQ(hook["id"], "ats-00ff-7");
  EXPECT_EQ(hook["notices"][0]["hit"], "engine/1-1/ops/told/mail");
  EXPECT_EQ(hook["notices"][0]["alerts"], json::array({3}));
  const json slack =
      json::parse(channel_body(ChannelKind::Slack, "", letter("a <!channel> b"), {}));
  EXPECT_THAT(slack["text"].get<std::string>(), HasSubstr("a &lt;!channel&gt; b"))
      << "calls nobody";
  const json discord = json::parse(channel_body(ChannelKind::Discord, "", letter("@everyone"), {}));
  EXPECT_EQ(discord["allowed_mentions"]["parse"], json::array());
  const json telegram = json::parse(channel_body(ChannelKind::Telegram, "42", letter(), {}));
  EXPECT_EQ(telegram["chat_id"], "42");
  EXPECT_FALSE(telegram.contains("parse_mode")) << "what a message says is no markup";
}

TEST(NoticeChannel, WhatIsTooLongForAChatIsCutAndStaysUtf8) {
  std::string long_one;
  while (long_one.size() < 100'000) long_one += "가";
  for (const ChannelKind kind : {ChannelKind::Slack, ChannelKind::Discord, ChannelKind::Telegram}) {
    const json body = json::parse(channel_body(kind, "1", letter(long_one), {}));
    const std::string text =
        body.value(kind == ChannelKind::Discord ? "content" : "text", std::string());
    EXPECT_LT(text.size(), 40'000u);
    EXPECT_THAT(text, HasSubstr("…"));
  }
}

TEST(NoticeChannel, BytesThatAreNoTextDoNotStopIt) {
  EXPECT_FALSE(json::parse(channel_body(ChannelKind::Webhook, "", letter("\xff\xfe"), {})).empty());
}

TEST(NoticeChannel, ASignatureIsHmacSha256OverTimestampAndBody) {
  // printf '1790000000.{"a":1}' | openssl dgst -sha256 -hmac key
  EXPECT_EQ(webhook_signature("key", "1790000000", "{\"a\":1}"),
            "sha256=7a4d26944722100249410c8c7f2e76c3cc6e9735fcc98b39e44a122da5490ffc");
}

TEST(NoticeMail, AMailHasTheKeyOfItsDeliveryAndBothTexts) {
  const std::string mail = mail_bytes(
      {"ATS <ats@example.org>", {"a@example.org", "B <b@example.org>"}, "s", "t", "<p>"}, letter());
  EXPECT_THAT(mail, HasSubstr("Message-ID: <ats-00ff-7@example.org>\r\n"));
  EXPECT_THAT(mail, HasSubstr("To: a@example.org,\r\n B <b@example.org>\r\n"));
  EXPECT_THAT(mail, HasSubstr("Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"));
  EXPECT_THAT(mail, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(mail, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(mail, HasSubstr("\r\n\r\ndA==\r\n"));
}

TEST(NoticeMail, NoSubjectAddsAHeader) {
  const std::string mail =
      mail_bytes({"a@b", {"c@d"}, "x\r\nBcc: all@example.org\n.y", "", ""}, letter());
  EXPECT_THAT(mail, HasSubstr("Subject: x  Bcc: all@example.org .y\r\n"));
  const std::string korean = mail_bytes({"a@b", {"c@d"}, "정지\nX: y", "", ""}, letter());
  EXPECT_THAT(korean, HasSubstr("Subject: =?UTF-8?B?7KCV7KeAIFg6IHk=?=\r\n"));
}

TEST(NoticeChannel, WhatAServerSaysIsOneLineWithoutSecrets) {
  EXPECT_EQ(said_line("a\r\nb secret \x01 secret", {"secret", ""}), "a  b ***   ***");
  EXPECT_EQ(said_line(std::string(5000, 'x')).size(), 300u);
}

ChannelConfig channel(ChannelKind kind) {
  ChannelConfig out;
  out.name = "c", out.kind = kind;
  return out;
}
std::string why_not(const ChannelConfig& config) {
  const auto opened = open_channel(config, {});
  return opened ? "" : opened.error();
}

TEST(NoticeChannel, WhatIsMissingIsNamedByItsKey) {
  EXPECT_THAT(why_not(channel(ChannelKind::None)), HasSubstr("notifier.channel.c.kind"));
  ChannelConfig mail = channel(ChannelKind::Email);
  mail.server = "mail.example.org";
  EXPECT_THAT(why_not(mail), HasSubstr("notifier.channel.c.server"));
  mail.server = "smtp://mail.example.org:587";
  EXPECT_THAT(why_not(mail), HasSubstr("needs both"));
  mail.from = "a@b", mail.to = {"c@d"};
  EXPECT_EQ(why_not(mail), "");
  mail.user = "ats";
  EXPECT_THAT(why_not(mail), HasSubstr("password_file"));
  mail.user.clear();
  mail.starttls = false;
  EXPECT_THAT(why_not(mail), HasSubstr("another machine"));
  mail.server = "smtp://127.0.0.1:25";
  EXPECT_EQ(why_not(mail), "");
  ChannelConfig hook = channel(ChannelKind::Webhook);
  EXPECT_THAT(why_not(hook), HasSubstr("expected one of them"));
  hook.url = "http://example.org/hook";
  EXPECT_THAT(why_not(hook), HasSubstr("has to be https"));
  hook.url = "https://example.org/hook";
  EXPECT_EQ(why_not(hook), "");
  EXPECT_THAT(why_not(channel(ChannelKind::Telegram)), HasSubstr("token_file"));
}

TEST(NoticeRules, AChannelAndAZoneHaveToBeThere) {
  NoticeConfig config;
  config.rules.resize(1);
  config.rules[0].name = "all";
  EXPECT_THAT(notice_rules(config, {}).error(), HasSubstr("notifier.rule.all.channels"));
  config.rules[0].channels = {"c"};
  EXPECT_EQ(notice_rules(config, {}).error(),
            "notifier.rule.all: there is no [notifier.channel.c]");
  config.channels = {channel(ChannelKind::Email)};
  EXPECT_TRUE(notice_rules(config, {}));
  config.rules[0].zone = "Europe/Atlantis";
  EXPECT_THAT(notice_rules(config, {}).error(), HasSubstr("notifier.rule.all.zone"));
}

}  // namespace
}  // namespace ats::services
