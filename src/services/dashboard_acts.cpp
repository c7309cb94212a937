#include "services/dashboard_acts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/decimal.hpp"
#include "services/api_answer.hpp"
#include "services/api_json.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

constexpr Duration patience = seconds(10);
constexpr std::size_t reason_most = 63;  // of the journal

std::string text_at(const json& object, const char* member) {
  if (!object.is_object()) return {};
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json parse_object(std::string_view text) {
  json out = text.empty() ? json::object() : json::parse(text, nullptr, false);
  return out.is_object() ? out : json::object();
}

// "halt", "set-limit": what it is called in the audit log.
std::string word_of(const ApiMethod& method) {
  std::string out;
  for (const char c : method.rpc.substr(method.rpc.rfind('.') + 1)) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty()) out += '-';
    out += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// Of those limits that bind from below a lower value lets more through.
bool binds_from_below(std::string_view limit) {
  return limit == "min_edge" || limit == "inventory_least";
}

// Whether more may happen after it than before, as far as that can be said; else it counts as yes.
bool loosens(const json& wanted, const json& before) {
  if (before.is_null() || wanted.value("takeBack", false) || wanted.contains("effect")) return true;
  const auto now = Decimal::parse(text_at(before, "hard"));
  const auto then = Decimal::parse(text_at(wanted, "hard"));
  if (!now || !then) return true;
  return binds_from_below(text_at(wanted, "name")) ? *then < *now : *then > *now;
}

bool same_scope(const json& a, const json& b) {
  return std::ranges::all_of(
      std::array{"venue", "pair", "strategy", "asset"},
      [&](const char* part) { return text_at(a, part) == text_at(b, part); });
}

}  // namespace

struct DashboardActs::Doing {
  ApiAct act;
  std::string who;
  std::string from;
  std::string wanted;  // the body with the path's fields, JSON
  ApiMessage request;  // the same, as it is asked
  ApiSource* source = nullptr;
  std::string before;  // JSON; empty: it is not looked at, or there was nothing
  Caller caller;       // who does it, or agrees to it
  bool agreed = false;
  Answer answer;
};

std::string act_text(const ApiAct& act) {
  json fields = json::object();
  for (const auto& [name, value] : act.fields) fields[name] = value;
  return json{{"verb", act.method->verb}, {"path", act.method->path},    {"fields", fields},
              {"body", act.body},         {"requestId", act.request_id}, {"engine", act.engine}}
      .dump();
}

std::optional<ApiAct> read_act(std::string_view text) {
  const json told = parse_object(text);
  ApiAct act;
  for (const ApiMethod& method : api_methods()) {
    if (method.verb == text_at(told, "verb") && method.path == text_at(told, "path"))
      act.method = &method;
  }
  if (act.method == nullptr || !told.contains("fields")) return std::nullopt;
  for (const auto& [name, value] : told["fields"].items()) {
    if (!value.is_string()) return std::nullopt;
    act.fields.emplace_back(name, value.get<std::string>());
  }
  act.body = text_at(told, "body");
  act.request_id = text_at(told, "requestId");
  act.engine = text_at(told, "engine");
  return act;
}

void DashboardActs::carry_out(const Caller& caller, ApiAct act, Answer answer) {
  const auto doing = std::make_shared<Doing>();
  doing->act = std::move(act);
  doing->who = caller.name;
  doing->from = caller.from;
  doing->caller = caller;
  doing->answer = std::move(answer);
  look(doing);
}

void DashboardActs::carry_out(const Approval& approval, const Caller& approver, Answer answer) {
  auto act = read_act(approval.request);
  if (!act) {
    return answer(api_error(ApiError::FailedPrecondition,
                            "that was asked of another version of this program; ask anew"));
  }
  // The journal has one name and one reason: whoever wanted it, and who agreed.
  json body = parse_object(act->body);
  const std::string second = fmt::format(" (agreed: {})", approver.name);
  std::string reason = text_at(body.value("caller", json::object()), "reason");
  if (second.size() < reason_most) reason = reason.substr(0, reason_most - second.size()) + second;
  body["caller"] = {{"reason", reason}};
  act->body = body.dump();
  const auto doing = std::make_shared<Doing>();
  doing->act = std::move(*act);
  doing->who = approval.by;
  doing->from = approver.from;
  doing->caller = approver;
  doing->agreed = true;
  doing->answer = std::move(answer);
  look(doing);
}

// What is there now, where that is written down beside what is wanted.
void DashboardActs::look(const std::shared_ptr<Doing>& doing) {
  ApiAct& act = doing->act;
  // Who takes something of their own back is not asked why.
  if (act.method->verb == "DELETE" && act.body.empty())
    act.body = R"({"caller":{"reason":"taken back"}})";
  doing->source = find_(act.method->at, act.engine);
  if (doing->source == nullptr)
    return doing->answer(api_error(ApiError::NotFound, "there is no such engine here"));
  auto request =
      request_of_body(act.method->rpc, act.body, act.fields, {doing->who, act.request_id});
  if (!request) return doing->answer(api_error(ApiError::InvalidArgument, request.error()));
  doing->request = *request;
  json wanted = parse_object(act.body);
  for (const auto& [name, value] : act.fields) wanted[name] = value;
  doing->wanted = wanted.dump();
  const json scope = wanted.value("scope", json::object());
  if (act.method->before != Before::Nothing &&
      !in_scope(doing->caller, text_at(scope, "venue"), text_at(scope, "pair"))) {
    return doing->answer(api_error(ApiError::PermissionDenied,
                                   "you may do that for some venues or pairs only: name one of "
                                   "them in its scope",
                                   "scope"));
  }
  if (act.method->before == Before::Nothing) return send(doing);
  const bool limit = act.method->before == Before::Limit;
  const std::string rpc = limit ? "ats.v1.Risk.ListLimits" : "ats.v1.Risk.GetStatus";
  doing->source->call(rpc, api_request_of(rpc), patience, [this, doing](const auto& answer) {
    if (!answer) return doing->answer(api_error(answer.error()));
    weigh(doing, json_of(**answer));
  });
}

void DashboardActs::weigh(const std::shared_ptr<Doing>& doing, const std::string& now_is) {
  const ApiMethod& method = *doing->act.method;
  json now = parse_object(now_is), wanted = parse_object(doing->wanted), before;
  bool more = method.permission == security::Permission::Resume;
  if (method.before == Before::Holds) {
    before = now.value("holds", json::array());
  } else {
    for (const json& one : now.value("limits", json::array())) {
      if (text_at(one, "name") == text_at(wanted, "name") &&
          same_scope(one.value("scope", json::object()), wanted.value("scope", json::object())))
        before = one;
    }
    more = loosens(wanted, before);
  }
  if (!before.is_null()) doing->before = before.dump();
  const std::string what = security::name(method.permission);
  if (doing->agreed || !more || !access_->four_eyes(what)) return send(doing);
  const std::string reason = text_at(wanted.value("caller", json::object()), "reason");
  wanted.erase("caller");
  doing->answer(access_->ask_approval(doing->caller, wall_(), what, what + " " + wanted.dump(),
                                      reason, act_text(doing->act)));
}

void DashboardActs::send(const std::shared_ptr<Doing>& doing) {
  // What cannot be written down is not done, but for what only makes it do less.
  if (!write_down(*doing, "asked") && doing->act.method->permission != security::Permission::Halt) {
    return doing->answer(
        api_error(ApiError::Unavailable, "the audit log cannot be written; nothing was done"));
  }
  doing->source->call(
      std::string(doing->act.method->rpc), doing->request, patience,
      [this, doing](const auto& answer) {
        if (answer) {
          write_down(*doing, "done");
          HttpResponse out = json_answer(json::object());
          out.body = json_of(**answer);
          return doing->answer(std::move(out));
        }
        ApiFailure failure = answer.error();
        if (failure.code == "DEADLINE_EXCEEDED" || failure.code == "UNAVAILABLE") {
          failure.message +=
              "; whether it was done is not known: look, or send it again with the same "
              "Idempotency-Key";
        }
        write_down(*doing, failure.code + ": " + failure.message);
        doing->answer(api_error(failure));
      });
}

bool DashboardActs::write_down(const Doing& doing, const std::string& outcome) const {
  security::AuditEntry entry;
  entry.at = wall_();
  entry.who = doing.who;
  entry.from = doing.from;
  entry.what = word_of(*doing.act.method);
  for (const auto& [name, value] : doing.act.fields)
    entry.target += (entry.target.empty() ? "" : " ") + value;
  if (const json scope = parse_object(doing.wanted).value("scope", json::object()); !scope.empty())
    entry.target += (entry.target.empty() ? "" : " ") + scope.dump();
  entry.before = doing.before;
  entry.after = doing.wanted;
  entry.outcome = outcome;
  return access_->audit(std::move(entry));
}

}  // namespace ats::services
