#include "services/user_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "io/clock.hpp"
#include "io/hidden_input.hpp"
#include "io/secret_file.hpp"
#include "security/one_time_code.hpp"
#include "security/password.hpp"
#include "services/access_place.hpp"
#include "services/command_line.hpp"
#include "services/qr_code.hpp"
#include "services/user_acts.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using security::Secret;

struct Options : AccessPlace {
  std::string name;
  std::vector<std::string> roles, scopes;
  std::string password_file;
  bool invite = false;
  bool everywhere = false;
  std::string confirm;
  bool remove = false;
  std::string end;
};

void print(const json& value) {
  fmt::print("{}\n", value.dump(2, ' ', false, json::error_handler_t::replace));
}

json user_row(const User& user) {
  const auto time = [](WallTime at) { return at.told() ? json(format_rfc3339(at)) : json(); };
  return {{"name", user.name},
          {"roles", user.roles},
          {"scopes", scopes_json(user.scopes)},
          {"disabled", user.disabled},
          {"password", !user.password.empty()},
          {"totp", !user.totp.empty()},
          {"created", time(user.created)},
          {"lastSignIn", time(user.last_sign_in)}};
}

std::string time_text(WallTime at) {
  return at.told() ? format_rfc3339(at).substr(0, 19) + "Z" : "-";
}

// What was done, or why not: an exit code.
template <class Change>
std::optional<int> write(UserStore& store, Change change) {
  if (!store.begin()) return failure(store.failure());
  if (const std::string refused = change(); !refused.empty()) {
    store.give_up();
    return failure(refused);
  }
  if (!store.commit()) return failure(store.failure());
  return std::nullopt;
}

void log(UserStore& store, std::string what, const std::string& target, std::string before = {},
         std::string after = {}) {
  store.add({0, io::OsClock::wall(), operator_name(), "terminal", std::move(what), target,
             std::move(before), std::move(after), "done"});
}

std::string unknown(const std::string& name) {
  return fmt::format("there is no user '{}'; `ats user list` names those there are", name);
}

// "kraken", "BTC/USDT" or "kraken BTC/USDT".
std::optional<std::vector<AccessScope>> parse_scopes(const std::vector<std::string>& texts) {
  json all = json::array();
  for (const std::string& text : texts) {
    json one = json::object();
    const std::size_t space = text.find(' ');
    if (space != text.npos)
      one = {{"venue", text.substr(0, space)}, {"pair", text.substr(space + 1)}};
    else
      one[text.find('/') == text.npos ? "venue" : "pair"] = text;
    all.push_back(std::move(one));
  }
  std::vector<AccessScope> scopes;
  if (!valid_scopes(all, scopes)) return std::nullopt;
  return scopes;
}

// Exit code: told already.
std::optional<int> read_rights(const Options& options, User& user) {
  if (!options.roles.empty()) {
    user.roles.clear();
    if (!valid_roles(json(options.roles), user.roles))
      return usage_error("--role: viewer, trader, risk-manager or admin");
  }
  if (options.everywhere) user.scopes.clear();
  if (!options.scopes.empty()) {
    auto scopes = parse_scopes(options.scopes);
    if (!scopes) return usage_error("--scope: a venue, a pair, or both as in \"kraken BTC/USDT\"");
    user.scopes = *std::move(scopes);
  }
  return std::nullopt;
}

Result<Secret, std::string> read_new_password(const Options& options) {
  constexpr std::size_t room = security::password_max + 1;
  if (!options.password_file.empty()) {
    auto text = io::read_secret_file(options.password_file, room);
    if (!text) return fail(text.error().detail);
    const std::string_view line = text->reveal().substr(0, text->reveal().find('\n'));
    return text->clone(line.size());
  }
  if (::isatty(STDIN_FILENO) != 1) {
    auto text = io::read_secret_line(STDIN_FILENO, room);
    if (!text) return fail("standard input: " + text.error().detail);
    return *std::move(text);
  }
  auto terminal = io::HiddenTerminal::open();
  if (!terminal)
    return fail(
        std::string("there is no terminal to ask for the password on; say --password-file "
                    "or --invite"));
  auto text = terminal->line(fmt::format("Password for {} (not shown): ", options.name), room);
  if (!text) return fail(std::string("cancelled; nothing was changed"));
  const auto again = terminal->line("The same again: ", room);
  if (!again || again->reveal() != text->reveal())
    return fail(std::string("the two passwords differ; nothing was changed"));
  return *std::move(text);
}

int tell_link(const Options& options, const std::string& link) {
  if (options.json) {
    print({{"name", options.name}, {"link", link}});
  } else {
    fmt::print("{}: open this behind the dashboard's address, once, within a day:\n{}\n",
               options.name, link);
  }
  return exit_done;
}

int add(const Options& options) {
  if (!is_user_name(options.name))
    return usage_error("a name has small letters, digits, '.', '-' and '_', at most 31");
  User user;
  user.name = options.name;
  user.created = io::OsClock::wall();
  if (const auto code = read_rights(options, user)) return *code;
  auto desk = open_desk(options, true);
  if (!desk) return desk.error();
  UserStore& store = *desk->store;
  if (store.user(user.name)) return failure(fmt::format("there is a user '{}' already", user.name));
  if (!options.invite) {
    const auto password = read_new_password(options);
    if (!password) return failure(password.error());
    const std::size_t least = desk->config.access.password_min;
    const auto judged = security::judge_password(password->reveal(), user.name, least);
    if (!judged) return failure(password_fault_text(judged.error(), least));
    std::array<std::uint8_t, 16> salt{};
    io::fill_random(salt);
    auto hash = security::hash_password(password->reveal(), salt);
    if (!hash) return failure("there is not the memory for a password's hash (64 MiB)");
    user.password = *hash;
  }
  std::string link;
  if (const auto code = write(store, [&]() -> std::string {
        if (store.user(user.name)) return fmt::format("there is a user '{}' already", user.name);
        store.put(user);
        if (options.invite) link = new_link(store, user.name, io::OsClock::wall());
        log(store, "user.add", user.name, {},
            fmt::format("{}; {}", fmt::join(user.roles, " "), scopes_words(user.scopes)));
        return {};
      }))
    return *code;
  if (options.invite) return tell_link(options, link);
  if (options.json)
    print(user_row(user));
  else
    fmt::print("{}: added as {}, {}\n", user.name, fmt::join(user.roles, ", "),
               scopes_words(user.scopes));
  return exit_done;
}

int list(const Options& options) {
  auto desk = open_desk(options, false);
  if (!desk) return desk.error();
  const auto users = desk->store->users();
  if (options.json) {
    json rows = json::array();
    for (const User& user : users) rows.push_back(user_row(user));
    print(rows);
    return exit_done;
  }
  fmt::print("{:<20} {:<24} {:<14} {:<10} {:<21} {}\n", "NAME", "ROLES", "AUTHENTICATOR", "STATE",
             "LAST SIGN-IN", "WHERE");
  for (const User& user : users) {
    const char* const state =
        user.disabled ? "disabled" : (user.password.empty() ? "invited" : "active");
    fmt::print("{:<20} {:<24} {:<14} {:<10} {:<21} {}\n", user.name,
               fmt::format("{}", fmt::join(user.roles, " ")), user.totp.empty() ? "none" : "yes",
               state, time_text(user.last_sign_in), scopes_words(user.scopes));
  }
  return exit_done;
}

// What all that change somebody have in common; `change` says why not, or nothing.
template <class Change>
int change_user(const Options& options, std::string_view done, Change change) {
  auto desk = open_desk(options, false);
  if (!desk) return desk.error();
  UserStore& store = *desk->store;
  std::optional<User> user;
  if (const auto code = write(store, [&]() -> std::string {
        user = store.user(options.name);
        if (!user) return unknown(options.name);
        const bool somebody_is = somebody_is_left(store, *user);
        std::string refused = change(store, *user);
        if (refused.empty() && somebody_is && !somebody_is_left(store, *user))
          return "nobody would be left who may see to users; make another admin first";
        if (refused.empty()) store.put(*user);
        return refused;
      }))
    return *code;
  if (options.json)
    print(user_row(*user));
  else
    fmt::print("{}: {}\n", user->name, done);
  return exit_done;
}

int set_disabled(const Options& options, bool disabled) {
  return change_user(options, disabled ? "disabled; sessions and tokens are over" : "enabled",
                     [&](UserStore& store, User& user) -> std::string {
                       user.disabled = disabled;
                       if (disabled)
                         forget_what_lets_in(store, user.name);
                       else
                         store.put("name " + user.name, security::Failures{});
                       log(store, disabled ? "user.disable" : "user.enable", user.name);
                       return {};
                     });
}

int set_roles(const Options& options) {
  if (options.roles.empty() && options.scopes.empty() && !options.everywhere)
    return usage_error("say what changes: --role, --scope or --everywhere");
  User given;
  if (const auto code = read_rights(options, given)) return *code;
  return change_user(options, "changed", [&](UserStore& store, User& user) -> std::string {
    const auto told = [](const User& one) {
      return fmt::format("{}; {}", fmt::join(one.roles, " "), scopes_words(one.scopes));
    };
    const std::string before = told(user);
    static_cast<void>(read_rights(options, user));
    log(store, "user.change", user.name, before, told(user));
    return {};
  });
}

int reset(const Options& options) {
  auto desk = open_desk(options, false);
  if (!desk) return desk.error();
  UserStore& store = *desk->store;
  std::string link;
  if (const auto code = write(store, [&]() -> std::string {
        auto user = store.user(options.name);
        if (!user) return unknown(options.name);
        forget_password(store, *user);
        store.put(*user);
        store.put("name " + user->name, security::Failures{});
        link = new_link(store, user->name, io::OsClock::wall());
        log(store, "user.reset", user->name);
        return {};
      }))
    return *code;
  return tell_link(options, link);
}

// --- authenticators ---

int confirm_totp(const Options& options, UserStore& store, const std::string& code) {
  std::vector<std::string> codes;
  if (const auto failed = write(store, [&]() -> std::string {
        auto user = store.user(options.name);
        if (!user) return unknown(options.name);
        if (!enrol_with(store, *user, code, io::OsClock::wall(), codes))
          return "that is not the code the authenticator shows for this secret now; is its clock "
                 "right? `ats user totp NAME` begins anew";
        log(store, "authenticator", user->name, {}, "enrolled");
        return {};
      }))
    return *failed;
  if (options.json) {
    print({{"name", options.name}, {"backupCodes", codes}});
    return exit_done;
  }
  fmt::print("{}: the authenticator is set up. Backup codes, each good once in its place:\n\n",
             options.name);
  for (const std::string& one : codes) fmt::print("  {}\n", one);
  return exit_done;
}

int totp(const Options& options) {
  auto desk = open_desk(options, false);
  if (!desk) return desk.error();
  UserStore& store = *desk->store;
  if (!options.confirm.empty()) return confirm_totp(options, store, options.confirm);
  if (options.remove) {
    return change_user(options, "has no authenticator any more",
                       [](UserStore& to, User& user) -> std::string {
                         user.totp.clear(), user.totp_pending.clear();
                         to.put_backup_codes(user.name, {});
                         to.remove_sessions(user.name, {});
                         log(to, "authenticator", user.name, "enrolled", "none");
                         return {};
                       });
  }
  std::string uri, secret;
  if (const auto code = write(store, [&]() -> std::string {
        auto user = store.user(options.name);
        if (!user) return unknown(options.name);
        secret = begin_enrolment(store, *user);
        store.put(*user);
        return {};
      }))
    return *code;
  uri = security::otpauth_uri("ATS", options.name, *security::from_base32(secret));
  if (options.json) {
    print({{"name", options.name}, {"secret", secret}, {"uri", uri}});
    return exit_done;
  }
  fmt::print("{}\nsecret: {}\n{}\n\n", qr_terminal(uri), secret, uri);
  std::fflush(stdout);
  auto terminal =
      ::isatty(STDIN_FILENO) == 1 ? io::HiddenTerminal::open() : fail(io::InputError::NoTerminal);
  if (!terminal) {
    fmt::print("then: ats user totp {} --confirm CODE, with the code that it shows\n",
               options.name);
    return exit_done;
  }
  constexpr std::size_t code_most = 32;
  const auto code = terminal->shown_line("The code that it shows: ", code_most);
  if (!code) return failure("cancelled; the authenticator is as it was");
  return confirm_totp(options, store, std::string(code->reveal()));
}

// --- sessions ---

int sessions(const Options& options) {
  auto desk = open_desk(options, false);
  if (!desk) return desk.error();
  UserStore& store = *desk->store;
  if (!options.end.empty()) {
    if (const auto code = write(store, [&]() -> std::string {
          std::size_t ended = 0;
          for (const Session& session : store.sessions(options.name)) {
            if (options.end != "all" && options.end != session.id) continue;
            store.remove_session(session.id);
            log(store, "session.end", session.name, session.from);
            ++ended;
          }
          return ended > 0 || options.end == "all" ? std::string()
                                                   : "there is no session " + options.end;
        }))
      return *code;
  }
  const AccessConfig& rule = desk->config.access;
  const WallTime now = io::OsClock::wall();
  json rows = json::array();
  if (!options.json)
    fmt::print("{:<18} {:<20} {:<21} {:<21} {:<16} {}\n", "ID", "NAME", "STARTED", "SEEN", "FROM",
               "AGENT");
  for (const Session& session : store.sessions(options.name)) {
    if (now - session.seen >= rule.session_idle || now - session.started >= rule.session_life)
      continue;
    if (options.json)
      rows.push_back({{"id", session.id},
                      {"name", session.name},
                      {"from", session.from},
                      {"agent", session.agent},
                      {"started", format_rfc3339(session.started)},
                      {"seen", format_rfc3339(session.seen)}});
    else
      fmt::print("{:<18} {:<20} {:<21} {:<21} {:<16} {}\n", session.id, session.name,
                 time_text(session.started), time_text(session.seen), session.from, session.agent);
  }
  if (options.json) print(rows);
  return exit_done;
}

CLI::App* of_somebody(CLI::App& app, Options& options, const char* word, const char* help) {
  CLI::App* const one = app.add_subcommand(word, help);
  one->add_option("name", options.name, "the user")->required();
  return one;
}

void add_rights(CLI::App& app, Options& options, bool needed) {
  auto* const role = app.add_option("--role", options.roles,
                                    "viewer, trader, risk-manager or admin; may be repeated");
  if (needed) role->required();
  app.add_option("--scope", options.scopes,
                 "only on this venue, this pair, or \"kraken BTC/USDT\"; may be repeated");
}

}  // namespace

int user_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app("Who may use the dashboard and its API, and what each may do (docs/users.md).",
               "ats user");
  app.require_subcommand(1);
  app.footer(
      "Roles: viewer looks; trader also halts, acknowledges, tests; risk-manager also resumes, "
      "sets "
      "limits,\nwrites off, reads the audit log; admin everything.\n"
      "Passwords are typed on the terminal, unseen, or come as a line of standard input or of a "
      "file;\nnever from arguments or the environment. What is changed here holds for a running "
      "server at once.\n\n"
      "Examples:\n  ats user add alice --role admin --config ats.toml\n"
      "  ats user list --config ats.toml\n  ats user totp alice --config ats.toml");

  CLI::App* const adding = of_somebody(app, options, "add", "a user, with a password or a link");
  add_rights(*adding, options, true);
  auto* const invite = adding->add_flag(
      "--invite", options.invite, "no password: a link, good once and for a day, to choose one");
  adding
      ->add_option("--password-file", options.password_file,
                   "a file of mode 0600 whose first line is the password")
      ->excludes(invite);
  adding->footer(
      "Examples:\n  ats user add alice --role admin --config ats.toml\n"
      "  ats user add bob --role trader --scope kraken --scope \"binance BTC/USDT\" --invite\n"
      "  ats user add ci --role viewer --password-file ci.password --json");

  CLI::App* const listing = app.add_subcommand("list", "users, their roles and where they may act");
  listing->footer("Examples:\n  ats user list --config ats.toml\n  ats user list --json");

  CLI::App* const disabling =
      of_somebody(app, options, "disable", "out at once, with all sessions and tokens");
  disabling->footer("Examples:\n  ats user disable bob --config ats.toml");
  CLI::App* const enabling =
      of_somebody(app, options, "enable", "in again; a lockout for wrong passwords is over");
  enabling->footer("Examples:\n  ats user enable bob --config ats.toml");

  CLI::App* const changing =
      of_somebody(app, options, "roles", "other roles or scopes, in place of those there are");
  add_rights(*changing, options, false);
  changing->add_flag("--everywhere", options.everywhere, "no scopes: everywhere");
  changing->footer(
      "Examples:\n  ats user roles bob --role risk-manager --config ats.toml\n"
      "  ats user roles bob --everywhere");

  CLI::App* const resetting = of_somebody(
      app, options, "reset", "password and authenticator anew: a link, good once and for a day");
  resetting->footer("Examples:\n  ats user reset bob --config ats.toml");

  CLI::App* const enrolling = of_somebody(
      app, options, "totp", "an authenticator: a QR code to scan, then the code that it shows");
  auto* const confirming = enrolling->add_option(
      "--confirm", options.confirm, "the code it shows, where nobody is at a terminal to be asked");
  enrolling->add_flag("--remove", options.remove, "it is gone; sessions are over")
      ->excludes(confirming);
  enrolling->footer(
      "The authenticator there is stays until the new one is confirmed.\n\n"
      "Examples:\n  ats user totp alice --config ats.toml\n"
      "  ats user totp alice --confirm 123456 --json");

  CLI::App* const sitting = app.add_subcommand("sessions", "who is signed in, from where");
  sitting->add_option("name", options.name, "only this user's");
  sitting->add_option("--end", options.end, "end this one (its id), or all");
  sitting->footer(
      "Examples:\n  ats user sessions --config ats.toml\n  ats user sessions bob --end all");

  for (CLI::App* const one :
       {adding, listing, disabling, enabling, changing, resetting, enrolling, sitting})
    add_place_options(*one, options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  io::forbid_core_files();
  if (adding->parsed()) return add(options);
  if (listing->parsed()) return list(options);
  if (disabling->parsed()) return set_disabled(options, true);
  if (enabling->parsed()) return set_disabled(options, false);
  if (changing->parsed()) return set_roles(options);
  if (resetting->parsed()) return reset(options);
  return enrolling->parsed() ? totp(options) : sessions(options);
}

}  // namespace ats::services
