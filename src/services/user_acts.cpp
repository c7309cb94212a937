#include "services/user_acts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "io/secret_file.hpp"
#include "security/one_time_code.hpp"
#include "security/permission.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using security::Permission;

constexpr std::size_t scopes_most = 64;

template <std::size_t size>
std::array<std::uint8_t, size> random_bytes() {
  std::array<std::uint8_t, size> bytes{};
  io::fill_random(bytes);
  return bytes;
}

std::string totp_place(const std::string& name) { return "totp " + name; }

bool scope_word(std::string_view text, bool pair) {
  const auto fits = [pair](char c) {
    return (c >= '0' && c <= '9') ||
           (pair ? (c >= 'A' && c <= 'Z') || c == '/' : (c >= 'a' && c <= 'z') || c == '-');
  };
  return text.size() <= 31 && std::ranges::all_of(text, fits) &&
         (!pair || text.empty() ||
          (std::ranges::count(text, '/') == 1 && text.front() != '/' && text.back() != '/'));
}

std::string word_in(const json& one, const char* member) {
  const auto at = one.find(member);
  return at != one.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

std::string password_fault_text(security::PasswordFault fault, std::size_t least) {
  using enum security::PasswordFault;
  switch (fault) {
    case TooShort:
      return fmt::format("a password has at least {} characters; several words are easiest to keep",
                         least);
    case TooLong:
      return fmt::format("a password has at most {} bytes", security::password_max);
    case NotText:
      return "a password is text without control characters";
    case TooSimple:
      return "that is a run or a repetition; take several words";
    case Common:
      return "that is among the first that are tried; take several words of your own";
    case HasName:
      return "a password does not have the user's name in it";
  }
  return "that password cannot be taken";
}

bool valid_scopes(const json& given, std::vector<AccessScope>& out) {
  if (!given.is_array() || given.size() > scopes_most) return false;
  for (const json& one : given) {
    if (!one.is_object()) return false;
    AccessScope scope{word_in(one, "venue"), word_in(one, "pair")};
    if ((scope.venue.empty() && scope.pair.empty()) || !scope_word(scope.venue, false) ||
        !scope_word(scope.pair, true))
      return false;
    out.push_back(std::move(scope));
  }
  return true;
}

bool valid_roles(const json& given, std::vector<std::string>& out) {
  if (!given.is_array() || given.empty()) return false;
  for (const json& one : given) {
    if (!one.is_string() || security::find_role(one.get<std::string>()) == nullptr) return false;
    if (std::ranges::find(out, one.get<std::string>()) == out.end())
      out.push_back(one.get<std::string>());
  }
  return true;
}

json scopes_json(const std::vector<AccessScope>& scopes) {
  json out = json::array();
  for (const AccessScope& scope : scopes) {
    json one = json::object();
    if (!scope.venue.empty()) one["venue"] = scope.venue;
    if (!scope.pair.empty()) one["pair"] = scope.pair;
    out.push_back(std::move(one));
  }
  return out;
}

std::string scopes_words(const std::vector<AccessScope>& scopes) {
  if (scopes.empty()) return "everywhere";
  std::string out;
  for (const AccessScope& scope : scopes) {
    out += (out.empty() ? "" : ", ") + scope.venue;
    if (!scope.pair.empty()) out += (scope.venue.empty() ? "" : " ") + scope.pair;
  }
  return out;
}

bool somebody_is_left(UserStore& store, const User& user) {
  const auto may = [](const User& one) {
    return !one.disabled && security::permissions_of(one.roles).has(Permission::Users);
  };
  if (may(user)) return true;
  const auto all = store.users();
  return std::ranges::any_of(all,
                             [&](const User& one) { return one.name != user.name && may(one); });
}

void forget_what_lets_in(UserStore& store, const std::string& name) {
  store.remove_sessions(name, {});
  store.remove_tokens(name);
  store.remove_links(name);
}

void forget_password(UserStore& store, User& user) {
  forget_what_lets_in(store, user.name);
  store.put_backup_codes(user.name, {});
  user.password.clear(), user.totp.clear(), user.totp_pending.clear();
}

std::string new_link(UserStore& store, const std::string& name, WallTime now) {
  const std::string secret = random_secret();
  store.put(AccessLink{secret_hash(secret), name, now + link_life});
  return "/#/setup?token=" + secret;
}

std::string begin_enrolment(UserStore& store, User& user) {
  const auto secret = random_bytes<security::totp_secret_size>();
  const std::string_view bytes(reinterpret_cast<const char*>(secret.data()), secret.size());
  user.totp_pending = store.key().seal(bytes, totp_place(user.name), random_bytes<24>());
  return security::base32(secret);
}

bool enrol_with(UserStore& store, User& user, std::string_view code, WallTime now,
                std::vector<std::string>& backup_codes) {
  const auto secret = store.key().unseal(user.totp_pending, totp_place(user.name));
  std::string plain(code);
  std::erase(plain, ' ');
  const auto step = secret ? security::accept_totp(secret->bytes(), plain, now, 0) : std::nullopt;
  if (!step) return false;
  user.totp = std::move(user.totp_pending);
  user.totp_pending.clear();
  user.totp_step = *step;
  store.put(user);
  std::vector<std::string> hashes;
  for (std::size_t i = 0; i < security::backup_code_count; ++i) {
    backup_codes.push_back(security::backup_code(random_bytes<7>()));
    const std::string kept = *security::plain_backup_code(backup_codes.back());
    const std::array<std::string_view, 2> parts{user.name, kept};
    hashes.push_back(store.key().mark(security::MarkUse::BackupCode, parts));
  }
  store.put_backup_codes(user.name, hashes);
  return true;
}

bool use_code(UserStore& store, User& user, std::string_view code, WallTime now) {
  std::string plain(code);
  std::erase(plain, ' ');
  if (const auto secret = store.key().unseal(user.totp, totp_place(user.name))) {
    if (const auto step = security::accept_totp(secret->bytes(), plain, now, user.totp_step)) {
      user.totp_step = *step;
      return true;
    }
  }
  const auto backup = security::plain_backup_code(code);
  if (!backup) return false;
  const std::array<std::string_view, 2> parts{user.name, *backup};
  return store.use_backup_code(user.name, store.key().mark(security::MarkUse::BackupCode, parts));
}

}  // namespace ats::services
