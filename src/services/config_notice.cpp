// The keys of the notifier: its channels, its rules, and what holds for all of them.
#include <fmt/format.h>

#include <algorithm>

#include "io/net_address.hpp"
#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {
namespace {

using report::NoticeRule;

template <class Owner>
using Find = std::function<Owner&(Config&)>;

// A row of the table for one member of `Owner`, wherever the owner stands in the configuration.
template <class Owner>
class Rows {
 public:
  Rows(std::string section, Find<Owner> find)
      : section_(std::move(section)), find_(std::move(find)) {}

  void text(const char* name, std::string Owner::*field, const char* expected, const char* help) {
    add(
        name, expected, help, [field](Owner& o, std::string_view t) { return o.*field = t, true; },
        [field](const Owner& o) { return o.*field; });
  }
  void list(const char* name, std::vector<std::string> Owner::*field, const char* expected,
            const char* help) {
    add(
        name, expected, help,
        [field](Owner& o, std::string_view t) { return o.*field = split_list(t), true; },
        [field](const Owner& o) { return fmt::format("{}", fmt::join(o.*field, ",")); }, true);
  }
  void flag(const char* name, bool Owner::*field, const char* help) {
    add(
        name, "true or false", help,
        [field](Owner& o, std::string_view t) {
          o.*field = t == "true";
          return t == "true" || t == "false";
        },
        [field](const Owner& o) { return std::string(o.*field ? "true" : "false"); });
  }
  void duration(const char* name, Duration Owner::*field, bool zero, const char* help) {
    add(
        name,
        zero ? "a duration such as \"5m\", or \"0s\" for never"
             : "a duration such as \"250ms\", \"2s\" or \"1m\", above zero",
        help,
        [field, zero](Owner& o, std::string_view t) {
          return parse_duration(t, o.*field) && ((o.*field).ns > 0 || zero);
        },
        [field](const Owner& o) { return print_duration(o.*field); });
  }
  void severity(const char* name, Severity Owner::*field, const char* help) {
    add(
        name, "info, warning, critical or emergency", help,
        [field](Owner& o, std::string_view t) {
          const auto severity = report::find_severity(t);
          if (severity) o.*field = *severity;
          return severity.has_value();
        },
        [field](const Owner& o) { return std::string(ats::name(o.*field)); });
  }
  void add(const char* name, const char* expected, const char* help,
           std::function<bool(Owner&, std::string_view)> set,
           std::function<std::string(const Owner&)> print, bool is_list = false) {
    keys.push_back(
        {section_, name, expected, help,
         [find = find_, set](Config& c, std::string_view t) { return set(find(c), t); },
         [find = find_, print](const Config& c) { return print(find(const_cast<Config&>(c))); },
         is_list});
  }
  std::vector<Key> keys;

 private:
  std::string section_;
  Find<Owner> find_;
};

// The one of that name, of channels or of rules.
template <class Owner>
Owner& named(std::vector<Owner>& all, const std::string& name) {
  return *std::ranges::find(all, name, &Owner::name);
}

template <class Owner>
KeyFamily family(std::string section, std::vector<Owner> NoticeConfig::*all,
                 std::vector<Key> (*keys)(const std::string& section, Find<Owner> find)) {
  return {section,
          [all](const Config& c) {
            std::vector<std::string> names;
            for (const Owner& one : c.notice.*all) names.push_back(one.name);
            return names;
          },
          [all](Config& c, const std::string& name) {
            std::vector<Owner>& list = c.notice.*all;
            if (std::ranges::find(list, name, &Owner::name) != list.end()) return;
            Owner one;
            one.name = name;
            list.push_back(std::move(one));
          },
          [=](const std::string& name) {
            return keys(section + "." + name,
                        [=](Config& c) -> Owner& { return named(c.notice.*all, name); });
          }};
}

// "08:00"
bool parse_clock(std::string_view text, Duration& out) {
  if (text.size() != 5 || text[2] != ':') return false;
  const auto hour = parse_scaled(text.substr(0, 2), 0), minute = parse_scaled(text.substr(3), 0);
  if (!hour || !minute || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59) return false;
  out = hours(*hour) + seconds(60 * *minute);
  return true;
}

std::string print_clock(Duration time) {
  const std::int64_t minutes = time.ns / seconds(60).ns;
  return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

bool parse_quiet(std::string_view text, NoticeRuleConfig& out) {
  out.has_quiet = !text.empty();
  if (text.empty()) return true;
  return text.size() == 11 && text[5] == '-' && parse_clock(text.substr(0, 5), out.quiet_from) &&
         parse_clock(text.substr(6), out.quiet_to) && out.quiet_from != out.quiet_to;
}

std::vector<Key> keys_of_channel(const std::string& section, Find<ChannelConfig> find) {
  using C = ChannelConfig;
  Rows<C> rows(section, std::move(find));
  rows.add(
      "kind", "email, webhook, slack, discord or telegram", "How people are reached by it.",
      [](C& c, std::string_view t) {
        for (const ChannelKind kind :
             {ChannelKind::None, ChannelKind::Email, ChannelKind::Webhook, ChannelKind::Slack,
              ChannelKind::Discord, ChannelKind::Telegram}) {
          if (t == name(kind)) return c.kind = kind, true;
        }
        return false;
      },
      [](const C& c) { return std::string(name(c.kind)); });
  rows.duration("within", &C::within, false, "How long one attempt may take.");
  rows.text("tls_ca", &C::tls_ca, "a path, or \"\" for the system's authorities",
            "Whose certificate the server has, PEM.");
  rows.text("server", &C::server, "smtp://host:587 or smtps://host:465",
            "Email: where it is handed in.");
  rows.flag("starttls", &C::starttls,
            "Email over smtp://: not without STARTTLS. Without it only on this machine.");
  rows.text("user", &C::user, "a name, or \"\" for none", "Email: who we are on the server.");
  rows.text("password_file", &C::password_file, "a path, or \"\" for none",
            "Email: a file of mode 0600 with that user's password.");
  rows.text("from", &C::from, "an address such as \"ATS <ats@example.org>\"", "Email: of whom.");
  rows.list("to", &C::to, "addresses such as [\"ops@example.org\"]",
            "Email: to whom. A server that refuses one of them refuses the mail: a channel each "
            "makes them independent.");
  rows.text("subject", &C::subject, "a text with places such as {title}, {severity}, {scope}",
            "Email: its subject (docs/notifications.md has all places).");
  rows.text("text_template", &C::text_template, "a path, or \"\" for the built-in one",
            "Email: its text, with the same places, {text} for all notices.");
  rows.text("html_template", &C::html_template, "a path, or \"\" for the built-in one",
            "Email: the same as HTML, {html} for all notices.");
  rows.text("url", &C::url, "an https:// address, or \"\"",
            "Webhook: where it is posted to. Telegram: instead of https://api.telegram.org.");
  rows.text("url_file", &C::url_file, "a path, or \"\"",
            "Instead of url, a file of mode 0600: the address of a hook of Slack or Discord is a "
            "secret.");
  rows.text("secret_file", &C::secret_file, "a path, or \"\" for none",
            "Webhook: a file of mode 0600 with what posts are signed by (HMAC-SHA256).");
  rows.text("token_file", &C::token_file, "a path, or \"\" for none",
            "Telegram: a file of mode 0600 with the bot's token.");
  rows.text("chat", &C::chat, "a chat's number, or a name with @", "Telegram: where to.");
  return std::move(rows.keys);
}

std::vector<Key> keys_of_rule(const std::string& section, Find<NoticeRuleConfig> find) {
  using R = NoticeRuleConfig;
  Rows<R> rows(section, std::move(find));
  rows.list("channels", &R::channels, "names of channels", "Who is told.");
  rows.severity("at_least", &R::at_least, "What is less severe is not told.");
  rows.list("categories", &R::categories, "codes of alerts such as [\"halt\", \"ledger_break\"]",
            "Only these; none: all.");
  rows.list("scopes", &R::scopes, "venues and pairs such as [\"kraken\", \"BTC/USDT\"]",
            "Only what concerns one of them, which what is of all scopes does; none: all.");
  rows.list("sources", &R::sources, "names of engines, \"risk\", \"notifier\"",
            "Only what these tell; none: all.");
  rows.add(
      "digest", "immediate, hourly or daily", "At once, or all of an hour or a day in one message.",
      [](R& r, std::string_view t) {
        for (const auto digest : {NoticeRule::Digest::Immediate, NoticeRule::Digest::Hourly,
                                  NoticeRule::Digest::Daily}) {
          if (t == report::name(digest)) return r.digest = digest, true;
        }
        return false;
      },
      [](const R& r) { return std::string(report::name(r.digest)); });
  rows.add(
      "daily_at", "a time of day such as \"08:00\"", "When the daily digest is sent.",
      [](R& r, std::string_view t) { return parse_clock(t, r.daily_at); },
      [](const R& r) { return print_clock(r.daily_at); });
  rows.text("zone", &R::zone, "a time zone such as \"Europe/Berlin\", or \"\" for notifier.zone",
            "Whose clock daily_at and quiet mean.");
  rows.add(
      "quiet", "two times of day such as \"22:00-07:00\", or \"\" for never",
      "What comes between them waits for the second, and is then one message.",
      [](R& r, std::string_view t) { return parse_quiet(t, r); },
      [](const R& r) {
        return r.has_quiet ? print_clock(r.quiet_from) + "-" + print_clock(r.quiet_to)
                           : std::string();
      });
  rows.severity("quiet_passes", &R::quiet_passes, "From this severity on nothing waits for it.");
  rows.duration("again_after", &R::again_after, false,
                "The same again within it is counted, and told as a sum when it is over; it "
                "doubles while that goes on.");
  rows.duration("again_most", &R::again_most, false, "To which it doubles up.");
  rows.duration("escalate_after", &R::escalate_after, true,
                "What is open and was not acknowledged for so long is told again, then after "
                "twice as long.");
  rows.duration("escalate_most", &R::escalate_most, false, "To which that doubles up.");
  rows.list("escalate_to", &R::escalate_to, "names of channels",
            "Who is told of it then, besides channels.");
  rows.flag("all_clear", &R::all_clear, "Whoever was told of something is told that it is over.");
  return std::move(rows.keys);
}

}  // namespace

KeyFamily channel_keys() {
  return family<ChannelConfig>("notifier.channel", &NoticeConfig::channels, keys_of_channel);
}

KeyFamily notice_rule_keys() {
  return family<NoticeRuleConfig>("notifier.rule", &NoticeConfig::rules, keys_of_rule);
}

void add_notice_keys(std::vector<Key>& keys) {
  using N = NoticeConfig;
  Rows<N> rows("notifier", [](Config& c) -> N& { return c.notice; });
  rows.list("sources", &N::sources, "names of engines, and \"risk\"",
            "Whose alerts the notifier hears (docs/notifications.md); none: this configuration's "
            "engine and the risk role.");
  rows.text("zone", &N::zone, "a time zone such as \"Europe/Berlin\"",
            "Whose clock messages and rules mean.");
  rows.duration("retry_first", &N::retry_first, false,
                "How long after a failed attempt the next one comes; it doubles.");
  rows.duration("retry_most", &N::retry_most, false, "To which it doubles up.");
  rows.duration("give_up_after", &N::give_up_after, false,
                "What could not be delivered for so long is a dead letter.");
  rows.duration("keep", &N::keep, false, "How long it is remembered what was delivered.");
  for (Key& key : rows.keys) keys.push_back(std::move(key));
}

}  // namespace ats::services
