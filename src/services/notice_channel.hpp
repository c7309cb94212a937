// The ways a letter is brought to people: mail, a signed webhook, and what Slack, Discord and Telegram take. One attempt, which waits
// for its end: each channel has a thread of its own (services/courier.hpp), so that one that hangs holds up no other.
//
// Invariant: no secret (password, token, signing key, address that is one) is in what a channel says of an attempt.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "report/letter.hpp"
#include "services/notice_config.hpp"

namespace ats::services {

struct ChannelAnswer {
  enum class Verdict : std::uint8_t {
    Accepted,
    Later,    // not now, or nobody knows: the same again may be taken
    Refused,  // this one, for good
  };
  Verdict verdict = Verdict::Later;
  std::string said;  // one line, of bounded length
  Duration wait{};   // told to stay away for so long
};
const char* name(ChannelAnswer::Verdict verdict);

class NoticeChannel {
 public:
  virtual ~NoticeChannel() = default;
  virtual ChannelAnswer deliver(const report::Letter& letter) = 0;
};

// Reads its secrets and templates. The error is one line a person can act on.
Result<std::unique_ptr<NoticeChannel>, std::string> open_channel(const ChannelConfig& config,
                                                                 const Zone& zone);

// --- its parts, for tests ---

// What is posted to a channel of that kind.
std::string channel_body(ChannelKind kind, const std::string& chat, const report::Letter& letter,
                         const Zone& zone);
// "sha256=…" over "<timestamp>.<body>".
std::string webhook_signature(std::string_view secret, std::string_view timestamp,
                              std::string_view body);

struct MailTexts {
  std::string from;
  std::vector<std::string> to;
  std::string subject, text, html;
};
// A mail as SMTP takes it (RFC 5322, multipart/alternative): its Message-ID is the letter's key.
std::string mail_bytes(const MailTexts& texts, const report::Letter& letter);
// "a@b" of "Name <a@b>".
std::string mail_address(std::string_view text);

// One printable line, of at most 300 letters, without any of `secrets`.
std::string said_line(std::string_view text, const std::vector<std::string_view>& secrets = {});

}  // namespace ats::services
