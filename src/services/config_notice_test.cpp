#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "services/config.hpp"

namespace ats::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NoticeConfigTest : public ::testing::Test {
 protected:
  ~NoticeConfigTest() override { std::filesystem::remove(file_); }
  Result<Config, std::string> load(const std::string& text,
                                   const std::map<std::string, std::string>& environment = {}) {
    std::ofstream(file_) << text;
    return load_config(file_, environment);
  }
  std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                ("ats-notice-" + std::to_string(::getpid()) + ".toml");
};

constexpr const char* two_channels = R"([notifier]
zone = "Asia/Seoul"
[notifier.channel.mail]
kind = "email"
server = "smtp://mail.example.org:587"
to = ["a@example.org", "b@example.org"]
[notifier.channel.night-pager]
kind = "webhook"
[notifier.rule.all]
channels = ["mail"]
at_least = "critical"
quiet = "22:00-07:30"
daily_at = "09:15"
digest = "daily"
escalate_after = "5m"
)";

TEST_F(NoticeConfigTest, ChannelsAndRulesAreSectionsThatTheFileNames) {
  const auto config = load(two_channels);
  ASSERT_TRUE(config) << config.error();
  const NoticeConfig& notice = config->notice;
  EXPECT_EQ(notice.zone, "Asia/Seoul");
  ASSERT_EQ(notice.channels.size(), 2u);
  EXPECT_EQ(notice.channels[0].name, "mail");
  EXPECT_EQ(notice.channels[0].kind, ChannelKind::Email);
  EXPECT_THAT(notice.channels[0].to, ElementsAre("a@example.org", "b@example.org"));
  EXPECT_EQ(notice.channels[1].name, "night-pager");
  ASSERT_EQ(notice.rules.size(), 1u);
  const NoticeRuleConfig& rule = notice.rules[0];
  EXPECT_EQ(rule.at_least, Severity::Critical);
  EXPECT_EQ(rule.quiet_from, hours(22));
  EXPECT_EQ(rule.quiet_to, hours(7) + seconds(1800));
  EXPECT_EQ(rule.daily_at, hours(9) + seconds(900));
  EXPECT_EQ(rule.digest, report::NoticeRule::Digest::Daily);
  EXPECT_EQ(rule.escalate_after, seconds(300));
}

TEST_F(NoticeConfigTest, WhatIsPrintedReadsBackToTheSame) {
  const auto config = load(two_channels);
  ASSERT_TRUE(config);
  const auto again = load(to_toml(*config));
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->notice, config->notice);
}

TEST_F(NoticeConfigTest, TheEnvironmentReachesThoseThatTheFileNames) {
  const auto config =
      load(two_channels, {{"ATS_NOTIFIER_CHANNEL_NIGHT_PAGER_URL", "https://example.org"}});
  ASSERT_TRUE(config) << config.error();
  EXPECT_EQ(config->notice.channels[1].url, "https://example.org");
}

TEST_F(NoticeConfigTest, WhatIsWrongIsNamedWithItsLine) {
  const auto error = [&](const std::string& text) {
    const auto config = load(text);
    return config ? std::string() : config.error();
  };
  EXPECT_THAT(error("[notifier.rule.all]\ndigets = \"daily\"\n"),
              HasSubstr(":2: unknown key 'notifier.rule.all.digets'; known keys of "
                        "[notifier.rule.all]: channels"));
  EXPECT_THAT(error("[notifier.rule.all]\nquiet = \"22:00\"\n"),
              HasSubstr(":2: notifier.rule.all.quiet must be two times of day"));
  EXPECT_THAT(error("[notifier.rule.all]\ndaily_at = \"24:00\"\n"), HasSubstr("a time of day"));
  EXPECT_THAT(error("[notifier.channel.\"a b\"]\nkind = \"email\"\n"),
              HasSubstr("expected a name of letters, digits and dashes"));
  EXPECT_THAT(error("[notifier.channel.mail]\nkind = \"pigeon\"\n"),
              HasSubstr("must be email, webhook, slack, discord or telegram"));
}

}  // namespace
}  // namespace ats::services
