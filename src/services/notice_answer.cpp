#include "services/notice_answer.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "services/config_keys.hpp"
#include "services/notifier.hpp"
#include "services/wish_answer.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t listed_most = 10'000;

std::string time_text(WallTime at) { return at.told() ? format_rfc3339(at) : std::string(); }

ordered_json delivery_json(NoticeStore& store, const Delivery& delivery, bool whole) {
  const report::Letter letter = store.letter(delivery);
  ordered_json out{{"delivery", delivery.id},
                   {"key", letter.key},
                   {"channel", delivery.channel},
                   {"rule", delivery.rule},
                   {"severity", ats::name(delivery.severity)},
                   {"state", name(delivery.state)},
                   {"made", time_text(delivery.made)},
                   {"ended", time_text(delivery.ended)},
                   {"attempts", delivery.attempts},
                   {"reason", delivery.reason},
                   {"title", letter.hits.empty() ? std::string() : report::title(letter)}};
  if (!whole) return out;
  out["hits"] = ordered_json::array();
  for (const report::Hit& hit : letter.hits)
    out["hits"].push_back({{"hit", hit.key}, {"kind", name(hit.kind)}, {"message", hit.message}});
  out["tried"] = ordered_json::array();
  for (const Attempt& attempt : store.attempts(delivery.id)) {
    out["tried"].push_back({{"attempt", attempt.number},
                            {"began", time_text(attempt.began)},
                            {"ended", time_text(attempt.ended)},
                            {"outcome", attempt.outcome},
                            {"answer", attempt.answer}});
  }
  return out;
}

std::string dumped(const ordered_json& told) {
  return told.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string done(const std::string& line) { return json{{"ok", true}, {"told", {line}}}.dump(); }

std::int64_t number_field(const json& request, const char* key) {
  const auto found = request.find(key);
  return found != request.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

ordered_json rule_json(const report::NoticeRule& rule) {
  ordered_json out{{"rule", rule.name},
                   {"channels", rule.channels},
                   {"at_least", ats::name(rule.at_least)},
                   {"categories", rule.categories},
                   {"scopes", rule.scopes},
                   {"sources", rule.sources},
                   {"digest", name(rule.digest)},
                   {"zone", rule.zone.name()},
                   {"quiet", nullptr},
                   {"again_after", print_duration(rule.again_after)},
                   {"escalate_after", print_duration(rule.escalate_after)},
                   {"escalate_to", rule.escalate_to},
                   {"all_clear", rule.all_clear}};
  if (rule.digest == report::NoticeRule::Digest::Daily) out["daily_at"] = clock_text(rule.daily_at);
  if (rule.has_quiet) {
    out["quiet"] = quiet_text(rule);
    out["quiet_passes"] = ats::name(rule.quiet_passes);
  }
  return out;
}

ordered_json status_json(Notifier& notifier) {
  ordered_json out{{"role", "notifier"},
                   {"rules", notifier.rules().size()},
                   {"open", notifier.open_matters()},
                   {"held", notifier.store().held()},
                   {"channels", ordered_json::array()}};
  for (const ChannelStatus& channel : notifier.channels()) {
    out["channels"].push_back({{"channel", channel.name},
                               {"kind", name(channel.kind)},
                               {"breaker", io::name(channel.breaker)},
                               {"waiting", channel.counts.waiting},
                               {"delivered", channel.counts.delivered},
                               {"dead", channel.counts.dead},
                               {"last_failure", channel.last_failure}});
  }
  return out;
}

std::string list(Notifier& notifier, const json& request) {
  std::optional<DeliveryState> state;
  const std::string wanted = text_field(request, "state");
  for (const DeliveryState one : {DeliveryState::Waiting, DeliveryState::Trying,
                                  DeliveryState::Delivered, DeliveryState::Dead}) {
    if (wanted == name(one)) state = one;
  }
  const auto most =
      static_cast<std::size_t>(std::max<std::int64_t>(number_field(request, "most"), 1));
  ordered_json out{{"deliveries", ordered_json::array()}};
  for (const Delivery& delivery :
       notifier.store().list(text_field(request, "channel"), state, std::min(most, listed_most)))
    out["deliveries"].push_back(delivery_json(notifier.store(), delivery, false));
  return dumped(out);
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string joined(const json& list) {
  std::string out;
  for (const json& one : list) out += (out.empty() ? "" : ", ") + text_of(one);
  return out;
}

Refusal refusal(Notifier& notifier, Refusal::Kind kind, std::string why) {
  if (!notifier.failure().empty()) return {Refusal::Kind::Unavailable, notifier.failure()};
  return {kind, std::move(why)};
}

}  // namespace

std::string clock_text(Duration time) {
  const std::int64_t minutes = time.ns / seconds(60).ns;
  return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

std::string quiet_text(const report::NoticeRule& rule) {
  return rule.has_quiet ? clock_text(rule.quiet_from) + "-" + clock_text(rule.quiet_to) : "";
}

Result<std::int64_t, Refusal> wish_test(Notifier& notifier, const Wish& wish,
                                        const std::string& channel) {
  const auto made = notifier.test(channel, wish.who);
  if (!made) return fail(refusal(notifier, Refusal::Kind::NotFound, made.error()));
  return *made;
}

Result<std::size_t, Refusal> wish_retry(Notifier& notifier, std::int64_t delivery) {
  if (delivery != 0) {
    if (notifier.retry(delivery)) return std::size_t{1};
    return fail(refusal(notifier, Refusal::Kind::NotAsThingsAre,
                        fmt::format("delivery {} is none of the dead letters", delivery)));
  }
  std::size_t many = 0;
  for (const Delivery& dead : notifier.store().list("", DeliveryState::Dead, listed_most))
    if (notifier.retry(dead.id)) ++many;
  return many;
}

Status<Refusal> wish_seen(Notifier& notifier, const Wish& wish, const std::string& source,
                          std::uint64_t alert) {
  const std::string who = wish.reason.empty() ? wish.who : wish.who + ": " + wish.reason;
  if (notifier.acknowledge(source, alert, who)) return Done{};
  return fail(refusal(notifier, Refusal::Kind::NotFound,
                      fmt::format("no alert {} of {} is open here", alert, source)));
}

std::string answer_notices(Notifier& notifier, const json& request) {
  const std::string command = text_field(request, "command");
  if (command == "status") return dumped(status_json(notifier));
  if (command == "rules") {
    ordered_json out{{"rules", ordered_json::array()}};
    for (const report::NoticeRule& rule : notifier.rules()) out["rules"].push_back(rule_json(rule));
    return dumped(out);
  }
  if (command == "history") return list(notifier, request);
  if (command == "delivery") {
    const auto found = notifier.store().find(number_field(request, "delivery"));
    if (!found) return answer_failed("there is no such delivery");
    return dumped(delivery_json(notifier.store(), *found, true));
  }
  const Wish wish{text_field(request, "who"), text_field(request, "reason")};
  if (command == "test") {
    const auto made = wish_test(notifier, wish, text_field(request, "channel"));
    if (!made) return answer_failed(made.error().why);
    return ordered_json{{"ok", true}, {"delivery", *made}}.dump();
  }
  if (command == "retry") {
    const std::int64_t which = number_field(request, "delivery");
    const auto many = wish_retry(notifier, which);
    if (!many) return answer_failed(many.error().why);
    if (which != 0)
      return done(fmt::format("delivery {} is tried again, under its old key", which));
    return done(fmt::format("{} dead letters are tried again, under their old keys", *many));
  }
  if (command == "acknowledge") {
    const auto alert = static_cast<std::uint64_t>(number_field(request, "alert"));
    const std::string source = text_field(request, "source");
    const auto seen = wish_seen(notifier, wish, source, alert);
    if (!seen) return answer_failed(seen.error().why);
    return done(fmt::format("alert {} of {} is escalated no more", alert, source));
  }
  return answer_failed("the notifier knows no command '" + command + "'");
}

std::string deliveries_text(const json& told) {
  std::string out;
  for (const json& d : told["deliveries"]) {
    out += fmt::format("{:>6}  {}  {:<10}  {:<9}  {:>2} tries  {}\n", d["delivery"].dump(),
                       text_of(d["made"]).substr(0, 19), text_of(d["channel"]), text_of(d["state"]),
                       d["attempts"].dump(), text_of(d["title"]));
    if (const std::string reason = text_of(d["reason"]); !reason.empty())
      out += "        " + reason + "\n";
  }
  return out.empty() ? "none\n" : out;
}

std::string delivery_text(const json& d) {
  std::string out = fmt::format("delivery {} to {} by rule {}, {}: {}\n  key {}\n",
                                d["delivery"].dump(), text_of(d["channel"]), text_of(d["rule"]),
                                text_of(d["state"]), text_of(d["title"]), text_of(d["key"]));
  for (const json& hit : d["hits"])
    out += fmt::format("  {}  {}\n", text_of(hit["kind"]), text_of(hit["message"]));
  for (const json& tried : d["tried"]) {
    out +=
        fmt::format("  attempt {}  {}  {}  {}\n", tried["attempt"].dump(), text_of(tried["began"]),
                    text_of(tried["outcome"]), text_of(tried["answer"]));
  }
  return out;
}

std::string notice_rules_text(const json& told) {
  std::string out;
  for (const json& r : told["rules"]) {
    out += fmt::format("{}: {} and worse", text_of(r["rule"]), text_of(r["at_least"]));
    for (const char* key : {"categories", "scopes", "sources"})
      if (!r[key].empty()) out += fmt::format(", {} {}", key, joined(r[key]));
    out += fmt::format(" -> {}, {}", joined(r["channels"]), text_of(r["digest"]));
    if (r.contains("daily_at")) out += " at " + text_of(r["daily_at"]);
    if (r["quiet"].is_string())
      out += fmt::format(", quiet {} below {}", text_of(r["quiet"]), text_of(r["quiet_passes"]));
    out += fmt::format(" ({}), the same again after {}", text_of(r["zone"]),
                       text_of(r["again_after"]));
    if (text_of(r["escalate_after"]) != "0s") {
      out += fmt::format(", escalated after {}{}{}", text_of(r["escalate_after"]),
                         r["escalate_to"].empty() ? "" : " to ", joined(r["escalate_to"]));
    }
    out += r["all_clear"].get<bool>() ? "\n" : ", no all-clears\n";
  }
  return out;
}

std::string notifier_text(const json& told) {
  std::string out =
      fmt::format("notifier: {} rules, {} matters open, {} hits wait for their time\n",
                  told["rules"].dump(), told["open"].dump(), told["held"].dump());
  out += fmt::format("{:<16}{:<10}{:<10}{:>9}{:>11}{:>7}  {}\n", "channel", "kind", "breaker",
                     "waiting", "delivered", "dead", "last failure");
  for (const json& c : told["channels"]) {
    out += fmt::format("{:<16}{:<10}{:<10}{:>9}{:>11}{:>7}  {}\n", text_of(c["channel"]),
                       text_of(c["kind"]), text_of(c["breaker"]), c["waiting"].dump(),
                       c["delivered"].dump(), c["dead"].dump(), text_of(c["last_failure"]));
  }
  return out;
}

}  // namespace ats::services
