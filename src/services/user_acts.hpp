// What is done to a user, the same from the page and from the terminal: what may be asked for, what is forgotten with
// it, and how an authenticator is set up. Everything that takes a store belongs to a transaction that the caller began.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "security/password.hpp"
#include "services/user_store.hpp"

namespace ats::services {

constexpr Duration link_life = hours(24);

// The words for a person.
std::string password_fault_text(security::PasswordFault fault, std::size_t least);
std::string scopes_words(const std::vector<AccessScope>& scopes);

// [{"venue":"kraken","pair":"BTC/USDT"}], each with one of the two at least; and the other way round.
bool valid_scopes(const nlohmann::json& json, std::vector<AccessScope>& out);
nlohmann::json scopes_json(const std::vector<AccessScope>& scopes);
// A list of names of roles, at least one.
bool valid_roles(const nlohmann::json& json, std::vector<std::string>& out);

// Somebody who may see to users when `user` is as given.
bool somebody_is_left(UserStore& store, const User& user);
// Sessions, tokens and links are over.
void forget_what_lets_in(UserStore& store, const std::string& name);
// They are, and password, authenticator and backup codes are gone from the user, who has still to be written.
void forget_password(UserStore& store, User& user);
// "/#/setup?token=…": good once, within a day, in place of the one before.
std::string new_link(UserStore& store, const std::string& name, WallTime now);

// A new secret, in base32, that waits for its first code; the user has still to be written.
std::string begin_enrolment(UserStore& store, User& user);
// With that code it is the user's, who is written. False: it is not that code. Backup codes from before are good no more.
bool enrol_with(UserStore& store, User& user, std::string_view code, WallTime now,
                std::vector<std::string>& backup_codes);
// Of the authenticator, or a backup code. What it used up is put into the user, who has still to be written.
bool use_code(UserStore& store, User& user, std::string_view code, WallTime now);

}  // namespace ats::services
