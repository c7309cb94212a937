// Access: signing in and out, passwords, authenticators, and the links by which one gets a password.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "io/secret_file.hpp"
#include "security/one_time_code.hpp"
#include "security/password.hpp"
#include "services/access_state.hpp"
#include "services/qr_code.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using security::Secret;

// Slow work is copied about: the secret in it is not.
using Held = std::shared_ptr<const Secret>;
Held hold(std::string text) {
  auto held = std::make_shared<const Secret>(Secret::of(text));
  security::wipe(text);
  return held;
}

json member(const Caller& caller) {
  return {{"name", caller.name},
          {"roles", caller.roles},
          {"permissions", caller.permissions.names()},
          {"scopes", scopes_json(caller.scopes)}};
}

template <std::size_t size>
std::array<std::uint8_t, size> random_bytes() {
  std::array<std::uint8_t, size> bytes{};
  io::fill_random(bytes);
  return bytes;
}

HttpResponse too_busy() {
  return api_error(ApiError::ResourceExhausted, "too many are signing in at once; try again",
                   "too_many", 2);
}

}  // namespace

// --- failures ---

namespace {

struct Counted {
  std::string of;
  const security::Lockout& rule;
};

std::vector<Counted> counted(const Ask& ask, const std::string& name, bool address) {
  std::vector<Counted> out;
  // What is no name is nobody's: it counts for the address alone.
  if (is_user_name(name)) out.push_back({"name " + name, security::name_lockout});
  if (address) out.push_back({"address " + ask.from, security::address_lockout});
  return out;
}

}  // namespace

bool Access::State::may_try(Ask& ask, const std::string& name, bool count_address, ApiError code) {
  if (!store->begin()) {
    ask.answer(api_error(ApiError::Unavailable, "the user store: " + store->failure()));
    return false;
  }
  const auto all = counted(ask, name, count_address);
  for (const Counted& one : all) {
    const Duration wait = security::wait_left(store->failures(one.of), one.rule, ask.now);
    if (wait.ns <= 0) continue;
    store->give_up();
    const long left = static_cast<long>((wait.ns + 999'999'999) / 1'000'000'000);
    if (&one.rule == &security::address_lockout)
      ask.answer(api_error(ApiError::ResourceExhausted,
                           fmt::format("too many attempts from your address; wait {} s", left),
                           "too_many", left));
    else
      ask.answer(
          api_error(code, fmt::format("too many failures; wait {} s", left), "locked", left));
    return false;
  }
  for (const Counted& one : all) {
    security::Failures failures = security::current(store->failures(one.of), one.rule, ask.now);
    ++failures.count;
    failures.last = ask.now;
    store->put(one.of, failures);
  }
  if (store->commit()) return true;
  ask.answer(api_error(ApiError::Unavailable, "the user store: " + store->failure()));
  return false;
}

void Access::State::tried_well(const Ask& ask, const std::string& name, bool count_address) {
  not_tried(ask, {}, count_address);
  store->put("name " + name, security::Failures{});
}

void Access::State::not_tried(const Ask& ask, const std::string& name, bool count_address) {
  for (const Counted& one : counted(ask, name, count_address)) {
    security::Failures failures = store->failures(one.of);
    if (failures.count > 0) --failures.count;
    store->put(one.of, failures);
  }
}

// --- the session ---

json Access::State::session_json(const Caller& caller, const Session* session) const {
  json out = member(caller);
  out["signedIn"] = true;
  out["csrf"] = caller.csrf;
  const auto user = store->user(caller.name);
  out["totp"] = caller.totp_required          ? "required"
                : user && !user->totp.empty() ? "enrolled"
                                              : "none";
  out["steppedUp"] = caller.stepped_up;
  if (session != nullptr) {
    const WallTime ends = session->started + options.config.session_life;
    out["expires"] = format_rfc3339(ends);
    out["idleExpires"] =
        format_rfc3339(std::min(ends, session->seen + options.config.session_idle));
  }
  return out;
}

void Access::State::get_session(Ask& ask) {
  if (ask.caller.name.empty()) {
    ask.answer(json_answer({{"signedIn", false}, {"setup", store->empty()}}));
    return;
  }
  const auto session = ask.caller.is_token ? std::nullopt : store->session_by_id(ask.caller.id);
  ask.answer(json_answer(session_json(ask.caller, session ? &*session : nullptr)));
}

Session Access::State::begin_session(const Ask& ask, const std::string& name, bool with_code,
                                     std::string& secret) {
  // Whatever session the browser had is over: nobody can have given it one beforehand.
  if (!ask.cookie.empty()) {
    if (const auto old = store->session(secret_hash(ask.cookie))) store->remove_session(old->id);
  }
  secret = random_secret();
  Session session{random_id(), secret_hash(secret),
                  name,        ask.from,
                  ask.agent,   ask.now,
                  ask.now,     with_code ? ask.now : WallTime{}};
  store->put(session);
  if (ask.now - pruned > hours(1) || ask.now < pruned) {
    store->prune(ask.now, options.config.session_idle, options.config.session_life);
    pruned = ask.now;
  }
  return session;
}

void Access::State::answer_session(Ask& ask, const User& user, const Session& session,
                                   const std::string& secret) {
  HttpResponse answer = json_answer(session_json(caller_of(session, user, ask.now), &session));
  answer.headers.push_back({"Set-Cookie", set_cookie(secret)});
  ask.answer(std::move(answer));
}

void Access::State::sign_in(Ask& ask) {
  const std::string name = text_in(ask.body, "name");
  std::string password = text_in(ask.body, "password");
  if (name.empty() || password.empty() || password.size() > security::password_max) {
    ask.answer(api_error(ApiError::InvalidArgument, "name and password are needed"));
    return;
  }
  if (!may_try(ask, name, true, ApiError::Unauthenticated)) return;
  // A name nobody has costs what one costs that somebody has.
  const auto user = store->user(name);
  const std::string hash =
      user && !user->password.empty() ? user->password : security::dummy_hash();
  const Held held = hold(std::move(password));
  ask.body.erase("password");
  auto shared = std::make_shared<Ask>(ask);
  const bool taken = slow.take([this, shared, name, hash, held] {
    const bool right = security::check_password(held->reveal(), hash);
    return [this, shared, name, hash, right] { signed_in(*shared, name, hash, right); };
  });
  if (taken) return;
  if (write(ask, [&] { not_tried(ask, name, true); })) ask.answer(too_busy());
}

void Access::State::signed_in(Ask& ask, const std::string& name, const std::string& hash,
                              bool right) {
  const std::string shown = is_user_name(name) ? name : "(no name)";
  HttpResponse refused;
  std::optional<User> user;
  std::optional<Session> session;
  std::string secret;
  const std::string code = text_in(ask.body, "code");
  const bool written = write(ask, [&] {
    user = store->user(name);
    if (!right || !user || user->disabled || user->password != hash) {
      log(ask, {}, "sign-in", shown, "refused: name or password");
      refused = api_error(ApiError::Unauthenticated, "name or password is wrong", "credentials");
      return;
    }
    if (!user->totp.empty() && code.empty()) {
      not_tried(ask, name, true);
      refused = api_error(ApiError::Unauthenticated, "a code of your authenticator is needed",
                          "code_required");
      return;
    }
    if (!user->totp.empty() && !use_code(*store, *user, code, ask.now)) {
      log(ask, {}, "sign-in", shown, "refused: code");
      refused = api_error(ApiError::Unauthenticated,
                          "that code is wrong, or was used; wait for the next one", "code_wrong");
      return;
    }
    tried_well(ask, name, true);
    user->last_sign_in = ask.now;
    store->put(*user);
    session = begin_session(ask, name, !user->totp.empty(), secret);
    log(ask, name, "sign-in", name);
  });
  if (!written) return;
  if (!session) return ask.answer(std::move(refused));
  answer_session(ask, *user, *session, secret);
}

void Access::State::sign_out(Ask& ask) {
  if (!write(ask, [&] {
        store->remove_session(ask.caller.id);
        log(ask, ask.caller.name, "sign-out", ask.caller.name);
      }))
    return;
  HttpResponse answer = json_answer({{"signedIn", false}, {"setup", false}});
  answer.headers.push_back({"Set-Cookie", set_cookie({})});
  ask.answer(std::move(answer));
}

void Access::State::step_up(Ask& ask) {
  const std::string& name = ask.caller.name;
  const auto found = store->user(name);
  if (!found || found->totp.empty()) {
    ask.answer(api_error(ApiError::FailedPrecondition, "set up an authenticator first"));
    return;
  }
  if (!may_try(ask, name, false, ApiError::PermissionDenied)) return;
  std::optional<Session> session;
  std::optional<User> user;
  const bool written = write(ask, [&] {
    user = store->user(name);
    session = store->session_by_id(ask.caller.id);
    if (!user || !session || !use_code(*store, *user, text_in(ask.body, "code"), ask.now)) {
      session.reset();
      log(ask, name, "step-up", name, "refused: code");
      return;
    }
    tried_well(ask, name, false);
    store->put(*user);
    session->stepped_up = session->seen = ask.now;
    store->put(*session);
    log(ask, name, "step-up", name);
  });
  if (!written) return;
  if (!session) {
    ask.answer(api_error(ApiError::PermissionDenied,
                         "that code is wrong, or was used; wait for the next one", "code_wrong"));
    return;
  }
  ask.answer(json_answer(session_json(caller_of(*session, *user, ask.now), &*session)));
}

void Access::State::change_password(Ask& ask) {
  const std::string& name = ask.caller.name;
  std::string old_password = text_in(ask.body, "old"), new_password = text_in(ask.body, "new");
  const std::size_t least = options.config.password_min;
  const auto judged = security::judge_password(new_password, name, least);
  if (old_password.size() > security::password_max || !judged || old_password == new_password) {
    ask.answer(api_error(ApiError::InvalidArgument,
                         judged ? "the new password is the old one, or that is too long"
                                : password_fault_text(judged.error(), least)));
    return;
  }
  const auto user = store->user(name);
  if (!user || !may_try(ask, name, false, ApiError::PermissionDenied)) return;
  const Held old_held = hold(std::move(old_password)), new_held = hold(std::move(new_password));
  ask.body = json::object();
  auto shared = std::make_shared<Ask>(ask);
  const bool taken = slow.take([this, shared, old_held, new_held, hash = user->password] {
    const bool right = security::check_password(old_held->reveal(), hash);
    auto made = right ? security::hash_password(new_held->reveal(), random_bytes<16>())
                      : fail(security::VaultError::WrongKey);
    return [this, shared, hash, right, made] {
      Ask& then = *shared;
      bool changed = false;
      const bool written = write(then, [&] {
        auto now_user = store->user(then.caller.name);
        if (!made || !now_user || now_user->disabled || now_user->password != hash) {
          log(then, then.caller.name, "password", then.caller.name,
              right ? "refused: could not be made" : "refused: old password");
          return;
        }
        tried_well(then, then.caller.name, false);
        now_user->password = *made;
        store->put(*now_user);
        store->remove_sessions(then.caller.name, then.caller.id);
        log(then, then.caller.name, "password", then.caller.name);
        changed = true;
      });
      if (!written) return;
      if (changed)
        get_session(then);
      else if (right)
        then.answer(api_error(ApiError::Unavailable, "it could not be changed; try again"));
      else
        then.answer(
            api_error(ApiError::PermissionDenied, "the old password is wrong", "credentials"));
    };
  });
  if (taken) return;
  if (write(ask, [&] { not_tried(ask, name, false); })) ask.answer(too_busy());
}

// --- authenticators ---

void Access::State::enrol(Ask& ask) {
  // Who has one does not get another by having the session.
  const auto known = store->user(ask.caller.name);
  if (known && !known->totp.empty()) {
    if (auto refused = step_up_missing(ask.caller)) return ask.answer(*std::move(refused));
  }
  std::string secret;
  if (!write(ask, [&] {
        auto user = store->user(ask.caller.name);
        if (!user) return;
        secret = begin_enrolment(*store, *user);
        store->put(*user);
      }))
    return;
  const std::string uri =
      security::otpauth_uri("ATS", ask.caller.name, *security::from_base32(secret));
  ask.answer(json_answer({{"secret", secret}, {"uri", uri}, {"svg", qr_svg(uri)}}));
}

void Access::State::confirm_enrolment(Ask& ask) {
  const std::string& name = ask.caller.name;
  if (!may_try(ask, name, false, ApiError::PermissionDenied)) return;
  std::vector<std::string> codes;
  const bool written = write(ask, [&] {
    auto user = store->user(name);
    auto session = store->session_by_id(ask.caller.id);
    if (!user || !session) return;
    const bool first = user->totp.empty();
    if (!enrol_with(*store, *user, text_in(ask.body, "code"), ask.now, codes)) return;
    tried_well(ask, name, false);
    session->stepped_up = ask.now;
    store->put(*session);
    log(ask, name, "authenticator", name, "done", first ? "none" : "another", "enrolled");
  });
  if (!written) return;
  if (codes.empty()) {
    ask.answer(api_error(ApiError::PermissionDenied,
                         "that is not the code your authenticator shows for this secret; is its "
                         "clock right?",
                         "code_wrong"));
    return;
  }
  ask.answer(json_answer({{"backupCodes", codes}}));
}

// --- links ---

void Access::State::set_up(Ask& ask) {
  const std::string name = text_in(ask.body, "name");
  const std::string hash = secret_hash(text_in(ask.body, "token"));
  std::string password = text_in(ask.body, "password");
  const auto usable = [this, name, hash](WallTime now) {
    const auto link = store->link(hash);
    if (!link || link->expires <= now) return false;
    if (link->name.empty()) return store->empty();
    const auto user = store->user(name);
    return link->name == name && user && !user->disabled;
  };
  const auto gone = [] {
    return api_error(ApiError::PermissionDenied,
                     "this link is not for that name, was used, or is older than a day; ask for "
                     "another");
  };
  if (!usable(ask.now)) return ask.answer(gone());
  const std::size_t least = options.config.password_min;
  const auto judged = security::judge_password(password, name, least);
  if (!is_user_name(name) || !judged) {
    ask.answer(api_error(ApiError::InvalidArgument,
                         judged ? "a name has small letters, digits, '.', '-' and '_', at most 31"
                                : password_fault_text(judged.error(), least)));
    return;
  }
  const Held held = hold(std::move(password));
  ask.body.erase("password");
  auto shared = std::make_shared<Ask>(ask);
  const bool taken = slow.take([this, shared, name, hash, held, usable, gone] {
    auto made = security::hash_password(held->reveal(), random_bytes<16>());
    return [this, shared, name, hash, usable, gone, made] {
      Ask& then = *shared;
      if (!made)
        return then.answer(api_error(ApiError::Unavailable, "there is not the memory for it"));
      std::optional<User> user;
      std::optional<Session> session;
      std::string secret;
      const bool written = write(then, [&] {
        if (!usable(then.now)) return;  // somebody was quicker
        const auto link = store->link(hash);
        user = store->user(name);
        if (!user) {
          user = User{};
          user->name = name;
          user->roles = {"admin"};
          user->created = then.now;
        }
        user->password = *made;
        user->last_sign_in = then.now;
        store->put(*user);
        store->remove_links(link->name);
        store->remove_sessions(name, {});
        store->put("name " + name, security::Failures{});
        session = begin_session(then, name, false, secret);
        log(then, name, link->name.empty() ? "first-admin" : "set-up", name);
      });
      if (!written) return;
      if (!session) return then.answer(gone());
      answer_session(then, *user, *session, secret);
    };
  });
  if (!taken) ask.answer(too_busy());
}

}  // namespace ats::services
