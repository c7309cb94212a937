// Who is told of what, and how: the notifier's part of the configuration. Secrets are in files of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "report/notice.hpp"

namespace ats::services {

enum class ChannelKind : std::uint8_t { None, Email, Webhook, Slack, Discord, Telegram };
const char* name(ChannelKind kind);

struct ChannelConfig {
  std::string name;
  ChannelKind kind = ChannelKind::None;
  Duration within = seconds(15);  // an attempt
  std::string tls_ca;             // PEM; empty: the system's authorities
  // Email.
  std::string server;  // "smtp://mail.example.org:587", "smtps://…:465"
  bool starttls = true;
  std::string user, password_file;
  std::string from;
  std::vector<std::string> to;
  std::string subject = "[ATS] {title}";
  std::string text_template, html_template;  // files; empty: the built-in ones
  // The others.
  std::string url;
  std::string url_file;     // mode 0600: of Slack and Discord the address is the secret
  std::string secret_file;  // webhook: what it is signed with
  std::string token_file;   // telegram
  std::string chat;         // telegram
  bool operator==(const ChannelConfig&) const = default;
};

// A NoticeRule whose zone has still to be looked up.
struct NoticeRuleConfig {
  std::string name;
  std::vector<std::string> channels, categories, scopes, sources, escalate_to;
  Severity at_least = Severity::Warning;
  report::NoticeRule::Digest digest = report::NoticeRule::Digest::Immediate;
  Duration daily_at = hours(8);
  std::string zone;  // empty: the notifier's
  bool has_quiet = false;
  Duration quiet_from, quiet_to;
  Severity quiet_passes = Severity::Critical;
  Duration again_after = seconds(600), again_most = hours(24);
  Duration escalate_after{}, escalate_most = hours(1);
  bool all_clear = true;
  bool operator==(const NoticeRuleConfig&) const = default;
};

struct NoticeConfig {
  std::vector<std::string> sources;  // whose alerts; empty: this configuration's engine and "risk"
  std::string zone = "UTC";
  Duration retry_first = seconds(5), retry_most = seconds(300);
  Duration give_up_after = hours(24);
  Duration keep = hours(24 * 90);  // what was delivered
  std::vector<ChannelConfig> channels;
  std::vector<NoticeRuleConfig> rules;
  bool operator==(const NoticeConfig&) const = default;
};

// The rules with their zones. The error is one line a person can act on: a channel or a zone that is not there.
Result<std::vector<report::NoticeRule>, std::string> notice_rules(const NoticeConfig& config,
                                                                  WallTime now);

}  // namespace ats::services
