#include "services/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "io/secret_file.hpp"
#include "security/request_secret.hpp"
#include "security/signing.hpp"
#include "services/access_state.hpp"
#include "venues/percent.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using security::Permission;
using security::Permissions;

constexpr std::string_view api_prefix = "/api/v1/";
constexpr std::size_t body_most = std::size_t{20} * 1024;
constexpr std::size_t agent_most = 120;
constexpr Duration prune_every = seconds(600);

HttpResponse unavailable(const UserStore& store) {
  return api_error(ApiError::Unavailable, "the user store: " + store.failure());
}

HttpResponse not_signed_in() {
  return api_error(ApiError::Unauthenticated, "sign in, or send a token that is in force");
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  std::erase_if(out, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
  return out;
}

// How long between two notes that a session is in use: one write each.
Duration note_every(const AccessConfig& config) {
  return std::min(seconds(30), config.session_idle / 8);
}

std::optional<std::vector<std::string>> words_of(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    auto word = venues::percent_decoded(path.substr(0, end), false);
    if (!word || word->empty()) return std::nullopt;
    out.push_back(std::move(*word));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return out;
}

bool matches(std::string_view pattern, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view word = pattern.substr(0, end);
    if (word != "*" && word != path[i]) return false;
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
    if (pattern.empty() && i + 1 != path.size()) return false;
  }
  return pattern.empty() && !path.empty();
}

}  // namespace

std::string text_in(const json& body, const char* member) {
  const auto at = body.find(member);
  return at != body.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string query_value(const std::string& query, std::string_view name) {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = pair.find('=');
    if (equals != pair.npos && pair.substr(0, equals) == name)
      return venues::percent_decoded(pair.substr(equals + 1), true).value_or("");
  }
  return {};
}

bool in_scope(const Caller& caller, std::string_view venue, std::string_view pair) {
  return caller.scopes.empty() || std::ranges::any_of(caller.scopes, [&](const AccessScope& scope) {
           return (scope.venue.empty() || scope.venue == venue) &&
                  (scope.pair.empty() || scope.pair == pair);
         });
}

// --- who ---

std::string Access::State::set_cookie(std::string_view secret) const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}{}", cookie_name(), secret,
                     options.tls ? "; Secure" : "", secret.empty() ? "; Max-Age=0" : "");
}

std::string Access::State::cookie_in(const HttpRequest& asked) const {
  const std::string* const header = asked.header("Cookie");
  return header == nullptr ? std::string()
                           : std::string(security::cookie_of(*header, cookie_name()).value_or(""));
}

bool Access::State::must_enrol(const User& user) const {
  return options.config.require_totp && user.totp.empty() &&
         security::permissions_of(user.roles).act();
}

Caller Access::State::caller_of(const Session& session, const User& user, WallTime now) const {
  Caller caller;
  caller.name = user.name, caller.roles = user.roles, caller.scopes = user.scopes;
  caller.permissions = security::permissions_of(user.roles);
  caller.id = session.id;
  caller.totp_required = must_enrol(user);
  const bool nothing_to_ask_for = user.totp.empty() && !caller.totp_required;
  caller.stepped_up =
      nothing_to_ask_for || (session.stepped_up.told() && now - session.stepped_up < step_up_for &&
                             session.stepped_up <= now + seconds(1));
  const std::array<std::string_view, 1> parts{session.hash};
  caller.csrf = store->key().mark(security::MarkUse::Csrf, parts);
  return caller;
}

std::optional<Caller> Access::State::caller_of(const Token& token, const User& user) const {
  Caller caller;
  caller.name = user.name, caller.roles = user.roles, caller.scopes = user.scopes;
  Permissions granted;
  for (const std::string& one : token.permissions) {
    if (const auto permission = security::find_permission(one)) granted = granted.with(*permission);
  }
  caller.permissions = granted.both(security::permissions_of(user.roles));
  caller.id = token.id;
  caller.is_token = true;
  caller.stepped_up = true;  // it was, when the token was made
  caller.totp_required = must_enrol(user);
  return caller;
}

bool Access::State::alive(const Session& session, WallTime now) const {
  return now - session.seen < options.config.session_idle &&
         now - session.started < options.config.session_life;
}

Result<Caller, HttpResponse> Access::State::who(const HttpRequest& asked, std::string_view from,
                                                WallTime now) {
  // Not to be able to ask is no answer.
  const auto nobody = [this] { return store->trouble() ? unavailable(*store) : not_signed_in(); };
  const std::string* const authorization = asked.header("Authorization");
  if (authorization != nullptr) {
    const auto secret = security::bearer_of(*authorization);
    auto token = secret ? store->token(secret_hash(*secret)) : std::nullopt;
    if (!token || token->expires <= now) return fail(nobody());
    const auto user = store->user(token->name);
    if (!user || user->disabled) return fail(nobody());
    if (now - token->last_used >= seconds(30)) {
      token->last_used = now;
      if (!store->begin()) return fail(unavailable(*store));
      store->put(*token);
      if (!store->commit()) return fail(unavailable(*store));
    }
    auto caller = caller_of(*token, *user);
    caller->from = from;
    return *std::move(caller);
  }
  const std::string cookie = cookie_in(asked);
  if (cookie.empty()) return fail(nobody());
  auto session = store->session(secret_hash(cookie));
  if (!session || !alive(*session, now)) return fail(nobody());
  const auto user = store->user(session->name);
  if (!user || user->disabled) return fail(nobody());
  if (now - session->seen >= note_every(options.config)) {
    session->seen = now;
    if (!store->begin()) return fail(unavailable(*store));
    // Another process may have ended it meanwhile.
    if (store->session(session->hash)) store->put(*session);
    if (!store->commit()) return fail(unavailable(*store));
  }
  Caller caller = caller_of(*session, *user, now);
  caller.from = from;
  return caller;
}

bool Access::State::origin_is_bad(const HttpRequest& asked) const {
  const std::string* const origin = asked.header("Origin");
  if (origin == nullptr) return false;
  const std::string* const host = asked.header("Host");
  return host == nullptr || *origin != (options.tls ? "https://" : "http://") + *host;
}

std::optional<HttpResponse> Access::State::forged(const Caller& caller,
                                                  const HttpRequest& asked) const {
  if (caller.is_token || asked.method == "GET") return std::nullopt;
  const std::string* const given = asked.header("X-CSRF-Token");
  const bool ours = given != nullptr && security::equal_constant_time(*given, caller.csrf);
  if (ours && !origin_is_bad(asked)) return std::nullopt;
  return api_error(ApiError::PermissionDenied,
                   ours ? "it comes from a page of another origin"
                        : "send the session's csrf value as the header X-CSRF-Token",
                   "csrf");
}

std::optional<HttpResponse> Access::State::step_up_missing(const Caller& caller) const {
  if (caller.stepped_up) return std::nullopt;
  return api_error(ApiError::PermissionDenied,
                   "give a fresh code of your authenticator first (session/step-up)", "step_up");
}

std::optional<HttpResponse> Access::State::refuse(const Caller& caller, const HttpRequest& asked,
                                                  Permission permission) const {
  if (caller.totp_required)
    return api_error(ApiError::PermissionDenied, "set up an authenticator first", "totp_required");
  if (auto refused = forged(caller, asked)) return refused;
  if (!caller.permissions.has(permission)) {
    return api_error(ApiError::PermissionDenied,
                     fmt::format("'{}' may not do that: it takes the permission {}", caller.name,
                                 security::name(permission)));
  }
  return security::needs_step_up(permission) ? step_up_missing(caller) : std::nullopt;
}

void Access::State::log(const Ask& ask, std::string_view who, std::string what, std::string target,
                        std::string outcome, std::string before, std::string after) {
  store->add({0, ask.now, std::string(who), ask.from, std::move(what), std::move(target),
              std::move(before), std::move(after), std::move(outcome)});
}

// --- the door ---

std::span<const Access::State::Endpoint> Access::State::endpoints() {
  using S = State;
  using enum Needs;
  constexpr Permission none = Permission::View;
  static constexpr std::array<Endpoint, 23> table{{
      {"GET", "session", Nobody, none, &S::get_session},
      {"POST", "session", Nobody, none, &S::sign_in},
      {"DELETE", "session", Enrolling, none, &S::sign_out},
      {"POST", "session/step-up", Session, none, &S::step_up},
      {"POST", "session/password", Session, none, &S::change_password},
      {"POST", "session/totp", Enrolling, none, &S::enrol},
      {"POST", "session/totp/confirm", Enrolling, none, &S::confirm_enrolment},
      {"POST", "setup", Nobody, none, &S::set_up},
      {"GET", "preferences", Somebody, none, &S::get_preferences},
      {"PUT", "preferences", Somebody, none, &S::put_preferences},
      {"GET", "users", Granted, Permission::Users, &S::list_users},
      {"POST", "users", Granted, Permission::Users, &S::add_user},
      {"PATCH", "users/*", Granted, Permission::Users, &S::change_user},
      {"POST", "users/*/reset", Granted, Permission::Users, &S::reset_user},
      {"GET", "sessions", Somebody, none, &S::list_sessions},
      {"DELETE", "sessions/*", Somebody, none, &S::end_session},
      {"GET", "tokens", Somebody, none, &S::list_tokens},
      {"POST", "tokens", Session, none, &S::add_token},
      {"DELETE", "tokens/*", Somebody, none, &S::end_token},
      {"GET", "audit", Granted, Permission::Audit, &S::list_audit},
      {"GET", "approvals", Granted, Permission::View, &S::list_approvals},
      {"POST", "approvals/*/approve", Session, none, &S::approve},
      {"POST", "approvals/*/refuse", Session, none, &S::refuse_approval},
  }};
  return table;
}

std::vector<AccessEndpoint> Access::endpoints() {
  std::vector<AccessEndpoint> out;
  for (const State::Endpoint& one : State::endpoints()) {
    AccessEndpoint& told = out.emplace_back();
    told.method = one.method;
    told.path = std::string("/api/v1/") + one.path;
    switch (one.needs) {
      case Needs::Nobody:
        told.needs = "nobody";
        break;
      case Needs::Enrolling:
      case Needs::Session:
        told.needs = "session";
        break;
      case Needs::Somebody:
        told.needs = "somebody";
        break;
      case Needs::Granted:
        told.needs = security::name(one.permission);
        break;
    }
  }
  return out;
}

Access::Access(std::unique_ptr<State> state) : state_(std::move(state)) {}
Access::~Access() = default;

Result<std::unique_ptr<Access>, std::string> Access::open(const std::filesystem::path& folder,
                                                          AccessOptions options) {
  auto store = UserStore::open(folder);
  if (!store) return fail(store.error());
  return std::unique_ptr<Access>(
      new Access(std::make_unique<State>(folder, *std::move(store), std::move(options))));
}

Result<Caller, HttpResponse> Access::who(const HttpRequest& request, std::string_view from,
                                         WallTime now) {
  return state_->who(request, from, now);
}

std::optional<Caller> Access::still(const Caller& caller, WallTime now) {
  UserStore& store = *state_->store;
  const auto user = store.user(caller.name);
  if (!user || user->disabled) return std::nullopt;
  std::optional<Caller> fresh;
  if (caller.is_token) {
    for (const Token& token : store.tokens(caller.name)) {
      if (token.id == caller.id && token.expires > now) fresh = state_->caller_of(token, *user);
    }
  } else if (const auto session = store.session_by_id(caller.id);
             session && session->name == caller.name && state_->alive(*session, now)) {
    fresh = state_->caller_of(*session, *user, now);
  }
  if (fresh) fresh->from = caller.from;
  return fresh;
}

std::optional<HttpResponse> Access::refuse(const Caller& caller, const HttpRequest& request,
                                           Permission permission) const {
  return state_->refuse(caller, request, permission);
}

bool Access::origin_is_ours(const HttpRequest& request) const {
  return request.header("Origin") != nullptr && !state_->origin_is_bad(request);
}

bool Access::serve(const HttpRequest& request, std::string_view from, WallTime now, Answer answer) {
  const std::string_view target = request.target;
  if (!target.starts_with(api_prefix)) return false;
  const std::size_t question = std::min(target.find('?'), target.size());
  auto path = words_of(target.substr(api_prefix.size(), question - api_prefix.size()));
  if (!path) return false;
  const State::Endpoint* found = nullptr;
  std::string allowed;
  for (const State::Endpoint& one : State::endpoints()) {
    if (!matches(one.path, *path)) continue;
    allowed += (allowed.empty() ? "" : ", ") + std::string(one.method);
    if (request.method == one.method) found = &one;
  }
  if (allowed.empty()) return false;
  if (found == nullptr) {
    HttpResponse wrong = api_error(ApiError::Unimplemented, "it takes " + allowed);
    wrong.headers.push_back({"Allow", allowed});
    return answer(std::move(wrong)), true;
  }
  Ask ask;
  ask.method = request.method;
  ask.path = std::move(*path);
  if (question < target.size()) ask.query = target.substr(question + 1);
  ask.from = printable(from, agent_most);
  ask.now = now;
  ask.cookie = state_->cookie_in(request);
  if (const std::string* const agent = request.header("User-Agent"))
    ask.agent = printable(*agent, agent_most);
  ask.answer = std::move(answer);
  if (request.method != "GET" && !request.body.empty()) {
    const bool fits = request.body.size() <= body_most;
    if (fits) ask.body = json::parse(request.body, nullptr, false);
    if (!fits || !ask.body.is_object()) {
      ask.answer(api_error(ApiError::InvalidArgument,
                           fits ? "the body has to be a JSON object" : "the body is too long"));
      return true;
    }
  }
  if (found->needs == Needs::Nobody) {
    if (request.method != "GET" && state_->origin_is_bad(request)) {
      ask.answer(
          api_error(ApiError::PermissionDenied, "it comes from a page of another origin", "csrf"));
      return true;
    }
    if (ask.path[0] == "session" && request.method == "GET") {
      // Nobody is an answer here, and no error.
      if (auto caller = state_->who(request, from, now)) ask.caller = *std::move(caller);
    }
  } else {
    auto caller = state_->who(request, from, now);
    if (!caller) return ask.answer(caller.error()), true;
    ask.caller = *std::move(caller);
    std::optional<HttpResponse> refused;
    if (found->needs == Needs::Granted)
      refused = state_->refuse(ask.caller, request, found->permission);
    else if (found->needs != Needs::Enrolling && ask.caller.totp_required)
      refused =
          api_error(ApiError::PermissionDenied, "set up an authenticator first", "totp_required");
    else
      refused = state_->forged(ask.caller, request);
    if (!refused && ask.caller.is_token &&
        (found->needs == Needs::Session || found->needs == Needs::Enrolling))
      refused = api_error(ApiError::PermissionDenied, "it takes a session, not a token");
    if (refused) return ask.answer(*std::move(refused)), true;
  }
  (state_.get()->*found->serve)(ask);
  return true;
}

bool Access::audit(security::AuditEntry entry) {
  UserStore& store = *state_->store;
  if (!store.begin()) return false;
  store.add(std::move(entry));
  return store.commit();
}

bool Access::four_eyes(std::string_view what) const {
  return std::ranges::find(state_->options.config.four_eyes, what) !=
         state_->options.config.four_eyes.end();
}

std::string Access::setup_link_token(WallTime now) {
  UserStore& store = *state_->store;
  if (!store.begin()) return {};
  if (!store.empty()) return store.give_up(), std::string();
  const std::string link = new_link(store, {}, now);
  return store.commit() ? link.substr(link.find('=') + 1) : std::string();
}

}  // namespace ats::services
