// What channels are given to say: bodies of webhooks, mails.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "security/signing.hpp"
#include "services/notice_channel.hpp"

namespace ats::services {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t said_most = 300;
// What each takes at most, less room for the mark that it was cut.
constexpr std::size_t slack_most = 39'000, discord_most = 1'900, telegram_most = 4'000;

// At a letter's end, so that it stays UTF-8.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string slack_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

ordered_json notice_json(const report::Hit& hit) {
  return {{"kind", name(hit.kind)},
          {"severity", ats::name(hit.severity)},
          {"category", hit.category},
          {"scope", hit.scope},
          {"source", hit.source},
          {"subject", hit.subject},
          {"message", hit.message},
          {"alerts", hit.alerts},
          {"times", hit.times},
          {"at", format_rfc3339(hit.at)},
          {"hit", hit.key}};
}

// Whatever a venue said: JSON has to be UTF-8.
std::string dumped(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

bool plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// In a header: no line breaks, and what is not ASCII encoded (RFC 2047).
std::string header_text(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  constexpr std::size_t line_most = 900;  // of 998 that a line may have
  if (plain(line)) return cut(line, line_most);
  constexpr std::size_t word_most = 42;  // 75 letters when it is encoded
  std::string out;
  std::string_view rest = line;
  while (!rest.empty() && out.size() < 4 * line_most) {
    std::size_t end = std::min(word_most, rest.size());
    while (end > 1 && end < rest.size() && (static_cast<unsigned char>(rest[end]) & 0xc0) == 0x80)
      --end;
    const std::string_view word = rest.substr(0, end);
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(word.data());
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") +
           security::base64({bytes, word.size()}) + "?=";
    rest.remove_prefix(end);
  }
  return out;
}

// "Sat, 28 Nov 2026 09:30:00 +0000"
std::string mail_date(WallTime at) {
  const std::time_t s = at.ns_utc / 1'000'000'000;
  std::tm utc{};
  gmtime_r(&s, &utc);
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
                     days.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                     months.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string part(const char* type, std::string_view text, std::string_view boundary) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::string coded = security::base64({bytes, text.size()});
  std::string out = fmt::format(
      "--{}\r\nContent-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
      boundary, type);
  constexpr std::size_t line = 76;
  for (std::size_t at = 0; at < coded.size(); at += line) out += coded.substr(at, line) + "\r\n";
  return out + "\r\n";
}

}  // namespace

const char* name(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::None:
      return "";
    case ChannelKind::Email:
      return "email";
    case ChannelKind::Webhook:
      return "webhook";
    case ChannelKind::Slack:
      return "slack";
    case ChannelKind::Discord:
      return "discord";
    case ChannelKind::Telegram:
      return "telegram";
  }
  return "?";
}

const char* name(ChannelAnswer::Verdict verdict) {
  switch (verdict) {
    case ChannelAnswer::Verdict::Accepted:
      return "accepted";
    case ChannelAnswer::Verdict::Later:
      return "later";
    case ChannelAnswer::Verdict::Refused:
      return "refused";
  }
  return "?";
}

std::string channel_body(ChannelKind kind, const std::string& chat, const report::Letter& letter,
                         const Zone& zone) {
  switch (kind) {
    case ChannelKind::Slack:
      return dumped({{"text", cut(slack_escaped(report::text(letter, zone)), slack_most)},
                     {"mrkdwn", false}});
    case ChannelKind::Discord:
      // Nobody is called by what a venue said.
      return dumped({{"content", cut(report::text(letter, zone), discord_most)},
                     {"allowed_mentions", {{"parse", ordered_json::array()}}}});
    case ChannelKind::Telegram:
      return dumped({{"chat_id", chat},
                     {"text", cut(report::text(letter, zone), telegram_most)},
                     {"disable_web_page_preview", true}});
    case ChannelKind::Webhook:
    case ChannelKind::Email:
    case ChannelKind::None:
      break;
  }
  ordered_json notices = ordered_json::array();
  for (const report::Hit& hit : letter.hits) notices.push_back(notice_json(hit));
  return dumped({{"id", letter.key},
                 {"rule", letter.rule},
                 {"severity", ats::name(letter.severity)},
                 {"made", format_rfc3339(letter.made)},
                 {"title", report::title(letter)},
                 {"notices", std::move(notices)}});
}

std::string webhook_signature(std::string_view secret, std::string_view timestamp,
                              std::string_view body) {
  security::HmacSigner signer(security::HashKind::Sha256, secret);
  std::array<std::uint8_t, 64> digest{};
  const std::string_view parts[] = {timestamp, ".", body};
  const std::size_t size = signer.sign(parts, digest.data());
  std::string out = "sha256=";
  const std::size_t at = out.size();
  out.resize(at + 2 * size);
  security::to_hex({digest.data(), size}, out.data() + at);
  return out;
}

std::string mail_address(std::string_view text) {
  const std::size_t open = text.rfind('<'), close = text.rfind('>');
  if (open != text.npos && close != text.npos && open < close)
    text = text.substr(open + 1, close - open - 1);
  return std::string(text);
}

std::string mail_bytes(const MailTexts& texts, const report::Letter& letter) {
  const std::string from = mail_address(texts.from);
  const std::size_t at = from.rfind('@');
  const std::string domain = at == from.npos ? "localhost" : from.substr(at + 1);
  std::string to;
  for (const std::string& one : texts.to) to += (to.empty() ? "" : ",\r\n ") + one;
  const std::string boundary = "=_" + letter.key;
  return fmt::format(
             "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{}>\r\n"
             "Auto-Submitted: auto-generated\r\nX-ATS-Delivery: {}\r\nMIME-Version: 1.0\r\n"
             "Content-Type: multipart/alternative; boundary=\"{}\"\r\n\r\n",
             texts.from, to, header_text(texts.subject), mail_date(letter.made), letter.key, domain,
             letter.key, boundary) +
         part("text/plain", texts.text, boundary) + part("text/html", texts.html, boundary) +
         fmt::format("--{}--\r\n", boundary);
}

std::string said_line(std::string_view text, const std::vector<std::string_view>& secrets) {
  std::string line(text.substr(0, 8 * said_most));
  for (const std::string_view secret : secrets) {
    for (std::size_t at = 0; !secret.empty() && (at = line.find(secret, at)) != line.npos;)
      line.replace(at, secret.size(), "***");
  }
  line.resize(std::min(line.size(), said_most));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~') c = ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace ats::services
