// Access: who there is, what they set, their sessions and tokens, and the audit log.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/decimal.hpp"
#include "services/access_state.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using security::Permission;
using security::Permissions;

constexpr std::size_t preferences_most = std::size_t{16} * 1024;
constexpr std::size_t tokens_most = 50;
constexpr std::size_t label_most = 60;
constexpr std::uint64_t audit_most = 1000;

// Not there unless it was told.
void put_time(json& row, const char* name, WallTime time) {
  if (time.told()) row[name] = format_rfc3339(time);
}

std::string words(const std::vector<std::string>& list) {
  return fmt::format("{}", fmt::join(list, " "));
}

json user_json(const User& user) {
  json row{{"name", user.name},
           {"roles", user.roles},
           {"scopes", scopes_json(user.scopes)},
           {"disabled", user.disabled},
           {"totp", !user.totp.empty()}};
  put_time(row, "created", user.created);
  put_time(row, "lastSignIn", user.last_sign_in);
  return row;
}

json entry_json(const security::AuditEntry& entry) {
  return {{"number", std::to_string(entry.number)},
          {"at", format_rfc3339(entry.at)},
          {"who", entry.who},
          {"from", entry.from},
          {"what", entry.what},
          {"target", entry.target},
          {"before", entry.before},
          {"after", entry.after},
          {"outcome", entry.outcome}};
}

HttpResponse invalid(std::string_view what) { return api_error(ApiError::InvalidArgument, what); }
HttpResponse no_user(const std::string& name) {
  return api_error(ApiError::NotFound, fmt::format("there is no user '{}'", name));
}

constexpr std::string_view bad_roles =
    "roles: a list of viewer, trader, risk-manager and admin, at least one";
constexpr std::string_view bad_scopes =
    "scopes: a list of {\"venue\":\"kraken\",\"pair\":\"BTC/USDT\"}, one of the two at least";

}  // namespace

// --- preferences ---

void Access::State::get_preferences(Ask& ask) {
  const json kept = json::parse(store->preferences(ask.caller.name), nullptr, false);
  ask.answer(json_answer(kept.is_object() ? kept : json::object()));
}

void Access::State::put_preferences(Ask& ask) {
  const std::string body = ask.body.dump(-1, ' ', false, json::error_handler_t::replace);
  if (body.size() > preferences_most) return ask.answer(invalid("preferences have at most 16 KiB"));
  if (write(ask, [&] { store->put_preferences(ask.caller.name, body); }))
    ask.answer(json_answer(ask.body));
}

// --- users ---

void Access::State::list_users(Ask& ask) {
  json users = json::array();
  for (const User& user : store->users()) users.push_back(user_json(user));
  ask.answer(json_answer({{"users", std::move(users)}}));
}

void Access::State::add_user(Ask& ask) {
  User user;
  user.name = text_in(ask.body, "name");
  user.created = ask.now;
  if (!is_user_name(user.name))
    return ask.answer(invalid("a name has small letters, digits, '.', '-' and '_', at most 31"));
  if (!valid_roles(ask.body.value("roles", json()), user.roles))
    return ask.answer(invalid(bad_roles));
  if (!valid_scopes(ask.body.value("scopes", json::array()), user.scopes))
    return ask.answer(invalid(bad_scopes));
  bool there = false;
  std::string link;
  if (!write(ask, [&] {
        there = store->user(user.name).has_value();
        if (there) return;
        store->put(user);
        link = new_link(*store, user.name, ask.now);
        log(ask, ask.caller.name, "user.add", user.name, "done", {},
            words(user.roles) + "; " + scopes_words(user.scopes));
      }))
    return;
  if (there) {
    ask.answer(
        api_error(ApiError::AlreadyExists, fmt::format("there is a user '{}' already", user.name)));
    return;
  }
  ask.answer(json_answer({{"name", user.name}, {"link", link}}));
}

void Access::State::change_user(Ask& ask) {
  const std::string& name = ask.path[1];
  std::vector<std::string> roles;
  std::vector<AccessScope> scopes;
  const auto given = [&](const char* member) { return ask.body.contains(member); };
  if (given("roles") && !valid_roles(ask.body["roles"], roles))
    return ask.answer(invalid(bad_roles));
  if (given("scopes") && !valid_scopes(ask.body["scopes"], scopes))
    return ask.answer(invalid(bad_scopes));
  if (given("disabled") && !ask.body["disabled"].is_boolean())
    return ask.answer(invalid("disabled: true or false"));
  std::optional<User> user;
  bool left = true;
  if (!write(ask, [&] {
        user = store->user(name);
        if (!user) return;
        const User before = *user;
        if (given("roles")) user->roles = roles;
        if (given("scopes")) user->scopes = scopes;
        if (given("disabled")) user->disabled = ask.body["disabled"].get<bool>();
        left = somebody_is_left(*store, *user);
        if (!left) return;
        store->put(*user);
        if (user->disabled && !before.disabled) forget_what_lets_in(*store, name);
        const auto told = [](const User& one) {
          return words(one.roles) + "; " + scopes_words(one.scopes) +
                 (one.disabled ? "; disabled" : "");
        };
        log(ask, ask.caller.name, "user.change", name, "done", told(before), told(*user));
      }))
    return;
  if (!user) return ask.answer(no_user(name));
  if (!left) {
    ask.answer(api_error(ApiError::FailedPrecondition,
                         "nobody would be left who may see to users; make another admin first"));
    return;
  }
  ask.answer(json_answer(user_json(*user)));
}

void Access::State::reset_user(Ask& ask) {
  const std::string& name = ask.path[1];
  std::string link;
  if (!write(ask, [&] {
        auto user = store->user(name);
        if (!user) return;
        forget_password(*store, *user);
        store->put(*user);
        link = new_link(*store, name, ask.now);
        log(ask, ask.caller.name, "user.reset", name);
      }))
    return;
  if (link.empty()) return ask.answer(no_user(name));
  ask.answer(json_answer({{"link", link}}));
}

// --- sessions and tokens ---

void Access::State::list_sessions(Ask& ask) {
  const bool all = query_value(ask.query, "all") == "true";
  if (all && !ask.caller.permissions.has(Permission::Users)) {
    ask.answer(
        api_error(ApiError::PermissionDenied, "to see those of others takes the permission users"));
    return;
  }
  json rows = json::array();
  for (const Session& session : store->sessions(all ? std::string() : ask.caller.name)) {
    if (!alive(session, ask.now)) continue;
    rows.push_back({{"id", session.id},
                    {"name", session.name},
                    {"from", session.from},
                    {"agent", session.agent},
                    {"started", format_rfc3339(session.started)},
                    {"seen", format_rfc3339(session.seen)},
                    {"current", !ask.caller.is_token && session.id == ask.caller.id}});
  }
  ask.answer(json_answer({{"sessions", std::move(rows)}}));
}

void Access::State::end_session(Ask& ask) {
  const auto session = store->session_by_id(ask.path[1]);
  const bool own = session && session->name == ask.caller.name;
  if (!session || (!own && !ask.caller.permissions.has(Permission::Users))) {
    ask.answer(api_error(ApiError::NotFound, "there is no such session of yours"));
    return;
  }
  if (!own) {
    if (auto refused = step_up_missing(ask.caller)) return ask.answer(*std::move(refused));
  }
  if (write(ask, [&] {
        store->remove_session(session->id);
        log(ask, ask.caller.name, "session.end", session->name, "done", session->from);
      }))
    ask.answer(json_answer(json::object()));
}

void Access::State::list_tokens(Ask& ask) {
  json rows = json::array();
  for (const Token& token : store->tokens(ask.caller.name)) {
    json row{{"id", token.id}, {"label", token.label}, {"permissions", token.permissions}};
    put_time(row, "created", token.created);
    put_time(row, "expires", token.expires);
    put_time(row, "lastUsed", token.last_used);
    rows.push_back(std::move(row));
  }
  ask.answer(json_answer({{"tokens", std::move(rows)}}));
}

void Access::State::add_token(Ask& ask) {
  if (auto refused = step_up_missing(ask.caller)) return ask.answer(*std::move(refused));
  Token token;
  token.label = text_in(ask.body, "label");
  if (token.label.empty() || token.label.size() > label_most)
    return ask.answer(invalid("label: what it is for, at most 60 bytes"));
  Permissions asked;
  const json permissions = ask.body.value("permissions", json());
  for (const json& one : permissions) {
    const auto permission =
        one.is_string() ? security::find_permission(one.get<std::string>()) : std::nullopt;
    if (!permission) return ask.answer(invalid("permissions: a list of their names"));
    asked = asked.with(*permission);
  }
  if (!permissions.is_array() || asked.empty())
    return ask.answer(invalid("permissions: a list of their names, at least one"));
  if (!asked.within(ask.caller.permissions)) {
    ask.answer(api_error(ApiError::PermissionDenied,
                         "a token gets no permission that you do not have yourself"));
    return;
  }
  const json days = ask.body.value("days", json());
  if (!days.is_number_integer() || days.get<std::int64_t>() < 1 || days.get<std::int64_t>() > 365)
    return ask.answer(invalid("days: how long it is good for, from 1 to 365"));
  const std::string secret = "ats_" + random_secret();
  token.id = random_id();
  token.hash = secret_hash(secret);
  token.name = ask.caller.name;
  token.permissions = asked.names();
  token.created = ask.now;
  token.expires = ask.now + hours(24 * days.get<std::int64_t>());
  bool room = true;
  if (!write(ask, [&] {
        room = store->tokens(token.name).size() < tokens_most;
        if (!room) return;
        store->put(token);
        log(ask, ask.caller.name, "token.add", token.label, "done", {}, words(token.permissions));
      }))
    return;
  if (!room)
    return ask.answer(api_error(ApiError::FailedPrecondition, "you have 50 tokens; remove some"));
  ask.answer(json_answer({{"id", token.id}, {"token", secret}}));
}

void Access::State::end_token(Ask& ask) {
  const auto own = store->tokens(ask.caller.name);
  const auto token = std::ranges::find(own, ask.path[1], &Token::id);
  if (token == own.end()) {
    ask.answer(api_error(ApiError::NotFound, "there is no such token of yours"));
    return;
  }
  if (write(ask, [&] {
        store->remove_token(token->id);
        log(ask, ask.caller.name, "token.end", token->label);
      }))
    ask.answer(json_answer(json::object()));
}

// --- the audit log ---

void Access::State::list_audit(Ask& ask) {
  const auto number = [&](std::string_view name, std::uint64_t otherwise) {
    const auto given = parse_scaled(query_value(ask.query, name), 0);
    return given && *given > 0 ? static_cast<std::uint64_t>(*given) : otherwise;
  };
  const std::uint64_t before = number("before", 0);
  const std::uint64_t count = std::min(number("count", 100), audit_most);
  auto shared = std::make_shared<Ask>(ask);
  // The whole of the log is gone through: on the other thread, by a store of its own.
  const bool taken = slow.take([this, shared, before, count] {
    auto reading = UserStore::open(folder);
    const std::string problem = reading ? (*reading)->check_audit() : reading.error();
    return [this, shared, before, count, problem] {
      json rows = json::array();
      for (const security::AuditEntry& entry : store->audit(before, count))
        rows.push_back(entry_json(entry));
      shared->answer(json_answer(
          {{"entries", std::move(rows)}, {"intact", problem.empty()}, {"problem", problem}}));
    };
  });
  if (!taken)
    ask.answer(api_error(ApiError::ResourceExhausted, "too much is asked for at once; try again",
                         "too_many", 2));
}

}  // namespace ats::services
